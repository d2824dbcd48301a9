"""A definition while it is being written: JSON in which anything may still be absent or wrong.

Places are named by dotted paths: `units.0.title` is where a `Problem` says `$.units[0].title`.

>>> content = {"title": {"de": "Schweißen", "en": "Welding"}, "units": [{"title": {"de": "Eins"}}]}
>>> original(content), languages(content), untranslated(content, "en")
('de', ('de', 'en'), ['units.0.title'])
"""

import copy
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from badges import national_profiles
from badges.stacking import Stack
from badges.text import DEFAULT_LANGUAGE

Json = dict[str, Any]

_TEXTS = frozenset(
    {"title", "description", "text", "statement", "label", "kind", "name", "procedure"}
    | {"prerequisites", "no_prior_learning", "alt"}
)
_UNTRANSLATED = frozenset({"awarding_body", "derived_from"})
"""Its name is a proper name; what another definition is called was said there."""
_CODE_CHARACTERS = 48
ESCO = "http://data.europa.eu/esco/"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ESCO_START = re.compile(r"https?://data\.europa\.eu/esco/(?=.*/)", re.IGNORECASE)
_AT_ESCO = re.compile(r"https?://(?:data\.europa\.eu|ec\.europa\.eu)/esco\b", re.IGNORECASE)
_ESCO = re.compile(
    rf"http://data\.europa\.eu/esco/(?:(?:skill|occupation)/{_UUID}"
    r"|skill/[A-Z][0-9]+(?:\.[0-9]+)*|isco/C[0-9]{1,4}|isced-f/[0-9]{2,4})",
    re.ASCII,
)

MANDATORY: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "awarding_body": ("awarding_body.slug", "awarding_body.name", "awarding_body.url"),
    "country": ("awarding_body.country",),
    "learning_outcomes": ("units", "units.*.title", "units.*.outcomes"),
    "workload": ("hours", "units.*.hours"),
    "level": ("eqf_level", "national_level"),
    "assessment": (
        *("assessment.methods", "units.*.assessment", "units.*.rule"),
        "units.*.allows_participation",
    ),
    "participation": ("participation",),
    "quality_assurance": ("quality_assurance",),
}
"""The nine elements of Council Recommendation 2022/C 243/02, Annex I, that belong to a definition,
each with the places that it is made of (`*`: any unit)."""

OPTIONAL: dict[str, tuple[str, ...]] = {
    "prerequisites": ("prerequisites",),
    "supervision": ("supervision",),
    "grading": ("assessment.grading",),
    "stackability": ("stackability",),
    "further_information": (
        "prior_learning",
        "units.*.no_prior_learning",
        "validity_months",
        "confirmations",
        "skills",
        "occupations",
        "register_entry",
        "languages",
        "field",
        "licence",
    ),
}
"""The five optional ones; any of its places is enough."""


def dotted(json_path: str) -> str:
    """Return a JSONPath as a dotted path; "" for the whole.

    >>> dotted("$.units[2].outcomes[0].text.en")
    'units.2.outcomes.0.text.en'
    """
    return re.sub(r"\[\"?([^\]\"]*)\"?\]", r".\1", json_path.removeprefix("$")).strip(".")


def at(content: Any, path: str) -> Any:
    """Return what stands at a dotted path, None for nothing."""
    for step in path.split("."):
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step.isdigit() and int(step) < len(content):
            content = content[int(step)]
        else:
            return None
    return content


def put(content: Json, path: str, value: Any) -> None:
    """Set what stands at a dotted path; objects on the way are made, lists must be there."""
    *way, last = path.split(".")
    here: Any = content
    for step in way:
        if isinstance(here, list):
            here = here[int(step)]
        else:
            if not isinstance(here.get(step), dict | list):
                here[step] = {}
            here = here[step]
    here[last] = value


def followed(json_path: str, before: Json, after: Json) -> str | None:
    """Return where what a JSONPath names in one text stands in another one, its units and outcomes
    found by their codes; None if one of these is not there any more.

    >>> before, after = {"units": [{"code": "A"}, {"code": "B"}]}, {"units": [{"code": "B"}]}
    >>> followed("$.units[1].title", before, after), followed("$.units[0]", before, after)
    ('$.units[0].title', None)
    """
    here: Any = before
    there: Any = after
    found = "$"
    for step in dotted(json_path).split("."):
        here, place = at(here, step), step
        if step.isdigit() and isinstance(here, dict) and "code" in here:
            items = there if isinstance(there, list) else []
            codes = [one.get("code") if isinstance(one, dict) else None for one in items]
            if here["code"] not in codes:
                return None
            place = str(codes.index(here["code"]))
        there = at(there, place)
        found += f"[{place}]" if place.isdigit() else f".{place}"
    return found


def is_within(path: str, places: tuple[str, ...]) -> bool:
    """Return whether a path is one of `places` or lies below one.

    Below `units` several elements lie, so it stands for no more than the list itself.

    >>> is_within("units.0.title.en", ("units.*.title",)), is_within("units.0", ("units",))
    (True, False)
    """
    steps = path.split(".")
    return any(
        (len(steps) == 1 if place == ["units"] else len(steps) >= len(place))
        and all(one in ("*", other) for one, other in zip(place, steps, strict=False))
        for place in (each.split(".") for each in places)
    )


def texts(content: Any, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every text that can be translated, with its path, in reading order.

    Left out are terms of a vocabulary, which brings its own translations.
    """
    if isinstance(content, list):
        for number, item in enumerate(content):
            yield from texts(item, f"{path}{number}.")
    elif isinstance(content, dict):
        for name, value in content.items():
            is_term = name == "label" and "uri" in content
            if name in _TEXTS and isinstance(value, dict) and not is_term:
                yield path + name, value
            elif name not in _UNTRANSLATED and name not in _TEXTS:
                yield from texts(value, f"{path}{name}.")


def original(content: Json) -> str:
    """Return the language that the others are translations of: the one that it names, where the
    title has it, else that of most texts, of several such the first one of the title."""
    title = content.get("title")
    tags = list(title) if isinstance(title, dict) else []
    if (named := content.get("original_language")) in tags:
        return str(named)
    if len(tags) < 2:
        return str(tags[0]) if tags else DEFAULT_LANGUAGE
    written = [tag for _, text in texts(content) for tag in text]
    return str(max(tags, key=written.count))


def settle_original_language(content: Json) -> None:
    """Forget an original language in which there is no title: none of the texts is in it."""
    if content.get("original_language") not in (content.get("title") or {}):
        content.pop("original_language", None)


def languages(content: Json) -> tuple[str, ...]:
    """Return the languages in which anything is written, the original first."""
    tags = [tag for _, text in texts(content) for tag in text]
    return tuple(dict.fromkeys([original(content), *tags]))


def untranslated(content: Json, tag: str) -> list[str]:
    """Return the paths of the texts that are there in the original and not in `tag`."""
    first = original(content)
    return [path for path, text in texts(content) if text.get(first) and not text.get(tag)]


def only(content: Json, tag: str) -> Json:
    """Return a definition with each text in one language, where it has any in that."""
    made = copy.deepcopy(content)
    made.pop("original_language", None)
    for _, text in texts(made):
        if said := text.get(tag):
            text.clear()
            text[tag] = said
    return made


def units(content: Json) -> list[Json]:
    found = content.get("units")
    return [unit for unit in found if isinstance(unit, dict)] if isinstance(found, list) else []


def gaps(content: Json) -> Iterator[tuple[str, str]]:
    """Yield path and code of what is missing, as `missing_elements` finds it in a whole one."""
    expected = {
        "awarding_body.country": "country",
        "hours": "workload",
        "eqf_level": "level",
        "assessment.methods": "assessment",
        "participation": "participation",
        "quality_assurance": "quality_assurance",
    }
    yield from ((path, code) for path, code in expected.items() if not at(content, path))
    found, is_stacked = units(content), bool(content.get("stack"))
    if not found and not is_stacked:
        yield "units", "learning_outcomes"
    for number, unit in enumerate(found):
        if not unit.get("outcomes"):
            yield f"units.{number}.outcomes", "learning_outcomes"
    if found and not is_stacked and not _is_assessed(found, choices(content)):
        yield "units.0.allows_participation", "nothing_assessed"


def stack(content: Json) -> Stack | None:
    """Return what can be read of what it is made of; None where no part can."""
    told = content.get("stack")
    listed = told.get("parts") if isinstance(told, dict) else None
    parts = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if not parts:
        return None
    return Stack(
        parts=tuple(parts),
        count=int(count) if (count := _number(at(content, "stack.count"))) is not None else None,
        hours=_number(at(content, "stack.hours")),
        points=_number(at(content, "stack.points")),
    )


def _number(told: Any) -> Decimal | None:
    """Return a number as it is written in JSON, None for anything else."""
    if isinstance(told, bool) or not isinstance(told, int | float | Decimal):
        return None
    found = Decimal(str(told))
    return found if found.is_finite() else None


def choices(content: Json) -> list[Json]:
    """Return the choices of units that can be read."""
    found = content.get("choices")
    return [
        one
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("units"), list)
        and isinstance(one.get("count"), int)
    ]


def _is_assessed(found: list[Json], chosen: list[Json]) -> bool:
    """Whether nobody can choose their way around every unit that is assessed."""
    assessed = [unit.get("code") for unit in found if not unit.get("allows_participation")]
    elective = [code for one in chosen for code in one["units"]]
    return any(code not in elective for code in assessed) or any(
        one["count"] > sum(code not in assessed for code in one["units"]) for one in chosen
    )


def doubts(content: Json, published: Json | None = None) -> Iterator[tuple[str, str]]:
    """Yield JSONPath and code of what can be read and is not right yet: `esco_syntax`, an address
    that ESCO cannot have, unless it was `published` so; `prior_learning_nowhere`, it can be
    recognised, and in no unit; `national_required`, what the country asks for beside the standard.
    """
    kept = {str(term.get("uri", "")) for _, term in _terms(published or {})}
    for path, term in _terms(content):
        address = str(term.get("uri", ""))
        if address not in kept and not is_sound_esco(address):
            yield f"{path}.uri", "esco_syntax"
    found = units(content)
    excluded = [unit for unit in found if unit.get("no_prior_learning")]
    if found == excluded != [] and at(content, "prior_learning.allowed") is True:
        yield "$.prior_learning.allowed", "prior_learning_nowhere"
    profile = national_profiles.profile(str(at(content, "awarding_body.country")))
    for place in profile.required if profile else ():
        if not at(content, place):
            yield f"$.{place}", "national_required"


def settle_esco_addresses(content: Json) -> None:
    """Write the addresses of skills and occupations as ESCO does."""
    for _, term in _terms(content):
        if isinstance(term.get("uri"), str):
            term["uri"] = esco_address(term["uri"])


def _terms(content: Json) -> Iterator[tuple[str, Json]]:
    """Yield each skill and occupation, with its JSONPath."""
    units_ = [(f"$.units[{n}]", unit) for n, unit in enumerate(units(content))]
    holders = [("$", content)] + [
        (f"{path}.outcomes[{n}]", outcome)
        for path, unit in units_
        for n, outcome in enumerate(unit.get("outcomes") or ())
    ]
    for path, holder in holders:
        for member in ("skills", "occupations"):
            for n, term in enumerate(holder.get(member) or () if isinstance(holder, dict) else ()):
                if isinstance(term, dict):
                    yield f"{path}.{member}[{n}]", term


def is_sound_esco(address: str) -> bool:
    """Return whether an address can be one of ESCO, or is somebody else's.

    >>> is_sound_esco("http://data.europa.eu/esco/skill/7"), is_sound_esco("https://example.org/7")
    (False, True)
    """
    if not _AT_ESCO.match(address):
        return True
    return _ESCO.fullmatch(esco_address(address)) is not None


def esco_address(typed: str) -> str:
    """Return an address of ESCO as ESCO writes it, however its start and its UUID are typed.

    >>> esco_address("https://Data.Europa.eu/esco/skill/AB"), esco_address("https://example.org/AB")
    ('http://data.europa.eu/esco/skill/AB', 'https://example.org/AB')
    """
    found = _ESCO_START.match(typed)
    if found is None:
        return typed
    start, _, end = typed[found.end() :].rpartition("/")
    end = end.lower() if re.fullmatch(_UUID, end.lower()) else end
    return f"{ESCO}{start.lower()}/{end}"


def free_unit_code(content: Json) -> str:
    """Return a code for one more unit, which no unit has."""
    return _free(
        f"{str(content.get('code') or 'MC')[:_CODE_CHARACTERS]}-U",
        {str(unit.get("code")) for unit in units(content)},
    )


def free_outcome_code(content: Json, unit: Json) -> str:
    """Return a code for one more outcome, which no outcome of any unit has."""
    taken = {
        str(outcome.get("code"))
        for one in units(content)
        for outcome in one.get("outcomes") or ()
        if isinstance(outcome, dict)
    }
    return _free(f"{str(unit.get('code') or 'U')[:_CODE_CHARACTERS]}-LO", taken)


def _free(stem: str, taken: set[str]) -> str:
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
