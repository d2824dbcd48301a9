"""Read one course's roster: fetch it whole, then take it in. The network lies between transactions.

NRPS 2.0, section 2.
"""

import uuid

import structlog

from lti_tool.lti import roster
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.roster import Service
from lti_tool.lti.service_calls import Caller
from lti_tool.models import Course
from lti_tool.services.lms import memberships
from lti_tool.services.lms.memberships import Changes
from lti_tool.services.outbox.scores import Courier

log = structlog.get_logger(__name__)


def read_next(courier: Courier) -> bool:
    """Read the roster that waits longest; False when none does."""
    with courier.database.transaction() as db:
        course = memberships.lease(db, courier.clock())
        if course is None:
            return False
        course_id, service = course.id, memberships.service_of(course)
    assert service is not None
    _read(courier, course_id, service)
    return True


def read_now(courier: Courier, course_id: uuid.UUID) -> Changes | None:
    """Read the roster for somebody who waits; None where it could not be read."""
    with courier.database.transaction(read_only=True) as db:
        service = memberships.service_of(db.get_one(Course, course_id))
    return _read(courier, course_id, service) if service is not None else None


def _read(courier: Courier, course_id: uuid.UUID, service: Service) -> Changes | None:
    caller = Caller(
        courier.database,
        courier.outbound,
        courier.encryption,
        service.registration_id,
        courier.clock(),
    )
    try:
        found = roster.read(caller, service)
    except ServiceError as error:
        log.warning("roster_unread", course_id=str(course_id), failure=error.code)
        with courier.database.transaction() as db:
            memberships.failed(db, course_id, error.code, courier.clock())
        return None
    except Exception:
        with courier.database.transaction() as db:
            memberships.failed(db, course_id, "internal_error", courier.clock())
        raise
    with courier.database.transaction() as db:
        return memberships.take_in(
            db, course_id, found.members, courier.clock(), is_whole=found.is_whole
        )
