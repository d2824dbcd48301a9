"""Operators sign in and find their way, on a desk and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from lti_tool import clock
from lti_tool.demo.world import World
from lti_tool.services import organisations
from lti_tool.services.connections import registrations
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role
from tests.browser import measure, operating, test_connecting
from tests.browser.conftest import Arrive, NewContext, Show
from tests.factories import handing_in

PAGES = {"admin home": "", "admin account": "/account", "admin audit log": "/audit-log"}
BY_HAND = {"en": "Connect an LMS by hand", "de": "Ein LMS von Hand verbinden"}
WIDTHS = {360: 740, 1280: 720}


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().context.new_page()


def check(page: Page, name: str, show: Show) -> None:
    """Hold a page against what every page must be, on a desk and on a phone."""
    page.wait_for_load_state()  # a click may just have led here
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert measure.violations(page) == [], name
        assert measure.too_wide(page) == [], name
        assert measure.too_small(page) == [], name
        show(page, f"{name} {width}")


def test_a_link_leads_in_and_the_pages_read_well(world: World, page: Page, show: Show) -> None:
    base = world.tool.settings.public_url
    page.goto(f"{base}/sign-in")
    check(page, "sign in", show)
    account_id = operating.add_account(world)
    page.goto(operating.link_for(world, account_id))
    check(page, "sign in link", show)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    for name, path in PAGES.items():
        for language in ("en", "de"):
            page.goto(f"{base}/admin{path}?lang={language}")
            check(page, f"{name} {language}", show)
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()


def test_a_reviewer_is_told_that_nothing_waits(world: World, page: Page, show: Show) -> None:
    slug = world.mc.awarding_body.slug
    reviewer = operating.add_account(world, "Rita", Role.REVIEWER, slug)
    operating.come_in(world, page, reviewer)
    page.get_by_role("link", name="Go on without").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    check(page, "reviewer home", show)


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_waits_is_said_on_every_page(
    world: World, page: Page, show: Show, language: str
) -> None:
    handing_in.hand_in(world.tool.database, "lyceum-2", clock.now())
    rita = operating.add_account(world, "Rita", Role.REVIEWER, "lyceum-2")
    operating.come_in(world, page, rita)
    page.goto(f"{world.tool.settings.public_url}/admin/account?lang={language}")
    said = {"en": "1 definition to review", "de": "1 Definition zu prüfen"}[language]
    expect(page.get_by_role("link", name=said)).to_be_visible()
    check(page, f"waiting on account {language}", show)
    page.goto(f"{world.tool.settings.public_url}/admin?lang={language}")
    check(page, f"waiting on home {language}", show)


def test_a_passkey_is_made_after_the_link_and_then_suffices(
    world: World, page: Page, show: Show
) -> None:
    operating.give_authenticator(page)
    operating.come_in(world, page, operating.add_account(world))
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    check(page, "new passkey", show)
    page.get_by_label("What do you call this device?").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added")).to_be_visible()
    expect(page.get_by_role("link", name="Remove Work laptop")).to_be_visible()
    check(page, "admin account with passkey", show)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    check(page, "sign in with passkey", show)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Welcome, Olena Koval")).to_be_visible()
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Remove Work laptop").click()
    expect(page.get_by_text("It is your only one.")).to_be_visible()
    check(page, "remove passkey", show)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("None yet, so you get in by a link only.")).to_be_visible()


def test_from_the_operator_s_passkey_to_an_lms_that_is_confirmed(
    world: World, page: Page, arrive: Arrive, show: Show
) -> None:
    school = world.mc.awarding_body.name.best("en")
    operating.give_authenticator(page)
    operating.come_in(world, page, operating.add_account(world))
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    page.get_by_role("link", name=school).click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("textbox", name="Link", exact=True).input_value()
    check(page, "admin link", show)
    admin = arrive(world.admin)
    test_connecting.to_tools(admin)
    frame = test_connecting.open_registration(admin, link)
    frame.get_by_role("button", name="Register").click()
    admin.page.wait_for_url(f"{world.lms_url}/lms/tools")
    page.get_by_role("link", name="Start").click()
    expect(page.get_by_role("heading", name="Waits for you")).to_be_visible()
    check(page, "admin home waiting", show)
    page.get_by_role("link", name="Look at the registration").click()
    for language in ("de", "en"):
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        check(page, f"admin registration pending {language}", show)
    page.get_by_role("link", name="Reject …").click()
    check(page, "admin reject", show)
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Confirmed: people can come from this LMS now.")).to_be_visible()
    check(page, "admin registration confirmed", show)
    with world.tool.database.transaction(read_only=True) as db:
        assert registrations.waiting(db) == []


def test_the_device_s_own_time_zone_is_proposed_and_nothing_is_chosen(
    world: World, new_context: NewContext
) -> None:
    page = new_context(timezone_id="Europe/Kiev").context.new_page()
    operating.come_in(world, page, operating.add_account(world))
    page.goto(f"{world.tool.settings.public_url}/admin/account")
    zones = page.get_by_label("Time zone")
    expect(zones).to_have_value("")
    assert zones.locator("optgroup").first.get_attribute("label") == "Of this device"
    expect(zones.locator("optgroup").first.locator("option")).to_have_text("Kyiv")


def test_the_other_pages_read_well(world: World, page: Page, show: Show) -> None:
    operating.come_in(world, page, operating.add_account(world))
    slug = world.mc.awarding_body.slug
    operating.add_account(world, "Wolfeschlegelsteinhausenbergerdorff" * 3, Role.REVIEWER, slug)
    base = f"{world.tool.settings.public_url}/admin"
    school = world.mc.awarding_body.name.best("en")
    for language in ("en", "de"):
        for path in ("organisations", "people", "keys"):
            page.goto(f"{base}/{path}?lang={language}")
            check(page, f"admin {path} {language}", show)
        page.goto(f"{base}/organisations")
        page.get_by_role("link", name=school).click()
        check(page, f"admin organisation {language}", show)
        page.get_by_role("rowheader").get_by_role("link").first.click()
        check(page, f"admin platform {language}", show)
        page.go_back()
        page.get_by_role("link", name=BY_HAND[language]).click()
        check(page, f"admin by hand {language}", show)
        page.goto(f"{base}/people")
        page.get_by_role("link", name="Wolfe").click()
        check(page, f"admin person {language}", show)


def test_what_a_school_grants_and_connects_reads_well(world: World, page: Page, show: Show) -> None:
    operating.come_in(world, page, operating.add_account(world))
    base = f"{world.tool.settings.public_url}/admin"
    with world.tool.database.transaction() as db:
        school = organisations.find(db, world.mc.awarding_body.slug).id
        partner = organisations.get_or_add_organisation(
            db, "partner", "Ազգային ուսումնական կենտրոն", "AM", clock.now()
        ).id
    for path in (f"organisations/{school}/grants", f"organisations/{partner}/grants", "self-test"):
        for language in ("en", "de"):
            page.goto(f"{base}/{path}?lang={language}")
            check(page, f"admin {path.rpartition('/')[2]} {language}", show)
    for language in ("en", "de"):
        page.goto(f"{base}/organisations/{school}/systems?lang={language}")
        check(page, f"admin systems {language}", show)
        page.locator("#name").fill("Реєстр учнів")
        page.locator("form[name=system] button").click()
        check(page, f"admin system secret {language}", show)
    page.goto(f"{base}/organisations/{school}/grants")
    page.locator("#organisation").select_option(str(partner))
    page.locator("form[name=grant] button").click()
    check(page, "admin grants made de", show)
    page.goto(f"{base}/organisations/{school}/systems?lang=de")
    check(page, "admin systems added de", show)


def test_roles_are_grouped_by_school(world: World, page: Page, show: Show) -> None:
    slug = world.mc.awarding_body.slug
    operating.come_in(world, page, operating.add_account(world))
    person = operating.add_account(world, "Дејан Ђорђевић", Role.REVIEWER, slug)
    with world.tool.database.transaction() as db:
        other = organisations.get_or_add_organisation(db, "partner", "Kutaisi", "GE", clock.now())
        accounts.grant(db, accounts.get(db, person), Role.ASSESSOR, other, clock.now())
    for language in ("en", "de"):
        page.goto(f"{world.tool.settings.public_url}/admin/people/{person}?lang={language}")
        check(page, f"admin person roles {language}", show)
    groups = page.locator("#role optgroup")
    labels = groups.evaluate_all("all => all.map(one => one.label)")
    assert labels[0] == "Dieser Server"
    assert {world.mc.awarding_body.name.best("en"), "Kutaisi"} <= set(labels)
    page.goto(f"{world.tool.settings.public_url}/admin/people/{person}/passkeys/remove")
    check(page, "admin passkeys removal", show)


def test_the_link_that_ends_mails_reads_well(world: World, page: Page, show: Show) -> None:
    token = operating.off_token(world, operating.add_account(world))
    address = f"{world.tool.settings.public_url}/sign-in/digest/{token}"
    for language in ("en", "de"):
        page.goto(f"{address}?lang={language}")
        check(page, f"digest {language}", show)
    page.locator("main button").click()
    expect(page.locator("main button")).to_have_count(0)
    check(page, "digest off de", show)


def test_showing_that_an_address_is_one_s_own_reads_well(
    world: World, page: Page, show: Show
) -> None:
    address = operating.proof_address(world, operating.add_account(world))
    for language in ("en", "de"):
        page.goto(f"{address}?lang={language}")
        check(page, f"address {language}", show)
    page.get_by_role("button", name="Ja, es ist meine").click()
    expect(page.get_by_role("status")).to_contain_text("Danke.")
    check(page, "address proved de", show)


def test_without_a_passkey_at_hand_the_page_says_what_to_do(
    world: World, page: Page, show: Show
) -> None:
    """The device knows its owner, but no passkey for this server."""
    operating.give_authenticator(page)
    page.goto(f"{world.tool.settings.public_url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Try once more, or use a sign-in link.")).to_be_visible()
    check(page, "sign in passkey failed", show)


def test_without_scripts_the_link_still_leads_in(world: World, new_context: NewContext) -> None:
    page = new_context(scripts=False).context.new_page()
    page.goto(f"{world.tool.settings.public_url}/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    operating.come_in(world, page, operating.add_account(world))
    expect(page.get_by_text("Your browser has no passkeys")).to_be_visible()
    page.get_by_role("link", name="Go on without").click()
    expect(page.get_by_role("heading", name="Welcome, Olena Koval")).to_be_visible()
