"""A partner reviews what was handed in, on a desk and on a phone, with and without a mouse."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from badges import artwork
from badges import picture as pictures
from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.models import Platform
from lti_tool.services.definitions import artworks, catalogue
from lti_tool.services.definitions.drafts import Kind
from lti_tool.services.staff.accounts import Role
from tests.browser import operating
from tests.browser.chromium import Sitting
from tests.browser.conftest import NewContext, Show
from tests.browser.test_operating import check
from tests.factories import handing_in

COMMENT = "Say how an assessor sees that."


@pytest.fixture
def sitting(new_context: NewContext) -> Sitting:
    return new_context()


@pytest.fixture
def page(sitting: Sitting, world: World) -> Page:
    """A reviewer of the school has signed in, and one definition waits."""
    slug = world.mc.awarding_body.slug
    name = world.mc.awarding_body.name.best("en")
    body = {"slug": slug, "name": {"en": name}, "country": world.mc.awarding_body.country}
    handing_in.hand_in(world.tool.database, slug, clock.now(), awarding_body=body)
    made = sitting.context.new_page()
    operating.come_in(world, made, operating.add_account(world, "Rita", Role.REVIEWER, slug))
    made.get_by_role("link", name="Go on without").click()
    return made


def open_review(page: Page) -> None:
    page.get_by_role("link", name="Look at what waits").click()
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()


def test_a_definition_comes_back_with_comments(page: Page, sitting: Sitting, show: Show) -> None:
    expect(page.get_by_text("1 definition waits for your review.")).to_be_visible()
    check(page, "reviewer home waiting", show)
    page.get_by_role("link", name="Look at what waits").click()
    check(page, "reviews", show)
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    address = page.url
    for language in ("de", "en"):
        page.goto(f"{address}?lang={language}")
        check(page, f"review {language}", show)
    sitting.watch.expect_refusal(address)
    page.get_by_role("button", name="Return with comments").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is to be changed")
    page.get_by_text("Comment: Unit 1, outcome 1", exact=True).first.click()
    page.get_by_label("Comment: Unit 1, outcome 1", exact=True).fill(COMMENT)
    check(page, "review commented", show)
    page.get_by_role("button", name="Return with comments").click()
    expect(page.get_by_text("Its author reads what you wrote")).to_be_visible()
    check(page, "reviews decided", show)


def test_another_picture_is_seen_beside_the_former_one(
    page: Page, world: World, show: Show
) -> None:
    slug, now = world.mc.awarding_body.slug, clock.now()
    handing_in.publish(world.tool.database, slug, now, code="PV-1")
    with world.tool.database.transaction() as db:
        digest = artworks.keep(db, pictures.clean(artwork.emblem_png("OTHER", size=256)), now)
    brought = {"digest": digest, "alt": {"en": "a yellow sun"}}
    draft = handing_in.go_on(world.tool.database, slug, Kind.VERSION, now, artwork=brought)
    page.goto(f"{world.tool.settings.public_url}/admin/reviews/{draft}")
    page.get_by_role("link", name="Another picture: see it below").click()
    both = page.get_by_role("main").locator("figure img")
    for one in both.all():
        one.scroll_into_view_if_needed()
        expect(one).to_have_js_property("complete", True)
        assert one.evaluate("image => image.naturalWidth") > 0
    left, right = (one.bounding_box() for one in both.all())
    assert left
    assert right
    assert left["x"] + left["width"] < right["x"]
    check(page, "review of another picture", show)


def test_a_definition_is_approved_with_the_keyboard(page: Page, world: World, show: Show) -> None:
    open_review(page)
    page.get_by_label("Results looked at again").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved and published.")).to_be_visible()
    page.get_by_role("link", name="Public page").click()
    expect(page.get_by_text("PV-1").first).to_be_visible()
    check(page, "definition reviewed", show)


def test_a_result_is_looked_at_again_and_an_award_decided_about(
    page: Page, world: World, new_context: NewContext, show: Show
) -> None:
    base = f"{world.tool.settings.public_url}/admin"
    with world.tool.database.transaction() as db:
        version = catalogue.find(db, world.mc.code).id
        platform = db.query(Platform).first()
        assert platform is not None
        platform_id = platform.id
    award = handing_in.larger_award(world.tool.database, platform_id, version, clock.now())
    sample = handing_in.drawn_result(world.tool.database, award, clock.now())
    for language in ("de", "en"):
        page.goto(f"{base}/moderation/{sample}?lang={language}")
        page.get_by_role("button", name={"de": "Zeigen", "en": "Show it"}[language]).click()
        expect(page.get_by_text("Three beads on one plate")).to_be_visible()
        check(page, f"moderation shown {language}", show)
        page.goto(f"{base}/moderation/{sample}?lang={language}")
        check(page, f"moderation {language}", show)
    page.goto(f"{base}/reviews")
    check(page, "reviews with results", show)
    page.get_by_role("link", name=world.mc.units[0].title.best("en")).click()
    page.get_by_label("I had no part in this assessment.").check()
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_text("Your judgement is kept.")).to_be_visible()
    boss = new_context().context.new_page()
    operating.come_in(world, boss, operating.add_account(world))
    boss.goto(f"{base}/definitions/{version}")
    expect(boss.get_by_text("1 result drawn: 1 agreed")).to_be_visible()
    check(boss, "definition moderated", show)
    boss.goto(f"{base}/awards")
    check(boss, "awards to decide", show)
    for language in ("de", "en"):
        boss.goto(f"{base}/awards/{award}?lang={language}")
        check(boss, f"award to decide {language}", show)
    boss.get_by_role("button", name="The award stands").click()
    expect(boss.get_by_text("Nothing waits for you.")).to_be_visible()


def test_what_a_larger_one_is_made_of_is_picked(
    world: World, new_context: NewContext, show: Show
) -> None:
    page = new_context().context.new_page()
    operating.come_in(world, page, operating.add_account(world))
    page.goto(f"{world.tool.settings.public_url}/admin/drafts")
    page.get_by_label("Title").fill("Metal worker")
    page.get_by_role("button", name="Start writing").click()
    page.get_by_role("link", name="Choose what it is made of").click()
    address = page.url
    for language in ("de", "en"):
        page.goto(f"{address}?lang={language}")
        check(page, f"parts {language}", show)


def test_a_school_chooses_its_partners(world: World, new_context: NewContext, show: Show) -> None:
    page = new_context().context.new_page()
    operating.come_in(world, page, operating.add_account(world))
    page.get_by_role("link", name="Go on without").click()
    page.get_by_role("link", name=world.mc.awarding_body.name.best("en")).click()
    page.get_by_role("link", name="Who reviews its definitions").click()
    for language in ("de", "en"):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"partners {language}", show)


def test_a_definition_is_looked_at_again_and_retired(
    world: World, new_context: NewContext, show: Show
) -> None:
    slug = world.mc.awarding_body.slug
    handing_in.publish(world.tool.database, slug, clock.now())
    with world.tool.database.transaction() as db:
        for code, days in ((world.mc.code, 20), ("PV-0", -2)):
            version = catalogue.find(db, f"{slug}/{code}")
            version.review_by = clock.now() + timedelta(days=days)
    page = new_context().context.new_page()
    operating.come_in(world, page, operating.add_account(world, "Boss", Role.ADMINISTRATOR, slug))
    page.get_by_role("link", name="Go on without").click()
    expect(page.get_by_text("1 is closed to new courses: its day is over.")).to_be_visible()
    expect(page.get_by_text("1 is to be reviewed soon.")).to_be_visible()
    check(page, "admin home due", show)
    page.get_by_role("link", name="Look at the definitions").click()
    for language in ("de", "en"):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"admin definitions {language}", show)
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    for language in ("de", "en"):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"admin definition {language}", show)
    here = page.url
    page.get_by_role("link", name="Public page").click()
    check(page, "definition overdue", show)
    page.goto(here)
    page.get_by_role("button", name="Mend the wording").click()
    page.get_by_role("link", name="Check and hand in").first.click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    check(page, "draft of a wording", show)
    page.goto(here)
    page.get_by_role("link", name="Retire …").click()
    for language in ("de", "en"):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"admin retire {language}", show)
    page.get_by_label("Reason").fill("The law has changed")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Retired. Running courses go on")).to_be_visible()
    check(page, "admin definition retired", show)
