"""A specimen badge of a definition, built and signed before the definition is published."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from badges.award import Award, IdentityAssurance, PartEarned, UnitResult
from badges.completion import Route
from badges.errors import BadgeError
from badges.formats import open_badge_3
from badges.formats.open_badge_3 import Addresses, StatusEntry
from badges.issuer import Issuer, did_for
from badges.keys import SigningKey
from badges.micro_credential import MicroCredential
from badges.proofs import data_integrity
from badges.recipient import Recipient, random_subject_id
from badges.rules import PointsAtLeast
from lti_tool.errors import ToolError


def check(mc: MicroCredential, *, public_url: str, now: datetime) -> None:
    """Build and sign a specimen of `mc` in each of its languages, and throw it away.

    Raises:
        ToolError: `unsignable_definition` with what stands in the way.
    """
    key = SigningKey.generate()
    try:
        for language in mc.text_languages:
            document = build(mc, language, public_url=public_url, now=now)
            method = f"{document['issuer']['id']}#{key.public_multibase}"
            data_integrity.serialise(data_integrity.sign(document, key, method, now))
    except BadgeError as error:
        raise ToolError("unsignable_definition", reason=str(error)) from error


def build(mc: MicroCredential, language: str, *, public_url: str, now: datetime) -> dict[str, Any]:
    """Return an unsigned badge in which every unit is completed by assessment with full points."""
    body = mc.awarding_body
    award = Award(
        id=str(uuid.uuid4()),
        mc=mc,
        awarded_at=now,
        results=tuple(_full_result(mc, unit.code, now) for unit in mc.units),
        identity=IdentityAssurance.LMS_ACCOUNT,
        is_test=True,
        parts=tuple(_part(mc, reference, now) for reference in mc.stack.parts) if mc.stack else (),
        assessors=1 if mc.units else 0,
    )
    issuer = Issuer(
        did=did_for(public_url, body.slug, True),
        name=body.name.best(language),
        url=f"{public_url}/issuers/{body.slug}",
        country=body.country,
    )
    series = f"{public_url}/definitions/{body.slug}/{mc.code}"
    version = f"{series}/{mc.version}"
    return open_badge_3.build(
        award,
        issuer,
        Recipient(subject_id=random_subject_id(), name="Specimen"),
        credential_id=uuid.uuid4().urn,
        language=language,
        valid_from=now,
        addresses=Addresses(version=version, series=series, image=f"{version}/emblem.png"),
        status=StatusEntry(list_url=f"{public_url}/status-lists/{uuid.uuid4()}", index=0),
    )


def _part(mc: MicroCredential, reference: str, now: datetime) -> PartEarned:
    return PartEarned(
        reference=reference,
        title=mc.title,
        awarding_body=mc.awarding_body.name,
        awarded_at=now,
        hours=mc.hours,
    )


def _full_result(mc: MicroCredential, code: str, now: datetime) -> UnitResult:
    rule = mc.unit(code).rule
    maximum: Decimal | None = rule.maximum if isinstance(rule, PointsAtLeast) else None
    return UnitResult(
        unit=code, completed_at=now, route=Route.ASSESSED, points=maximum, maximum=maximum
    )
