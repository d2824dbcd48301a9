"""The grid as a table for spreadsheets: written out, and read back as what has changed.

RFC 4180, with the separator of the reader's language: `;` where numbers have a decimal comma, as
spreadsheets there take 1.5 for a day. Both are read. The first row names the columns: `learner`
(an id that the export gives), `name`, `number` (as on sheets: it tells two of one name apart), then
one for each unit, or `UNIT/PART` for each part; what
follows a code after a space is for people. What was completed without a mark has an `x`. A mark
above what is recorded, or a sign-off that this assessor has not given yet, is a judgement; what
would change nothing is counted apart, and empty cells say nothing.
"""

import csv
import io
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from badges.completion import UnitProgress
from badges.conditions import plain
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast
from badges.text import Text
from lti_tool.errors import ToolError
from lti_tool.services.completing import typed_points
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.completing.typed_points import Unfit
from lti_tool.services.courses.roster import Learner, folded

LEARNER, NAME, NUMBER, DONE = "learner", "name", "number", "completed"
SIGNED = "x"
_YES = frozenset({"x", "1", "yes", "ja", "так", "✓"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 400_000
MOST_PROBLEMS = 50
_SEPARATORS = ";,\t"


@dataclass(frozen=True, slots=True)
class Column:
    """`part`: of a unit that is marked in parts."""

    unit: LearningUnit
    part: str | None = None

    @property
    def code(self) -> str:
        return f"{self.unit.code}/{self.part}" if self.part else self.unit.code

    @property
    def title(self) -> Text:
        """What its unit is called, or the part of it."""
        rule = self.unit.rule
        parts = rule.parts if isinstance(rule, EachPartAtLeast) else ()
        return next((one.title for one in parts if one.code == self.part), self.unit.title)

    @property
    def maximum(self) -> Decimal | None:
        """The highest mark; None where the unit is signed off."""
        rule = self.unit.rule
        return rule.maximum if isinstance(rule, PointsAtLeast | EachPartAtLeast) else None


@dataclass(frozen=True, slots=True)
class Change:
    """`before`: what the table of today says; "" for nothing."""

    learner: Learner
    column: Column
    before: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be read: `row` 1, 2, ... as in a spreadsheet; `column`: its name.

    `learner`: whose row it is, where that can be told; `name`: what the row calls them.
    """

    code: str
    row: int
    column: str
    value: str = ""
    learner: Learner | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where there are problems, nothing may be recorded. `known`: how many cells say what is
    recorded already; `lower`: how many marks are below the recorded one, which goes on counting."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    known: int = 0
    lower: int = 0


def columns(mc: MicroCredential) -> tuple[Column, ...]:
    return tuple(
        Column(unit, part)
        for unit in mc.units
        for part in (
            [one.code for one in unit.rule.parts]
            if isinstance(unit.rule, EachPartAtLeast)
            else [None]
        )
    )


def write(
    mc: MicroCredential,
    rows: Iterable[tuple[Learner, str]],
    numbers: Mapping[uuid.UUID, int],
    language: str,
    separator: str,
) -> str:
    """Return the table; `rows`: learners with what they are called; `numbers`: as on sheets."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    mark = "," if separator == ";" else "."
    found = columns(mc)
    titles = [f"{one.code} {one.title.best(language)}" for one in found]
    writer.writerow([LEARNER, NAME, NUMBER, *map(_harmless, titles), *_parts(mc), DONE])
    for learner, name in rows:
        units = {unit.unit: unit for unit in learner.progress.units}
        cells = [_cell(one, units[one.unit.code]).replace(".", mark) for one in found]
        done = sum(unit.is_complete for unit in learner.progress.units)
        stack = learner.progress.stack
        earned = [SIGNED if stack and stack.of(part) else "" for part in _parts(mc)]
        done += len(stack.counted) if stack else 0
        number = numbers.get(learner.person.id, "")
        writer.writerow([learner.person.id, _harmless(name), number, *cells, *earned, done])
    return out.getvalue()


def _parts(mc: MicroCredential) -> tuple[str, ...]:
    """Return the columns of what it is made of: they say what is earned, and are never read."""
    return mc.stack.parts if mc.stack else ()


def read(
    mc: MicroCredential,
    learners: Sequence[Learner],
    text: str,
    numbers: Mapping[uuid.UUID, int],
    own: Collection[str] = (),
) -> Reading:
    """Return what a table would change, or everything that cannot be read in it. `numbers`: as on
    sheets; `own`: ids of the sign-offs that its assessor has given.

    Raises:
        ToolError: `table_too_large`, `table_empty`, `table_malformed`.
    """
    rows = _rows(text)
    reader = _Reader(mc, learners, numbers, own)
    reader.take_header(rows[0])
    if not reader.problems:
        for number, row in enumerate(rows[1:], start=2):
            if any(cell.strip() for cell in row):
                reader.take(number, row)
    problems = tuple(reader.problems[:MOST_PROBLEMS])
    return Reading(tuple(reader.changes), problems, reader.known, reader.lower)


def _rows(text: str) -> list[list[str]]:
    if len(text) > LONGEST:
        raise ToolError("table_too_large")
    text = text.removeprefix("\ufeff").strip("\r\n")
    if not text.strip():
        raise ToolError("table_empty")
    first = text.splitlines()[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ToolError("table_malformed") from error


class _Reader:
    """Reads row by row; remembers what is wrong and goes on."""

    def __init__(
        self,
        mc: MicroCredential,
        learners: Sequence[Learner],
        numbers: Mapping[uuid.UUID, int],
        own: Collection[str],
    ) -> None:
        self.changes: list[Change] = []
        self.problems: list[Problem] = []
        self.known = self.lower = 0
        self._own = own
        self._known = {one.code: one for one in columns(mc)}
        self._unread = {LEARNER, NAME, NUMBER, DONE, *_parts(mc)}
        self._by_id = {one.person.id: one for one in learners}
        self._by_name = _unique(learners)
        self._by_number = {
            str(numbers[one.person.id]): one for one in learners if one.person.id in numbers
        }
        self._header: list[str] = []
        self._seen: set[uuid.UUID] = set()

    def take_header(self, row: list[str]) -> None:
        self._header = [(cell.split() or [""])[0] for cell in row]
        names = {name: count for name, count in Counter(self._header).items() if name}
        for name, count in names.items():
            if name not in self._unread | self._known.keys():
                self.problems.append(Problem("unknown_column", 1, name))
            elif count > 1:
                self.problems.append(Problem("column_twice", 1, name))
        if not {LEARNER, NAME} & names.keys():
            self.problems.append(Problem("no_learner_column", 1, LEARNER))

    def take(self, number: int, row: list[str]) -> None:
        cells = dict(zip(self._header, (cell.strip() for cell in row), strict=False))
        learner = self._learner(number, cells)
        if learner is None:
            return
        if learner.person.id in self._seen:
            self.problems.append(Problem("learner_twice", number, LEARNER, learner=learner))
        self._seen.add(learner.person.id)
        for name, column in self._known.items():
            if value := cells.get(name, ""):
                self._judge(number, learner, column, value)

    def _learner(self, number: int, cells: Mapping[str, str]) -> Learner | None:
        text, name = cells.get(LEARNER, ""), cells.get(NAME, "").removeprefix("'")
        try:
            found = self._by_id.get(uuid.UUID(text)) if text else self._called(name, cells)
        except ValueError:
            found = None
        if found is None:
            where, value = (LEARNER, text) if text else (NAME, name)
            code, name = "learner_unknown", name[:100]
            self.problems.append(Problem(code, number, where, value[:100], name=name))
        return found

    def _called(self, name: str, cells: Mapping[str, str]) -> Learner | None:
        """Return who alone has a name, or has it and the number, if there are several."""
        numbered = self._by_number.get(cells.get(NUMBER, ""))
        if numbered and name and folded(numbered.person.name or "") != folded(name):
            numbered = None
        return self._by_name.get(folded(name)) or numbered

    def _judge(self, number: int, learner: Learner, column: Column, value: str) -> None:
        unit = learner.progress.unit(column.unit.code)
        before = _cell(column, unit)
        if value == before:
            self.known += 1
            return
        if column.maximum is None:
            judgement = Judgement(unit=column.unit.code, signed_off=True)
            if value.casefold() not in _YES:
                self._refuse("no_sign_off", number, learner, column, value)
            elif before or _is_given(unit, self._own):
                self.known += 1
            else:
                self.changes.append(Change(learner, column, before, judgement))
            return
        points = typed_points.read(value, column.maximum)
        if isinstance(points, Unfit):
            self._refuse(points, number, learner, column, value)
        elif plain(points) == before:
            self.known += 1
        elif before not in ("", SIGNED) and points < Decimal(before):
            self.lower += 1
        else:
            judgement = Judgement(unit=column.unit.code, part=column.part, points=points)
            self.changes.append(Change(learner, column, before, judgement))

    def _refuse(self, code: str, number: int, learner: Learner, column: Column, value: str) -> None:
        found = Problem(code, number, column.code, value[:100], learner=learner)
        self.problems.append(found)


def _is_given(unit: UnitProgress, own: Collection[str]) -> bool:
    """Whether the assessor who gave `own` is among those who sign the unit off."""
    return any(record in own for one in unit.conditions for record in one.records)


def _cell(column: Column, unit: UnitProgress) -> str:
    """Return the mark that this course recorded, or the sign for what is completed without one."""
    done = SIGNED if unit.is_complete else ""
    if column.maximum is None:
        return done
    marks = (
        one.params.get("points", "")
        for one in unit.conditions
        if one.params.get("part") == column.part
    )
    return next((mark for mark in marks if mark), done)


def _unique(learners: Sequence[Learner]) -> dict[str, Learner]:
    """Return learners by name, without names that two have."""
    names = Counter(folded(one.person.name or "") for one in learners)
    return {
        name: one
        for one in learners
        if (name := folded(one.person.name or "")) and names[name] == 1
    }


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
