"""The tool's own RSA key: made at first need, stored encrypted, published as a key set.

Spec: 1EdTech Security Framework 1.0, section 6 (keys); RFC 7517; RFC 7638 (thumbprint as kid).
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import datetime
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
    load_pem_private_key,
)
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.models import ToolKey

KEY_BITS = 2048


def current(db: Session, encryption: Encryption, now: datetime) -> ToolKey:
    """Return the key that signs; the first call makes it."""
    newest = sa.select(ToolKey).order_by(ToolKey.created_at.desc(), ToolKey.kid).limit(1)
    found = db.scalar(newest)
    if found is None:
        found = _make(encryption, now)
        db.add(found)
        db.flush()
    return found


def key_set(db: Session) -> dict[str, Any]:
    """Return the public half of every key, as a JWK Set; empty before `current` was called."""
    keys = db.scalars(sa.select(ToolKey).order_by(ToolKey.created_at.desc(), ToolKey.kid))
    return {"keys": [key.public_jwk for key in keys]}


def private_key(key: ToolKey, encryption: Encryption) -> RSAPrivateKey:
    loaded = load_pem_private_key(encryption.decrypt(key.private_key), password=None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


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
