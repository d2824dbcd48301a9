"""The id_token's envelope: form, signature, issuer, audience and time. No database, no network.

Spec: 1EdTech Security Framework 1.0, section 5.1.3 (authentication response validation);
OpenID Connect Core 1.0, section 3.1.3.7; RFC 7515; RFC 7519.
"""

import json
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from lti_tool.lti.errors import LaunchRefused

LEEWAY = timedelta(seconds=60)
MAX_CHARACTERS = 65_536
MAX_AUDIENCES = 10
MAX_KID_CHARACTERS = 255
MAX_MOMENT = 10**12

LTI_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class IdToken:
    """A token that was taken apart; nothing in it is proven before `verify_signature`."""

    encoded: str
    kid: str
    payload: Mapping[str, Any]


def split(encoded: str) -> IdToken:
    """Take a compact JWS apart, strictly.

    Raises:
        LaunchRefused: id_token_missing, id_token_too_large, malformed, algorithm,
            header_unsupported, kid_missing, kid_malformed
    """
    if not encoded:
        raise LaunchRefused("id_token_missing")
    if len(encoded) > MAX_CHARACTERS:
        raise LaunchRefused("id_token_too_large")
    segments = encoded.split(".")
    if len(segments) != 3 or not all(map(_SEGMENT.fullmatch, segments[:2])):
        raise LaunchRefused("malformed")
    header = _json_object(segments[0])
    kid = _checked_kid(header)
    return IdToken(encoded, kid, _json_object(segments[1]))


def is_lti_message(payload: Mapping[str, Any]) -> bool:
    """Return whether any claim of LTI is there; without one it is some other JSON."""
    return any(name.startswith(LTI_CLAIM) for name in payload)


def verify_signature(token: IdToken, key: RSAPublicKey) -> None:
    """Check the RS256 signature (RFC 7515, section 5.2), which is all that `split` lets through.

    Raises:
        LaunchRefused: signature
    """
    signed, _, signature = token.encoded.rpartition(".")
    if not _SEGMENT.fullmatch(signature):
        raise LaunchRefused("signature")
    try:
        key.verify(_decoded(signature), signed.encode("ascii"), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError) as error:
        raise LaunchRefused("signature") from error


def check_issuer_and_audience(payload: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    """Check `iss`, `aud` and `azp` (OpenID Connect Core, section 3.1.3.7, steps 2 to 5).

    The tool must be among the audiences; with several of them, or if it is given at all, the
    authorised party must be the tool.

    Raises:
        LaunchRefused
    """
    if _text(payload, "iss") != issuer:
        raise LaunchRefused("issuer_mismatch")
    audiences = _audiences(payload)
    if client_id not in audiences:
        raise LaunchRefused("audience")
    if payload.get("azp") is None:
        if len(audiences) > 1:
            raise LaunchRefused("authorised_party")
    elif _text(payload, "azp") != client_id:
        raise LaunchRefused("authorised_party")


def check_time(payload: Mapping[str, Any], *, now: datetime, oldest: timedelta) -> None:
    """Check `exp`, `iat` and `nbf`; clocks may be `LEEWAY` apart.

    `oldest`: how long ago the token may have been issued, before leeway.

    Raises:
        LaunchRefused: expired, not_yet_valid, too_old, or the claim that is missing or malformed
    """
    present, leeway = now.timestamp(), LEEWAY.total_seconds()
    expires, issued = _moment(payload, "exp"), _moment(payload, "iat")
    if expires is None or issued is None:
        raise LaunchRefused("exp_missing" if expires is None else "iat_missing")
    if expires <= present - leeway or expires <= issued:
        raise LaunchRefused("expired")
    not_before = _moment(payload, "nbf")
    if max(issued, not_before or issued) > present + leeway:
        raise LaunchRefused("not_yet_valid")
    if issued < present - oldest.total_seconds() - leeway:
        raise LaunchRefused("too_old")


def _checked_kid(header: Mapping[str, Any]) -> str:
    if header.get("alg") != "RS256":
        raise LaunchRefused("algorithm")
    if "crit" in header or "b64" in header:
        raise LaunchRefused("header_unsupported")
    kid = header.get("kid")
    if kid is None or kid == "":
        raise LaunchRefused("kid_missing")
    if not isinstance(kid, str) or len(kid) > MAX_KID_CHARACTERS:
        raise LaunchRefused("kid_malformed")
    return kid


def _audiences(payload: Mapping[str, Any]) -> tuple[str, ...]:
    given = payload.get("aud")
    if given is None:
        raise LaunchRefused("aud_missing")
    listed = given if isinstance(given, list) else [given]
    if not 0 < len(listed) <= MAX_AUDIENCES or not all(isinstance(one, str) for one in listed):
        raise LaunchRefused("aud_malformed")
    return tuple(listed)


def _text(payload: Mapping[str, Any], claim: str) -> str:
    value = payload.get(claim)
    if value is None:
        raise LaunchRefused(f"{claim}_missing")
    if not isinstance(value, str):
        raise LaunchRefused(f"{claim}_malformed")
    return value


def _moment(payload: Mapping[str, Any], claim: str) -> float | None:
    """Return a NumericDate (RFC 7519, section 2); a number in a string is none."""
    value = payload.get(claim)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LaunchRefused(f"{claim}_malformed")
    if abs(value) > MAX_MOMENT or not math.isfinite(value):  # an integer may exceed any float
        raise LaunchRefused(f"{claim}_malformed")
    return float(value)


def _json_object(segment: str) -> Mapping[str, Any]:
    try:
        text = _decoded(segment).decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise LaunchRefused("malformed") from error
    if not isinstance(value, dict):
        raise LaunchRefused("malformed")
    return value


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
