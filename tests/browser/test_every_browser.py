"""From login through pages and a form to a reload, in the frame of an LMS on another site.

What carries the launch is what each browser lets a framed site keep: a cookie, or only a proof in
its storage, and then a bearer.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World, running
from tests.browser.chromium import COOKIELESS_HOST
from tests.browser.drivers import Driver, firefox, webkit
from tests.browser.drivers.chromium import Chromium
from tests.browser.teacher_in_frame import BEARER, COOKIE, work
from tests.peers import require

Started = tuple[Driver, str, str]
"""A driver, the host of the tool, and what shall carry the launch."""


def _chromium(request: pytest.FixtureRequest) -> Started:
    """Third-party cookies are blocked, partitioned ones are kept."""
    browser: Browser = request.getfixturevalue("browser")
    return Chromium(browser), "localhost", COOKIE


def _chromium_without_cookies(request: pytest.FixtureRequest) -> Started:
    browser: Browser = request.getfixturevalue("browser")
    return Chromium(browser), COOKIELESS_HOST, BEARER


def _firefox(request: pytest.FixtureRequest) -> Started:
    """As it comes, each site has its own cookies within each other site."""
    return _any_firefox(request, {}), "localhost", COOKIE


def _firefox_without_cookies(request: pytest.FixtureRequest) -> Started:
    return _any_firefox(request, firefox.THIRD_PARTY_COOKIES_BLOCKED), "localhost", BEARER


def _any_firefox(request: pytest.FixtureRequest, preferences: dict[str, int]) -> Driver:
    require(firefox.program(), "needs Firefox (Debian's package `firefox-esr`)")
    folder: Path = request.getfixturevalue("tmp_path") / "profile"
    folder.mkdir()
    return firefox.Firefox(folder, preferences)


def _webkit(request: pytest.FixtureRequest) -> Started:
    lacking = webkit.missing()
    require(not lacking, f"needs {lacking} (Debian's packages `webkit2gtk-driver`, `xvfb`)")
    return webkit.WebKit(), "localhost", BEARER


@pytest.fixture(
    params=[_chromium, _chromium_without_cookies, _firefox, _firefox_without_cookies, _webkit],
    ids=lambda start: start.__name__.strip("_"),
)
def started(request: pytest.FixtureRequest) -> Iterator[Started]:
    start: Callable[[pytest.FixtureRequest], Started] = request.param
    made = start(request)
    yield made
    made[0].close()


@pytest.fixture
def world(started: Started, tmp_path: Path) -> Iterator[World]:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, **ports, tool_host=started[1]) as made:
        yield made


def test_a_teacher_works_in_the_frame_of_the_lms(started: Started, world: World) -> None:
    driver, _, carried_by = started
    work(driver, world, carried_by)
