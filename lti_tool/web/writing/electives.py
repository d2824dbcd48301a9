"""Units between which learners choose, as the form has them: each unit names its choice.

A choice has a letter on the page, by its place. In the form its number stands for it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask_babel import gettext

from badges import drafting
from badges.definition_reading import MAX_CHOICES
from badges.drafting import Json
from lti_tool.web.words import elements

EXTRA = "extra"
"""Of a unit that nobody needs, where there is no choice of such units yet."""
LEAST_OFFERED = 2

Text = Callable[[str, Any], Json | None]
"""Takes what was typed and the text before; returns the text."""


def choices(content: Json) -> list[Json]:
    """Return the choices of a draft, whatever they lack."""
    found = content.get("choices")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def codes(choice: Json) -> list[str]:
    found = choice.get("units")
    return [str(code) for code in found] if isinstance(found, list) else []


def read(form: Mapping[str, str], content: Json, text: Text) -> None:
    """Put the units into the choices that the form names; a choice without units is gone.

    `content`: with its units in the order of the form. Forms that say nothing of choices leave
    them alone.
    """
    before, units = choices(content), drafting.units(content)
    if not any(f"units.{number}.choice" in form for number in range(len(units))):
        return
    grouped: dict[str, list[str]] = {}
    for number, unit in enumerate(units):
        code = str(unit.get("code"))
        named = form.get(f"units.{number}.choice", _place(before, code))
        if named == EXTRA or (named.isascii() and named.isdigit() and int(named) < MAX_CHOICES):
            grouped.setdefault(named, []).append(code)
    known = _known(before, grouped)
    made = [
        _choice(name, grouped[name], form, known.get(name, {}), text)
        for name in sorted(grouped, key=lambda name: (name == EXTRA, name.zfill(2)))
    ]
    content.pop("choices", None)
    if made:
        content["choices"] = made


def unasked(form: Mapping[str, str], content: Json) -> Iterator[int]:
    """Yield the choices of which the page that was sent could not ask how many are needed."""
    for number, one in enumerate(choices(content)):
        if "count" not in one and f"choices.{number}.count" not in form:
            yield number


def _known(before: list[Json], grouped: Mapping[str, list[str]]) -> dict[str, Json]:
    """Return what each choice was before: the one of which it has most units. Numbers say nothing:
    those of the page may be older than the draft."""
    found: dict[str, Json] = {}
    for one in before:
        shared = {name: len({*codes(one)} & {*units}) for name, units in grouped.items()}
        heir = max(shared, key=lambda name: shared[name], default="")
        if shared.get(heir):
            found.setdefault(heir, one)
    return found


def _choice(name: str, units: list[str], form: Mapping[str, str], known: Json, text: Text) -> Json:
    """Return a choice as the form has it; of what the page did not ask, as it was."""
    made: Json = {"units": units, "count": known.get("count"), "title": known.get("title")}
    if f"choices.{name}.count" in form:
        typed = form[f"choices.{name}.count"].strip()
        is_number = typed.isascii() and typed.isdigit() and len(typed) < 4
        made["count"] = int(typed) if is_number else typed[:100]
        made["title"] = text(form.get(f"choices.{name}.title", ""), known.get("title"))
    if name == EXTRA:
        made["count"] = 0
    return {member: value for member, value in made.items() if value not in ("", None)}


def _place(found: list[Json], code: str) -> str:
    return next((str(number) for number, one in enumerate(found) if code in codes(one)), "")


def chosen(content: Json, code: str) -> str:
    """Return the number of the choice of a unit, "" for a unit that everybody needs."""
    return _place(choices(content), code)


def options(content: Json) -> list[tuple[str, str]]:
    """Return what can be said of a unit: value and words; beside what is there one choice more."""
    found = choices(content)
    offered = min(max(LEAST_OFFERED, len(found) + 1), MAX_CHOICES)
    listed = [("", gettext("everybody needs it"))]
    listed += [(str(number), name(content, number)) for number in range(offered)]
    if len(found) < MAX_CHOICES and not any(one.get("count") == 0 for one in found):
        listed.append((EXTRA, gettext("extra: nobody needs it")))
    return listed


def name(content: Json, number: int) -> str:
    """Return what a choice is called: its letter, and its title if it has one."""
    found = choices(content)
    choice = found[number] if number < len(found) else {}
    letter = elements.letter(number)
    titles = choice.get("title")
    title = titles.get(drafting.original(content)) if isinstance(titles, dict) else None
    if title:
        return gettext("Choice %(letter)s “%(title)s”", letter=letter, title=title)
    if choice.get("count") == 0:
        return gettext("Choice %(letter)s (extra)", letter=letter)
    return gettext("Choice %(letter)s", letter=letter)


def without(content: Json, code: str) -> None:
    """Take a unit out of the choices; one that has no unit left goes."""
    found = choices(content)
    for choice in found:
        choice["units"] = [one for one in codes(choice) if one != code]
    content.pop("choices", None)
    if left := [one for one in found if one["units"]]:
        content["choices"] = left
