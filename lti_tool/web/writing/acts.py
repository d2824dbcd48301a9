"""What the buttons of a page do to the lists in a draft: add, move, remove units and outcomes."""

import copy
import re

from badges import drafting
from badges.definition_reading import MAX_OUTCOMES, MAX_UNITS
from badges.drafting import Json
from lti_tool.web.writing import electives

_ACT = re.compile(r"(units(?:\.\d{1,3}\.outcomes)?)\.(\d{1,3})\.(up|down|remove)", re.ASCII)
_ADD = re.compile(r"units\.(\d{1,3})\.add", re.ASCII)
ADD_UNIT = "units.add"


def apply(content: Json, act: str) -> tuple[Json, str]:
    """Return the content after a button was pressed, and the id of the place to go on at."""
    made = copy.deepcopy(content)
    if act == ADD_UNIT:
        return made, _add_unit(made)
    if (adds := _ADD.fullmatch(act)) is not None:
        return made, _add_outcome(made, int(adds[1]))
    if (found := _ACT.fullmatch(act)) is not None:
        return made, _change(made, found[1], int(found[2]), found[3])
    return made, ""


def removed(content: Json, act: str) -> Json | None:
    """Return the unit or outcome with words in it that `act` would remove; None for none."""
    found = _ACT.fullmatch(act)
    if found is None or found[3] != "remove":
        return None
    one = drafting.at(content, f"{found[1]}.{found[2]}")
    has_words = isinstance(one, dict) and any(True for _ in drafting.texts(one))
    return one if has_words else None


def _add_unit(content: Json) -> str:
    units = content.setdefault("units", [])
    if len(units) < MAX_UNITS:
        unit: Json = {"code": drafting.free_unit_code(content)}
        units.append(unit)
        unit["outcomes"] = [_outcome(content, unit)]
    return f"units-{len(units) - 1}"


def _add_outcome(content: Json, number: int) -> str:
    units = drafting.units(content)
    if number >= len(units):
        return ""
    outcomes = units[number].setdefault("outcomes", [])
    if len(outcomes) < MAX_OUTCOMES:
        outcomes.append(_outcome(content, units[number]))
    return f"units-{number}-outcomes-{len(outcomes) - 1}-text"


def _outcome(content: Json, unit: Json) -> Json:
    return {"code": drafting.free_outcome_code(content, unit), "kind": "skill"}


def _change(content: Json, path: str, index: int, act: str) -> str:
    items = drafting.at(content, path)
    if not isinstance(items, list) or index >= len(items):
        return ""
    place = path.replace(".", "-")
    if act == "remove":
        gone = items.pop(index)
        if path == "units" and isinstance(gone, dict):
            electives.without(content, str(gone.get("code")))
        return place if not items else f"{place}-{min(index, len(items) - 1)}"
    other = index + (-1 if act == "up" else 1)
    if 0 <= other < len(items):
        items[index], items[other] = items[other], items[index]
        return f"{place}-{other}"
    return f"{place}-{index}"
