"""Vocabulary terms and their labels."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from badges import vocabularies
from badges.drafting import is_sound_esco
from badges.vocabularies import Vocabulary
from badges.vocabularies.search import MOST_FOUND, search

TECHNICAL = "technical director"


@pytest.mark.parametrize(
    ("vocabulary", "terms"),
    [
        (Vocabulary.EQF_LEVELS, 8),
        (Vocabulary.NATIONAL_LEVELS, 55),
        (Vocabulary.FIELDS, 220),
        (Vocabulary.CREDIT_FRAMEWORKS, 2),
        (Vocabulary.MODES, 6),
        (Vocabulary.ASSESSMENT_TYPES, 14),
        (Vocabulary.ACTIVITY_TYPES, 11),
        (Vocabulary.SETTINGS, 2),
        (Vocabulary.TARGET_GROUPS, 20),
        (Vocabulary.ESCO_SKILLS, 1506),
        (Vocabulary.ESCO_OCCUPATIONS, 2951),
    ],
)
def test_each_list_is_whole(vocabulary: Vocabulary, terms: int) -> None:
    assert len(vocabularies.concepts(vocabulary)) == terms


def test_every_term_has_an_address_of_its_own_and_an_english_label() -> None:
    terms = [term for vocabulary in Vocabulary for term in vocabularies.concepts(vocabulary)]
    assert Counter(term.uri for term in terms).most_common(1)[0][1] == 1
    known = ("http://data.europa.eu/snb/", "http://data.europa.eu/esco/")
    assert all(str(term.uri).startswith(known) for term in terms)
    assert all("en" in term.label for term in terms)


@pytest.mark.parametrize(
    ("vocabulary", "kind"),
    [(Vocabulary.ESCO_SKILLS, "skill"), (Vocabulary.ESCO_OCCUPATIONS, "occupation")],
)
def test_terms_of_esco_have_sound_addresses_and_labels_of_their_own(
    vocabulary: Vocabulary, kind: str
) -> None:
    terms = vocabularies.concepts(vocabulary)
    address = re.compile(rf"http://data\.europa\.eu/esco/{kind}/[0-9a-f-]{{36}}")
    assert [one.uri for one in terms if not address.fullmatch(str(one.uri))] == []
    assert [one.uri for one in terms if not is_sound_esco(str(one.uri))] == []
    labels = [one.label["en"] for one in terms]
    assert labels == sorted(labels, key=str.casefold)
    assert len({label.casefold() for label in labels}) == len(labels)
    assert [one for one in labels if not re.fullmatch(r"[\w.][\w ,()/'.&-]{2,80}", one)] == []
    assert [one for one in labels if re.search(r" (of|in|for|to|and|the|with)$", one)] == []


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("http://data.europa.eu/esco/occupation/00030d09-2b3a-4efd-87cc-c4ea39d27c34", TECHNICAL),
        ("http://data.europa.eu/esco/skill/00064735-8fad-454b-90c7-ed858cc993f2", None),
        ("http://data.europa.eu/esco/occupation/", None),
        ("", None),
    ],
)
def test_occupations_and_skills_of_esco_are_found_by_address(
    address: str, label: str | None
) -> None:
    assert vocabularies.label(address, "de") == label


def test_the_long_lists_are_not_read_for_anything_else() -> None:
    program = (
        "from badges import vocabularies as known;"
        "import lti_tool.web.writing.routes, badges.vocabularies.search;"
        "known.label('http://data.europa.eu/snb/eqf/3', 'de'); read = known.concepts.cache_info();"
        "known.label('http://data.europa.eu/esco/occupation/0', 'de');"
        "print(read.misses, known.concepts.cache_info().misses)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    before, after = (int(one) for one in said.stdout.split())
    assert (before, after) == (len(Vocabulary) - 2, len(Vocabulary) - 1)


@pytest.mark.parametrize(
    "vocabulary",
    [
        Vocabulary.EQF_LEVELS,
        Vocabulary.CREDIT_FRAMEWORKS,
        Vocabulary.MODES,
        Vocabulary.ASSESSMENT_TYPES,
        Vocabulary.ACTIVITY_TYPES,
        Vocabulary.SETTINGS,
    ],
)
def test_the_short_lists_are_german_too(vocabulary: Vocabulary) -> None:
    assert all("de" in term.label for term in vocabularies.concepts(vocabulary))


def test_a_label_is_found_by_address() -> None:
    quiz = "http://data.europa.eu/snb/assessment/6a4db9f11d"
    assert vocabularies.label(quiz, "en") == "practical assessment"
    assert vocabularies.label(quiz, "de-CH") == "Praktische Prüfung"
    assert vocabularies.label(quiz, "hy") == "practical assessment"
    assert vocabularies.label("http://data.europa.eu/snb/eqf/9", "en") is None


def occupations(query: str) -> list[str]:
    return [one.label["en"] for one in search(Vocabulary.ESCO_OCCUPATIONS, query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("solar tech", ["solar energy technician"]),
        ("TECHNICIAN  solar", ["solar energy technician"]),
        ("répét", ["répétiteur", "dance répétiteur"]),
        ("REPET", ["répétiteur", "dance répétiteur"]),
        ("cook", ["cook", "diet cook", "fish cook"]),
        ("welders", ["welder", "pipe welder", "spot welder"]),
        ("waiter waitress", ["waiter/waitress"]),
        ("nurse", ["nurse assistant", "specialist nurse"]),
    ],
)
def test_a_term_is_found_by_words_in_any_order_the_best_first(query: str, first: list[str]) -> None:
    assert occupations(query)[: len(first)] == first


def test_what_lacks_a_word_is_offered_only_where_nothing_has_all() -> None:
    assert all("solar" in one for one in occupations("solar"))
    assert occupations("solar zzzz")[0].startswith("solar")
    assert len(occupations("operator")) == MOST_FOUND


@pytest.mark.parametrize(
    "query", ["", " ", "\0", "§$%", "x" * 10_000, "\u202eمرحبا", "in of a zzz"]
)
def test_odd_words_find_nothing(query: str) -> None:
    assert search(Vocabulary.ESCO_OCCUPATIONS, query) == []
