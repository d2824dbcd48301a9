"""One learner's unit, opened from a grade in the gradebook of the LMS.

Submission Review 1.0, section 3: the platform says whose grade in which column was clicked.
"""

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict
from lti_tool.models import Person, Placement
from lti_tool.services.completing import (
    completions,
    evidence,
    prior_corrections,
    prior_recognitions,
)
from lti_tool.services.courses import roster
from lti_tool.services.definitions import catalogue
from lti_tool.services.launching import launches
from lti_tool.web import units
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher.blueprint import address, blueprint


@blueprint.get("/course/review")
@visiting(teacher=True)
def review(visit: Visit) -> ResponseReturnValue:
    """Show what the grade rests on: of the unit, or for the overview's column of all units.

    A visit that began with no grade has the course instead.
    """
    placement, person = visit.launch.link.placement, visit.launch.about
    if placement is None:
        raise Conflict("link_not_placed")
    if not visit.launch.is_review:
        return redirect(address("course", visit, placement), 303)
    if person is None:
        mc = catalogue.definition(placement.version)
        return render_template(
            "teacher/review_nobody.html", visit=visit, placement=placement, mc=mc, address=address
        )
    if visit.launch.link.unit_code is None:
        return redirect(address("person", visit, placement, person_id=person.id), 303)
    return _page(visit, placement, person, visit.launch.link.unit_code)


def _page(visit: Visit, placement: Placement, person: Person, code: str) -> str:
    course, mc = visit.launch.course, catalogue.definition(placement.version)
    progress = roster.progress_of(visit.db, course, person, placement.version, visit.now)
    records = prior_recognitions.shown(
        visit.db, completions.records_of(visit.db, person, placement.version)
    )
    view = units.view(mc, progress, placement, visit.now, code)
    return render_template(
        "teacher/review.html",
        visit=visit,
        placement=placement,
        member=launches.course_member(visit.db, course, person.id),
        mc=mc,
        view=view,
        one=view.launched,
        records=[row for row in records[::-1] if row.unit_code == code],
        retracted={row.retracts_id for row in records if row.retracts_id},
        files=evidence.of_records(visit.db, records),
        whom_to_ask=prior_corrections.whom_to_ask(visit.db, placement.version, records),
        address=address,
    )
