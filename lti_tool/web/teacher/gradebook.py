"""The gradebook of the LMS: which columns there are, what was read from them, reading them now."""

import uuid
from datetime import timedelta
from functools import partial
from urllib.parse import quote

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import columns, gradebook_results, readings, results
from lti_tool.services.lms.gradebook_results import Verdict
from lti_tool.web.context import services_of_lms
from lti_tool.web.launch_session import Afterwards, Visit, visiting
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement, told_number
from lti_tool.web.words.wording import best

PATIENCE = timedelta(seconds=15)
"""How long a teacher waits at most before the worker reads on."""


@blueprint.get("/course/gradebook")
@visiting(teacher=True)
def gradebook(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    links = placements.links(visit.db, placement)
    return render_template(
        "teacher/gradebook.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        links=links,
        graded=gradebook_results.counts(visit.db, [link.id for link in links]),
        can_read=any(map(readings.is_readable, links)),
        is_readable=readings.is_readable,
        can_look=columns.can_look,
        can_make=columns.can_make,
        told_number=partial(told_number, request.args),
        address=address,
    )


@blueprint.post("/course/gradebook/read")
@visiting(teacher=True)
def read_results(visit: Visit) -> ResponseReturnValue | Afterwards:
    """Read the grades of the course now, and say what came of it."""
    placement = chosen_placement(visit)
    back, course_id, by = (
        address("gradebook", visit, placement),
        visit.launch.course.id,
        actor(visit),
    )

    def read() -> ResponseReturnValue:
        found = results.read_now(services_of_lms(), course_id, by, PATIENCE)
        below = found.verdicts[Verdict.BELOW] + found.verdicts[Verdict.UNSUITED]
        told = {
            "enough": found.verdicts[Verdict.ENOUGH],
            "below": below + found.verdicts[Verdict.GONE],
            "unread": found.unread,
            "later": found.later,
        }
        query = "&".join(f"{name}={number}" for name, number in told.items())
        return redirect(f"{back}{'&' if '?' in back else '?'}done=read&{query}", 303)

    return Afterwards(read)


@blueprint.post("/course/results/<uuid:result_id>/settle")
@visiting(teacher=True, writes=True)
def settle(visit: Visit, result_id: uuid.UUID) -> ResponseReturnValue:
    """Leave the records as they are, whatever the gradebook says."""
    placement = chosen_placement(visit)
    gradebook_results.settle(
        visit.db, visit.launch.course, result_id, actor=actor(visit), now=visit.now
    )
    return redirect(address("course", visit, placement, done="settled"), 303)


@blueprint.post("/course/links/<uuid:link_id>/column")
@visiting(teacher=True)
def repair_column(visit: Visit, link_id: uuid.UUID) -> ResponseReturnValue | Afterwards:
    """Look for the column of an activity, and make one where there is none."""
    placement = chosen_placement(visit)
    link = columns.find(visit.db, visit.launch.course, link_id)
    assert link.placement is not None
    mc = catalogue.definition(link.placement.version)
    unit = mc.unit(link.unit_code) if link.unit_code else None
    label = link.title or best(unit.title if unit else mc.title)
    back, by = address("gradebook", visit, placement), actor(visit)

    def repair() -> ResponseReturnValue:
        found = columns.repair(services_of_lms(), link_id, label, by)
        told = f"done=column-{found.repair.value}&failure={quote(found.failure)}"
        return redirect(f"{back}{'&' if '?' in back else '?'}{told}", 303)

    return Afterwards(repair)
