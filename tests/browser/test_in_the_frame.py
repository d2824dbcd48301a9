"""The main job in the frame of an LMS on another site, with real clicks."""

import json
import urllib.request
from pathlib import Path

from playwright.sync_api import Download, Frame, Locator, Page, expect

from badges import baking
from badges.fetch import Fetch, FetchFailed
from badges.verify import Outcome, verify
from lti_tool import clock
from lti_tool.demo.world import BASIS, PARTICIPATION, UNLOCKED, World
from tests.browser import measure
from tests.browser.chromium import Sitting
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.teaching import ASSESSED_UNIT, LAST_UNIT, PARTS_UNIT
from tests.browser.visitors import BADGE, Visitor

MOST_TAPS = 3


def test_a_learner_completes_claims_takes_along_and_shares_a_badge(
    world: World, arrive: Arrive, new_context: NewContext, show: Show, tmp_path: Path
) -> None:
    teacher = arrive(world.people.teacher)
    learner, other = (arrive(user) for user in world.people.learners[:2])
    _teacher_sets_routes(teacher)
    _lms_unlocks_after_its_quiz(learner, show)
    _learner_confirms_to_have_taken_part(learner, show)
    for unit in (ASSESSED_UNIT, PARTS_UNIT):
        frame = other.open_in_frame(world.links[unit])
        expect(frame.get_by_text("Your teacher records your result here")).to_be_visible()
    _teacher_assesses_two_at_once(teacher, show)
    frame = _learner_claims(learner, show)
    document = _downloads(learner, frame, tmp_path)
    assert verify(document, _published(world), clock.now()).outcome is Outcome.PASSED
    assert json.loads(document)["credentialSubject"]["identifier"][0]["identityHash"] == (
        learner.user.name
    )
    stranger = new_context()
    _shares_and_takes_back(learner, frame, stranger)


def _teacher_sets_routes(teacher: Visitor) -> None:
    world = teacher.world
    frame = teacher.open_in_frame(world.links[UNLOCKED])
    teacher.press(_main(frame))
    frame.get_by_label("Opened by your learning platform after its own check").check()
    frame.get_by_label("What your learning platform checks").fill(BASIS)
    teacher.press(frame.get_by_role("button", name="Change"))
    expect(frame.get_by_role("status")).to_contain_text("Changed.")
    frame = teacher.open_in_frame(world.links[PARTICIPATION])
    teacher.press(_main(frame))
    frame.get_by_label("By taking part").check()
    teacher.press(frame.get_by_role("button", name="Change"))
    expect(frame.get_by_role("status")).to_contain_text("Changed.")


def _lms_unlocks_after_its_quiz(learner: Visitor, show: Show) -> None:
    world, page = learner.world, learner.page
    link, quiz = world.links[UNLOCKED], world.quiz
    learner.to_course()
    expect(page.get_by_text(f"Not available yet: pass “{quiz.title}” first")).to_be_visible()
    expect(page.get_by_role("link", name=link.title, exact=True)).to_have_count(0)
    learner.watch.expect_refusal(f"{world.lms_url}/lms/link/{link.id}")
    page.goto(f"{world.lms_url}/lms/link/{link.id}")
    learner.press(page.get_by_role("link", name="Go to the quiz"))
    page.get_by_label(quiz.answers[0]).check()
    learner.press(page.get_by_role("button", name="Hand in"))
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label(quiz.answers[quiz.right]).check()
    learner.press(page.get_by_role("button", name="Hand in"))
    expect(page.get_by_role("status")).to_contain_text("You passed")
    frame = learner.open_in_frame(link)
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()
    expect(frame.get_by_text(f"It rests on: {BASIS}")).to_be_visible()
    show(page, "frame unit complete")


def _learner_confirms_to_have_taken_part(learner: Visitor, show: Show) -> None:
    frame = learner.open_in_frame(learner.world.links[PARTICIPATION])
    assert measure.violations(frame) == []
    assert measure.main_action_problem(frame) == ""
    show(learner.page, "frame participation")
    learner.press(frame.get_by_role("button", name="I have worked through this unit"))
    expect(frame.get_by_text("You have completed this unit.")).to_be_visible()


def _teacher_assesses_two_at_once(teacher: Visitor, show: Show) -> None:
    world = teacher.world
    frame = teacher.open_in_frame(world.links[PARTS_UNIT])
    teacher.press(_main(frame))
    expect(frame.get_by_role("button", name="Save points")).to_be_visible()
    assert measure.main_action_problem(frame) == ""
    names = [user.name for user in world.people.learners[:2]]  # the roster lists others too
    for position, name in enumerate(names):
        fields = frame.get_by_role("textbox", name=f", {name}")
        expect(fields).to_have_count(2)
        for part in range(2):
            fields.nth(part).fill(str(80 + 2 * position + part))
    assert measure.violations(frame) == []
    show(teacher.page, "frame teacher points")
    teacher.press(_main(frame))
    expect(frame.get_by_role("status")).to_contain_text("Recorded for 2 learners.")
    for unit in (ASSESSED_UNIT, LAST_UNIT):
        frame = teacher.open_in_frame(world.links[unit])
        teacher.press(_main(frame))
        expect(frame.get_by_role("button", name="Sign off those ticked")).to_be_visible()
        assert measure.main_action_problem(frame) == ""
        for name in names:
            frame.get_by_role("checkbox", name=f"Sign off {name}").check()
        teacher.press(_main(frame))
        expect(frame.get_by_role("status")).to_contain_text("Recorded for 2 learners.")
        show(teacher.page, "frame teacher signed off")


def _learner_claims(learner: Visitor, show: Show) -> Frame:
    """Claim from the units page, counting taps."""
    frame = learner.open_in_frame(learner.world.overview)
    expect(frame.get_by_role("heading", name="You did it")).to_be_visible()
    show(learner.page, "frame units earned")
    learner.taps = 0
    for name in ("Claim your badge", "Claim this badge"):
        action = _main(frame)
        expect(action).to_have_text(name)
        assert measure.violations(frame) == []
        assert measure.main_action_problem(frame) == ""
        show(learner.page, f"frame {name}")
        learner.press(action)
    frame.wait_for_url(BADGE)
    expect(frame.get_by_text(f"for {learner.user.name}")).to_be_visible()
    assert learner.taps <= MOST_TAPS
    assert measure.violations(frame) == []
    assert measure.main_action_problem(frame) == ""
    show(learner.page, "frame badge")
    return frame


def _downloads(learner: Visitor, frame: Frame, folder: Path) -> bytes:
    """Take both files along and return the signed bytes, which both hold."""
    document = _bytes(_download(learner, frame, "Download as data (JSON)"), folder)
    picture = _bytes(_download(learner, frame, "Download as picture (PNG)"), folder)
    assert baking.unbake(picture) == document
    return document


def _download(learner: Visitor, frame: Frame, name: str) -> Download:
    with learner.page.expect_download() as download:
        learner.press(frame.get_by_role("link", name=name))
    return download.value


def _bytes(download: Download, folder: Path) -> bytes:
    file = folder / download.suggested_filename
    download.save_as(file)
    return file.read_bytes()


def _shares_and_takes_back(learner: Visitor, frame: Frame, stranger: Sitting) -> None:
    learner.press(frame.get_by_role("button", name="Make it public"))
    address = frame.get_by_role("link", name="/credentials/").get_attribute("href")
    assert address is not None
    page = stranger.context.new_page()
    _expect_status(page, address, 200)
    expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()
    expect(page.get_by_text(learner.user.name)).to_be_visible()
    assert stranger.context.cookies() == []
    learner.press(frame.get_by_role("button", name="Make it private again"))
    expect(frame.get_by_role("button", name="Make it public")).to_be_visible()
    stranger.watch.expect_refusal(address)
    _expect_status(page, address, 404)
    expect(page.get_by_text(learner.user.name)).to_have_count(0)


def _expect_status(page: Page, address: str, status: int) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == status


def _main(frame: Frame) -> Locator:
    return frame.locator(".button.main")


def _published(world: World) -> Fetch:
    """Fetch what the tool publishes: over http, because it runs on loopback."""

    def fetch(url: str) -> bytes:
        address = url.replace("https://localhost", "http://localhost")
        if not address.startswith(world.tool.settings.public_url):
            raise FetchFailed("not_published")
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bytes(answer.read())

    return fetch
