"""A teacher takes the list of a course along on a phone, and what was ticked arrives once."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from config import Settings
from lti_tool import clock
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, World, running
from lti_tool.models import CompletionRecord, Course, LaunchSession
from tests.browser import measure, teaching
from tests.browser.chromium import PHONE
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.test_grid_by_keyboard import tab_to
from tests.browser.visitors import Visitor, sit
from tests.factories import crowds
from tests.functional.test_web_server import environ_of

SIGN_OFF, PARTS, LAST = ASSESSED
TAKEN = "It is on this phone now."
START_SECONDS = 30
# As browsers do when there is no room; Chromium lets no test fill its own.
FULL = """() => { IDBObjectStore.prototype.put = function () {
  throw new DOMException("no room", "QuotaExceededError");
}; }"""


@pytest.fixture
def world(browser: Browser, tmp_path: Path) -> Iterator[World]:
    """A world whose tool does not ask the LMS who has left the course."""
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, worker=False) as made:
        yield made


@pytest.fixture
def crowd(world: World, arrive: Arrive) -> World:
    """A world whose course has many learners besides those who are known."""
    return _fill(world, 60)


def _fill(world: World, size: int) -> World:
    for user in world.people.learners[:2]:
        teaching.visit(world, user, [world.overview])
    with world.tool.database.transaction(read_only=True) as db:
        course_id = db.query(Course).filter_by(title=world.course.title).one().id
    crowds.fill(world.tool.database, course_id, world.mc, size)
    return world


def _records(world: World) -> list[CompletionRecord]:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(CompletionRecord).filter(CompletionRecord.judged_at.is_not(None)).all()


def open_page(teacher: Visitor) -> Page:
    """Launch, in the frame or as phones do, and open the page from the grid."""
    link, has_fingers = teacher.world.overview, teacher.page.viewport_size == PHONE["viewport"]
    where = teacher.open_in_window(link) if has_fingers else teacher.open_in_frame(link)
    teacher.press(where.get_by_role("link", name="Sign off without network"))
    with teacher.context.expect_page() as opened:
        teacher.press(where.get_by_role("button", name="Open the page for"))
    expect(opened.value).to_have_url(re.compile(r"/offline/$"))
    return opened.value


def take_along(teacher: Visitor) -> Page:
    page = open_page(teacher)
    page.get_by_role("button", name="Take it along").click()
    expect(page.get_by_text(TAKEN)).to_be_visible()
    return page


def go_offline(teacher: Visitor) -> None:
    teacher.context.set_offline(True)


def tick(page: Page, number: int, unit: str = LAST) -> None:
    """Tick so many who are not ticked yet."""
    page.get_by_label("Unit").select_option(unit)
    boxes = page.locator(".ticking input[type=checkbox]:not(:checked)")
    before = _count(page)
    for done in range(1, number + 1):
        boxes.first.click()
        expect(page.locator("#count")).to_have_text(f"Not sent yet: {before + done}")


def _count(page: Page) -> int:
    return int(page.locator("#count").inner_text().rpartition(" ")[2])


def reopened(teacher: Visitor, page: Page) -> Page:
    address = page.url
    page.close()
    again = teacher.context.new_page()
    again.goto(address)
    return again


def test_twelve_ticks_without_network_outlive_the_browser_tab_and_arrive(
    crowd: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(crowd.people.teacher, **PHONE)
    page = take_along(teacher)
    show(page, "offline taken 360")
    go_offline(teacher)
    tick(page, 12)
    page = reopened(teacher, page)
    assert _records(crowd) == []
    expect(page.locator("#count")).to_have_text("Not sent yet: 12")
    page.get_by_text("See what is not sent").click()
    page.locator("#queue").get_by_role("button", name="Undo").first.click()
    expect(page.locator("#count")).to_have_text("Not sent yet: 11")
    show(page, "offline queue 360")
    tick(page, 1)
    before = clock.now()
    teacher.context.set_offline(False)
    expect(page.get_by_text("Sent: 12 recorded.")).to_be_visible()
    show(page, "offline sent 360")
    records = _records(crowd)
    assert len(records) == 12
    assert all(one.judged_at <= before <= one.recorded_at for one in records if one.judged_at)
    page.get_by_role("link", name="See the course").click()
    expect(page.get_by_role("heading", name="Learners and units")).to_be_visible()
    assert len(_records(crowd)) == 12


@contextmanager
def _gunicorn(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve the tool from processes of its own, which can be killed."""
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "wsgi:app"]
    root = Path(__file__).parents[2]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environ_of(settings),
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                requests.get(f"{settings.public_url}/health", timeout=5)
                break
            except requests.RequestException:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        yield process
    finally:
        _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the server and its workers at once, whatever they are at."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _deliver(teacher: Visitor, route: Route) -> int:
    """Send a request of a page beside its browser, so that the page never hears the answer."""
    asked = route.request
    kept = {
        one["name"]: one["value"]
        for one in teacher.context.cookies()
        if f"{one['path']}/" in asked.url
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return requests.post(
        asked.url, asked.post_data, headers=headers, cookies=kept, timeout=30
    ).status_code


def test_a_server_that_is_killed_while_it_is_sent_to_loses_and_doubles_nothing(
    browser: Browser, new_context: NewContext, tmp_path: Path
) -> None:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, worker=False, serves_tool=False) as world:
        settings, log = world.tool.settings, tmp_path / "log"
        with _gunicorn(settings, log) as server:
            _fill(world, 90)
            teacher = Visitor(new_context(), world, world.people.teacher)
            page = take_along(teacher)
            page.on("request", lambda asked: teacher.watch.expect_refusal(asked.url))
            go_offline(teacher)
            tick(page, 60)
            sent: list[int] = []

            def kill_behind_the_second(route: Route) -> None:
                if sent:  # recorded, and nobody is told
                    sent.append(_deliver(teacher, route))
                    _kill(server)
                    return route.abort()
                sent.append(200)
                return route.continue_()

            page.route("**/course/offline/queue*", kill_behind_the_second)
            teacher.context.set_offline(False)
            expect(page.get_by_role("alert")).to_contain_text("No network.")
            assert sent == [200, 200]
            expect(page.locator("#count")).to_have_text("Not sent yet: 10")
            assert len(_records(world)) == 60
            page = reopened(teacher, page)  # the server is away for real, and the page is there
            page.on("request", lambda asked: teacher.watch.expect_refusal(asked.url))
            expect(page.locator("#count")).to_have_text("Not sent yet: 10")
            expect(page.locator(".ticking input:disabled")).to_have_count(10)
        with _gunicorn(settings, log):
            page.get_by_role("button", name="Send now").click()
            expect(page.get_by_text("Sent: 10 recorded.")).to_be_visible()
            expect(page.locator("#count")).to_have_text("Not sent yet: 0")
        records = _records(world)
        assert len({(one.person_id, one.unit_code) for one in records}) == len(records) == 60


def test_a_visit_that_ended_meanwhile_is_renewed_from_the_course(
    crowd: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(crowd.people.teacher, **PHONE)
    page = take_along(teacher)
    go_offline(teacher)
    tick(page, 3)
    with crowd.tool.database.transaction() as db:
        for session in db.query(LaunchSession):
            session.expires_at = clock.now() - timedelta(minutes=1)
    page.on("request", lambda asked: teacher.watch.expect_refusal(asked.url))
    teacher.context.set_offline(False)
    expect(page.get_by_role("alert")).to_contain_text("Open the course in your learning platform")
    show(page, "offline ended 360")
    page.get_by_text("See what is not sent").click()
    expect(page.locator("#queue").get_by_role("button", name="Undo")).to_have_count(3)
    expect(page.locator("#count")).to_have_text("Not sent yet: 3")
    assert _records(crowd) == []
    page.close()
    page = open_page(teacher)
    expect(page.get_by_text("Sent: 3 recorded.")).to_be_visible()
    assert len(_records(crowd)) == 3


def test_another_teacher_in_the_same_browser_neither_sees_nor_sends_a_queue(
    crowd: World, arrive: Arrive
) -> None:
    first = arrive(crowd.people.teacher)
    page = take_along(first)
    go_offline(first)
    tick(page, 2)
    page.close()
    first.context.set_offline(False)
    colleague = crowd.people.second_teacher
    first.context.clear_cookies(name="demo_lms")
    first.user = colleague
    page = open_page(first)
    expect(page.get_by_role("button", name="Take it along")).to_be_visible()
    expect(page.locator("#work")).to_be_hidden()
    page.reload()
    expect(page.get_by_text("Nothing lies on this phone for you.")).to_be_visible()
    go_offline(first)
    page.reload()
    expect(page.get_by_text("Nothing lies on this phone for you.")).to_be_visible()
    assert "Learner" not in page.locator("#work").inner_html()
    first.context.set_offline(False)
    assert _records(crowd) == []
    page.close()
    first.context.clear_cookies(name="demo_lms")
    first.user = crowd.people.teacher
    page = open_page(first)
    expect(page.get_by_text("Sent: 2 recorded.")).to_be_visible()
    assert {one.assessor.name for one in _with_assessors(crowd)} == {crowd.people.teacher.name}


def _with_assessors(world: World) -> list[CompletionRecord]:
    with world.tool.database.transaction(read_only=True) as db:
        found = db.query(CompletionRecord).filter(CompletionRecord.judged_at.is_not(None)).all()
        assert all(one.assessor for one in found)
        return found


def test_two_tabs_that_get_the_network_at_once_send_each_tick_once(
    crowd: World, arrive: Arrive
) -> None:
    teacher = arrive(crowd.people.teacher)
    page = take_along(teacher)
    go_offline(teacher)
    tick(page, 5)
    other = teacher.context.new_page()
    other.goto(page.url)
    expect(other.locator("#count")).to_have_text("Not sent yet: 5")
    tick(other, 1)
    expect(page.locator("#count")).to_have_text("Not sent yet: 6")
    teacher.context.set_offline(False)
    for one in (page, other):
        expect(one.locator("#count")).to_have_text("Not sent yet: 0")
    assert len(_records(crowd)) == 6


def test_what_is_refused_stays_in_sight_until_it_is_dismissed(
    crowd: World, arrive: Arrive, show: Show
) -> None:
    teacher = arrive(crowd.people.teacher, **PHONE)
    page = take_along(teacher)
    go_offline(teacher)
    name = crowd.people.learners[0].name
    page.get_by_label("Unit").select_option(LAST)
    page.get_by_label("Find a name").fill(name)
    expect(page.locator(".ticking li:visible")).to_have_count(1)
    page.get_by_role("checkbox", name=name).check()
    page.get_by_label("Unit").select_option(PARTS)
    marks = page.locator(".ticking li:visible input")
    marks.first.fill("101")
    marks.first.blur()
    expect(page.get_by_text("A number from 0 to 100")).to_be_visible()
    marks.first.fill("85,5")
    marks.first.blur()
    expect(page.locator("#count")).to_have_text("Not sent yet: 2")
    teaching.assess(crowd, crowd.overview, crowd.people.learners[:1], [LAST])
    teacher.context.set_offline(False)
    expect(page.get_by_text("Sent: 1 recorded. Not recorded: 1.")).to_be_visible()
    page = reopened(teacher, page)
    refused = page.get_by_role("region", name="Not recorded")
    expect(refused).to_contain_text("The unit is completed already")
    show(page, "offline refused 360")
    assert [str(one.points) for one in _records(crowd)] == ["85.500"]
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_be_hidden()
    page = reopened(teacher, page)
    expect(page.locator("#course")).to_be_visible()
    expect(page.locator("#refusals")).to_be_hidden()


def test_a_queue_is_made_sent_and_removed_with_the_keyboard_alone(
    crowd: World, arrive: Arrive
) -> None:
    teacher = arrive(crowd.people.teacher)
    page = open_page(teacher)
    frame = page.main_frame

    def go_to(wanted: str, role: str = "button") -> None:
        tab_to(page, frame, page.get_by_role(role, name=wanted, exact=False).first)  # type: ignore[arg-type]

    go_to("Take it along")
    page.keyboard.press("Enter")
    expect(page.get_by_text(TAKEN)).to_be_visible()
    unit = page.get_by_label("Unit")
    tab_to(page, frame, unit)
    unit.select_option(LAST)
    tab_to(page, frame, page.get_by_label("Find a name"))
    page.keyboard.type("Ana Learner 0000")
    go_to("Ana Learner 0000", "checkbox")
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("Not sent yet: 1")
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("Not sent yet: 0")
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("Not sent yet: 1")
    page.locator("h1").evaluate("one => { one.tabIndex = -1; one.focus(); }")
    go_to("Send now")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent: 1 recorded.")).to_be_visible()
    tab_to(page, frame, page.locator("#remove summary"))
    page.keyboard.press("Enter")
    go_to("Remove it")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Removed from this phone.")).to_be_visible()
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(one => one.length)") == 0
    page.reload()
    expect(page.get_by_text("Nothing lies on this phone for you.")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_state_of_the_page_reads_well(
    crowd: World, arrive: Arrive, show: Show, language: str, width: int
) -> None:
    settings = {"locale": language, **(PHONE if width == 360 else {})}
    teacher = arrive(crowd.people.teacher, **settings)

    def look(page: Page, name: str) -> None:
        show(page, f"offline {name} {language} {width}")
        assert page.evaluate("document.documentElement.lang") == language
        found = {"wide": measure.too_wide(page), "axe": measure.violations(page)}
        page.emulate_media(color_scheme="dark")
        found["dark"] = measure.violations(page, measure.COLOURS)
        page.emulate_media(color_scheme="light")
        found["small"] = measure.too_small(page) if width == 360 else []
        assert found == {"wide": [], "axe": [], "dark": [], "small": []}, name

    launched = sit(teacher.page, crowd, teacher.user, crowd.overview)
    teacher.page.goto(f"{launched}/course/offline?lang={language}")
    look(teacher.page, "offer")
    with teacher.context.expect_page() as opened:
        teacher.press(teacher.page.locator(".button.main"))
    page = opened.value
    page.wait_for_url(re.compile("/offline/$"))
    expect(page.locator("#ask")).to_be_visible()
    look(page, "ask")
    page.locator("#take").click()
    expect(page.locator("#work")).to_be_visible()
    page.locator("#unit").select_option(PARTS)
    look(page, "parts")
    page.locator("#unit").select_option(LAST)
    page.locator(".ticking input").nth(0).click()
    page.locator(".ticking input").nth(1).click()
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator("#queue li")).to_have_count(2)
    look(page, "signing off")
    page.locator("#removal").click()
    expect(page.locator("#nothing")).to_be_visible()
    look(page, "nothing")


def test_a_browser_that_stores_nothing_is_told_so(world: World, arrive: Arrive) -> None:
    teaching.visit(world, world.people.learners[0], [world.overview])
    teacher = arrive(world.people.teacher)
    teacher.context.add_init_script(
        "indexedDB.open = () => { throw new DOMException('blocked', 'SecurityError'); };"
    )
    page = open_page(teacher)
    expect(page.get_by_role("alert")).to_contain_text("cannot keep the page without network")


def test_a_phone_without_room_says_what_was_not_noted(crowd: World, arrive: Arrive) -> None:
    teacher = arrive(crowd.people.teacher)
    page = take_along(teacher)
    page.get_by_label("Unit").select_option(LAST)
    page.evaluate(FULL)
    page.locator(".ticking input").first.click()
    expect(page.get_by_role("alert")).to_contain_text("no room left")
    expect(page.locator(".ticking input").first).not_to_be_checked()
    expect(page.locator("#count")).to_have_text("Not sent yet: 0")


def test_without_scripts_the_page_names_the_sheet(world: World, arrive: Arrive) -> None:
    visitor = arrive(world.people.teacher, scripts=False)
    visitor.page.goto(f"{world.tool.settings.public_url}/offline/")
    expect(visitor.page.get_by_text("This page needs JavaScript.")).to_be_visible()


def test_names_go_after_a_week_and_what_was_not_sent_after_a_month(
    crowd: World, arrive: Arrive
) -> None:
    teacher = arrive(crowd.people.teacher)
    page = take_along(teacher)
    go_offline(teacher)
    tick(page, 1)
    teacher.context.clock.set_fixed_time(clock.now() + timedelta(days=8))
    page = reopened(teacher, page)
    expect(page.locator("#count")).to_have_text("Not sent yet: 1")
    expect(page.locator("#desk")).to_be_hidden()
    assert page.locator("#learners li").count() == 0
    teacher.context.clock.set_fixed_time(clock.now() + timedelta(days=31))
    page = reopened(teacher, page)
    expect(page.get_by_text("Nothing lies on this phone for you.")).to_be_visible()


def test_a_page_of_another_release_is_replaced_when_there_is_network(
    crowd: World, arrive: Arrive
) -> None:
    teacher = arrive(crowd.people.teacher)
    page = take_along(teacher)
    (current,) = page.evaluate("caches.keys()")
    page.evaluate(
        """async current => {
      const old = await caches.open("offline-before-en");
      await old.put("/offline/", new Response("<p>before</p>"));
      await caches.delete(current);
    }""",
        current,
    )
    page.reload()
    expect(page.locator("#course")).to_be_visible()
    page.evaluate(
        """async current => {
      for (let tries = 400; String(await caches.keys()) !== current; tries--) {
        if (!tries) throw new Error(await caches.keys());
        await new Promise(go => setTimeout(go, 50));
      }
    }""",
        current,
    )
    go_offline(teacher)
    page = reopened(teacher, page)
    expect(page.locator("#course")).to_be_visible()
