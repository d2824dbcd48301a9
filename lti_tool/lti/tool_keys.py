"""The tool's own RSA keys: made ahead, stored encrypted, published as a key set.

Spec: 1EdTech Security Framework 1.0, section 6 (keys); RFC 7517; RFC 7638 (thumbprint as kid).

A key is `next` (published, not signing yet), `current` (signs) or `retiring` (published, signs
no more). Platforms keep key sets, so a key is published for `PUBLISHED_AHEAD` before it signs
and for `KEPT_PUBLISHED` after its last signature.
"""

import hashlib
import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.models import Registration, ToolKey

KEY_BITS = 2048
PUBLISHED_AHEAD = timedelta(hours=24)
KEPT_PUBLISHED = timedelta(days=14)


class KeyState(StrEnum):
    NEXT = "next"
    CURRENT = "current"
    RETIRING = "retiring"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class DatedKey:
    """A key and its turn; `signs_until` is None for the youngest."""

    key: ToolKey
    signs_from: datetime
    signs_until: datetime | None

    def state(self, now: datetime) -> KeyState:
        if self.signs_from > now:
            return KeyState.NEXT
        if self.signs_until is None or self.signs_until > now:
            return KeyState.CURRENT
        if self.published_until is not None and self.published_until > now:
            return KeyState.RETIRING
        return KeyState.WITHDRAWN

    @property
    def published_until(self) -> datetime | None:
        return None if self.signs_until is None else self.signs_until + KEPT_PUBLISHED


def all_keys(db: Session) -> Sequence[DatedKey]:
    """Return every stored key with its turn, oldest first."""
    begins = sa.func.coalesce(ToolKey.signs_from, ToolKey.created_at)
    keys = db.scalars(sa.select(ToolKey).order_by(begins, ToolKey.created_at, ToolKey.kid)).all()
    starts = [key.signs_from or key.created_at for key in keys]
    return [
        DatedKey(key, start, until)
        for key, start, until in zip(keys, starts, [*starts[1:], None], strict=False)
    ]


def current(db: Session, encryption: Encryption, now: datetime) -> ToolKey:
    """Return the key that signs; the first call makes it."""
    signing = [each.key for each in all_keys(db) if each.state(now) is KeyState.CURRENT]
    return signing[0] if signing else add(db, encryption, signs_from=now, now=now)


def add(db: Session, encryption: Encryption, *, signs_from: datetime, now: datetime) -> ToolKey:
    """Store a new key, which is published at once."""
    key = _make(encryption, now)
    key.signs_from = signs_from
    db.add(key)
    db.flush()
    return key


def key_set(db: Session, now: datetime) -> dict[str, Any]:
    """Return the public half of every published key, youngest first, as a JWK Set.

    Empty before `current` was called.
    """
    published = [each for each in all_keys(db) if each.state(now) is not KeyState.WITHDRAWN]
    return {"keys": [each.key.public_jwk for each in reversed(published)]}


def private_key(key: ToolKey, encryption: Encryption) -> RSAPrivateKey:
    loaded = load_pem_private_key(encryption.decrypt(key.private_key), password=None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


def public_pem(key: ToolKey, encryption: Encryption) -> str:
    """Return the public half as text, for platforms that cannot fetch a key set."""
    public = private_key(key, encryption).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _make(encryption: Encryption, now: datetime) -> ToolKey:
    secret = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    jwk = public_jwk(secret.public_key())
    return ToolKey(
        kid=jwk["kid"], private_key=encryption.encrypt(pem), public_jwk=jwk, created_at=now
    )


def public_jwk(key: RSAPublicKey) -> dict[str, str]:
    """Return a signature key as JWK; its kid is its thumbprint (RFC 7638)."""
    numbers = key.public_numbers()
    required = {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":")).encode()
    kid = urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")
    return {**required, "alg": "RS256", "use": "sig", "kid": kid}


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return urlsafe_b64encode(octets).decode().rstrip("=")


def note_accepted(db: Session, registration_id: uuid.UUID, kid: str) -> None:
    """Keep that a platform took a signature of this key, if it may have its key as text.

    That alone proves that it has the key; who fetched the text proves nothing.
    """
    has_another = sa.and_(Registration.key_text_kid.is_not(None), Registration.key_text_kid != kid)
    mine = sa.update(Registration).where(Registration.id == registration_id, has_another)
    db.execute(mine.values(key_text_kid=kid))
