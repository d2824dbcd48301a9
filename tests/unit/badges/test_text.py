"""Text in several languages."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges.text import InvalidText, Text, clean, is_safe, language_tag
from tests.factories.definitions import TAGS, texts


def test_the_exact_language_wins() -> None:
    text = Text({"sr": "српски", "sr-Latn": "srpski"})
    assert text.best("sr-Latn") == "srpski"
    assert text.best("sr") == "српски"


@pytest.mark.parametrize(
    ("wish", "fallbacks", "found"),
    [
        ("de-AT", (), "de"),
        ("de_AT", (), "de"),
        ("DE", (), "de"),
        ("sr", (), "sr-Latn"),
        ("sr-Latn-ME", (), "sr-Latn"),
        ("hy", ("uk", "de"), "uk"),
        ("hy", ("ka",), "en"),
        ("", (), "en"),
        ("not a tag", ("de",), "de"),
    ],
)
def test_the_nearest_language_is_found(wish: str, fallbacks: tuple[str, ...], found: str) -> None:
    text = Text({"en": "e", "de": "d", "uk": "u", "sr-Latn": "s"})
    assert text.best_language(wish, *fallbacks) == found


def test_without_english_the_first_tag_is_the_last_resort() -> None:
    assert Text({"uk": "так", "de": "ja"}).best("hy") == "ja"


def test_languages_come_in_the_order_of_their_tags() -> None:
    text = Text({"uk": "так", "de": "ja", "SR-latn": "da"})
    assert text.languages == ("de", "sr-Latn", "uk")
    assert text.to_json() == {"de": "ja", "sr-Latn": "da", "uk": "так"}
    assert text.get("hy") is None


def test_equal_texts_are_one_key_whatever_their_order() -> None:
    one, other = Text({"en": "a", "de": "b"}), Text({"de": "b", "en": "a"})
    assert one == other
    assert len({one, other}) == 1
    assert one != Text({"en": "a"})


def test_a_text_cannot_be_changed() -> None:
    text = Text({"en": "a"})
    with pytest.raises(AttributeError):
        text._texts = {}
    with pytest.raises(TypeError):
        text["en"] = "b"  # type: ignore[index]
    text.to_json()["en"] = "b"
    assert text["en"] == "a"


def test_texts_are_kept_composed_and_trimmed() -> None:
    assert Text({"de": "  Schweiße\u0301n "})["de"] == "Schweißén"


@pytest.mark.parametrize(
    ("texts_given", "code"),
    [
        ({}, "empty_text"),
        ({"en": ""}, "empty_text"),
        ({"en": " \u00a0"}, "empty_text"),
        ({"english": "a"}, "language_tag"),
        ({"en-": "a"}, "language_tag"),
        ({"": "a"}, "language_tag"),
        ({"de": "a", "DE": "b"}, "language_twice"),
        ({"en": "a\nb"}, "unsafe_characters"),
        ({"en": "a\u0000"}, "unsafe_characters"),
        ({"en": "\ud800"}, "unsafe_characters"),
        ({"en": "\u202eevil"}, "unsafe_characters"),
        ({"en": "a\u2028b"}, "unsafe_characters"),
        ({"en": "\ufffe"}, "unsafe_characters"),
        ({"en": "\U0001ffff"}, "unsafe_characters"),
    ],
)
def test_a_bad_text_is_refused_by_code(texts_given: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidText) as refusal:
        Text(texts_given)
    assert refusal.value.code == code


@pytest.mark.parametrize("word", ["Հայերեն", "ქართული", "їжа", "naïve", "👩‍🔧 welder", "﷽", "a b"])
def test_text_of_any_script_is_safe(word: str) -> None:
    assert is_safe(word)
    assert clean(word)


def test_a_tag_gets_its_usual_case() -> None:
    assert language_tag("SR-LATN-me") == "sr-Latn-ME"


@given(texts(), st.sampled_from(TAGS))
def test_some_text_is_always_found(text: Text, wish: str) -> None:
    assert text.best(wish) in text.values()
    assert wish not in text or text.best(wish) == text[wish]


@given(texts())
def test_a_text_survives_copying_pickling_and_json(text: Text) -> None:
    assert copy.deepcopy(text) == text
    assert copy.copy(text) is text
    assert pickle.loads(pickle.dumps(text)) == text
    assert Text(text.to_json()) == text
    assert hash(Text(text.to_json())) == hash(text)
