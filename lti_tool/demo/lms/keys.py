"""The platform's signing keys, and the tool's public keys as fetched from its key set."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from secrets import token_hex
from threading import Lock
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from .config import Fetch
from .errors import KeySetError

KEY_BITS = 2048


def _base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8)
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class PlatformKeys:
    """The key the platform signs with, and those it publishes."""

    def __init__(self) -> None:
        self._published: list[dict[str, str]] = []
        self.rotate()

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with a new key; `keep_old`: the earlier ones stay published."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        kid = token_hex(10)
        numbers = private.public_key().public_numbers()
        jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid}
        jwk |= {"n": _base64url(numbers.n), "e": _base64url(numbers.e)}
        self._published = [*(self._published if keep_old else []), jwk]
        self._current = (kid, private)

    def sign(self, claims: Mapping[str, Any]) -> str:
        kid, private = self._current
        return jwt.encode(dict(claims), private, algorithm="RS256", headers={"kid": kid})

    def key_set(self, *, names_algorithms: bool = True) -> dict[str, list[dict[str, str]]]:
        left_out = () if names_algorithms else ("alg",)
        return {
            "keys": [
                {name: value for name, value in key.items() if name not in left_out}
                for key in self._published
            ]
        }


class ToolKeys:
    """Key sets of tools by address, kept until a `kid` is asked for that they lack."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lock = Lock()
        self._known: dict[str, dict[str, rsa.RSAPublicKey]] = {}

    def find(self, jwks_url: str, kid: str) -> rsa.RSAPublicKey | None:
        """Return the RSA key named `kid`, or None.

        Raises:
            KeySetError: it had to be fetched and could not be.
        """
        with self._lock:
            if kid not in self._known.get(jwks_url, {}):
                self._known[jwks_url] = self._load(jwks_url)
            return self._known[jwks_url].get(kid)

    def _load(self, jwks_url: str) -> dict[str, rsa.RSAPublicKey]:
        try:
            listed = json.loads(self._fetch(jwks_url))["keys"]
            return {jwk["kid"]: _public_key(jwk) for jwk in listed if jwk["kty"] == "RSA"}
        except (OSError, ValueError, KeyError, TypeError, jwt.InvalidKeyError) as error:
            raise KeySetError(jwks_url) from error


def _public_key(jwk: dict[str, str]) -> rsa.RSAPublicKey:
    key = RSAAlgorithm.from_jwk({part: jwk[part] for part in ("kty", "n", "e")})
    if not isinstance(key, rsa.RSAPublicKey):
        raise jwt.InvalidKeyError("not public")
    return key
