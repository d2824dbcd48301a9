"""Searching the catalogue: what an address asks for, and what can be chosen, in words."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from badges.countries import is_country
from lti_tool.services.definitions.searching import Filters, Wanted
from lti_tool.web.words import wording
from lti_tool.web.words.sentence import N_

LONGEST_QUERY = 100
MOST_HOURS = 100_000

# The broad fields of ISCED-F 2013, which the vocabulary has in English only.
FIELDS = {
    "00": N_("Generic programmes and qualifications"),
    "01": N_("Education"),
    "02": N_("Arts and humanities"),
    "03": N_("Social sciences, journalism and information"),
    "04": N_("Business, administration and law"),
    "05": N_("Natural sciences, mathematics and statistics"),
    "06": N_("Information and communication technologies"),
    "07": N_("Engineering, manufacturing and construction"),
    "08": N_("Agriculture, forestry, fisheries and veterinary"),
    "09": N_("Health and welfare"),
    "10": N_("Services"),
}
LONGEST_SHOWN = 40
_LABELS = {
    "field": N_("Sector"),
    "level": N_("EQF level"),
    "language": N_("Taught in"),
    "country": N_("Country"),
    "body": N_("Awarding body"),
    "from": N_("Hours of work, at least"),
    "to": N_("Hours of work, at most"),
}
_SHAPES = {
    "language": re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,4}){0,2}"),
    "country": re.compile(r"[A-Z]{2}"),
    "body": re.compile(r"[a-z0-9-]{1,64}"),
    "field": re.compile(r"[0-9]{2}"),
    "level": re.compile(r"[1-8]"),
    "from": re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?"),
    "to": re.compile(r"[0-9]{1,6}([.,][0-9]{1,2})?"),
    "page": re.compile(r"[0-9]{1,6}"),
}

Option = tuple[str, str]
"""The value in the address, and the words."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One select of the form; `everything`: the words for no wish."""

    name: str
    label: str
    everything: str
    options: tuple[Option, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Misread:
    """A filter by its words on the page, and the value that it cannot have."""

    label: str
    value: str


def wanted(args: "MultiDict[str, str]") -> Wanted:
    """Return what an address asks for; what it misspells is left out, as `misread` tells."""
    level = _told(args, "level")
    return Wanted(
        query=" ".join(args.get("q", "").split())[:LONGEST_QUERY],
        language=_told(args, "language"),
        level=int(level) if level else None,
        field=_told(args, "field"),
        country=_told(args, "country"),
        body=_told(args, "body"),
        hours=(_hours(args, "from"), _hours(args, "to")),
    )


def misread(args: "MultiDict[str, str]") -> list[Misread]:
    """Return the filters of an address that mean nothing and are left out, as they were said."""
    said = {name: " ".join(args.get(name, "").split())[:LONGEST_SHOWN] for name in _LABELS}
    return [
        Misread(gettext(label), said[name])
        for name, label in _LABELS.items()
        if said[name] and not _told(args, name)
    ]


def page(args: "MultiDict[str, str]") -> int:
    """Return the page that is asked for, counted from 1."""
    return int(_told(args, "page") or 1)


def query(wish: Wanted) -> dict[str, str]:
    """Return the arguments that ask for it."""
    least, most = wish.hours
    asked = {
        "q": wish.query,
        "language": wish.language,
        "level": "" if wish.level is None else str(wish.level),
        "field": wish.field,
        "country": wish.country,
        "body": wish.body,
        "from": "" if least is None else f"{least:g}",
        "to": "" if most is None else f"{most:g}",
    }
    return {name: value for name, value in asked.items() if value}


def addresses(base: str, wish: Wanted) -> Callable[[int], str]:
    """Return a function that writes the address of each page of what was found."""

    def of_page(number: int) -> str:
        asked = query(wish) | ({"page": str(number)} if number > 1 else {})
        return f"{base}?{urlencode(asked)}" if asked else base

    return of_page


def choices(filters: Filters, wish: Wanted) -> list[Choice]:
    """Return what can be filtered by, in the words of the page and sorted by them.

    A filter of one value, which nobody chose, would filter nothing and is left out.
    """
    asked = query(wish)
    bodies = dict(filters.bodies)
    sectors = {code: gettext(FIELDS[code]) for code in filters.fields if code in FIELDS}
    levels = {str(level): str(level) for level in filters.levels}
    languages = {tag: wording.language_name(tag) for tag in filters.languages}
    countries = {code: wording.country(code) for code in filters.countries}
    found = (
        _choice("field", gettext("any sector"), sectors, asked),
        _choice("level", gettext("any level"), levels, asked),
        _choice("language", gettext("any language"), languages, asked),
        _choice("country", gettext("any country"), countries, asked),
        _choice("body", gettext("any awarding body"), bodies, asked),
    )
    return [one for one in found if len(one.options) > 1 or one.chosen]


def _choice(
    name: str, everything: str, known: Mapping[str, str], asked: Mapping[str, str]
) -> Choice:
    """What was chosen is an option also where nothing has it."""
    chosen = asked.get(name, "")
    options = {**known, **({chosen: known.get(chosen, chosen)} if chosen else {})}
    return Choice(
        name,
        gettext(_LABELS[name]),
        everything,
        tuple(sorted(options.items(), key=_by_words)),
        chosen,
    )


def _by_words(option: Option) -> str:
    return wording.sortable(option[1])


def _told(args: "MultiDict[str, str]", name: str) -> str:
    """Return what an argument says; nothing where it cannot be one."""
    value = args.get(name, "").strip()
    if not _SHAPES[name].fullmatch(value):
        return ""
    match name:
        case "country":
            means = is_country(value)
        case "field":
            means = value in FIELDS
        case "to":
            least = _told(args, "from")
            means = not least or _number(least) <= _number(value)
        case _:
            means = True
    return value if means else ""


def _hours(args: "MultiDict[str, str]", name: str) -> float | None:
    told = _told(args, name)
    return min(_number(told), MOST_HOURS) if told else None


def _number(told: str) -> float:
    return float(told.replace(",", "."))
