"""Whom the LMS is asked about next: soon after a launch, when a teacher wants it, and by the clock.

Its functions tell of one person a call, so a large course is asked about one by one, spaced; what
is due stands in the table, so a worker that was stopped goes on where it was.

Rows are locked in one order, so that nobody waits in a circle: checks of a course by person, then
the course's list, then the connection.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.completion import Route
from lti_tool.db import add_missing, get_or_add
from lti_tool.lti.moodle_web_services import MoodleRefused
from lti_tool.models import (
    ActivityCheck,
    Course,
    CourseActivities,
    CourseMember,
    MoodleConnection,
    PlacedUnit,
    Placement,
    Platform,
    ResourceLink,
)

LEASE = timedelta(minutes=2)
SPACING = timedelta(milliseconds=500)
"""Between two learners of a course: two a second at most, so 2,000 take a quarter of an hour."""
MOST_LEARNERS = 2000
BETWEEN_LAUNCHES = timedelta(seconds=20)
AHEAD = timedelta(hours=1)
"""Who is here now is asked about before those who wait for the clock."""
ACTIVE_WITHIN = timedelta(days=30)
AGAIN_ACTIVE, AGAIN_OTHERS = timedelta(hours=3), timedelta(days=7)
AGAIN_UNKNOWN = timedelta(days=1)
UNTOLD = "moodle_activity"
"""The failure of a check in whose answer a chosen activity was not to be found."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)


def want_after_launch(db: Session, link: ResourceLink, person_id: uuid.UUID, now: datetime) -> None:
    """Let the LMS be asked about a learner who is here, where an activity completes a unit.

    The launch itself waits for nothing.
    """
    units = link.placement.units if link.placement else []
    if not any(unit.route == Route.LMS_ACTIVITY.value for unit in units):
        return
    check, _ = get_or_add(
        db,
        ActivityCheck,
        {"course_id": link.course_id, "person_id": person_id},
        due_at=now,
    )
    is_recent = check.checked_at is not None and check.checked_at > now - BETWEEN_LAUNCHES
    soon = now + BETWEEN_LAUNCHES if is_recent else now - AHEAD
    check.due_at = min(check.due_at, soon)


def want_all(db: Session, course_id: uuid.UUID, now: datetime) -> int:
    """Let the LMS be asked about every learner of a course, spaced; return how many."""
    members = db.scalars(
        sa.select(CourseMember.person_id)
        .filter_by(course_id=course_id, is_tester=False, left_at=None)
        .order_by(CourseMember.last_seen_at.desc(), CourseMember.person_id)
        .limit(MOST_LEARNERS)
    ).all()
    due = {person_id: now + SPACING * number for number, person_id in enumerate(members)}
    known = {check.person_id: check for check in _locked(db, course_id)}
    for person_id in sorted(due.keys() & known.keys()):
        check = known[person_id]
        check.due_at, check.failure = min(check.due_at, due[person_id]), None
    db.flush()
    missing = [
        {"course_id": course_id, "person_id": person_id, "due_at": due[person_id]}
        for person_id in sorted(due.keys() - known.keys())
    ]
    add_missing(db, ActivityCheck, ["course_id", "person_id"], missing)
    return len(members)


def _locked(db: Session, course_id: uuid.UUID) -> Sequence[ActivityCheck]:
    """Return the checks of a course, locked until the transaction ends.

    Who locks them all goes one after the other: rows that another adds meanwhile would be locked
    in another order. SQLite has one writer anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(course_id.int >> 65)))
    checks = sa.select(ActivityCheck).filter_by(course_id=course_id)
    ordered = checks.order_by(ActivityCheck.person_id).with_for_update(key_share=True)
    return db.scalars(ordered, execution_options={"populate_existing": True}).all()


def want_list(db: Session, course_id: uuid.UUID, now: datetime) -> None:
    """Let the list of a course's activities be read anew."""
    row, _ = get_or_add(db, CourseActivities, {"course_id": course_id}, listed=[], failures=0)
    row.wanted_at = now


def hurry(db: Session, platform_id: uuid.UUID) -> None:
    """Ask a site again that failed before: somebody says that it is mended."""
    db.execute(
        sa.update(MoodleConnection)
        .where(MoodleConnection.platform_id == platform_id)
        .values(paused_until=None)
    )


def lease_list(db: Session, now: datetime) -> tuple[CourseActivities, MoodleConnection] | None:
    """Return a course whose list somebody waits for, held for `LEASE`, and whom to ask."""
    found = db.execute(
        sa.select(CourseActivities, MoodleConnection)
        .join(CourseActivities.course)
        .join(MoodleConnection, MoodleConnection.platform_id == Course.platform_id)
        .join(Platform, Platform.id == Course.platform_id)
        .filter(CourseActivities.wanted_at <= now, Platform.disabled_at.is_(None))
        .order_by(CourseActivities.wanted_at)
        .limit(1)
        .with_for_update(of=CourseActivities, skip_locked=True)
    ).first()
    if found is None:
        return None
    found[0].wanted_at = now + LEASE
    db.flush()
    return found[0], found[1]


def lease(db: Session, now: datetime) -> tuple[ActivityCheck, MoodleConnection] | None:
    """Return a person to ask about, held for `LEASE`, and whom to ask; None where nobody is due."""
    in_use = sa.exists().where(
        PlacedUnit.placement_id == Placement.id,
        Placement.course_id == ActivityCheck.course_id,
        PlacedUnit.route == Route.LMS_ACTIVITY.value,
    )
    paused = MoodleConnection.paused_until
    found = db.execute(
        sa.select(ActivityCheck, MoodleConnection)
        .join(ActivityCheck.course)
        .join(MoodleConnection, MoodleConnection.platform_id == Course.platform_id)
        .join(Platform, Platform.id == Course.platform_id)
        .filter(
            ActivityCheck.due_at <= now,
            Platform.disabled_at.is_(None),
            sa.or_(paused.is_(None), paused <= now),
            in_use,
        )
        .order_by(ActivityCheck.due_at)
        .limit(1)
        .with_for_update(of=ActivityCheck, skip_locked=True)
    ).first()
    if found is None:
        return None
    found[0].due_at = now + LEASE
    db.flush()
    return found[0], found[1]


def checked(
    db: Session,
    check: ActivityCheck,
    held_until: datetime,
    now: datetime,
    failure: str | None = None,
) -> None:
    """Write down that the LMS answered about a person, or (`failure`) what it knew nothing of.

    `held_until`: the end of the lease; who was wanted anew meanwhile stays due.
    """
    db.refresh(check, with_for_update={"key_share": True})  # a launch may just have wanted it
    member = db.get(CourseMember, (check.course_id, check.person_id))
    is_active = member is not None and member.last_seen_at > now - ACTIVE_WITHIN
    again = AGAIN_ACTIVE if is_active else AGAIN_OTHERS
    check.checked_at, check.failure = now, failure
    if check.due_at == held_until:
        check.due_at = now + (AGAIN_UNKNOWN if failure not in (None, UNTOLD) else again)
    row = db.get(CourseActivities, check.course_id)
    if row is not None:
        row.failure = row.reason = None
        row.failures = 0


def course_failed(db: Session, course_id: uuid.UUID, error: MoodleRefused, now: datetime) -> None:
    """Write down that the LMS tells nothing of a course, and leave it alone for a while."""
    _locked(db, course_id)
    row, _ = get_or_add(db, CourseActivities, {"course_id": course_id}, listed=[], failures=0)
    row.failure, row.reason, row.wanted_at = error.code, error.reason or None, None
    row.failures += 1
    pause: timedelta = FIRST_PAUSE * 2 ** min(row.failures - 1, 8)
    until = now + min(pause, LONGEST_PAUSE)
    db.execute(
        sa.update(ActivityCheck)
        .where(ActivityCheck.course_id == course_id, ActivityCheck.due_at < until)
        .values(due_at=until)
    )
