"""What a learner feels: from the tap in the LMS to a usable page of a unit, on a slow network.

Run by hand: `python -m tests.benchmarks.felt_launch [rounds]` (needs Chromium). The browser is told
to behave as at 400 kbit/s and 400 ms of round trip for each request, to the LMS and to the tool
alike, and blocks third-party cookies. It shows the unit in the frame of the practice LMS. Frames
share the page's process here, or the slow network would end at the frame's border.

`wait` is from the tap until the unit's page stands there with its style sheet; `of it, LMS` is how
long the requests to the LMS took of that. Round trips (those that wait for one another, pictures
included), requests and bytes are those to the tool alone.
"""

import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request, expect, sync_playwright

from lti_tool.demo.serving import free_port
from lti_tool.demo.world import ASSESSED, PARTICIPATION, TOOL_HOST, World, running
from tests.browser.chromium import COOKIELESS_HOST, DESKTOP, FLAGS, Sitting, Watch
from tests.browser.visitors import Visitor

KBIT_PER_SECOND = 400
ROUND_TRIP_MS = 400
PATIENCE_MS = 60_000
IS_STYLED = "getComputedStyle(document.documentElement).getPropertyValue('--paper') !== ''"
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
            context = browser.new_context(**DESKTOP)
            visitor = Visitor(Sitting(context, Watch(context)), world, world.people.learners[0])
            felt = [_open(visitor, world, unit) for unit in (PARTICIPATION, ASSESSED[0])]
            context.close()
            return felt
    finally:
        shutil.rmtree(folder)


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
    title = world.mc.unit(unit).title.best("en")
    heading = page.frame_locator("iframe.activity").get_by_role("heading", name=title).first
    expect(heading).to_be_visible(timeout=PATIENCE_MS)
    inner = page.locator("iframe.activity").element_handle().content_frame()
    assert inner is not None
    while not inner.evaluate(IS_STYLED):  # the page's policy lets nothing wait within it
        time.sleep(0.02)
    felt.wait = time.perf_counter() - start
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    page.remove_listener("requestfinished", note)
    session.detach()
    _count(felt, finished, urlsplit(world.tool.settings.public_url).netloc)
    return felt


def _slow() -> dict[str, float | bool]:
    speed = KBIT_PER_SECOND * 1000 / 8
    return {
        "offline": False,
        "latency": ROUND_TRIP_MS,
        "downloadThroughput": speed,
        "uploadThroughput": speed,
    }


def _count(felt: Felt, finished: list[Request], tool: str) -> None:
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
        if took > 1 and start >= answered:  # neither from the cache nor beside another
            felt.round_trips += 1
            answered = start + timing["responseStart"]


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
