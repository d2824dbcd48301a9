"""What countries ask for and how they name things, as data."""

import dataclasses
from typing import Any

import pytest

from badges import changes, drafting, national_profiles, samples, vocabularies
from badges import definition as definitions
from badges.drafting import Json
from badges.formats import open_badge_3
from badges.formats.open_badge_3 import Addresses
from badges.micro_credential import Concept, RegisterEntry
from badges.text import Text
from badges.vocabularies import Vocabulary

PROFILES = national_profiles.all().values()
SKILL = "http://data.europa.eu/esco/skill/198b614d-a9af-46f5-b3fd-2672b401dd8e"


def test_every_official_level_belongs_to_one_country() -> None:
    levels = [one.uri for profile in PROFILES for one in profile.levels]
    official = [one.uri for one in vocabularies.concepts(Vocabulary.NATIONAL_LEVELS)]
    assert sorted(map(str, levels)) == sorted(map(str, official))


@pytest.mark.parametrize(
    ("country", "has_levels"),
    [
        *(("DE", True), ("ME", True), ("MK", True), ("NO", True), ("RS", True)),
        *(("AM", False), ("GE", False), ("UA", False)),
    ],
)
def test_a_country_has_a_list_of_levels_or_is_said_to_have_none(
    country: str, has_levels: bool
) -> None:
    profile = national_profiles.profile(country)
    assert profile is not None
    assert bool(profile.levels) is has_levels
    hint = profile.wording["national_level"]
    assert ("does not have the levels" in hint.best("en")) is not has_levels
    assert {"en", "de"} <= set(hint)


def test_what_a_country_asks_for_is_missing_until_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = definitions.dump(samples.welding())
    country = str(drafting.at(content, "awarding_body.country"))
    known = national_profiles.profile(country) or next(iter(PROFILES))
    asking = dataclasses.replace(known, required=("register_entry.number",))
    monkeypatch.setattr(national_profiles, "all", lambda: {country: asking})
    assert list(drafting.doubts(content)) == [("$.register_entry.number", "national_required")]
    content["register_entry"] = {"number": "7"}
    assert list(drafting.doubts(content)) == []


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: mc.code)
def test_the_samples_raise_no_doubt(mc: Any) -> None:
    assert list(drafting.doubts(definitions.dump(mc))) == []


@pytest.mark.parametrize(
    ("address", "is_sound"),
    [
        (SKILL, True),
        ("http://data.europa.eu/esco/occupation/198b614d-a9af-46f5-b3fd-2672b401dd8e", True),
        ("http://data.europa.eu/esco/isco/C7212", True),
        ("http://data.europa.eu/esco/skill/S1.2.3", True),
        ("https://example.org/skills/7", True),
        ("", True),
        (SKILL.replace("http:", "https:"), True),
        (SKILL.upper(), True),
        (SKILL[:-1], False),
        (f"{SKILL}/", False),
        ("http://data.europa.eu/esco/skill/…", False),
        ("https://ec.europa.eu/esco/portal/skill?uri=x", False),
    ],
)
def test_an_address_of_esco_has_its_shape(address: str, is_sound: bool) -> None:
    content: Json = {"units": [{"outcomes": [{"skills": [{"uri": address}]}]}]}
    found = list(drafting.doubts(content | {"occupations": [{"uri": address}]}))
    paths = ["$.occupations[0].uri", "$.units[0].outcomes[0].skills[0].uri"]
    assert found == ([] if is_sound else [(path, "esco_syntax") for path in paths])


def test_an_address_that_was_published_is_no_doubt() -> None:
    old = {"skills": [{"uri": f"{SKILL}/"}]}
    new = {"skills": [{"uri": f"{SKILL}//"}, *old["skills"]]}
    assert list(drafting.doubts(new, old)) == [("$.skills[0].uri", "esco_syntax")]


def test_addresses_of_esco_are_written_as_esco_does() -> None:
    content: Json = {"units": [{"outcomes": [{"skills": [{"uri": SKILL.upper()}, {}]}]}]}
    drafting.settle_esco_addresses(content)
    assert content["units"][0]["outcomes"][0]["skills"] == [{"uri": SKILL}, {}]


def test_register_and_occupations_stand_in_the_definition_and_in_its_badges() -> None:
    occupation = Concept(uri=SKILL.replace("skill", "occupation"), label=Text({"en": "welder"}))
    entry = RegisterEntry(number="2026-7", register="DQR", url="https://register.example/7")
    mc = dataclasses.replace(samples.welding(), occupations=(occupation,), register_entry=entry)
    assert definitions.load(definitions.dump(mc)) == mc
    addresses = Addresses("https://a.example/1", "https://a.example", "https://a.example/i")
    achievement = open_badge_3.achievement(mc, addresses, "en")
    assert achievement["otherIdentifier"][1]["identifier"] == "2026-7"
    assert occupation.uri in [one["targetUrl"] for one in achievement["alignment"]]


def test_an_entry_in_a_register_can_be_added_to_a_published_version() -> None:
    mc = samples.welding()
    listed = dataclasses.replace(mc, register_entry=RegisterEntry(number="2026-7"))
    assert changes.substantive(mc, listed) == ()
    assert changes.differences(mc, listed)
