"""One unit: record points or sign-offs for several learners, and how the unit is completed."""

import secrets

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from badges.completion import Route
from badges.micro_credential import LearningUnit
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import Placement
from lti_tool.services import activities, catalogue, completions, placements, roster
from lti_tool.services.roster import Learner
from lti_tool.web import conditions, units
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement
from lti_tool.web.teacher.entries import Entered

NOTHING = Entered(judgements=(), problems={})


@blueprint.get("/course/units/<code>")
@visiting(teacher=True)
def unit(visit: Visit, code: str) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    return _page(visit, placement, _unit(placement, code), NOTHING)


@blueprint.post("/course/units/<code>")
@visiting(teacher=True, writes=True)
def record(visit: Visit, code: str) -> ResponseReturnValue:
    """Record everything that was entered, or nothing if one entry cannot be read."""
    placement = chosen_placement(visit)
    found = _unit(placement, code)
    learners = {one.person.id: one.person for one in _learners(visit, placement)}
    entered = entries.read(found, frozenset(learners), request.form)
    if entered.problems or not entered.judgements:
        return _page(visit, placement, found, entered), 400
    form_key = request.form.get("key") or secrets.token_hex(16)
    for person_id, judgement in entered.judgements:
        completions.record(
            visit.db,
            learners[person_id],
            placement.version,
            judgement,
            course=visit.launch.course,
            assessor=visit.launch.person,
            key=entries.record_key(form_key, judgement),
            now=visit.now,
        )
    saved = len({person_id for person_id, _ in entered.judgements})
    return redirect(address("unit", visit, placement, code=code, saved=saved), 303)


@blueprint.post("/course/units/<code>/route")
@visiting(teacher=True, writes=True)
def route(visit: Visit, code: str) -> ResponseReturnValue:
    """Choose how the unit is completed in this course; what was recorded stays."""
    placement = chosen_placement(visit)
    try:
        wished = Route(request.form.get("route", ""))
    except ValueError as error:
        raise ToolError("wrong_kind") from error
    if wished is Route.LMS_ACTIVITY:
        activities.resume(visit.db, placement, code, actor=actor(visit), now=visit.now)
        return redirect(address("unit", visit, placement, code=code, done="route"), 303)
    placements.set_route(
        visit.db,
        placement,
        code,
        wished,
        request.form.get("basis"),
        actor=actor(visit),
        now=visit.now,
    )
    return redirect(address("unit", visit, placement, code=code, done="route"), 303)


def _page(visit: Visit, placement: Placement, found: LearningUnit, entered: Entered) -> str:
    chosen, basis = placements.route_of(placement, found.code)
    return render_template(
        "teacher/unit.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        unit=found,
        learners=_learners(visit, placement),
        route=chosen,
        basis=basis,
        activity=activities.chosen(visit.db, placement, found.code),
        requirement=conditions.requirement(found),
        explain=conditions.explain,
        state=units.state,
        field=entries.field,
        entered=entered,
        form=request.form,
        key=request.form.get("key") or secrets.token_hex(16),
        address=address,
    )


def _learners(visit: Visit, placement: Placement) -> list[Learner]:
    return roster.learners(visit.db, visit.launch.course, placement.version, visit.now)


def _unit(placement: Placement, code: str) -> LearningUnit:
    try:
        return catalogue.definition(placement.version).unit(code)
    except KeyError as error:
        raise NotFound("unknown_unit") from error
