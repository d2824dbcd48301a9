"""Signed badges, status lists and DID documents for tests, and a web that serves them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from badges import did, status_list
from badges.award import Award
from badges.completion import Route
from badges.fetch import FetchFailed
from badges.formats import open_badge_3
from badges.keys import SigningKey
from badges.micro_credential import MicroCredential
from badges.proofs import data_integrity
from badges.status_list import StatusList
from tests.factories import awards

KEY = SigningKey.from_seed(bytes(range(32)))
INDEX = awards.STATUS.index
LIST_URL = awards.STATUS.list_url
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed badge with everything a verifier asks the web for."""

    badge: Document
    web: Mapping[str, Document]

    @property
    def did(self) -> str:
        issuer: str = self.badge["issuer"]["id"]
        return issuer

    def fetch(self, url: str) -> bytes:
        if url not in self.web:
            raise FetchFailed("unreachable")
        return json.dumps(self.web[url]).encode()

    def with_badge(self, **members: Any) -> "Issued":
        return replace(self, badge=changed(self.badge, members))

    def serving(self, url: str, **members: Any) -> "Issued":
        """The same, with members of the document at `url` changed; None takes one away."""
        return replace(self, web={**self.web, url: changed(self.web[url], members)})


def changed(document: Document, members: Mapping[str, Any]) -> Document:
    copy = json.loads(json.dumps({**document, **members}))
    return {name: value for name, value in copy.items() if value is not None}


def method_of(issuer: str, key: SigningKey = KEY) -> str:
    return f"{issuer}#{key.public_multibase}"


def issue(unsigned: Document, now: datetime, *, revoked: bool = False) -> Issued:
    """Sign a badge, and a status list of the same issuer in which it is revoked or not."""
    issuer = unsigned["issuer"]["id"]
    statuses = StatusList()
    if revoked:
        statuses.set(int(unsigned["credentialStatus"]["statusListIndex"]))
    address = unsigned["credentialStatus"]["statusListCredential"]
    unsigned_list = status_list.credential(address, issuer, statuses, now - timedelta(hours=1))
    keys = did.document(issuer, {KEY.public_multibase: KEY.public_multibase})
    web = {
        did.web_address(issuer): keys,
        address: data_integrity.sign(unsigned_list, KEY, method_of(issuer), now),
    }
    return Issued(data_integrity.sign(unsigned, KEY, method_of(issuer), now), web)


def built(
    mc: MicroCredential,
    now: datetime,
    language: str = "en",
    *,
    without: Collection[str] = (),
    recognised: str = "",
) -> Document:
    """A real badge of `mc`, unsigned, valid since the day before `now`. `recognised`: a unit of
    which it says that it was recognised as prior learning."""
    award = awarded(mc, now - timedelta(days=2), without=without)
    if recognised:
        by_route = awards.unit_result(mc.unit(recognised), Route.PRIOR_LEARNING)
        results = [
            replace(by_route, completed_at=one.completed_at) if one.unit == recognised else one
            for one in award.results
        ]
        award = replace(award, results=tuple(results))
    return open_badge_3.build(
        award,
        awards.issuer(mc),
        awards.named_recipient(),
        credential_id=awards.CREDENTIAL_ID,
        language=language,
        valid_from=now - timedelta(days=1),
        addresses=awards.addresses(mc),
        status=awards.STATUS,
        shows_route=bool(recognised),
    )


def awarded(mc: MicroCredential, at: datetime, *, without: Collection[str] = ()) -> Award:
    award = awards.award(mc, without=without)
    results = tuple(replace(r, completed_at=at - timedelta(days=1)) for r in award.results)
    return replace(award, awarded_at=at, results=results)


def minimal(**members: Any) -> Document:
    """The smallest badge that every check passes, with members changed or (None) taken away."""
    document = {
        "@context": list(open_badge_3.CONTEXTS),
        "id": "urn:uuid:5f1c2c9e-8d2b-4a5e-9a01-000000000001",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:badges.example:issuers:a", "type": ["Profile"], "name": "A"},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:5f1c2c9e-8d2b-4a5e-9a01-000000000002",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://badges.example/mc/a/1",
                "type": ["Achievement"],
                "name": "Welding",
                "description": "Joins steel.",
                "criteria": {"narrative": "Weld a seam."},
                "tag": ["steel", "seam"],
            },
        },
        "credentialStatus": status_list.entry(LIST_URL, INDEX),
    }
    return changed(document, members)


def today() -> datetime:
    """The time that verifiers by others go by."""
    return datetime.now(UTC).replace(microsecond=0)
