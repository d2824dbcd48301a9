"""What a version is made of: whether somebody can earn it, and kept to be found by its parts."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.definition import Problem
from badges.micro_credential import MicroCredential
from badges.stacking import NOTHING, Offer, Stack, contained, most, need
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    StackPart,
)

UNKNOWN, IN_CIRCLE = "unknown_stack_part", "stack_in_circle"
RETIRED, CONTAINED = "stack_part_retired", "stack_part_contained"
CLOSED = "stack_part_closed"
TOO_MUCH = "stack_exceeds_parts"
_MEASURES = ("count", "hours", "points")


def series_reference(version: MicroCredentialVersion) -> str:
    """Return `awarding-body/CODE`."""
    return f"{version.series.organisation.slug}/{version.series.code}"


def keep(db: Session, version: MicroCredentialVersion, mc: MicroCredential) -> None:
    """Keep what a version is made of.

    Raises:
        NotFound: `unknown_stack_part`: it is not published on this server.
        Conflict: `stack_in_circle`: a part is made, in the end, of this one; as `problems`.
    """
    if mc.stack is None:
        return
    own = series_reference(version)
    for one in problems(db, own, mc.stack):
        if one.code == UNKNOWN:
            raise NotFound(UNKNOWN, reference=one.detail)
        raise Conflict(one.code, **_told(one, own, mc.stack))
    db.add_all(StackPart(version_id=version.id, reference=part) for part in mc.stack.parts)
    db.flush()


def _told(problem: Problem, own: str, stack: Stack) -> dict[str, str]:
    """Return what the sentence about a problem names."""
    if problem.code == IN_CIRCLE:
        return {"reference": own}
    if problem.code == CONTAINED:
        part = stack.parts[int(problem.path.rpartition("[")[2].rstrip("]"))]
        return {"reference": part, "holder": problem.detail}
    if problem.code == TOO_MUCH:
        return {"needed": f"{need(stack):f}", "most": problem.detail}
    return {"reference": problem.detail}


def problems(db: Session, own: str, stack: Stack) -> Iterator[Problem]:
    """Yield what keeps a definition from being made of others, or everybody from earning it.

    Of a part: `unknown_stack_part`, which is not published on this server; `stack_in_circle`, which
    is made of `own` in the end; `stack_part_retired`, with which no course begins any more, or
    `stack_part_closed`, too much of what it is made of being retired; where
    all are needed `stack_part_contained`, which another part (`detail`) is made of. Of what is
    needed: `stack_exceeds_parts`, which is more than the parts give together (`detail`).

    `own`: its reference. Asks once for each level of what they are made of.
    """
    known = _levels(db, stack.parts)
    for number, part in enumerate(stack.parts):
        path = f"$.stack.parts[{number}]"
        if part not in known:
            yield Problem(path, UNKNOWN, part)
        elif part == own or own in _below(part, known):
            yield Problem(path, IN_CIRCLE, part)
        elif all(one.is_retired for one in known[part]):
            yield Problem(path, RETIRED, part)
        elif not _is_open(part, known, {}):
            yield Problem(path, CLOSED, part)
    if all(part in known for part in stack.parts):
        yield from _unearnable(stack, {part: _offer(of) for part, of in known.items()})


def _unearnable(stack: Stack, offers: Mapping[str, Offer]) -> Iterator[Problem]:
    measure = next((one for one in _MEASURES if getattr(stack, one) is not None), None)
    if measure is None:
        for part, holder in contained(stack, offers).items():
            yield Problem(f"$.stack.parts[{stack.parts.index(part)}]", CONTAINED, holder)
    elif need(stack) > (given := most(stack, offers)) and not _is_read(stack):
        yield Problem(f"$.stack.{measure}", TOO_MUCH, f"{given:f}")


def _is_read(stack: Stack) -> bool:
    """Whether the reader of definitions has said already that it asks for too many."""
    return stack.count is not None and stack.count > len(stack.parts)


@dataclass(frozen=True, slots=True)
class _Version:
    """What one version of a part gives, and the series that it is made of; `needs`: those of them
    that nobody who earns it goes without. `measure`, `need`: how much of them is needed; None:
    all."""

    is_retired: bool
    hours: Decimal
    points: Decimal
    made_of: frozenset[str]
    needs: frozenset[str]
    measure: str | None
    need: Decimal


def _offer(versions: Sequence[_Version]) -> Offer:
    """Return the most that a series gives by those of its versions with which a course can begin,
    or where none is left by any."""
    found = [one for one in versions if not one.is_retired] or versions
    return Offer(
        hours=max(one.hours for one in found),
        points=max(one.points for one in found),
        rests_on=frozenset.intersection(*(one.needs for one in found)),
    )


def _is_open(part: str, known: Mapping[str, Sequence[_Version]], verdicts: dict[str, bool]) -> bool:
    """Whether somebody who has none of it yet can earn a part. `verdicts`: those found so far; what
    is in a circle is closed."""
    if part not in verdicts:
        verdicts[part] = False
        verdicts[part] = any(
            not one.is_retired and _can_be_made(one, known, verdicts) for one in known.get(part, ())
        )
    return verdicts[part]


def _can_be_made(
    version: _Version, known: Mapping[str, Sequence[_Version]], verdicts: dict[str, bool]
) -> bool:
    left = [one for one in version.made_of if _is_open(one, known, verdicts)]
    match version.measure:
        case None:
            return len(left) == len(version.made_of)
        case "count":
            return len(left) >= version.need
        case measure:
            given: Decimal = sum((getattr(_offer(known[one]), measure) for one in left), NOTHING)
            return given >= version.need


def _below(part: str, known: Mapping[str, Sequence[_Version]]) -> set[str]:
    """Return what any version of a part is made of in the end."""
    waiting, found = [part], set[str]()
    while waiting:
        of = {one for version in known.get(waiting.pop(), ()) for one in version.made_of}
        waiting += of - found
        found |= of
    return found


def _levels(db: Session, parts: Sequence[str]) -> Mapping[str, list[_Version]]:
    """Return all versions of these series, of what they are made of, and of what that is; without
    what is not published."""
    found: defaultdict[str, list[_Version]] = defaultdict(list)
    asked, wanted = set[str](), set(parts)
    while wanted:
        for reference, version in _versions(db, wanted):
            found[reference].append(version)
        asked |= wanted
        below = (one for versions in found.values() for of in versions for one in of.made_of)
        wanted = {*below} - asked
    return dict(found)


def _versions(db: Session, references: Collection[str]) -> Iterator[tuple[str, _Version]]:
    """Yield each version of these series, with its reference; what its definition says of it is
    read without the rest."""
    pairs = [reference.partition("/") for reference in references]
    content = MicroCredentialVersion.definition
    rows = db.execute(
        sa.select(
            Organisation.slug,
            MicroCredentialSeries.code,
            MicroCredentialVersion.retired_at,
            content["hours"].label("hours"),
            content["credit"].label("credit"),
            content["stack"].label("stack"),
        )
        .join(MicroCredentialSeries, MicroCredentialSeries.organisation_id == Organisation.id)
        .join(MicroCredentialVersion, MicroCredentialVersion.series_id == MicroCredentialSeries.id)
        .filter(
            Organisation.slug.in_({slug for slug, _, _ in pairs}),
            MicroCredentialSeries.code.in_({code for _, _, code in pairs}),
        )
    )
    for row in rows:
        reference = f"{row.slug}/{row.code}"
        if reference in references:
            yield reference, _version(row)


def _version(row: Any) -> _Version:
    stack: dict[str, Any] = row.stack or {}
    parts = frozenset(stack.get("parts", ()))
    measure = next((one for one in _MEASURES if stack.get(one) is not None), None)
    return _Version(
        is_retired=row.retired_at is not None,
        hours=_decimal(row.hours),
        points=_decimal((row.credit or {}).get("points")),
        made_of=parts,
        needs=parts if measure is None else frozenset(),
        measure=measure,
        need=_decimal(stack[measure]) if measure else NOTHING,
    )


def _decimal(told: float | None) -> Decimal:
    return NOTHING if told is None else Decimal(str(told))
