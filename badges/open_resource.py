"""A definition as an open educational resource: one file with all of it, and how it may be used.

A LearningResource of schema.org, with the terms that LRMI brought there, in JSON-LD whose context
stands in the file. Its member `definition` is the definition itself, picture and all, to be brought
to another server.

>>> licence_name("https://creativecommons.org/licenses/by-sa/4.0/")
'CC BY-SA 4.0'
>>> legal_text("https://creativecommons.org/licenses/by-sa/4.0/deed.de")
'https://creativecommons.org/licenses/by-sa/4.0/legalcode'
"""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from badges.adoption import may_adapt
from badges.micro_credential import Concept, LearningOutcome, MicroCredential, Origin
from badges.text import Text

TYPE = "LearningResource"
EQF_ADDRESS = "http://data.europa.eu/snb/eqf/"
SCHEMA = "https://schema.org/"
_MOMENT = "http://www.w3.org/2001/XMLSchema#dateTime"
_LINKS = ("about", "contentUrl", "inDefinedTermSet", "license", "url", "usageInfo")
_WORDS = ("abstract", "caption", "creditText", "name")
_PLAIN = ("addressCountry", "encodingFormat", "isAccessibleForFree", "learningResourceType")
_NODES = ("address", "creator", "educationalLevel", "image", "isBasedOn", "teaches")
_TYPES = ("DefinedTerm", "ImageObject", "Organization", "PostalAddress", TYPE)
CONTEXT: dict[str, Any] = {
    "id": "@id",
    "type": "@type",
    **{name: SCHEMA + name for name in (*_TYPES, *_PLAIN, *_NODES)},
    **{name: {"@id": SCHEMA + name, "@type": "@id"} for name in _LINKS},
    **{name: {"@id": SCHEMA + name, "@container": "@language"} for name in _WORDS},
    **{name: {"@id": SCHEMA + name} for name in ("termCode", "timeRequired", "version")},
    "inLanguage": {"@id": f"{SCHEMA}inLanguage", "@container": "@set"},
    "dateModified": {"@id": f"{SCHEMA}dateModified", "@type": _MOMENT},
    "definition": {"@id": f"{SCHEMA}encoding", "@type": "@json"},
}
_LICENCE = re.compile(
    r"https?://creativecommons\.org/(?P<place>(?:licenses/(?P<by>by[a-z-]*)"
    r"|publicdomain/(?P<free>zero|mark))/(?P<version>[0-9.]+))(?:/.*)?"
)
_FREE = {"zero": "CC0", "mark": "Public Domain Mark"}


def build(
    mc: MicroCredential, uri: str, content: dict[str, Any], modified: datetime
) -> dict[str, Any]:
    """Return the file of a definition that everybody may change and share.

    `uri`: its public address. `content`: its public JSON form, with its picture in it if its
    awarding body brought one. `modified`: since when it is worded so, aware.
    """
    assert mc.licence is not None
    assert may_adapt(mc.licence)
    return {
        "@context": CONTEXT,
        "id": uri,
        "type": TYPE,
        "url": uri,
        "name": mc.title.to_json(),
        "abstract": mc.description.to_json(),
        "license": mc.licence,
        "usageInfo": legal_text(mc.licence),
        "creditText": {tag: attribution(mc, uri, tag) for tag in mc.title},
        "isAccessibleForFree": True,
        "learningResourceType": "micro-credential",
        "version": mc.version,
        "dateModified": modified.isoformat(timespec="seconds"),
        "inLanguage": list(mc.text_languages),
        "creator": _creator(mc),
        "image": {
            "type": "ImageObject",
            "contentUrl": f"{uri}/emblem.png",
            "encodingFormat": "image/png",
            **({"caption": mc.artwork.alt.to_json()} if mc.artwork else {}),
        },
        **({"educationalLevel": levels} if (levels := list(_levels(mc))) else {}),
        **({"about": mc.field.uri} if mc.field and mc.field.uri else {}),
        **({"timeRequired": duration(mc.hours)} if mc.hours is not None else {}),
        **({"teaches": taught} if (taught := list(_taught(mc))) else {}),
        **({"isBasedOn": _based_on(mc.derived_from)} if mc.derived_from else {}),
        "definition": content,
    }


def opened(document: object) -> tuple[dict[str, Any], str] | None:
    """Return the definition in such a file and the address it says it is from; None for anything
    else. Neither was looked at."""
    if not isinstance(document, dict) or document.get("type") != TYPE:
        return None
    content, uri = document.get("definition"), document.get("id")
    if not isinstance(content, dict) or not isinstance(uri, str):
        return None
    return content, uri


def attribution(mc: MicroCredential, uri: str, language: str) -> str:
    """Return the line that names title, awarding body, source and licence, as licences ask for."""
    said = [f"{mc.title.best(language)} ({mc.version})", mc.awarding_body.name.best(language), uri]
    return " · ".join([*said, licence_name(mc.licence)] if mc.licence else said)


def licence_name(licence: str) -> str:
    """Return the short name of a licence of Creative Commons; of any other its address."""
    found = _LICENCE.fullmatch(licence)
    if found is None:
        return licence
    name = _FREE[found["free"]] if found["free"] else f"CC {found['by'].upper()}"
    return f"{name} {found['version']}"


def legal_text(licence: str) -> str:
    """Return the address of the whole text of a licence; the Public Domain Mark has none."""
    found = _LICENCE.fullmatch(licence)
    if found is None or found["free"] == "mark":
        return licence
    return f"https://creativecommons.org/{found['place']}/legalcode"


def duration(hours: Decimal) -> str:
    """Return hours as ISO 8601 writes them.

    >>> duration(Decimal("30")), duration(Decimal("1.5"))
    ('PT30H', 'PT1H30M')
    """
    whole, minutes = divmod(round(hours * 60), 60)
    return f"PT{whole}H{minutes}M" if minutes else f"PT{whole}H"


def _creator(mc: MicroCredential) -> dict[str, Any]:
    body = mc.awarding_body
    return {
        "type": "Organization",
        "name": body.name.to_json(),
        "address": {"type": "PostalAddress", "addressCountry": body.country},
        **({"url": body.url} if body.url else {}),
    }


def _levels(mc: MicroCredential) -> Iterator[dict[str, Any]]:
    if mc.eqf_level:
        yield {
            "id": f"{EQF_ADDRESS}{mc.eqf_level.level}",
            "type": "DefinedTerm",
            "name": {"en": f"EQF {mc.eqf_level.level}"},
            "termCode": str(mc.eqf_level.level),
        }
    if mc.national_level:
        level = mc.national_level
        yield {
            **({"id": level.uri} if level.uri else {}),
            "type": "DefinedTerm",
            "name": {"en": f"{level.framework} {level.level}"},
            "termCode": level.level,
        }


def _taught(mc: MicroCredential) -> Iterator[dict[str, Any]]:
    """Name every learning outcome, and every skill once."""
    outcomes: list[LearningOutcome] = [one for unit in mc.units for one in unit.outcomes]
    for outcome in outcomes:
        yield _term(outcome.text, None)
    skills: dict[str, Concept] = {}
    for skill in (*mc.skills, *(each for one in outcomes for each in one.skills)):
        skills.setdefault(skill.uri or str(skill.label.to_json()), skill)
    for skill in skills.values():
        yield _term(skill.label, skill.uri)


def _term(name: Text, uri: str | None) -> dict[str, Any]:
    return {
        **({"id": uri} if uri else {}),
        "type": "DefinedTerm",
        "name": name.to_json(),
    }


def _based_on(origin: Origin) -> dict[str, Any]:
    return {
        **({"id": origin.uri} if origin.uri else {}),
        "type": TYPE,
        "name": origin.title.to_json(),
        "creator": {"type": "Organization", "name": origin.awarding_body.to_json()},
        **({"license": origin.licence} if origin.licence else {}),
    }
