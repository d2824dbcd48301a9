"""Units and outcomes as a table: from a file or pasted from a spreadsheet, and back into a file.

One outcome a row; a row without a unit belongs to the unit above. Columns, in this order: unit,
hours, kind of outcome, outcome. Nothing is taken from a table of which a cell is wrong.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from badges import drafting
from badges.definition_reading import MAX_OUTCOMES, MAX_UNITS
from badges.definition_values import MAX_NAME, MAX_PROSE
from badges.drafting import Json
from badges.text import is_safe
from lti_tool.web.sentence import N_
from lti_tool.web.writing.reading import number, one_line

COLUMNS = (N_("Unit"), N_("Hours"), N_("Kind"), N_("Outcome"))
KINDS: Mapping[str, str] = {
    "knowledge": N_("Knowledge"),
    "skill": N_("Skill"),
    "responsibility_autonomy": N_("Responsibility and autonomy"),
}
MOST_ROWS = 1000
MOST_CHARACTERS = 400_000
MOST_PROBLEMS = 50
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Wrong:
    """`row` counts from 1, as a spreadsheet does; `column`: its name, "" for the whole row."""

    row: int
    column: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    unit: str
    hours: str
    kind: str
    outcome: str


def decoded(data: bytes) -> str | None:
    """Return the text of a file as spreadsheets write it; None for what is none."""
    is_utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def read(text: str, content: Json, *, delimiter: str = "") -> tuple[list[Json], list[Wrong]]:
    """Return the units of a table, with free codes, and what is wrong: one of both is empty.
    `delimiter`: empty for what the first row has most of."""
    if len(text) > MOST_CHARACTERS:
        return [], [Wrong(1, "", gettext("This table is too large."))]
    try:
        rows = list(_rows(text, delimiter))
    except csv.Error:
        return [], [Wrong(1, "", gettext("This is no table that can be read."))]
    if not rows:
        return [], [Wrong(1, "", gettext("There is no row in it."))]
    wrong = [one for row in rows for one in _check(row)][:MOST_PROBLEMS]
    if not rows[0].unit:
        wrong.insert(0, _wrong(rows[0], 0, gettext("The first row needs a unit.")))
    units = [] if wrong else _units(rows, content)
    if len(units) + len(drafting.units(content)) > MAX_UNITS:
        wrong = [Wrong(rows[-1].number, gettext(COLUMNS[0]), gettext("These are too many units."))]
    if any(len(unit["outcomes"]) > MAX_OUTCOMES for unit in units):
        words = gettext("These are too many outcomes for one unit.")
        wrong = [Wrong(rows[-1].number, gettext(COLUMNS[3]), words)]
    return ([], wrong) if wrong else (units, [])


def written(content: Json) -> str:
    """Return the units of a definition as CSV, with no cell that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows(content):
        writer.writerow([_harmless(one) for one in row])
    return out.getvalue()


def rows(content: Json) -> Iterator[list[str]]:
    """Yield the header, then the outcomes of a definition."""
    tag = drafting.original(content)
    yield [gettext(one) for one in COLUMNS]
    for unit in drafting.units(content):
        title = (unit.get("title") or {}).get(tag, "")
        outcomes = unit.get("outcomes") or [{}]
        for position, outcome in enumerate(outcomes):
            first = [title, unit.get("hours", "")] if position == 0 else ["", ""]
            name = KINDS.get(str(outcome.get("kind")), "")
            kind = gettext(name) if name else ""
            text = (outcome.get("text") or {}).get(tag, "")
            yield [str(one) for one in (*first, kind, text)]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = text.splitlines()
    delimiter = delimiter or max("\t;,", key=(lines[0] if lines else "").count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    for number_, cells in enumerate(reader, start=1):
        if number_ > MOST_ROWS:
            raise csv.Error("too many rows")
        values = [_cell(cell) for cell in cells[:4]] + [""] * (4 - len(cells))
        if any(values) and not (number_ == 1 and _is_header(values)):
            yield Row(number_, *values)


def _cell(cell: str) -> str:
    cell = one_line(cell)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _is_header(values: Sequence[str]) -> bool:
    return values[0].casefold() in {COLUMNS[0].casefold(), gettext(COLUMNS[0]).casefold()}


def _check(row: Row) -> Iterator[Wrong]:
    for column, value in enumerate((row.unit, row.hours, row.kind, row.outcome)):
        if not is_safe(value):
            yield _wrong(row, column, gettext("It holds characters that cannot be shown."))
    if len(row.unit) > MAX_NAME:
        yield _wrong(row, 0, gettext("This is too long. Shorten it."))
    if isinstance(number(row.hours), str):
        yield _wrong(row, 1, gettext("“%(value)s” is no number.", value=row.hours[:40]))
    if row.hours and not row.unit:
        yield _wrong(row, 1, gettext("Hours stand in the first row of a unit."))
    if row.kind and _kind(row.kind) is None:
        names = ", ".join(gettext(one) for one in KINDS.values())
        yield _wrong(row, 2, gettext("Use one of these: %(names)s.", names=names))
    if not row.outcome:
        yield _wrong(row, 3, gettext("Each row needs an outcome."))
    if len(row.outcome) > MAX_PROSE:
        yield _wrong(row, 3, gettext("This is too long. Shorten it."))


def _wrong(row: Row, column: int, words: str) -> Wrong:
    return Wrong(row.number, gettext(COLUMNS[column]), words)


def _kind(words: str) -> str | None:
    wanted = words.casefold()
    for code, name in KINDS.items():
        if wanted in (code, name.casefold(), gettext(name).casefold()):
            return code
    return None


def _units(rows: Sequence[Row], content: Json) -> list[Json]:
    tag = drafting.original(content)
    made: Json = {**content, "units": drafting.units(content)}
    found: list[Json] = []
    for row in rows:
        if row.unit:
            unit: Json = {"code": drafting.free_unit_code(made), "title": {tag: row.unit}}
            if (hours := number(row.hours)) is not None:
                unit["hours"] = hours
            unit["outcomes"] = []
            found.append(unit)
            made["units"] = [*made["units"], unit]
        outcome = {
            "code": drafting.free_outcome_code(made, found[-1]),
            "kind": _kind(row.kind) or "skill",
            "text": {tag: row.outcome},
        }
        found[-1]["outcomes"].append(outcome)
    return found
