"""Who comes to a course after it was moved to a newer version brings along what counts there.

What they have standing in a version that the course offered before is carried over as it was for
those who were there (`services.courses.moving`): in units that stayed the same at each move, once
for each judgement, and nothing of who holds the award of such a version, or has completed all of it
and waits for a person's word, or was refused: that is decided there.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import changes
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMove,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Placement,
)
from lti_tool.services import audit
from lti_tool.services.awarding import award_gate, enrolments
from lti_tool.services.completing import carried, judging
from lti_tool.services.definitions import catalogue


def bring(
    db: Session,
    course_id: uuid.UUID,
    version: MicroCredentialVersion,
    people: Collection[uuid.UUID],
    now: datetime,
    *,
    also_begun: bool = False,
) -> None:
    """Carry over what these people have elsewhere, if the course was moved to this version.

    `also_begun`: also of those who have a record in the version already. Call it before anything of
    these people is locked in a version. Idempotent; the number of statements does not depend on how
    many people they are.
    """
    if not people or not (befores := former(db, course_id, version)):
        return
    coming = _coming(db, befores, version, people, also_begun=also_begun)
    if not coming:
        return
    enrolments.lock_versions(db, coming, (*(one.version for one in befores), version), now)
    coming = _coming(db, befores, version, coming, also_begun=also_begun)  # others may have waited
    for one in befores:
        coming -= undecided(db, one.version, coming, now).keys()
    rows = _carried(db, befores, version, coming)
    if not rows:
        return
    copies = [carried.copy(row, version) for row in rows]
    judging.keep_carried(db, version, {row.person_id for row in rows}, copies, now)
    subject, count = f"micro_credential_version:{version.id}", str(len(rows))
    audit.note(db, audit.SYSTEM, "records.brought", subject, now, records=count)


def keep_all(
    db: Session,
    version: MicroCredentialVersion,
    rows: Sequence[tuple[Person, CompletionRecord]],
    course: Course,
    now: datetime,
) -> list[CompletionRecord]:
    """Do what `judging.keep_all` says, after what these people bring along is there."""
    bring(db, course.id, version, {person.id for person, _ in rows}, now)
    return judging.keep_all(db, version, rows, course, now)


def undecided(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID], now: datetime
) -> Mapping[uuid.UUID, PendingAward]:
    """Return what waits of those who have completed a version, or what they were refused."""
    found = award_gate.waiting(db, version, people) if people else {}
    standings = judging.standings(db, found.keys(), version, now) if found else {}
    return {one: row for one, row in found.items() if standings[one].real.is_complete}


@dataclass(frozen=True, slots=True)
class Before:
    """A version that a course offered until it was moved, and the units that stayed the same at
    that move and all later ones."""

    version: MicroCredentialVersion
    until: datetime
    kept: frozenset[str]


def former(db: Session, course_id: uuid.UUID, version: MicroCredentialVersion) -> Sequence[Before]:
    """Return by which versions the course came to the one that it offers, the latest first."""
    moves = db.scalars(
        sa.select(CourseMove)
        .join(CourseMove.placement)
        .filter(Placement.course_id == course_id, Placement.version_id == version.id)
        .order_by(CourseMove.moved_at.desc())
    ).all()
    found: list[Before] = []
    kept = frozenset(unit.code for unit in catalogue.definition(version).units)
    reached = version.id
    for one in moves:
        if one.new_version_id == reached:
            kept &= _same(one.old, one.new)
            found.append(Before(one.old, one.moved_at, kept))
            reached = one.old_version_id
    return found


def _same(old: MicroCredentialVersion, new: MicroCredentialVersion) -> frozenset[str]:
    return changes.same_units(catalogue.definition(old), catalogue.definition(new))


def _coming(
    db: Session,
    befores: Sequence[Before],
    version: MicroCredentialVersion,
    people: Collection[uuid.UUID],
    *,
    also_begun: bool,
) -> set[uuid.UUID]:
    """Return who may have something to bring along; nothing is locked yet."""
    made, held = CompletionRecord, Award
    before = [one.version.id for one in befores]
    found = sa.select(made.person_id).filter(
        made.person_id.in_(people),
        made.version_id.in_(before),
        ~sa.exists().where(
            held.person_id == made.person_id,
            held.version_id.in_(before),
            held.is_test.is_(False),
            held.withdrawn_at.is_(None),
        ),
    )
    coming = set(db.scalars(found.distinct()))
    if coming and not also_begun:
        begun = sa.select(made.person_id).filter(
            made.person_id.in_(coming), made.version_id == version.id
        )
        coming -= set(db.scalars(begun.distinct()))
    return coming


def _carried(
    db: Session,
    befores: Sequence[Before],
    version: MicroCredentialVersion,
    people: Collection[uuid.UUID],
) -> list[CompletionRecord]:
    """Return what counts for the version and is not there yet, of each judgement what is latest."""
    new, ids = catalogue.definition(version), sorted(people)
    known = carried.in_version(db, version.id, ids)
    theirs = [(one.kept, carried.in_version(db, one.version.id, ids)) for one in befores]
    every = [
        row
        for each in (known, *(one for _, one in theirs))
        for rows in each.values()
        for row in rows
    ]
    origins = carried.origins(db, every)
    has = {origins[row.id] for rows in known.values() for row in rows}
    found = []
    for kept, records in theirs:
        for row in carried.standing(row for rows in records.values() for row in rows):
            if origins[row.id] not in has and carried.fits(row, new, kept):
                has.add(origins[row.id])
                found.append(row)
    return sorted(found, key=lambda row: (row.recorded_at, row.id))
