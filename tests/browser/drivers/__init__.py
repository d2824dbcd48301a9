"""Browsers of three makers behind one small interface, so that one test can be played in all.

Places on a page are told as XPath. A browser that is not installed skips the test, with a reason.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

PATIENCE_SECONDS = 30


class Driver(Protocol):
    """A browser without any memory and without a screen that anybody sees."""

    def open(self, address: str) -> None:
        """Go to an address in the window."""

    def into_frame(self, xpath: str) -> None:
        """Look into a frame from now on, whatever it will show."""

    def click(self, xpath: str) -> None:
        """Press what stands there, as a person would."""

    def run(self, script: str) -> Any:
        """Return what the body of a function returns in the page at hand."""

    def close(self) -> None: ...


def wait_for(found: Callable[[], Any], what: str) -> None:
    """Wait until something is true; whatever fails while a page changes counts as not yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    problem: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if found():
                return
        except Exception as error:
            problem = error
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}") from problem


def shows(driver: Driver, text: str) -> None:
    """Wait until the page at hand shows a text."""
    wait_for(lambda: text in str(driver.run("return document.body.innerText")), repr(text))


def press(driver: Driver, xpath: str) -> None:
    """Press something as soon as it is there."""

    def pressed() -> bool:
        driver.click(xpath)
        return True

    wait_for(pressed, xpath)
