"""Several learners at once: those ticked in the grid, all whom a filter shows, and undoing it."""

import secrets

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from badges.rules import EachPartAtLeast, SignOff, SignOffs
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import CompletionRecord, Placement
from lti_tool.services import catalogue, completions, grid, roster
from lti_tool.services.completions import Judgement
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries, narrowing, recording
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement


@blueprint.post("/course/chosen")
@visiting(teacher=True)
def chosen(visit: Visit) -> ResponseReturnValue:
    """Show one unit for those who were ticked in the grid; nothing is written yet."""
    placement = chosen_placement(visit)
    code = request.form.get("unit", "")
    found = recording.unit_of(placement, code)
    if not request.form.getlist("row"):
        return redirect(address("unit", visit, placement, code=code), 303)
    ticked = [(field, one) for one in request.form.getlist("row") for field in ("row", "person")]
    return recording.page(visit, placement, found, recording.NOTHING, MultiDict(ticked))


@blueprint.get("/course/units/<code>/whole")
@visiting(teacher=True)
def whole(visit: Visit, code: str) -> ResponseReturnValue:
    """Ask before all are signed off who lack it and whom the filter shows, page after page."""
    placement = chosen_placement(visit)
    found = recording.unit_of(placement, code)
    if not isinstance(found.rule, SignOff | SignOffs):
        return redirect(address("unit", visit, placement, code=code), 303)
    mc = catalogue.definition(placement.version)
    wish = narrowing.wish(request.args, mc, code)
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    shown = grid.arrange(learners, wish, visit.now).matching
    return render_template(
        "teacher/whole.html",
        visit=visit,
        placement=placement,
        mc=mc,
        unit=found,
        people=[
            one.person
            for one in shown
            if one.left_at is None and not one.progress.unit(code).is_complete
        ],
        here=narrowing.addresses("unit", visit, placement, wish, code=code),
        narrowed=narrowing.query(wish),
        key=secrets.token_hex(16),
        address=address,
    )


@blueprint.get("/course/units/<code>/batch")
@visiting(teacher=True)
def batch(visit: Visit, code: str) -> ResponseReturnValue:
    """Ask for the reason before everything that one form recorded is taken back."""
    placement, key = chosen_placement(visit), request.args.get("batch", "")
    records = _records(visit, placement, code, key)
    if not records:
        return redirect(address("unit", visit, placement, code=code), 303)
    return _page(visit, placement, code, key, records)


@blueprint.post("/course/units/<code>/batch")
@visiting(teacher=True, writes=True)
def undo(visit: Visit, code: str) -> ResponseReturnValue:
    """Take back what one form recorded, by a correcting record each."""
    placement, key = chosen_placement(visit), request.args.get("batch", "")
    records = _records(visit, placement, code, key)
    if not records:
        raise NotFound("unknown_record")
    try:
        completions.retract_all(
            visit.db,
            records,
            course=visit.launch.course,
            assessor=visit.launch.person,
            reason=request.form.get("reason", ""),
            now=visit.now,
        )
    except ToolError as error:
        if error.code not in completions.UNFIT_REASONS:
            raise
        return _page(visit, placement, code, key, records, what_happened(error)), error.status
    return redirect(address("unit", visit, placement, code=code, done="undone"), 303)


def _records(
    visit: Visit, placement: Placement, code: str, form_key: str
) -> list[CompletionRecord]:
    """Return what the visitor's own form recorded in this course and was not taken back."""
    rule = recording.unit_of(placement, code).rule
    parts = [part.code for part in rule.parts] if isinstance(rule, EachPartAtLeast) else [None]
    keys = [entries.record_key(form_key, Judgement(unit=code, part=part)) for part in parts]
    launch = visit.launch
    return completions.submitted(visit.db, launch.course, launch.person, keys)


def _page(
    visit: Visit,
    placement: Placement,
    code: str,
    key: str,
    records: list[CompletionRecord],
    problem: str = "",
) -> str:
    return render_template(
        "teacher/batch.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        unit=recording.unit_of(placement, code),
        people=list(dict.fromkeys(record.person for record in records)),
        key=key,
        problem=problem,
        form=request.form,
        address=address,
    )
