"""Units and outcomes as a table: from a file or pasted from a spreadsheet, and back into a file.

One outcome a row; a row without a unit belongs to the unit above. Columns, in this order: unit,
hours, kind of outcome, outcome, choice, why prior learning cannot be recognised; tables without the
last ones are read as well. Nothing is taken from a table of which a cell is wrong.

A choice is named, with how many of its units are needed: “A: 2”, “Kinds of roofs: 1”, “extra”.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from badges import drafting
from badges.definition_reading import MAX_CHOICES, MAX_OUTCOMES, MAX_UNITS
from badges.definition_values import MAX_NAME, MAX_PROSE
from badges.drafting import Json
from badges.text import is_safe
from lti_tool.web.words import elements
from lti_tool.web.words.sentence import N_
from lti_tool.web.writing import electives
from lti_tool.web.writing.reading import number, one_line

COLUMNS = (
    *(N_("Unit"), N_("Hours"), N_("Kind"), N_("Outcome"), N_("Choice")),
    N_("No prior learning, because"),
)
EXTRA = N_("extra")
"""Of units that nobody needs."""
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
    choice: str
    no_prior_learning: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A choice of a table. `row`: the first that names it. `title`: or a letter; empty for extra
    units."""

    row: Row
    title: str
    count: int


def decoded(data: bytes) -> str | None:
    """Return the text of a file as spreadsheets write it; None for what is none."""
    is_utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def read(text: str, content: Json, *, delimiter: str = "") -> tuple[Json, list[Wrong]]:
    """Return the content with the units of a table and their choices, and what is wrong with it,
    for which nothing is added. `delimiter`: empty for what the first row has most of."""
    if len(text) > MOST_CHARACTERS:
        return content, [Wrong(1, "", gettext("This table is too large."))]
    try:
        rows = list(_rows(text, delimiter))
    except csv.Error:
        return content, [Wrong(1, "", gettext("This is no table that can be read."))]
    if not rows:
        return content, [Wrong(1, "", gettext("There is no row in it."))]
    wrong = [one for row in rows for one in _check(row)][:MOST_PROBLEMS]
    if not rows[0].unit:
        wrong.insert(0, _wrong(rows[0], 0, gettext("The first row needs a unit.")))
    groups = list(_groups(rows))
    if not wrong:
        wrong = list(_check_groups(rows, groups, len(electives.choices(content))))
    units = [] if wrong else _units(rows, content)
    if len(units) + len(drafting.units(content)) > MAX_UNITS:
        wrong = [Wrong(rows[-1].number, gettext(COLUMNS[0]), gettext("These are too many units."))]
    if any(len(unit["outcomes"]) > MAX_OUTCOMES for unit in units):
        words = gettext("These are too many outcomes for one unit.")
        wrong = [Wrong(rows[-1].number, gettext(COLUMNS[3]), words)]
    return (content, wrong) if wrong else (_with(content, rows, units, groups), [])


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
    choices = _choices_in_words(content, tag)
    yield [gettext(one) for one in COLUMNS]
    for unit in drafting.units(content):
        title = (unit.get("title") or {}).get(tag, "")
        outcomes = unit.get("outcomes") or [{}]
        for position, outcome in enumerate(outcomes):
            is_first = position == 0
            first = [title, unit.get("hours", "")] if is_first else ["", ""]
            choice = choices.get(str(unit.get("code")), "") if is_first else ""
            reason = (unit.get("no_prior_learning") or {}).get(tag, "") if is_first else ""
            name = KINDS.get(str(outcome.get("kind")), "")
            kind = gettext(name) if name else ""
            text = (outcome.get("text") or {}).get(tag, "")
            yield [str(one) for one in (*first, kind, text, choice, reason)]


def _choices_in_words(content: Json, tag: str) -> dict[str, str]:
    """Return what the table says of each unit that is in a choice, by its code."""
    found = {}
    for position, choice in enumerate(electives.choices(content)):
        title = (choice.get("title") or {}).get(tag) or ""
        words = f"{title or elements.letter(position)}: {choice.get('count', '')}"
        if choice.get("count") == 0 and not title:
            words = gettext(EXTRA)
        found.update(dict.fromkeys(electives.codes(choice), words))
    return found


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = text.splitlines()
    delimiter = delimiter or max("\t;,", key=(lines[0] if lines else "").count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    for number_, cells in enumerate(reader, start=1):
        if number_ > MOST_ROWS:
            raise csv.Error("too many rows")
        values = [_cell(cell) for cell in cells[: len(COLUMNS)]]
        values += [""] * (len(COLUMNS) - len(values))
        if any(values) and not (number_ == 1 and _is_header(values)):
            yield Row(number_, *values)


def _cell(cell: str) -> str:
    cell = one_line(cell)
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _is_header(values: Sequence[str]) -> bool:
    return values[0].casefold() in {COLUMNS[0].casefold(), gettext(COLUMNS[0]).casefold()}


def _check(row: Row) -> Iterator[Wrong]:
    cells = row.unit, row.hours, row.kind, row.outcome, row.choice, row.no_prior_learning
    for column, value in enumerate(cells):
        if not is_safe(value):
            yield _wrong(row, column, gettext("It holds characters that cannot be shown."))
    if len(row.unit) > MAX_NAME:
        yield _wrong(row, 0, gettext("This is too long. Shorten it."))
    if isinstance(number(row.hours), str):
        yield _wrong(row, 1, gettext("“%(value)s” is no number.", value=row.hours[:40]))
    if row.hours and not row.unit:
        yield _wrong(row, 1, gettext("Hours stand in the first row of a unit."))
    if _kind(row.kind) is None:
        names = ", ".join(gettext(one) for one in KINDS.values())
        yield _wrong(row, 2, gettext("Use one of these: %(names)s.", names=names))
    if not row.outcome:
        yield _wrong(row, 3, gettext("Each row needs an outcome."))
    if len(row.outcome) > MAX_PROSE:
        yield _wrong(row, 3, gettext("This is too long. Shorten it."))
    if row.choice and not row.unit:
        yield _wrong(row, 4, gettext("A choice stands in the first row of a unit."))
    elif row.choice and _group(row) is None:
        yield _wrong(row, 4, gettext("Write its name and how many are needed, such as “A: 2”."))
    if len(row.choice) > MAX_NAME:
        yield _wrong(row, 4, gettext("This is too long. Shorten it."))
    if row.no_prior_learning and not row.unit:
        yield _wrong(row, 5, gettext("This stands in the first row of a unit."))
    if len(row.no_prior_learning) > MAX_PROSE:
        yield _wrong(row, 5, gettext("This is too long. Shorten it."))


def _group(row: Row) -> _Group | None:
    """Return the choice that a row names; None for what says none."""
    if row.choice.casefold() in {EXTRA.casefold(), gettext(EXTRA).casefold()}:
        return _Group(row, "", 0)
    title, colon, count = (one.strip() for one in row.choice.rpartition(":"))
    is_number = count.isascii() and count.isdigit() and len(count) < 4
    return _Group(row, title, int(count)) if colon and title and is_number else None


def _groups(rows: Sequence[Row]) -> Iterator[_Group]:
    """Yield the choices of a table, each as the first row that names it has it."""
    known = set()
    for row in rows:
        found = _group(row) if row.choice else None
        if found is not None and found.title.casefold() not in known:
            known.add(found.title.casefold())
            yield found


def _check_groups(rows: Sequence[Row], groups: Sequence[_Group], known: int) -> Iterator[Wrong]:
    """Yield what is wrong with the choices of a table. `known`: how many there are already."""
    for group in groups:
        members = [row for row in rows if row.choice and _is_in(row, group)]
        for row in members:
            other = _group(row)
            if other is not None and other.count != group.count:
                words = gettext("Row %(row)s says another number.", row=group.row.number)
                yield _wrong(row, 4, words)
        if group.count and group.count >= len(members):
            words = gettext("Fewer must be needed than there are units in this choice.")
            yield _wrong(group.row, 4, words)
    if known + len(groups) > MAX_CHOICES:
        yield _wrong(groups[-1].row, 4, gettext("These are too many choices."))


def _is_in(row: Row, group: _Group) -> bool:
    found = _group(row)
    return found is not None and found.title.casefold() == group.title.casefold()


def _with(
    content: Json, rows: Sequence[Row], units: Sequence[Json], groups: Sequence[_Group]
) -> Json:
    tag = drafting.original(content)
    firsts = [row for row in rows if row.unit]  # one for each unit
    choices = electives.choices(content)
    for group in groups:
        pairs = zip(firsts, units, strict=True)
        codes = [unit["code"] for row, unit in pairs if row.choice and _is_in(row, group)]
        made: Json = {"units": codes, "count": group.count}
        is_letter = len(group.title) < 2
        choices = [*choices, made | ({} if is_letter else {"title": {tag: group.title}})]
    made = {**content, "units": [*drafting.units(content), *units]}
    return made | ({"choices": choices} if choices else {})


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
            if row.no_prior_learning:
                unit["no_prior_learning"] = {tag: row.no_prior_learning}
            unit["outcomes"] = []
            found.append(unit)
            made["units"] = [*made["units"], unit]
        outcome = {
            "code": drafting.free_outcome_code(made, found[-1]),
            "kind": _kind(row.kind),
            "text": {tag: row.outcome},
        }
        found[-1]["outcomes"].append(outcome)
    return found
