"""A choice of units from writing it to the badge, by clicks alone: write, review, place, narrow,
record. One learner completes what the course needs, another two units that are not enough."""

import re

from playwright.sync_api import Frame, Page, expect

from lti_tool.demo.lms import Link, User
from lti_tool.demo.world import World
from lti_tool.services.staff.accounts import Role
from tests.browser import operating, teaching
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.test_operating import check
from tests.browser.visitors import Visitor, sit

UNITS = ("Safety", "Tiles", "Ballast", "Sheet metal")
SAFETY, TILES, BALLAST, METAL = UNITS
NEXT = "Save and go on"


def test_a_choice_is_written_reviewed_narrowed_and_earned(
    world: World, new_context: NewContext, arrive: Arrive, show: Show
) -> None:
    _write(world, new_context().context.new_page(), show)
    _approve(world, new_context().context.new_page(), show)
    course, _ = teaching.add_course(world, "Roofs", world.people.learners[:2])
    link = world.lms.add_link(course, "Roofs by choice", gradable=False)
    teacher = arrive(world.people.teacher)
    frame = teacher.open_in_frame(link, "Roofs")
    frame.get_by_role("link", name="Solar panels on a roof").click()
    frame.get_by_label("No single unit: the overview of all").check()
    frame.get_by_role("button", name="Use this").click()
    frame.get_by_role("link", name="Settings of this course").click()
    frame.get_by_label(TILES, exact=True).select_option("needed in this course")
    frame.get_by_role("button", name="Save the settings").click()
    expect(frame.get_by_text("The settings are saved.")).to_be_visible()
    _look_at_settings(world, new_context().context.new_page(), link, show)
    right, wrong = world.people.learners[:2]
    for user in (right, wrong):
        arrive(user).open_in_frame(link, "Roofs")
    _sign_off(teacher, link, SAFETY, right, wrong)
    _sign_off(teacher, link, BALLAST, right, wrong)
    _sign_off(teacher, link, METAL, wrong)
    _sign_off(teacher, link, TILES, right)
    earned = arrive(right).open_in_frame(link, "Roofs")
    expect(earned.get_by_role("link", name="Claim your badge")).to_be_visible()
    open_ = arrive(wrong).open_in_frame(link, "Roofs")
    expect(open_.get_by_text(re.compile(TILES)).first).to_be_visible()
    expect(open_.get_by_role("link", name="Claim your badge")).to_have_count(0)


def _write(world: World, page: Page, show: Show) -> None:
    """Write a definition with a unit for everybody and two of three others, and hand it in."""
    slug = world.mc.awarding_body.slug
    account = operating.add_account(world, "Iryna", Role.ADMINISTRATOR, slug)
    operating.come_in(world, page, account)
    page.goto(f"{world.tool.settings.public_url}/admin/drafts")
    page.get_by_label("Title").fill("Solar panels on a roof")
    page.get_by_role("button", name="Start writing").click()
    page.get_by_label("Description").fill("For people who mount solar panels in a team.")
    page.get_by_label("Form of participation").fill("Blended")
    _go_on(page)
    for number, title in enumerate(UNITS):
        page.get_by_role("button", name="Add a unit").click()
        unit = page.locator(f"#units-{number}")
        unit.get_by_label("Title of the unit").fill(title)
        unit.get_by_label("Hours of work").fill("6")
        unit.get_by_label("Outcome 1", exact=True).fill(f"does what {title} needs")
        if title != SAFETY:
            unit.get_by_label("Who needs this unit").select_option("Choice A")
    expect(page.get_by_role("heading", name="Choice A")).to_be_visible()
    page.get_by_label("What this choice is called").fill("Kinds of roofs")
    page.get_by_label("How many of these units are needed").fill("3")
    _go_on(page)
    expect(page.get_by_text("Fewer must be needed").first).to_be_visible()
    _look(page, "choices write", show)
    page.get_by_label("How many of these units are needed").fill("2")
    _go_on(page)
    page.locator("#assessment-methods").get_by_label("practical assessment").check()
    for number in range(len(UNITS)):
        unit = page.locator(f"#units-{number}")
        unit.get_by_label("by one assessor").check()
        unit.get_by_label("What is confirmed").fill("has done it alone")
    _go_on(page)
    page.get_by_label("Hours of work in all").fill("18")
    page.get_by_label("Level of the European").select_option("3")
    page.get_by_label("our own judgement").check()
    _go_on(page)
    page.get_by_label("Kind of quality assurance").fill("moderation by partners")
    _go_on(page)
    expect(page.get_by_text("Everything is there. You can hand it in.")).to_be_visible()
    home = page.url.partition("?")[0]
    for name, path in (("table", "/table"), ("preview", "/preview"), ("parts", "/parts")):
        page.goto(f"{home}{path}")
        _look(page, f"choices {name}", show)
    page.goto(home)
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_text("It is handed in.").first).to_be_visible()


def _go_on(page: Page) -> None:
    page.get_by_role("button", name=NEXT, exact=True).first.click()


def _look(page: Page, name: str, show: Show) -> None:
    here = re.sub(r"[?&]lang=\w+", "", page.url.partition("#")[0])
    for language in ("de", "en"):
        page.goto(f"{here}{'&' if '?' in here else '?'}lang={language}")
        check(page, f"{name} {language}", show)


def _approve(world: World, page: Page, show: Show) -> None:
    slug = world.mc.awarding_body.slug
    operating.come_in(world, page, operating.add_account(world, "Rita", Role.REVIEWER, slug))
    page.get_by_role("link", name="Go on without").click()
    page.get_by_role("link", name="Look at what waits").click()
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(page.get_by_text("2 of these 3 units are needed:")).to_be_visible()
    _look(page, "choices review", show)
    page.get_by_label("I had no part in writing this definition.").check()
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_text("Approved and published.")).to_be_visible()


def _look_at_settings(world: World, page: Page, link: Link, show: Show) -> None:
    base = sit(page, world, world.people.teacher, link)
    for name, path in (("settings", "course/settings"), ("course", "course")):
        page.goto(f"{base}/{path}")
        _look(page, f"choices {name}", show)


def _sign_off(teacher: Visitor, link: Link, unit: str, *users: User) -> None:
    frame: Frame = teacher.open_in_frame(link, "Roofs")
    head = frame.get_by_role("columnheader").get_by_role("link", name=re.compile(unit))
    head.click()
    for user in users:
        frame.get_by_label(f"Sign off {user.name}").check()
    for other in frame.get_by_role("checkbox", checked=True).all():
        label = other.evaluate("box => box.closest('label').innerText")
        if not any(user.name in label for user in users):
            other.uncheck()
    frame.locator(".button.main").first.click()
    frame.locator(".done").first.wait_for()
