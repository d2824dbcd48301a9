"""The course at a glance: learners and units, what waits for a decision, what did not arrive."""

import uuid
from collections.abc import Iterator

from flask import render_template, request
from flask.typing import ResponseReturnValue

from badges.completion import Route
from lti_tool.models import CourseActivities
from lti_tool.services import activities as lms_activities
from lti_tool.services import (
    catalogue,
    deliveries,
    gradebook_results,
    moodle,
    placements,
    roster,
)
from lti_tool.services.roster import Learner
from lti_tool.web import conditions, units
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import activities, memberships
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement


@blueprint.get("/course")
@visiting(teacher=True)
def course(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    mc = catalogue.definition(placement.version)
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    routes = {unit.code: placements.route_of(placement, unit.code)[0] for unit in mc.units}
    launched = visit.launch.link.unit_code if placement == visit.launch.link.placement else None
    return render_template(
        "teacher/course.html",
        visit=visit,
        placement=placement,
        offered=[
            (row, catalogue.definition(row.version))
            for row in placements.of_course(visit.db, visit.launch.course)
        ],
        mc=mc,
        has_versions=len(placement.version.series.versions) > 1,
        learners=learners,
        flagged=list(_flagged(learners)),
        failed=deliveries.failed(visit.db, visit.launch.course),
        questions=gradebook_results.questions(visit.db, placement, _complete(learners)),
        roster_changes=memberships.told(request.args),
        main_unit=mc.unit(launched) if launched else mc.units[0],
        routes=routes,
        trouble=_trouble(visit) if Route.LMS_ACTIVITY in routes.values() else [],
        state=units.state,
        own_points=conditions.own_points,
        elsewhere=conditions.elsewhere,
        address=address,
    )


def _trouble(visit: Visit) -> list[str]:
    course = visit.launch.course
    connection = moodle.of_platform(visit.db, course.platform_id)
    row = visit.db.get(CourseActivities, course.id)
    is_untold = lms_activities.looked(visit.db, course).untold > 0
    return activities.trouble(connection, row, is_untold=is_untold)


def _flagged(learners: list[Learner]) -> Iterator[Learner]:
    return (one for one in learners if one.award and one.award.flagged_at)


def _complete(learners: list[Learner]) -> dict[uuid.UUID, set[str]]:
    """Return the units that each learner has completed."""
    return {
        one.person.id: {unit.unit for unit in one.progress.units if unit.is_complete}
        for one in learners
    }
