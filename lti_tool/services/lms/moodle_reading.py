"""Ask Moodle about the next learner or list that is due, and act on what it says.

The network lies between two transactions. What a crash leaves behind is due again when the lease
ends.
"""

import uuid
from dataclasses import asdict

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.lti import moodle_web_services
from lti_tool.lti.moodle_web_services import Completed, Concern, Grade, MoodleRefused, Site
from lti_tool.models import ActivityCheck, CourseActivities, MoodleConnection
from lti_tool.services.lms import activities, activity_checks, moodle
from lti_tool.services.lms.activities import Criterion
from lti_tool.services.outbox.scores import Courier

log = structlog.get_logger(__name__)


def read_next(courier: Courier) -> bool:
    """Ask about what waits longest, lists before learners; False when nothing does."""
    return _list_next(courier) or _check_next(courier)


def _list_next(courier: Courier) -> bool:
    with courier.database.transaction() as db:
        leased = activity_checks.lease_list(db, courier.clock())
        if leased is None:
            return False
        row, connection = leased
        course_id, context_id = row.course_id, row.course.context_id
        connection_id, site = connection.id, moodle.site_of(connection, courier.encryption)
    try:
        found = moodle_web_services.activities(courier.outbound, site, context_id)
    except MoodleRefused as error:
        with courier.database.transaction() as db:
            activity_checks.course_failed(db, course_id, error, courier.clock())
            _failed(db, connection_id, course_id, error, courier)
        return True
    with courier.database.transaction() as db:
        row = db.get_one(CourseActivities, course_id, with_for_update={"key_share": True})
        row.listed, row.listed_at = [asdict(one) for one in found], courier.clock()
        row.wanted_at = row.failure = row.reason = None
        row.failures = 0
        _worked(db, connection_id)
    return True


def _check_next(courier: Courier) -> bool:
    with courier.database.transaction() as db:
        begun = courier.clock()
        leased = activity_checks.lease(db, begun)
        if leased is None:
            return False
        check, connection = leased
        key, held_until = (check.course_id, check.person_id), check.due_at
        ids = check.course.context_id, check.person.sub
        criteria = {one.criterion for one in activities.in_use(db, check.course_id)}
        connection_id, site = connection.id, moodle.site_of(connection, courier.encryption)
    try:
        states, grades = _ask(courier, site, ids, criteria)
    except MoodleRefused as error:
        with courier.database.transaction() as db:
            if error.concern is Concern.PERSON:
                check = db.get_one(ActivityCheck, key)
                activity_checks.checked(db, check, held_until, courier.clock(), error.code)
            elif error.concern is Concern.COURSE:
                activity_checks.course_failed(db, key[0], error, courier.clock())
            else:
                _failed(db, connection_id, key[0], error, courier)
        return True
    with courier.database.transaction() as db:
        check, failure = db.get_one(ActivityCheck, key), None
        for choice in activities.in_use(db, check.course_id):
            if choice.chosen_at > begun:
                continue  # it is asked about anew
            if not activities.is_told_of(choice, states, grades):
                failure = activity_checks.UNTOLD
                continue
            said = activities.said_of(choice, states, grades)
            activities.take_in(db, choice, check.person, said, courier.clock())
        activity_checks.checked(db, check, held_until, courier.clock(), failure)
        _worked(db, connection_id)
    return True


def _ask(
    courier: Courier, site: Site, ids: tuple[str, str], criteria: set[str]
) -> tuple[dict[int, Completed], dict[int, Grade]]:
    """Return states and grades of one person in one course, each only if somebody needs them."""
    states: dict[int, Completed] = {}
    grades: dict[int, Grade] = {}
    if criteria - {Criterion.GRADE}:
        states = moodle_web_services.completion(courier.outbound, site, *ids)
    if Criterion.GRADE in criteria:
        grades = moodle_web_services.grades(courier.outbound, site, *ids)
    return states, grades


def _failed(
    db: Session,
    connection_id: uuid.UUID,
    course_id: uuid.UUID,
    error: MoodleRefused,
    courier: Courier,
) -> None:
    """Let the whole site rest, if the failure is the site's."""
    connection = db.get(MoodleConnection, connection_id, with_for_update=True)
    if connection is not None and error.concern is Concern.SITE:
        moodle.failed(connection, error, courier.clock())
        log.warning("moodle_failed", failure=error.code, course_id=str(course_id))


def _worked(db: Session, connection_id: uuid.UUID) -> None:
    connection = db.scalar(
        sa.select(MoodleConnection).filter(
            MoodleConnection.id == connection_id, MoodleConnection.failure.is_not(None)
        )
    )
    if connection is not None:
        moodle.worked(connection)
