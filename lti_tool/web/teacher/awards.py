"""One award: why it stands, and deciding about it."""

import uuid

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import Award, Placement
from lti_tool.services import reasons
from lti_tool.services.awarding import awards, credentials
from lti_tool.services.completing import assessors, moderation
from lti_tool.services.courses import confirming
from lti_tool.services.definitions import catalogue
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement


@blueprint.get("/course/awards/<uuid:award_id>")
@visiting(teacher=True)
def award(visit: Visit, award_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, awards.find(visit.db, visit.launch.course, award_id))


@blueprint.post("/course/awards/<uuid:award_id>/keep")
@visiting(teacher=True, writes=True)
def keep(visit: Visit, award_id: uuid.UUID) -> ResponseReturnValue:
    """Decide that a flagged award stands."""
    found = _to_decide(visit, award_id)
    reason = request.form.get("reason", "")
    try:
        awards.keep(visit.db, found, actor=actor(visit), reason=reason, now=visit.now)
    except ToolError as error:
        if error.code != "reason_too_long":
            raise
        return _page(visit, found, what_happened(error)), error.status
    return _to_person(visit, found, chosen_placement(visit), "kept")


@blueprint.post("/course/awards/<uuid:award_id>/revoke")
@visiting(teacher=True, writes=True)
def revoke(visit: Visit, award_id: uuid.UUID) -> ResponseReturnValue:
    """Withdraw the award and revoke its badge, for good."""
    found = _to_decide(visit, award_id)
    try:
        _revoke(visit, found)
    except ToolError as error:
        if error.code not in {"not_confirmed", "reason_missing", "reason_too_long"}:
            raise
        return _page(visit, found, what_happened(error)), error.status
    return _to_person(visit, found, chosen_placement(visit), "revoked")


def _to_decide(visit: Visit, award_id: uuid.UUID) -> Award:
    """Return an award to somebody who decides in the course.

    Raises:
        NotFound: `unknown_award`. Forbidden: `not_an_assessor`, `teachers_lead`.
    """
    found = awards.find(visit.db, visit.launch.course, award_id)
    course_id, person = visit.launch.course.id, visit.launch.person_id
    assessors.check_decides(visit.db, course_id, found.version_id, person, visit.now)
    return found


def _revoke(visit: Visit, found: Award) -> None:
    if request.form.get("sure") != "1":
        raise ToolError("not_confirmed")
    if found.withdrawn_at is None:
        credentials.revoke_award(
            visit.db,
            found,
            reason=request.form.get("reason", ""),
            signing=current_tool().signing,
            actor=actor(visit),
            now=visit.now,
        )


def _page(visit: Visit, found: Award, problem: str = "") -> str:
    return render_template(
        "teacher/award.html",
        visit=visit,
        placement=chosen_placement(visit),
        award=found,
        mc=catalogue.definition(found.version),
        credential=credentials.current(visit.db, found),
        rights=rights.of(visit, found.version_id),
        confirmers=confirming.confirmers(visit.db, found),
        disputes=moderation.disputes(visit.db, found.person, found.version),
        longest_reason=reasons.LONGEST,
        problem=problem,
        form=request.form,
        address=address,
    )


def _to_person(visit: Visit, found: Award, placement: Placement, done: str) -> ResponseReturnValue:
    return redirect(address("person", visit, placement, person_id=found.person_id, done=done), 303)
