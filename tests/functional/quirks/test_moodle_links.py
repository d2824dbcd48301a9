"""Deviations of Moodle 4.5 in deep linking and Dynamic Registration."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import MOODLE, AgsSetting
from lti_tool.demo.world import World
from lti_tool.lti import tool_configuration
from tests.factories.quirks import answer_of, items_of, select, world_of
from tests.functional.test_registration_at_the_demo_lms import arrive, invite, register, waiting

DATA = "https://purl.imsglobal.org/spec/lti-dl/claim/data"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_of(tmp_path, MOODLE) as made:
        yield made


@pytest.fixture
def teacher(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as browser:
        yield browser


@pytest.fixture
def admin(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as browser:
        browser.login(world.admin.id)
        yield browser


def test_selections_say_little(world: World, teacher: Browser) -> None:
    page = select(world, teacher, columns="units")
    assert DATA not in answer_of(page)
    assert any("lineItem" in item for item in items_of(page)), "columns are offered all the same"


@pytest.mark.parametrize(("choice", "has_columns"), [("units", True), ("none", False)])
def test_columns_need_a_line_item(
    world: World, teacher: Browser, choice: str, has_columns: bool
) -> None:
    select(world, teacher, columns=choice)
    teacher.settle()
    teacher.submit("save-content")
    _overview, *units = world.lms.links(world.empty_course)
    assert {world.lms.line_item_of(link) is not None for link in units} == {has_columns}


def test_links_of_any_kind_become_activities(world: World, teacher: Browser) -> None:
    (tool,) = world.lms.tools()
    items = items_of(select(world, teacher))
    assert {(item["type"], item["url"]) for item in items} == {
        ("ltiResourceLink", tool.target_link_uri)
    }


def test_custom_values_are_lines(world: World, teacher: Browser) -> None:
    values = [
        value for item in items_of(select(world, teacher)) for value in item["custom"].values()
    ]
    assert values
    assert all(isinstance(value, str) and value.isprintable() for value in values)


def test_registrations_answer_200(world: World, admin: Browser) -> None:
    assert "is registered" in register(world, admin, invite(world)).text
    assert [logged.status for logged in world.lms.registration_log] == [200]


def test_granted_scopes_are_wrong(world: World, admin: Browser) -> None:
    register(world, admin, invite(world))
    found = waiting(world)
    world.lms.update_tool(found.client_id, ags=AgsSetting.SCORES)
    stored = {column.name for column in type(found).__table__.columns}
    assert not any("scope" in name for name in stored), "what is granted stands in each launch"


def test_new_tools_wait_and_hide(world: World, admin: Browser) -> None:
    page = register(world, admin, invite(world))
    tool = world.lms.tool(waiting(world).client_id)
    assert tool is not None
    assert (tool.is_active, tool.is_in_chooser) == (False, False)
    assert "Activate" in page.text
    assert "activity chooser" in page.text


def test_domains_must_match(world: World, admin: Browser) -> None:
    register(world, admin, invite(world))
    sent = world.lms.registration_log[0].body[tool_configuration.TOOL_CONFIGURATION]
    assert sent["target_link_uri"].startswith(f"http://{sent['domain']}/")
    assert ":" in sent["domain"], "the port is part of it"


def test_known_domains_are_renewed(world: World, admin: Browser) -> None:
    (before,) = world.lms.tools()
    assert arrive(world, admin, invite(world), before.client_id).status == 200
    admin.submit("register")
    (after,) = world.lms.tools()
    assert after.redirect_uris == before.redirect_uris
