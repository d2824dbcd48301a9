"""Units that rest on a restriction of the LMS, and who came through it.

The tool cannot see whether a restriction exists: it only sees who arrives.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from badges.completion import Route
from lti_tool.models import CompletionRecord, CourseMember, Person, Placement, ResourceLink
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue


@dataclass(frozen=True, slots=True)
class Arrival:
    """A learner's first launch of the unit in this course; later ones are not recorded."""

    person: Person
    at: datetime
    is_taken_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedUnit:
    """`activities`: what the LMS calls the links that open this unit, as far as they were opened.
    `arrivals`: latest first; teachers who looked as a learner are left out.
    """

    unit_code: str
    basis: str
    activities: tuple[str, ...]
    arrivals: tuple[Arrival, ...]


def of_placement(db: Session, placement: Placement) -> list[RestrictedUnit]:
    """Return the units of a placement that the LMS opens after its own check, in order."""
    found = []
    for unit in catalogue.definition(placement.version).units:
        route, basis = placements.route_of(placement, unit.code)
        if route is Route.UNLOCKED:
            restricted = RestrictedUnit(
                unit_code=unit.code,
                basis=basis or "",
                activities=_activities(db, placement, unit.code),
                arrivals=_arrivals(db, placement, unit.code),
            )
            found.append(restricted)
    return found


def _activities(db: Session, placement: Placement, unit_code: str) -> tuple[str, ...]:
    titles = (
        sa.select(ResourceLink.title)
        .filter_by(placement_id=placement.id, unit_code=unit_code)
        .order_by(ResourceLink.created_at)
    )
    return tuple(dict.fromkeys(title for title in db.scalars(titles) if title))


def _arrivals(db: Session, placement: Placement, unit_code: str) -> tuple[Arrival, ...]:
    undone = aliased(CompletionRecord)
    is_taken_back = sa.exists().where(undone.retracts_id == CompletionRecord.id)
    rows = db.execute(
        sa.select(CompletionRecord, is_taken_back)
        .join(
            CourseMember,
            (CourseMember.person_id == CompletionRecord.person_id)
            & (CourseMember.course_id == CompletionRecord.course_id),
        )
        .filter(
            CompletionRecord.course_id == placement.course_id,
            CompletionRecord.version_id == placement.version_id,
            CompletionRecord.unit_code == unit_code,
            CompletionRecord.route == Route.UNLOCKED.value,
            CompletionRecord.retracts_id.is_(None),
            CourseMember.is_tester.is_(False),
        )
        .options(joinedload(CompletionRecord.person))
        .order_by(CompletionRecord.recorded_at.desc())
    )
    return tuple(Arrival(record.person, record.recorded_at, undone) for record, undone in rows)
