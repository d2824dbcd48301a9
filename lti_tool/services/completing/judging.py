"""Judge what is recorded: lock, check against the rules, keep, and act on what follows.

The lock is the `Enrolment` row, one per (person, version), taken in the order of people. In the
same transaction the progress is computed, awards are granted or withdrawn, and scores for the
gradebook go to the outbox; for many people in as many statements as for one.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges import completion as rules
from badges.completion import Completion, InvalidCompletion, Progress, Route
from lti_tool.errors import Conflict, ToolError
from lti_tool.models import (
    CompletionRecord,
    Course,
    CourseMember,
    Delivery,
    Enrolment,
    MicroCredentialVersion,
    Person,
    Placement,
)
from lti_tool.services.awarding import awards, enrolments, joints, moderation_draws, stacks
from lti_tool.services.awarding.awards import Judged
from lti_tool.services.awarding.joints import Groups
from lti_tool.services.awarding.stacks import EarnedParts
from lti_tool.services.completing import assessors
from lti_tool.services.definitions import catalogue
from lti_tool.services.outbox import deliveries
from lti_tool.services.outbox.deliveries import Reached


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's progress: `real` counts for awards, `with_tests` also what a teacher tried out."""

    real: Progress
    with_tests: Progress


# On tables and not on objects, which take half as long again: every launch of a learner asks both.
_RECORDS = cast("sa.Table", CompletionRecord.__table__).c
_HAS_WORK = sa.select(
    sa.or_(
        sa.exists().where(
            _RECORDS.person_id == sa.bindparam("person"),
            _RECORDS.version_id == sa.bindparam("version"),
        ),
        sa.exists().where(
            cast("sa.Table", Delivery.__table__).c.person_id == sa.bindparam("person")
        ),
    )
)


def keep_all(
    db: Session,
    version: MicroCredentialVersion,
    rows: Sequence[tuple[Person, CompletionRecord]],
    course: Course,
    now: datetime,
) -> list[CompletionRecord]:
    """Keep rows that are not kept yet, in this order, and judge each person once after it.

    Raises:
        ToolError: the codes of `badges.completion.check`.
        Conflict: `version_changed`: the course has just begun to offer another version.
        Forbidden: `not_an_assessor`: who judges may not sign off in the course.
    """
    people = {person.id: person for person, _ in rows}
    assessors.check(db, course.id, version.id, _judging([row for _, row in rows]), now)
    locked = enrolments.lock_all(db, people, version, now)
    known = _known(db, people, [row.key for _, row in rows])
    histories = _records(db, people, version)
    added = []
    for person, row in rows:
        if (person.id, row.key) not in known:
            known[person.id, row.key] = row
            row.id = uuid.uuid4()
            row.person_id, row.version_id, row.course_id = person.id, version.id, course.id
            row.is_signed_off = bool(row.is_signed_off)
            _append(version, histories[person.id], row, now)
            added.append(row)
    if added:
        db.add_all(added)
        db.flush()
        moderation_draws.draw(db, version, added, now)
        if any(row.retracts_id is None for row in added):
            _check_offered(db, course, version)
        judged = [(people[one], histories[one]) for one in sorted(people)]
        _judge(db, version, judged, locked, now)
    return [known[person.id, row.key] for person, row in rows]


def keep_carried(
    db: Session,
    version: MicroCredentialVersion,
    people: Collection[uuid.UUID],
    rows: Sequence[CompletionRecord],
    now: datetime,
) -> None:
    """Keep records that were made in another version, with the times that they have there, and
    judge each of `people` once. Who judged then need not be allowed to now.

    Raises:
        ToolError: the codes of `badges.completion.check`.
    """
    locked = enrolments.lock_all(db, people, version, now)
    histories = _records(db, people, version)
    mc = catalogue.definition(version)
    for row in rows:
        history = histories[row.person_id]
        try:
            rules.check(mc, as_completion(row), [as_completion(record) for record in history])
        except InvalidCompletion as error:
            raise ToolError(error.code, unit=row.unit_code) from error
        history.append(row)
    for history in histories.values():
        history.sort(key=lambda one: (one.recorded_at, one.id))
    db.add_all(rows)
    db.flush()
    found = sa.select(Person).filter(Person.id.in_(people)).order_by(Person.id)
    judged = [(person, histories[person.id]) for person in db.scalars(found)]
    _judge(db, version, judged, locked, now)


def _judging(rows: Iterable[CompletionRecord]) -> set[uuid.UUID]:
    """Return who judges by these rows, or takes something back."""
    judged = [row for row in rows if row.route == Route.ASSESSED.value or row.retracts_id]
    return {row.assessor_id for row in judged if row.assessor_id is not None}


def _append(
    version: MicroCredentialVersion,
    history: list[CompletionRecord],
    row: CompletionRecord,
    now: datetime,
) -> None:
    row.recorded_at = _after(history, now)
    before = [as_completion(record) for record in history]
    try:
        rules.check(catalogue.definition(version), as_completion(row), before)
    except InvalidCompletion as error:
        raise ToolError(error.code, unit=row.unit_code) from error
    history.append(row)


def standing(
    db: Session, person: Person, version: MicroCredentialVersion, now: datetime
) -> Standing:
    """Return a person's progress, without and with the records that are tests."""
    return standings(db, [person.id], version, now)[person.id]


def standings_with(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    further: Sequence[Sequence[Completion]],
    now: datetime,
) -> list[Progress]:
    """Return what a person's progress would be, tests and all, with each of these in addition."""
    records = records_of(db, person, version)
    earned = stacks.of_people(db, [person.id], version).get(person.id, EarnedParts())
    latest = max([now, *(row.recorded_at for row in records)])
    kept = [as_completion(row) for row in records]
    mc = catalogue.definition(version)
    return [rules.progress(mc, [*kept, *one], latest, earned.with_tests) for one in further]


def standings(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion, now: datetime
) -> Mapping[uuid.UUID, Standing]:
    """Return the same for many, in a constant number of statements."""
    records = _records(db, people, version)
    earned = stacks.of_people(db, people, version)
    taught = _taught_by(db, people)
    nothing = EarnedParts()
    return {
        one: _standing(version, records[one], earned.get(one, nothing), taught[one], now)
        for one in people
    }


def records_of(
    db: Session, person: Person, version: MicroCredentialVersion
) -> Sequence[CompletionRecord]:
    """Return a person's records in a version, oldest first."""
    return _records(db, [person.id], version)[person.id]


def _records(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion
) -> defaultdict[uuid.UUID, list[CompletionRecord]]:
    rows = db.scalars(
        sa.select(CompletionRecord)
        .filter(CompletionRecord.person_id.in_(people), CompletionRecord.version_id == version.id)
        .options(
            joinedload(CompletionRecord.course),
            joinedload(CompletionRecord.result),
            joinedload(CompletionRecord.activity_result),
            joinedload(CompletionRecord.mentor_link),
            joinedload(CompletionRecord.assessor_account),
            joinedload(CompletionRecord.client),
        )
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    )
    found: defaultdict[uuid.UUID, list[CompletionRecord]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row)
    return found


def reevaluate_person(db: Session, person: Person, now: datetime) -> None:
    """Judge all a person's work anew, after what counts has changed."""
    versions = (
        sa.select(MicroCredentialVersion)
        .join(Enrolment, Enrolment.version_id == MicroCredentialVersion.id)
        .filter(Enrolment.person_id == person.id)
        .order_by(MicroCredentialVersion.id)
    )
    for version in db.scalars(versions).all():
        reevaluate(db, person, version, now)


def reevaluate(db: Session, person: Person, version: MicroCredentialVersion, now: datetime) -> None:
    """Judge a person's work in a version: settle the award and the scores. Idempotent."""
    locked = enrolments.lock(db, person, version, now)
    # Without a record nothing was earned, and without a score before it none is to be cleared; but
    # what is made of others is earned without records of its own.
    is_stacked = enrolments.is_stacked(version)
    if is_stacked or db.scalar(_HAS_WORK, {"person": person.id, "version": version.id}):
        _judge(db, version, [(person, records_of(db, person, version))], locked, now)


def judge_all(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion, now: datetime
) -> None:
    """Do what `reevaluate` says for several people."""
    if not people:
        return
    locked = enrolments.lock_all(db, people, version, now)
    _judge(db, version, _histories(db, people, version), locked, now)


History = tuple[Person, Sequence[CompletionRecord]]


def _histories(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion
) -> list[History]:
    records = _records(db, people, version)
    found = sa.select(Person).filter(Person.id.in_(people)).order_by(Person.id)
    return [(person, records[person.id]) for person in db.scalars(found)]


def _judge(
    db: Session,
    version: MicroCredentialVersion,
    histories: Sequence[History],
    locked: Collection[uuid.UUID],
    now: datetime,
) -> None:
    """Do what `reevaluate` says for several people; the caller holds the locks of `locked`."""
    together: Groups = {}
    if enrolments.is_stacked(version):
        together = joints.groups(db, [person.id for person, _ in histories])
        histories = _with_others(db, version, histories, together, locked, now)
    taught = _taught_by(db, [person.id for person, records in histories if records])
    earned = stacks.of_people(db, [person.id for person, _ in histories], version)
    judged = []
    for person, records in histories:
        parts = earned.get(person.id, EarnedParts())
        found = _standing(version, records, parts, taught[person.id], now)
        judged.append(Judged(person, records, found.real, found.with_tests))
    awards.settle(db, version, judged, now, together)
    reached = [Reached(one.person, one.real, one.records) for one in judged]
    deliveries.sync(db, version, reached, now)


def _with_others(
    db: Session,
    version: MicroCredentialVersion,
    histories: Sequence[History],
    together: Groups,
    locked: Collection[uuid.UUID],
    now: datetime,
) -> Sequence[History]:
    """Return also those who are one person with one of these.

    Left out are those whose joint has changed while the locks were waited for: to lock more now
    could mean to wait in a circle. The worker judges them in a moment.
    """
    late = {person for person, group in together.items() if not group <= set(locked)}
    stacks.want_anew(db, [one for one, _ in histories if one.id in late], version, now)
    rest = [(one, records) for one, records in histories if one.id not in late]
    known = {one.id for one, _ in rest}
    missing = {one for person in known for one in together.get(person, ())} - known
    return [*rest, *_histories(db, missing, version)] if missing else rest


JUDGED = (
    CompletionRecord.id,
    CompletionRecord.unit_code,
    CompletionRecord.recorded_at,
    CompletionRecord.route,
    CompletionRecord.assessor_id,
    CompletionRecord.assessor_account_id,
    CompletionRecord.part,
    CompletionRecord.points,
    CompletionRecord.is_signed_off,
    CompletionRecord.retracts_id,
    CompletionRecord.mentor_link_id,
)
"""The columns that the rules judge."""


def as_completion(row: CompletionRecord | sa.Row[*tuple[Any, ...]]) -> Completion:
    """Return the record that a row (of the table, or of `JUDGED`) holds, as the rules see it."""
    return Completion(
        id=str(row.id),
        unit=row.unit_code,
        at=row.recorded_at,
        route=Route(row.route),
        by=_judge_of(row.assessor_id, row.assessor_account_id),
        part=row.part,
        points=row.points,
        signed_off=row.is_signed_off,
        for_mentor=row.mentor_link_id is not None,
        retracts=str(row.retracts_id) if row.retracts_id else None,
    )


def _judge_of(person_id: uuid.UUID | None, account_id: uuid.UUID | None) -> str | None:
    """Return who judged: a person of an LMS, an account of this server, or nobody."""
    if account_id is not None:
        return f"account:{account_id}"
    return str(person_id) if person_id is not None else None


def _known(
    db: Session, people: Collection[uuid.UUID], keys: Collection[str]
) -> dict[tuple[uuid.UUID, str], CompletionRecord]:
    found = sa.select(CompletionRecord).filter(
        CompletionRecord.person_id.in_(people), CompletionRecord.key.in_(set(keys))
    )
    return {(row.person_id, row.key): row for row in db.scalars(found)}


def _check_offered(db: Session, course: Course, version: MicroCredentialVersion) -> None:
    """Refuse a new record in a version that the course offered when its request looked, and no
    longer does.

    The row before refers to the course, and waited there for `versions.choose`, and here the
    placement is waited for where `moving.move` has it: what they have written is seen now.
    """
    # One table alone: of a row that was waited for, a join would look for the version of before.
    offered = db.scalars(
        sa.select(Placement.version_id)
        .filter_by(course_id=course.id)
        .order_by(Placement.id)
        .with_for_update(read=True, key_share=True)
    ).all()
    if version.id in offered:
        return
    others = MicroCredentialVersion.id.in_(offered)
    is_other = sa.exists().where(others, MicroCredentialVersion.series_id == version.series_id)
    if db.scalar(sa.select(is_other)):
        raise Conflict("version_changed")


def _after(records: Sequence[CompletionRecord], now: datetime) -> datetime:
    """Return the time of the next record: records keep the order in which the lock let them in,
    also those of one moment and those whose request read the clock before it waited."""
    return max([now, *(record.recorded_at + timedelta(microseconds=1) for record in records)])


def _standing(
    version: MicroCredentialVersion,
    records: Iterable[CompletionRecord],
    earned: EarnedParts,
    taught: set[uuid.UUID],
    now: datetime,
) -> Standing:
    """Judge at the latest record or part, even where a waiting request read the clock before it."""
    mc = catalogue.definition(version)
    records = list(records)
    now = max([now, *(row.recorded_at for row in records), *(one.at for one in earned.with_tests)])
    every = [(row.course_id in taught, as_completion(row)) for row in records]
    real = rules.progress(mc, [one for is_test, one in every if not is_test], now, earned.real)
    if earned.real == earned.with_tests and not any(is_test for is_test, _ in every):
        return Standing(real, real)
    tried = rules.progress(mc, [one for _, one in every], now, earned.with_tests)
    return Standing(real, tried)


def _taught_by(
    db: Session, people: Collection[uuid.UUID]
) -> defaultdict[uuid.UUID, set[uuid.UUID]]:
    """Return the courses in which each person was ever seen as a teacher."""
    found: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    if people:
        taught = sa.select(CourseMember.person_id, CourseMember.course_id)
        for person_id, course_id in db.execute(
            taught.filter(CourseMember.person_id.in_(people), CourseMember.is_tester)
        ):
            found[person_id].add(course_id)
    return found
