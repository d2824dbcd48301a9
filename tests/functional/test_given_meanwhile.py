"""An award that waits in one course and is given by what another records: its teachers are told."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, PendingAward
from tests.factories.databases import on_each_database
from tests.factories.visits import Visit, Visits

SAFETY = "BEM-S-WLD1-U1"
OTHER: dict[str, Any] = {"course": "other", "link": "there"}
TOLD = "1 award that waited here was given meanwhile by what was recorded in another course."


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=3))


@pytest.fixture
def strict(visits: Visits) -> Visit:
    """The teacher of a course in which one confirms, and in which Ana's award waits."""
    teacher = visits.open("olha", teacher=True, unit=SAFETY)
    page = teacher.get("course").follow("Settings of this course")
    page.submit("settings", confirmations="1")
    visits.open("ana")
    visits.open("ana", **OTHER)
    visits.school.complete(teacher.id, "ana", visits.mc)
    visits.school.tick(minutes=10)
    assert "1 award waits for a confirmation." in teacher.get("course").text
    return teacher


@pytest.fixture
def lax(visits: Visits, strict: Visit) -> Visit:
    return visits.open("petra", teacher=True, unit=SAFETY, **OTHER)


def award(visits: Visits) -> Award | None:
    return visits.school.award("ana", visits.mc.code)


def give(visits: Visits, lax: Visit) -> None:
    visits.school.assess(lax.id, "ana", visits.mc.code, SAFETY, points=99)
    assert award(visits) is not None


@on_each_database
def test_teachers_where_it_waited_are_told_until_they_have_seen_it(
    visits: Visits, strict: Visit, lax: Visit
) -> None:
    stale = strict.get("course/confirmations")
    give(visits, lax)
    course = strict.get("course")
    assert TOLD in course.text
    assert "waits for a confirmation" not in course.text
    assert TOLD not in lax.get("course").text
    page = strict.get("course/confirmations")
    assert "Ana given on" in page.text
    for secret in ("99", "Petra", "Course other"):
        assert secret not in page.text
    assert not page.has_form("confirm")
    late = stale.submit("confirm")
    assert "has got the award" not in late.text  # nothing was left to confirm
    assert "waits for another teacher" not in late.text
    given = award(visits)
    assert given is not None
    assert not given.confirmed_by
    seen = page.submit("seen", act="seen")
    assert "Given meanwhile" not in seen.text
    assert TOLD not in strict.get("course").text
    assert award(visits) is not None


@on_each_database
def test_what_was_declined_and_is_given_by_something_new_is_told_as_well(
    visits: Visits, strict: Visit, lax: Visit
) -> None:
    page = strict.get("course/confirmations")
    page.submit("confirm", act="decline", reason="Not yet")
    visits.school.tick(hours=4)
    give(visits, lax)
    page = strict.get("course/confirmations")
    assert "Given meanwhile" in page.text
    assert "Not yet" not in page.text


def test_an_award_that_is_taken_away_waits_nowhere(
    visits: Visits, strict: Visit, lax: Visit
) -> None:
    give(visits, lax)
    given = award(visits)
    assert given is not None
    page = lax.get(f"course/awards/{given.id}")
    page.submit("revoke", sure="1", reason="Another person's work")
    assert award(visits) is None
    for teacher in (strict, lax):
        assert "Nobody is waiting." in teacher.get("course/confirmations").text
    with visits.school.transaction() as db:
        assert db.query(PendingAward).count() == 0


def test_what_this_course_gives_itself_is_no_news(visits: Visits, strict: Visit) -> None:
    strict.get("course/confirmations").submit("confirm")
    assert award(visits) is not None
    assert "Given meanwhile" not in strict.get("course/confirmations").text
    with visits.school.transaction() as db:
        assert db.query(PendingAward).count() == 0


def test_what_was_said_there_is_not_kept_beside_the_award(
    visits: Visits, strict: Visit, lax: Visit
) -> None:
    """Should it wait again, nobody's old "no" and no old confirmation counts."""
    strict.get("course/confirmations").submit("confirm", act="decline", reason="Not yet")
    visits.school.tick(hours=4)
    give(visits, lax)
    with visits.school.transaction() as db:
        row = db.query(PendingAward).one()
        assert (row.confirmed_by, row.declined_at, row.declined_reason) == ([], None, None)
    ana = visits.open("ana")
    assert "Claim your badge" in ana.get().text
    assert "Not yet" not in ana.get("data").text
