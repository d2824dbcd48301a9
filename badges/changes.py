"""What differs between two texts of a definition, and whether that is more than wording.

A definition that says something else about what is learnt, how much, on which level, or how it is
judged is a new version. A translation, a misspelling or a nearer description is the same one.

>>> from dataclasses import replace
>>> from badges import samples
>>> welding = samples.welding()
>>> [(one.path, one.is_substantive) for one in differences(welding, replace(welding, hours=None))]
[('$.hours', True)]
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from badges import definition
from badges.micro_credential import MicroCredential

_NUMBERING = {"format", "version"}
_TEXTS = {"title", "description", "name", "label", "text", "statement", "kind"}
_TEXTS |= {"prerequisites", "procedure", "no_prior_learning", "alt"}
# Whatever is said here, a learner learns and is judged the same.
_WORDING = re.compile(
    r"\$\.(description|awarding_body\.(name|url)|quality_assurance\.(name|description|url)"
    r"|licence|original_language|target_groups|register_entry|derived_from|artwork\.alt)\b"
)
# What changes meaning as a word does: comparisons, units, a minus before a number.
_WORD = re.compile(r"\w+|[<>≤≥=±%‰°]|(?<!\w)[-\u2212](?=\d)")
_LONGEST_WORD = 64
_SIMILAR = 0.75


@dataclass(frozen=True, slots=True)
class Difference:
    """`path`: as `Problem.path`, by the places of the newer text (of the older one where the
    element is gone). `old`, `new`: JSON as in `definition.dump`; None: it is not there. Of a list
    that was put in another order they are the codes or addresses of its items."""

    path: str
    old: Any
    new: Any
    is_substantive: bool


def differences(old: MicroCredential, new: MicroCredential) -> tuple[Difference, ...]:
    """Return what differs, but for the number of the version; nothing if it is the same."""
    return tuple(_compare("$", _content(old), _content(new)))


def substantive(old: MicroCredential, new: MicroCredential) -> tuple[Difference, ...]:
    """Return those differences that make it a new version."""
    return tuple(one for one in differences(old, new) if one.is_substantive)


def same_units(old: MicroCredential, new: MicroCredential) -> frozenset[str]:
    """Return the codes of the units in which the same is learnt and judged in both.

    A unit that names no types of assessment of its own is assessed as the whole is.
    """
    before, after = _content(old), _content(new)
    units = {unit["code"]: unit for unit in before["units"]}
    is_assessed_alike = not _is_substantive(before.get("assessment"), after.get("assessment"))
    return frozenset(
        unit["code"]
        for unit in after["units"]
        if unit["code"] in units
        and not _is_substantive(units[unit["code"]], unit)
        and (is_assessed_alike or unit.get("assessment"))
    )


def _is_substantive(old: Any, new: Any) -> bool:
    return any(one.is_substantive for one in _compare("$", old, new))


def _content(mc: MicroCredential) -> dict[str, Any]:
    return {name: value for name, value in definition.dump(mc).items() if name not in _NUMBERING}


def _compare(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _members(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(path, old, new)
    else:
        yield Difference(path, old, new, _WORDING.match(path) is None)


def _members(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    is_same_term = old.get("uri") is not None and old.get("uri") == new.get("uri")
    for name in dict.fromkeys([*new, *old]):
        before, after, where = old.get(name), new.get(name), f"{path}.{name}"
        if name in _TEXTS and isinstance(before, dict) and isinstance(after, dict):
            is_wording = is_same_term or _WORDING.match(where) is not None
            yield from _texts(where, before, after, is_wording=is_wording)
        else:
            yield from _compare(where, before, after)


def _texts(
    path: str, old: Mapping[str, str], new: Mapping[str, str], *, is_wording: bool
) -> Iterator[Difference]:
    """Compare language by language: another translation is welcome, one that goes takes meaning
    along."""
    for tag in dict.fromkeys([*new, *old]):
        before, after = old.get(tag), new.get(tag)
        if before != after:
            is_same = is_wording or before is None or _is_spelling(before, after)
            where = f"{path}.{tag}" if "-" not in tag else f'{path}["{tag}"]'
            yield Difference(where, before, after, not is_same)


def _is_spelling(old: str, new: str | None) -> bool:
    """Whether two texts have the same numbers, and otherwise words that look alike."""
    if new is None:
        return False
    before, after = _WORD.findall(old), _WORD.findall(new)
    gone = list((Counter(before) - Counter(after)).elements())
    come = list((Counter(after) - Counter(before)).elements())
    pairs = zip(sorted(gone, key=before.index), sorted(come, key=after.index), strict=False)
    return len(gone) == len(come) and all(_look_alike(*pair) for pair in pairs)


def _look_alike(old: str, new: str) -> bool:
    """Whether one may be a misspelling of the other; `unsafe` is none of `safe`, nor `kein` of
    `ein`: a word that begins otherwise is another word."""
    if old[0].casefold() != new[0].casefold():
        return False
    if max(len(old), len(new)) > _LONGEST_WORD or re.findall(r"\d", old) != re.findall(r"\d", new):
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() > _SIMILAR


def _items(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
    """Compare items by their code or address, else by their place, else the lists as a whole."""
    before, after = _keyed(old), _keyed(new)
    if before is not None and after is not None:
        yield from _keyed_items(path, before, after)
    elif len(old) == len(new) and all(isinstance(one, dict) for one in (*old, *new)):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _compare(f"{path}[{index}]", one, other)
    else:
        yield Difference(path, old, new, _WORDING.match(path) is None)


def _keyed(items: Sequence[Any]) -> dict[str, Any] | None:
    keyed = {_key(one): one for one in items if isinstance(one, dict)}
    return keyed if len(keyed) == len(items) and "" not in keyed else None


def _key(item: Mapping[str, Any]) -> str:
    return str(item.get("code") or item.get("uri") or "")


def _keyed_items(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for index, (key, item) in enumerate(new.items()):
        yield from _compare(f"{path}[{index}]", old.get(key), item)
    for index, (key, item) in enumerate(old.items()):
        if key not in new:
            yield from _compare(f"{path}[{index}]", item, None)
    before, after = [key for key in old if key in new], [key for key in new if key in old]
    if before != after:
        yield Difference(path, before, after, False)
