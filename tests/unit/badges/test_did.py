"""DID documents: ours as verifiers need them, others' as they come."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges import did
from badges.did import DidUnavailable, InvalidDid, NotAuthorised
from badges.fetch import FetchFailed
from badges.issuer import did_for
from badges.keys import SigningKey
from tests.factories.signing import KEY

DID = "did:web:badges.example:issuers:a"
KEY_ID = KEY.public_multibase
METHOD = f"{DID}#{KEY_ID}"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def serving(document: object) -> Callable[[str], bytes]:
    return lambda _url: json.dumps(document).encode()


def nowhere(url: str) -> bytes:
    raise FetchFailed("unreachable", url)


def document(**members: Any) -> dict[str, Any]:
    return did.document(DID, {KEY_ID: KEY_ID}) | members


def test_the_document_has_absolute_ids_and_names_its_keys_as_strings() -> None:
    assert document() == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": DID,
        "verificationMethod": [
            {"id": METHOD, "type": "Multikey", "controller": DID, "publicKeyMultibase": KEY_ID}
        ],
        "assertionMethod": [METHOD],
    }


def test_keys_that_came_before_stay_listed() -> None:
    old = SigningKey.from_seed(bytes(32)).public_multibase
    both = did.document(DID, {old: old, KEY_ID: KEY_ID})
    resolved = did.resolve(DID, serving(both))
    for key in (old, KEY_ID):
        resolved.authorise(f"{DID}#{key}", NOW)
        assert resolved.key_for(f"{DID}#{key}").multibase == key


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:example.com%3A8443", "https://example.com:8443/.well-known/did.json"),
        ("did:web:EXAMPLE.com:a:b", "https://example.com/a/b/did.json"),
        ("did:web:localhost%3a8000:issuers:a", "https://localhost:8000/issuers/a/did.json"),
        ("did:web:example.com:caf%C3%A9", "https://example.com/caf%C3%A9/did.json"),
        (
            "did:web:127.0.0.1%3A8000:issuers:a:test",
            "https://127.0.0.1:8000/issuers/a/test/did.json",
        ),
    ],
)
def test_a_did_web_has_one_address(identifier: str, address: str) -> None:
    assert did.web_address(identifier) == address


def test_the_address_is_where_the_issuer_is_published() -> None:
    identifier = did_for("https://badges.example:8443", "dnipro-lyceum", test=True)
    expected = "https://badges.example:8443/issuers/dnipro-lyceum/test/did.json"
    assert did.web_address(identifier) == expected


@pytest.mark.parametrize(
    "identifier",
    [
        "did:web:",
        "did:web:example.com:",
        "did:web:example.com::a",
        "did:web:example.com/a",
        "did:web:example.com#key",
        "did:web:example.com?x=1",
        "did:web:user@example.com",
        "did:web:user%40example.com",
        "did:web:example.com:..:admin",
        "did:web:example.com:a%2F..%2Fb",
        "did:web:example.com:a%5Cb",
        "did:web:example.com%3A99999",
        "did:web:example.com%3A",
        "did:web:-example.com",
        "did:web:ex ample.com",
        "did:web:example.com\n",
        "did:web:example.com:a%0Ab",
        "did:web:" + "a" * 3000,
        "did:key:z6Mk",
    ],
)
def test_a_malformed_did_web_has_no_address(identifier: str) -> None:
    with pytest.raises(InvalidDid):
        did.web_address(identifier)


@given(st.text())
def test_no_did_leads_off_its_host(text: str) -> None:
    try:
        address = did.web_address(f"did:web:example.com:{text}")
    except InvalidDid:
        return
    assert address.startswith("https://example.com/")
    assert not {"..", "."} & set(address.removeprefix("https://").split("/"))


def test_a_did_key_is_its_own_document() -> None:
    identifier = f"did:key:{KEY_ID}"
    resolved = did.resolve(identifier, nowhere)
    resolved.authorise(f"{identifier}#{KEY_ID}", NOW)
    assert resolved.key_for(f"{identifier}#{KEY_ID}") == KEY.public


@pytest.mark.parametrize(
    ("error", "code", "identifier"),
    [
        (InvalidDid, "malformed_did", "did:key:z6Mk0"),
        (
            DidUnavailable,
            "unsupported_did_method",
            "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
        ),
        (DidUnavailable, "unsupported_did_method", "did:ion:abc"),
        (DidUnavailable, "unsupported_did_method", "https://example.com/issuer"),
        (InvalidDid, "malformed_did", "did:web:example.com:.."),
        (DidUnavailable, "did_unavailable", DID),
    ],
)
def test_what_cannot_be_resolved_has_a_code(
    error: type[did.BadgeError], code: str, identifier: str
) -> None:
    with pytest.raises(error) as refusal:
        did.resolve(identifier, nowhere)
    assert refusal.value.code == code


METHOD_ENTRY = document()["verificationMethod"][0]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("malformed_did_document", []),
        ("malformed_did_document", "did"),
        ("another_did", {}),
        ("another_did", document(id="did:web:other.example")),
        ("malformed_did_document", document(verificationMethod={})),
        ("malformed_did_document", document(verificationMethod=["x"])),
        ("malformed_did_document", document(verificationMethod=[{"id": METHOD}])),
        ("malformed_did_document", document(verificationMethod=[METHOD_ENTRY, METHOD_ENTRY])),
        ("malformed_did_document", document(verificationMethod=[METHOD_ENTRY | {"revoked": 1}])),
        ("malformed_did_document", document(assertionMethod=METHOD)),
    ],
)
def test_a_malformed_document_is_refused(code: str, found: object) -> None:
    with pytest.raises(InvalidDid) as refusal:
        did.resolve(DID, serving(found))
    assert refusal.value.code == code


def test_bytes_that_are_no_json_are_refused() -> None:
    with pytest.raises(InvalidDid, match="malformed_did_document"):
        did.resolve(DID, lambda _url: b'{"id": "a", "id": "b"}')


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("key_not_listed", {"verificationMethod": []}),
        ("key_not_listed", {"verificationMethod": [METHOD_ENTRY | {"id": f"#{KEY_ID}"}]}),
        (
            "wrong_controller",
            {"verificationMethod": [METHOD_ENTRY | {"controller": "did:web:b.example"}]},
        ),
        ("not_assertion_method", {"assertionMethod": []}),
        ("not_assertion_method", {"assertionMethod": [f"#{KEY_ID}"]}),
        ("not_assertion_method", {"assertionMethod": [METHOD_ENTRY]}),
        (
            "key_revoked",
            {"verificationMethod": [METHOD_ENTRY | {"revoked": "2026-06-01T00:00:00Z"}]},
        ),
    ],
)
def test_a_key_that_may_not_sign_for_the_issuer_is_refused(code: str, members: Any) -> None:
    with pytest.raises(NotAuthorised) as refusal:
        did.resolve(DID, serving(document(**members))).authorise(METHOD, NOW)
    assert refusal.value.code == code


def test_a_key_revoked_later_may_still_sign() -> None:
    entry = METHOD_ENTRY | {"revoked": "2026-06-01T00:00:01Z"}
    did.resolve(DID, serving(document(verificationMethod=[entry]))).authorise(METHOD, NOW)


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("unsupported_key", {"publicKeyMultibase": None, "publicKeyJwk": {"kty": "OKP"}}),
        (
            "unsupported_key",
            {"publicKeyMultibase": "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"},
        ),
        ("malformed_key", {"publicKeyMultibase": "z6Mk0"}),
    ],
)
def test_a_key_in_another_form_is_not_read(code: str, key: Any) -> None:
    resolved = did.resolve(DID, serving(document(verificationMethod=[METHOD_ENTRY | key])))
    with pytest.raises(NotAuthorised) as refusal:
        resolved.key_for(METHOD)
    assert refusal.value.code == code
