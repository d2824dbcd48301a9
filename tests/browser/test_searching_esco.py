"""Finding skills and occupations of ESCO while a definition is written."""

import re

from playwright.sync_api import Locator, Page, expect

from lti_tool.demo.world import World
from tests.browser import measure
from tests.browser.conftest import Arrive, NewContext, Show
from tests.browser.test_writing import SIZES, _admin, start

TECHNICIAN = re.compile(r"solar energy technician http://data\.europa\.eu/esco/occupation/\S+")


def quality(page: Page, language: str = "en") -> Page:
    start(page)
    page.goto(f"{page.url.partition('/edit')[0]}/edit?step=quality&lang={language}")
    return page


def list_of(page: Page) -> Locator:
    return page.locator("#occupations-more-list")


def test_an_occupation_is_found_and_added_with_the_keyboard_alone(
    world: World, new_context: NewContext
) -> None:
    page = quality(_admin(world, new_context().context.new_page()))
    page.get_by_label("Occupations (ESCO)", exact=True).fill("Dachdecker")
    page.keyboard.press("Tab")
    search = page.get_by_role("combobox", name="Search ESCO for an occupation")
    expect(search).to_be_focused()
    page.keyboard.type("solar")
    expect(search).to_have_attribute("aria-expanded", "true")
    told = page.get_by_role("status").filter(has_text="Matches:")
    expect(told).to_contain_text(re.compile(r"Matches: \d+\."))
    page.keyboard.type(" tech")
    expect(list_of(page).get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    option = list_of(page).get_by_role("option", selected=True)
    expect(option).to_have_text("solar energy technician")
    expect(search).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Added: solar energy technician")).to_be_visible()
    expect(search).to_have_value("")
    expect(search).to_be_focused()
    field = page.get_by_label("Occupations (ESCO)", exact=True)
    expect(field).to_have_value(re.compile(rf"Dachdecker\n{TECHNICIAN.pattern}"))
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.keyboard.type("weld")
    expect(list_of(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(list_of(page)).to_be_hidden()
    expect(search).to_have_value("weld")
    page.reload()
    expect(field).to_have_value(re.compile(rf"Dachdecker\n{TECHNICIAN.pattern}"))
    expect(page.get_by_label("Skills (ESCO)", exact=True)).to_have_value("")


def test_suggestions_read_well_on_a_desk_and_on_a_phone(
    world: World, new_context: NewContext, show: Show
) -> None:
    page = quality(_admin(world, new_context().context.new_page()), "de")
    search = page.get_by_role("combobox", name="In ESCO nach einem Beruf suchen")
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        search.fill("technician electr")
        expect(list_of(page).get_by_role("option").first).to_be_visible()
        expect(page.get_by_text(re.compile(r"Treffer: \d+\."))).to_be_visible()
        page.keyboard.press("ArrowDown")
        assert measure.violations(page) == []
        assert measure.too_wide(page) == []
        assert measure.too_small(page) == []
        show(page, f"esco suggestions {width}")
        page.keyboard.press("Escape")
    search.fill("welder")
    list_of(page).get_by_text("pipe welder").click()
    expect(page.get_by_label("Berufe (ESCO)", exact=True)).to_have_value(
        re.compile(r"pipe welder http")
    )


def test_without_a_network_any_words_can_be_written(world: World, new_context: NewContext) -> None:
    sitting = new_context()
    page = quality(_admin(world, sitting.context.new_page()))
    page.route("**/drafts/esco?**", lambda route: route.abort())
    search = page.get_by_role("combobox", name="Search ESCO for a skill")
    search.fill("weld")
    expect(page.get_by_text("The search does not answer.")).to_be_visible()
    sitting.watch.complaints.clear()  # the browser's own word about the network
    page.get_by_label("Skills (ESCO)", exact=True).fill("weld pipes")
    expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d"))
    page.unroute("**/drafts/esco?**")
    page.get_by_role("button", name="Search ESCO Skills").click()
    expect(page.get_by_role("option", name="welding techniques", exact=True)).to_be_visible()


def test_the_search_works_without_scripts(world: World, arrive: Arrive, show: Show) -> None:
    teacher = arrive(world.people.teacher, scripts=False)
    page = quality(_admin(world, teacher.page))
    page.get_by_label("Prerequisites").fill("No fear of heights")
    page.get_by_label("Search ESCO for an occupation").fill("solar")
    page.get_by_role("button", name="Search ESCO Occupations").click()
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        show(page, f"esco without scripts {width}")
        assert measure.too_wide(page) == []
    page.get_by_label("solar energy technician").check()
    page.get_by_role("button", name="Add what is ticked").click()
    field = page.get_by_label("Occupations (ESCO)", exact=True)
    expect(field).to_have_value(TECHNICIAN)
    expect(page.get_by_label("Prerequisites")).to_have_value("No fear of heights")
