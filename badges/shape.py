"""The structure of an Open Badge 3.0 and of a status list, beyond what its terms mean.

Field tables of our own; the official schemas serve in tests.

Spec: Open Badges 3.0, appendix B (data models); Bitstring Status List 1.0, section 3.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badges.errors import BadgeError

# Others read a single value where the official schema has an array; what we sign has arrays.
ARRAY_EXPECTED = "array_expected"


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    path: str


class MalformedDate(BadgeError):
    """Not a date and time with a zone."""


@dataclass(frozen=True, slots=True)
class _Field:
    kind: str
    is_required: bool
    is_many: bool


def _fields(**kinds: str) -> dict[str, _Field]:
    """Read `kind`, `kind!` (required), `kind*` (array)."""
    return {
        name: _Field(kind.rstrip("!*"), kind.endswith("!"), "*" in kind)
        for name, kind in kinds.items()
    }


_CLASSES: dict[str, dict[str, _Field]] = {
    "OpenBadgeCredential": _fields(
        id="iri!",
        name="text",
        description="text",
        image="Image",
        awardedDate="datetime",
        credentialSubject="AchievementSubject!",
        issuer="Profile!",
        validFrom="datetime!",
        validUntil="datetime",
        evidence="Evidence*",
        credentialStatus="credentialStatus",
        credentialSchema="reference*",
        refreshService="reference",
        termsOfUse="typed*",
    ),
    "AchievementSubject": _fields(
        id="iri",
        achievement="Achievement!",
        identifier="IdentityObject*",
        result="Result*",
        image="Image",
        source="Profile",
        activityStartDate="datetime",
        activityEndDate="datetime",
        creditsEarned="number",
        licenseNumber="text",
        narrative="text",
        role="text",
        term="text",
    ),
    "Achievement": _fields(
        id="iri!",
        name="text!",
        description="text!",
        criteria="criteria!",
        achievementType="text",
        alignment="Alignment*",
        creator="Profile",
        creditsAvailable="number",
        fieldOfStudy="text",
        humanCode="text",
        image="Image",
        inLanguage="language",
        otherIdentifier="IdentifierEntry*",
        related="Related*",
        resultDescription="ResultDescription*",
        specialization="text",
        tag="text*",
        version="text",
    ),
    "Profile": _fields(
        id="iri!",
        name="text",
        url="iri",
        description="text",
        email="text",
        phone="text",
        official="text",
        image="Image",
        address="Address",
        parentOrg="Profile",
        otherIdentifier="IdentifierEntry*",
        givenName="text",
        familyName="text",
        additionalName="text",
        patronymicName="text",
        honorificPrefix="text",
        honorificSuffix="text",
        familyNamePrefix="text",
        dateOfBirth="text",
    ),
    "Alignment": _fields(
        targetName="text!",
        targetUrl="iri!",
        targetCode="text",
        targetDescription="text",
        targetFramework="text",
        targetType="text",
    ),
    "ResultDescription": _fields(
        id="iri!",
        name="text!",
        resultType="text!",
        alignment="Alignment*",
        allowedValue="text*",
        requiredLevel="iri",
        requiredValue="text",
        rubricCriterionLevel="RubricCriterionLevel*",
        valueMax="text",
        valueMin="text",
    ),
    "RubricCriterionLevel": _fields(
        id="iri!",
        name="text!",
        description="text",
        level="text",
        points="text",
        alignment="Alignment*",
    ),
    "Result": _fields(
        resultDescription="iri",
        status="status",
        value="text",
        achievedLevel="iri",
        alignment="Alignment*",
    ),
    "Evidence": _fields(
        id="iri", name="text", description="text", narrative="text", genre="text", audience="text"
    ),
    "IdentityObject": _fields(
        hashed="boolean!", identityHash="text!", identityType="text!", salt="text"
    ),
    "IdentifierEntry": _fields(identifier="text!", identifierType="text!"),
    "Image": _fields(id="iri!", caption="text"),
    "Related": _fields(id="iri!", inLanguage="language", version="text"),
    "Address": _fields(
        addressCountry="text",
        addressCountryCode="text",
        addressRegion="text",
        addressLocality="text",
        streetAddress="text",
        postOfficeBoxNumber="text",
        postalCode="text",
        geo="GeoCoordinates",
    ),
    "GeoCoordinates": _fields(latitude="number!", longitude="number!"),
    "BitstringStatusListCredential": _fields(
        id="iri!",
        issuer="iri!",
        validFrom="datetime",
        validUntil="datetime",
        credentialSubject="BitstringStatusList!",
    ),
    "BitstringStatusList": _fields(id="iri", statusPurpose="text!", encodedList="text!"),
    # Objects that the specification names by their place, not by their type.
    "criteria": _fields(id="iri", narrative="text"),
    "typed": _fields(id="iri"),
    "reference": _fields(id="iri!"),
    "credentialStatus": _fields(
        id="iri!", statusPurpose="text", statusListIndex="text", statusListCredential="iri"
    ),
}
_SINGLE_TYPES = {
    *("IdentityObject", "IdentifierEntry", "Image", "GeoCoordinates", "BitstringStatusList"),
}
_TYPED = {"typed", "reference", "credentialStatus"}

_LANGUAGE = re.compile(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"{}|\\^`]+\Z")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_STATUSES = {
    *("Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew"),
}


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
    for name, field in _CLASSES[kind].items():
        inside = f"{path}.{name}" if path else name
        if name in node:
            yield from _values(node[name], field, inside)
        elif field.is_required:
            yield Problem("missing", inside)
    if kind == "criteria" and not {"id", "narrative"} & set(node):
        yield Problem("missing", f"{path}.narrative")


def _values(value: Any, field: _Field, path: str) -> Iterator[Problem]:
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
    if kind in _TYPED:
        if not names:
            yield Problem("type_expected", path)
    elif kind != "criteria":
        if kind not in names:
            yield Problem("type_expected", path)
        elif kind not in _SINGLE_TYPES and isinstance(node["type"], str):
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
    "status": lambda value: isinstance(value, str) and value in _STATUSES,
}
