"""The tool in the frame of an LMS on another https origin, as it is in real life.

Certificates are the test's own: the browsers are told to take them, tool and LMS to trust them.
What browsers do with cookies differs from http on this machine, where `Secure` is forgiven.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests.adapters
from playwright.sync_api import Browser, expect

from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, World, running
from tests.browser import teaching
from tests.browser.chromium import FLAGS, Sitting, Watch
from tests.browser.drivers import Driver, firefox, webkit
from tests.browser.drivers.chromium import Chromium, Profile
from tests.browser.teacher_in_frame import BEARER, COOKIE, work
from tests.browser.visitors import Visitor
from tests.factories.certificates import self_signed
from tests.peers import require


@dataclass(frozen=True)
class Started:
    driver: Driver
    carried_by: str


def _chromium_blocks(request: pytest.FixtureRequest) -> Started:
    """Third-party cookies are blocked, partitioned ones are kept."""
    browser: Browser = request.getfixturevalue("browser")
    return Started(Chromium(browser, takes_any_certificate=True), COOKIE)


def _chromium_allows(request: pytest.FixtureRequest) -> Started:
    browser: Browser = request.getfixturevalue("browser")
    folder: Path = request.getfixturevalue("tmp_path") / "chromium"
    return Started(Profile(browser, folder), COOKIE)


def _firefox(request: pytest.FixtureRequest) -> Started:
    """As it comes, each site has its own cookies within each other site."""
    return Started(_any_firefox(request, {}), COOKIE)


def _firefox_blocks(request: pytest.FixtureRequest) -> Started:
    return Started(_any_firefox(request, firefox.THIRD_PARTY_COOKIES_BLOCKED), BEARER)


def _firefox_allows(request: pytest.FixtureRequest) -> Started:
    return Started(_any_firefox(request, firefox.ALL_COOKIES_ALLOWED), COOKIE)


def _any_firefox(request: pytest.FixtureRequest, preferences: dict[str, int]) -> Driver:
    require(firefox.program(), "needs Firefox (Debian's package `firefox-esr`)")
    folder: Path = request.getfixturevalue("tmp_path") / "firefox"
    folder.mkdir()
    return firefox.Firefox(folder, preferences)


def _webkit(request: pytest.FixtureRequest) -> Started:
    lacking = webkit.missing()
    require(not lacking, f"needs {lacking} (Debian's packages `webkit2gtk-driver`, `xvfb`)")
    return Started(webkit.WebKit(), BEARER)


STARTS = (
    _chromium_blocks,
    _chromium_allows,
    _firefox,
    _firefox_blocks,
    _firefox_allows,
    _webkit,
)


@pytest.fixture(params=STARTS, ids=lambda start: start.__name__.strip("_"))
def started(request: pytest.FixtureRequest) -> Iterator[Started]:
    start: Callable[[pytest.FixtureRequest], Started] = request.param
    made = start(request)
    yield made
    made.driver.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    certificate = self_signed(tmp_path)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate))
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, certificate=certificate) as made:
        assert made.lms_url.startswith("https://127.0.0.1:")
        assert made.tool.settings.public_url.startswith("https://localhost:")
        yield made


def test_a_teacher_works_in_the_frame_of_an_lms_on_another_https_origin(
    started: Started, world: World
) -> None:
    work(started.driver, world, started.carried_by)


def test_every_cookie_is_secure_cross_site_and_partitioned(browser: Browser, world: World) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    told: list[str] = []
    page.on("response", lambda answer: told.extend(_cookies(answer.headers_array())))
    page.goto(f"{world.lms_url}/lms/login")
    page.locator(f'button[value="{world.people.learners[0].id}"]').click()
    told.clear()
    page.goto(f"{world.lms_url}/lms/link/{world.overview.id}")
    frame = page.frame_locator("iframe.activity")
    frame.get_by_role("heading", name=world.mc.title.best("en")).wait_for()
    ours = [cookie for cookie in told if not cookie.startswith("demo_lms=")]
    names = {cookie.partition("=")[0].removeprefix("__Host-").split("_")[0] for cookie in ours}
    assert names == {"kept", "launch", "login", "sheet"}
    for cookie in ours:
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "SameSite=None", "Partitioned"} <= attributes, cookie.partition("=")[0]
    kept = [each for each in context.cookies() if each["name"] != "demo_lms"]
    assert {each["partitionKey"] for each in kept} == {"https://127.0.0.1"}
    context.close()


def test_a_list_is_taken_along_from_the_frame_whose_cookie_stays_behind(
    browser: Browser, program: str, world: World
) -> None:
    """Chromium keeps no service worker under a certificate that it was only told to overlook."""
    flags = [*FLAGS, "--ignore-certificate-errors"]
    trusting = browser.browser_type.launch(executable_path=program, args=flags)
    context = trusting.new_context()
    visitor = Visitor(Sitting(context, Watch(context)), world, world.people.teacher)
    teaching.visit(world, world.people.learners[0], [world.overview])
    frame = visitor.open_in_frame(world.overview)
    frame.get_by_role("link", name="Sign off without network").click()
    with context.expect_page() as opened:
        frame.get_by_role("button", name="Open the page for").click()
    page = opened.value
    page.get_by_role("button", name="Take it along").click()
    page.get_by_label("Unit").select_option(ASSESSED[-1])
    page.get_by_role("checkbox", name=world.people.learners[0].name).check()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("Sent: 1 recorded.")).to_be_visible()
    launches = [one for one in context.cookies() if "launch_" in one["name"]]
    sites = sorted(one["partitionKey"] for one in launches)
    assert sites == ["https://127.0.0.1", "https://localhost"], "one for the frame, one for the tab"
    trusting.close()


def _cookies(headers: list[dict[str, str]]) -> list[str]:
    return [one["value"] for one in headers if one["name"].lower() == "set-cookie"]
