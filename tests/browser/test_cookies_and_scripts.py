"""Third-party cookies blocked, scripts off: what browsers and schools do to a framed tool."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, redirect, request
from playwright.sync_api import Browser, expect
from werkzeug.wrappers import Response

from lti_tool.demo.serving import free_port, serving
from lti_tool.demo.world import ASSESSED, PARTICIPATION, UNLOCKED, World
from tests.browser import teaching
from tests.browser.conftest import Arrive, NewContext

PAPER = "getComputedStyle(document.documentElement).getPropertyValue('--paper')"


@pytest.fixture
def cookie_probe(browser: Browser) -> Iterator[int]:
    """Port of two sites, told apart by their names: 127.0.0.1 frames localhost, which sets a
    plain and a partitioned cookie and shows which of them come back."""
    app = Flask("cookie_probe")
    port = free_port()

    @app.get("/outer")
    def outer() -> str:
        return f'<iframe src="http://localhost:{port}/set"></iframe>'

    @app.get("/set")
    def set_cookies() -> Response:
        response = redirect("/seen")
        for name, is_partitioned in (("plain", False), ("partitioned", True)):
            response.set_cookie(name, "1", secure=True, samesite="None", partitioned=is_partitioned)
        return response

    @app.get("/seen")
    def seen() -> str:
        return f'<link rel="icon" href="data:,"><p>{" ".join(sorted(request.cookies))}</p>'

    with serving(app, port=port):
        yield port


def test_this_browser_blocks_third_party_cookies_but_partitioned_ones(
    cookie_probe: int, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{cookie_probe}/outer")
    shown = page.frame_locator("iframe").locator("p")
    expect(shown).to_have_text("partitioned")
    context.close()


def test_a_launch_holds_in_the_frame_because_every_cookie_is_partitioned(
    world: World, arrive: Arrive
) -> None:
    learner = arrive(world.people.learners[0])
    frame = learner.open_in_frame(world.overview)
    expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    cookies = [each for each in learner.context.cookies() if each["name"] != "demo_lms"]
    assert sorted(each["name"] for each in cookies) == ["kept", "launch", "sheet"]
    for cookie in cookies:
        assert cookie["partitionKey"] == "http://127.0.0.1"
        assert (cookie["secure"], cookie["sameSite"]) == (True, "None")
        assert cookie["httpOnly"] is (cookie["name"] != "kept")


def test_a_launch_asks_the_tool_three_times(world: World, arrive: Arrive) -> None:
    """The first goes through a page, those after it by redirects only."""
    learner = arrive(world.people.learners[0])
    for is_redirected in (False, True):
        answers: list[tuple[str, int]] = []
        learner.page.on(
            "response",
            lambda one, to=answers: to.append((one.url, one.status)),  # type: ignore[misc]
        )
        frame = learner.open_in_frame(world.overview)
        expect(frame.get_by_role("heading", name=world.mc.title.best("en"))).to_be_visible()
        ours = [status for url, status in answers if re.search("/(lti|launches)/", url)]
        assert ours == [302 if is_redirected else 200, 303, 200]


def test_a_learner_waits_for_the_style_sheet_never(world: World, arrive: Arrive) -> None:
    """The first page holds it and has it fetched, so that the second finds it in the cache."""
    learner = arrive(world.people.learners[0])
    asked: list[str] = []
    learner.page.on("request", lambda one: asked.append(one.url))
    with learner.page.expect_request_finished(lambda one: "credlet.css" in one.url):
        frame = learner.open_in_frame(world.overview)
        assert frame.evaluate(PAPER) != ""
    assert not [url for url in asked if "emblem" in url]
    frame.get_by_role("link", name="What is kept about you").click()
    expect(frame.get_by_text(f"{learner.user.name}.")).to_be_visible()
    assert frame.locator("style").count() == 0
    assert frame.evaluate(PAPER) != ""


def test_two_launches_in_one_browser_do_not_disturb_each_other(
    world: World, arrive: Arrive
) -> None:
    learner = arrive(world.people.learners[0])
    first = learner.open_in_frame(world.links[ASSESSED[0]])
    second = learner.context.new_page()
    second.goto(f"{world.lms_url}/lms/link/{world.links[ASSESSED[1]].id}")
    framed = second.frame_locator("iframe.activity")
    expect(framed.get_by_text("Unit 4 of 5")).to_be_visible()
    first.get_by_role("link", name="What is kept about you").click()
    first.get_by_role("link", name="Back", exact=True).click()
    expect(first.get_by_text("Unit 3 of 5")).to_be_visible()


def test_everything_works_without_scripts(
    world: World, arrive: Arrive, new_context: NewContext
) -> None:
    """The LMS's own forms wait for a click then; the tool's pages are plain HTML anyway.

    The first login in a frame goes through a page, after which the LMS has to fetch its cookie.
    """
    teaching.choose_routes(world, world.overview)
    user = world.people.learners[0]
    teaching.visit(world, user, [link for code, link in world.links.items() if code != UNLOCKED])
    page = new_context(scripts=False).context.new_page()
    page.goto(f"{world.lms_url}/lms/login")
    page.locator(f'button[value="{user.id}"]').click()
    page.goto(f"{world.lms_url}/lms/link/{world.links[UNLOCKED].id}")
    frame = page.frame_locator("iframe.activity")
    for form in ("ltiInitiateLoginForm", "autopostme", "ltiAuthForm"):
        frame.locator(f"form[name={form}], form#{form}").get_by_role("button").click()
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()
    frame.get_by_text("What you can do after this unit").click()
    expect(frame.get_by_role("list").first).to_be_visible()
    teaching.assess(world, world.links[PARTICIPATION], [user], ASSESSED)
    frame.get_by_role("link", name="What is kept about you").click()
    frame.get_by_role("link", name="Back", exact=True).click()
    frame.get_by_role("link", name="Claim your badge").click()
    frame.get_by_label("No name").check()
    frame.get_by_role("button", name="Claim this badge").click()
    expect(frame.get_by_text("without a name")).to_be_visible()
    frame.get_by_role("button", name="Make it public").click()
    expect(frame.get_by_role("link", name="/credentials/")).to_be_visible()
