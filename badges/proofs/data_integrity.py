"""Data Integrity proofs with the cryptosuite eddsa-rdfc-2022: sign, check, write down.

Spec: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.2; W3C Data Integrity 1.0, section 4.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from badges import jsonld, multibase, shape
from badges.errors import BadgeError
from badges.keys import SIGNATURE_BYTES, PublicKey, SigningKey
from badges.statements import UnsafeDocument

CRYPTOSUITE = "eddsa-rdfc-2022"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = {"{": "\\u007b", "}": "\\u007d"}


class Unsignable(BadgeError):
    """Our own checks refuse to sign the document."""


class InvalidProof(BadgeError):
    """The proof is malformed, or not one of this document."""


class UnsupportedProof(BadgeError):
    """The proof may be good, but is of a kind that is not read here."""


@dataclass(frozen=True, slots=True)
class Proof:
    options: Mapping[str, Any]  # the proof without its value
    signature: bytes
    verification_method: str  # absolute DID URL
    created: datetime | None
    expires: datetime | None


def sign(
    document: Mapping[str, Any], key: SigningKey, verification_method: str, now: datetime
) -> dict[str, Any]:
    """Return `document` with `proof`: an array of one proof, created at `now` (aware).

    Takes an unsigned OpenBadgeCredential or BitstringStatusListCredential whose issuer is the
    DID before the `#` of `verification_method`; what follows it is the key's multibase.

    Raises:
        Unsignable: the code is that of the first check that refuses; `detail` is the path.
    """
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }
    if "proof" in document:
        raise Unsignable("already_signed", "proof")
    try:
        hash_data = _hash_data(document, options)
    except UnsafeDocument as refusal:
        raise Unsignable(refusal.code, refusal.detail) from None
    _check_shape(document)
    if verification_method != f"{issuer_id(document)}#{key.public_multibase}":
        raise Unsignable("wrong_verification_method", "issuer")
    signature = multibase.encode_base58(key.sign(hash_data))
    return {**document, "proof": [{**options, "proofValue": signature}]}


def _check_shape(document: Mapping[str, Any]) -> None:
    is_list = "BitstringStatusListCredential" in document["type"]
    if not allows_contexts(document, is_list=is_list):
        raise Unsignable("context_not_allowed", "@context")
    for problem in (shape.status_list if is_list else shape.open_badge)(document):
        raise Unsignable(problem.code, problem.path)


def allows_contexts(document: Mapping[str, Any], *, is_list: bool) -> bool:
    """Tell whether `@context` is one of those that this kind of credential has."""
    allowed = jsonld.STATUS_LIST_CONTEXTS if is_list else jsonld.OPEN_BADGE_CONTEXTS
    return any(document.get("@context") == list(addresses) for addresses in allowed)


def issuer_id(document: Mapping[str, Any]) -> str | None:
    """Return the issuer's id, whether the issuer is an object or the id itself."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    return identifier if isinstance(identifier, str) else None


def read_proof(document: Mapping[str, Any]) -> Proof:
    """Return the one proof of `document`, not yet checked.

    Raises:
        InvalidProof: there is none, more than one, or it breaks the specification.
        UnsupportedProof: it is of another type or cryptosuite.
    """
    proofs = document.get("proof")
    proofs = proofs if isinstance(proofs, list) else [proofs]
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise InvalidProof("one_proof_expected")
    proof = proofs[0]
    if proof.get("type") != "DataIntegrityProof":
        raise UnsupportedProof("unsupported_proof")
    if proof.get("cryptosuite") != CRYPTOSUITE:
        raise UnsupportedProof("unsupported_cryptosuite")
    if proof.get("proofPurpose") != "assertionMethod":
        raise InvalidProof("wrong_purpose")
    return _proof(proof)


def _proof(proof: Mapping[str, Any]) -> Proof:
    method = proof.get("verificationMethod")
    if not isinstance(method, str) or method.count("#") != 1:
        raise InvalidProof("malformed_verification_method")
    if not method.startswith("did:"):
        raise UnsupportedProof("unsupported_did_method")
    value = proof.get("proofValue")
    try:
        signature = multibase.decode_base58(value if isinstance(value, str) else "")
    except multibase.InvalidMultibase:
        raise InvalidProof("malformed_proof_value") from None
    if len(signature) != SIGNATURE_BYTES:
        raise InvalidProof("malformed_proof_value")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    return Proof(options, signature, method, _time(proof, "created"), _time(proof, "expires"))


def _time(proof: Mapping[str, Any], name: str) -> datetime | None:
    if name not in proof:
        return None
    value = proof[name]
    try:
        return shape.instant(value if isinstance(value, str) else "")
    except shape.MalformedDate:
        raise InvalidProof("malformed_date") from None


def check_signature(document: Mapping[str, Any], proof: Proof, key: PublicKey) -> None:
    """Return if `key` made `proof` over `document`.

    Raises:
        InvalidProof: `signature_mismatch`.
        UnsafeDocument: the document cannot be read safely.
    """
    if not key.is_valid(proof.signature, _hash_data(document, proof.options)):
        raise InvalidProof("signature_mismatch")


def check_safe(document: Mapping[str, Any]) -> None:
    """Return if everybody reads the same in `document`, whatever its proof is worth.

    Raises:
        UnsafeDocument: see `badges.jsonld`.
    """
    jsonld.canonical(_unsecured(document))


def _hash_data(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    if "@context" in options:
        raise UnsafeDocument("nested_context", "proof")
    configuration = {**options, "@context": document.get("@context")}
    return b"".join(
        hashlib.sha256(jsonld.canonical(part).encode("utf-8")).digest()
        for part in (configuration, _unsecured(document))
    )


def _unsecured(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


def serialise(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are stored and handed out.

    ASCII only, braces inside strings escaped: wallets have mangled the former and count the latter
    blindly when they look for JSON inside a PNG.
    """
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return _STRING.sub(_escape_braces, text).encode("ascii")


def _escape_braces(string: re.Match[str]) -> str:
    text = string.group()
    return text.replace("{", _BRACES["{"]).replace("}", _BRACES["}"])
