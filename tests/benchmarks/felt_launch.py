"""What a learner feels: from the tap in the LMS to a usable page of a unit, on a slow network.

Run by hand: `python -m tests.benchmarks.felt_launch [rounds]` (needs Chromium). The browser is told
to behave as at 400 kbit/s and 400 ms of round trip for each request, to the LMS and to the tool
alike, and blocks third-party cookies. It shows the unit in the frame of the practice LMS. Frames
share the page's process here, or the slow network would end at the frame's border.

`wait` is from the tap until the unit's page stands there with its style sheet and its pictures;
`of it, LMS` is how long the requests to the LMS took of that. Round trips are those to the tool
that were waited for, one after the other; requests and bytes are all to the tool, also what is
fetched afterwards for later.
"""

import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, PARTICIPATION, TOOL_HOST, World, running
from tests.browser.chromium import COOKIELESS_HOST, DESKTOP, FLAGS, Sitting, Watch
from tests.browser.visitors import Visitor

KBIT_PER_SECOND = 400
ROUND_TRIP_MS = 400
PATIENCE_S = 60
LOOK_EVERY_S = 0.025
IS_USABLE = """title =>
  [...document.querySelectorAll("h1, h2")].some(one => one.textContent.includes(title))
  && getComputedStyle(document.documentElement).getPropertyValue("--paper") !== ""
  && [...document.images].every(one => one.complete)"""
ONE_PROCESS = (
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process",
)
NO_THIRD_PARTY_COOKIES = "--test-third-party-cookie-phaseout"


@dataclass(slots=True)
class Felt:
    """What one launch cost; times in seconds."""

    wait: float = 0.0
    in_lms: float = 0.0
    requests: list[str] = field(default_factory=list)
    down: int = 0
    round_trips: int = 0


def main(rounds: int) -> None:
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("needs Chromium (Debian's package `chromium`)")
    found: dict[str, list[Felt]] = {}
    with sync_playwright() as playwright:
        flags = [*FLAGS, *ONE_PROCESS, NO_THIRD_PARTY_COOKIES]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for host, kind in ((TOOL_HOST, "partitioned cookies"), (COOKIELESS_HOST, "no cookies")):
            for _ in range(rounds):
                for visit, felt in zip(("first", "next"), _visits(browser, host), strict=True):
                    found.setdefault(f"{kind}, {visit} unit", []).append(felt)
        browser.close()
    _print(found)


def _visits(browser: Browser, host: str) -> list[Felt]:
    """Open a unit, and then another one, in a browser without any memory."""
    folder = Path(tempfile.mkdtemp())
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    try:
        with running(folder, **ports, tool_host=host, worker=False) as world:
            _sit(browser, world, 1).open_in_frame(world.overview)  # somebody else came before
            visitor = _sit(browser, world, 0)
            return [_open(visitor, world, unit) for unit in (PARTICIPATION, ASSESSED[0])]
    finally:
        for context in browser.contexts:
            context.close()
        shutil.rmtree(folder)


def _sit(browser: Browser, world: World, learner: int) -> Visitor:
    context = browser.new_context(**DESKTOP)
    return Visitor(Sitting(context, Watch(context)), world, world.people.learners[learner])


def _open(visitor: Visitor, world: World, unit: str) -> Felt:
    page, felt = visitor.page, Felt()
    visitor.to_course()
    finished: list[Request] = []
    session = visitor.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _slow())

    def note(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    link = page.get_by_role("link", name=world.links[unit].title, exact=True)
    start = time.perf_counter()
    link.click(no_wait_after=True)
    while not _is_usable(page, world.mc.unit(unit).title.best("en")):
        assert time.perf_counter() - start < PATIENCE_S
        page.wait_for_timeout(LOOK_EVERY_S * 1000)  # the page's policy lets nothing wait within it
    felt.wait, usable = time.perf_counter() - start, time.time() * 1000
    page.wait_for_load_state("networkidle", timeout=PATIENCE_S * 1000)
    page.remove_listener("requestfinished", note)
    session.detach()
    _count(felt, finished, urlsplit(world.tool.settings.public_url).netloc, usable)
    return felt


def _is_usable(page: Page, title: str) -> bool:
    """Look into the frame, which may be on its way from one page to the next."""
    inner = next((one for one in page.frames if one.parent_frame), None)
    try:
        return inner is not None and bool(inner.evaluate(IS_USABLE, title))
    except Error:
        return False


def _slow() -> dict[str, float | bool]:
    speed = KBIT_PER_SECOND * 1000 / 8
    return {
        "offline": False,
        "latency": ROUND_TRIP_MS,
        "downloadThroughput": speed,
        "uploadThroughput": speed,
    }


def _count(felt: Felt, finished: list[Request], tool: str, usable: float) -> None:
    """`usable`: when the page was, in milliseconds of the clock."""
    answered = 0.0  # when the first byte of the last round trip was there
    for request in sorted(finished, key=lambda one: one.timing["startTime"]):
        timing, sizes = request.timing, request.sizes()
        start, took = timing["startTime"], max(timing["responseEnd"], 0)
        parts = urlsplit(request.url)
        if parts.netloc != tool:
            felt.in_lms += took / 1000
            continue
        size = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        name = parts.path.rpartition("/")[2] or "/"
        felt.requests.append(f"{request.method} {name} {size} B {took:.0f} ms")
        felt.down += size
        begins = start + timing["responseStart"]
        if took > 1 and start >= answered and begins <= usable:  # not cached, not beside another
            felt.round_trips += 1
            answered = begins


def _print(found: dict[str, list[Felt]]) -> None:
    print(f"{KBIT_PER_SECOND} kbit/s, {ROUND_TRIP_MS} ms; medians (least - most)")
    heads = f"{'wait s':>18} {'of it, LMS':>10} {'round trips':>11} {'requests':>8} {'bytes':>7}"
    print(f"{'':34} {heads}")
    for name, several in found.items():
        waits = [felt.wait for felt in several]
        spread = f"{statistics.median(waits):.1f} ({min(waits):.1f} - {max(waits):.1f})"
        lms = statistics.median(felt.in_lms for felt in several)
        last = several[-1]
        print(
            f"{name:34} {spread:>18} {lms:10.1f} {last.round_trips:11} "
            f"{len(last.requests):8} {last.down:7}"
        )
    for name, several in found.items():
        print(f"\n{name}: " + "; ".join(several[-1].requests))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
