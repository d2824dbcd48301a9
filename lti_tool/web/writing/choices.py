"""What can be chosen: terms of the vocabularies, countries and languages, named for the page."""

from difflib import get_close_matches
from functools import cache

from babel import Locale, UnknownLocaleError

from badges import national_profiles, vocabularies
from badges.drafting import Json
from badges.micro_credential import Concept
from badges.vocabularies import Vocabulary
from lti_tool.web.i18n import language
from lti_tool.web.words.wording import country, language_name, sortable

COUNTRIES = (
    *("AL", "AM", "AT", "AZ", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI"),
    *("FR", "GB", "GE", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MD", "ME"),
    *("MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "TR", "UA", "XK"),
)
LANGUAGES = (
    *("bg", "bs", "cnr", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr", "hu"),
    *("hy", "is", "it", "ka", "lb", "lt", "lv", "mk", "mt", "nl", "no", "pl", "pt", "ro", "ru"),
    *("sk", "sl", "sq", "sr", "sv", "tr", "uk"),
)

MOST_CLOSEST = 6

Option = tuple[str, str]
"""Value and words."""


def terms(vocabulary: Vocabulary) -> list[Option]:
    """Return address and label of each term, in the language of the page."""
    return list(_terms(vocabulary, language()))


@cache
def _terms(vocabulary: Vocabulary, tag: str) -> tuple[Option, ...]:
    found = [
        (str(one.uri), _label(one, vocabulary, tag)) for one in vocabularies.concepts(vocabulary)
    ]
    return tuple(
        found
        if vocabulary is Vocabulary.FIELDS
        else sorted(found, key=lambda one: sortable(one[1]))
    )


def _label(term: Concept, vocabulary: Vocabulary, tag: str) -> str:
    label = term.label.best(tag)
    if vocabulary is Vocabulary.FIELDS:  # people know the fields by their numbers
        return f"{str(term.uri).rpartition('/')[2]} {label}"
    return label


def named(vocabulary: Vocabulary, words: str) -> Json | None:
    """Return the term that goes by these words in any language, as a definition holds it."""
    term = _by_name(vocabulary).get(words.casefold())
    return as_json(term) if term is not None else None


def as_json(term: Concept) -> Json:
    return {"uri": term.uri, "label": term.label.to_json()}


@cache
def _by_name(vocabulary: Vocabulary) -> dict[str, Concept]:
    """Terms by address and by each label; the first one of a label has it."""
    found: dict[str, Concept] = {}
    for term in vocabularies.concepts(vocabulary):
        labels = [*term.label.values(), *(_label(term, vocabulary, tag) for tag in term.label)]
        for name in (str(term.uri), *labels):
            found.setdefault(name.casefold(), term)
    return found


def closest(vocabulary: Vocabulary, words: str) -> list[Option]:
    """Return the terms that look most like these words, at most `MOST_CLOSEST`."""
    wanted = words.casefold()
    found = terms(vocabulary)
    names = {label.partition(" ")[2].casefold() or label.casefold(): label for _, label in found}
    names |= {label.casefold(): label for _, label in found}
    alike = [
        names[name] for name in names if any(len(one) > 3 and one in name for one in wanted.split())
    ]
    alike += [names[name] for name in get_close_matches(wanted, names, MOST_CLOSEST, 0.5)]
    chosen = list(dict.fromkeys(alike))[:MOST_CLOSEST]
    return sorted((one for one in found if one[1] in chosen), key=lambda one: chosen.index(one[1]))


def national_levels(country_code: str) -> list[Option]:
    """Return the official levels of a country; none for most."""
    profile = national_profiles.profile(country_code)
    levels = profile.levels if profile else ()
    return [(str(one.uri), one.label.best("en")) for one in levels]


def frameworks(country_code: str) -> list[str]:
    """Return what the framework of a country is called, in each language that is known."""
    profile = national_profiles.profile(country_code)
    return list(profile.framework.values()) if profile else []


def registers(country_code: str) -> list[str]:
    """Return what the register of a country is called, in each language that is known."""
    profile = national_profiles.profile(country_code)
    return list(profile.register.values()) if profile and profile.register else []


def countries() -> list[Option]:
    return sorted(((code, country(code)) for code in COUNTRIES), key=lambda one: sortable(one[1]))


def languages() -> list[Option]:
    return sorted(
        ((tag, language_name(tag)) for tag in LANGUAGES), key=lambda one: sortable(one[1])
    )


def is_language(tag: str) -> bool:
    """Return whether texts can be written in a language: one that has a name."""
    if tag in LANGUAGES:
        return True
    try:
        return bool(Locale.parse(tag, sep="-"))
    except (ValueError, LookupError, UnknownLocaleError):
        return False
