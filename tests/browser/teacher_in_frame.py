"""A teacher's work in the frame of an LMS, the same in every browser.

From login through two pages and a form to a step back and a reload.
"""

from lti_tool.demo.world import PARTICIPATION, World
from lti_tool.models import LaunchSession
from tests.browser.drivers import Driver, press, shows, wait_for

COOKIE, BEARER = "cookie", "bearer"


def work(driver: Driver, world: World, carried_by: str) -> None:
    """Do it, and check what carried the launch from page to page."""
    link, teacher = world.links[PARTICIPATION], world.people.teacher
    driver.open(f"{world.lms_url}/lms/login")
    press(driver, f'//button[@value="{teacher.id}"]')
    shows(driver, "Sign out")
    for visit in (1, 2):  # the second login takes another way where the first left a mark
        driver.open(f"{world.lms_url}/lms/link/{link.id}")
        driver.into_frame('//iframe[@class="activity"]')
        shows(driver, world.mc.title.best("en"))
        assert len(sessions(world)) == visit
    press(driver, '//a[contains(@class, "button main")]')
    shows(driver, "By taking part")
    press(driver, '//label[.//input[@value="participation"]]')
    press(driver, '//button[normalize-space() = "Change"]')
    shows(driver, "Changed.")
    unit = driver.run("return location.href")
    press(driver, '//a[normalize-space() = "What is kept about you"]')
    wait_for(lambda: str(driver.run("return location.href")).endswith("/data"), "the page")
    driver.run("history.back()")
    wait_for(lambda: driver.run("return location.href") == unit, "the page before")
    shows(driver, "By taking part")
    driver.run("location.reload()")
    shows(driver, "By taking part")
    chosen = 'return document.querySelector("[value=participation]").checked'
    wait_for(lambda: driver.run(chosen), "the choice")
    for session in sessions(world):
        assert (session.bearer_expires_at is not None) is (carried_by == BEARER)


def sessions(world: World) -> list[LaunchSession]:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(LaunchSession).all()
