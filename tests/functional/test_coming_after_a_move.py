"""Who comes to a course after it was moved to a newer version brings along what counts there: by a
visit, by the roster or with the first record; once, with its origin, and nothing that changed."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from badges.rules import PointsAtLeast
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.lti.roster import Member
from lti_tool.models import (
    Award,
    CompletionRecord,
    CourseMember,
    EvidenceBytes,
    EvidenceContent,
    EvidenceFile,
    ModerationSample,
)
from lti_tool.services.lms import memberships
from tests.factories import files
from tests.factories.databases import on_each_database
from tests.factories.visits import Page, Visits
from tests.functional.test_moving_between_courses import (
    CODE,
    U1,
    U2,
    WLD,
    check_judgements,
    copies,
    done,
    move,
    next_version,
    offer,
    record,
    take_back,
    teacher,
)

STRICTER = replace(WLD.units[1], rule=PointsAtLeast(minimum=Decimal(95), maximum=Decimal(100)))
CHANGED = replace(WLD, version="2.0", units=(WLD.units[0], STRICTER, *WLD.units[2:]))
"""The second unit is another one."""


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """Courses A and B offer version 1.0; zoe learns in B alone, and ana in A."""
    made = Visits.at(app, database, clock.now() - timedelta(hours=1))
    for course, sub in (("A", "ana"), ("B", "zoe")):
        made.open(f"teacher {course}", teacher=True, unit=U1, course=course, link=course)
        made.open(sub, unit=U1, course=course, link=course)
    made.school.tick()
    record(made.school, "A", "ana", U1)
    return made


def visit(visits: Visits) -> None:
    visits.school.tick()
    visits.open("zoe", unit=U1, course="A", link="A")


def roster(visits: Visits) -> None:
    """Read who is in A: ana and zoe."""
    visits.school.tick()
    members = [
        Member(user_id=sub, is_learner=True, is_active=True, name=None) for sub in ("ana", "zoe")
    ]
    with visits.school.transaction() as db:
        course = offer(db, "A").course_id
        memberships.take_in(db, course, members, visits.school.now, is_whole=False)


COMING = [visit, roster]


@on_each_database
@pytest.mark.parametrize("comes", COMING)
def test_what_was_done_elsewhere_counts_once_for_who_comes_later(
    visits: Visits, comes: Callable[[Visits], None]
) -> None:
    school = visits.school
    (made,) = record(school, "B", "zoe", U1)
    record(school, "B", "zoe", U2)
    school.publish(CHANGED)
    move(school, "A", "2.0")
    assert copies(school) == [("2.0", U1)], "of ana"
    for again in (comes, comes, visit, roster):
        again(visits)
    assert copies(school) == [("2.0", U1), ("2.0", U1)], "not what changed, and nothing twice"
    assert done(school, "A", "zoe") == [U1]
    assert done(school, "B", "zoe") == [U1, U2]
    with school.transaction() as db:
        zoe = school.person(db, "zoe").id
        copy = db.scalars(
            sa.select(CompletionRecord).filter(
                CompletionRecord.person_id == zoe, CompletionRecord.carried_from_id.is_not(None)
            )
        ).one()
        origin = db.get_one(CompletionRecord, made)
        for name in ("course_id", "assessor_id", "recorded_at", "points"):
            assert getattr(copy, name) == getattr(origin, name), name
        assert copy.carried_from_id == made


@on_each_database
def test_the_first_record_finds_what_was_done_elsewhere(visits: Visits) -> None:
    """As of somebody who was in the course before it was told who is new."""
    school = visits.school
    with school.transaction() as db:
        key = {"course_id": offer(db, "A").course_id, "person_id": school.person(db, "zoe").id}
        times = {"first_seen_at": school.now, "last_seen_at": school.now}
        db.add(CourseMember(**key, has_launched=False, left_at=school.now, **times))
    record(school, "B", "zoe", U1)
    school.publish(next_version(2))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    assert done(school, "A", "zoe") == []
    record(school, "A", "zoe", U2)
    assert done(school, "A", "zoe") == [U1, U2]


def test_who_holds_the_award_of_before_brings_nothing(visits: Visits) -> None:
    school = visits.school
    for unit in WLD.units:
        record(school, "B", "zoe", unit.code)
    assert school.award("zoe", CODE) is not None
    school.publish(next_version(2))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    visit(visits)
    assert done(school, "A", "zoe") == []


def ask_for(visits: Visits, course: str, count: int) -> None:
    page = teacher(visits, course).get("course/settings")
    assert page.submit("settings", confirmations=str(count)).status == 200


def decide(visits: Visits, course: str, **said: str) -> None:
    visits.school.tick()
    page = teacher(visits, course).get("course/confirmations")
    with visits.school.transaction() as db:
        zoe = str(visits.school.person(db, "zoe").id)
    assert page.submit("confirm", person=zoe, **said).status == 200


def awards(visits: Visits) -> list[str]:
    """Return the versions of which zoe has an award."""
    with visits.school.transaction() as db:
        zoe = visits.school.person(db, "zoe").id
        found = sa.select(Award).filter_by(person_id=zoe, withdrawn_at=None)
        return sorted(award.version.version for award in db.scalars(found))


@on_each_database
@pytest.mark.parametrize("is_declined", [False, True])
@pytest.mark.parametrize("comes", [*COMING, None])
def test_nothing_goes_past_a_course_that_has_not_confirmed_or_said_no(
    visits: Visits, comes: Callable[[Visits], None] | None, is_declined: bool
) -> None:
    """`comes`: None: she is in A before it is moved."""
    school = visits.school
    if comes is None:
        visit(visits)
    for course, count in (("A", 0), ("B", 1)):
        ask_for(visits, course, count)
    for unit in WLD.units:
        record(school, "B", "zoe", unit.code)
    if is_declined:
        decide(visits, "B", act="decline", reason="Not yet")
    school.publish(next_version(2))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    (comes or visit)(visits)
    assert (awards(visits), done(school, "A", "zoe")) == ([], [])
    decide(visits, "B")
    assert awards(visits) == ["1.0"]


def test_what_comes_along_is_confirmed_where_the_learner_is(visits: Visits) -> None:
    """Those that recorded it do not offer the newer version, so nobody there can."""
    school = visits.school
    ask_for(visits, "A", 1)
    for unit in WLD.units[:-1]:
        record(school, "B", "zoe", unit.code)
    dropped = WLD.units[-1].code
    smaller = replace(WLD, version="2.0", units=WLD.units[:-1])
    assert dropped not in [unit.code for unit in smaller.units]
    school.publish(smaller)
    move(school, "A", "2.0")
    visit(visits)
    assert awards(visits) == []
    decide(visits, "A")
    assert awards(visits) == ["2.0"]


def test_a_no_of_the_course_that_moves_goes_with_it(visits: Visits) -> None:
    school = visits.school
    visit(visits)
    ask_for(visits, "A", 1)
    for unit in WLD.units:
        record(school, "A", "zoe", unit.code)
    decide(visits, "A", act="decline", reason="Not yet")
    ask_for(visits, "A", 0)
    school.publish(next_version(2))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    assert len(done(school, "A", "zoe")) == len(WLD.units)
    assert awards(visits) == []
    assert "Not yet" in teacher(visits, "A").get("course/confirmations").text
    decide(visits, "A")
    assert awards(visits) == ["2.0"]


def test_in_a_course_that_was_never_moved_nothing_is_carried(visits: Visits) -> None:
    school = visits.school
    record(school, "B", "zoe", U1)
    school.publish(next_version(2))  # type: ignore[arg-type]
    school.tick()
    visits.open("teacher C", teacher=True, unit=U1, course="C", link="C")
    visits.open("zoe", unit=U1, course="C", link="C")
    assert copies(school) == []


def test_a_unit_that_changed_on_the_way_is_not_carried_though_it_is_as_before(
    visits: Visits,
) -> None:
    school = visits.school
    record(school, "A", "ana", U2)
    for unit in (U1, U2):
        record(school, "B", "zoe", unit)
    school.publish(CHANGED)
    move(school, "A", "2.0")
    school.publish(next_version(3))  # type: ignore[arg-type]
    move(school, "A", "3.0")
    visit(visits)
    assert done(school, "A", "zoe") == done(school, "A", "ana") == [U1]


def test_what_came_along_later_is_taken_back_with_its_origin(visits: Visits) -> None:
    school = visits.school
    (made,) = record(school, "B", "zoe", U1)
    school.publish(next_version(2))  # type: ignore[arg-type]
    school.tick()
    school.publish(next_version(3))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    visit(visits)
    move(school, "A", "3.0")
    assert done(school, "A", "zoe") == [U1]
    take_back(school, "B", made)
    assert done(school, "A", "zoe") == []
    visit(visits)
    assert done(school, "A", "zoe") == []
    check_judgements(school)


def photographed(visits: Visits) -> uuid.UUID:
    """Let what A recorded of ana rest on a photo; return the file."""
    seat = teacher(visits, "A")
    with visits.school.transaction() as db:
        ana = visits.school.person(db, "ana").id
    page = seat.get(f"course/people/{ana}").follow("Add files")
    assert seat.upload(*page.filled("add"), ("weld.jpg", files.photo())).status == 200
    with visits.school.transaction() as db:
        return db.scalars(sa.select(EvidenceFile.id)).one()


def shown(page: Page, file: uuid.UUID) -> bool:
    """Whether a page leads to a file that then opens."""
    found = [one.href for one in page.read.anchors if one.href.endswith(f"evidence/{file}")]
    return bool(found) and page.visit.get(found[0], base=page.path).status == 200


@on_each_database
def test_the_files_of_a_judgement_are_behind_it_in_every_version(visits: Visits) -> None:
    """Course A goes 1, 2, 3, and B goes from 1 to 3 at once, before A does."""
    school = visits.school
    visits.open("ana", unit=U1, course="B", link="B")
    file = photographed(visits)
    for number in (2, 3):
        school.publish(next_version(number))  # type: ignore[arg-type]
        school.tick()
    with school.transaction() as db:
        ana = school.person(db, "ana").id

    def seen(course: str) -> tuple[bool, bool]:
        learner = visits.open("ana", unit=U1, course=course, link=course)
        return (
            shown(learner.get("data"), file),
            shown(teacher(visits, course).get(f"course/people/{ana}"), file),
        )

    assert (seen("A"), seen("B")) == ((True, True), (True, False))
    move(school, "A", "2.0")
    assert (seen("A"), seen("B")) == ((True, True), (True, False))
    move(school, "B", "3.0")
    assert (seen("A"), seen("B")) == ((True, True), (True, False))
    move(school, "A", "3.0")
    assert (seen("A"), seen("B")) == ((True, True), (True, False))
    refused = teacher(visits, "B").get(f"course/evidence/{file}")
    assert refused.status == 404, "it is the other course's"
    page = teacher(visits, "A").get(f"course/people/{ana}").follow("Remove")
    assert page.submit("remove").status == 200
    with school.transaction() as db:
        for table in (EvidenceFile, EvidenceContent, EvidenceBytes):
            assert db.scalars(sa.select(table)).all() == []


def test_a_file_of_the_version_of_before_can_be_removed_where_it_is_shown(visits: Visits) -> None:
    """What stayed with the record of before, as of a learner who was away when the course moved."""
    school = visits.school
    file = photographed(visits)
    with school.transaction() as db:
        course = offer(db, "A").course_id
        db.get_one(CourseMember, (course, school.person(db, "ana").id)).left_at = school.now
        made = db.scalars(sa.select(CompletionRecord.id)).one()
    school.publish(next_version(2))  # type: ignore[arg-type]
    move(school, "A", "2.0")
    with school.transaction() as db:
        kept = sa.update(EvidenceFile).values(record_id=made)
        db.execute(kept)
        ana = school.person(db, "ana").id
    page = teacher(visits, "A").get(f"course/people/{ana}")
    assert shown(page, file)
    assert page.follow("Remove").submit("remove").status == 200


def test_what_was_drawn_to_be_looked_at_again_goes_with_the_judgement(visits: Visits) -> None:
    school = visits.school
    visits.open("ana", unit=U1, course="B", link="B")
    with school.transaction() as db:
        made = db.scalars(sa.select(CompletionRecord)).one()
        body = made.version.series.organisation_id
        db.add(ModerationSample(record_id=made.id, organisation_id=body, drawn_at=school.now))
    for number in (2, 3):
        school.publish(next_version(number))  # type: ignore[arg-type]
        school.tick()
    for course, version in (("A", "2.0"), ("B", "3.0"), ("A", "3.0")):
        move(school, course, version)
    with school.transaction() as db:
        assert db.scalars(sa.select(ModerationSample)).one().record.version.version == "3.0"
