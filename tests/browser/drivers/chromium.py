"""Chromium through Playwright, which the other tests started already."""

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, Page

from tests.browser.chromium import DESKTOP, FLAGS


class Chromium:
    """A window without memory, as in private browsing: third-party cookies are blocked."""

    def __init__(self, browser: Browser, *, takes_any_certificate: bool = False) -> None:
        self._use(browser.new_context(**DESKTOP, ignore_https_errors=takes_any_certificate))

    def _use(self, context: BrowserContext) -> None:
        self._context = context
        self._page = self._context.new_page()
        self._at: Page | Frame = self._page

    def open(self, address: str) -> None:
        self._page.goto(address)
        self._at = self._page

    def into_frame(self, xpath: str) -> None:
        frame = self._page.locator(f"xpath={xpath}").element_handle()
        assert frame is not None
        found = frame.content_frame()
        assert found is not None
        self._at = found

    def click(self, xpath: str) -> None:
        self._at.locator(f"xpath={xpath}").click()

    def run(self, script: str) -> Any:
        return self._at.evaluate(f"() => {{ {script} }}")

    def close(self) -> None:
        self._context.close()


class Profile(Chromium):
    """A window with a profile in `folder`, as most people have: third-party cookies are kept.

    Takes any certificate.
    """

    def __init__(self, browser: Browser, folder: Path) -> None:
        kind = browser.browser_type
        program = shutil.which("chromium")
        self._use(
            kind.launch_persistent_context(
                folder,
                executable_path=program,
                args=list(FLAGS),
                ignore_https_errors=True,
                **DESKTOP,
            )
        )
