"""Which columns of gradebooks are to be read back, and when: soon after launches, and by the clock.

A column is that of a link that stands for a unit; `ResourceLink` says when it is wanted next.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.lti.grades import RESULT_SCOPE
from lti_tool.models import CourseMember, Platform, Registration, ResourceLink

BY_LAUNCH, BY_SCHEDULE = "launch", "schedule"
BETWEEN_READINGS = timedelta(minutes=1)
"""Of launches that follow each other the first reads the column for all."""
LEASE = timedelta(minutes=3)
RETRY_AFTER = timedelta(minutes=10)
SCHEDULED_AFTER = timedelta(hours=1)
SCHEDULED_AFTER_FAILURE = timedelta(hours=12)
ACTIVE_WITHIN = timedelta(days=30)
MOST_PER_RUN = 500


def want_after_launch(db: Session, link: ResourceLink, *, is_teacher: bool, now: datetime) -> None:
    """Let the column be read soon after a learner's launch; after a teacher's, all of the course's.

    The launch itself waits for nothing: a link that somebody else changes at this moment is left
    out, as two launches that hold one link each would wait for each other's.
    """
    if not is_teacher:
        if is_readable(link) and _is_old(link, now):
            _want(link, BY_LAUNCH, now)
        return
    old = [one.id for one in of_course(db, link.course_id) if _is_old(one, now)]
    free = sa.select(ResourceLink).filter(ResourceLink.id.in_(old)).order_by(ResourceLink.id)
    for other in db.scalars(free.with_for_update(key_share=True, skip_locked=True)) if old else ():
        _want(other, BY_LAUNCH, now)


def want_by_schedule(db: Session, over: timedelta, now: datetime) -> int:
    """Let columns of courses that somebody visited lately be read, spread evenly `over` a time.

    Returns how many. Columns that could not be read are tried less often.
    """
    is_active = sa.exists().where(
        CourseMember.course_id == ResourceLink.course_id,
        CourseMember.last_seen_at > now - ACTIVE_WITHIN,
    )
    wait = sa.case(
        (ResourceLink.results_failure.is_(None), now - SCHEDULED_AFTER),
        else_=now - SCHEDULED_AFTER_FAILURE,
    )
    due = sa.or_(ResourceLink.results_tried_at.is_(None), ResourceLink.results_tried_at < wait)
    found = db.scalars(
        _readable()
        .filter(is_active, due, ResourceLink.results_wanted_at.is_(None))
        .order_by(ResourceLink.results_tried_at.nulls_first(), ResourceLink.id)
        .limit(MOST_PER_RUN)
    ).all()
    for number, link in enumerate(found):
        _want(link, BY_SCHEDULE, now + over * number / len(found))
    db.flush()
    return len(found)


def of_course(db: Session, course_id: uuid.UUID) -> Sequence[ResourceLink]:
    """Return the links of a course whose column can be read."""
    return db.scalars(
        _readable().filter(ResourceLink.course_id == course_id).order_by(ResourceLink.id)
    ).all()


def want_now(db: Session, links: Iterable[ResourceLink], by: str, now: datetime) -> None:
    """Let `by` ("person:<id>") read these columns at once; the worker does if that is cut short."""
    for link in links:
        _want(link, by, now + LEASE)
    db.flush()


def is_readable(link: ResourceLink) -> bool:
    """Return whether the link stands for a unit and has a column that may be read."""
    is_placed = link.placement is not None and link.unit_code is not None
    is_allowed = link.line_item_scopes is None or RESULT_SCOPE in link.line_item_scopes.split()
    return link.line_item_url is not None and is_placed and is_allowed


def lease(db: Session, now: datetime) -> ResourceLink | None:
    """Return a link whose column is to be read now, held for `LEASE`, or None."""
    link = db.scalar(
        _readable()
        .filter(ResourceLink.results_wanted_at <= now)
        .order_by(ResourceLink.results_wanted_at)
        .limit(1)
        .with_for_update(of=ResourceLink, skip_locked=True)
    )
    if link is not None:
        link.results_wanted_at = now + LEASE
        db.flush()
    return link


def finish(db: Session, link_id: uuid.UUID, now: datetime) -> None:
    """Write down that a column was read."""
    link = db.get_one(ResourceLink, link_id, with_for_update={"key_share": True})
    link.results_read_at = link.results_tried_at = now
    link.results_failure = link.results_wanted_at = None


def failed(
    db: Session, link_id: uuid.UUID, code: str, *, is_transient: bool, now: datetime
) -> None:
    """Write down why a column could not be read; what may pass is tried once more soon."""
    link = db.get_one(ResourceLink, link_id, with_for_update={"key_share": True})
    again = is_transient and link.results_failure is None
    link.results_tried_at, link.results_failure = now, code[:64]
    link.results_wanted_at = now + RETRY_AFTER if again else None


def _readable() -> sa.Select[ResourceLink]:
    """Select the links of units with a column that may be read."""
    scopes = ResourceLink.line_item_scopes
    return (
        sa.select(ResourceLink)
        .join(Platform, Platform.id == ResourceLink.platform_id)
        .join(Registration, Registration.id == ResourceLink.registration_id)
        .filter(
            ResourceLink.line_item_url.is_not(None),
            ResourceLink.placement_id.is_not(None),
            ResourceLink.unit_code.is_not(None),
            sa.or_(scopes.is_(None), scopes.contains(RESULT_SCOPE, autoescape=True)),
            Platform.disabled_at.is_(None),
            Registration.pending_since.is_(None),
            Registration.disabled_at.is_(None),
        )
    )


def _is_old(link: ResourceLink, now: datetime) -> bool:
    waits = link.results_wanted_at is not None and link.results_wanted_at <= now + LEASE
    tried = link.results_tried_at
    return not waits and (tried is None or tried <= now - BETWEEN_READINGS)


def _want(link: ResourceLink, by: str, at: datetime) -> None:
    link.results_wanted_at, link.results_wanted_by = at, by
