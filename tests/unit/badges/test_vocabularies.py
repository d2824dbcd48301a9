"""Vocabulary terms and their labels."""

from collections import Counter

import pytest

from badges import vocabularies
from badges.vocabularies import Vocabulary


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
        (Vocabulary.ESCO_SKILLS, 69),
    ],
)
def test_each_list_is_whole(vocabulary: Vocabulary, terms: int) -> None:
    assert len(vocabularies.concepts(vocabulary)) == terms


def test_every_term_has_an_address_of_its_own_and_an_english_label() -> None:
    terms = [term for vocabulary in Vocabulary for term in vocabularies.concepts(vocabulary)]
    assert Counter(term.uri for term in terms).most_common(1)[0][1] == 1
    known = ("http://data.europa.eu/snb/", "http://data.europa.eu/esco/skill/")
    assert all(str(term.uri).startswith(known) for term in terms)
    assert all("en" in term.label for term in terms)


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
