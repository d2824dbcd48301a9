"""A course with as many learners as one wants, written straight into the tables.

Services would need minutes for thousands; what they write is the same.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from badges import samples
from badges.completion import Route
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast
from lti_tool.db import Database
from lti_tool.models import CompletionRecord, Course, CourseMember, Enrolment, Person
from lti_tool.services.definitions import catalogue

FIRST_NAMES = ("Ana", "Ben", "Çiğdem", "Дарія", "Émile", "Frieda", "Георги", "Hanne")


def eight_units() -> MicroCredential:
    """Return a definition of eight units that are completed by all rules but several sign-offs."""
    mc = samples.welding()
    copied = enumerate((mc.units[0], mc.units[4], mc.units[2]), start=6)
    more = (_copy(unit, f"BEM-S-WLD1-U{number}") for number, unit in copied)
    return replace(mc, version="8.0", units=(*mc.units, *more))


def _copy(unit: LearningUnit, code: str) -> LearningUnit:
    outcomes = (replace(one, code=f"{code}-LO{n}") for n, one in enumerate(unit.outcomes, start=1))
    return replace(unit, code=code, outcomes=tuple(outcomes), hours=None)


def fill(
    database: Database, course_id: uuid.UUID, mc: MicroCredential, size: int, start: int = 0
) -> None:
    """Add `size` learners to a course: a fifth has done nothing, a fifth everything, the others
    something in between, some of it not well enough."""
    with database.transaction() as db:
        course = db.get_one(Course, course_id)
        version = catalogue.find(db, f"{mc.awarding_body.slug}/{mc.code}/{mc.version}")
        people, members, enrolments, records = [], [], [], []
        for number in range(start, start + size):
            person = _person(course, number)
            people.append(person)
            members.append(_member(course, person))
            enrolments.append(
                {"person_id": person["id"], "version_id": version.id, "started_at": _at(course, 0)}
            )
            for row in _records(mc, number):
                records.append(row | _belongs(course, version.id, person))
        for table, rows in (
            (Person, people),
            (CourseMember, members),
            (Enrolment, enrolments),
            (CompletionRecord, records),
        ):
            db.execute(sa.insert(table), rows)


def _at(course: Course, hours: int) -> datetime:
    return course.created_at + timedelta(hours=hours - 24)


def _person(course: Course, number: int) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "platform_id": course.platform_id,
        "sub": f"crowd-{number}",
        "name": f"{FIRST_NAMES[number % 8]} Learner {number:04}",
        "created_at": _at(course, 0),
    }


def _member(course: Course, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "course_id": course.id,
        "person_id": person["id"],
        "is_tester": False,
        "has_launched": True,
        "first_seen_at": _at(course, 0),
        "last_seen_at": _at(course, 0),
    }


def _belongs(course: Course, version_id: uuid.UUID, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "key": uuid.uuid4().hex,
        "person_id": person["id"],
        "version_id": version_id,
        "course_id": course.id,
        "recorded_at": _at(course, 1),
        "route": Route.ASSESSED.value,
        "assessor_id": person["id"],
    }


def _records(mc: MicroCredential, number: int) -> Iterator[dict[str, Any]]:
    """Give the learner of a number the units that many of them have; the last one just fails."""
    done = {0: 0, 4: len(mc.units)}.get(number % 5, number % len(mc.units))
    for position, unit in enumerate(mc.units[:done], start=1):
        is_enough = number % 5 == 4 or position < done or number % 2 == 0
        yield from judgements(unit, is_enough=is_enough)


def judgements(unit: LearningUnit, *, is_enough: bool) -> Iterator[dict[str, Any]]:
    """Yield what makes `unit` complete, or not quite."""
    said = {"unit_code": unit.code, "part": None, "points": None, "is_signed_off": False}
    match unit.rule:
        case PointsAtLeast(minimum=minimum):
            yield said | {"points": minimum if is_enough else minimum - Decimal(1)}
        case EachPartAtLeast(parts=parts, minimum=minimum):
            for part in parts if is_enough else parts[:1]:
                yield said | {"points": minimum, "part": part.code}
        case _:
            yield said | {"is_signed_off": True}
