"""What definitions are found by."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges import catalogue_entry, samples
from badges.catalogue_entry import folded, terms
from badges.micro_credential import Concept, MicroCredential
from badges.text import Text
from tests.factories import definitions

WLD = samples.welding()


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Schweißen", "SCHWEISSEN"),
        ("Zavarivanje – Početni nivo", "pocetni"),
        ("Električar đak", "dak"),
        ("Зварювання їжака", "ЗВАРЮВАННЯ"),
        ("Зварювання їжака", "іжака"),
        ("Шпаќел", "шпакел"),
        ("შედუღება", "ᲨᲔᲓᲣᲦᲔᲑᲐ"),
        ("Եռակցում և կտրում", "ԵՌԱԿՑՈՒՄ ԵՎ"),
        ("Škola Łódź Ærø ŒUVRE", "skola lodz aero oeuvre"),
        ("sveiseøvelse på verksted", "SVEISEOVELSE PA"),
        ("ﬁne ½", "fine"),
    ],
)
def test_case_accents_and_script_variants_do_not_matter(written: str, asked: str) -> None:
    assert all(word in folded(written) for word in terms(asked))


@given(definitions.strings())
def test_folding_is_blind_to_case_and_repeats_to_itself(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", text)) == once
    assert "%" not in once
    assert "\0" not in once


@given(definitions.micro_credentials())
def test_every_word_of_title_units_and_outcomes_finds_a_definition(mc: MicroCredential) -> None:
    words = catalogue_entry.of(mc).words
    texts = [mc.title, *(unit.title for unit in mc.units)]
    texts += [outcome.text for unit in mc.units for outcome in unit.outcomes]
    for text in texts:
        for value in text.values():
            assert all(word in words for word in terms(value))


def test_skills_and_occupations_find_a_definition() -> None:
    mc = replace(WLD, occupations=(Concept(label=Text({"de": "Schweißerin"})),))
    words = catalogue_entry.of(mc).words
    assert "schweisserin" in words
    assert folded(mc.skills[0].label["en"]) in words


@given(st.text())
def test_what_is_looked_for_is_a_few_short_words(query: str) -> None:
    found = terms(query)
    assert len(found) <= catalogue_entry.MOST_TERMS
    assert all(0 < len(word) <= catalogue_entry.LONGEST_TERM for word in found)


def test_whom_a_definition_is_planned_for_does_not_find_it() -> None:
    planned = replace(WLD, target_groups=(Concept(label=Text({"en": "xenophiles"})),))
    assert "xenophiles" not in catalogue_entry.of(planned).words


@pytest.mark.parametrize(
    ("uri", "field"),
    [
        (f"{catalogue_entry.ISCED_F}0715", "07"),
        (f"{catalogue_entry.ISCED_F}10", "10"),
        (f"{catalogue_entry.ISCED_F}x", None),
        ("https://other.example/0715", None),
        (None, None),
    ],
)
def test_a_sector_is_the_broad_field(uri: str | None, field: str | None) -> None:
    concept = Concept(uri=uri, label=Text({"en": "x"}))
    assert catalogue_entry.broad_field(concept) == field
