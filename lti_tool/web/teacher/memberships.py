"""The list of learners as the LMS has it: read it now, and say who is new, gone and back."""

from collections.abc import Mapping

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from lti_tool.services.lms import rosters
from lti_tool.web.context import services_of_lms
from lti_tool.web.launch_session import Afterwards, Visit, visiting
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement, told_number


@blueprint.post("/course/roster")
@visiting(teacher=True)
def read_roster(visit: Visit) -> ResponseReturnValue | Afterwards:
    """Read who is in the course now."""
    placement, course_id = chosen_placement(visit), visit.launch.course.id
    back = address("course", visit, placement)

    def read() -> ResponseReturnValue:
        found = rosters.read_now(services_of_lms(), course_id)
        told = "done=no_roster"
        if found is not None:
            told = f"done=roster&new={found.new}&gone={found.gone}&back={found.back}"
        return redirect(f"{back}{'&' if '?' in back else '?'}{told}", 303)

    return Afterwards(read)


def told(args: Mapping[str, str]) -> list[str]:
    """Return in words what changed when the list was read."""
    new, gone, back = (told_number(args, name) for name in ("new", "gone", "back"))
    said = []
    if new:
        said.append(ngettext("One learner is new.", "%(num)d learners are new.", new))
    if gone:
        said.append(
            ngettext(
                "One left the course; the records stay.",
                "%(num)d left the course; their records stay.",
                gone,
            )
        )
    if back:
        said.append(ngettext("One is back.", "%(num)d are back.", back))
    return said
