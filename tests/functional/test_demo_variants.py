"""The demo LMS as each product that anybody can look at: content, copies of courses, one's data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import MANNERS
from lti_tool.demo.world import World, publish_newer
from tests.factories.quirks import select, world_of

ASKED = "Which version does this course offer?"


@pytest.fixture(params=MANNERS, scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with world_of(tmp_path_factory.mktemp("world"), MANNERS[request.param]) as made:
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as made:
        yield made


def test_content_is_selected_and_opened(world: World, browser: Browser) -> None:
    select(world, browser)
    browser.settle()
    browser.submit("save-content")
    overview, first, *_ = world.lms.links(world.empty_course)
    assert "Learners and units" in browser.launch(overview.id).text
    assert "Unit 1 of 5" in browser.launch(first.id, world.people.learners[0].id).text


def test_somebody_sees_what_is_kept_about_them(world: World, browser: Browser) -> None:
    ayse = world.people.learners[1]
    browser.launch(world.overview.id, ayse.id)
    browser.get(f"{world.lms_url}/lms/")
    browser.follow("What Credlet keeps about me")
    browser.get(browser.page.frames[0])
    page = browser.settle()
    assert "What is kept about you" in page.text
    assert ayse.name in page.text


def test_an_administrator_sees_what_is_kept_about_somebody(world: World, browser: Browser) -> None:
    ayse = world.people.learners[1]
    browser.launch(world.overview.id, ayse.id)
    browser.login(world.admin.id)
    browser.follow("What Credlet keeps about people")
    browser.submit("about", {"user": ayse.id})
    browser.get(browser.page.frames[0])
    assert ayse.name in browser.settle().text


def test_nobody_asks_about_others(world: World, browser: Browser) -> None:
    (tool,) = world.lms.tools()
    one, other = world.people.learners[:2]
    browser.login(one.id)
    address = f"{world.lms_url}/lms/privacy/{tool.client_id}/launch"
    assert browser.get(f"{address}?user={other.id}").status == 403
    assert browser.get(f"{address}?user=nobody").status == 404
    assert browser.get(f"{world.lms_url}/lms/privacy/no-such-tool").status == 404


def test_a_copy_asks_which_version_it_offers(world: World, browser: Browser) -> None:
    browser.launch(world.overview.id, world.people.teacher.id)
    publish_newer(world)
    browser.get(f"{world.lms_url}/lms/course/{world.course.id}")
    browser.submit("copy-course")
    *_, copied = world.lms.courses()
    assert copied.history == (world.course.id,)
    overview = world.lms.links(copied)[-1]
    page = browser.launch(overview.id)
    assert ASKED in page.text
    assert "Version 1.0 · as in the original course" in page.text
    browser.submit("version")
    assert ASKED not in browser.launch(overview.id).text


def test_a_learner_copies_nothing(world: World, browser: Browser, tmp_path: Path) -> None:
    browser.login(world.people.learners[0].id)
    page = browser.get(f"{world.lms_url}/lms/course/{world.course.id}")
    assert "Copy this course" not in page.text
    key = next(field.value for field in page.forms[0].fields if field.name == "sesskey")
    address = f"{world.lms_url}/lms/course/{world.course.id}/copy"
    assert browser.post(address, {"sesskey": key}).status == 403
