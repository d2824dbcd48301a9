"""Record who completed what, by each route; `judging` keeps it and acts on what follows."""

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from badges.completion import Route
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    Account,
    ActivityResult,
    ApiClient,
    CompletionRecord,
    Course,
    GradebookResult,
    LaunchSession,
    MentorLink,
    MicroCredentialVersion,
    Person,
    Placement,
    ResourceLink,
)
from lti_tool.services.completing import carried, course_dates, evidence
from lti_tool.services.completing.bringing import keep_all
from lti_tool.services.completing.judging import (
    JUDGED,
    Standing,
    as_completion,
    records_of,
    reevaluate,
    reevaluate_person,
    standing,
    standings_with,
)

__all__ = [
    "JUDGED",
    "LONGEST_EVIDENCE",
    "UNFIT_REASONS",
    "Judgement",
    "Recognition",
    "Said",
    "Standing",
    "as_completion",
    "check_teachers_own",
    "find",
    "known",
    "record",
    "record_activity",
    "record_all",
    "record_for_mentor",
    "record_graded",
    "record_participation",
    "record_recognised",
    "record_reported",
    "record_unlocked",
    "records_of",
    "reevaluate",
    "reevaluate_person",
    "retract",
    "retract_all",
    "signed_off_by",
    "standing",
    "standings_with",
    "submitted",
    "unrecognise",
]

LONGEST_EVIDENCE = 2000
UNFIT_REASONS = frozenset({"reason_missing", "evidence_too_long"})
"""What `retract` says of a reason that can be written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an assessor says of one unit: points, points of a part, or a sign-off.

    `evidence`, `link`: what it rests on, in words and as an https address. `at`: when it was said,
    where that was before it came in.
    """

    unit: str
    part: str | None = None
    points: Decimal | None = None
    signed_off: bool = False
    evidence: str | None = None
    link: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What an assessor recognises of prior learning: one outcome of a unit. `key` names it."""

    unit: str
    outcome: str
    reason: str
    key: str


@dataclass(frozen=True, slots=True)
class Said:
    """A judgement on a person; `key` names the submission."""

    person: Person
    judgement: Judgement
    key: str


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
        ToolError: the codes of `badges.completion.check`; `evidence_too_long`; those of
            `evidence.link`.
        Conflict: `version_changed`: the course has just begun to offer another version.
    """
    said = [Said(person, judgement, key)]
    return record_all(db, version, said, course=course, assessor=assessor, now=now)[0]


def record_all(
    db: Session,
    version: MicroCredentialVersion,
    said: Sequence[Said],
    *,
    course: Course,
    assessor: Person,
    now: datetime,
) -> list[CompletionRecord]:
    """Do what `record` says for many people at once: all is kept, or nothing.

    The number of statements does not depend on how many they are.
    """
    rows = [(one.person, _judged(one.judgement, one.key)) for one in said]
    for _, row in rows:
        row.assessor_id = assessor.id
    return keep_all(db, version, rows, course, now)


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


def record_for_mentor(
    db: Session, link: MentorLink, judgements: Sequence[Judgement], now: datetime
) -> list[CompletionRecord]:
    """Keep what a mentor confirmed, for whom the teacher who asked vouches; as `record_all`."""
    rows = []
    for number, judgement in enumerate(judgements):
        row = _judged(judgement, f"mentor:{link.id.hex}:{number}")
        row.assessor_id, row.mentor_link_id = link.asked_by_id, link.id
        rows.append((link.person, row))
    return keep_all(db, link.version, rows, link.course, now)


def record_recognised(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    recognised: Sequence[Recognition],
    *,
    course: Course,
    assessor: Account,
    now: datetime,
) -> list[CompletionRecord]:
    """Keep that an assessor recognises prior learning; as `record_all`.

    Raises:
        ToolError: `prior_learning_not_allowed`, `unknown_outcome`, and what `record` raises.
    """
    rows = [
        (
            person,
            CompletionRecord(
                key=one.key,
                unit_code=one.unit,
                route=Route.PRIOR_LEARNING.value,
                part=one.outcome,
                assessor_account_id=assessor.id,
                evidence=_evidence(one.reason),
            ),
        )
        for one in recognised
    ]
    return keep_all(db, version, rows, course, now)


def unrecognise(
    db: Session, targets: Mapping[CompletionRecord, str], *, assessor: Account, now: datetime
) -> None:
    """Take back what an assessor recognised of prior learning, each for its reason; the retractions
    are records themselves, and what rests on them follows as from any other."""
    rows = [
        (
            target.person,
            CompletionRecord(
                key=f"retract:{target.id.hex}",
                unit_code=target.unit_code,
                route=target.route,
                assessor_account_id=assessor.id,
                retracts_id=target.id,
                evidence=_evidence(reason),
            ),
        )
        for target, reason in targets.items()
    ]
    for target in list(targets)[:1]:
        carried.take_back(db, list(targets), rows, target.course, now)


def record_participation(
    db: Session, session: LaunchSession, unit_code: str, now: datetime
) -> CompletionRecord:
    """Keep that the learner confirmed to have worked through a unit; once a course is enough.

    Raises:
        Conflict: `not_open_yet`: the course opens the unit on a later day.
    """
    if session.link.placement is not None:
        course_dates.check_open(session.link.placement, unit_code, now)
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
        evidence_link=evidence.link(judgement.link),
        judged_at=judgement.at,
    )


def _keep_once(
    db: Session,
    session: LaunchSession,
    unit_code: str,
    route: Route,
    basis: str | None,
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
        evidence=basis,
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
        Forbidden: `other_course`: only the course where it was made can take a record back;
            `only_assessors_take_back`: prior learning, which an assessor recognised.
        ToolError: `reason_missing`, `evidence_too_long`, `retracts_retraction`.
    """
    return retract_all(db, [target], course=course, assessor=assessor, reason=reason, now=now)[0]


def check_teachers_own(target: CompletionRecord) -> None:
    """Refuse a record that no teacher takes back, or changes what it rests on.

    Raises:
        Forbidden: `only_assessors_take_back`: an assessor recognised prior learning.
    """
    if target.route == Route.PRIOR_LEARNING:
        raise Forbidden("only_assessors_take_back")


def retract_all(
    db: Session,
    targets: Sequence[CompletionRecord],
    *,
    course: Course,
    assessor: Person,
    reason: str,
    now: datetime,
) -> list[CompletionRecord]:
    """Do what `retract` says for several records of one version: all of them, or none.

    What was carried over from them to other versions, or what they were carried over from, is taken
    back with them: it is the same judgement.
    """
    if any(target.course_id != course.id for target in targets):
        raise Forbidden("other_course")
    for target in targets:
        check_teachers_own(target)
    reason = reason.strip()
    if not reason:
        raise ToolError("reason_missing")
    words = _evidence(reason)
    rows = [
        (
            target.person,
            CompletionRecord(
                key=f"retract:{target.id.hex}",
                unit_code=target.unit_code,
                route=target.route,
                assessor_id=assessor.id,
                retracts_id=target.id,
                evidence=words,
            ),
        )
        for target in targets
    ]
    return carried.take_back(db, targets, rows, course, now) if targets else []


def submitted(
    db: Session, course: Course, assessor: Person, keys: Collection[str]
) -> list[CompletionRecord]:
    """Return what an assessor recorded in a course under these keys and nobody took back."""
    undone = aliased(CompletionRecord)
    found = (
        sa.select(CompletionRecord)
        .filter(
            CompletionRecord.course_id == course.id,
            CompletionRecord.assessor_id == assessor.id,
            CompletionRecord.key.in_(keys),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
        .options(joinedload(CompletionRecord.person), joinedload(CompletionRecord.version))
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    )
    return list(db.scalars(found))


def known(
    db: Session, assessor: Person, people: Collection[uuid.UUID], keys: Collection[str]
) -> dict[str, CompletionRecord]:
    """Return what an assessor recorded of these people under these keys, also what was taken back
    since, by key."""
    found = sa.select(CompletionRecord).filter(
        CompletionRecord.person_id.in_(people),
        CompletionRecord.key.in_(keys),
        CompletionRecord.assessor_id == assessor.id,
    )
    return {record.key: record for record in db.scalars(found)}


def signed_off_by(db: Session, version: MicroCredentialVersion, assessor: Person) -> frozenset[str]:
    """Return the ids of the sign-offs that somebody gave for what they saw themselves."""
    given = sa.select(CompletionRecord.id).filter_by(
        version_id=version.id, assessor_id=assessor.id, is_signed_off=True, mentor_link_id=None
    )
    return frozenset(map(str, db.scalars(given)))


def find(db: Session, record_id: uuid.UUID) -> CompletionRecord:
    """Return one record.

    Raises:
        NotFound: `unknown_record`.
    """
    row = db.get(CompletionRecord, record_id)
    if row is None:
        raise NotFound("unknown_record")
    return row


def _keep(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    row: CompletionRecord,
    course: Course,
    now: datetime,
) -> CompletionRecord:
    return keep_all(db, version, [(person, row)], course, now)[0]


def _evidence(text: str | None) -> str | None:
    text = (text or "").strip()
    if len(text) > LONGEST_EVIDENCE:
        raise ToolError("evidence_too_long", maximum=str(LONGEST_EVIDENCE))
    return text or None
