"""A learner of two courses loses nothing when one of them moves: what is the same counts on,
whichever course recorded it, once, and what is taken back is taken back everywhere."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, aliased

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    CompletionRecord,
    Course,
    MicroCredentialVersion,
    Placement,
)
from lti_tool.services.completing import carried, completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import moving
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.judgements import passing
from tests.factories.visits import Visit, Visits

WLD = samples.welding()
CODE = WLD.code
U1, U2, *_ = [unit.code for unit in WLD.units]


def next_version(number: int) -> object:
    return replace(WLD, version=f"{number}.0")


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """Ana learns in A and in B, ben in B alone; both courses offer version 1.0."""
    made = Visits.at(app, database, clock.now() - timedelta(hours=1))
    for course in "AB":
        made.open(f"teacher {course}", teacher=True, unit=U1, course=course, link=course)
        made.open("ana", unit=U1, course=course, link=course)
    made.open("ben", unit=U1, course="B", link="B")
    made.school.tick()
    return made


def teacher(visits: Visits, course: str) -> Visit:
    return visits.open(f"teacher {course}", teacher=True, unit=U1, course=course, link=course)


def offer(db: Session, course: str) -> Placement:
    of = sa.select(Placement).join(Course).filter(Course.context_id == course)
    return db.scalars(of).one()


def record(school: School, course: str, sub: str, unit: str) -> list[uuid.UUID]:
    """Let the teacher of a course judge a unit well; return the records."""
    school.tick()
    found = []
    with school.transaction() as db:
        placement = offer(db, course)
        for number, one in enumerate(passing(WLD.unit(unit))):
            points = one.get("points")
            judgement = Judgement(
                unit=unit,
                points=None if points is None else Decimal(str(points)),
                part=one.get("part"),
                signed_off=one.get("signed_off", False),
            )
            row = completions.record(
                db,
                school.person(db, sub),
                placement.version,
                judgement,
                course=placement.course,
                assessor=school.person(db, f"teacher {course}"),
                key=f"{course}:{sub}:{unit}:{number}:{school.now}",
                now=school.now,
            )
            found.append(row.id)
    return found


def take_back(school: School, course: str, record_id: object) -> None:
    school.tick()
    with school.transaction() as db:
        completions.retract(
            db,
            db.get_one(CompletionRecord, record_id),
            course=offer(db, course).course,
            assessor=school.person(db, f"teacher {course}"),
            reason="mixed up",
            now=school.now,
        )


def move(school: School, course: str, version: str) -> moving.Outlook:
    school.tick()
    with school.transaction() as db:
        placement = offer(db, course)
        row = next(one for one in moving.newer(db, placement, school.now) if one.version == version)
        told = moving.outlook(db, placement, row.id, school.now)
        return moving.move(db, placement, row.id, seen=told.seen, actor="teacher", now=school.now)


def publish(school: School, *numbers: int) -> None:
    for number in numbers:
        school.tick()
        school.publish(next_version(number))  # type: ignore[arg-type]


def done(school: School, course: str, sub: str) -> list[str]:
    """Return what somebody has completed in the version that a course offers."""
    with school.transaction() as db:
        person, version = school.person(db, sub), offer(db, course).version
        progress = completions.standing(db, person, version, school.now).real
        return [unit.unit for unit in progress.units if unit.is_complete]


def copies(school: School) -> Sequence[tuple[str, str]]:
    """Return version and unit of what was carried over."""
    with school.transaction() as db:
        rows = (
            sa.select(MicroCredentialVersion.version, CompletionRecord.unit_code)
            .join(CompletionRecord.version)
            .filter(CompletionRecord.carried_from_id.is_not(None))
            .order_by(MicroCredentialVersion.version, CompletionRecord.unit_code)
        )
        return [(version, unit) for version, unit in db.execute(rows)]


@on_each_database
def test_what_another_course_recorded_is_carried_with_its_origin(visits: Visits) -> None:
    school = visits.school
    (made,) = record(school, "B", "ana", U1)
    record(school, "B", "ben", U1)
    publish(school, 2)
    told = move(school, "A", "2.0")
    assert (told.learners, told.unharmed, told.bringing, told.staying) == (1, 1, 1, 1)
    assert done(school, "A", "ana") == [U1]
    assert done(school, "B", "ana") == [U1], "the other course keeps its own"
    with school.transaction() as db:
        origin = db.get_one(CompletionRecord, made)
        (copy,) = db.scalars(
            sa.select(CompletionRecord).filter(CompletionRecord.carried_from_id.is_not(None))
        )
        for name in ("person_id", "course_id", "assessor_id", "recorded_at", "route", "points"):
            assert getattr(copy, name) == getattr(origin, name), name


@on_each_database
def test_moving_one_after_the_other_carries_nothing_twice(visits: Visits) -> None:
    school = visits.school
    record(school, "A", "ana", U1)
    record(school, "B", "ana", U2)
    publish(school, 2)
    move(school, "A", "2.0")
    move(school, "B", "2.0")
    assert copies(school) == [("2.0", U1), ("2.0", U2)]
    assert done(school, "B", "ana") == [U1, U2]


@on_each_database
def test_over_different_ways_to_one_version_nothing_is_carried_twice(visits: Visits) -> None:
    school = visits.school
    record(school, "A", "ana", U1)
    publish(school, 2, 3)
    move(school, "A", "2.0")
    move(school, "B", "3.0")
    move(school, "A", "3.0")
    assert copies(school) == [("2.0", U1), ("3.0", U1)]
    assert done(school, "A", "ana") == done(school, "B", "ana") == [U1]


@on_each_database
def test_what_the_other_course_takes_back_is_taken_back_in_both(visits: Visits) -> None:
    school = visits.school
    (made,) = record(school, "B", "ana", U1)
    publish(school, 2)
    move(school, "A", "2.0")
    take_back(school, "B", made)
    assert done(school, "A", "ana") == done(school, "B", "ana") == []
    move(school, "B", "2.0")
    assert done(school, "B", "ana") == [], "it does not come back by moving"


def test_what_was_done_in_the_other_course_after_the_move_comes_with_its_own(
    visits: Visits,
) -> None:
    school = visits.school
    record(school, "A", "ana", U1)
    publish(school, 2)
    move(school, "A", "2.0")
    record(school, "B", "ana", U2)
    assert done(school, "A", "ana") == [U1]
    move(school, "B", "2.0")
    assert done(school, "A", "ana") == [U1, U2]


def test_who_teaches_in_the_other_course_brings_nothing_along(visits: Visits) -> None:
    school = visits.school
    record(school, "B", "ana", U1)
    visits.open("ana", teacher=True, unit=U1, course="B", link="B")
    publish(school, 2)
    assert move(school, "A", "2.0").learners == 0
    assert copies(school) == []


def test_both_pages_of_the_learner_say_it_and_the_teacher_reads_it_before(visits: Visits) -> None:
    school = visits.school
    record(school, "B", "ana", U1)
    publish(school, 2)
    seat = teacher(visits, "A")
    page = seat.get("course").follow("Other versions").follow("What moving to version 2.0 means")
    assert "1 learner brings along what they did in another course." in page.text
    assert "1 learner is also in a course that stays with version 1.0" in page.text
    learner = visits.open("ana", unit=U1, course="A", link="A")
    assert "Another course of yours" not in learner.get().text
    page.submit("move")
    for course, other in (("A", "1.0"), ("B", "2.0")):
        text = visits.open("ana", unit=U1, course=course, link=course).get().text
        assert f"Another course of yours offers version {other}" in text
    assert "Another course" not in visits.open("ben", unit=U1, course="B", link="B").get().text


@pytest.mark.parametrize("seed", range(12))
def test_moving_never_takes_anything_away(visits: Visits, seed: int) -> None:
    """Whatever counted in a course before it moved counts after it; no judgement is in a version
    twice; and the records of one judgement stand all, or none."""
    school, chance = visits.school, random.Random(seed)
    publish(school, 2, 3)
    for _ in range(14):
        course = chance.choice("AB")
        act = chance.choice(("record", "move", "take back"))
        if act == "record":
            record(school, course, "ana", chance.choice((U1, U2)))
        elif act == "take back" and (own := standing(school, course)):
            take_back(school, course, chance.choice(own))
        elif act == "move" and (newer := versions_of(school, course)):
            before = done(school, course, "ana")
            move(school, course, chance.choice(newer))
            assert set(before) <= set(done(school, course, "ana"))
        check_judgements(school)


def standing(school: School, course: str) -> list[uuid.UUID]:
    """Return what a course can take back."""
    undone = aliased(CompletionRecord)
    with school.transaction() as db:
        placement = offer(db, course)
        rows = sa.select(CompletionRecord.id).filter(
            CompletionRecord.course_id == placement.course_id,
            CompletionRecord.version_id == placement.version_id,
            CompletionRecord.retracts_id.is_(None),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
        return sorted(db.scalars(rows))


def versions_of(school: School, course: str) -> list[str]:
    with school.transaction() as db:
        return [one.version for one in moving.newer(db, offer(db, course), school.now)]


def check_judgements(school: School) -> None:
    with school.transaction() as db:
        rows = db.scalars(sa.select(CompletionRecord)).all()
        undone = {row.retracts_id for row in rows}
        judged = [row for row in rows if row.retracts_id is None]
        by_origin: dict[uuid.UUID, list[CompletionRecord]] = {}
        origins = carried.origins(db, judged)
        for row in judged:
            by_origin.setdefault(origins[row.id], []).append(row)
        for same in by_origin.values():
            versions = [row.version_id for row in same]
            assert len(versions) == len(set(versions)), "carried twice"
            assert len({row.id in undone for row in same}) == 1, "taken back in part"


@on_each_database
def test_a_course_that_moved_shows_who_holds_the_award_of_before_from_elsewhere(
    visits: Visits,
) -> None:
    for unit in WLD.units:
        record(visits.school, "B", "ana", unit.code)
    publish(visits.school, 2)
    move(visits.school, "A", "2.0")
    page = teacher(visits, "A").get("course")
    assert "Earned version 1.0" in page.text
    assert "1 earned the award" in page.text
    with visits.school.transaction() as db:
        ana = visits.school.person(db, "ana").id
    page = teacher(visits, "A").get(f"course/people/{ana}")
    assert "Holds the award of version 1.0" in page.text
    assert "Not earned yet" not in page.text
