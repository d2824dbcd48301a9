"""What lies on the phone can be changed until it is sent, and stays away once it is removed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lti_tool import clock
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import SAMPLE, World, running
from lti_tool.models import CourseAssessor, MicroCredentialVersion, Person, Placement
from lti_tool.services.definitions import catalogue
from tests.browser import teaching
from tests.browser.chromium import PHONE
from tests.browser.conftest import Arrive, Show
from tests.browser.test_offline import TAKEN, go_offline, open_page, take_along, tick
from tests.browser.visitors import Visitor

QUEUE = "**/course/offline/queue*"
NO_NETWORK = "No network."
NOT_TAKEN = "The server could not take it just now."


@pytest.fixture
def world(browser: Browser, tmp_path: Path) -> Iterator[World]:
    """A world with two learners, whose tool does not ask the LMS who has left the course."""
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, worker=False) as made:
        for user in made.people.learners[:2]:
            teaching.visit(made, user, [made.overview])
        yield made


def _undoable(page: Page, number: int) -> None:
    expect(page.locator("#count")).to_have_text(f"Not sent yet: {number}")
    expect(page.locator("#queue button")).to_have_count(number)
    expect(page.locator(".ticking input:disabled")).to_have_count(0)


def _ticked_offline(teacher: Visitor) -> Page:
    page = take_along(teacher)
    go_offline(teacher)
    tick(page, 2)
    page.get_by_text("See what is not sent").click()
    return page


def _tolerate(teacher: Visitor, page: Page) -> None:
    page.on("request", lambda asked: teacher.watch.expect_refusal(asked.url))


def test_send_now_without_network_leaves_all_of_it_to_be_undone(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher, **PHONE)
    page = _ticked_offline(teacher)
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("alert")).to_contain_text(NO_NETWORK)
    expect(page.get_by_text(TAKEN)).to_be_hidden()
    show(page, "offline send without network 360")
    page.reload()
    page.get_by_text("See what is not sent").click()
    _undoable(page, 2)


def test_a_network_that_leads_nowhere_leaves_all_of_it_to_be_undone(
    world: World, arrive: Arrive
) -> None:
    teacher = arrive(world.people.teacher)
    page = _ticked_offline(teacher)
    _tolerate(teacher, page)
    page.route(re.compile("/offline/"), lambda route: route.abort())
    teacher.context.set_offline(False)
    expect(page.get_by_role("alert")).to_contain_text(NO_NETWORK)
    _undoable(page, 2)


def test_what_the_server_surely_did_not_read_can_be_undone(world: World, arrive: Arrive) -> None:
    teacher = arrive(world.people.teacher)
    page = _ticked_offline(teacher)
    _tolerate(teacher, page)
    page.route(QUEUE, lambda route: route.fulfill(status=429, json={"code": "too_many"}))
    teacher.context.set_offline(False)
    expect(page.get_by_role("alert")).to_contain_text(NOT_TAKEN)
    _undoable(page, 2)


@pytest.mark.parametrize("answer", ["refused", "session_expired", "lost"])
def test_what_is_removed_while_it_is_sent_does_not_come_back(
    world: World, arrive: Arrive, answer: str
) -> None:
    teacher = arrive(world.people.teacher)
    page = _ticked_offline(teacher)
    _tolerate(teacher, page)
    held: list[Route] = []
    page.route(QUEUE, lambda route: held.append(route))
    with page.expect_request(QUEUE):
        teacher.context.set_offline(False)
    page.locator("#remove summary").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("Removed from this phone.")).to_be_visible()
    (route,) = held
    if answer == "refused":
        said = {"status": "refused", "code": "learner_gone", "words": "gone", "passing": False}
        route.fulfill(json={"answers": [said, said]})
    elif answer == "lost":
        route.abort()
    else:
        route.fulfill(status=403, json={"code": answer, "detail": "over"})
    expect(page.locator("#send")).to_be_enabled()
    assert page.evaluate(STORED) == [0, 0]
    expect(page.get_by_text("Removed from this phone.")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


STORED = """() => new Promise(use => {
  const asked = indexedDB.open("offline", 1);
  asked.onsuccess = () => {
    const open = asked.result.transaction(["ticks", "lists"]);
    const found = ["ticks", "lists"].map(name => open.objectStore(name).count());
    open.oncomplete = () => use(found.map(one => one.result));
  };
})"""


def test_ticks_of_another_version_stay_on_the_phone_with_the_reason(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher, **PHONE)
    page = _ticked_offline(teacher)
    with world.tool.database.transaction() as db:
        public_url = world.tool.settings.public_url
        newer = replace(SAMPLE, version="2.0")
        catalogue.publish(db, newer, public_url=public_url, now=clock.now())
        version = db.query(MicroCredentialVersion).filter_by(version="2.0").one()
        for placement in db.query(Placement):
            if placement.version.series_id == version.series_id:
                placement.version = version
    teacher.context.set_offline(False)
    refused = page.get_by_role("region", name="Not recorded")
    expect(refused.get_by_text("begun to offer version 2.0. Take the list along")).to_have_count(2)
    expect(refused.get_by_role("button", name="Try again")).to_have_count(0)
    show(page, "offline other version 360")
    page.close()
    page = open_page(teacher)
    tick(page, 1)
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("Sent: 1 recorded.")).to_be_visible()
    expect(page.get_by_role("button", name="Dismiss")).to_have_count(2)


def test_what_was_refused_for_a_reason_that_passes_is_tried_again(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(world.people.teacher, **PHONE)
    page = _ticked_offline(teacher)
    with world.tool.database.transaction() as db:
        other = db.query(Person).filter_by(sub=world.people.learners[0].id).one()
        for placement in db.query(Placement):
            db.add(CourseAssessor(placement_id=placement.id, person_id=other.id))
    teacher.context.set_offline(False)
    expect(page.get_by_text("Not recorded: 2.")).to_be_visible()
    show(page, "offline try again 360")
    with world.tool.database.transaction() as db:
        db.query(CourseAssessor).delete()
    again = page.get_by_role("button", name="Try again")
    expect(again).to_have_count(2)
    again.first.click()
    expect(page.get_by_text("Sent: 1 recorded.")).to_be_visible()
    again.click()
    expect(page.locator("#refusals")).to_be_hidden()
    expect(page.locator("#count")).to_have_text("Not sent yet: 0")
