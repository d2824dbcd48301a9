"""What the teacher sets for the micro-credential in this course, on one page."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services import catalogue, course_settings, placements
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement


@blueprint.get("/course/settings")
@visiting(teacher=True)
def settings(visit: Visit) -> ResponseReturnValue:
    return _page(visit, chosen_placement(visit))


@blueprint.post("/course/settings")
@visiting(teacher=True, writes=True)
def save_settings(visit: Visit) -> ResponseReturnValue:
    """Keep what was set, all of it or nothing."""
    placement = chosen_placement(visit)
    try:
        _save(visit, placement)
    except ToolError as error:
        return _page(visit, placement, what_happened(error)), error.status
    return redirect(address("settings", visit, placement, done="settings"), 303)


def _save(visit: Visit, placement: Placement) -> None:
    count = request.form.get("confirmations", "")
    course_settings.set_confirmations(
        visit.db,
        placement,
        int(count) if count in {"0", "1", "2"} else -1,
        actor=actor(visit),
        now=visit.now,
    )


def _page(visit: Visit, placement: Placement, problem: str = "") -> str:
    mc = catalogue.definition(placement.version)
    return render_template(
        "teacher/settings.html",
        visit=visit,
        placement=placement,
        mc=mc,
        confirmations=request.form.get("confirmations", str(placement.confirmations)),
        routes=[(unit, *placements.route_of(placement, unit.code)) for unit in mc.units],
        has_versions=len(placement.version.series.versions) > 1,
        problem=problem,
        address=address,
    )
