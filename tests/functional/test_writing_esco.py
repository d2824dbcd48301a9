"""Searching ESCO while a definition is written: with buttons alone, and as a script asks."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from badges import definition as definitions
from badges import drafting, samples
from badges.formats import open_badge_3
from badges.formats.open_badge_3 import Addresses
from lti_tool import clock
from lti_tool.db import Database
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import SAFETY, begin, check, content, edit, fill, press

ADDRESS = "http://data.europa.eu/esco/occupation/"
ODD = ("x" * 10_000, "\u202eمرحبا\u202c", "<b>&amp;", "%", "' OR 1=1 --", "ß" * 300)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


@pytest.fixture
def page(teacher: Visit) -> Page:
    return edit(begin(teacher), "quality")


def found(page: Page, field: str) -> dict[str, str]:
    """Return what a search found: labels, and their addresses."""
    pattern = rf'name="{re.escape(field)}\.add" value="([^"]+)"> <span lang="en">([^<]+)<'
    return {label: uri for uri, label in re.findall(pattern, page.html)}


def labels(terms: list[dict[str, Any]]) -> list[str]:
    return [next(iter(one["label"].values())) for one in terms]


def test_an_occupation_is_searched_for_and_added_with_buttons_alone(
    visits: Visits, page: Page
) -> None:
    typed = {"occupations": "Dachdecker", "prerequisites": "No fear of heights"}
    page = press(page, "occupations.search", **typed, **{"occupations.more": "solar  TECH"})
    assert "Found in ESCO for “solar TECH”" in page.text
    assert list(found(page, "occupations")) == ["solar energy technician"]
    assert "occupations" in content(visits)
    assert labels(content(visits)["occupations"]) == ["Dachdecker"]
    assert content(visits)["prerequisites"] == {"en": "No fear of heights"}
    address = found(page, "occupations")["solar energy technician"]
    page = press(page, "occupations.add", **{"occupations.add": address})
    occupations = content(visits)["occupations"]
    assert occupations[1] == {"uri": address, "label": {"en": "solar energy technician"}}
    assert f"Dachdecker\nsolar energy technician {address}" in page.html
    edit(page, "quality").submit("step")
    assert content(visits)["occupations"] == occupations


def test_a_skill_of_an_outcome_is_searched_for_in_its_own_field(
    visits: Visits, teacher: Visit
) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = press(page, "units.0.add", **{"units.0.outcomes.0.text": "mounts panels"})
    field = "units.0.outcomes.1.skills"
    page = press(page, f"{field}.search", **{f"{field}.more": "photovoltaic"})
    assert set(found(page, field)) == {"install photovoltaic systems", "mount photovoltaic panels"}
    assert found(page, "units.0.outcomes.0.skills") == {}
    both = list(found(page, field).values())
    press(page, f"{field}.add", **{f"{field}.add": both})
    unit = content(visits)["units"][0]
    assert [one["uri"] for one in unit["outcomes"][1]["skills"]] == both
    assert unit["outcomes"][0]["text"] == {"en": "mounts panels"}


def test_words_of_a_search_become_no_occupation_and_are_not_lost(
    visits: Visits, page: Page
) -> None:
    page = page.submit("step", **{"occupations.more": "welder or so"})
    assert "step=quality" in page.path
    assert "pipe welder" in found(page, "occupations")
    assert "occupations" not in content(visits)
    page = page.submit("step", occupations="Schweißer")
    assert "step=quality" not in page.path
    assert labels(content(visits)["occupations"]) == ["Schweißer"]


def test_a_name_of_esco_has_its_address_wherever_it_is_typed(visits: Visits, page: Page) -> None:
    page.submit("step", occupations="Welder\nglassblower in Bar", **{"occupations.more": "COOK"})
    welder, own, cook = content(visits)["occupations"]
    assert welder["uri"].startswith(ADDRESS)
    assert cook["label"] == {"en": "cook"}
    assert own == {"label": {"en": "glassblower in Bar"}}
    again = edit(page, "quality")
    assert "Not from ESCO, shown as your own words: glassblower in Bar" in again.text
    assert drafting.is_sound_esco(cook["uri"])


def test_a_translated_name_keeps_the_address(visits: Visits, page: Page) -> None:
    page.submit("step", occupations="welder")
    address = content(visits)["occupations"][0]["uri"]
    edit(page, "quality").submit("step", occupations=f"Zavarivač {address}")
    assert content(visits)["occupations"] == [{"uri": address, "label": {"en": "Zavarivač"}}]
    page = press(edit(page, "quality"), "occupations.search", **{"occupations.more": "welder"})
    assert "welder" not in found(page, "occupations")
    assert "pipe welder" in found(page, "occupations")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Type what you look for, then search"),
        ("zzzz", "Nothing found in ESCO for “zzzz”"),
        ("§", "Nothing found in ESCO for “§”"),
    ],
)
def test_a_search_without_matches_says_what_to_do(page: Page, words: str, said: str) -> None:
    assert said in press(page, "skills.search", **{"skills.more": words}).text


@pytest.mark.parametrize("words", ODD)
def test_odd_words_and_addresses_are_answered(visits: Visits, page: Page, words: str) -> None:
    assert press(page, "skills.search", **{"skills.more": words, "skills": "weld"}).status == 200
    assert labels(content(visits)["skills"]) == ["weld"]
    address = page.path.partition("?")[0].partition("/drafts/")[2]
    for query in ({"find": words, "words": "weld"}, {"find": "skills", "words": words}):
        assert page.visit.get(f"drafts/{address}?step=quality&{urlencode(query)}").status == 200
    assert press(edit(page, "quality"), f"{words}.search").status == 200
    assert press(edit(page, "quality"), f"{words}.add").status == 200
    path, data = edit(page, "quality").filled("step")
    forged = {"skills.add": [words, "http://data.europa.eu/esco/skill/x"], "act": ["skills.add"]}
    assert page.visit.post(path, data | forged).status == 200
    assert labels(content(visits)["skills"]) == ["weld"]


def test_a_search_on_a_page_that_another_one_overtook_loses_nothing(page: Page) -> None:
    edit(page, "quality").submit("step", skills="weld")
    page = press(page, "occupations.search", occupations="Koch", **{"occupations.more": "solar"})
    assert page.status == 409
    assert "solar energy technician" in found(page, "occupations")
    assert ">Koch</textarea>" in page.html


def told(teacher: Visit, **query: str) -> list[dict[str, str]]:
    page = teacher.get(f"drafts/esco?{urlencode(query)}")
    assert page.status == 200
    assert len(page.response.data) < 2000
    hits: list[dict[str, str]] = json.loads(page.response.data)["found"]
    return hits


def test_a_script_is_told_what_is_found(teacher: Visit) -> None:
    hits = told(teacher, **{"in": "occupations", "words": "solar tech"})
    assert [one["label"] for one in hits] == ["solar energy technician"]
    assert hits[0]["uri"].startswith(ADDRESS)
    assert len(told(teacher, **{"in": "skills", "words": "operate"})) == 12
    assert told(teacher) == []
    assert told(teacher, **{"in": "nothing", "words": "zzzz"}) == []
    assert teacher.get("drafts/esco?in=skills&words=%00").status == 400
    for words in ODD:
        assert told(teacher, **{"in": "occupations", "words": words}) == []


def test_learners_do_not_search(visits: Visits) -> None:
    assert visits.open("ana", unit=SAFETY).get("drafts/esco?words=weld").status == 403


def test_a_chosen_occupation_is_shown_and_stands_in_the_badge(visits: Visits, page: Page) -> None:
    fill(visits, definitions.dump(samples.welding()))
    page = edit(page, "quality")
    page.submit("step", **{"occupations.more": "welder"})
    occupation = content(visits)["occupations"][0]
    shown = check(page).follow("Preview")
    assert re.search(r"<li>.*welder.*from ESCO", shown.html)
    mc = definitions.load(content(visits))
    addresses = Addresses("https://a.example/1", "https://a.example", "https://a.example/i")
    badge = open_badge_3.achievement(mc, addresses, "en")
    alignment = {one["targetUrl"]: one for one in badge["alignment"]}[occupation["uri"]]
    assert alignment["targetName"] == "welder"
    assert (alignment["targetFramework"], alignment["targetType"]) == ("ESCO", "ext:ESCO")
