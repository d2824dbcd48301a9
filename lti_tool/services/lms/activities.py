"""Units that an activity of the LMS completes: the teacher's choice, and what the LMS says.

What it says is kept whenever it becomes another. A result that is enough completes the unit once;
one that is lower later takes nothing away by itself: it is shown to the teacher, who decides.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from badges.completion import Route
from lti_tool.db import get_or_add
from lti_tool.errors import NotFound, ToolError
from lti_tool.lti.moodle_web_services import Activity, Completed, Grade, State
from lti_tool.models import (
    ActivityCheck,
    ActivityResult,
    CompletionRecord,
    Course,
    CourseActivities,
    CourseMember,
    Person,
    PlacedUnit,
    Placement,
    UnitActivity,
)
from lti_tool.services import audit
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import completions
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import activity_checks


class Criterion(StrEnum):
    """When an activity completes the unit."""

    COMPLETED = "completed"
    PASSED = "passed"
    GRADE = "grade"  # from a percentage on


@dataclass(frozen=True, slots=True)
class Said:
    """What the LMS says of one person in one activity; all None: nothing."""

    state: State | None = None
    points: Decimal | None = None
    lowest: Decimal | None = None
    highest: Decimal | None = None
    at: datetime | None = None


def listed(row: CourseActivities | None) -> tuple[Activity, ...]:
    """Return the activities of a course as they were last listed."""
    return tuple(Activity(**one) for one in row.listed) if row else ()


def chosen(db: Session, placement: Placement, unit_code: str) -> UnitActivity | None:
    """Return the activity that was chosen for a unit, also while another route is in use."""
    return db.get(UnitActivity, (placement.id, unit_code))


def choose(
    db: Session,
    placement: Placement,
    unit_code: str,
    activity_id: int,
    criterion: Criterion,
    minimum: Decimal | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Let an activity of the course's list complete a unit; everybody is looked up anew.

    `minimum`: percent, for `Criterion.GRADE`.

    Raises:
        NotFound: `activity_not_listed`: the list does not have it.
        ToolError: `minimum_missing` (0 exclusive to 100); `nothing_assessed_left`; and those of
            `placements.set_route`.
    """
    row = db.get(CourseActivities, placement.course_id)
    activity = next((one for one in listed(row) if one.id == activity_id), None)
    if activity is None:
        raise NotFound("activity_not_listed")
    if criterion is not Criterion.GRADE:
        minimum = None
    elif minimum is None or not 0 < minimum <= 100:
        raise ToolError("minimum_missing")
    _check_assessed(db, placement, unit_code, criterion)
    placements.set_route(
        db, placement, unit_code, Route.LMS_ACTIVITY, activity.name, actor=actor, now=now
    )
    found, _ = get_or_add(
        db,
        UnitActivity,
        {"placement_id": placement.id, "unit_code": unit_code},
        activity_id=activity.id,
        name=activity.name,
        kind=activity.kind,
        criterion=criterion.value,
        chosen_at=now,
    )
    found.activity_id, found.name, found.kind = activity.id, activity.name, activity.kind
    found.criterion, found.minimum, found.chosen_at = criterion.value, minimum, now
    details = {"unit": unit_code, "activity": str(activity.id), "criterion": criterion.value}
    if minimum is not None:
        details["minimum"] = str(minimum)
    audit.note(db, actor, "unit.activity_chosen", f"placement:{placement.id}", now, **details)
    db.flush()
    activity_checks.want_all(db, placement.course_id, now)


def resume(db: Session, placement: Placement, unit_code: str, *, actor: str, now: datetime) -> None:
    """Use the activity again that was chosen before.

    Raises:
        NotFound: `activity_not_listed`. ToolError: `nothing_assessed_left`.
    """
    before = chosen(db, placement, unit_code)
    if before is None:
        raise NotFound("activity_not_listed")
    _check_assessed(db, placement, unit_code, Criterion(before.criterion))
    placements.set_route(
        db, placement, unit_code, Route.LMS_ACTIVITY, before.name, actor=actor, now=now
    )
    activity_checks.want_all(db, placement.course_id, now)


def _check_assessed(
    db: Session, placement: Placement, unit_code: str, criterion: Criterion
) -> None:
    """Refuse that a micro-credential is completed by marks alone that say "completed".

    Such a mark can be a page view, or the learner's own tick. However somebody
    chooses, one unit that asks for an assessment keeps one: as `missing_elements` demands of the
    definition.

    Raises:
        ToolError: `nothing_assessed_left`.
    """
    if criterion is not Criterion.COMPLETED:
        return
    ticked = {
        one.unit_code
        for one in in_use(db, placement.course_id)
        if one.placement_id == placement.id and one.criterion == Criterion.COMPLETED
    }
    mc = catalogue.definition(placement.version)
    asking = {unit.code for unit in mc.units if not unit.allows_participation}
    if not mc.always_has(asking - ticked - {unit_code}):
        raise ToolError("nothing_assessed_left")


def in_use(db: Session, course_id: uuid.UUID) -> Sequence[UnitActivity]:
    """Return the activities that complete units of a course now."""
    return db.scalars(
        sa.select(UnitActivity)
        .join(
            PlacedUnit,
            (PlacedUnit.placement_id == UnitActivity.placement_id)
            & (PlacedUnit.unit_code == UnitActivity.unit_code),
        )
        .join(UnitActivity.placement)
        .filter(Placement.course_id == course_id, PlacedUnit.route == Route.LMS_ACTIVITY.value)
        .order_by(UnitActivity.placement_id, UnitActivity.unit_code)
    ).all()


def is_told_of(
    choice: UnitActivity, states: Mapping[int, Completed], grades: Mapping[int, Grade]
) -> bool:
    """Return whether the LMS lists the chosen activity at all: it does for every learner, unless
    it was deleted, is not tracked or graded, or is hidden from whom the LMS answers."""
    return choice.activity_id in (grades if choice.criterion == Criterion.GRADE else states)


def said_of(
    choice: UnitActivity, states: Mapping[int, Completed], grades: Mapping[int, Grade]
) -> Said:
    """Return what counts for a choice of all that the LMS said of a person."""
    if choice.criterion == Criterion.GRADE:
        grade = grades.get(choice.activity_id)
        if grade is None or grade.points is None:
            return Said()
        return Said(None, grade.points, grade.minimum, grade.maximum, grade.at)
    state = states.get(choice.activity_id)
    return Said(state=state.state, at=state.at) if state else Said()


def is_enough(choice: UnitActivity, row: ActivityResult) -> bool:
    """Return whether a result of the chosen activity completes the unit."""
    if row.activity_id != choice.activity_id:
        return False
    match Criterion(choice.criterion):
        case Criterion.COMPLETED:
            return row.state in (State.COMPLETE, State.PASSED)
        case Criterion.PASSED:
            return row.state == State.PASSED
        case Criterion.GRADE:
            percent = percent_of(row)
            return percent is not None and percent >= (choice.minimum or 0)


def percent_of(row: ActivityResult) -> Decimal | None:
    if row.points is None or row.lowest is None or row.highest is None:
        return None
    return Grade(row.points, row.lowest, row.highest, None).percent


def take_in(db: Session, choice: UnitActivity, person: Person, said: Said, now: datetime) -> None:
    """Keep what the LMS says of a person, if that is news, and record the unit once it is enough.

    Idempotent. A record that a teacher took back stays so until the LMS says something new.
    """
    version = choice.placement.version
    enrolments.lock(db, person, version, now)
    row = _last(db, choice, person)
    if row is None or row.activity_id != choice.activity_id or _differs(row, said):
        if row is None and said == Said():
            return
        row = _keep(db, choice, person, said, row.sequence + 1 if row else 1, now)
    if is_enough(choice, row) and not _standing(db, choice, person):
        completions.record_activity(db, row, now)


@dataclass(frozen=True, slots=True)
class Lowered:
    """A standing record, and the later result of its activity that would not be enough for it."""

    record: CompletionRecord
    result: ActivityResult


def lowered(db: Session, placement: Placement, unit_code: str) -> list[Lowered]:
    """Return the standing records whose activity the LMS now says less of, oldest first, but for
    those that a teacher has left as they are.

    A grade that is gone and a state that was reset say nothing against a record: LMSs forget them
    when a course is emptied for the next year.
    """
    choice = chosen(db, placement, unit_code)
    if choice is None:
        return []
    last = latest(db, choice)
    records = db.scalars(_records(choice).options(joinedload(CompletionRecord.person)))
    found = ((one, last.get(one.person_id)) for one in records)
    return [Lowered(one, row) for one, row in found if row and _says_less(choice, row)]


def settle(db: Session, course: Course, result_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """Leave a record as it is, whatever this result says; a new result asks anew.

    Raises:
        NotFound: `unknown_result`: there is none, or it is another course's.
    """
    row = db.get(ActivityResult, result_id)
    if row is None or row.placement.course_id != course.id:
        raise NotFound("unknown_result")
    if row.settled_at is None:
        row.settled_at, row.settled_by = now, actor
        audit.note(db, actor, "result.settled", f"activity_result:{row.id}", now)


def latest(db: Session, choice: UnitActivity) -> dict[uuid.UUID, ActivityResult]:
    """Return what the LMS said last of each person in the chosen activity."""
    rows = db.scalars(
        sa.select(ActivityResult)
        .filter_by(
            placement_id=choice.placement_id,
            unit_code=choice.unit_code,
            activity_id=choice.activity_id,
        )
        .order_by(ActivityResult.sequence)
    )
    return {row.person_id: row for row in rows}


def count(db: Session, person: Person) -> int:
    """Return how many results of a person are kept."""
    rows = sa.select(sa.func.count()).select_from(ActivityResult)
    return db.scalars(rows.filter_by(person_id=person.id)).one()


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the LMS was asked about the learners of a course. `last_at`: the last time.

    `unknown`: learners it does not know there; `untold`: those of whom it did not tell about one
    of the chosen activities.
    """

    learners: int
    asked: int
    unknown: int
    untold: int
    last_at: datetime | None


def looked(db: Session, course: Course) -> Looked:
    """Return how many learners of a course the LMS was asked about, and how many it knew not."""
    counts = sa.select(
        sa.func.count(),
        sa.func.count(ActivityCheck.checked_at),
        sa.func.count().filter(ActivityCheck.failure != activity_checks.UNTOLD),
        sa.func.count().filter(ActivityCheck.failure == activity_checks.UNTOLD),
        sa.func.max(ActivityCheck.checked_at),
    )
    is_learner = sa.exists().where(
        CourseMember.course_id == ActivityCheck.course_id,
        CourseMember.person_id == ActivityCheck.person_id,
        CourseMember.is_tester.is_(False),
    )
    row = db.execute(counts.where(ActivityCheck.course_id == course.id, is_learner)).one()
    return Looked(*row)


def _says_less(choice: UnitActivity, row: ActivityResult) -> bool:
    is_said = row.points is not None or row.state == State.FAILED
    return is_said and row.settled_at is None and not is_enough(choice, row)


def _differs(row: ActivityResult, said: Said) -> bool:
    """Return whether the LMS says something else; another time alone is no news."""
    kept = (row.state, row.points, row.lowest, row.highest)
    return kept != (said.state, said.points, said.lowest, said.highest)


def _last(db: Session, choice: UnitActivity, person: Person) -> ActivityResult | None:
    return db.scalar(
        sa.select(ActivityResult)
        .filter_by(
            placement_id=choice.placement_id, unit_code=choice.unit_code, person_id=person.id
        )
        .order_by(ActivityResult.sequence.desc())
        .limit(1)
    )


def _keep(
    db: Session, choice: UnitActivity, person: Person, said: Said, sequence: int, now: datetime
) -> ActivityResult:
    row = ActivityResult(
        id=uuid.uuid4(),
        placement=choice.placement,
        unit_code=choice.unit_code,
        person=person,
        sequence=sequence,
        activity_id=choice.activity_id,
        activity_name=choice.name,
        state=said.state.value if said.state else None,
        points=said.points,
        lowest=said.lowest,
        highest=said.highest,
        said_at=said.at,
        read_at=now,
    )
    db.add(row)
    db.flush()
    return row


def _standing(db: Session, choice: UnitActivity, person: Person) -> bool:
    return db.scalar(_records(choice).filter_by(person_id=person.id).limit(1)) is not None


def _records(choice: UnitActivity) -> sa.Select[CompletionRecord]:
    """Select the records of the unit that rest on an activity and were not taken back."""
    undone = aliased(CompletionRecord)
    return (
        sa.select(CompletionRecord)
        .filter(
            CompletionRecord.course_id == choice.placement.course_id,
            CompletionRecord.version_id == choice.placement.version_id,
            CompletionRecord.unit_code == choice.unit_code,
            CompletionRecord.route == Route.LMS_ACTIVITY.value,
            CompletionRecord.retracts_id.is_(None),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
        .order_by(CompletionRecord.recorded_at)
    )
