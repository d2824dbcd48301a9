"""One unit: record points or sign-offs for several learners, and how the unit is completed."""

import secrets
from collections.abc import Sequence

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from badges.completion import Route
from badges.micro_credential import LearningUnit, MicroCredential
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import Placement
from lti_tool.services.completing import completions, evidence
from lti_tool.services.completing.completions import Said
from lti_tool.services.courses import grid, placements, roster
from lti_tool.services.courses.grid import Grid, Wish
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import activities
from lti_tool.web import units
from lti_tool.web.context import current_tool
from lti_tool.web.errors import in_words
from lti_tool.web.http import uploads
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries, narrowing, rights
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement, may_set_up
from lti_tool.web.teacher.entries import Entered
from lti_tool.web.words import conditions
from lti_tool.web.words.evidence import EVIDENCE

NOTHING = Entered(judgements=(), problems={})
ON_THE_PAGE = frozenset({"evidence_too_long", *EVIDENCE})


@blueprint.get("/course/units/<code>")
@visiting(teacher=True)
def unit(visit: Visit, code: str) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    return page(visit, placement, unit_of(placement, code), NOTHING)


@blueprint.post("/course/units/<code>")
@uploads.receiving
@visiting(teacher=True, writes=True)
def record(visit: Visit, code: str) -> ResponseReturnValue:
    """Record everything that was entered, or nothing if one entry cannot be read."""
    placement = chosen_placement(visit)
    found = unit_of(placement, code)
    learners = roster.people(visit.db, visit.launch.course)
    entered = entries.read(found, frozenset(learners), request.form)
    problem = uploads.received().problem
    if problem or entered.problems or not entered.judgements:
        return _again(visit, placement, found, entered, problem), 400
    form_key = request.form.get("key") or secrets.token_hex(16)
    said = [
        Said(learners[person_id], judgement, entries.record_key(form_key, judgement))
        for person_id, judgement in entered.judgements
    ]
    try:
        with visit.db.begin_nested():  # the page is shown again, and nothing is left behind
            _keep(visit, placement, said)
    except ToolError as error:
        if error.code not in ON_THE_PAGE:
            raise
        return _again(visit, placement, found, entered, in_words(error)), error.status
    saved = len({person_id for person_id, _ in entered.judgements})
    wish = narrowing.wish(request.args, catalogue.definition(placement.version), code)
    here = narrowing.addresses("unit", visit, placement, wish, code=code)
    batch = form_key if len(form_key) == 32 else None
    return redirect(here(page=wish.page, saved=saved, batch=batch), 303)


def _again(
    visit: Visit, placement: Placement, found: LearningUnit, entered: Entered, problem: str
) -> str:
    """Return the page that the form came from, with everything that it held but files."""
    if request.form.get("whole") and problem:
        wish = narrowing.wish(request.args, catalogue.definition(placement.version), found.code)
        named = set(request.form.getlist("person"))
        people = [one for one in _learners(visit, placement) if str(one.person.id) in named]
        return whole_page(visit, placement, found, people, wish, problem)
    return page(visit, placement, found, entered, problem=problem)


def whole_page(
    visit: Visit,
    placement: Placement,
    found: LearningUnit,
    learners: Sequence[Learner],
    wish: Wish,
    problem: str = "",
) -> str:
    """Return the question whether all these are signed off."""
    return render_template(
        "teacher/whole.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        unit=found,
        people=[one.person for one in learners],
        here=narrowing.addresses("unit", visit, placement, wish, code=found.code),
        narrowed=narrowing.query(wish),
        problem=problem,
        form=request.form,
        key=request.form.get("key") or secrets.token_hex(16),
        address=address,
    )


def _keep(visit: Visit, placement: Placement, said: Sequence[Said]) -> None:
    course, person = visit.launch.course, visit.launch.person
    records = completions.record_all(
        visit.db, placement.version, said, course=course, assessor=person, now=visit.now
    )
    evidence.keep_with(
        visit.db,
        uploads.received().documents,
        records,
        by=actor(visit),
        keeping=current_tool().keeping,
        now=visit.now,
    )


@blueprint.post("/course/units/<code>/route")
@visiting(teacher=True, writes=True)
def route(visit: Visit, code: str) -> ResponseReturnValue:
    """Choose how the unit is completed in this course; what was recorded stays."""
    placement = chosen_placement(visit)
    may_set_up(visit, placement)
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


def page(
    visit: Visit,
    placement: Placement,
    found: LearningUnit,
    entered: Entered,
    draft: "MultiDict[str, str] | None" = None,
    problem: str = "",
) -> str:
    """Return the page of a unit. `draft`: what its form holds, and nobody has sent yet; `problem`:
    why what was sent is not kept."""
    form = request.form if draft is None else draft
    chosen, basis = placements.route_of(placement, found.code)
    mc = catalogue.definition(placement.version)
    shown = _shown(visit, placement, mc, found, form)
    return render_template(
        "teacher/unit.html",
        visit=visit,
        placement=placement,
        mc=mc,
        unit=found,
        grid=shown,
        here=narrowing.addresses("unit", visit, placement, shown.wish, code=found.code),
        narrowed=narrowing.query(shown.wish),
        rights=rights.of(visit, placement.version_id),
        route=chosen,
        basis=basis,
        activity=activities.chosen(visit.db, placement, found.code),
        requirement=conditions.requirement(found),
        explain=conditions.explain,
        state=units.state,
        field=entries.field,
        entered=entered,
        problem=problem,
        form=form,
        is_draft=draft is not None,
        key=request.form.get("key") or secrets.token_hex(16),
        address=address,
    )


def _shown(
    visit: Visit,
    placement: Placement,
    mc: MicroCredential,
    found: LearningUnit,
    form: "MultiDict[str, str]",
) -> Grid:
    """Return the learners on the page: after a form that could not be read, those it was about."""
    wish = narrowing.wish(request.args, mc, found.code)
    learners = _learners(visit, placement)
    listed = set(form.getlist("row"))
    if listed:
        learners = [one for one in learners if str(one.person.id) in listed]
        return grid.listed(learners, wish)
    return grid.arrange(learners, wish, visit.now)


def _learners(visit: Visit, placement: Placement) -> list[Learner]:
    return roster.learners(visit.db, visit.launch.course, placement.version, visit.now)


def unit_of(placement: Placement, code: str) -> LearningUnit:
    try:
        return catalogue.definition(placement.version).unit(code)
    except KeyError as error:
        raise NotFound("unknown_unit") from error
