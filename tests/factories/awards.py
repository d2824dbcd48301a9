"""Awards, issuers and recipients for tests, for any definition."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from badges import definition as definitions
from badges import recipient, samples
from badges.award import JUDGED_HERE, Award, IdentityAssurance, PartEarned, UnitResult
from badges.choices import Choice
from badges.completion import Route
from badges.formats import open_badge_3
from badges.formats.open_badge_3 import Addresses, StatusEntry
from badges.issuer import Issuer, did_for
from badges.micro_credential import LearningUnit, MicroCredential
from badges.recipient import Recipient
from badges.rules import EachPartAtLeast, PointsAtLeast
from badges.text import Text

PUBLIC_URL = "https://badges.example"
AWARDED_AT = datetime(2026, 11, 20, 9, 30, 15, 250000, tzinfo=UTC)
CLAIMED_AT = AWARDED_AT + timedelta(hours=3)
CREDENTIAL_ID = f"{PUBLIC_URL}/credentials/0b6f6c3e-2f5c-4a8e-9a44-3e2f0f5f7a10"
SUBJECT_ID = "urn:uuid:6f1c0c52-9d3b-4b58-8a8d-0f3d5f6a7b8c"
STATUS = StatusEntry(f"{PUBLIC_URL}/status/1", 4711)


def unit_result(unit: LearningUnit, route: Route = Route.ASSESSED) -> UnitResult:
    """The result of passing `unit` by `route`, with the full mark where there are marks."""
    marked = isinstance(unit.rule, PointsAtLeast | EachPartAtLeast) and route is Route.ASSESSED
    maximum = unit.rule.maximum if marked else None
    return UnitResult(
        unit=unit.code,
        completed_at=AWARDED_AT - timedelta(days=1),
        route=route,
        points=maximum,
        maximum=maximum,
    )


def award(
    mc: MicroCredential,
    *,
    routes: Mapping[str, Route] | None = None,
    basis: Mapping[str, str] | None = None,
    identity: IdentityAssurance = IdentityAssurance.LMS_ACCOUNT,
    is_test: bool = False,
    without: Collection[str] = (),
) -> Award:
    """An award of all units but those `without`."""
    results = tuple(
        unit_result(unit, (routes or {}).get(unit.code, Route.ASSESSED))
        for unit in mc.units
        if unit.code not in without
    )
    assessed = any(result.route in JUDGED_HERE for result in results)
    return Award(
        id="3f2b8a52-5d5a-4b8e-8f3e-2a1d5c7b9e01",
        mc=mc,
        awarded_at=AWARDED_AT,
        results=results,
        assessors=2 if assessed else 0,
        identity=identity,
        is_test=is_test,
        basis=basis or {},
        parts=tuple(part(mc, reference) for reference in mc.stack.parts) if mc.stack else (),
    )


def part(mc: MicroCredential, reference: str) -> PartEarned:
    return PartEarned(
        reference=f"{reference}/1.0",
        title=mc.title,
        awarding_body=mc.awarding_body.name,
        awarded_at=AWARDED_AT - timedelta(days=30),
        hours=mc.hours,
    )


def stacked() -> MicroCredential:
    """A micro-credential that is made of two others and has no units of its own."""
    content = definitions.dump(samples.welding()) | {"code": "METAL", "units": []}
    return definitions.load(content | {"stack": {"parts": ["school/A", "partner/B"]}})


def chosen(title: Text | None = None) -> MicroCredential:
    """Welding, with its first and last unit needed, one of the third and fourth, and the second
    optional."""
    welding = samples.welding()
    codes = [unit.code for unit in welding.units]
    choices = (
        Choice(units=tuple(codes[2:4]), count=1, title=title),
        Choice(units=(codes[1],), count=0),
    )
    units = tuple(
        replace(unit, hours=Decimal(12)) if unit.code in codes[2:4] else unit
        for unit in welding.units
    )
    return replace(welding, code="CHOSEN", units=units, choices=choices)


def issuer(mc: MicroCredential, *, is_test: bool = False) -> Issuer:
    body = mc.awarding_body
    return Issuer(
        did=did_for(PUBLIC_URL, body.slug, is_test),
        name=body.name.best("en"),
        url=f"{PUBLIC_URL}/issuers/{body.slug}",
        country=body.country,
    )


def addresses(mc: MicroCredential) -> Addresses:
    series = f"{PUBLIC_URL}/mc/{mc.code}"
    return Addresses(f"{series}/{mc.version}", series, f"{series}/emblem.png")


def named_recipient(name: str = "Оксана Ковальчук") -> Recipient:
    return Recipient(SUBJECT_ID, name, recipient.hash_email("oksana@example.com", "x7Qp"))


def credential(
    of: Award, *, language: str = "en", to: Recipient | None = None, shows_route: bool = False
) -> dict[str, object]:
    return open_badge_3.build(
        of,
        issuer(of.mc, is_test=of.is_test),
        to or named_recipient(),
        credential_id=CREDENTIAL_ID,
        language=language,
        valid_from=CLAIMED_AT,
        addresses=addresses(of.mc),
        status=STATUS,
        shows_route=shows_route,
    )
