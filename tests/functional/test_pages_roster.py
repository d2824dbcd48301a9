"""The list of learners on the teacher's page: its age, refreshing it, who is new and who left."""

from collections.abc import Iterator

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, Role
from lti_tool.tool import Tool
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.visits import Visit, Visits

U3 = samples.welding().units[2].code


@pytest.fixture
def course(app: Flask, database: Database) -> Iterator[Teaching]:
    tool: Tool = app.extensions["credlet"]
    with teaching(database, clock.now(), clock=clock.now) as served:
        served.school.encryption = tool.encryption
        served.lms.enrol(served.lms.add_user("Tea", "Cher"), served.course, Role.TEACHER)
        yield served


@pytest.fixture
def teacher(app: Flask, course: Teaching) -> Visit:
    return Visits(app, course.school).open(
        "olha",
        teacher=True,
        unit=U3,
        link=course.links[U3].id,
        course=course.course.id,
        line_item=course.line_item(U3),
        roster=course.roster_url,
    )


def test_the_list_is_refreshed_and_says_how_old_it_is_and_what_is_new(
    course: Teaching, teacher: Visit
) -> None:
    course.enrol("Ana"), course.enrol("Ben")
    page = teacher.get("course")
    assert "was not read from your learning platform yet" in page.text
    page = page.submit("roster")
    assert "The list of learners was read. 2 learners are new." in page.text
    assert "as of 0 seconds ago" in page.text or "second" in page.text
    assert "2 learners · 0 were here" in page.text
    assert page.text.count("has not opened anything yet") == 2
    assert "Moodle lists non-editing teachers as learners" in page.text


def test_somebody_who_never_came_has_a_page_and_is_signed_off(
    course: Teaching, teacher: Visit
) -> None:
    course.enrol("Ana")
    page = teacher.get("course").submit("roster")
    person = page.follow("Ana")
    assert "Has not opened anything here yet" in person.text
    unit = teacher.get(f"course/units/{U3}?tick=open")
    done = unit.submit("record", evidence="seen in the workshop")
    assert "Recorded for 1 learner." in done.text


def test_who_left_is_shown_as_gone_and_not_ticked(course: Teaching, teacher: Visit) -> None:
    ana = course.enrol("Ana")
    course.enrol("Ben")
    page = teacher.get("course").submit("roster")
    course.lms.suspend(ana, course.course)
    page = page.submit("roster")
    assert "One left the course; the records stay." in page.text
    assert "left the course" in page.follow("Ben").follow("Back to the course").text
    assert "no longer lists this person" in teacher.get("course").follow("Ana").text
    unit = teacher.get(f"course/units/{U3}?tick=open").submit("record")
    assert "Recorded for 1 learner." in unit.text
    course.lms.suspend(ana, course.course, is_suspended=False)
    assert "One is back." in page.submit("roster").text


def test_a_list_that_cannot_be_read_says_so_and_stays(course: Teaching, teacher: Visit) -> None:
    course.enrol("Ana")
    page = teacher.get("course").submit("roster")
    course.lms.faults.add(Endpoint.MEMBERS, Fault(500))
    page = page.submit("roster")
    assert "The list of learners could not be read. What was read before stays." in page.text
    assert "could not be reached, or had an error" in page.text
    assert "Ana Learner" in page.text


def test_a_platform_that_shares_no_list_is_named_with_the_remedy(
    app: Flask, course: Teaching
) -> None:
    teacher = Visits(app, course.school).open(
        "olha", teacher=True, unit=U3, link=course.links[U3].id, course=course.course.id
    )
    page = teacher.get("course")
    assert "does not share its list of learners" in page.text
    assert not page.has_form("roster")


def test_a_list_without_learners_says_so_and_what_to_do(course: Teaching, teacher: Visit) -> None:
    page = teacher.get("course").submit("roster")
    assert "The list of learners was read." in page.text
    for path in ("course", f"course/units/{U3}"):
        said = teacher.get(path).text
        assert "names no learners in this course yet. Enrol them there" in said
        assert "Nobody has opened this activity yet" not in said
