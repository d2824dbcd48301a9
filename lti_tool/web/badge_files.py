"""A credential as files and as facts to show: all read from the stored, signed bytes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session, object_session

from badges import artwork, baking, picture
from badges.micro_credential import MicroCredential
from lti_tool.models import Credential
from lti_tool.services.definitions import artworks, catalogue

EMBLEMS_KEPT = 256
"""Each takes about 20 kB; drawing one takes 20 ms of a processor, for any stranger who asks."""

CREDENTIAL_TYPE = "application/vc+ld+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenUnit:
    """One entry of the evidence; `points` of `maximum` as the badge writes them, if it has any."""

    name: str
    how: str
    points: str | None
    maximum: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text. `depth`: 0 for a paragraph, 1 and 2 for an entry of a list."""

    text: str
    depth: int
    is_label: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a badge says, in its own language. `name`: None for a badge without a name.

    `shows_route`: it names what was recognised as prior learning. `evidence`: the units, then how
    the holder's identity was assured. `criteria`: what every holder has shown.
    """

    title: str
    issuer: str
    language: str
    name: str | None
    has_email_hash: bool
    shows_route: bool
    awarded_at: datetime
    valid_until: datetime | None
    evidence: tuple[ProvenUnit, ...]
    criteria: tuple[Line, ...]


def summary(credential: Credential) -> Summary:
    """Return what the signed bytes say."""
    return summary_of(json.loads(credential.document))


def summary_of(document: Mapping[str, Any]) -> Summary:
    """Return what a badge says, or would say once it is signed."""
    subject = document["credentialSubject"]
    identifiers = subject.get("identifier", [])
    until = document.get("validUntil")
    return Summary(
        title=document["name"],
        issuer=document["issuer"]["name"],
        language=subject["achievement"]["inLanguage"],
        name=_identifier(identifiers, "name"),
        has_email_hash=_identifier(identifiers, "emailAddress") is not None,
        shows_route=any("genre" in one for one in document.get("evidence", [])),
        awarded_at=datetime.fromisoformat(document["awardedDate"]),
        valid_until=datetime.fromisoformat(until) if until else None,
        evidence=tuple(_evidence(document.get("evidence", []), subject)),
        criteria=tuple(_lines(subject["achievement"]["criteria"]["narrative"])),
    )


def _identifier(identifiers: list[dict[str, Any]], kind: str) -> str | None:
    found = (one["identityHash"] for one in identifiers if one["identityType"] == kind)
    return next(found, None)


def _evidence(entries: list[dict[str, Any]], subject: dict[str, Any]) -> Iterator[ProvenUnit]:
    """Join evidence and points: both follow the units, which `Status` results are one each of."""
    described = {one["id"]: one for one in subject["achievement"].get("resultDescription", [])}
    marks: list[dict[str, Any] | None] = []
    for result in subject.get("result", []):
        if described[result["resultDescription"]]["resultType"] == "Status":
            marks.append(None)
        elif marks:
            maximum = described[result["resultDescription"]].get("valueMax")
            marks[-1] = {"points": result["value"], "maximum": maximum}
    for entry, mark in zip_longest(entries, marks[: len(entries)]):
        yield ProvenUnit(
            name=entry["name"],
            how=entry["narrative"],
            points=mark["points"] if mark else None,
            maximum=mark["maximum"] if mark else None,
        )


def _lines(narrative: str) -> Iterator[Line]:
    """Read the plain Markdown of `badges.formats.criteria`: labels in bold, lists of two levels."""
    for line in filter(str.strip, narrative.splitlines()):
        text = line.lstrip(" ")
        if text.startswith("- "):
            yield Line(text[2:], 1 if text == line else 2)
        elif text.startswith("**") and text.endswith("**"):
            yield Line(text.strip("*"), 0, is_label=True)
        else:
            yield Line(text, 0)


def emblem_png(db: Session, mc: MicroCredential, *, is_test: bool = False) -> bytes:
    """Return the picture of a badge: the one that its school brought, else the drawn one."""
    if (brought := artworks.of(db, mc)) is not None:
        return artwork.struck_png(brought.png) if is_test else brought.png
    return drawn(mc.code, mc.awarding_body.slug, _field(mc), is_test)


def emblem_svg(db: Session, mc: MicroCredential, *, is_test: bool = False) -> bytes:
    if (brought := artworks.of(db, mc)) is not None:
        framed = picture.framed(brought.png)
        return artwork.struck_svg(framed) if is_test else framed
    return _drawn_svg(mc, is_test)


def small_svg(db: Session, mc: MicroCredential) -> bytes:
    """Return the emblem for lists of many, shown with at most 96 pixels."""
    small = artworks.small_of(db, mc)
    return _drawn_svg(mc, is_test=False) if small is None else picture.framed(small)


def emblem_within(mc: MicroCredential, is_test: bool) -> Markup:
    """Return the drawn emblem as a part of a page: its picture would be asked for afterwards.
    What a school brought is never made a part of a page."""
    svg = _drawn_svg(mc, is_test).decode("ascii")
    return Markup(svg)  # noqa: S704 - our own drawing, of numbers and colours


def baked_png(credential: Credential) -> bytes:
    """Return the emblem with the signed bytes in it (Open Badges 3.0, section 5.3)."""
    mc = catalogue.definition(credential.award.version)
    db = object_session(credential)
    assert db is not None  # it was found just now
    emblem = emblem_png(db, mc, is_test=credential.award.is_test)
    return baking.bake_png(emblem, credential.document)


def baked_svg(credential: Credential) -> bytes:
    """Return the emblem as SVG with the signed bytes in it (Open Badges 3.0, section 5.3): a drawn
    one as a drawing, one that a school brought as pixels in a frame."""
    mc = catalogue.definition(credential.award.version)
    db = object_session(credential)
    assert db is not None  # it was found just now
    emblem = emblem_svg(db, mc, is_test=credential.award.is_test)
    return baking.bake_svg(emblem, credential.document)


def file_name(credential: Credential, extension: str) -> str:
    """Return a name that says which badge this is, in letters that every system takes."""
    code = re.sub(r"[^A-Za-z0-9]+", "-", credential.award.version.series.code).strip("-").lower()
    test = "-test" if credential.award.is_test else ""
    return f"badge-{code}{test}.{extension}"


@lru_cache(maxsize=EMBLEMS_KEPT)
def drawn(code: str, awarding_body: str, field: str | None, is_test: bool) -> bytes:
    return artwork.emblem_png(code, awarding_body=awarding_body, field=field, test=is_test)


def _drawn_svg(mc: MicroCredential, is_test: bool) -> bytes:
    return artwork.emblem_svg(
        mc.code, awarding_body=mc.awarding_body.slug, field=_field(mc), test=is_test
    )


def _field(mc: MicroCredential) -> str | None:
    return mc.field.uri if mc.field else None
