"""Deviations of Moodle 4.5 at launch, and what the tool makes of each."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import MOODLE, Role
from lti_tool.demo.world import PARTICIPATION, World
from lti_tool.lti import tool_configuration
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.models import Course, CourseMember, ResourceLink
from lti_tool.web import lti
from tests.factories.gradebooks import teaching
from tests.factories.launches import Visitor, refusal_code, sessions_of
from tests.factories.quirks import all_that_is_stored, select, world_of
from tests.factories.visits import landed

BASIC_OUTCOME = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of(tmp_path_factory.mktemp("world"), MOODLE) as made:
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as made:
        yield made


def test_forms_are_posted_again(world: World, browser: Browser) -> None:
    browser.login(world.people.learners[0].id)
    browser.get(f"{world.lms_url}/lms/launch/{world.links[PARTICIPATION].id}")
    cookies = browser.session.cookies.copy()
    browser.session.cookies.clear(domain=urlsplit(world.lms_url).hostname)
    page = browser.submit("ltiInitiateLoginForm")
    assert page.form("autopostme").fields, "the LMS asks for the form once more"
    browser.session.cookies.update(cookies)
    assert "Unit 2 of 5" in browser.settle().text


def test_hints_work_once(world: World, browser: Browser) -> None:
    browser.login(world.people.learners[0].id)
    browser.get(f"{world.lms_url}/lms/launch/{world.links[PARTICIPATION].id}")
    step = browser.page
    unit = browser.settle()
    launches = sessions_of(world.tool.database)
    assert browser.get(unit.url).status == 200, "to reload is to reload a page of ours"
    form = step.form("ltiInitiateLoginForm")
    fields = {field.name: field.value for field in form.fields if field.name}
    again = browser.post(form.action, fields)
    assert (again.status, urlsplit(again.url).netloc) == (404, urlsplit(world.lms_url).netloc)
    assert sessions_of(world.tool.database) == launches


def test_expired_visits_are_nobody(visitor: Visitor) -> None:
    query = parse_qs(urlsplit(visitor.begin(login_hint="0").response.location).query)
    assert query["login_hint"] == ["0"]
    assert query["lti_message_hint"] == ['{"launchid":"1"}']


def test_tokens_live_for_a_minute(visitor: Visitor) -> None:
    """A clock that is ahead here, or a slow network, does not end them at once."""
    begun = visitor.begin()
    made = clock.now() - timedelta(seconds=100)
    assert (
        visitor.send(begun, visitor.platform.sign(visitor.payload(begun, made))).status_code == 303
    )


@pytest.mark.parametrize("kind", [["CourseSection"], ["Group"], []])
def test_names_of_types_are_short(visitor: Visitor, kind: list[str]) -> None:
    context = {"id": "course-1", "title": "Course 1", "type": kind}
    page = landed(visitor.client, visitor.launch(context=context, roles=["Instructor"]))
    assert page.status == 200
    assert "course" in page.path or "choose" in page.path, "it is a teacher's page"


def test_titles_lose_their_markup(world: World, browser: Browser) -> None:
    typed = "Badge quiz <b>&</b> co"
    link = world.lms.add_link(world.course, typed, {"mc": "no/such"})
    column = world.lms.line_item_of(link)
    assert column is not None
    assert column.label == typed
    page = browser.launch(link.id, world.people.teacher.id)
    assert page.status == 200
    with world.tool.database.transaction(read_only=True) as db:
        row = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id=link.id)).one()
        assert row.title == "Badge quiz & co"
        assert f"/{column.id}/" in (row.line_item_url or "")


def test_tutors_are_listed_as_learners(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        tutor = course.enrol("Tadeusz", Role.TUTOR)
        course.teach()
        course.teach(tutor.id)
        with course.school.transaction() as db:
            member = db.scalars(
                sa.select(CourseMember).join(CourseMember.person).filter_by(sub=tutor.id)
            ).one()
            assert member.is_tester


def test_teachers_can_play_learners(world: World, browser: Browser) -> None:
    second = world.people.second_teacher
    browser.launch(world.overview.id, second.id)
    browser.get(f"{world.lms_url}/lms/course/{world.course.id}")
    browser.submit("switch-role")
    page = browser.launch(world.links[PARTICIPATION].id)
    assert "Unit 2 of 5" in page.text
    with world.tool.database.transaction(read_only=True) as db:
        member = db.scalars(
            sa.select(CourseMember).join(CourseMember.person).filter_by(sub=second.id)
        ).one()
        assert member.is_tester


def test_personal_numbers_come_unasked(world: World, browser: Browser) -> None:
    numbered = world.lms.add_user("Mara", "Numbered", is_private=True, number="M-4711-0815")
    world.lms.enrol(numbered, world.course, Role.LEARNER)
    assert browser.launch(world.links[PARTICIPATION].id, numbered.id).status == 200
    stored = all_that_is_stored(world.tool.database)
    assert numbered.id in stored
    assert numbered.number not in stored
    assert "Numbered" not in stored


def test_return_addresses_hold_form_keys(world: World, browser: Browser) -> None:
    page = browser.launch(world.overview.id, world.people.learners[1].id)
    (back,) = (link.href for link in page.links if "/lms/return/" in link.href)
    (key,) = parse_qs(urlsplit(back).query)["sesskey"]
    assert key not in all_that_is_stored(world.tool.database)


def test_outcomes_of_lti_1_come_along(visitor: Visitor, database: Database) -> None:
    outcome = {"lis_result_sourcedid": '{"data":{}}', "lis_outcome_service_url": "https://x/y"}
    assert visitor.launch(**{BASIC_OUTCOME: outcome}).status_code == 303
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(ResourceLink)).one().line_item_url is None


def test_rosters_come_after_the_first_activity(tmp_path: Path) -> None:
    with world_of(tmp_path, MOODLE) as world, Browser(world.lms_url) as teacher:
        assert select(world, teacher).status == 200
        found = sa.select(Course).filter_by(context_id=world.empty_course.id)
        with world.tool.database.transaction(read_only=True) as db:
            assert db.scalars(found).one().roster_url is None
        teacher.settle()
        teacher.submit("save-content")
        teacher.launch(world.lms.links(world.empty_course)[0].id)
        with world.tool.database.transaction(read_only=True) as db:
            assert db.scalars(found).one().roster_url is not None


def test_the_sites_parameters_win(world: World, browser: Browser) -> None:
    """None of ours stands there, so that every link keeps its own."""
    platform = PlatformConfiguration(
        url="https://lms.example/c",
        issuer="https://lms.example",
        authorization_endpoint="https://lms.example/auth",
        token_endpoint="https://lms.example/token",
        key_set_url="https://lms.example/keys",
        registration_endpoint="https://lms.example/register",
        product_family="moodle",
        scopes=(),
        messages=(),
    )
    (tool,) = world.lms.tools()
    with world.app.test_request_context():
        ours = lti.addresses(uuid.uuid4())
    asked = tool_configuration.registration_request(ours, platform, "")
    assert asked[tool_configuration.TOOL_CONFIGURATION]["custom_parameters"] == {}
    assert tool_configuration.canvas(ours, "")["custom_fields"] == {}
    world.lms.update_tool(tool.client_id, custom={"unit": "no-such"})
    try:
        link = world.lms.add_link(world.course, "New", world.links[PARTICIPATION].custom)
        page = browser.launch(link.id, world.people.teacher.id)
        assert "no-such" in page.text, "the teacher is told which parameter names nothing"
    finally:
        world.lms.update_tool(tool.client_id, custom={})


def test_copies_have_new_ids(tmp_path: Path) -> None:
    with world_of(tmp_path, MOODLE) as world, Browser(world.lms_url) as teacher:
        select(world, teacher)
        teacher.settle()
        teacher.submit("save-content")
        originals = world.lms.links(world.empty_course)
        teacher.submit("copy-course")
        *_, copied = world.lms.courses()
        copies = world.lms.links(copied)
        assert {link.id for link in copies}.isdisjoint(link.id for link in originals)
        for link in copies[1:]:
            assert link.title in teacher.launch(link.id).text


def test_custom_keys_come_twice(visitor: Visitor, database: Database) -> None:
    page = landed(
        visitor.client, visitor.launch(custom={"MC": "x", "mc": "x", "Unit": "", "u": None})
    )
    assert page.status == 200


def test_unknown_variables_come_as_they_are(visitor: Visitor, database: Database) -> None:
    given = {"mc": "$User.image", "unit": "$ResourceLink.available.startDateTime"}
    visitor.launch(custom=given)
    with database.transaction(read_only=True) as db:
        link = db.scalars(sa.select(ResourceLink)).one()
        assert (link.placement_id, link.unknown_parameter) == (None, None)


def test_refusals_are_posted(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin()
    told = {"error": "access_denied", "error_description": "<b>you</b>", "state": begun.state}
    refused = visitor.post(told)
    assert refusal_code(refused) == "platform_error"
    assert "access_denied" in refused.text
    assert "you</b>" not in refused.text
    late = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert refusal_code(late) == "state_unknown"


def test_states_are_cleaned_of_tags(visitor: Visitor) -> None:
    states_seen = {visitor.begin().state for _ in range(20)}
    assert len(states_seen) == 20
    assert all(state.replace("-", "").replace("_", "").isalnum() for state in states_seen)


def test_reviews_name_anybody(tmp_path: Path) -> None:
    with world_of(tmp_path, MOODLE) as world, Browser(world.lms_url) as browser:
        ana, ben = world.people.learners[:2]
        link = world.links[PARTICIPATION]
        browser.launch(link.id, ana.id)
        browser.login(ben.id)
        browser.get(f"{world.lms_url}/lms/review/{link.id}?user={ana.id}")
        assert browser.settle().status == 403
        assert ana.name not in browser.page.text
