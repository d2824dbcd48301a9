"""Micro-credentials that are made of others: what a person has earned of the parts.

The rule is `badges.stacking`. A larger one is judged by the worker, after the award of a part was
granted or withdrawn (`stack_checks`).
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.award import add_months
from badges.drafting import Json
from badges.micro_credential import MicroCredential
from badges.stacking import Earned, Stack
from lti_tool.errors import NotFound
from lti_tool.models import (
    Award,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    Person,
    StackCheck,
    StackPart,
)
from lti_tool.services.awarding import joints
from lti_tool.services.awarding.joints import Borrowed, Groups
from lti_tool.services.definitions import catalogue
from lti_tool.services.definitions.stack_parts import series_reference


@dataclass(frozen=True, slots=True)
class EarnedParts:
    """Of one person: what counts for awards, and that with what a teacher tried out. `lent`: parts
    that they earned and that count for a badge which somebody joined with them had claimed."""

    real: tuple[Earned, ...] = ()
    with_tests: tuple[Earned, ...] = ()
    lent: frozenset[str] = frozenset()


def of_person(db: Session, person: Person, version: MicroCredentialVersion) -> EarnedParts:
    """Return what a person has earned of the parts of a version, in whatever LMS."""
    return of_people(db, [person.id], version).get(person.id, EarnedParts())


def of_people(
    db: Session,
    people: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    version: MicroCredentialVersion,
) -> Mapping[uuid.UUID, EarnedParts]:
    """Return the same for many, in a constant number of queries; in none where the version is not
    made of others.

    Of those who are one person what any of them earned counts for each. What a claimed badge
    borrowed across a joint counts on for that badge when the joint has ended, and until it is
    withdrawn for no other badge of that series.
    """
    mc = catalogue.definition(version)
    if mc.stack is None:
        return {}
    together = joints.groups(db, people)
    is_theirs = sa.or_(Award.person_id.in_(people), Award.person_id.in_(list(together)))
    rows = list(db.scalars(_of_parts(mc.stack).filter(is_theirs)))
    borrowed = joints.borrowed(db, people, [row.id for row in rows], version)
    known = {row.id for row in rows}
    if missing := {one.part for one in borrowed} - known:
        rows += db.scalars(_of_parts(mc.stack).filter(Award.id.in_(missing)))
    held: defaultdict[uuid.UUID, list[Award]] = defaultdict(list)
    for row in rows:
        if row.id in known:
            for person in together.get(row.person_id, {row.person_id}):
                if person == row.person_id or not row.is_test:
                    held[person].append(row)
    lent = _keep_borrowed(held, {row.id: row for row in rows}, borrowed, together, version)
    inside = _inside(db, rows)
    return {
        person: EarnedParts(
            _all_earned([row for row in awards if not row.is_test], inside),
            _all_earned(awards, inside),
            frozenset(lent[person]),
        )
        for person, awards in held.items()
    }


def _of_parts(stack: Stack) -> sa.Select[Award]:
    return (
        sa.select(Award)
        .join(Award.version)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
        .filter(
            Award.withdrawn_at.is_(None),
            sa.or_(*(catalogue.named(part) for part in stack.parts)),
        )
        .options(
            joinedload(Award.version)
            .joinedload(MicroCredentialVersion.series)
            .joinedload(MicroCredentialSeries.organisation)
        )
    )


def _keep_borrowed(
    held: defaultdict[uuid.UUID, list[Award]],
    rows: Mapping[uuid.UUID, Award],
    borrowed: Iterable[Borrowed],
    together: Groups,
    version: MicroCredentialVersion,
) -> Mapping[uuid.UUID, Collection[str]]:
    """Let what was borrowed count for the badge that rests on it, and for nobody else; return what
    does not count for whom because of it."""
    lent: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
    for one in borrowed:
        row = rows.get(one.part)
        if row is None:  # withdrawn
            continue
        entitled = together.get(one.by, {one.by})
        for person, awards in held.items():
            if row in awards and person not in entitled:
                awards.remove(row)
                lent[person].add(series_reference(row.version))
        if one.version == version.id and row not in held[one.by]:
            held[one.by].append(row)
    return lent


def _inside(db: Session, awards: Iterable[Award]) -> Mapping[str, Sequence[Json]]:
    """Return what each award that is made of others rests on, and what that rests on, by its id."""
    found = {str(one.id): one.parts for one in awards if one.parts}
    asked = set(found)
    while wanted := {part["award"] for parts in found.values() for part in parts} - asked:
        asked |= wanted
        known = sa.select(Award.id, Award.parts).filter(
            Award.id.in_([uuid.UUID(one) for one in wanted])
        )
        found |= {str(row.id): row.parts for row in db.execute(known) if row.parts}
    return found


def _below(award: str, inside: Mapping[str, Sequence[Json]]) -> Iterator[Json]:
    """Yield what an award rests on, and what that rests on."""
    for part in inside.get(award, ()):
        yield part
        yield from _below(part["award"], inside)


def _all_earned(
    awards: Sequence[Award], inside: Mapping[str, Sequence[Json]]
) -> tuple[Earned, ...]:
    """Return what these awards of one person are as parts.

    Earned in two LMSs and contained in another part, one is contained whichever it was.
    """
    is_of_several = len({one.person_id for one in awards}) > 1
    same: defaultdict[str, set[str]] = defaultdict(set)
    for one in awards if is_of_several else ():
        same[series_reference(one.version)].add(str(one.id))
    return tuple(_earned(one, same, inside) for one in awards)


def _earned(
    award: Award,
    same: Mapping[str, Collection[str]],
    inside: Mapping[str, Sequence[Json]],
) -> Earned:
    mc = catalogue.definition(award.version)
    months = mc.validity_months
    return Earned(
        award=str(award.id),
        reference=series_reference(award.version),
        at=award.awarded_at,
        expires_at=add_months(award.awarded_at, months) if months else None,
        hours=mc.hours,
        points=mc.credit.points if mc.credit else None,
        contains=frozenset(
            one
            for part in _below(str(award.id), inside)
            for one in (part["award"], *same.get(part["reference"].rpartition("/")[0], ()))
        ),
    )


def titles(db: Session, mc: MicroCredential) -> dict[str, MicroCredential]:
    """Return the newest definition of each part, by its reference; a draft may name some that do
    not exist, which are left out."""
    found = {}
    for part in mc.stack.parts if mc.stack else ():
        with suppress(NotFound):
            found[part] = catalogue.definition(catalogue.find(db, part))
    return found


def want(db: Session, award: Award, now: datetime) -> None:
    """Let the worker judge what an award that was granted or withdrawn is a part of; a TEST one
    makes, and takes along, a TEST one."""
    db.add(StackCheck(person_id=award.person_id, version_id=award.version_id, due_at=now))


def want_anew(
    db: Session, people: Iterable[Person], version: MicroCredentialVersion, now: datetime
) -> None:
    """Let the worker judge these people's larger one once more, on its own."""
    db.add_all(StackCheck(person_id=one.id, version_id=version.id, due_at=now) for one in people)


def made_of(db: Session, part: MicroCredentialVersion) -> Sequence[MicroCredentialVersion]:
    """Return the newest version of each series that is made of this one's among others."""
    reference = series_reference(part)
    candidates = db.scalars(
        sa.select(MicroCredentialVersion)
        .join(StackPart, StackPart.version_id == MicroCredentialVersion.id)
        .join(MicroCredentialVersion.series)
        .join(Organisation, MicroCredentialSeries.organisation_id == Organisation.id)
        .filter(StackPart.reference == reference)
    ).all()
    newest = {one.series_id: catalogue.find(db, series_reference(one)) for one in candidates}
    ids = {one.id for one in candidates}
    return [version for version in newest.values() if version.id in ids]
