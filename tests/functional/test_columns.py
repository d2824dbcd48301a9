"""Gradebook columns that are missing, deleted or doubled: found again, or made, with the scores.

Spec: LTI Assignment and Grade Services 2.0, section 3.2. The LMS behaves as Moodle 4.5 does.
"""

import io
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from flask import Flask
from werkzeug.wrappers import Request, Response

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, LineItem, Role, User
from lti_tool.lti import line_items
from lti_tool.lti.service_calls import Caller
from lti_tool.models import ResourceLink
from lti_tool.services.lms import columns
from lti_tool.services.lms.columns import Repair
from lti_tool.tool import Tool
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.visits import Visit, Visits

WLD = samples.welding()
U1, U2, *_ = (unit.code for unit in WLD.units)
REFERENCE = f"{WLD.awarding_body.slug}/{WLD.code}"
ALL_SCOPES = frozenset(map(str, AgsSetting.LINE_ITEMS.scopes))
READING_SCOPES = frozenset(map(str, AgsSetting.SCORES.scopes))


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now, ags=AgsSetting.LINE_ITEMS) as served:
        yield served


def ana(course: Teaching, **claims: Any) -> User:
    user = course.lms.add_user("Ana", "Learner")
    course.lms.enrol(user, course.course, Role.LEARNER)
    course.arrive(user, U1, **claims)
    return user


def items(course: Teaching) -> list[LineItem]:
    return [
        item
        for item in course.lms.gradebook.items(course.course.id)
        if item.link_id == course.links[U1].id
    ]


def link_of(course: Teaching) -> ResourceLink:
    with course.school.transaction() as db:
        return db.query(ResourceLink).filter_by(resource_link_id=course.links[U1].id).one()


def repair(course: Teaching) -> Repair:
    return columns.repair(course.courier, link_of(course).id, "Safety", "person:tea").repair


def test_a_column_that_is_there_is_left_with_its_label_and_maximum_and_marked(
    course: Teaching,
) -> None:
    (item,) = items(course)
    course.lms.gradebook.change(item, label="Safety <b>&</b> co", maximum=15)
    ana(course)
    assert repair(course) is Repair.PRESENT
    (item,) = items(course)
    assert (item.label, item.maximum) == ("Safety <b>&</b> co", 15)
    assert (item.resource_id, item.tag) == (f"{REFERENCE}#{U1}", "unit")
    assert item.link_id == course.links[U1].id, "a change without its link would cut it off"


EXTRA = {
    "submissionReview": {"reviewableStatus": ["Completed"], "custom": {"a": "b"}},
    "https://lms.example/weight": {"factor": 0.5, "notes": [None, "ü"]},
    "gradesReleased": False,
}


def test_whatever_else_the_lms_says_of_a_column_is_sent_back(
    database: Database, now: datetime
) -> None:
    """A platform forgets what a change leaves out. A list of columns may say less than a column."""
    sent: list[dict[str, Any]] = []

    def telling_more(lms: WSGIApplication) -> WSGIApplication:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            request = Request(environ)
            if request.path.endswith("/lineitem") and request.method == "PUT":
                sent.append(json.loads(request.get_data()))
                environ["wsgi.input"] = io.BytesIO(request.get_data())
            response = Response.from_app(lms, environ)
            if request.path.endswith("/lineitem") and request.method == "GET":
                response.set_data(json.dumps({**json.loads(response.get_data()), **EXTRA}))
            return response(environ, start)

        return answer

    with teaching(database, now, ags=AgsSetting.LINE_ITEMS, before=telling_more) as course:
        ana(course)
        assert repair(course) is Repair.PRESENT
        ana(course, line_item=None)
        course.lms.gradebook.change(items(course)[0], resource_id="", tag="")
        assert repair(course) is Repair.FOUND
        assert len(sent) == 2
        for document in sent:
            assert {name: document[name] for name in EXTRA} == EXTRA
            assert document["resourceLinkId"] == course.links[U1].id
            assert document["resourceId"] == f"{REFERENCE}#{U1}"


def test_a_deleted_column_is_made_again_and_gets_the_scores(course: Teaching) -> None:
    user = ana(course)
    course.assess(user, U1, points=85)
    course.deliver()
    course.lms.gradebook.remove(items(course)[0])
    assert repair(course) is Repair.MADE
    (item,) = items(course)
    assert (item.label, item.maximum, item.tag) == ("Safety", 100, "unit")
    course.wait(seconds=1)
    course.deliver()
    assert course.grade(user, U1).score == 85  # type: ignore[union-attr]


def test_a_link_that_never_had_a_column_gets_one(course: Teaching) -> None:
    course.lms.gradebook.remove(items(course)[0])
    user = ana(course)
    assert link_of(course).line_item_url is None
    course.assess(user, U1, points=85)
    assert repair(course) is Repair.MADE
    course.deliver()
    assert course.grade(user, U1).score == 85  # type: ignore[union-attr]
    course.arrive(user, U1)
    assert link_of(course).own_line_item_url is None, "from now on the launch names it"


def test_a_second_column_hides_the_first_and_ours_is_found(course: Teaching) -> None:
    """Moodle names no column in a launch as soon as a link has two."""
    (first,) = items(course)
    course.lms.gradebook.change(first, resource_id=f"{REFERENCE}#{U1}", tag="unit")
    course.lms.gradebook.add(
        course.course.id, first.client_id, "Another", 10, link_id=first.link_id
    )
    user = ana(course)
    assert link_of(course).line_item_url is None
    assert repair(course) is Repair.FOUND
    assert f"/lineitems/{first.id}/" in str(link_of(course).line_item_url)
    course.arrive(user, U1)
    assert f"/lineitems/{first.id}/" in str(link_of(course).line_item_url), "the next launch too"
    course.assess(user, U1, points=85)
    course.deliver()
    grade = course.lms.gradebook.grade(first, user.id)
    assert grade is not None
    assert grade.score == 85


def test_a_column_of_its_own_that_is_marked_as_ours_is_found(course: Teaching) -> None:
    (item,) = items(course)
    course.lms.gradebook.remove(item)
    loose = course.lms.gradebook.add(
        course.course.id,
        item.client_id,
        "Safety",
        100,
        resource_id=f"{REFERENCE}#{U1}",
        tag="unit",
    )
    ana(course)
    assert repair(course) is Repair.FOUND
    assert f"/lineitems/{loose.id}/" in str(link_of(course).line_item_url)


@pytest.mark.parametrize(
    "claims", [{"line_items": None, "line_item": None}, {"scopes": READING_SCOPES}]
)
def test_where_nothing_may_be_made_the_teacher_is_told(
    course: Teaching, claims: dict[str, Any]
) -> None:
    course.lms.gradebook.remove(items(course)[0])
    ana(course, **claims)
    assert repair(course) is Repair.NOT_ALLOWED
    assert items(course) == []


def test_a_platform_that_cannot_be_asked_is_a_failure_with_its_code(course: Teaching) -> None:
    course.lms.update_tool(course.links[U1].client_id, ags=AgsSetting.NONE)
    ana(course)
    found = columns.repair(course.courier, link_of(course).id, "Safety", "person:tea")
    assert (found.repair, found.failure) == (Repair.FAILED, "scope_refused")


# The certification guide's list for Assignment and Grades (section 6.4): free use


def caller(course: Teaching) -> tuple[Caller, line_items.Container]:
    courier = course.courier
    container = line_items.Container(
        course.school.registration_id, course.line_items_url, ALL_SCOPES
    )
    made = Caller(
        courier.database,
        courier.outbound,
        courier.encryption,
        course.school.registration_id,
        course.school.now,
    )
    return made, container


def test_create_line_item_then_find_it_by_resource_id_and_tag(course: Teaching) -> None:
    asked, container = caller(course)
    wanted = line_items.Wanted(
        label="Extra",
        maximum=samples.welding().hours or 1,  # type: ignore[arg-type]
        resource_id="extra/1",
        tag="more",
        resource_link_id=course.links[U2].id,
    )
    made = line_items.create(asked, container, wanted)
    assert "type_id=1" in made.url
    filters = {"resource_id": "extra/1", "tag": "more"}
    assert [one.url for one in line_items.find(asked, container, filters)] == [made.url]
    assert line_items.find(asked, container, {"resource_id": "extra/2"}) == []


def test_update_line_item_sends_back_all_that_was_there(course: Teaching) -> None:
    asked, container = caller(course)
    ours = line_items.find(asked, container, {"resource_link_id": course.links[U1].id})
    line_items.change(asked, ours[0], {"scoreMaximum": 50})
    (item,) = items(course)
    assert (item.maximum, item.label) == (50, course.links[U1].title)


# The teacher's page


@pytest.fixture
def real_course(app: Flask, database: Database) -> Iterator[Teaching]:
    tool: Tool = app.extensions["credlet"]
    with teaching(database, clock.now(), clock=clock.now, ags=AgsSetting.LINE_ITEMS) as served:
        served.school.encryption = tool.encryption
        yield served


def teacher_of(app: Flask, course: Teaching, **claims: Any) -> Visit:
    given = {
        "line_item": None,
        "line_items": course.line_items_url,
        "scopes": ALL_SCOPES,
        "link": course.links[U1].id,
        "course": course.course.id,
        **claims,
    }
    return Visits(app, course.school).open("olha", teacher=True, unit=U1, **given)


def test_the_page_finds_or_makes_a_missing_column(app: Flask, real_course: Teaching) -> None:
    real_course.lms.gradebook.remove(items(real_course)[0])
    teacher = teacher_of(app, real_course)
    page = teacher.get("course/gradebook")
    assert "It has no column: results stay here." in page.text
    page = page.submit("column")
    assert "so one was added to the gradebook" in page.text
    assert "A teacher connected it on this page." in page.text
    assert len(items(real_course)) == 1


def test_a_column_that_was_chosen_and_is_missing_is_named_as_missing(
    app: Flask, real_course: Teaching
) -> None:
    page = teacher_of(app, real_course, column="yes").get("course/gradebook")
    assert "Its column is missing, so scores do not arrive there." in page.text


def test_the_page_says_what_to_do_where_none_can_be_made(app: Flask, real_course: Teaching) -> None:
    real_course.lms.gradebook.remove(items(real_course)[0])
    page = teacher_of(app, real_course, scopes=READING_SCOPES).get("course/gradebook")
    page = page.submit("column")
    assert "your learning platform does not let Credlet add one" in page.text
    page = teacher_of(app, real_course, line_items=None).get("course/gradebook")
    assert not page.has_form("column")
    assert "switch its grade on" in page.text


def test_an_activity_of_no_course_of_mine_has_no_column_here(
    app: Flask, real_course: Teaching
) -> None:
    teacher = teacher_of(app, real_course)
    page = teacher.get("course/gradebook")
    form = page.form("column")
    answer = teacher.client.post(
        f"/launches/{teacher.id}/course/links/{uuid.uuid4()}/column",
        data={one.name: one.value for one in form.fields if one.name},
    )
    assert answer.status_code == 404
