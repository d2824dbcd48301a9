"""DID documents of did:web and did:key: made for ours, resolved for anybody's.

A document made here lists its keys as Multikey with absolute ids and names them as strings in
`assertionMethod`: verifiers stumble over embedded methods, relative ids and JWKs.

Spec: W3C Controlled Identifiers 1.0; did:web method; did:key method.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badges import shape, strict_json
from badges.errors import BadgeError
from badges.fetch import Fetch, FetchFailed
from badges.keys import InvalidKey, PublicKey

CONTEXTS = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1")

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_SEGMENT = r"(?!\.{1,2}(?::|\Z))(?:[A-Za-z0-9._-]|%(?!2[fFeE]|5[cC])[2-9A-Fa-f][0-9A-Fa-f])+"
_WEB = re.compile(
    rf"did:web:(?P<host>{_LABEL}(?:\.{_LABEL})*)(?:%3[aA](?P<port>[0-9]{{1,5}}))?"
    rf"(?P<path>(?::{_SEGMENT})*)\Z"
)
MAX_CHARACTERS = 2048


class InvalidDid(BadgeError):
    """Not a DID, or its document breaks the specification."""


class DidUnavailable(BadgeError):
    """The DID document is not to be had, or the DID is of a method not read here."""


class NotAuthorised(BadgeError):
    """The DID document does not let this key make claims for the DID."""


@dataclass(frozen=True, slots=True)
class Method:
    id: str
    controller: str
    public_multibase: str | None  # None: the key is given in another form
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class DidDocument:
    id: str
    methods: Mapping[str, Method]
    assertion_methods: frozenset[str]

    def key_for(self, verification_method: str) -> PublicKey:
        """Return the key with that absolute id, whatever it may be used for.

        Raises:
            NotAuthorised: `key_not_listed`, `malformed_key`, `unsupported_key`.
        """
        method = self.methods.get(verification_method)
        if method is None:
            raise NotAuthorised("key_not_listed")
        try:
            return PublicKey.from_multibase(method.public_multibase or "")
        except InvalidKey as refusal:
            code = refusal.code if method.public_multibase else "unsupported_key"
            raise NotAuthorised(code) from None

    def authorise(self, verification_method: str, now: datetime) -> None:
        """Return if the method may sign credentials for this DID.

        Raises:
            NotAuthorised: `key_not_listed`, `wrong_controller`, `not_assertion_method`,
                `key_revoked`.
        """
        method = self.methods.get(verification_method)
        if method is None:
            raise NotAuthorised("key_not_listed")
        if method.controller != self.id:
            raise NotAuthorised("wrong_controller")
        if verification_method not in self.assertion_methods:
            raise NotAuthorised("not_assertion_method")
        if method.revoked is not None and method.revoked <= now:
            raise NotAuthorised("key_revoked")


def document(did: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the DID document of `did`; `keys`: key id -> its public multibase."""
    methods = [
        {"id": f"{did}#{key_id}", "type": "Multikey", "controller": did, "publicKeyMultibase": key}
        for key_id, key in keys.items()
    ]
    return {
        "@context": list(CONTEXTS),
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def web_address(did: str) -> str:
    """Return the https address of the document of a did:web, e.g. `https://host/a/did.json`.

    Raises:
        InvalidDid: it is not a well-formed did:web.
    """
    match = _WEB.match(did) if len(did) <= MAX_CHARACTERS else None
    if match is None or int(match["port"] or 0) > 65535:
        raise InvalidDid("malformed_did")
    port = f":{int(match['port'])}" if match["port"] else ""
    path = match["path"].replace(":", "/") or "/.well-known"
    return f"https://{match['host'].lower()}{port}{path}/did.json"


def resolve(did: str, fetch: Fetch) -> DidDocument:
    """Return the document of a did:web (through `fetch`) or a did:key (from itself).

    Raises:
        DidUnavailable: it could not be fetched, or the method is another.
        InvalidDid: the DID or its document is malformed, or the document is of another DID.
    """
    if did.startswith("did:key:"):
        return read(document(did, {did.removeprefix("did:key:"): _did_key(did)}), did)
    if not did.startswith("did:web:"):
        raise DidUnavailable("unsupported_did_method")
    try:
        data = fetch(web_address(did))
    except FetchFailed as failure:
        raise DidUnavailable("did_unavailable", failure.code) from None
    try:
        return read(strict_json.loads(data), did)
    except strict_json.MalformedJson:
        raise InvalidDid("malformed_did_document") from None


def _did_key(did: str) -> str:
    public = did.removeprefix("did:key:")
    try:
        return PublicKey.from_multibase(public).multibase
    except InvalidKey as refusal:
        if refusal.code == "unsupported_key":
            raise DidUnavailable("unsupported_did_method") from None
        raise InvalidDid("malformed_did") from None


def read(data: Any, did: str) -> DidDocument:
    """Read the JSON form of the document that was found for `did`.

    Raises:
        InvalidDid: `malformed_did_document`, `another_did`.
    """
    if not isinstance(data, dict):
        raise InvalidDid("malformed_did_document")
    if data.get("id") != did:
        raise InvalidDid("another_did")
    methods = [_method(entry) for entry in _entries(data, "verificationMethod")]
    by_id = {method.id: method for method in methods}
    if len(by_id) != len(methods):
        raise InvalidDid("malformed_did_document")
    named = _entries(data, "assertionMethod")
    return DidDocument(did, by_id, frozenset(entry for entry in named if isinstance(entry, str)))


def _entries(data: Mapping[str, Any], name: str) -> list[Any]:
    entries = data.get(name, [])
    if not isinstance(entries, list):
        raise InvalidDid("malformed_did_document")
    return entries


def _method(entry: Any) -> Method:
    if not isinstance(entry, dict):
        raise InvalidDid("malformed_did_document")
    identifier, controller = entry.get("id"), entry.get("controller")
    if not isinstance(identifier, str) or not isinstance(controller, str):
        raise InvalidDid("malformed_did_document")
    key = entry.get("publicKeyMultibase")
    return Method(identifier, controller, key if isinstance(key, str) else None, _revoked(entry))


def _revoked(entry: Mapping[str, Any]) -> datetime | None:
    if "revoked" not in entry:
        return None
    value = entry["revoked"]
    try:
        return shape.instant(value if isinstance(value, str) else "")
    except shape.MalformedDate:
        raise InvalidDid("malformed_did_document") from None
