"""People at a browser: they sign in to the LMS and open links as people do."""

import re

from playwright.sync_api import Frame, Locator, Page

from lti_tool.demo.lms import Course, Link, User
from lti_tool.demo.world import World
from tests.browser.chromium import Sitting

LAUNCHED = re.compile(r"/launches/[0-9a-f-]{36}/")
BADGE = re.compile(r"/launches/[0-9a-f-]{36}/badge$")


class Visitor:
    """One person with one browser; `taps` counts what they pressed since it was set to 0."""

    def __init__(self, sitting: Sitting, world: World, user: User) -> None:
        self.context, self.watch = sitting.context, sitting.watch
        self.world, self.user = world, user
        self.page = self.context.new_page()
        self.taps = 0
        self._has_fingers = self.page.evaluate("matchMedia('(pointer: coarse)').matches")

    def press(self, target: Locator) -> None:
        """Click, or tap on a phone."""
        self.taps += 1
        if self._has_fingers:
            target.tap()
        else:
            target.click()

    def to_course(self, title: str | None = None) -> None:
        """Go to the course, signing in where that is asked."""
        self.page.goto(f"{self.world.lms_url}/lms/")
        who = self.page.get_by_role("button", name=self.user.name)
        if "/login" in self.page.url:
            self.press(who)
        self.press(self.page.get_by_role("link", name=title or self.world.course.title, exact=True))

    def open_in_frame(self, link: Link, course: str | None = None) -> Frame:
        """Open a link of the course in the LMS's frame and return what the frame shows."""
        self.to_course(course)
        self.press(self.page.get_by_role("link", name=link.title, exact=True))
        return self.framed()

    def framed(self) -> Frame:
        handle = self.page.locator("iframe.activity").element_handle()
        frame = handle.content_frame()
        assert frame is not None
        frame.wait_for_url(LAUNCHED)
        return frame

    def open_in_window(self, link: Link) -> Page:
        """Open a link of the course as a phone does: in a window of its own."""
        self.to_course()
        with self.context.expect_page() as opened:
            self.press(self.page.get_by_role("link", name=f"{link.title} (opens a new window)"))
        opened.value.wait_for_url(LAUNCHED)
        return opened.value


def sit(page: Page, world: World, user: User, link: Link) -> str:
    """Launch `link` as `user` in this window; return the address that the launch's pages share."""
    return _launch(page, world, user, f"/lms/launch/{link.id}?target=window")


def sit_to_select(page: Page, world: World, user: User, course: Course) -> str:
    """Begin to select content for a course in this window; return as `sit` does."""
    client_id = world.lms.tools()[0].client_id
    return _launch(page, world, user, f"/lms/content/{course.id}/launch?tool={client_id}")


def sit_to_review(page: Page, world: World, user: User, link: Link, learner_id: str) -> str:
    """Click a learner's grade in this window; return as `sit` does."""
    return _launch(page, world, user, f"/lms/review/{link.id}?user={learner_id}")


def _launch(page: Page, world: World, user: User, address: str) -> str:
    page.context.clear_cookies(name="demo_lms")
    page.goto(f"{world.lms_url}/lms/login")
    page.locator(f'button[value="{user.id}"]').click()
    page.goto(f"{world.lms_url}{address}")
    page.wait_for_url(LAUNCHED)
    launched = LAUNCHED.search(page.url)
    assert launched is not None
    return page.url[: launched.end() - 1]
