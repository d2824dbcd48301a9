"""What a version that is published is made of: kept beside it, to be found by its parts."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.definition import Problem
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    StackPart,
)

UNKNOWN, IN_CIRCLE = "unknown_stack_part", "stack_in_circle"


def series_reference(version: MicroCredentialVersion) -> str:
    """Return `awarding-body/CODE`."""
    return f"{version.series.organisation.slug}/{version.series.code}"


def keep(db: Session, version: MicroCredentialVersion, mc: MicroCredential) -> None:
    """Keep what a version is made of.

    Raises:
        NotFound: `unknown_stack_part`: it is not published on this server.
        Conflict: `stack_in_circle`: a part is made, in the end, of this one.
    """
    if mc.stack is None:
        return
    own = series_reference(version)
    for one in problems(db, own, mc.stack.parts):
        if one.code == UNKNOWN:
            raise NotFound(UNKNOWN, reference=one.detail)
        raise Conflict(IN_CIRCLE, reference=own)
    db.add_all(StackPart(version_id=version.id, reference=part) for part in mc.stack.parts)
    db.flush()


def problems(db: Session, own: str, parts: Sequence[str]) -> Iterator[Problem]:
    """Yield what keeps a definition from being made of `parts`: `unknown_stack_part`, which is not
    published on this server; `stack_in_circle`, which is made of `own` in the end.

    `own`: its reference. Asks once for each level of what they are made of.
    """
    known = _made_of(db, parts)
    for number, part in enumerate(parts):
        path = f"$.stack.parts[{number}]"
        if part not in known:
            yield Problem(path, UNKNOWN, part)
        elif part == own or own in _below(part, known):
            yield Problem(path, IN_CIRCLE, part)


def _below(part: str, known: Mapping[str, set[str]]) -> set[str]:
    """Return what a part is made of in the end."""
    waiting, found = [part], set[str]()
    while waiting:
        more = known.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found


def _made_of(db: Session, parts: Sequence[str]) -> dict[str, set[str]]:
    """Return what any version of these series is made of, and of what that is; without what is not
    published."""
    found: dict[str, set[str]] = {}
    asked, wanted = set[str](), set(parts)
    while wanted:
        for reference, of in _parts_of(db, wanted):
            found.setdefault(reference, set()).update([of] if of else [])
        asked |= wanted
        wanted = {one for of in found.values() for one in of} - asked
    return found


def _parts_of(db: Session, references: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each series that is published with each of its parts, or with None for no part."""
    pairs = [reference.partition("/") for reference in references]
    rows = db.execute(
        sa.select(Organisation.slug, MicroCredentialSeries.code, StackPart.reference)
        .join(MicroCredentialSeries, MicroCredentialSeries.organisation_id == Organisation.id)
        .join(MicroCredentialVersion, MicroCredentialVersion.series_id == MicroCredentialSeries.id)
        .outerjoin(StackPart, StackPart.version_id == MicroCredentialVersion.id)
        .filter(
            Organisation.slug.in_({slug for slug, _, _ in pairs}),
            MicroCredentialSeries.code.in_({code for _, _, code in pairs}),
        )
        .distinct()
    )
    for slug, code, of in rows:
        yield f"{slug}/{code}", of
