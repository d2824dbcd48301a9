"""Make the pictures of the README anew, from a running demo.

`python -m tests.browser.guide_pictures [FOLDER [NAME ...]]`. `PICTURES` says for each how large it
is, how high the window is, and what is done before. Look at them before they are committed: times
and ports differ each time.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FloatRect, Page

import lti_tool.web
from lti_tool.demo.lms import User
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, PARTICIPATION, UNLOCKED, World, running
from tests.browser import teaching
from tests.browser.chromium import Sitting, Watch, chromium
from tests.browser.test_connecting import invite, open_registration, pending, to_tools
from tests.browser.visitors import Visitor, sit

WEB = Path(lti_tool.web.__file__).parent
SPRING = "Welding, spring group"


@dataclass
class Studio:
    """One demo and the browsers in which people sit; `size`: of a window, in pixels."""

    world: World
    browser: Browser
    size: tuple[int, int]
    opened: list[BrowserContext] = field(default_factory=list)

    def seat(self, user: User) -> Visitor:
        width, height = self.size
        context = self.browser.new_context(viewport={"width": width, "height": height})
        self.opened.append(context)
        return Visitor(Sitting(context, Watch(context)), self.world, user)


def registration(studio: Studio) -> Page:
    admin = studio.seat(studio.world.admin)
    to_tools(admin)
    open_registration(admin, invite(studio.world)).get_by_role("button", name="Register").wait_for()
    return admin.page


def activate(studio: Studio) -> Page:
    admin = studio.seat(studio.world.admin)
    to_tools(admin)
    open_registration(admin, invite(studio.world)).get_by_role("button", name="Register").click()
    admin.page.wait_for_url("**/lms/tools")
    admin.page.locator(f"#tool-{pending(studio.world).client_id}").scroll_into_view_if_needed()
    return admin.page


def learner(studio: Studio) -> Page:
    world = studio.world
    noel = world.people.learners[1]
    teaching.choose_routes(world, world.overview)
    teaching.visit(world, noel, [world.links[code] for code in (UNLOCKED, PARTICIPATION)])
    teaching.assess(world, world.links[PARTICIPATION], [noel], ASSESSED[:1])
    visitor = studio.seat(noel)
    visitor.page.goto(sit(visitor.page, world, noel, world.links[ASSESSED[1]]) + "/")
    visitor.page.get_by_text("What you can do after this unit").click()
    return visitor.page


def restricted(studio: Studio) -> Page:
    visitor = studio.seat(studio.world.people.learners[1])
    visitor.to_course()
    return visitor.page


def restrictions(studio: Studio) -> Page:
    world = studio.world
    teaching.choose_routes(world, world.overview)
    for user in world.people.learners[:3]:
        teaching.visit(world, user, [world.links[UNLOCKED]])
    teacher = studio.seat(world.people.teacher)
    frame = teacher.open_in_frame(world.links[UNLOCKED])
    frame.goto(f"{frame.url.partition('/course')[0]}/course/restrictions")
    return teacher.page


def choose_activity(studio: Studio) -> Page:
    page = _quiz_completes(studio)
    frame = page.frame_locator("iframe.activity")
    frame.get_by_text("Choose another activity").click()
    frame.get_by_role("radio", name="Workshop safety").check()
    frame.get_by_role("radio", name="it is passed").check()
    frame.get_by_text("Choose another activity").evaluate("it => it.scrollIntoView()")
    return page


def activity_results(studio: Studio) -> Page:
    page = _quiz_completes(studio)
    heading = page.frame_locator("iframe.activity").get_by_role(
        "heading", name="What completes the unit now"
    )
    heading.evaluate("it => it.scrollIntoView()")
    return page


def _quiz_completes(studio: Studio) -> Page:
    """A course of three learners: one passed the quiz, one failed it, one never tried."""
    world = studio.world
    passed, failed, idle = world.people.learners[:3]
    course, link = teaching.add_course(world, SPRING, [passed, failed, idle])
    world.lms.add_quiz(course, "Welding symbols", question="?", answers=["a"], right=0)
    quiz = world.lms.add_quiz(course, "Workshop safety", question="?", answers=["a"], right=0)
    world.lms.grade_quiz(failed, quiz, 40)
    for user in (failed, idle):
        sit(studio.seat(user).page, world, user, link)
    teaching.let_quiz_complete(world, link, quiz, passed)
    teacher = studio.seat(world.people.teacher)
    teacher.to_course(SPRING)
    teacher.page.goto(f"{world.lms_url}/lms/link/{link.id}")
    frame = teacher.framed()
    frame.goto(f"{frame.url.partition('/course')[0]}/course/units/{UNLOCKED}/activity")
    return teacher.page


PICTURES: dict[str, tuple[int, int, int, Callable[[Studio], Page]]] = {
    "docs/learner.png": (1100, 643, 643, learner),
    "docs/registration.png": (1280, 545, 545, registration),
    "static/activate.png": (1280, 720, 720, activate),
    "docs/restricted.png": (1280, 390, 390, restricted),
    "docs/restrictions.png": (1280, 800, 1000, restrictions),
    "docs/choose-activity.png": (1280, 805, 905, choose_activity),
    "docs/activity-results.png": (1280, 780, 1000, activity_results),
}


def make(folder: Path, names: list[str] | None = None) -> None:
    """Write the pictures below `folder`: all, or those called `names`."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("It needs Chromium (Debian's package `chromium`).")
    with chromium(program) as browser:
        for name in names or PICTURES:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(browser, name, path)
            print(path)


def draw(browser: Browser, name: str, path: Path) -> None:
    """Write one picture, of a demo of its own."""
    width, height, window_height, arrange = PICTURES[name]
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with tempfile.TemporaryDirectory() as kept, running(Path(kept), **ports) as world:
        studio = Studio(world, browser, (width, window_height))
        shown = FloatRect(x=0, y=0, width=width, height=height)
        arrange(studio).screenshot(path=path, animations="disabled", clip=shown)
        for context in studio.opened:
            context.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else WEB, sys.argv[2:])
