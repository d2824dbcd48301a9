"""Everything on the way to the badge without a mouse."""

from playwright.sync_api import Frame, Page, expect

from lti_tool.demo.world import ASSESSED, World
from tests.browser import measure, teaching
from tests.browser.conftest import Arrive, Show

MOST_STOPS = 25


def test_a_badge_is_claimed_with_the_keyboard_alone_and_the_focus_is_always_seen(
    world: World, arrive: Arrive, show: Show
) -> None:
    teaching.choose_routes(world, world.overview)
    learner = arrive(world.people.learners[2])
    teaching.visit(world, learner.user, world.links.values())
    teaching.assess(world, world.overview, [learner.user], ASSESSED)
    frame = learner.open_in_frame(world.overview)
    page = learner.page
    _tab_to(page, frame, "A", "Claim your badge")
    show(page, "keyboard focus")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading", name="Your badge")).to_be_visible()
    _tab_to(page, frame, "INPUT", field="naming")
    page.keyboard.press("ArrowDown")
    expect(frame.get_by_label("No name")).to_be_checked()
    _tab_to(page, frame, "INPUT", field="email")
    page.keyboard.press("Space")
    expect(frame.get_by_label("Add a fingerprint")).to_be_checked()
    _tab_to(page, frame, "BUTTON", "Claim this badge")
    page.keyboard.press("Enter")
    expect(frame.get_by_text("without a name")).to_be_visible()
    _tab_to(page, frame, "BUTTON", "Make it public")
    page.keyboard.press("Space")
    expect(frame.get_by_role("button", name="Make it private again")).to_be_visible()


def test_the_first_stop_skips_to_the_content(world: World, arrive: Arrive) -> None:
    learner = arrive(world.people.learners[2])
    frame = learner.open_in_frame(world.overview)
    _tab_to(learner.page, frame, "A", "Skip to the content")
    learner.page.keyboard.press("Enter")
    assert measure.focus(frame)["tag"] == "MAIN"


def _tab_to(page: Page, frame: Frame, tag: str, name: str = "", field: str = "") -> None:
    """Press Tab until the focus is there; every stop on the way within the frame is outlined."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = measure.focus(frame)
        if at["tag"] == "BODY":
            continue  # still among the LMS's own links
        assert at["outline"] == "solid 3px", at
        if (at["tag"], at["name"] if name else "", at["field"] if field else "") == (
            tag,
            name,
            field,
        ):
            return
    raise AssertionError(f"{tag} {name}{field} is not reached in {MOST_STOPS} stops")
