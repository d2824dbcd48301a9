"""Ask a mentor at the workplace: make a link for one learner, see what became of it, revoke it."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services.completing import mentors
from lti_tool.services.definitions import catalogue
from lti_tool.services.launching import launches
from lti_tool.web.context import public_url
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement, may_judge


@blueprint.get("/course/people/<uuid:person_id>/mentor")
@visiting(teacher=True)
def mentor(visit: Visit, person_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, chosen_placement(visit), person_id)


@blueprint.post("/course/people/<uuid:person_id>/mentor")
@visiting(teacher=True, writes=True)
def ask_mentor(visit: Visit, person_id: uuid.UUID) -> ResponseReturnValue:
    """Make a link and show it, this one time."""
    placement = chosen_placement(visit)
    may_judge(visit, placement)
    member = launches.course_member(visit.db, visit.launch.course, person_id)
    try:
        _, token = mentors.ask(
            visit.db,
            visit.launch.course,
            placement.version,
            member.person,
            request.form.getlist("unit"),
            of=request.form.get("name", ""),
            by=visit.launch.person,
            now=visit.now,
        )
    except ToolError as error:
        return _page(visit, placement, person_id, problem=what_happened(error)), error.status
    link = public_url() + url_for("mentor.page", token=token, _external=False)
    return _page(visit, placement, person_id, link=link)


@blueprint.post("/course/mentor-links/<uuid:mentor_link_id>/revoke")
@visiting(teacher=True, writes=True)
def revoke_mentor(visit: Visit, mentor_link_id: uuid.UUID) -> ResponseReturnValue:
    link = mentors.revoke(
        visit.db, visit.launch.course, mentor_link_id, actor=actor(visit), now=visit.now
    )
    placement = chosen_placement(visit)
    return redirect(address("mentor", visit, placement, person_id=link.person_id), 303)


def _page(
    visit: Visit, placement: Placement, person_id: uuid.UUID, problem: str = "", link: str = ""
) -> str:
    member = launches.course_member(visit.db, visit.launch.course, person_id)
    mc = catalogue.definition(placement.version)
    return render_template(
        "teacher/mentor.html",
        visit=visit,
        placement=placement,
        mc=mc,
        person=member.person,
        units=mentors.confirmable(mc),
        asked=mentors.links_of(visit.db, visit.launch.course, member.person),
        is_open=mentors.is_open,
        days=mentors.LIFETIME.days,
        problem=problem,
        link=link,
        form=request.form,
        rights=rights.of(visit, placement.version_id),
        address=address,
    )
