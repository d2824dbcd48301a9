"""Data Integrity proofs: what is signed verifies, what is changed does not."""

import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from badges import jsonld, multibase, samples
from badges.contexts import CREDENTIALS_V2
from badges.keys import InvalidKey, PublicKey, SigningKey
from badges.proofs import data_integrity
from badges.proofs.data_integrity import InvalidProof, Unsignable, UnsupportedProof
from badges.statements import UnsafeDocument
from tests.factories import signing
from tests.factories.signing import KEY, Document, changed, method_of, minimal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ISSUER = "did:web:badges.example:issuers:a"
METHOD = method_of(ISSUER)

# W3C Data Integrity EdDSA Cryptosuites 1.0, appendix B.1
VECTOR_PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
VECTOR_SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
VECTOR_OPTIONS_HASH = "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0"
VECTOR_DOCUMENT_HASH = "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017"
VECTOR_PROOF_VALUE = (
    "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
)


def sign(document: Document) -> Document:
    return data_integrity.sign(document, KEY, METHOD, NOW)


def check(signed: Document, key: PublicKey = KEY.public) -> None:
    data_integrity.check_signature(signed, data_integrity.read_proof(signed), key)


def test_the_w3c_key_pair_is_read_and_written() -> None:
    secret = multibase.decode_base58(VECTOR_SECRET)
    key = SigningKey.from_seed(secret.removeprefix(b"\x80\x26"))
    assert key.public_multibase == VECTOR_PUBLIC
    assert VECTOR_SECRET not in repr(key)


def test_the_w3c_proof_options_hash_to_the_published_value() -> None:
    options = {
        "@context": [CREDENTIALS_V2],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"did:key:{VECTOR_PUBLIC}#{VECTOR_PUBLIC}",
        "proofPurpose": "assertionMethod",
    }
    text = jsonld.canonical(options)
    assert hashlib.sha256(text.encode()).hexdigest() == VECTOR_OPTIONS_HASH


def test_the_w3c_signature_is_made_and_accepted() -> None:
    message = bytes.fromhex(VECTOR_OPTIONS_HASH + VECTOR_DOCUMENT_HASH)
    signature = multibase.decode_base58(VECTOR_PROOF_VALUE)
    assert PublicKey.from_multibase(VECTOR_PUBLIC).is_valid(signature, message)
    seed = multibase.decode_base58(VECTOR_SECRET).removeprefix(b"\x80\x26")
    assert SigningKey.from_seed(seed).sign(message) == signature


def test_the_proof_is_an_array_of_one_that_names_the_issuers_key() -> None:
    signed = sign(minimal())
    assert {**signed["proof"][0], "proofValue": ""} == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-06-01T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "proofValue": "",
    }
    assert len(signed["proof"]) == 1


def test_signing_leaves_the_document_alone_and_is_deterministic() -> None:
    document = minimal()
    before = copy.deepcopy(document)
    assert sign(document) == sign(document)
    assert document == before


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: str(mc.code))
def test_every_sample_can_be_signed_and_read_back_from_its_bytes(mc: Any) -> None:
    issued = signing.issue(signing.built(mc, NOW), NOW)
    check(json.loads(data_integrity.serialise(issued.badge)))


def test_another_key_does_not_verify() -> None:
    with pytest.raises(InvalidProof, match="signature_mismatch"):
        check(sign(minimal()), SigningKey.generate().public)


safe_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(safe_text, safe_text)
def test_any_text_survives_signing_and_writing(name: str, tag: str) -> None:
    document = minimal(name=name)
    document["credentialSubject"]["achievement"]["tag"] = [tag, "{braces}"]
    try:
        signed = sign(document)
    except Unsignable as refusal:
        assume(refusal.code != "ambiguous_order")
        raise
    data = data_integrity.serialise(signed)
    assert json.loads(data) == signed
    check(json.loads(data))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, item in enumerate(value) for leaf in leaves(item, (*path, key))]
    return [(path, value)]


SIGNED = sign(signing.built(samples.welding(), NOW) | {"issuer": minimal()["issuer"]})
LEAVES = leaves(SIGNED)


def set_leaf(document: Document, path: tuple[Any, ...], value: Any) -> Document:
    copied: Any = copy.deepcopy(document)
    place = copied
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    result: Document = copied
    return result


@given(st.sampled_from(LEAVES), st.data())
def test_a_change_of_any_single_character_is_noticed(
    leaf: tuple[tuple[Any, ...], Any], data: st.DataObject
) -> None:
    path, value = leaf
    if isinstance(value, str) and value:
        at = data.draw(st.integers(0, len(value) - 1))
        character = data.draw(st.characters(codec="utf-8"))
        assume(character != value[at])
        changed_value: Any = value[:at] + character + value[at + 1 :]
    else:
        changed_value = not value if isinstance(value, bool) else value + 1
    with pytest.raises((InvalidProof, UnsafeDocument, UnsupportedProof)):
        check(set_leaf(SIGNED, path, changed_value))


@given(st.sampled_from(LEAVES))
def test_taking_any_value_away_is_noticed(leaf: tuple[tuple[Any, ...], Any]) -> None:
    copied: Any = copy.deepcopy(SIGNED)
    place = copied
    for step in leaf[0][:-1]:
        place = place[step]
    del place[leaf[0][-1]]
    with pytest.raises((InvalidProof, UnsafeDocument, UnsupportedProof)):
        check(copied)


SUBJECT = minimal()["credentialSubject"]


@pytest.mark.parametrize(
    ("code", "path", "document"),
    [
        ("already_signed", "proof", minimal(proof=[{"type": "DataIntegrityProof"}])),
        ("undefined_term", "colour", minimal(colour="red")),
        ("control_character", "name", minimal(name="a\x0cb")),
        ("type_expected", "type", minimal(type=["VerifiableCredential"])),
        ("missing", "validFrom", minimal(validFrom=None)),
        ("missing", "id", minimal(id=None)),
        ("datetime_expected", "validFrom", minimal(validFrom="2026-01-01")),
        ("datetime_expected", "validUntil", minimal(validUntil="2026-02-30T00:00:00Z")),
        ("object_expected", "issuer", minimal(issuer=ISSUER)),
        ("text_expected", "name", minimal(name=["two", "names"])),
        ("array_expected", "issuer.type", minimal(issuer={"id": ISSUER, "type": "Profile"})),
        (
            "wrong_verification_method",
            "issuer",
            minimal(issuer={"id": "did:web:other.example", "type": ["Profile"]}),
        ),
        ("ambiguous_id", "id", minimal(credentialSubject={**SUBJECT, "id": minimal()["id"]})),
    ],
)
def test_what_our_own_checks_refuse_is_not_signed(code: str, path: str, document: Document) -> None:
    with pytest.raises(Unsignable) as refusal:
        sign(document)
    assert (refusal.value.code, refusal.value.detail) == (code, path)


def test_a_badge_with_the_context_of_a_list_is_not_signed() -> None:
    document = {
        "@context": [CREDENTIALS_V2],
        "id": "urn:x:1",
        "type": ["VerifiableCredential"],
        "issuer": ISSUER,
    }
    with pytest.raises(Unsignable, match="context_not_allowed"):
        sign(document)


@pytest.mark.parametrize(
    ("error", "code", "members"),
    [
        (InvalidProof, "wrong_purpose", {"proofPurpose": "authentication"}),
        (InvalidProof, "malformed_proof_value", {"proofValue": "u" + "A" * 86}),
        (InvalidProof, "malformed_proof_value", {"proofValue": "z111"}),
        (InvalidProof, "malformed_proof_value", {"proofValue": ["z1"]}),
        (InvalidProof, "malformed_proof_value", {"proofValue": "z" + "2" * 4000}),
        (InvalidProof, "malformed_verification_method", {"verificationMethod": ISSUER}),
        (InvalidProof, "malformed_verification_method", {"verificationMethod": {"id": METHOD}}),
        (InvalidProof, "malformed_date", {"created": "yesterday"}),
        (InvalidProof, "malformed_date", {"expires": 7}),
        (UnsupportedProof, "unsupported_proof", {"type": "Ed25519Signature2020"}),
        (UnsupportedProof, "unsupported_cryptosuite", {"cryptosuite": "ecdsa-sd-2023"}),
        (
            UnsupportedProof,
            "unsupported_did_method",
            {"verificationMethod": "https://a.example/#k"},
        ),
    ],
)
def test_a_proof_of_another_kind_or_form_has_its_code(
    error: type[Exception], code: str, members: Document
) -> None:
    signed = sign(minimal())
    with pytest.raises(error, match=code):
        data_integrity.read_proof(changed(signed, {"proof": [{**signed["proof"][0], **members}]}))


@pytest.mark.parametrize("proof", [None, [], [1], "x", [{}, {}]])
def test_one_proof_is_expected(proof: object) -> None:
    with pytest.raises((InvalidProof, UnsupportedProof)):
        data_integrity.read_proof({**minimal(), "proof": proof})


def test_an_unsigned_member_of_the_proof_is_refused() -> None:
    signed = sign(minimal())
    for name in ("colour", "@context", "@type"):
        proof = {**signed["proof"][0], name: "red"}
        with pytest.raises(UnsafeDocument):
            check({**signed, "proof": [proof]})


def test_what_is_written_is_ascii_and_has_no_brace_inside_a_string() -> None:
    document = {"a": 'Zoë "{x}" \\{', "b{": [1, {"c": "}"}], "d": "😀"}
    data = data_integrity.serialise(document)
    assert data == (
        b'{"a":"Zo\\u00eb \\"\\u007bx\\u007d\\" \\\\\\u007b",'
        b'"b\\u007b":[1,{"c":"\\u007d"}],"d":"\\ud83d\\ude00"}'
    )
    assert json.loads(data) == document


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed_key"),
        ("z6Mk0", "malformed_key"),
        ("z" + "6" * 5000, "malformed_key"),
        (multibase.encode_base58(b"\xed\x01" + bytes(31)), "malformed_key"),
        (multibase.encode_base58(b"\x80\x24" + bytes(33)), "unsupported_key"),
    ],
)
def test_other_keys_are_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidKey) as refusal:
        PublicKey.from_multibase(text)
    assert refusal.value.code == code


def test_a_seed_of_another_length_is_no_key() -> None:
    with pytest.raises(InvalidKey):
        SigningKey.from_seed(bytes(31))


@given(st.binary(max_size=80))
def test_multibase_round_trips(data: bytes) -> None:
    assert multibase.decode_base58(multibase.encode_base58(data)) == data
    assert multibase.decode_base64url(multibase.encode_base64url(data)) == data


@pytest.mark.parametrize("text", ["", "zAA", "uAA==", "uA/", "uA+", "u\u00e9", "uA"])
def test_other_base64url_is_refused(text: str) -> None:
    with pytest.raises(multibase.InvalidMultibase):
        multibase.decode_base64url(text)
