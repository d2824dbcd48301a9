"""Names of two LMSs are surely one, or a person has to look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.services.awarding.names import masked, same

NAMES = st.text(
    st.characters(categories=("Lu", "Ll", "Lt", "Lo", "Mn", "Nd", "Zs", "Pd")), max_size=30
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Müller", "MÜLLER, Ana"),
        ("Ana Mu\u0308ller", "Ana Muller"),
        ("Anne-Marie O’Neill", "o'neill anne marie"),
        ("Иван Петров", "петров иван"),
        ("Weiß Karl", "Karl Weiss"),
        ("Ａｎａ", "Ana"),
        ("नमिता", "नमिता"),
    ],
)
def test_case_order_width_and_accents_do_not_matter(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Müller", "Ben Müller"),
        ("Ana Müller", "Ana Mueller"),
        ("Ana Maria Müller", "Ana Müller"),
        ("A. Müller", "Ana Müller"),
        ("Ana Ana Müller", "Ana Müller"),
        ("Marko Marković", "Марко Марковић"),
        ("राम", "रीम"),
        ("Ana", None),
        (None, None),
        ("", ""),
        ("...", "..."),
    ],
)
def test_all_else_is_for_a_person_to_see(one: str | None, other: str | None) -> None:
    assert not same(one, other)
    assert not same(other, one)


@given(NAMES, NAMES)
def test_a_comparison_never_fails_and_has_no_sides(one: str, other: str) -> None:
    assert same(one, other) == same(other, one)
    assert same(one, one) == same(one, f" {one.casefold()} ")


@given(NAMES)
def test_a_hint_shows_one_letter_of_each_word(name: str) -> None:
    words = [word for word in name.split() if any(map(str.isalnum, word))]
    assert len((masked(name) or "").split()) == len(words)


def test_a_hint_keeps_marks_and_passes_over_punctuation() -> None:
    assert masked("(Ana) müller-weiß — 3") == "A… m… 3…"
    assert masked("की राम") == "की… रा…"
    assert masked(None) is masked("") is masked("—") is None
