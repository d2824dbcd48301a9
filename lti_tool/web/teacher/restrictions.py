"""Units that the LMS opens after its own check: who came through, and what to look at there."""

from flask import render_template
from flask.typing import ResponseReturnValue

from lti_tool.services.courses import restrictions, roster
from lti_tool.services.definitions import catalogue
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement


@blueprint.get("/course/restrictions", endpoint="restrictions")
@visiting(teacher=True)
def show(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    return render_template(
        "teacher/restrictions.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        restricted=restrictions.of_placement(visit.db, placement),
        learners=roster.count(visit.db, visit.launch.course),
        address=address,
    )
