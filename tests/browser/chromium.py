"""Chromium without a screen and without a network beyond this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

# A name of this machine. Over http no browser keeps `Secure` cookies of it, whatever its settings:
# there the tool has none at all, as in browsers that know no partitioned ones.
COOKIELESS_HOST = "tool.example"
FLAGS = (
    f"--host-resolver-rules=MAP {COOKIELESS_HOST} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The last such flag counts. Playwright's own turns the partitioning of storage off, which
    # browsers that people use have: without it a frame has no storage at all.
    "--disable-features=HttpsUpgrades,LensOverlay,MediaRouter,PaintHolding,Translate",
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 720}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Phone) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/150.0.0.0 Mobile Safari/537.36",
}
TIMEOUT_MS = 20_000  # how long a slow machine may take; what is there sooner is not waited for
expect.set_options(timeout=TIMEOUT_MS)


# Playwright turns scripts off frame by frame, and a frame of another site may be read before that:
# its `<noscript>` then holds text, in about every fifth one. A reader's own setting is never late.
WITHOUT_SCRIPTS = "--blink-settings=scriptEnabled=false"


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """Start the browser at `program`; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


# Frames of other sites keep nothing: no cookie that is not partitioned, and no storage.
WITHOUT_STORAGE = "--disable-features=ThirdPartyStoragePartitioning"


@contextmanager
def chromium_beside(program: str, beside: Browser, flag: str) -> Iterator[Browser]:
    """Start one more browser `beside` another: `WITHOUT_SCRIPTS` or `WITHOUT_STORAGE`."""
    flags = [*FLAGS, flag]
    browser = beside.browser_type.launch(executable_path=program, args=flags)
    yield browser
    browser.close()


class Watch:
    """Everything a page complains about: script errors, refused content, dialogs.

    A violation of the Content Security Policy shows as an error on the console.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self._refused: set[str] = set()
        context.on("page", self._follow)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.set_default_timeout(TIMEOUT_MS)

    def expect_refusal(self, url: str) -> None:
        """Let the browser say on its console that `url` was answered with 4xx."""
        self._refused.add(url)

    def _follow(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)

    def _hear(self, message: Any) -> None:
        is_expected = message.text.startswith("Failed to load resource")
        if is_expected and message.location["url"] in self._refused:
            return
        if COOKIELESS_HOST in message.location["url"] and "untrustworthy" in message.text:
            return  # it says that a header is for https
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _dismiss(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@dataclass(frozen=True, slots=True)
class Sitting:
    """A browser without any memory, and what its pages complain about."""

    context: BrowserContext
    watch: Watch
