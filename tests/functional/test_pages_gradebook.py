"""The teacher's page about the LMS's gradebook: read the grades now, and what stands there."""

from collections.abc import Iterator

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, User
from lti_tool.tool import Tool
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.visits import Visit, Visits

U1, U2, *_ = (unit.code for unit in samples.welding().units)
PAGE = "Gradebook of your learning platform"


@pytest.fixture
def course(app: Flask, database: Database) -> Iterator[Teaching]:
    tool: Tool = app.extensions["credlet"]
    with teaching(database, clock.now(), clock=clock.now) as served:
        served.school.encryption = tool.encryption
        yield served


@pytest.fixture
def ana(course: Teaching) -> User:
    return course.learner("Ana", U1)


@pytest.fixture
def teacher(app: Flask, course: Teaching, ana: User) -> Visit:
    return Visits(app, course.school).open(
        "olha",
        teacher=True,
        unit=U1,
        link=course.links[U1].id,
        course=course.course.id,
        line_item=course.line_item(U1),
    )


def test_the_button_reads_the_grades_and_says_what_came_of_it(
    course: Teaching, teacher: Visit, ana: User
) -> None:
    page = teacher.get().follow(PAGE)
    assert "Not read yet" in page.text
    page = page.submit("read")
    assert "No grade is new." in page.text
    assert "No grade by a teacher" in page.text
    course.grade_by_hand(ana, U1, 90)
    page = page.submit("read")
    assert "One new grade completes a unit." in page.text
    assert "1 grade by a teacher" in page.text
    person = page.follow("Back to the course").follow(ana.given_name)
    assert "graded in the gradebook of the learning platform: 90 of 100" in person.text
    assert "read when a teacher asked" in person.text
    assert "90 of 100 points in the gradebook of the learning platform (needed: 80)" in person.text


def test_a_lowered_grade_is_asked_about_until_it_is_left(
    course: Teaching, teacher: Visit, ana: User
) -> None:
    course.grade_by_hand(ana, U1, 90)
    teacher.get().follow(PAGE).submit("read")
    course.grade_by_hand(ana, U1, 40)
    page = teacher.get().follow(PAGE).submit("read")
    assert "One changed grade completes nothing." in page.text
    page = teacher.get("course")
    assert "The gradebook says 40 of 100" in page.text
    assert "The unit stays completed." in page.text
    assert "Every record" in page.follow("See the results").text
    page = page.submit("settle")
    assert "Left as it is." in page.text
    assert "The gradebook says" not in page.text


def test_a_column_that_cannot_be_read_is_named_with_the_reason(
    course: Teaching, teacher: Visit
) -> None:
    course.lms.faults.add(Endpoint.RESULTS, Fault(503))
    page = teacher.get().follow(PAGE).submit("read")
    assert "One column could not be read." in page.text
    assert "Your learning platform could not be reached, or had an error." in page.text
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    course.lms.gradebook.remove(item)
    page = page.submit("read")
    assert "The column was deleted in your learning platform." in page.text


def test_a_link_without_a_column_says_what_to_do(app: Flask, course: Teaching) -> None:
    teacher = Visits(app, course.school).open(
        "olha",
        teacher=True,
        unit=U2,
        link=course.links[U2].id,
        course=course.course.id,
        line_item=None,
    )
    page = teacher.get("course/gradebook")
    assert "It has no column: results stay here." in page.text
    assert "switch its grade on" in page.text
    assert not page.has_form("read")


def test_numbers_in_the_address_are_only_numbers(teacher: Visit) -> None:
    page = teacher.get("course/gradebook?done=read&enough=²&below=-1&unread=x&later=9999999999")
    assert page.status == 200
    assert "No grade is new." in page.text
