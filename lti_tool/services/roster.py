"""The learners of a course with what they have reached, in a constant number of queries."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.completion import Completion, Progress
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    Credential,
    MicroCredentialVersion,
    Person,
)
from lti_tool.services import catalogue, completions, elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """`progress`: from records that count, wherever they were made, as `elsewhere.progress` shows
    them to this course. `credential`: if claimed. `withdrawn`: the award that was
    withdrawn last, if none was granted since. `left_at`: since when the roster
    lacks them.
    """

    person: Person
    last_seen_at: datetime
    has_launched: bool
    left_at: datetime | None
    progress: Progress
    award: Award | None
    withdrawn: Award | None
    credential: Credential | None


def learners(
    db: Session, course: Course, version: MicroCredentialVersion, now: datetime
) -> list[Learner]:
    """Return those of `course` who never taught there, by name, the nameless last; behind them
    those who left."""
    members = db.scalars(
        sa.select(CourseMember)
        .filter_by(course_id=course.id, is_tester=False)
        .options(joinedload(CourseMember.person))
    ).all()
    people = {member.person_id for member in members}
    records = _records(db, people, version)
    last = _last_awards(db, people, version)
    standing = {one: award for one, award in last.items() if award.withdrawn_at is None}
    credentials = _credentials(db, [award.id for award in standing.values()])
    mc = catalogue.definition(version)
    found = []
    for member in members:
        award = standing.get(member.person_id)
        earlier = last.get(member.person_id)
        found.append(
            Learner(
                person=member.person,
                last_seen_at=member.last_seen_at,
                has_launched=member.has_launched,
                left_at=member.left_at,
                progress=elsewhere.progress(mc, records[member.person_id], course.id, now),
                award=award,
                withdrawn=earlier if earlier and earlier.withdrawn_at else None,
                credential=credentials.get(award.id) if award else None,
            )
        )
    return sorted(found, key=_by_name)


def count(db: Session, course: Course) -> int:
    """Return how many were seen in `course` who never taught there."""
    seen = sa.select(sa.func.count()).select_from(CourseMember)
    return db.scalars(seen.filter_by(course_id=course.id, is_tester=False, has_launched=True)).one()


def progress_of(
    db: Session, course: Course, person: Person, version: MicroCredentialVersion, now: datetime
) -> Progress:
    """Return one person's progress from records that count, as `course` sees it."""
    records = _records(db, {person.id}, version)[person.id]
    return elsewhere.progress(catalogue.definition(version), records, course.id, now)


def _by_name(learner: Learner) -> tuple[bool, bool, str, str]:
    name = learner.person.name or ""
    return learner.left_at is not None, not name, name.casefold(), learner.person.short_id


def _records(
    db: Session, people: set[uuid.UUID], version: MicroCredentialVersion
) -> defaultdict[uuid.UUID, list[tuple[uuid.UUID, Completion]]]:
    """Return (course, record) per person, without what they tried out where they teach."""
    taught = {
        (member.person_id, member.course_id)
        for member in db.scalars(
            sa.select(CourseMember).filter(
                CourseMember.person_id.in_(people), CourseMember.is_tester
            )
        )
    }
    rows: Sequence[CompletionRecord] = db.scalars(
        sa.select(CompletionRecord)
        .filter(CompletionRecord.version_id == version.id, CompletionRecord.person_id.in_(people))
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    ).all()
    found: defaultdict[uuid.UUID, list[tuple[uuid.UUID, Completion]]] = defaultdict(list)
    for row in rows:
        if (row.person_id, row.course_id) not in taught:
            found[row.person_id].append((row.course_id, completions.as_completion(row)))
    return found


def _last_awards(
    db: Session, people: set[uuid.UUID], version: MicroCredentialVersion
) -> dict[uuid.UUID, Award]:
    """Return the award granted last; if one stands, it is that."""
    granted = (
        sa.select(Award)
        .filter(
            Award.version_id == version.id,
            Award.person_id.in_(people),
            Award.is_test.is_(False),
        )
        .order_by(Award.granted_at)
    )
    return {award.person_id: award for award in db.scalars(granted)}


def _credentials(db: Session, awards: list[uuid.UUID]) -> dict[uuid.UUID, Credential]:
    current = (
        sa.select(Credential)
        .filter(Credential.award_id.in_(awards), Credential.revoked_at.is_(None))
        .order_by(Credential.signed_at)
    )
    return {credential.award_id: credential for credential in db.scalars(current)}
