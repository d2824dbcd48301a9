"""The structure of an Open Badge 3.0 and of a status list, beyond what its terms mean.

What a member must be is in `data_model`.

Spec: Open Badges 3.0, appendix B (data models); Bitstring Status List 1.0, section 3.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badges.data_model import CLASSES, EXTENSION, SINGLE_TYPES, TYPED, VOCABULARIES, Field
from badges.errors import BadgeError

# Others read a single value where the official schema has an array; what we sign has arrays.
ARRAY_EXPECTED = "array_expected"


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    path: str


class MalformedDate(BadgeError):
    """Not a date and time with a zone."""


_LANGUAGE = re.compile(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z")
_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+\Z")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"{}|\\^`]+\Z")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def instant(text: str) -> datetime:
    """Read a date-time with its zone.

    Raises:
        MalformedDate: the zone is missing, or there is no such time.
    """
    if not _DATETIME.match(text):
        raise MalformedDate("malformed_date")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise MalformedDate("malformed_date") from None


def open_badge(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what breaks the structure of an OpenBadgeCredential; () if nothing does."""
    kinds = _names(document.get("type"))
    if "VerifiableCredential" not in kinds:
        return (Problem("type_expected", "type"),)
    if not {"OpenBadgeCredential", "AchievementCredential"} & set(kinds):
        return (Problem("type_expected", "type"),)
    return tuple(_members(document, "OpenBadgeCredential", "")) + tuple(_identifiers(document))


def status_list(document: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what breaks the structure of a BitstringStatusListCredential; () if nothing does."""
    kinds = _names(document.get("type"))
    if not {"VerifiableCredential", "BitstringStatusListCredential"} <= set(kinds):
        return (Problem("type_expected", "type"),)
    return tuple(_members(document, "BitstringStatusListCredential", ""))


def _members(node: Mapping[str, Any], kind: str, path: str) -> Iterator[Problem]:
    for name, field in CLASSES[kind].items():
        inside = f"{path}.{name}" if path else name
        if name in node:
            yield from _values(node[name], field, inside)
        elif field.is_required:
            yield Problem("missing", inside)
    if kind == "criteria" and not {"id", "narrative"} & set(node):
        yield Problem("missing", f"{path}.narrative")


def _values(value: Any, field: Field, path: str) -> Iterator[Problem]:
    if not field.is_many:
        yield from _value(value, field.kind, path)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _value(item, field.kind, f"{path}[{position}]")
    else:
        yield Problem(ARRAY_EXPECTED, path)
        yield from _value(value, field.kind, path)


def _value(value: Any, kind: str, path: str) -> Iterator[Problem]:
    if kind in _SCALARS:
        if not _SCALARS[kind](value):
            yield Problem(f"{kind}_expected", path)
        return
    if not isinstance(value, dict):
        yield Problem("object_expected", path)
        return
    yield from _type(value, kind, f"{path}.type")
    yield from _members(value, kind, path)


def _type(node: Mapping[str, Any], kind: str, path: str) -> Iterator[Problem]:
    names = _names(node.get("type"))
    if kind in TYPED:
        if not names:
            yield Problem("type_expected", path)
    elif kind != "criteria":
        if kind not in names:
            yield Problem("type_expected", path)
        elif kind not in SINGLE_TYPES and isinstance(node["type"], str):
            yield Problem(ARRAY_EXPECTED, path)


def _names(value: Any) -> list[str]:
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]


def _identifiers(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Find nodes that share the id of the credential or of its status entry.

    Statements are signed, not members: with a second node of the same id, `validUntil` or the
    status could be moved there without touching the signature.
    """
    status = document.get("credentialStatus")
    guarded = {"id": document.get("id")}
    if isinstance(status, dict):
        guarded["credentialStatus.id"] = status.get("id")
    found = list(_ids(document, 0))
    for path, value in guarded.items():
        if isinstance(value, str) and found.count(value) > 1:
            yield Problem("ambiguous_id", path)


def _ids(value: Any, depth: int) -> Iterator[str]:
    if depth > 64:
        return
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        for item in value.values():
            yield from _ids(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item, depth + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_one_of(known: frozenset[str]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, str)
        and (value in known or (EXTENSION in known and _EXTENSION.match(value) is not None))
    )


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.match(value) is not None


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and instant(value) is not None
    except MalformedDate:
        return False


_SCALARS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "iri": _matches(_IRI),
    "language": _matches(_LANGUAGE),
    "datetime": _is_instant,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    **{kind: _is_one_of(known) for kind, known in VOCABULARIES.items()},
}
