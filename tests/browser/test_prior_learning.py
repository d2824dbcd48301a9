"""What somebody can do already: from the self-assessment to the badge, with real clicks."""

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from lti_tool.demo.world import PARTICIPATION, UNLOCKED, World
from lti_tool.services.staff.accounts import Role
from tests.browser import measure, operating, teaching
from tests.browser.chromium import PHONE
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.teaching import ASSESSED_UNIT, LAST_UNIT, PARTS_UNIT
from tests.browser.test_grid_by_keyboard import enter, tab_to
from tests.browser.test_operating import check
from tests.browser.visitors import Visitor, sit
from tests.factories import files

DID = "Five years as a welder at a dockyard, every day MIG and MAG on plate and tube."
PROOF = "https://portfolio.example.org/welding/certificate"


@pytest.fixture
def learner(world: World, arrive: Arrive) -> Visitor:
    """A learner who has completed everything but one unit."""
    teaching.choose_routes(world, world.overview)
    user = world.people.learners[1]
    teaching.visit(world, user, [world.links[UNLOCKED], world.links[PARTICIPATION]])
    teaching.visit(world, user, [world.links[ASSESSED_UNIT]])
    teaching.assess(world, world.overview, [user], (PARTS_UNIT, LAST_UNIT))
    return arrive(user)


@pytest.fixture
def asta(world: World, new_context: NewContext) -> Page:
    """An assessor of the awarding body has signed in."""
    page = new_context().context.new_page()
    slug = world.mc.awarding_body.slug
    operating.come_in(world, page, operating.add_account(world, "Asta", Role.ASSESSOR, slug))
    page.get_by_role("link", name="Go on without").click()
    return page


def test_from_the_self_assessment_to_the_badge(
    world: World, learner: Visitor, new_context: NewContext, asta: Page, show: Show
) -> None:
    frame = learner.open_in_frame(world.links[ASSESSED_UNIT])
    frame.get_by_role("link", name="I can do this already").click()
    title = world.mc.unit(ASSESSED_UNIT).title.best("en")
    frame.get_by_role("link", name=title).click()
    hand_in(frame, world)
    expect(frame.get_by_role("status")).to_contain_text("It is handed in")

    asta.reload()
    expect(asta.get_by_text("1 application waits for your judgement.")).to_be_visible()
    check(asta, "assessor home", show)
    asta.get_by_role("link", name="Look at what waits").click()
    check(asta, "prior learning to judge", show)
    asta.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(asta.get_by_text(DID)).to_be_visible()
    with asta.expect_download() as saving:
        asta.get_by_role("link", name="certificate.jpg").click()
    assert saving.value.suggested_filename == "certificate.jpg"
    check(asta, "prior learning judge", show)
    for group in asta.get_by_role("group", name="Your judgement").all():
        group.get_by_label("Recognised", exact=True).check()
    asta.get_by_label("I do not teach this learner").check()
    asta.get_by_role("button", name="Record the judgement").click()
    expect(asta.get_by_role("status")).to_contain_text("Your judgement is recorded")

    frame = learner.open_in_frame(world.links[ASSESSED_UNIT])
    expect(frame.get_by_text("5 of 5 units completed")).to_be_visible()
    expect(frame.get_by_role("status")).to_contain_text("is recognised in")
    show(learner.page, "prior learning news in the frame")
    frame.get_by_role("link", name="Read the judgement").click()
    expect(frame.get_by_text("Everything is recognised")).to_be_visible()
    frame.get_by_role("link", name="Your way to the badge").click()
    expect(frame.get_by_text("5 of 5 units completed")).to_be_visible()
    expect(frame.get_by_role("status")).to_have_count(0)
    frame.get_by_role("link", name="Claim your badge").click()
    frame.get_by_label("Show which units were recognised").check()
    frame.get_by_role("button", name="Preview").click()
    frame.get_by_text("What the badge says").click()
    expect(frame.get_by_text("Recognised as prior learning")).to_be_visible()
    claiming = new_context().context.new_page()
    base = sit(claiming, world, learner.user, world.links[ASSESSED_UNIT])
    for language in ("de", "en"):  # the last one chosen stays
        claiming.goto(f"{base}/claim?lang={language}")
        check(claiming, f"prior learning claim {language}", show)
    frame.get_by_role("button", name="Claim this badge").click()
    expect(frame.get_by_text(f"for {learner.user.name}")).to_be_visible()
    frame.get_by_role("button", name="Make it public").click()
    with learner.page.context.expect_page() as opened:
        frame.get_by_role("link", name="/credentials/").click()
    expect(opened.value.get_by_text("Recognised as prior learning")).to_be_visible()


def test_prior_learning_is_shown_and_judged_with_the_keyboard_alone(
    world: World, learner: Visitor, asta: Page
) -> None:
    frame, page = learner.open_in_frame(world.links[ASSESSED_UNIT]), learner.page
    enter(page, frame, frame.get_by_role("link", name="I can do this already"))
    title = world.mc.unit(ASSESSED_UNIT).title.best("en")
    choosing = frame.get_by_role("main").get_by_role("link", name=title)
    expect(choosing).to_be_visible()
    enter(page, frame, choosing)
    expect(frame.get_by_role("button", name="Hand in")).to_be_visible()
    for outcome in world.mc.unit(ASSESSED_UNIT).outcomes:
        group = frame.get_by_role("group", name=outcome.text.best("en"))
        tab_to(page, frame, group.get_by_label("I can do it", exact=True))
        page.keyboard.press("Space")
    whole = frame.get_by_role("group", name="Evidence for the whole unit")
    tab_to(page, frame, whole.get_by_label("What you did, where and when"))
    page.keyboard.type(DID)
    enter(page, frame, frame.get_by_role("button", name="Hand in"))
    expect(frame.get_by_role("status")).to_contain_text("It is handed in")

    asta.reload()
    judging = asta.main_frame
    enter(asta, judging, asta.get_by_role("link", name="Look at what waits"))
    expect(asta.get_by_role("heading", level=1)).to_have_text("Prior learning to judge")
    waiting = asta.get_by_role("main").get_by_role("listitem").get_by_role("link").first
    enter(asta, judging, waiting)
    expect(asta.get_by_role("button", name="Record the judgement")).to_be_visible()
    for group in asta.get_by_role("group", name="Your judgement").all():
        tab_to(asta, judging, group.get_by_label("Recognised", exact=True))
        asta.keyboard.press("Space")
    tab_to(asta, judging, asta.get_by_label("I do not teach this learner"))
    asta.keyboard.press("Space")
    enter(asta, judging, asta.get_by_role("button", name="Record the judgement"))
    expect(asta.get_by_role("status")).to_contain_text("Your judgement is recorded")


def hand_in(frame: Frame, world: World) -> None:
    for outcome in world.mc.unit(ASSESSED_UNIT).outcomes:
        group = frame.get_by_role("group", name=outcome.text.best("en"))
        group.get_by_label("I can do it", exact=True).check()
    whole = frame.get_by_role("group", name="Evidence for the whole unit")
    whole.get_by_label("What you did, where and when").fill(DID)
    whole.get_by_label("A link that shows it").fill(PROOF)
    choose(whole, "certificate.jpg", files.photo(size=(600, 400)))
    frame.get_by_role("button", name="Hand in").click()


def choose(within: Locator, name: str, content: bytes) -> None:
    field = within.get_by_label("Files and pictures that show it")
    field.set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})


def test_the_learners_pages_read_well_in_every_state(
    world: World, new_context: NewContext, asta: Page, show: Show
) -> None:
    page = new_context(**PHONE).context.new_page()
    base = sit(page, world, world.people.learners[0], world.links[ASSESSED_UNIT])
    address = f"{base}/prior-learning/{ASSESSED_UNIT}"

    def look(name: str) -> None:
        for language in ("en", "de"):
            page.goto(f"{address}?lang={language}")
            check(page, f"{name} {language}", show)
        page.goto(f"{address}?lang=en")
        page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"{base}/prior-learning")
    check(page, "prior learning advice", show)
    look("prior learning new")
    page.get_by_label("I can do it", exact=True).first.check()
    page.locator("summary", has_text="Evidence").first.tap()
    choose(page.get_by_role("group").first, "IMG 0001 of the workshop.jpg", files.photo())
    page.get_by_role("button", name="Keep as a draft").tap()
    expect(page.get_by_role("status")).to_contain_text("Your draft is kept")
    look("prior learning draft")
    hand_in(page.main_frame, world)
    expect(page.get_by_role("status")).to_contain_text("It is handed in")
    look("prior learning handed in")
    judge(asta, "More evidence wanted", "Which positions did you weld?")
    look("prior learning returned")
    page.get_by_role("button", name="Hand in").tap()
    expect(page.get_by_role("status")).to_contain_text("It is handed in")
    judge(asta, "Not recognised", "The certificate is of another process.")
    page.goto(f"{base}/units?lang=en")
    check(page, "prior learning news", show)
    page.goto(f"{base}/units?lang=de")
    check(page, "prior learning news de", show)
    look("prior learning decided")
    for language in ("en", "de"):
        asta.goto(f"{asta.url.partition('?')[0]}?lang={language}")
        asta.locator("main a[href$='/correct']").first.click()
        check(asta, f"prior learning correction {language}", show)
        asta.go_back()
    page.get_by_text("Ask for another assessor").first.tap()
    page.get_by_label("Why you see it otherwise").fill("It is the same process.")
    assert measure.violations(page) == []
    page.get_by_role("button", name="Ask for another assessor").tap()
    expect(page.get_by_role("status")).to_contain_text("Your appeal is handed in")
    look("prior learning appealed")


def judge(page: Page, verdict: str, reason: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Prior learning").click()
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    for group in page.get_by_role("group", name="Your judgement").all():
        group.get_by_label(verdict).check()
    for field in page.get_by_role("textbox", name="Reason").all():
        field.fill(reason)
    page.get_by_label("I do not teach this learner").check()
    page.get_by_role("button", name="Record the judgement").click()
    expect(page.get_by_role("status")).to_contain_text("Your judgement is recorded")
