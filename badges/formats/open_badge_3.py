"""An award as an Open Badge 3.0, without its proof, in the shape that every verifier accepts.

Arrays wherever the strict schema has arrays, the issuer as an object, one status entry as an
object, exactly two contexts.

Specs: Open Badges 3.0 (1EdTech), sections 8 and B; W3C Verifiable Credentials Data Model 2.0.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from badges import prior_learning
from badges.award import Award, InvalidAward, PartEarned, UnitResult
from badges.completion import Route
from badges.errors import BadgeError
from badges.formats import criteria
from badges.formats.wording import Wording, day, number
from badges.issuer import Issuer, is_web_address
from badges.micro_credential import Concept, LearningUnit, MicroCredential
from badges.recipient import Recipient
from badges.rules import EachPartAtLeast, PointsAtLeast
from badges.text import InvalidText, language_tag

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
TEST_MARK = "(TEST)"
EQF_ADDRESS = "http://data.europa.eu/snb/eqf/"
ISCED_F_ADDRESS = "http://data.europa.eu/snb/isced-f/"
ESCO_ADDRESS = "http://data.europa.eu/esco/"

Json = dict[str, Any]


class InvalidAddress(BadgeError, ValueError):
    """Codes: `address`, `status_index`, `credential_id`, `language`, `valid_from`."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Public web addresses: of the definition's version, of its series, of its emblem."""

    version: str
    series: str
    image: str

    def __post_init__(self) -> None:
        for address in (self.version, self.series, self.image):
            if not is_web_address(address) or "#" in address:
                raise InvalidAddress("address", address)


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """A place in a Bitstring Status List."""

    list_url: str
    index: int

    def __post_init__(self) -> None:
        if not is_web_address(self.list_url) or "#" in self.list_url:
            raise InvalidAddress("address", self.list_url)
        if self.index < 0:
            raise InvalidAddress("status_index", str(self.index))


def build(
    award: Award,
    issuer: Issuer,
    recipient: Recipient,
    *,
    credential_id: str,
    language: str,
    valid_from: datetime,
    addresses: Addresses,
    status: StatusEntry,
    shows_route: bool = False,
) -> Json:
    """Return the unsigned credential.

    `shows_route`: it says which units were recognised as prior learning; it always does where the
    country asks for it.

    `credential_id`: web address or `urn:uuid:`. `language`: of the claim; the language of the
    title nearest to it becomes that of the whole. `valid_from`: aware UTC.

    Raises:
        InvalidAward: `expired` before `valid_from`; `test_issuer`, a TEST award by another
            issuer than a test issuer, or the reverse.
        InvalidAddress: an identifier, language or time that a credential cannot carry.
    """
    _check(award, issuer, credential_id, language, valid_from)
    words = _words(award.mc, language)
    return _present(
        {
            "@context": list(CONTEXTS),
            "id": credential_id,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": _marked(words.text(award.mc.title), award.is_test),
            "issuer": _issuer(issuer, award),
            "awardedDate": _stamp(award.awarded_at),
            "validFrom": _stamp(valid_from),
            "validUntil": award.expires_at and _stamp(award.expires_at),
            "credentialSubject": _subject(award, recipient, addresses, words),
            "evidence": list(
                _evidence(award, words, shows_route or prior_learning.must_show(award.mc))
            ),
            "credentialStatus": _status(status),
        }
    )


def achievement(
    mc: MicroCredential, addresses: Addresses, language: str, *, is_test: bool = False
) -> Json:
    """Return the achievement alone, the same for everybody who earns it."""
    words = _words(mc, language)
    notice = words.label("test_notice") if is_test else ""
    narrative = criteria.narrative(mc, words)
    return _present(
        {
            "id": addresses.version,
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": _marked(words.text(mc.title), is_test),
            "description": f"{notice} {words.text(mc.description)}".lstrip(),
            "criteria": {
                # A node of its own: with a shared id, members could move between the two unsigned.
                "id": f"{addresses.version}#criteria",
                "narrative": f"{notice}\n\n{narrative}".lstrip(),
            },
            "image": _present(
                {
                    "id": addresses.image,
                    "type": "Image",
                    "caption": words.text(mc.artwork.alt) if mc.artwork else "",
                }
            ),
            "inLanguage": words.language,
            "version": mc.version,
            "humanCode": mc.code,
            "otherIdentifier": list(_listed_as(mc, addresses)),
            "fieldOfStudy": words.term(mc.field),
            "creditsAvailable": _json_number(mc.credit.points) if mc.credit else None,
            "alignment": list(_alignments(mc, words)),
            "resultDescription": list(_result_descriptions(mc, addresses, words)),
        }
    )


def _listed_as(mc: MicroCredential, addresses: Addresses) -> Iterator[Json]:
    named = {"ext:series": addresses.series}
    if mc.register_entry:
        named["ext:nationalRegister"] = mc.register_entry.number
    for kind, identifier in named.items():
        yield {"type": "IdentifierEntry", "identifier": identifier, "identifierType": kind}


def _check(
    award: Award, issuer: Issuer, credential_id: str, language: str, valid_from: datetime
) -> None:
    if award.is_test != issuer.is_test:
        raise InvalidAward("test_issuer", "TEST awards, and no others, come from a test issuer")
    if not (
        is_web_address(credential_id) or re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", credential_id)
    ):
        raise InvalidAddress("credential_id", credential_id)
    if valid_from.tzinfo is None:
        raise InvalidAddress("valid_from", "not aware")
    if award.expires_at is not None and award.expires_at <= valid_from:
        raise InvalidAward("expired", "its validity ended before the credential's began")
    try:
        language_tag(language)
    except InvalidText as error:
        raise InvalidAddress("language", error.detail) from error


def _present(members: Json) -> Json:
    """Without members that have nothing to say."""
    return {key: value for key, value in members.items() if value not in (None, "", [])}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(mc: MicroCredential, language: str) -> Wording:
    return Wording(mc.title.best_language(language))


def _marked(text: str, is_test: bool) -> str:
    return f"{text.removesuffix(TEST_MARK).rstrip()} {TEST_MARK}" if is_test else text


def _issuer(issuer: Issuer, award: Award) -> Json:
    address = {"type": ["Address"], "addressCountryCode": issuer.country}
    return _present(
        {
            "id": issuer.did,
            "type": ["Profile"],
            "name": _marked(issuer.name, award.is_test),
            "url": issuer.url,
            "address": address if issuer.country else None,
        }
    )


def _status(status: StatusEntry) -> Json:
    return {
        "id": f"{status.list_url}#{status.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(status.index),
        "statusListCredential": status.list_url,
    }


def _subject(award: Award, recipient: Recipient, addresses: Addresses, words: Wording) -> Json:
    credit = award.mc.credit
    return _present(
        {
            "id": recipient.subject_id,
            "type": ["AchievementSubject"],
            "identifier": list(_identifiers(recipient)),
            "creditsEarned": _json_number(credit.points) if credit else None,
            "achievement": achievement(award.mc, addresses, words.language, is_test=award.is_test),
            "result": list(_results(award, addresses)),
        }
    )


def _identifiers(recipient: Recipient) -> Iterator[Json]:
    """The name first: wallets show the first identifier that is not hashed."""
    entry: Json = {"type": "IdentityObject"}
    if recipient.name is not None:
        named = {"identityType": "name", "hashed": False, "identityHash": recipient.name}
        yield entry | named
    if recipient.email is not None:
        yield entry | {
            "identityType": "emailAddress",
            "hashed": True,
            "identityHash": recipient.email.hash,
            "salt": recipient.email.salt,
        }


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _alignments(mc: MicroCredential, words: Wording) -> Iterator[Json]:
    if mc.eqf_level:
        yield {
            "type": ["Alignment"],
            "targetName": criteria.level(mc.eqf_level, words),
            "targetUrl": f"{EQF_ADDRESS}{mc.eqf_level.level}",
            "targetDescription": criteria.level_basis(mc.eqf_level, words),
            "targetFramework": words.label("eqf"),
            "targetCode": str(mc.eqf_level.level),
            "targetType": "ext:EQFLevel",
        }
    if mc.national_level and mc.national_level.uri:
        yield {
            "type": ["Alignment"],
            "targetName": mc.national_level.level,
            "targetUrl": mc.national_level.uri,
            "targetFramework": mc.national_level.framework,
            "targetType": "ext:NQFLevel",
        }
    yield from _concepts((mc.field,) if mc.field else (), words)
    yield from _concepts((*mc.skills, *mc.occupations), words)


def _concepts(concepts: Iterable[Concept], words: Wording) -> Iterator[Json]:
    """An alignment for each concept that has an address; the others are in the narrative."""
    for address, concept in {concept.uri: concept for concept in concepts}.items():
        if address is None:
            continue
        alignment: Json = {
            "type": ["Alignment"],
            "targetName": words.text(concept.label),
            "targetUrl": address,
        }
        if address.startswith(ESCO_ADDRESS):
            alignment |= {"targetFramework": "ESCO", "targetType": "ext:ESCO"}
        elif address.startswith(ISCED_F_ADDRESS):
            code = address.removeprefix(ISCED_F_ADDRESS)
            alignment |= {"targetFramework": "ISCED-F 2013", "targetType": "ext:ISCEDF"}
            alignment |= {"targetCode": code} if code else {}
        yield alignment


def _result_id(addresses: Addresses, kind: str, unit: str) -> str:
    return f"{addresses.version}#{kind}-{quote(unit, safe='')}"


def _result_descriptions(
    mc: MicroCredential, addresses: Addresses, words: Wording
) -> Iterator[Json]:
    for unit in mc.units:
        skills = (skill for outcome in unit.outcomes for skill in outcome.skills)
        yield _present(
            {
                "id": _result_id(addresses, "unit", unit.code),
                "type": ["ResultDescription"],
                "name": criteria.unit_name(unit, words),
                "resultType": "Status",
                "alignment": list(_concepts(skills, words)),
            }
        )
        if isinstance(unit.rule, PointsAtLeast | EachPartAtLeast):
            yield _points_description(unit, unit.rule, addresses, words)


def _points_description(
    unit: LearningUnit,
    rule: PointsAtLeast | EachPartAtLeast,
    addresses: Addresses,
    words: Wording,
) -> Json:
    label = "points_of" if isinstance(rule, PointsAtLeast) else "points_of_parts"
    return {
        "id": _result_id(addresses, "points", unit.code),
        "type": ["ResultDescription"],
        "name": words.label(label, title=words.text(unit.title)),
        "resultType": "RawScore",
        "valueMin": "0",
        "valueMax": number(rule.maximum),
        "requiredValue": number(rule.minimum),
    }


def _results(award: Award, addresses: Addresses) -> Iterator[Json]:
    for unit in award.units:
        result = award.result(unit.code)
        yield {
            "type": ["Result"],
            "resultDescription": _result_id(addresses, "unit", unit.code),
            "status": "Completed",
        }
        if result.points is not None:
            yield {
                "type": ["Result"],
                "resultDescription": _result_id(addresses, "points", unit.code),
                "value": number(result.points),
            }


def _evidence(award: Award, words: Wording, shows_route: bool) -> Iterator[Json]:
    for unit in award.units:
        result = award.result(unit.code)
        if shows_route and result.route is Route.PRIOR_LEARNING:
            how = words.label("evidence_prior_learning", date=day(result.completed_at))
            genre = {"genre": words.label("prior_learning")}
        else:
            how, genre = _how_recorded(award, result, words), {}
        name = criteria.unit_name(unit, words)
        yield {"type": ["Evidence"], "name": name, "narrative": how, **genre}
    for part in award.parts:
        yield {
            "type": ["Evidence"],
            "name": words.label("part", title=words.text(part.title)),
            "narrative": _how_earned(part, words),
        }
    identity = words.label(f"identity_{award.identity}")
    if award.assessors:
        identity += " " + words.label("assessors", count=award.assessors)
    yield {"type": ["Evidence"], "name": words.label("identity"), "narrative": identity}


def _how_earned(part: PartEarned, words: Wording) -> str:
    body = words.text(part.awarding_body)
    earned = words.label("part_earned", body=body, date=day(part.awarded_at))
    if part.hours is not None:
        earned += " " + words.label("part_hours", hours=number(part.hours))
    return f"{earned} ({part.reference})"


def _how_recorded(award: Award, result: UnitResult, words: Wording) -> str:
    # The credential is the same, whether the learning was assessed in the course or recognised.
    route = Route.ASSESSED if result.route is Route.PRIOR_LEARNING else result.route
    source = "mentor" if result.for_mentor else route
    how = words.label(f"evidence_{source}", date=day(result.completed_at))
    basis = award.basis.get(result.unit)
    if result.route is Route.UNLOCKED and basis:
        how += " " + words.label("evidence_basis", basis=basis)
    if result.route is Route.LMS_ACTIVITY and basis:
        how += " " + words.label("evidence_activity", activity=basis)
    return how
