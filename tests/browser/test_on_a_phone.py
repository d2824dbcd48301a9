"""The learner's way on a phone, where the LMS opens a window of its own."""

from playwright.sync_api import Page, expect

from lti_tool.demo.world import ASSESSED, PARTICIPATION, UNLOCKED, World
from tests.browser import measure, teaching
from tests.browser.chromium import PHONE
from tests.browser.conftest import Arrive, Show
from tests.browser.visitors import BADGE, Visitor

MOST_TAPS = 3


def test_a_learner_completes_and_claims_on_a_phone(
    world: World, arrive: Arrive, show: Show
) -> None:
    teaching.choose_routes(world, world.overview)
    learner = arrive(world.people.learners[1], **PHONE)
    _passes_the_quiz(learner)
    window = learner.open_in_window(world.links[UNLOCKED])
    expect(window.get_by_text("You have completed this unit.")).to_be_visible()
    _fits(window)
    window = learner.open_in_window(world.links[PARTICIPATION])
    learner.press(window.get_by_role("button", name="I have worked through this unit"))
    expect(window.get_by_text("You have completed this unit.")).to_be_visible()
    teaching.assess(world, world.overview, [learner.user], ASSESSED)
    window = learner.open_in_window(world.overview)
    _claims(learner, window, show)
    learner.press(window.get_by_role("button", name="Make it public"))
    expect(window.get_by_role("link", name="/credentials/")).to_be_visible()
    _fits(window)


def _passes_the_quiz(learner: Visitor) -> None:
    quiz = learner.world.quiz
    learner.to_course()
    learner.press(learner.page.get_by_role("link", name=quiz.title, exact=True))
    learner.press(learner.page.get_by_label(quiz.answers[quiz.right]))
    learner.press(learner.page.get_by_role("button", name="Hand in"))
    expect(learner.page.get_by_role("status")).to_contain_text("You passed")


def _claims(learner: Visitor, window: Page, show: Show) -> None:
    learner.taps = 0
    for name in ("Claim your badge", "Claim this badge"):
        action = window.locator(".button.main")
        expect(action).to_have_text(name)
        _fits(window)
        assert measure.main_action_problem(window) == ""
        show(window, f"phone {name}")
        learner.press(action)
    window.wait_for_url(BADGE)
    expect(window.get_by_text(f"for {learner.user.name}")).to_be_visible()
    assert learner.taps <= MOST_TAPS
    _fits(window)


def _fits(window: Page) -> None:
    assert measure.too_wide(window) == []
    assert measure.too_small(window) == []
