"""A launch in the frame of an LMS where the browser keeps no cookie of the tool."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Frame, Request, Route, expect

from badges import baking
from lti_tool import clock
from lti_tool.demo.lms import User
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, PARTICIPATION, World, running
from lti_tool.models import LaunchSession
from tests.browser import measure
from tests.browser.chromium import COOKIELESS_HOST
from tests.browser.conftest import NewContext, Show
from tests.browser.visitors import Visitor
from tests.factories.courses import School

Arrive = Callable[[User], Visitor]


@pytest.fixture
def world(browser: Browser, tmp_path: Path) -> Iterator[World]:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, tool_host=COOKIELESS_HOST) as made:
        yield made


@pytest.fixture
def arrive(new_context: NewContext, world: World) -> Iterator[Arrive]:
    """Let a person sit down; no address that their browser asks for may hold a secret."""
    came: list[Visitor] = []
    asked: list[Request] = []

    def make(user: User) -> Visitor:
        came.append(Visitor(new_context(), world, user))
        came[-1].context.on("request", lambda one: asked.append(one))
        return came[-1]

    yield make
    kept = {each["name"] for visitor in came for each in visitor.context.cookies()}
    assert kept == {"demo_lms"}, "this browser was to keep no cookie of the tool"
    bearers = [one.headers["authorization"].split()[1] for one in asked if is_carried(one)]
    assert bearers
    assert not [one.url for one in asked for bearer in bearers if bearer in one.url]


@pytest.fixture
def frame_without_storage(new_context: NewContext, world: World) -> Visitor:
    """A person whose browser keeps nothing in frames: no cookie, and no storage either."""
    return Visitor(new_context(storage=False), world, world.people.learners[0])


def is_carried(asked: Request) -> bool:
    return "authorization" in asked.headers


def test_the_page_without_network_opens_in_a_tab_and_says_where_it_cannot_be_kept(
    world: World, arrive: Arrive
) -> None:
    """Without https there is no service worker; the form leaves the document that stays."""
    learner, teacher = arrive(world.people.learners[0]), arrive(world.people.teacher)
    learner.open_in_frame(world.overview)
    frame = teacher.open_in_frame(world.overview)
    teacher.press(frame.get_by_role("link", name="Sign off without network"))
    with teacher.context.expect_page() as opened:
        teacher.press(frame.get_by_role("button", name="Open the page for"))
    alert = opened.value.get_by_role("alert")
    expect(alert).to_contain_text("cannot keep the page without network")
    expect(frame.get_by_role("heading", name="Sign off without network")).to_be_visible()


def test_a_teacher_sends_forms_and_a_learner_goes_on_back_and_reloads(
    world: World, arrive: Arrive, show: Show
) -> None:
    teacher, learner = arrive(world.people.teacher), arrive(world.people.learners[0])
    frame = teacher.open_in_frame(world.links[PARTICIPATION])
    teacher.press(frame.locator(".button.main"))
    frame.get_by_label("By taking part").check()
    teacher.press(frame.get_by_role("button", name="Change"))
    expect(frame.get_by_role("status").first).to_contain_text("Changed.")
    frame = learner.open_in_frame(world.links[PARTICIPATION])
    learner.press(frame.get_by_role("button", name="I have worked through this unit"))
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()
    frame.wait_for_url(re.compile(r"/units$"))
    assert frame.evaluate("document.activeElement.tagName") == "H1"
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    frame.evaluate("history.back()")
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()
    _reload(learner, frame)
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()
    assert measure.violations(frame) == []
    show(learner.page, "frame without cookies")


def test_a_badge_is_claimed_and_taken_along(world: World, arrive: Arrive, tmp_path: Path) -> None:
    teacher, learner = arrive(world.people.teacher), arrive(world.people.learners[0])
    teacher.open_in_frame(world.overview)
    frame = learner.open_in_frame(world.overview)
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    _complete(world, learner.user)
    frame = learner.open_in_frame(world.overview)
    learner.press(frame.get_by_role("link", name="Claim your badge"))
    frame.get_by_label("No name").check()
    learner.press(frame.get_by_role("button", name="Claim this badge"))
    expect(frame.get_by_text("without a name")).to_be_visible()
    with learner.page.expect_download() as download:
        learner.press(frame.get_by_role("link", name="Download as picture (PNG)"))
    assert download.value.suggested_filename.endswith(".png")
    download.value.save_as(tmp_path / "badge.png")
    assert json.loads(baking.unbake((tmp_path / "badge.png").read_bytes()))["proof"]
    learner.press(frame.get_by_role("button", name="Make it public"))
    expect(frame.get_by_role("link", name="/credentials/")).to_be_visible()


def _complete(world: World, user: User) -> None:
    with world.tool.database.transaction(read_only=True) as db:
        (launch,) = db.query(LaunchSession).filter_by(is_teacher=True).all()
        launch_id, registration_id = launch.id, launch.registration_id
    tool = world.tool
    school = School(tool.database, clock.now(), registration_id, tool.encryption)
    school.complete(launch_id, user.id, world.mc)


def test_content_is_selected_and_the_answer_leaves_for_the_lms(
    world: World, arrive: Arrive
) -> None:
    teacher = arrive(world.people.teacher)
    teacher.to_course(world.empty_course.title)
    teacher.press(teacher.page.get_by_role("link", name="Add an activity"))
    teacher.press(teacher.page.get_by_role("link", name="Select content"))
    frame = teacher.framed()
    _reload(teacher, frame)
    frame.get_by_label("Find a micro-credential").fill("weld")
    teacher.press(frame.get_by_role("button", name="Search"))
    teacher.press(frame.get_by_role("link", name=world.mc.title.best("en")))
    teacher.press(frame.get_by_role("button", name="Add to the course"))
    back = teacher.page.frame_locator("iframe.activity")
    teacher.press(back.get_by_role("button", name="Save"))
    unit = world.mc.units[0].title.best("en")
    expect(teacher.page.get_by_role("link", name=unit)).to_be_visible()


def test_a_slow_and_a_broken_connection_are_told(world: World, arrive: Arrive, show: Show) -> None:
    learner = arrive(world.people.learners[0])
    frame = learner.open_in_frame(world.overview)
    held: list[Route] = []
    learner.page.route("**/data", lambda route: held.append(route))
    link = frame.get_by_role("link", name="What is kept about you")
    link.click()
    status = frame.locator("html > [role=status]")
    expect(status).to_have_text("One moment …")
    show(learner.page, "frame slow")
    learner.watch.expect_refusal(held[0].request.url)
    held.pop().abort()
    expect(status).to_contain_text("The connection was interrupted.")
    assert measure.violations(frame) == []
    assert measure.too_small(frame) == []
    show(learner.page, "frame broken")
    learner.page.unroute("**/data")
    learner.press(frame.get_by_role("button", name="Try again"))
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    expect(frame.get_by_text("The connection was interrupted.")).to_have_count(0)


def test_a_form_pressed_twice_is_sent_once_and_its_answer_is_announced(
    world: World, arrive: Arrive
) -> None:
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(world.links[PARTICIPATION])
    teacher.press(frame.locator(".button.main"))
    frame.get_by_label("By taking part").check()
    held: list[Route] = []
    teacher.page.route("**/route*", lambda route: held.append(route))
    button = frame.get_by_role("button", name="Change")
    button.click()
    button.click()
    expect(frame.locator("html > [role=status]")).to_have_text("One moment …")
    (sent,) = held
    sent.continue_()
    expect(frame.locator("html > [role=status]")).to_contain_text("Changed.")


def test_two_launches_in_one_tab_do_not_disturb_each_other(world: World, arrive: Arrive) -> None:
    """Frames of one site in one tab share their storage."""
    learner = arrive(world.people.learners[0])
    first = learner.open_in_frame(world.links[ASSESSED[0]])
    expect(first.get_by_text("Unit 3 of 5")).to_be_visible()
    learner.page.evaluate(
        """address => {
          const frame = document.createElement("iframe");
          frame.className = "second";
          frame.src = address;
          document.body.append(frame);
        }""",
        f"/lms/launch/{world.links[ASSESSED[1]].id}",
    )
    second = learner.page.frame_locator("iframe.second")
    expect(second.get_by_text("Unit 4 of 5")).to_be_visible()
    first.get_by_role("link", name="What is kept about you").click()
    expect(first.get_by_text(f"{learner.user.name}.")).to_be_visible()
    first.get_by_role("link", name="Back", exact=True).click()
    expect(first.get_by_text("Unit 3 of 5")).to_be_visible()
    second.get_by_role("link", name="What is kept about you").click()
    expect(second.get_by_text(f"{learner.user.name}.")).to_be_visible()


def test_a_launch_asks_the_tool_three_times(world: World, arrive: Arrive) -> None:
    learner, asked = arrive(world.people.learners[0]), list[str]()
    learner.page.on("request", lambda one: asked.append(one.url))
    frame = learner.open_in_frame(world.overview)
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    ours = [one for one in asked if one.startswith(world.tool.settings.public_url)]
    pages = [re.sub(r"[0-9a-f-]{36}", "ID", one) for one in ours if re.search("/(lti|launch)", one)]
    ends = [one.split("/", 3)[3] for one in pages]
    assert ends == ["lti/ID/login", "lti/ID/launch", "lti/ID/confirm"]
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()


def test_the_language_is_kept(world: World, arrive: Arrive) -> None:
    frame = arrive(world.people.learners[0]).open_in_frame(world.overview)
    frame.get_by_role("link", name="Deutsch").click()
    frame.get_by_role("link", name="Was über Sie gespeichert ist").click()
    expect(frame.locator("html")).to_have_attribute("lang", "de")


def test_where_nothing_is_kept_a_new_tab_takes_over(
    world: World, frame_without_storage: Visitor, show: Show
) -> None:
    """The LMS has not been asked yet when the tab is offered, so nothing was used up."""
    learner = frame_without_storage
    learner.to_course()
    learner.press(learner.page.get_by_role("link", name=world.overview.title, exact=True))
    frame = learner.page.frame_locator("iframe.activity")
    expect(frame.get_by_role("heading", name="Open this in a new tab")).to_be_visible()
    inner = learner.page.locator("iframe.activity").element_handle().content_frame()
    assert inner is not None
    assert measure.violations(inner) == []
    assert measure.too_small(inner) == []
    show(learner.page, "frame new tab")
    with learner.context.expect_page() as opened:
        learner.press(frame.get_by_role("link", name="Open in a new tab"))
    tab = opened.value
    expect(tab.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    tab.get_by_role("link", name="What is kept about you").click()
    expect(tab.get_by_text(f"{learner.user.name}.")).to_be_visible()


@pytest.mark.parametrize("target", ["_parent", "lms_storage"])
def test_the_lms_keeps_the_proof_where_the_browser_does_not(
    world: World, frame_without_storage: Visitor, target: str
) -> None:
    """The bearer then lives as long as the document, which stays while pages are gone through."""
    world.lms.config = replace(world.lms.config, storage_target=target)
    learner = frame_without_storage
    frame = learner.open_in_frame(world.overview)
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    assert learner.context.cookies(learner.world.tool.settings.public_url) == []


def test_a_foreign_frame_learns_no_proof_by_posing_as_the_lms(
    world: World, frame_without_storage: Visitor
) -> None:
    """Messages go to the platform's own origin only: to a frame of another site, none arrives."""
    world.lms.config = replace(world.lms.config, storage_target="_parent")
    page = frame_without_storage.page
    page.goto(f"{world.lms_url}/lms/login")
    page.locator(f'button[value="{frame_without_storage.user.id}"]').click()
    page.goto(world.lms_url.replace("127.0.0.1", "localhost") + "/lms/login")
    page.evaluate(
        """address => {
          window.heard = [];
          addEventListener("message", ({ data }) => window.heard.push(data));
          const frame = document.createElement("iframe");
          frame.src = address;
          document.body.append(frame);
        }""",
        _login_address(world),
    )
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Open in a new tab")).to_be_visible()
    assert page.evaluate("window.heard") == []
    frame_without_storage.watch.complaints.clear()  # the browser says that a message was held back


def _login_address(world: World) -> str:
    tool = world.lms.tools()[0]
    query = {
        "iss": world.lms_url,
        "login_hint": "7",
        "target_link_uri": tool.target_link_uri,
        "client_id": tool.client_id,
        "lti_storage_target": "_parent",
    }
    return f"{tool.initiate_login_url}?{urlencode(query)}"


def test_an_address_alone_says_what_to_do(
    world: World, arrive: Arrive, new_context: NewContext, show: Show
) -> None:
    learner = arrive(world.people.learners[0])
    frame = learner.open_in_frame(world.overview)
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    stranger = new_context()
    stranger.watch.expect_refusal(frame.url)
    page = stranger.context.new_page()
    page.goto(frame.url)
    expect(page.get_by_text("Open the unit again from your course.")).to_be_visible()
    assert measure.violations(page) == []
    show(page, "launch page without bearer")


def _reload(visitor: Visitor, frame: Frame) -> None:
    """The browser asks without the bearer first, and is refused until the script asks."""
    visitor.watch.expect_refusal(frame.url)
    with visitor.page.expect_request(lambda asked: asked.url == frame.url and is_carried(asked)):
        frame.evaluate("location.reload()")
