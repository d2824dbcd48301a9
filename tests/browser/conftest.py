"""A browser, the tool and the LMS side by side, and a watch on everything a page complains about.

`CREDLET_SCREENSHOTS=DIR` leaves a picture of every page in DIR, 360 and 1280 px wide.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from lti_tool.demo.lms import User
from lti_tool.demo.serving import free_port, serving
from lti_tool.demo.world import World, running
from tests.browser import long_names, stage
from tests.browser.chromium import (
    DESKTOP,
    WITHOUT_SCRIPTS,
    WITHOUT_STORAGE,
    Sitting,
    Watch,
    chromium,
    chromium_beside,
)
from tests.browser.stage import Stage
from tests.browser.visitors import Visitor
from tests.peers import require

HERE = Path(__file__).parent
SCREENSHOTS = os.environ.get("CREDLET_SCREENSHOTS")

NewContext = Callable[..., Sitting]
Arrive = Callable[..., Visitor]
Show = Callable[[Page, str], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def program() -> str:
    found = shutil.which("chromium")
    require(found, "needs Chromium (Debian's package `chromium`)")
    assert found is not None
    return found


@pytest.fixture(scope="package")
def browser(program: str) -> Iterator[Browser]:
    with chromium(program) as started:
        yield started


@pytest.fixture(scope="package")
def browser_without_scripts(program: str, browser: Browser) -> Iterator[Browser]:
    with chromium_beside(program, browser, WITHOUT_SCRIPTS) as started:
        yield started


@pytest.fixture(scope="package")
def browser_without_storage(program: str, browser: Browser) -> Iterator[Browser]:
    with chromium_beside(program, browser, WITHOUT_STORAGE) as started:
        yield started


@pytest.fixture(scope="package")
def shared_world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for everything that only looks; `browser` first, so that nothing starts in vain."""
    folder = tmp_path_factory.mktemp("world")
    with running(folder, tool_port=free_port(), lms_port=free_port()) as world:
        yield world


@pytest.fixture
def world(browser: Browser, tmp_path: Path) -> Iterator[World]:
    """A world of this test's own, in which nobody has done anything yet."""
    with running(tmp_path, tool_port=free_port(), lms_port=free_port()) as made:
        yield made


@pytest.fixture
def new_context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[NewContext]:
    """Make browsers without any memory; a page that complains in one of them fails the test."""
    opened: list[Sitting] = []

    def make(*, scripts: bool = True, storage: bool = True, **settings: Any) -> Sitting:
        """`storage`: whether a frame of another site keeps something."""
        started = browser
        if not (scripts and storage):
            less = "storage" if scripts else "scripts"
            started = request.getfixturevalue(f"browser_without_{less}")
        context = started.new_context(**(DESKTOP | settings))
        opened.append(Sitting(context, Watch(context)))
        return opened[-1]

    yield make
    for sitting in opened:
        sitting.context.close()
    assert [complaint for sitting in opened for complaint in sitting.watch.complaints] == []


@pytest.fixture
def arrive(new_context: NewContext, world: World) -> Arrive:
    """Let a person sit down at a browser of their own: `arrive(user, **settings)`."""

    def make(user: User, **settings: Any) -> Visitor:
        return Visitor(new_context(**settings), world, user)

    return make


@pytest.fixture(scope="package")
def stage_window(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(**DESKTOP)
    watch = Watch(context)
    yield context.new_page(), watch
    context.close()


@pytest.fixture(scope="package")
def acted(shared_world: World, stage_window: tuple[Page, Watch]) -> Stage:
    page, watch = stage_window
    stage.act(shared_world)
    addresses = stage.launch_addresses(shared_world, page) | stage.public_addresses(shared_world)
    assert set(addresses) == set(stage.PLACES)
    return Stage(page, watch, addresses)


@pytest.fixture(scope="package")
def acted_with_long_names(shared_world: World, acted: Stage) -> Stage:
    addresses = long_names.addresses(shared_world, acted.page)
    assert set(addresses) == set(long_names.PLACES)
    return Stage(acted.page, acted.watch, addresses)


@pytest.fixture
def quiet_stage(acted: Stage) -> Iterator[Stage]:
    """The stage; a page that complains fails the test that looked at it."""
    acted.watch.complaints.clear()
    yield acted
    assert acted.watch.complaints == []


@pytest.fixture
def quiet_long_stage(acted_with_long_names: Stage) -> Iterator[Stage]:
    acted_with_long_names.watch.complaints.clear()
    yield acted_with_long_names
    assert acted_with_long_names.watch.complaints == []


@pytest.fixture
def show() -> Show:
    """Keep a picture of a page, if somebody wants to look at them."""

    def keep(page: Page, name: str) -> None:
        if SCREENSHOTS is None:
            return
        folder = Path(SCREENSHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name.replace(' ', '-')}.png", full_page=True)

    return keep


@pytest.fixture
def stranger() -> Iterator[str]:
    """A page of somebody else that listens, frames what it is told, and opens windows."""
    app = Flask("stranger")
    port = free_port()

    @app.get("/")
    def page() -> str:
        return """<!doctype html><link rel="icon" href="data:,"><p id="heard"></p><script>
        addEventListener("message", (event) => {
          document.getElementById("heard").textContent += JSON.stringify(event.data);
        });
        </script>"""

    with serving(app, port=port):
        yield f"http://127.0.0.1:{port}/"
