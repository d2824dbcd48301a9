"""The certification guide's lists for Names and Roles (6.3) and Assignment and Grades (6.4).

Source: 1EdTech, LTI Advantage Conformance Certification Guide 1.3, section 6; each test has the
name of its entry. The LMS takes no other media type, token or time stamp than the specification's,
so what it answers proves what it was sent.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from badges import samples
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Role, Scope, User
from lti_tool.lti import grades, line_items, roster
from lti_tool.lti.grades import LineItem
from lti_tool.lti.service_calls import Caller
from lti_tool.models import Course, LaunchSession
from tests.factories.gradebooks import Teaching, teaching

WLD = samples.welding()
UNIT = WLD.units[0].code


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now, ags=AgsSetting.LINE_ITEMS) as served:
        served.lms.enrol(served.lms.add_user("Tea", "Cher"), served.course, Role.TEACHER)
        yield served


@pytest.fixture
def student(course: Teaching) -> User:
    return course.enrol("Ana")


def caller(course: Teaching) -> Caller:
    courier = course.courier
    return Caller(
        courier.database,
        courier.outbound,
        courier.encryption,
        course.school.registration_id,
        course.school.now,
    )


def container(course: Teaching) -> line_items.Container:
    scopes = frozenset(map(str, AgsSetting.LINE_ITEMS.scopes))
    return line_items.Container(course.school.registration_id, course.line_items_url, scopes)


def scopes_asked_for(course: Teaching) -> list[tuple[Scope, ...]]:
    return [request.scopes for request in course.lms.token_log]


# 6.3 Names and Roles


def test_launch_with_the_names_and_roles_claim(course: Teaching) -> None:
    launch = course.teach()
    with course.school.transaction() as db:
        found: Course = db.get_one(LaunchSession, launch).course
        assert found.roster_url == course.roster_url


def test_names_and_roles_request_is_seen(course: Teaching, student: User) -> None:
    found = roster.read(
        caller(course), roster.Service(course.school.registration_id, course.roster_url)
    )
    assert len(course.lms.roster_log) == 1
    assert student.id in {member.user_id for member in found.members}


def test_names_and_roles_request_has_its_accept_header_and_a_bearer(course: Teaching) -> None:
    """The LMS answers 400 to another media type, and 401 to no bearer."""
    assert roster.MEDIA_TYPE == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    found = roster.read(
        caller(course), roster.Service(course.school.registration_id, course.roster_url)
    )
    assert found.members


def test_names_and_roles_token_has_its_scope_and_no_other(course: Teaching) -> None:
    course.teach()
    assert scopes_asked_for(course) == [(Scope.MEMBERSHIPS,)]


# 6.4 Assignment and Grades


def test_student_launch(course: Teaching, student: User) -> None:
    launch = course.arrive(student, UNIT)
    with course.school.transaction() as db:
        link = db.get_one(LaunchSession, launch).link
        assert link.line_item_url == course.line_item(UNIT)
        assert link.line_items_url == course.line_items_url


def test_create_line_item(course: Teaching) -> None:
    wanted = line_items.Wanted(
        label="Extra",
        maximum=Decimal("12.5"),
        resource_id="extra/1",
        tag="more",
        resource_link_id=course.links[WLD.units[1].code].id,
    )
    made = line_items.create(caller(course), container(course), wanted)
    assert [item.label for item in course.lms.gradebook.items(course.course.id)][-1] == "Extra"
    assert made.document["scoreMaximum"] == 12.5
    assert scopes_asked_for(course) == [(Scope.LINE_ITEM,)]


def test_read_line_items(course: Teaching) -> None:
    """All of them, by filter, and one; with a token that can only read."""
    everything = line_items.find(caller(course), container(course), {})
    assert len(everything) == len(course.links)
    filters = {"resource_link_id": course.links[UNIT].id}
    (own,) = line_items.find(caller(course), container(course), filters)
    assert own.url == course.line_item(UNIT)
    one = line_items.fetch(caller(course), container(course), own.url)
    assert one is not None
    assert one.document == own.document
    assert scopes_asked_for(course) == [(Scope.LINE_ITEM_READONLY,)]


def test_update_line_item(course: Teaching) -> None:
    filters = {"resource_link_id": course.links[UNIT].id}
    (own,) = line_items.find(caller(course), container(course), filters)
    line_items.change(caller(course), own, {"label": "Renamed"})
    item = course.lms.line_item_of(course.links[UNIT])
    assert item is not None, "still on its link"
    assert item.label == "Renamed"


def test_post_score(course: Teaching, student: User) -> None:
    course.arrive(student, UNIT)
    course.assess(student, UNIT, points=90)
    course.deliver()
    (sent,) = course.log
    assert sent.body is not None
    assert sent.content_type == "application/vnd.ims.lis.v1.score+json"
    assert sent.body["userId"] == student.id
    assert sent.body["scoreMaximum"] > 0
    assert datetime.fromisoformat(sent.body["timestamp"]).tzinfo is not None
    assert (sent.status, scopes_asked_for(course)) == (200, [(Scope.SCORE,)])


def test_read_results(course: Teaching, student: User) -> None:
    course.lms.override_grade(course.links[UNIT], student, 42)
    column = LineItem(course.school.registration_id, course.line_item(UNIT), frozenset())
    found = grades.read_results(caller(course), column)
    assert found == {student.id: grades.Result(Decimal(42), Decimal(100), None)}
    assert scopes_asked_for(course) == [(Scope.RESULT_READONLY,)]


def test_deleted_line_item_is_none(course: Teaching) -> None:
    item = course.lms.line_item_of(course.links[UNIT])
    assert item is not None
    url = course.line_item(UNIT)
    course.lms.gradebook.remove(item)
    assert line_items.fetch(caller(course), container(course), url) is None
