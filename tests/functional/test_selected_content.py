"""From "select content" in an LMS to units that are launched, scored and copied with a course."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
import sqlalchemy as sa

from lti_tool import worker
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.lms import Link, Role, User
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World, running
from lti_tool.models import Delivery, Person, ResourceLink
from lti_tool.services.definitions import catalogue, lifecycle
from tests.factories import courses

CONTENT_ITEMS = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"
DELIVERY_SECONDS = 20


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path, tool_port=free_port(), lms_port=free_port(), worker=False) as made:
        yield made


@pytest.fixture
def teacher(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as browser:
        browser.login(world.people.teacher.id)
        yield browser


def select(world: World, browser: Browser) -> Page:
    """Open the tool in the LMS's frame, as a click on "Select content" does."""
    browser.get(f"{world.lms_url}/lms/course/{world.empty_course.id}/add")
    browser.follow("Select content")
    browser.get(browser.page.frames[0])
    page = browser.settle()
    assert page.status == 200, page.text
    return page


def choose(world: World, browser: Browser, **fields: str) -> Page:
    """Choose the welding sample; end on the page with the signed answer, before it is posted."""
    select(world, browser)
    browser.follow(world.mc.title.best("en"))
    return browser.submit("select", fields)


def place(world: World, browser: Browser, **fields: str) -> tuple[Link, ...]:
    """Go the whole way and return the links that the course then has."""
    choose(world, browser, **fields)
    browser.settle()
    page = browser.submit("save-content")
    assert page.url.endswith(f"/lms/course/{world.empty_course.id}"), page.text
    return world.lms.links(world.empty_course)


def encoded(page: Page) -> str:
    return next(field.value for field in page.form("answer").fields if field.name == "JWT")


def return_url(page: Page) -> str:
    return page.form("answer").action


def stands_for(world: World, link: Link) -> tuple[str | None, str | None]:
    """Return micro-credential and unit that the tool takes a link for."""
    with world.tool.database.transaction(read_only=True) as db:
        row = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id=link.id)).one()
        return (row.placement and row.placement.version.series.code), row.unit_code


def test_a_whole_micro_credential_is_placed_and_every_link_stands_for_its_unit(
    world: World, teacher: Browser
) -> None:
    overview, *units = place(world, teacher)
    assert [link.title for link in units] == [unit.title.best("en") for unit in world.mc.units]
    for link in (overview, *units):
        assert teacher.launch(link.id).status == 200
    assert stands_for(world, overview) == (world.mc.code, None)
    assert [stands_for(world, link) for link in units] == [
        (world.mc.code, unit.code) for unit in world.mc.units
    ]


def test_the_course_gets_the_columns_that_were_chosen(world: World, teacher: Browser) -> None:
    overview, *units = place(world, teacher)
    item = world.lms.line_item_of(overview)
    assert item is not None
    assert (item.maximum, item.tag) == (100, "micro-credential")
    assert item.resource_id == overview.custom["mc"]
    assert [world.lms.line_item_of(link) for link in units] == [None] * len(units)


@pytest.mark.parametrize(("columns", "count"), [("units", 5), ("none", 0)])
def test_other_columns_are_made_as_chosen(
    world: World, teacher: Browser, columns: str, count: int
) -> None:
    links = place(world, teacher, columns=columns)
    assert len(links) == 6
    assert sum(world.lms.line_item_of(link) is not None for link in links) == count


def test_each_link_follows_its_course_when_the_course_is_copied(
    world: World, teacher: Browser
) -> None:
    """A copy has new links and a new context; only what the tool wrote into them stays."""
    originals = place(world, teacher)
    copy = world.lms.add_course("Copied course")
    world.lms.enrol(world.people.teacher, copy, Role.TEACHER)
    for link in originals:
        copied = world.lms.add_link(copy, link.title, link.custom)
        assert teacher.launch(copied.id).status == 200
        assert stands_for(world, copied) == (world.mc.code, link.custom.get("unit"))


def test_a_course_goes_on_with_the_version_it_offers(world: World, teacher: Browser) -> None:
    overview, first, *_ = place(world, teacher)
    teacher.launch(overview.id)
    newer = replace(world.mc, version="2.0")
    with world.tool.database.transaction() as db:
        public_url = world.tool.settings.public_url
        now = world.lms.config.clock()
        courses.publish(db, newer, public_url, now)
    page = teacher.launch(first.id)
    assert page.status == 200
    with world.tool.database.transaction(read_only=True) as db:
        row = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id=first.id)).one()
        assert row.placement is not None
        assert row.placement.version.version == world.mc.version


def close(world: World) -> None:
    """Retire what was selected."""
    with world.tool.database.transaction() as db:
        version = catalogue.find(db, world.mc.code)
        now = world.lms.config.clock()
        lifecycle.retire(db, version, reason="No longer taught", by="account:a", now=now)


def test_a_course_begins_with_what_was_selected_for_it_though_it_was_closed_meanwhile(
    world: World, teacher: Browser
) -> None:
    """Placed before the summer, opened after it, first by a learner."""
    overview, first, *_ = place(world, teacher)
    close(world)
    learner = world.people.learners[0]
    world.lms.enrol(learner, world.empty_course, Role.LEARNER)
    with Browser(world.lms_url) as browser:
        browser.login(learner.id)
        assert browser.launch(first.id).status == 200
    assert stands_for(world, first) == (world.mc.code, world.mc.units[0].code)
    assert teacher.launch(overview.id).status == 200
    assert stands_for(world, overview) == (world.mc.code, None)


def test_links_written_by_hand_do_not_begin_with_what_is_closed(
    world: World, teacher: Browser
) -> None:
    """Only what was selected counts: custom parameters can say anything."""
    overview, *_ = place(world, teacher)
    close(world)
    other = world.lms.add_course("Another course")
    world.lms.enrol(world.people.teacher, other, Role.TEACHER)
    written = world.lms.add_link(other, "Written by hand", overview.custom)
    page = teacher.launch(written.id)
    assert "No new course can begin with it: it is retired or has to be reviewed." in page.text
    assert stands_for(world, written) == (None, None)


def test_cancelling_adds_nothing(world: World, teacher: Browser) -> None:
    select(world, teacher)
    teacher.submit("cancel")
    page = teacher.settle()
    assert "Nothing was selected" in page.text
    assert world.lms.links(world.empty_course) == ()


def test_cancelling_while_choosing_units_adds_nothing(world: World, teacher: Browser) -> None:
    select(world, teacher)
    teacher.follow(world.mc.title.best("en"))
    teacher.submit("select", button="Cancel")
    assert "Nothing was selected" in teacher.settle().text


def test_a_replayed_answer_is_refused_by_the_platform(world: World, teacher: Browser) -> None:
    page = choose(world, teacher)
    message, target = encoded(page), return_url(page)
    assert teacher.post(target, {"JWT": message}).status == 200
    again = teacher.post(target, {"JWT": message})
    assert again.status == 400
    assert "used before" in again.text


def test_an_answer_is_for_its_platform_its_tool_and_unchanged(
    world: World, teacher: Browser
) -> None:
    page = choose(world, teacher)
    head, body, signature = encoded(page).split(".")
    claims = jwt.decode(encoded(page), options={"verify_signature": False})
    claims[CONTENT_ITEMS][0]["title"] = "Something else"
    forged = jwt.utils.base64url_encode(json.dumps(claims).encode()).decode()
    refused = teacher.post(return_url(page), {"JWT": f"{head}.{forged}.{signature}"})
    assert (refused.status, "signature is wrong" in refused.text) == (400, True)
    other = world.lms.register_tool(
        initiate_login_url="", redirect_uris=[], jwks_url="", target_link_uri="", name="Other"
    )
    assert other
    elsewhere = return_url(page).replace("id=1", f"id={other[1]}")
    assert teacher.post(elsewhere, {"JWT": f"{head}.{body}.{signature}"}).status == 400
    assert world.lms.links(world.empty_course) == ()


def test_another_persons_browser_cannot_bring_the_answer(world: World, teacher: Browser) -> None:
    page = choose(world, teacher)
    for user in (world.people.second_teacher, world.people.learners[0]):
        with Browser(world.lms_url) as other:
            other.login(user.id)
            assert other.post(return_url(page), {"JWT": encoded(page)}).status == 403


def test_a_learner_cannot_select_content(world: World) -> None:
    with Browser(world.lms_url) as learner:
        learner.login(world.people.learners[0].id)
        course = f"{world.lms_url}/lms/course/{world.empty_course.id}"
        client_id = world.lms.tools()[0].client_id
        assert learner.get(f"{course}/content?tool={client_id}").status == 403
        content = f"{world.lms_url}/lms/content/{world.empty_course.id}/launch"
        assert learner.get(f"{content}?tool={client_id}").status == 403


def test_the_overviews_column_shows_the_share_of_completed_units(
    world: World, teacher: Browser
) -> None:
    overview, *units = place(world, teacher)
    learner = world.people.learners[0]
    with Browser(world.lms_url) as student:
        for link in (overview, *units):
            assert student.launch(link.id, learner.id).status == 200
    assert score(world, overview, learner) is None
    course = teacher.launch(overview.id).url.partition("?")[0]
    seen = []
    for unit in world.mc.units:
        teacher.get(f"{course}/units/{unit.code}")
        parts = [part.code for part in getattr(unit.rule, "parts", ())]
        person = person_id(world, learner)
        points = {f"points-{person}-{part}": "90" for part in parts}
        if not parts and hasattr(unit.rule, "maximum"):
            points = {f"points-{person}": "90"}
        assert teacher.submit("record", points or {"person": person}).status == 200
        seen.append(score(world, overview, learner))
    assert seen == [20, 40, 60, 80, 100]
    states = [entry.body["activityProgress"] for entry in world.lms.score_log if entry.body]
    assert states == ["InProgress"] * 4 + ["Completed"]
    assert all(world.lms.grade(link, learner) is None for link in units)


def score(world: World, link: Link, user: User) -> float | None:
    """Deliver what waits, and return what the gradebook shows."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < deadline:
        worker.drain(world.tool)
        with world.tool.database.transaction(read_only=True) as db:
            if not db.scalars(sa.select(Delivery).filter_by(state="pending")).all():
                break
        time.sleep(0.1)
    grade = world.lms.grade(link, user)
    return grade.score if grade else None


def person_id(world: World, user: User) -> str:
    with world.tool.database.transaction(read_only=True) as db:
        return str(db.scalars(sa.select(Person).filter_by(sub=user.id)).one().id)
