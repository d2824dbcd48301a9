"""The teacher's page of units that the LMS opens after its own check."""

from datetime import timedelta

import pytest
from flask import Flask

from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from tests.factories.visits import Visit, Visits

SAFETY, READING = "BEM-S-WLD1-U1", "BEM-S-WLD1-U2"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    teacher = visits.open("olha", teacher=True, unit=SAFETY)
    visits.school.set_route(teacher.id, READING, Route.UNLOCKED, "quiz <b>passed</b>")
    return teacher


def test_the_course_leads_to_the_page_once_a_unit_rests_on_a_restriction(
    visits: Visits, teacher: Visit
) -> None:
    page = teacher.get("course").follow("Who came through")
    assert page.status == 200
    assert "quiz &lt;b&gt;passed&lt;/b&gt;" in page.html
    assert "0 of 0 learners" in page.text
    assert "Nobody has come through yet" in page.text
    assert "none was opened yet" in page.text
    assert "Who came through" in teacher.get(f"course/units/{READING}").text
    assert "Who came through" not in teacher.get(f"course/units/{SAFETY}").text


def test_who_came_through_is_listed_once_with_the_time_and_the_activity(
    visits: Visits, teacher: Visit
) -> None:
    visits.open("ana", unit=SAFETY)
    for _ in range(2):
        visits.open("bo", unit=READING, link="reading", title="Reading drawings")
    page = teacher.get("course/restrictions")
    assert "1 of 2 learners" in page.text
    assert "Reading drawings" in page.text
    rows = page.html.split("<tbody")[1].split("</tbody>")[0]
    assert "Bo" in rows
    assert "Ana" not in rows
    assert rows.count("<time") == 1
    assert "cannot be seen from here" in page.text
    assert "Restrict access" in page.text


def test_a_record_taken_back_stays_in_the_list_and_is_not_counted(
    visits: Visits, teacher: Visit
) -> None:
    visits.open("bo", unit=READING, link="reading")
    person = teacher.get("course/restrictions").follow("Bo")
    person.follow("Take back").submit("retract", reason="the restriction was missing")
    page = teacher.get("course/restrictions")
    assert "taken back" in page.text
    assert "0 of 1 learners" in page.text


def test_a_teacher_who_looks_as_a_learner_has_not_come_through(
    visits: Visits, teacher: Visit
) -> None:
    visits.open("olha", unit=READING, link="reading")
    assert "Nobody has come through yet" in teacher.get("course/restrictions").text


def test_a_course_without_such_units_says_where_to_choose_one(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, unit=SAFETY)
    assert "Who came through" not in teacher.get("course").text
    page = teacher.get("course/restrictions")
    assert "No unit of this course is opened by your learning platform" in page.text


def test_arrivals_in_another_course_are_not_shown(visits: Visits, teacher: Visit) -> None:
    other = visits.open("mira", teacher=True, unit=READING, course="other", link="there")
    visits.school.set_route(other.id, READING, Route.UNLOCKED, "chemistry")
    visits.open("bo", unit=READING, course="other", link="there")
    page = teacher.get("course/restrictions")
    assert "Bo" not in page.text
    assert "chemistry" not in page.text
