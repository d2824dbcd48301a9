"""A list is taken along, ticked and sent in Firefox, which asks before it keeps it for good.

WebKit keeps no Secure cookie of http, as the demo speaks it, so it is not played here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, World, running
from tests.browser import teaching
from tests.browser.drivers import Driver, firefox, press, shows, wait_for
from tests.peers import require


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    require(firefox.program(), "needs Firefox (Debian's package `firefox-esr`)")
    (tmp_path / "profile").mkdir()
    made = firefox.Firefox(tmp_path / "profile", {})
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path, tool_port=free_port(), lms_port=free_port()) as made:
        yield made


def test_a_list_is_taken_along_ticked_and_sent(driver: Driver, world: World) -> None:
    learner, teacher = world.people.learners[0], world.people.teacher
    teaching.visit(world, learner, [world.overview])
    driver.open(f"{world.lms_url}/lms/login")
    press(driver, f'//button[@value="{teacher.id}"]')
    shows(driver, "Sign out")
    driver.open(f"{world.lms_url}/lms/launch/{world.overview.id}?target=window")
    shows(driver, "Learners and units")
    press(driver, '//a[normalize-space() = "Sign off without network"]')
    shows(driver, "On paper instead")
    driver.run('document.forms.take.removeAttribute("target")')  # the drivers know one window
    press(driver, '//form[@name="take"]//button')
    press(driver, '//button[@id="take"]')
    shows(driver, "It is on this phone now")
    choose = f'document.getElementById("unit").value = "{ASSESSED[-1]}"'
    driver.run(f'{choose}; document.getElementById("unit").onchange()')
    press(driver, f'//label[contains(., "{learner.name}")]/input')
    shows(driver, "Not sent yet: 1")
    driver.run("location.reload()")
    shows(driver, "Not sent yet: 0")  # the network is there, so it went out
    shows(driver, "See the course")
    kept = "return navigator.serviceWorker.controller !== null"
    wait_for(lambda: driver.run(kept), "the service worker")
