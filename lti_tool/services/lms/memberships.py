"""Who is in a course, as its roster says: read now and then, kept with its age.

The roster adds learners who have not opened anything yet and says who left; it never takes
anybody's records away, and never makes a learner of somebody who launched as a teacher (Moodle's
non-editing teachers are Instructors at launch and Learners in the roster).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.errors import BadgeError
from badges.text import clean
from lti_tool.db import get_or_add
from lti_tool.lti.roster import Member, Service
from lti_tool.models import (
    Course,
    CourseMember,
    MicroCredentialVersion,
    Person,
    Placement,
    Platform,
    Registration,
)
from lti_tool.services.completing import bringing
from lti_tool.services.courses import roster

FRESH = timedelta(minutes=10)
LEASE = timedelta(minutes=5)
SCHEDULED_AFTER = timedelta(days=1)
SCHEDULED_AFTER_FAILURE = timedelta(days=3)
ACTIVE_WITHIN = timedelta(days=30)
MOST_PER_RUN = 200
WITHOUT_CONTEXT = "resource-link:"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """How many learners are new, gone, and back since the roster was read before."""

    new: int = 0
    gone: int = 0
    back: int = 0


def want_after_launch(course: Course, now: datetime) -> None:
    """Let the roster be read soon after a teacher's launch, unless it is fresh."""
    tried, waits = course.roster_tried_at, course.roster_wanted_at
    if course.roster_url is None or (waits is not None and waits <= now + LEASE):
        return
    if tried is None or now - tried >= FRESH:
        course.roster_wanted_at = now


def want_by_schedule(db: Session, over: timedelta, now: datetime) -> int:
    """Let rosters of courses that somebody visited lately be read, spread evenly `over` a time.

    Returns how many. Each is read once a day, one that could not be read less often.
    """
    is_active = sa.exists().where(
        CourseMember.course_id == Course.id,
        CourseMember.has_launched,
        CourseMember.last_seen_at > now - ACTIVE_WITHIN,
    )
    wait = sa.case(
        (Course.roster_failure.is_(None), now - SCHEDULED_AFTER),
        else_=now - SCHEDULED_AFTER_FAILURE,
    )
    found = db.scalars(
        _readable()
        .filter(
            is_active,
            Course.roster_wanted_at.is_(None),
            sa.or_(Course.roster_tried_at.is_(None), Course.roster_tried_at < wait),
        )
        .order_by(Course.roster_tried_at.nulls_first(), Course.id)
        .limit(MOST_PER_RUN)
        .with_for_update(of=Course, key_share=True, skip_locked=True)
    ).all()
    for number, course in enumerate(found):
        course.roster_wanted_at = now + over * number / len(found)
    db.flush()
    return len(found)


def lease(db: Session, now: datetime) -> Course | None:
    """Return a course whose roster is to be read now, held for `LEASE`, or None."""
    course = db.scalar(
        _readable()
        .filter(Course.roster_wanted_at <= now)
        .order_by(Course.roster_wanted_at)
        .limit(1)
        .with_for_update(of=Course, skip_locked=True)
    )
    if course is not None:
        course.roster_wanted_at = now + LEASE
        db.flush()
    return course


def _readable() -> sa.Select[Course]:
    """Select the courses whose roster may be read."""
    return (
        sa.select(Course)
        .join(Platform, Platform.id == Course.platform_id)
        .join(Registration, Registration.id == Course.roster_registration_id)
        .filter(
            Course.roster_url.is_not(None),
            Platform.disabled_at.is_(None),
            Registration.pending_since.is_(None),
            Registration.disabled_at.is_(None),
        )
    )


def service_of(course: Course) -> Service | None:
    """Return where the roster is read; of a launch without a course only who reaches the link."""
    if course.roster_url is None or course.roster_registration_id is None:
        return None
    _, is_link, link_id = course.context_id.partition(WITHOUT_CONTEXT)
    return Service(course.roster_registration_id, course.roster_url, link_id if is_link else None)


def failed(db: Session, course_id: uuid.UUID, code: str, now: datetime) -> None:
    """Write down why the roster could not be read; what was read before stays."""
    course = db.get_one(Course, course_id)
    course.roster_tried_at, course.roster_failure = now, code[:64]
    course.roster_wanted_at = None


def take_in(
    db: Session,
    course_id: uuid.UUID,
    members: Sequence[Member],
    now: datetime,
    *,
    is_whole: bool = True,
) -> Changes:
    """Bring the course in line with its roster. Idempotent.

    `is_whole`: who is not in it has left; otherwise nothing is known of them.

    People are locked first, in one order, then the course, then who is in it, as launches do: so
    nobody waits in a circle.
    """
    named = {member.user_id: member for member in sorted(members, key=lambda one: one.user_id)}
    course = db.get_one(Course, course_id)
    new_people = _people(db, course, named, now)
    course = db.get_one(Course, course_id, with_for_update={"key_share": True})
    gone = 0
    returned = []
    for row in _known(db, course).values():
        member = named.get(row.person.sub)
        if member is None and not is_whole:
            continue
        is_here = member is not None and member.is_active
        if is_here and row.left_at is not None:
            row.left_at = None
            if not row.is_tester:
                returned.append(row.person_id)
        elif not is_here and row.left_at is None:
            row.left_at = now
            gone += not row.is_tester
    came = _coming(db, course, new_people, now)
    new = sum(_add(db, course, person, came[person.id], now) for person in new_people)
    course.roster_read_at = course.roster_tried_at = now
    course.roster_wanted_at = course.roster_failure = None
    db.flush()
    coming = {*(person.id for person in new_people), *returned}
    # In one order of series, as two rosters may name the same people.
    offered = sa.select(Placement).filter_by(course_id=course.id).join(Placement.version)
    order = MicroCredentialVersion.series_id, MicroCredentialVersion.id
    for placement in db.scalars(offered.order_by(*order)).all():
        bringing.bring(db, course.id, placement.version, coming, now, also_begun=True)
    return Changes(new, gone, len(returned))


def _people(
    db: Session, course: Course, named: Mapping[str, Member], now: datetime
) -> list[Person]:
    """Rename who is known in the course, and return who is to be added: learners who have not
    opened anything yet; teachers come when they launch."""
    known, new = _known(db, course), []
    for sub, member in named.items():
        if sub in known:
            _rename(known[sub].person, member)
        elif member.is_learner and member.is_active:
            key = {"platform_id": course.platform_id, "sub": sub}
            values = {"id": uuid.uuid4(), "created_at": now}
            new.append(get_or_add(db, Person, key, **values)[0])
            _rename(new[-1], member)
        db.flush()
    return new


def _known(db: Session, course: Course) -> dict[str, CourseMember]:
    rows = db.scalars(
        sa.select(CourseMember)
        .filter_by(course_id=course.id)
        .options(joinedload(CourseMember.person))
    )
    return {row.person.sub: row for row in rows}


def _coming(
    db: Session, course: Course, people: Sequence[Person], now: datetime
) -> dict[uuid.UUID, datetime]:
    """Return when each of `people` comes: by name, and after all who are there already, as the
    order of coming numbers them on sheets (`roster.numbers`)."""
    latest = sa.select(sa.func.max(CourseMember.first_seen_at)).filter_by(course_id=course.id)
    known = db.scalar(latest)
    start = now if known is None else max(now, known + _INSTANT)
    ordered = sorted(people, key=roster.by_name)
    return {person.id: start + number * _INSTANT for number, person in enumerate(ordered)}


def _add(db: Session, course: Course, person: Person, came: datetime, now: datetime) -> bool:
    _, was_added = get_or_add(
        db,
        CourseMember,
        {"course_id": course.id, "person_id": person.id},
        is_tester=False,
        has_launched=False,
        first_seen_at=came,
        last_seen_at=now,
    )
    return was_added


def _rename(person: Person, member: Member) -> None:
    """Keep a name that is shared; one that is not shared here may be shared at launches."""
    try:
        name = clean(member.name)[:255] if member.name else None
    except BadgeError:
        return
    if name and person.name != name:
        person.name = name
