"""Every page, in both languages and both colour schemes, on a screen and on a phone."""

import pytest
from playwright.sync_api import Page, expect

from lti_tool.demo.world import World
from tests.browser import lists, long_names, measure
from tests.browser.conftest import Show
from tests.browser.stage import PLACES, Stage

LANGUAGES = ("en", "de")
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_on_any_page_in_light_and_dark(
    quiet_stage: Stage, show: Show, place: str, language: str
) -> None:
    page = quiet_stage.open(place, language)
    show(page, f"{place} {language} 1280")
    assert measure.too_wide(page) == []
    assert measure.glued(page) == []
    found = {"light": measure.violations(page)}
    page.emulate_media(color_scheme="dark")
    show(page, f"{place} {language} 1280 dark")
    found["dark"] = measure.violations(page, measure.COLOURS)  # nothing else differs
    assert found == {"light": [], "dark": []}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
def test_every_page_fits_a_phone_and_a_fingertip(
    quiet_stage: Stage, show: Show, place: str, language: str
) -> None:
    page = quiet_stage.open(place, language)
    _check_on_phone(page, show, f"{place} {language}")


@pytest.mark.parametrize("place", long_names.PLACES)
def test_pages_with_very_long_words_fit_a_phone(
    quiet_long_stage: Stage, show: Show, place: str
) -> None:
    page = quiet_long_stage.open(place)
    show(page, f"long {place} 1280")
    assert measure.too_wide(page) == []
    _check_on_phone(page, show, f"long {place}")


def _check_on_phone(page: Page, show: Show, name: str) -> None:
    page.set_viewport_size(PHONE)
    show(page, f"{name} 360")
    found = {"too wide": measure.too_wide(page), "too small": measure.too_small(page)}
    assert found == {"too wide": [], "too small": []}


def test_every_page_is_in_a_list(acted: Stage, shared_world: World) -> None:
    """A page that nobody looks at fails here; so does one that is in two lists, or is gone."""
    pages = lists.pages(shared_world.app)
    on_stage = set(lists.shown(shared_world.app, acted.addresses))
    tables = (*lists.ELSEWHERE.values(), *lists.NO_PAGE.values())
    listed = [endpoint for table in tables for endpoint in table]
    assert sorted([*on_stage, *listed]) == sorted(pages)


def test_a_refusal_within_a_launch_leads_back(quiet_stage: Stage) -> None:
    page = quiet_stage.open("teachers only")
    page.get_by_role("link", name="Back to the beginning").click()
    expect(page.get_by_role("heading", name="Your way to the badge")).to_be_visible()
