"""Awards that wait for a confirmation: who they are; confirm, decline, take that back."""

import uuid

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services import reasons
from lti_tool.services.awarding import award_gate
from lti_tool.services.courses import confirming, given_meanwhile, roster
from lti_tool.services.definitions import catalogue
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import (
    address,
    blueprint,
    chosen_placement,
    told_number,
)


@blueprint.get("/course/confirmations")
@visiting(teacher=True)
def confirmations(visit: Visit) -> ResponseReturnValue:
    return _page(visit, chosen_placement(visit))


@blueprint.post("/course/confirmations")
@visiting(teacher=True, writes=True)
def confirm(visit: Visit) -> ResponseReturnValue:
    """Confirm or decline the awards of those ticked, or have seen what was given elsewhere, as the
    button says."""
    placement, people, by = chosen_placement(visit), _ticked(), visit.launch.person
    act = request.form.get("act")
    if not people:
        problem = what_happened(ToolError("nobody_ticked"))
        return _page(visit, placement, problem), 400
    if act == "seen":
        given_meanwhile.have_seen(visit.db, placement, people, by=by.id, now=visit.now)
        return _back(visit, placement)
    if act != "decline":
        done = confirming.confirm(visit.db, placement, people, by=by, now=visit.now)
        return _back(visit, placement, awarded=done.awarded, halfway=done.halfway)
    reason = request.form.get("reason", "")
    try:
        number = confirming.decline(
            visit.db, placement, people, by=by, reason=reason, now=visit.now
        )
    except ToolError as error:
        return _page(visit, placement, what_happened(error)), error.status
    return _back(visit, placement, declined=number)


@blueprint.post("/course/confirmations/undo")
@visiting(teacher=True, writes=True)
def unconfirm(visit: Visit) -> ResponseReturnValue:
    """Let those ticked wait again, for a reason."""
    placement, people, by = chosen_placement(visit), _ticked(), visit.launch.person
    if not people:
        problem = what_happened(ToolError("nobody_ticked"))
        return _page(visit, placement, problem, is_undoing=True), 400
    reason = request.form.get("reason", "")
    try:
        with visit.db.begin_nested():
            undone = confirming.take_back(
                visit.db, placement, people, by=by, reason=reason, now=visit.now
            )
    except ToolError as error:
        if error.code not in (*reasons.UNFIT, "confirmation_not_asked"):
            raise
        return _page(visit, placement, what_happened(error), is_undoing=True), error.status
    return _back(visit, placement, undone=undone.waiting, claimed=len(undone.claimed))


def _ticked() -> frozenset[uuid.UUID]:
    found = set()
    for text in request.form.getlist("person"):
        try:
            found.add(uuid.UUID(text))
        except ValueError:
            continue
    return frozenset(found)


def _back(visit: Visit, placement: Placement, **told: int) -> ResponseReturnValue:
    return redirect(address("confirmations", visit, placement, **told), 303)


def _page(
    visit: Visit, placement: Placement, problem: str = "", *, is_undoing: bool = False
) -> str:
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    waiting = confirming.waiting(visit.db, placement, learners)
    return render_template(
        "teacher/confirmations.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        needed=award_gate.needed(placement),
        has_too_few=confirming.has_too_few(visit.db, placement, visit.now),
        waiting=[one for one in waiting if not one.is_declined],
        declined=[one for one in waiting if one.is_declined],
        halfway=[one for one in waiting if visit.launch.person in one.by],
        confirmed=confirming.confirmed(visit.db, placement),
        given=given_meanwhile.listed(visit.db, placement),
        told={name: told_number(request.args, name) for name in _TOLD},
        rights=rights.of(visit, placement.version_id),
        ticked=request.form.getlist("person"),
        reason=request.form.get("reason", ""),
        longest_reason=reasons.LONGEST,
        problem=problem,
        is_undoing=is_undoing,
        address=address,
    )


_TOLD = ("awarded", "halfway", "declined", "undone", "claimed")
