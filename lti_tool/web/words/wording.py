"""How values are written for people: texts in several languages, dates, numbers, names of
countries and languages. All follow the language of the page."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import g
from flask_babel import gettext
from markupsafe import Markup, escape

import badges.countries
from badges import vocabularies
from badges.micro_credential import Concept
from badges.text import InvalidText, Text
from lti_tool.models import DefinitionDraft, Person
from lti_tool.web.i18n import language
from lti_tool.web.words import time_zones

# CLDR knows Montenegrin as a variety of Serbian only.
_OWN_LANGUAGE_NAMES = {"cnr": {"en": "Montenegrin", "de": "Montenegrinisch"}}


def best(text: Text) -> str:
    """Return the text nearest to the language of the page."""
    return text.best(language())


def say(text: Text) -> Markup:
    """Return the nearest text, marked with its own language where the page has another."""
    tag = text.best_language(language())
    if tag.split("-")[0] == language():
        return escape(text[tag])
    return Markup('<span lang="{}">{}</span>').format(tag, text[tag])


def term(concept: Concept) -> Markup:
    """Return a vocabulary term, by the vocabulary's own label where it has a nearer one."""
    is_near = concept.label.best_language(language()).split("-")[0] == language()
    known = None if is_near or not concept.uri else vocabularies.concept(concept.uri)
    return say(Text({**known.label, **concept.label}) if known else concept.label)


def day(at: datetime | date) -> Markup:
    """Return a date as people write it (22 November 2026)."""
    if isinstance(at, datetime):
        return _time(at, _date_pattern())
    words = format_date(at, _date_pattern(), locale=language())
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), words)


def moment(at: datetime) -> Markup:
    """Return date and time in the reader's zone, which is said, or in UTC where none is known."""
    there, zone = time_zones.localised(at, language())
    return _time(there, f"{_date_pattern()}, HH:mm '{zone}'")


def ago(at: datetime, now: datetime) -> Markup:
    """Return how long ago something was (10 minutes ago); the moment itself is in the markup."""
    words = format_timedelta(min(at - now, timedelta(0)), add_direction=True, locale=language())
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), words)


def _date_pattern() -> str:
    return "d. MMMM y" if language() == "de" else "d MMMM y"


def _time(at: datetime, pattern: str) -> Markup:
    words = format_datetime(at, pattern, tzinfo=at.tzinfo, locale=language())
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), words)


def number(value: Decimal | int | str) -> str:
    """Return a number in the manner of the language; texts that are no number stay."""
    return str(format_decimal(Decimal(value), locale=language())) if value != "" else ""


def hours(value: float) -> str:
    """Return a number of hours as a field takes it: without the marks of thousands."""
    return str(format_decimal(value, format="0.##", locale=language()))


def country(code: str) -> str:
    """Return the name of a country by its ISO 3166-1 alpha-2 code."""
    return str(Locale.parse(language()).territories.get(code.upper(), code))


def countries() -> list[tuple[str, str]]:
    """Return all countries: code and name, by name as the language sorts."""
    named = [(code, country(code)) for code in badges.countries.codes()]
    return sorted(named, key=lambda one: sortable(one[1]))


def sortable(name: str) -> str:
    """Return a name without accents, so that Österreich stands beside Oman."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(one for one in letters if not unicodedata.combining(one))


def language_name(tag: str) -> str:
    """Return the name of a language by its tag."""
    own = _OWN_LANGUAGE_NAMES.get(tag, {}).get(language())
    try:
        return own or Locale.parse(tag, sep="-").get_display_name(language()) or tag
    except (ValueError, LookupError, UnknownLocaleError):
        return tag


def own_name(tag: str) -> str:
    """Return the name that a language calls itself by."""
    try:
        return str(Locale.parse(tag, sep="-").get_display_name(tag) or tag).capitalize()
    except (ValueError, LookupError, UnknownLocaleError):
        return tag


def draft_title(draft: DefinitionDraft) -> str:
    """Return what a draft is called today, whatever its author is just typing."""
    try:
        return best(Text({tag: said for tag, said in draft.content["title"].items() if said}))
    except (InvalidText, KeyError, TypeError, AttributeError):
        return gettext("Without a title")


def called(person: Person) -> str:
    """Return a person's name, or what tells nameless ones apart."""
    return person.name or gettext("Learner %(id)s", id=person.short_id)


def who(person: Person) -> str:
    """Return what a person is called, with the number on sheets where the reader teaches two
    learners of one name."""
    name = called(person)
    number = g.get("namesakes", dict)().get(person.id)
    return gettext("%(name)s (no. %(number)s)", name=name, number=number) if number else name


_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}")


def with_links(text: str) -> Markup:
    """Return a text in which addresses can be followed; everything else is escaped."""
    found, end = Markup(""), 0
    for match in _LINK.finditer(text):
        url = match[0].rstrip(".,;:!?)")
        found += escape(text[end : match.start()])
        found += Markup('<a href="{0}" target="_blank" rel="noopener nofollow">{0}</a>').format(url)
        end = match.start() + len(url)
    return found + escape(text[end:])
