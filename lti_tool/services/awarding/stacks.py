"""Micro-credentials that are made of others: what a person has earned of the parts.

The rule is `badges.stacking`. A larger one is judged by the worker, after the award of a part was
granted or withdrawn (`stack_checks`).
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.award import add_months
from badges.micro_credential import MicroCredential
from badges.stacking import Earned
from lti_tool.models import (
    Award,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    Person,
    StackCheck,
    StackPart,
)
from lti_tool.services.definitions import catalogue
from lti_tool.services.definitions.stack_parts import series_reference


@dataclass(frozen=True, slots=True)
class EarnedParts:
    """Of one person: what counts for awards, and that with what a teacher tried out."""

    real: tuple[Earned, ...] = ()
    with_tests: tuple[Earned, ...] = ()


def of_person(db: Session, person: Person, mc: MicroCredential) -> EarnedParts:
    """Return what a person has earned of the parts of `mc`."""
    return of_people(db, [person.id], mc).get(person.id, EarnedParts())


def of_people(
    db: Session, people: Collection[uuid.UUID] | sa.Select[uuid.UUID], mc: MicroCredential
) -> Mapping[uuid.UUID, EarnedParts]:
    """Return the same for many, in one query; in none where `mc` is not made of others."""
    if mc.stack is None:
        return {}
    rows = db.scalars(
        sa.select(Award)
        .join(Award.version)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
        .filter(
            Award.person_id.in_(people),
            Award.withdrawn_at.is_(None),
            sa.or_(*(catalogue.named(part) for part in mc.stack.parts)),
        )
        .options(
            joinedload(Award.version)
            .joinedload(MicroCredentialVersion.series)
            .joinedload(MicroCredentialSeries.organisation)
        )
    ).all()
    held: defaultdict[uuid.UUID, list[Award]] = defaultdict(list)
    for row in rows:
        held[row.person_id].append(row)
    return {
        person: EarnedParts(
            tuple(_earned(row) for row in awards if not row.is_test), tuple(map(_earned, awards))
        )
        for person, awards in held.items()
    }


def _earned(award: Award) -> Earned:
    mc = catalogue.definition(award.version)
    months = mc.validity_months
    return Earned(
        award=str(award.id),
        reference=series_reference(award.version),
        at=award.awarded_at,
        expires_at=add_months(award.awarded_at, months) if months else None,
        hours=mc.hours,
        points=mc.credit.points if mc.credit else None,
        contains=frozenset(part["award"] for part in award.parts or ()),
    )


def titles(db: Session, mc: MicroCredential) -> dict[str, MicroCredential]:
    """Return the newest definition of each part, by its reference."""
    if mc.stack is None:
        return {}
    return {part: catalogue.definition(catalogue.find(db, part)) for part in mc.stack.parts}


def want(db: Session, award: Award, now: datetime) -> None:
    """Let the worker judge what an award that was granted or withdrawn is a part of; a TEST one
    makes, and takes along, a TEST one."""
    db.add(StackCheck(person_id=award.person_id, version_id=award.version_id, due_at=now))


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
