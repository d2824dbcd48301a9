"""Record who completed what; every record is judged under a lock per (person, version).

The lock is the `Enrolment` row. In the same transaction the progress is computed, the award is
granted or withdrawn, and the score for the gradebook goes to the outbox.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges import completion as rules
from badges.completion import Completion, InvalidCompletion, Progress, Route
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    ActivityResult,
    ApiClient,
    CompletionRecord,
    Course,
    CourseMember,
    Enrolment,
    GradebookResult,
    LaunchSession,
    MicroCredentialVersion,
    Person,
    Placement,
    ResourceLink,
)
from lti_tool.services import awards, catalogue, deliveries

LONGEST_EVIDENCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an assessor says of one unit: points, points of a part, or a sign-off."""

    unit: str
    part: str | None = None
    points: Decimal | None = None
    signed_off: bool = False
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's progress: `real` counts for awards, `with_tests` also what a teacher tried out."""

    real: Progress
    with_tests: Progress


def enrol(db: Session, person: Person, version: MicroCredentialVersion, now: datetime) -> None:
    """Note that a person works on a version, and lock their records in it until the end of the
    transaction."""
    get_or_add(
        db,
        Enrolment,
        {"person_id": person.id, "version_id": version.id},
        started_at=now,
    )


def record(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    judgement: Judgement,
    *,
    course: Course,
    assessor: Person,
    key: str,
    now: datetime,
) -> CompletionRecord:
    """Keep an assessor's judgement and act on what follows from it.

    `key` names the submission: a repeated one returns the first record.

    Raises:
        ToolError: the codes of `badges.completion.check`; `evidence_too_long`.
        Conflict: `version_changed`: the course has just begun to offer another version.
    """
    row = _judged(judgement, key)
    row.assessor_id = assessor.id
    return _keep(db, person, version, row, course, now)


def record_reported(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    judgement: Judgement,
    *,
    course: Course,
    assessor: Person | None,
    client: ApiClient,
    key: str,
    now: datetime,
) -> CompletionRecord:
    """Keep a judgement that another system of the school reports; as `record`.

    `assessor`: the teacher who judged, where the rule asks for a person.
    """
    row = _judged(judgement, key)
    row.assessor_id, row.client_id = assessor.id if assessor else None, client.id
    return _keep(db, person, version, row, course, now)


def record_participation(
    db: Session, session: LaunchSession, unit_code: str, now: datetime
) -> CompletionRecord:
    """Keep that the learner confirmed to have worked through a unit; once a course is enough."""
    return _keep_once(db, session, unit_code, Route.PARTICIPATION, None, now)


def record_unlocked(
    db: Session, session: LaunchSession, unit_code: str, basis: str, now: datetime
) -> CompletionRecord:
    """Keep that the LMS let the learner through to a unit it had restricted; once a course is
    enough.

    `basis` is what the restriction rests on, in the teacher's words.
    """
    return _keep_once(db, session, unit_code, Route.UNLOCKED, basis or None, now)


def record_graded(
    db: Session,
    result: GradebookResult,
    link: ResourceLink,
    points: Decimal | None,
    now: datetime,
) -> CompletionRecord:
    """Keep that a teacher's grade in the LMS completes the unit of the link; once for a grade.

    `points`: on the scale of the unit's marks, if it has one.
    """
    if link.placement is None or link.unit_code is None:
        raise Conflict("link_not_placed")
    row = CompletionRecord(
        key=f"{Route.GRADED.value}:{result.id.hex}",
        unit_code=link.unit_code,
        route=Route.GRADED.value,
        points=points,
        result_id=result.id,
    )
    return _keep(db, result.person, link.placement.version, row, link.course, now)


def record_activity(db: Session, result: ActivityResult, now: datetime) -> CompletionRecord:
    """Keep that an activity of the LMS completes a unit; once for one result."""
    row = CompletionRecord(
        key=f"{Route.LMS_ACTIVITY.value}:{result.id.hex}",
        unit_code=result.unit_code,
        route=Route.LMS_ACTIVITY.value,
        activity_result_id=result.id,
    )
    placement = result.placement
    return _keep(db, result.person, placement.version, row, placement.course, now)


def _judged(judgement: Judgement, key: str) -> CompletionRecord:
    return CompletionRecord(
        key=key,
        unit_code=judgement.unit,
        route=Route.ASSESSED.value,
        part=judgement.part,
        points=judgement.points,
        is_signed_off=judgement.signed_off,
        evidence=_evidence(judgement.evidence),
    )


def _keep_once(
    db: Session,
    session: LaunchSession,
    unit_code: str,
    route: Route,
    evidence: str | None,
    now: datetime,
) -> CompletionRecord:
    placement = session.link.placement
    if placement is None:
        raise Conflict("link_not_placed")
    attempt = _retractions(db, session, unit_code) if route is Route.PARTICIPATION else 0
    row = CompletionRecord(
        key=_key(placement, unit_code, route, attempt),
        unit_code=unit_code,
        route=route.value,
        evidence=evidence,
    )
    return _keep(db, session.person, placement.version, row, session.course, now)


def _key(placement: Placement, unit_code: str, route: Route, attempt: int) -> str:
    """Name what happens once in a course: a record made elsewhere may be a test, or be undone."""
    what = f"{placement.version_id}/{placement.course_id}/{unit_code}/{attempt}"
    return f"{route.value}:{hashlib.sha256(what.encode()).hexdigest()[:40]}"


def _retractions(db: Session, session: LaunchSession, unit_code: str) -> int:
    """How often this course took the learner's participation back: they may confirm anew after
    that; an unlocked launch does not count again once its teacher took it back."""
    assert session.link.placement is not None
    records = records_of(db, session.person, session.link.placement.version)
    return sum(
        row.retracts_id is not None
        and row.course_id == session.course_id
        and (row.unit_code, row.route) == (unit_code, Route.PARTICIPATION.value)
        for row in records
    )


def retract(
    db: Session,
    target: CompletionRecord,
    *,
    course: Course,
    assessor: Person,
    reason: str,
    now: datetime,
) -> CompletionRecord:
    """Take a record of this course back; the retraction is a record itself.

    Raises:
        Forbidden: `other_course`: only the course where it was made can take a record back.
        ToolError: `reason_missing`, `evidence_too_long`, `retracts_retraction`.
    """
    if target.course_id != course.id:
        raise Forbidden("other_course")
    reason = reason.strip()
    if not reason:
        raise ToolError("reason_missing")
    row = CompletionRecord(
        key=f"retract:{target.id.hex}",
        unit_code=target.unit_code,
        route=target.route,
        assessor_id=assessor.id,
        retracts_id=target.id,
        evidence=_evidence(reason),
    )
    return _keep(db, target.person, target.version, row, course, now)


def find(db: Session, record_id: uuid.UUID) -> CompletionRecord:
    """Return one record.

    Raises:
        NotFound: `unknown_record`.
    """
    row = db.get(CompletionRecord, record_id)
    if row is None:
        raise NotFound("unknown_record")
    return row


def standing(
    db: Session, person: Person, version: MicroCredentialVersion, now: datetime
) -> Standing:
    """Return a person's progress, without and with the records that are tests."""
    return _standing(version, records_of(db, person, version), _taught_by(db, person), now)


def records_of(
    db: Session, person: Person, version: MicroCredentialVersion
) -> Sequence[CompletionRecord]:
    """Return a person's records in a version, oldest first."""
    return db.scalars(
        sa.select(CompletionRecord)
        .filter_by(person_id=person.id, version_id=version.id)
        .options(
            joinedload(CompletionRecord.course),
            joinedload(CompletionRecord.result),
            joinedload(CompletionRecord.activity_result),
            joinedload(CompletionRecord.client),
        )
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    ).all()


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
    enrol(db, person, version, now)
    _judge(db, person, version, now)


def _judge(db: Session, person: Person, version: MicroCredentialVersion, now: datetime) -> None:
    """Do what `reevaluate` says; the caller holds the lock."""
    records = records_of(db, person, version)
    taught = _taught_by(db, person) if records else set()
    progress = _standing(version, records, taught, now)
    awards.settle(db, person, version, records, progress.real, progress.with_tests, now)
    deliveries.sync(db, person, version, progress.real, records, now)


def as_completion(row: CompletionRecord) -> Completion:
    """Return the record that a row holds, as the rules see it."""
    return Completion(
        id=str(row.id),
        unit=row.unit_code,
        at=row.recorded_at,
        route=Route(row.route),
        by=str(row.assessor_id) if row.assessor_id else None,
        part=row.part,
        points=row.points,
        signed_off=row.is_signed_off,
        retracts=str(row.retracts_id) if row.retracts_id else None,
    )


def _keep(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    row: CompletionRecord,
    course: Course,
    now: datetime,
) -> CompletionRecord:
    enrol(db, person, version, now)
    known = db.scalar(sa.select(CompletionRecord).filter_by(person_id=person.id, key=row.key))
    if known is not None:
        return known
    row.id = uuid.uuid4()
    row.person_id, row.version_id, row.course_id = person.id, version.id, course.id
    row.is_signed_off = bool(row.is_signed_off)
    records = records_of(db, person, version)
    row.recorded_at = _after(records, now)
    history = [as_completion(record) for record in records]
    try:
        rules.check(catalogue.definition(version), as_completion(row), history)
    except InvalidCompletion as error:
        raise ToolError(error.code, unit=row.unit_code) from error
    db.add(row)
    db.flush()
    if row.retracts_id is None:
        _check_offered(db, course, version)
    _judge(db, person, version, now)
    return row


def _check_offered(db: Session, course: Course, version: MicroCredentialVersion) -> None:
    """Refuse a new record in a version that the course offered when its request looked, and no
    longer does.

    The row before refers to the course, and waited there for `versions.choose`: what that has
    written is seen now.
    """
    offered = db.scalars(
        sa.select(Placement.version_id)
        .join(MicroCredentialVersion, Placement.version_id == MicroCredentialVersion.id)
        .filter(
            Placement.course_id == course.id,
            MicroCredentialVersion.series_id == version.series_id,
        )
    ).all()
    if offered and version.id not in offered:
        raise Conflict("version_changed")


def _after(records: Sequence[CompletionRecord], now: datetime) -> datetime:
    """Return the time of the next record: records keep the order in which the lock let them in,
    also those of one moment and those whose request read the clock before it waited."""
    return max([now, *(record.recorded_at + timedelta(microseconds=1) for record in records)])


def _standing(
    version: MicroCredentialVersion,
    records: Iterable[CompletionRecord],
    taught: set[uuid.UUID],
    now: datetime,
) -> Standing:
    """Judge at the latest record, even where a waiting request read the clock before it."""
    mc = catalogue.definition(version)
    records = list(records)
    now = max([now, *(row.recorded_at for row in records)])
    every = [(row.course_id in taught, as_completion(row)) for row in records]
    real = rules.progress(mc, [one for is_test, one in every if not is_test], now)
    return Standing(real, rules.progress(mc, [one for _, one in every], now))


def _taught_by(db: Session, person: Person) -> set[uuid.UUID]:
    """Return the courses in which the person was ever seen as a teacher."""
    taught = sa.select(CourseMember.course_id).filter_by(person_id=person.id, is_tester=True)
    return set(db.scalars(taught))


def _evidence(text: str | None) -> str | None:
    text = (text or "").strip()
    if len(text) > LONGEST_EVIDENCE:
        raise ToolError("evidence_too_long", maximum=str(LONGEST_EVIDENCE))
    return text or None
