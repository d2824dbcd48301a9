"""When the units of a course open and are due: days where the school is, never a refusal of work.

A unit's own day comes before that of the whole. Only the learner's own word waits for the opening;
what is late is still taken, and shown.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.errors import Conflict
from lti_tool.models import Course, Placement
from lti_tool.services import school_time


@dataclass(frozen=True, slots=True)
class Dates:
    """The first day on which learners confirm, and the last on which work is in time."""

    opens_on: date | None = None
    due_on: date | None = None


def zone(course: Course) -> tzinfo:
    """Return the time zone of a course, else of its school; UTC where nobody knows one."""
    found = school_time.named(course.time_zone)
    return found or school_time.of_school(course.platform.organisation) or UTC


def today(placement: Placement, now: datetime) -> date:
    return now.astimezone(zone(placement.course)).date()


def of_whole(placement: Placement) -> Dates:
    return Dates(placement.opens_on, placement.due_on)


def own(placement: Placement, unit_code: str) -> Dates:
    """Return what is set for this unit alone."""
    for placed in placement.units:
        if placed.unit_code == unit_code:
            return Dates(placed.opens_on, placed.due_on)
    return Dates()


def of_unit(placement: Placement, unit_code: str) -> Dates:
    """Return what holds for a unit: its own days, else those of the whole."""
    found = own(placement, unit_code)
    return Dates(found.opens_on or placement.opens_on, found.due_on or placement.due_on)


def check_open(placement: Placement, unit_code: str, now: datetime) -> None:
    """Refuse a learner's own word before the unit opens.

    Raises:
        Conflict: `not_open_yet`.
    """
    opens_on = of_unit(placement, unit_code).opens_on
    if opens_on is not None and today(placement, now) < opens_on:
        raise Conflict("not_open_yet", day=opens_on.isoformat())


def late(placement: Placement, units: Iterable[str], now: datetime) -> frozenset[str]:
    """Return the units whose day has passed."""
    due = {code: of_unit(placement, code).due_on for code in units}
    if not any(due.values()):
        return frozenset()
    here = today(placement, now)
    return frozenset(code for code, day in due.items() if day is not None and day < here)


def late_in(
    db: Session, course_id: uuid.UUID, version_id: uuid.UUID, units: Iterable[str], now: datetime
) -> frozenset[str]:
    """Do what `late` says for what a course offers."""
    offered = sa.select(Placement).filter_by(course_id=course_id, version_id=version_id)
    placement = db.scalar(offered)
    return late(placement, units, now) if placement is not None else frozenset()
