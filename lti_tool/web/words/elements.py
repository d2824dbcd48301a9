"""What the elements of a definition are called, where a path into one leads, what is there."""

import re
from collections.abc import Mapping
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from flask_babel import gettext

from badges.micro_credential import MicroCredential
from badges.text import InvalidText, Text
from lti_tool.web.words.sentence import N_
from lti_tool.web.words.wording import best, language_name, number

# In the order of the public page.
ELEMENTS: Mapping[str, str] = {
    "title": N_("Title"),
    "awarding_body": N_("Awarding body"),
    "country": N_("Country"),
    "units": N_("Learning outcomes"),
    "hours": N_("Notional workload"),
    "eqf_level": N_("Level"),
    "register_entry": N_("Entry in a national register"),
    "assessment": N_("Type of assessment"),
    "participation": N_("Form of participation"),
    "quality_assurance": N_("Quality assurance"),
    "prerequisites": N_("Prerequisites"),
    "supervision": N_("Supervision and identity check"),
    "grading": N_("Grading"),
    "stackability": N_("Stackability"),
    "prior_learning": N_("Recognition of prior learning"),
    "languages": N_("Languages of instruction"),
    "field": N_("Field (ISCED-F)"),
    "setting": N_("Setting"),
    "confirmations": N_("Confirmation of awards"),
    "validity_months": N_("Validity"),
    "skills": N_("Skills (ESCO)"),
    "occupations": N_("Occupations (ESCO)"),
    "licence": N_("Licence of this text"),
}
# Open licences: what is under one may be taken along, changed and shared by everybody.
LICENCES: Mapping[str, str] = {
    "https://creativecommons.org/licenses/by/4.0/": "CC BY 4.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC BY-SA 4.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0",
}
_OTHERS: Mapping[str, str] = {
    "description": N_("Description"),
    "code": N_("Code"),
    "credit": N_("Notional workload"),
    "national_level": N_("Level"),
    "activities": N_("Form of participation"),
    "stack": N_("Made of"),
    "choices": N_("Choices of units"),
    "original_language": N_("Original language"),
    "derived_from": N_("Based on"),
    "target_groups": N_("Target groups"),
    "artwork": N_("Badge picture"),
}
_OF_A_UNIT: Mapping[str, str] = {
    "title": N_("Title"),
    "hours": N_("Notional workload"),
    "mode": N_("Form of participation"),
    "assessment": N_("Type of assessment"),
    "rule": N_("How it is completed"),
    "allows_participation": N_("Whether taking part may be enough"),
    "no_prior_learning": N_("Why prior learning cannot be recognised"),
    "outcomes": N_("Learning outcomes"),
}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STEP = re.compile(r'\.([A-Za-z_]+)|\[(\d+)\]|\["([^"]+)"\]')
_TEXTS = {"title", "description", "name", "label", "text", "statement", "kind"}
_TEXTS |= {"prerequisites", "procedure", "no_prior_learning", "alt"}


def place(path: str) -> str:
    """Return where a JSONPath into a definition leads ("Unit 2, outcome 1 (German)")."""
    steps = ["".join(step) for step in _STEP.findall(path)]
    if not steps:
        return gettext("The whole")
    words = _unit(steps[1:]) if steps[0] == "units" else _name(steps[0])
    if steps[0] == "choices" and len(steps) > 1:
        words = gettext("Choice %(letter)s", letter=letter(int(steps[1])))
    if len(steps) > 1 and steps[-2] in _TEXTS:
        return f"{words} ({language_name(steps[-1])})"
    return words


def letter(number: int) -> str:
    """Return what a choice of units goes by: A, B, ...; `number` counts from 0."""
    return ascii_uppercase[number % len(ascii_uppercase)]


def _name(name: str) -> str:
    found = ELEMENTS.get(name) or _OTHERS.get(name)
    return gettext(found) if found else name


def _unit(steps: list[str]) -> str:
    if not steps:
        return gettext("Order of the units")
    unit = gettext("Unit %(number)s", number=int(steps[0]) + 1)
    match steps[1:]:
        case []:
            return unit
        case ["outcomes", index, *_]:
            outcome = gettext("outcome %(number)s", number=int(index) + 1)
            return f"{unit}, {outcome}"
        case [part, *_]:
            return f"{unit}, {gettext(_OF_A_UNIT[part]) if part in _OF_A_UNIT else part}"
    return unit


def choice_name(mc: MicroCredential, number: int) -> str:
    """Return what a choice of units is called: its letter, and its title if it has one."""
    title = mc.choices[number].title
    if title is None:
        return gettext("Choice %(letter)s", letter=letter(number))
    return gettext("Choice %(letter)s “%(title)s”", letter=letter(number), title=best(title))


def unit_titles(mc: MicroCredential) -> Mapping[str, str]:
    """Return the titles of the units by their codes, in the language of the page."""
    return {unit.code: best(unit.title) for unit in mc.units}


def element(value: Any, titles: Mapping[str, str] | None = None) -> str:
    """Return what JSON of a definition says, on one line, nearest to the language of the page.

    `titles`: of the units, by their codes; a unit without one goes by its code.
    """
    match value:
        case None:
            return gettext("nothing")
        case bool():
            return gettext("Yes") if value else gettext("No")
        case int() | float():
            return number(Decimal(str(value)))
        case list():
            return "; ".join(element(one, titles) for one in value)
        case {"units": list(codes), "count": count}:
            return _choice(value, [(titles or {}).get(code, code) for code in codes], count)
        case dict():
            return _object(value)
        case str() if _DIGEST.fullmatch(value):
            return gettext("picture %(name)s", name=value[:8])
    return str(value)


def _choice(value: Mapping[str, Any], units: list[str], count: int) -> str:
    listed = ", ".join(units)
    words = gettext("%(count)s of these units: %(units)s", count=count, units=listed)
    if not count:
        words = gettext("extra units, of which nobody needs any: %(units)s", units=listed)
    return f"{_object(value['title'])}: {words}" if "title" in value else words


def _object(value: Mapping[str, Any]) -> str:
    for name in ("label", "title", "text", "statement", "name", "alt"):
        if isinstance(value.get(name), dict):
            return _object(value[name])
    try:
        return best(Text(value))
    except (InvalidText, TypeError, AttributeError):
        return "; ".join(element(one) for one in value.values())
