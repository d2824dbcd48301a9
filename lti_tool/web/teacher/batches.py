"""Several learners at once: those ticked in the grid, all whom a filter shows, and undoing it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from badges.micro_credential import LearningUnit
from badges.rules import EachPartAtLeast, SignOff, SignOffs
from badges.text import Text
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import CompletionRecord, Placement
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import grid, roster
from lti_tool.services.definitions import catalogue
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries, narrowing, recording
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement, may_judge


@dataclass(frozen=True, slots=True)
class Batch:
    """What one form or table recorded. `about`: a title; the others are addresses."""

    placement: Placement
    records: list[CompletionRecord]
    about: Text
    action: str
    back: str
    undone: str


@blueprint.post("/course/chosen")
@visiting(teacher=True)
def chosen(visit: Visit) -> ResponseReturnValue:
    """Show one unit for those who were ticked in the grid; nothing is written yet."""
    placement = chosen_placement(visit)
    code = request.form.get("unit", "")
    found = recording.unit_of(placement, code)
    if not request.form.getlist("row"):
        return _ask_whom(visit, placement, found)
    ticked = [(field, one) for one in request.form.getlist("row") for field in ("row", "person")]
    return recording.page(visit, placement, found, recording.NOTHING, MultiDict(ticked))


def _ask_whom(visit: Visit, placement: Placement, found: LearningUnit) -> ResponseReturnValue:
    """Nobody was ticked: all who were shown are taken only by a choice of their own."""
    mc = catalogue.definition(placement.version)
    wish = narrowing.wish(request.args, mc)
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    shown = render_template(
        "teacher/nobody_ticked.html",
        visit=visit,
        placement=placement,
        mc=mc,
        unit=found,
        people=[one.person for one in grid.arrange(learners, wish, visit.now).matching],
        here=narrowing.addresses("course", visit, placement, wish, unit=wish.unit or None),
        address=address,
    )
    return shown, 400


@blueprint.get("/course/units/<code>/whole")
@visiting(teacher=True)
def whole(visit: Visit, code: str) -> ResponseReturnValue:
    """Ask before all are signed off who lack it and whom the filter shows, page after page."""
    placement = chosen_placement(visit)
    may_judge(visit, placement)
    found = recording.unit_of(placement, code)
    if not isinstance(found.rule, SignOff | SignOffs):
        return redirect(address("unit", visit, placement, code=code), 303)
    mc = catalogue.definition(placement.version)
    wish = narrowing.wish(request.args, mc, code)
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    shown = grid.arrange(learners, wish, visit.now).matching
    lacking = [
        one for one in shown if one.left_at is None and not one.progress.unit(code).is_complete
    ]
    return recording.whole_page(visit, placement, found, lacking, wish)


@blueprint.get("/course/units/<code>/batch")
@visiting(teacher=True)
def batch(visit: Visit, code: str) -> ResponseReturnValue:
    """Ask for the reason before everything that one form recorded is taken back."""
    placement, key = chosen_placement(visit), request.args.get("batch", "")
    batch = _of_unit(visit, placement, code, key)
    return _page(visit, batch) if batch.records else redirect(batch.back, 303)


@blueprint.post("/course/units/<code>/batch")
@visiting(teacher=True, writes=True)
def undo(visit: Visit, code: str) -> ResponseReturnValue:
    """Take back what one form recorded, by a correcting record each."""
    placement, key = chosen_placement(visit), request.args.get("batch", "")
    return _undo(visit, _of_unit(visit, placement, code, key))


@blueprint.get("/course/import/batch")
@visiting(teacher=True)
def table_batch(visit: Visit) -> ResponseReturnValue:
    """Ask for the reason before everything that one table recorded is taken back."""
    batch = _of_table(visit, chosen_placement(visit), request.args.get("batch", ""))
    return _page(visit, batch) if batch.records else redirect(batch.back, 303)


@blueprint.post("/course/import/batch")
@visiting(teacher=True, writes=True)
def undo_table(visit: Visit) -> ResponseReturnValue:
    """Take back what one table recorded, by a correcting record each."""
    return _undo(visit, _of_table(visit, chosen_placement(visit), request.args.get("batch", "")))


def _undo(visit: Visit, batch: Batch) -> ResponseReturnValue:
    if not batch.records:
        raise NotFound("unknown_record")
    try:
        completions.retract_all(
            visit.db,
            batch.records,
            course=visit.launch.course,
            assessor=visit.launch.person,
            reason=request.form.get("reason", ""),
            now=visit.now,
        )
    except ToolError as error:
        if error.code not in completions.UNFIT_REASONS:
            raise
        return _page(visit, batch, what_happened(error)), error.status
    return redirect(batch.undone, 303)


def _of_unit(visit: Visit, placement: Placement, code: str, key: str) -> Batch:
    """Return what the visitor's own form recorded in this course and was not taken back."""
    unit = recording.unit_of(placement, code)
    return Batch(
        placement,
        _records(visit, [unit], key),
        unit.title,
        action=address("undo", visit, placement, code=code, batch=key),
        back=address("unit", visit, placement, code=code),
        undone=address("unit", visit, placement, code=code, done="undone"),
    )


def _of_table(visit: Visit, placement: Placement, key: str) -> Batch:
    """Return what the visitor's own table recorded in this course and was not taken back."""
    mc = catalogue.definition(placement.version)
    return Batch(
        placement,
        _records(visit, mc.units, key),
        mc.title,
        action=address("undo_table", visit, placement, batch=key),
        back=address("course", visit, placement),
        undone=address("course", visit, placement, done="undone"),
    )


def _records(visit: Visit, units: Iterable[LearningUnit], form_key: str) -> list[CompletionRecord]:
    keys = [
        entries.record_key(form_key, Judgement(unit=unit.code, part=part))
        for unit in units
        for part in _parts(unit)
    ]
    launch = visit.launch
    return completions.submitted(visit.db, launch.course, launch.person, keys)


def _parts(unit: LearningUnit) -> list[str] | list[None]:
    rule = unit.rule
    return [part.code for part in rule.parts] if isinstance(rule, EachPartAtLeast) else [None]


def _page(visit: Visit, batch: Batch, problem: str = "") -> str:
    return render_template(
        "teacher/batch.html",
        visit=visit,
        placement=batch.placement,
        mc=catalogue.definition(batch.placement.version),
        batch=batch,
        people=sorted({record.person for record in batch.records}, key=roster.by_name),
        problem=problem,
        form=request.form,
        address=address,
    )
