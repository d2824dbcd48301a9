"""The sign-off sheet on paper: printed with a number for each learner, and typed back by numbers.

A number is the learner's place among all who were ever in the course, by when they came: it stays
the same while names, filters and orders change. What was typed is shown with names before it is
recorded.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from badges.micro_credential import LearningUnit
from badges.rules import EachPartAtLeast, PointsAtLeast
from lti_tool.models import Placement
from lti_tool.services.completing import typed_points
from lti_tool.services.courses import grid, roster
from lti_tool.services.definitions import catalogue
from lti_tool.web import units
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import entries, narrowing, recording, rights
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement, may_judge
from lti_tool.web.words import conditions

LONGEST_TEXT = 50_000
_NUMBERS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Typed:
    """`fields`: what the form of the unit would hold. `problems`: pieces that cannot be read."""

    fields: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]


@blueprint.get("/course/units/<code>/sheet")
@visiting(teacher=True)
def sheet(visit: Visit, code: str) -> ResponseReturnValue:
    """Show the learners that the address asks for as a page to print, without who left.

    They stand in the order of their numbers, so that ranges are typed back as they are read.
    """
    placement = chosen_placement(visit)
    found = recording.unit_of(placement, code)
    mc = catalogue.definition(placement.version)
    learners = roster.learners(visit.db, visit.launch.course, placement.version, visit.now)
    wish = narrowing.wish(request.args, mc, code)
    shown = grid.arrange(learners, wish, visit.now).matching
    numbers = roster.numbers(visit.db, visit.launch.course)
    present = [one for one in shown if one.left_at is None]
    return render_template(
        "teacher/sheet.html",
        visit=visit,
        placement=placement,
        mc=mc,
        unit=found,
        learners=sorted(present, key=lambda one: numbers[one.person.id]),
        numbers=numbers,
        state=units.state,
        requirement=conditions.requirement(found),
        here=narrowing.addresses("unit", visit, placement, wish, code=code),
        rights=rights.of(visit, placement.version_id),
        address=address,
    )


@blueprint.get("/course/units/<code>/typed")
@visiting(teacher=True)
def typed(visit: Visit, code: str) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    may_judge(visit, placement)
    return _page(visit, placement, recording.unit_of(placement, code))


@blueprint.post("/course/units/<code>/typed")
@visiting(teacher=True)
def read_typed(visit: Visit, code: str) -> ResponseReturnValue:
    """Show the form of the unit filled in with what was typed; nothing is recorded yet."""
    placement = chosen_placement(visit)
    found = recording.unit_of(placement, code)
    numbers = roster.numbers(visit.db, visit.launch.course)
    present = roster.people(visit.db, visit.launch.course)
    people = {number: person for person, number in numbers.items() if person in present}
    said = read(found, people, request.form.get("typed", "")[:LONGEST_TEXT])
    if said.problems or not said.fields:
        return _page(visit, placement, found, said), 400
    form = MultiDict([*said.fields, ("evidence", request.form.get("evidence", ""))])
    return recording.page(visit, placement, found, recording.NOTHING, form)


def read(unit: LearningUnit, people: Mapping[int, uuid.UUID], text: str) -> Typed:
    """Return what a text says: numbers and ranges (`1-5, 8` or `1 - 5 8`) where the unit is signed
    off, else a line for each learner: the number, then the points, one for each part."""
    match unit.rule:
        case EachPartAtLeast(parts=parts):
            found = _marks(people, text, [part.code for part in parts])
        case PointsAtLeast():
            found = _marks(people, text, [None])
        case _:
            found = _ticks(people, text)
    fields, problems = [], []
    for said in found:
        if isinstance(said, str):
            problems.append(said)
        else:
            fields.append(said)
    return Typed(tuple(dict.fromkeys(fields)), tuple(problems[:20]))


def _ticks(people: Mapping[int, uuid.UUID], text: str) -> Iterator[tuple[str, str] | str]:
    joined = re.sub(r"[ \t]{0,5}[-–][ \t]{0,5}", "-", text)
    for piece in filter(None, re.split(r"[,;\s]+", joined)):
        match = _NUMBERS.fullmatch(piece)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        numbers = range(first, min(last, first + len(people)) + 1)
        if not numbers or not all(number in people for number in numbers):
            yield piece[:40]
            continue
        for number in numbers:
            yield "row", str(people[number])
            yield "person", str(people[number])


def _marks(
    people: Mapping[int, uuid.UUID], text: str, parts: list[str] | list[None]
) -> Iterator[tuple[str, str] | str]:
    for line in filter(None, (one.strip() for one in text.splitlines())):
        number, *points = re.split(r"[\s:;]+", line)
        person = people.get(int(number)) if re.fullmatch(r"[0-9]{1,5}", number) else None
        fits = 0 < len(points) <= len(parts) and all(map(typed_points.NUMBER.fullmatch, points))
        if person is None or not fits:
            yield line[:40]
            continue
        yield "row", str(person)
        for part, mark in zip(parts, points, strict=False):
            yield entries.field(person, part), mark


def _page(
    visit: Visit, placement: Placement, found: LearningUnit, said: Typed | None = None
) -> str:
    return render_template(
        "teacher/typed.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        unit=found,
        said=said,
        form=request.form,
        address=address,
    )
