"""Structural: every sentence exists in every language, and says what it says in English."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import lti_tool
from lti_tool.web import i18n
from lti_tool.web.words.sentences import SENTENCES, sentence

WEB = Path(str(files("lti_tool.web")))
SPEAKING = WEB.parent
METHODS = [
    ("cli/**.py", "python"),
    ("web/**.py", "python"),
    ("web/templates/**.html", "jinja2"),
]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%(?!\()")
OTHERS = [language for language in i18n.LANGUAGES if language != i18n.SOURCE_LANGUAGE]


def used_messages() -> set[str | tuple[str, ...]]:
    options = {"**.html": {"trimmed": "true"}}
    found = extract_from_dir(SPEAKING, METHODS, options, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def catalogue(language: str) -> Catalog:
    path = WEB / "translations" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return read_po(source, locale=language)


def strings(value: object) -> list[str]:
    return list(value) if isinstance(value, tuple | list) else [str(value)]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language: str) -> None:
    known = catalogue(language)
    used = used_messages()
    assert len(used) > 300
    for message in used:
        entry = known.get(message if isinstance(message, str) else message[0])
        assert entry is not None, message
        assert all(strings(entry.string)), message
        assert not entry.fuzzy, message


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_outlives_its_sentence(language: str) -> None:
    used = {message if isinstance(message, str) else message[0] for message in used_messages()}
    for entry in catalogue(language):
        if entry.id:
            assert strings(entry.id)[0] in used, entry.id


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_the_placeholders(language: str) -> None:
    for entry in catalogue(language):
        for form, translated in zip(strings(entry.id), strings(entry.string), strict=True):
            found = sorted(set(PLACEHOLDER.findall(translated)))
            assert found == sorted(set(PLACEHOLDER.findall(form))), entry.id


def test_german_has_one_word_for_a_badge() -> None:
    for entry in catalogue("de"):
        for words in strings(entry.string):
            assert "bzeichen" not in words, entry.id


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_translates(language: str) -> None:
    translated = i18n.translations(language).gettext("Claim your badge")
    assert translated != "Claim your badge"


def raised_codes() -> set[str]:
    services = Path(lti_tool.__file__).parent / "services"
    raising = re.compile(r'(?:ToolError|NotFound|Forbidden|Conflict)\(\s*"([a-z_]+)"')
    return {code for path in services.rglob("*.py") for code in raising.findall(path.read_text())}


def test_every_refusal_of_a_service_has_a_sentence_of_its_own() -> None:
    assert raised_codes() - set(SENTENCES) == set()


def test_an_unknown_code_gets_a_sentence_by_its_status() -> None:
    assert sentence("no_such_code", 404) == SENTENCES["http_404"]
    assert sentence("no_such_code", 418) == SENTENCES["http_400"]
    assert sentence("no_such_code", 599) == SENTENCES["http_500"]
    assert sentence("kid_missing", 400, "launch_refused") == SENTENCES["launch_refused"]
