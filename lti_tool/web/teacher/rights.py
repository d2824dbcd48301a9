"""What somebody who teaches may do in a course, so that no page shows a button that is refused."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from lti_tool.models import Person
from lti_tool.services.completing import assessors
from lti_tool.web.launch_session import Visit


@dataclass(frozen=True, slots=True)
class Rights:
    """`records`: record results and take them back. `decides`: set the course up and decide about
    its awards. `others`: who does what this person may not, by name."""

    records: bool
    decides: bool
    others: Sequence[Person]


def of(visit: Visit, version_id: uuid.UUID) -> Rights:
    """Return what the visitor may do about a version in the course of the visit."""
    db, course, person = visit.db, visit.launch.course, visit.launch.person_id
    if barred_by := assessors.barred_by(db, course.id, version_id, person, visit.now):
        return Rights(records=False, decides=False, others=barred_by)
    if assessors.leads(db, course.id, version_id, person, visit.now):
        return Rights(records=True, decides=True, others=())
    deciders = assessors.deciders(db, course, version_id, visit.now)
    return Rights(records=True, decides=False, others=deciders)
