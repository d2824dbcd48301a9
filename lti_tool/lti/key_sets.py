"""Platforms' key sets: fetched rarely, kept through outages, never poisoned.

Spec: 1EdTech Security Framework 1.0, section 6.3 (key set URL); RFC 7517.

A key set is fresh for `FRESH`. An unknown kid fetches it anew, at most once per `COOLDOWN`, so
a rotation is followed at the first launch and a flood of invented kids costs the platform
nothing. Only a well-formed set with a usable key replaces the one that is stored. In a process
one request at a time fetches a set; who needs a key that is stored does not wait for it, and nobody
waits for longer than `PATIENCE`, so that forged launches hold no threads.
"""

import threading
import time
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.lti.errors import LaunchRefused
from lti_tool.models import PlatformKeySet
from lti_tool.outbound import Outbound, OutboundError

FRESH = timedelta(hours=1)
COOLDOWN = timedelta(seconds=30)
MIN_KEY_BITS = 2048
MAX_KEY_BITS = 8192
MAX_KEYS = 100

log = structlog.get_logger(__name__)

PATIENCE = 2.0
"""For how many seconds after a fetch has begun others wait for it."""


@dataclass(frozen=True, slots=True)
class _Fetch:
    """A fetch under way in this process."""

    has_ended: threading.Event = field(default_factory=threading.Event)
    begun: float = field(default_factory=time.monotonic)

    def wait(self) -> bool:
        """Return whether it ended while it was worth waiting."""
        return self.has_ended.wait(max(self.begun + PATIENCE - time.monotonic(), 0))


_under_way: dict[uuid.UUID, _Fetch] = {}


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a registration's keys come from."""

    registration_id: uuid.UUID
    url: str


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The key set as it was stored last; `key_set` None: no good one was ever fetched."""

    key_set: Mapping[str, Any] | None
    fetched_at: datetime | None
    attempted_at: datetime


def _load(db: Session, registration_id: uuid.UUID) -> StoredKeys | None:
    row = db.get(PlatformKeySet, registration_id)
    return _stored(row) if row is not None else None


def _stored(row: PlatformKeySet) -> StoredKeys:
    return StoredKeys(row.key_set, row.fetched_at, row.attempted_at)


def find_key(
    database: Database,
    outbound: Outbound,
    source: KeySource,
    kid: str,
    now: datetime,
    *,
    stored: StoredKeys | None,
) -> RSAPublicKey:
    """Return the platform's public key called `kid`: from `stored`, else from a new fetch.

    Call it outside any transaction: it may fetch, for as long as `outbound` allows.

    Raises:
        LaunchRefused: kid_unknown, keys_unavailable (no good key set was ever fetched), keys_slow
            (503: another request has been fetching them for too long)
    """
    if stored is not None and _find(stored, kid) and not _wants_fetch(stored, kid, now):
        return _pick(stored, kid)
    own = _Fetch()
    under_way = _under_way.setdefault(source.registration_id, own)  # of many at once one is first
    if under_way is own:
        try:
            stored = _look_again(database, outbound, source, kid, now)
        finally:
            del _under_way[source.registration_id]
            own.has_ended.set()
    elif stored is None or _find(stored, kid) is None:
        if not under_way.wait():
            raise LaunchRefused("keys_slow", status=503)
        with database.transaction(read_only=True) as db:
            stored = _load(db, source.registration_id)
    return _pick(stored, kid)


def _look_again(
    database: Database, outbound: Outbound, source: KeySource, kid: str, now: datetime
) -> StoredKeys | None:
    """Return the key set as another has just stored it, else as the platform has it now."""
    with database.transaction(read_only=True) as db:
        stored = _load(db, source.registration_id)
    if _wants_fetch(stored, kid, now):
        return _refresh(database, outbound, source, kid, now)
    return stored


def usable_keys(document: object) -> list[dict[str, str]]:
    """Return the RS256 signature keys of a key set, reduced to what is needed.

    A key serves if it is RSA of 2048 to 8192 bits and is not meant for another use or algorithm.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        return []
    return [_reduced(jwk) for jwk in listed if _is_usable(jwk)]


def _wants_fetch(stored: StoredKeys | None, kid: str, now: datetime) -> bool:
    if stored is None:
        return True
    is_fresh = stored.fetched_at is not None and now - stored.fetched_at < FRESH
    if is_fresh and _find(stored, kid):
        return False
    return now - stored.attempted_at >= COOLDOWN


def _refresh(
    database: Database, outbound: Outbound, source: KeySource, kid: str, now: datetime
) -> StoredKeys:
    """Fetch, and store what is good.

    The attempt is noted first, so that other processes go on with the keys they have. It counts
    against the cooldown only if it did not bring the key: a rotation right after a first launch
    is followed too.
    """
    _note_attempt(database, source, now)
    keys = _fetch(outbound, source)
    with database.transaction() as db:
        row = db.get_one(PlatformKeySet, source.registration_id)
        if keys:
            row.key_set, row.fetched_at = {"keys": keys}, now
            if _find(_stored(row), kid):
                row.attempted_at = now - COOLDOWN
        return _stored(row)


def _note_attempt(database: Database, source: KeySource, now: datetime) -> None:
    with database.transaction() as db:
        stored = db.get(PlatformKeySet, source.registration_id)
        if stored is not None:
            stored.attempted_at = now
            return
        try:
            with db.begin_nested():
                db.add(PlatformKeySet(registration_id=source.registration_id, attempted_at=now))
        except IntegrityError:  # another process has just made the row
            return


def _fetch(outbound: Outbound, source: KeySource) -> list[dict[str, str]]:
    registration_id = str(source.registration_id)
    try:
        answer = outbound.get(source.url, headers={"Accept": "application/json"})
        document = answer.json() if answer.status == 200 else None
    except OutboundError as error:
        log.warning("key_set_unavailable", registration_id=registration_id, code=error.code)
        return []
    keys = usable_keys(document)
    if not keys:
        log.warning("key_set_unusable", registration_id=registration_id, http_status=answer.status)
    return keys


def _pick(stored: StoredKeys | None, kid: str) -> RSAPublicKey:
    if stored is None or stored.key_set is None:
        raise LaunchRefused("keys_unavailable")
    jwk = _find(stored, kid)
    if jwk is None:
        raise LaunchRefused("kid_unknown")
    return _public_key(jwk)


def _find(stored: StoredKeys, kid: str) -> Mapping[str, str] | None:
    keys = stored.key_set["keys"] if stored.key_set else []
    return next((jwk for jwk in keys if jwk["kid"] == kid), None)


def _is_usable(jwk: object) -> bool:
    if not isinstance(jwk, dict) or jwk.get("kty") != "RSA" or not _is_for_signatures(jwk):
        return False
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 255:
        return False
    try:
        key = _public_key(jwk)
    except ValueError:
        return False
    return MIN_KEY_BITS <= key.key_size <= MAX_KEY_BITS


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return False
    return (jwk.get("use", "sig"), jwk.get("alg", "RS256")) == ("sig", "RS256")


def _reduced(jwk: Mapping[str, str]) -> dict[str, str]:
    return {"kty": "RSA", "kid": jwk["kid"], "n": jwk["n"], "e": jwk["e"]}


def _public_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    return _made_key(_number(jwk.get("e")), _number(jwk.get("n")))


@lru_cache(maxsize=256)
def _made_key(exponent: int, modulus: int) -> RSAPublicKey:
    return RSAPublicNumbers(exponent, modulus).public_key()


def _number(text: object) -> int:
    """Return a Base64urlUInt (RFC 7518, section 2).

    Raises:
        ValueError
    """
    if not isinstance(text, str) or not 0 < len(text) <= MAX_KEY_BITS // 4:
        raise ValueError("not a number in base64url")
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
