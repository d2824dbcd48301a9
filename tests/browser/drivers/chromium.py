"""Chromium through Playwright, which the other tests started already."""

from typing import Any

from playwright.sync_api import Browser, Frame, Page

from tests.browser.chromium import DESKTOP


class Chromium:
    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context(**DESKTOP)
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
