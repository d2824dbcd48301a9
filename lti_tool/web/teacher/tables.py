"""The grid as a file for spreadsheets, and its way back: read, shown, and only then recorded."""

import secrets

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import Placement
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Said
from lti_tool.services.courses import grid, result_tables, roster
from lti_tool.services.courses.result_tables import Reading
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import catalogue
from lti_tool.web.errors import what_happened
from lti_tool.web.i18n import language
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries, narrowing
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement, may_judge
from lti_tool.web.words.wording import called

SHOWN_CHANGES = 200


@blueprint.get("/course/results.csv")
@visiting(teacher=True)
def export(visit: Visit) -> ResponseReturnValue:
    """Return the learners that the address asks for, on all pages."""
    placement = chosen_placement(visit)
    mc = catalogue.definition(placement.version)
    shown = grid.arrange(_learners(visit, placement), narrowing.wish(request.args, mc), visit.now)
    separator = ";" if language() in {"de", "uk"} else ","
    rows = [(one, called(one.person)) for one in shown.matching]
    numbers = roster.numbers(visit.db, visit.launch.course)
    text = result_tables.write(mc, rows, numbers, language(), separator)
    response = Response("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{mc.code}.csv"'
    return response


@blueprint.get("/course/import")
@visiting(teacher=True)
def table(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    may_judge(visit, placement)
    return _page(visit, placement)


@blueprint.post("/course/import")
@visiting(teacher=True)
def preview(visit: Visit) -> ResponseReturnValue:
    """Show what a table would change, or what cannot be read in it; nothing is written."""
    placement = chosen_placement(visit)
    try:
        text = _sent()
        reading = _read(visit, placement, text)
    except ToolError as error:
        return _page(visit, placement, problem=what_happened(error)), error.status
    if reading.problems:
        return _page(visit, placement, text, reading), 400
    return _page(visit, placement, text, reading)


@blueprint.post("/course/import/record")
@visiting(teacher=True, writes=True)
def record_table(visit: Visit) -> ResponseReturnValue:
    """Record what the preview showed; where the table no longer fits, nothing."""
    placement = chosen_placement(visit)
    text = request.form.get("content", "")
    try:
        reading = _read(visit, placement, text)
    except ToolError as error:
        return _page(visit, placement, problem=what_happened(error)), error.status
    if reading.problems:
        return _page(visit, placement, text, reading), 400
    key = request.form.get("key") or secrets.token_hex(16)
    said = [
        Said(one.learner.person, one.judgement, entries.record_key(key, one.judgement))
        for one in reading.changes
    ]
    completions.record_all(
        visit.db,
        placement.version,
        said,
        course=visit.launch.course,
        assessor=visit.launch.person,
        now=visit.now,
    )
    saved = len({one.person.id for one in said})
    batch = key if len(key) == 32 else None
    return redirect(address("course", visit, placement, saved=saved, batch=batch), 303)


def _sent() -> str:
    """Return the file, or else what was pasted: the text of a file stands beside its mistakes, and
    another file corrects them as well.

    Raises:
        ToolError: `table_not_utf8`.
    """
    file = request.files.get("file")
    if not file:
        return request.form.get("content", "")
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ToolError("table_not_utf8") from error


def _read(visit: Visit, placement: Placement, text: str) -> Reading:
    mc = catalogue.definition(placement.version)
    own = completions.signed_off_by(visit.db, placement.version, visit.launch.person)
    numbers = roster.numbers(visit.db, visit.launch.course)
    return result_tables.read(mc, _learners(visit, placement), text, numbers, own)


def _learners(visit: Visit, placement: Placement) -> list[Learner]:
    return roster.learners(visit.db, visit.launch.course, placement.version, visit.now)


def _page(
    visit: Visit,
    placement: Placement,
    content: str = "",
    reading: Reading | None = None,
    problem: str = "",
) -> str:
    mc = catalogue.definition(placement.version)
    return render_template(
        "teacher/import.html",
        visit=visit,
        placement=placement,
        mc=mc,
        named={one.code: one for one in result_tables.columns(mc)},
        content=content or request.form.get("content", ""),
        reading=reading,
        shown=reading.changes[:SHOWN_CHANGES] if reading else (),
        problem=problem,
        key=request.form.get("key") or secrets.token_hex(16),
        address=address,
    )
