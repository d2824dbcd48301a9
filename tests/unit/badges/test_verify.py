"""Verification: named checks, never an exception."""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges import did, samples
from badges.fetch import FetchFailed
from badges.proofs import data_integrity
from badges.verify import CheckId, Outcome, Report, verify
from tests.factories import signing
from tests.factories.signing import (
    INDEX,
    KEY,
    LIST_URL,
    Document,
    Issued,
    changed,
    issue,
    method_of,
    minimal,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PASSED, FAILED, UNDECIDED = Outcome.PASSED, Outcome.FAILED, Outcome.UNDECIDED
ISSUED = issue(minimal(), NOW)
DID_ADDRESS = did.web_address(ISSUED.did)


def nowhere(url: str) -> bytes:
    raise FetchFailed("unreachable", url)


def told(report: Report) -> dict[str, tuple[str, str]]:
    return {check.id: (check.outcome, check.detail) for check in report.checks}


def of(case: Issued, now: datetime = NOW) -> dict[str, tuple[str, str]]:
    return told(verify(data_integrity.serialise(case.badge), case.fetch, now))


def test_a_good_badge_passes_every_check() -> None:
    report = verify(data_integrity.serialise(ISSUED.badge), ISSUED.fetch, NOW)
    assert told(report) == {
        "shape": ("passed", "well_formed"),
        "proof": ("passed", "signature_valid"),
        "issuer": ("passed", "key_of_issuer"),
        "dates": ("passed", "valid_now"),
        "status": ("passed", "not_withdrawn"),
    }
    assert report.outcome is PASSED
    assert report.check(CheckId.ISSUER).params == {"did": ISSUED.did}


def test_a_document_may_be_given_as_bytes_or_as_json_values() -> None:
    assert verify(ISSUED.badge, ISSUED.fetch, NOW).outcome is PASSED


def test_each_address_is_asked_for_once() -> None:
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return ISSUED.fetch(url)

    verify(ISSUED.badge, fetch, NOW)
    assert sorted(asked) == sorted([DID_ADDRESS, LIST_URL])


def test_a_badge_without_status_passes() -> None:
    badge = data_integrity.sign(minimal(credentialStatus=None), KEY, method_of(ISSUED.did), NOW)
    assert of(replace(ISSUED, badge=badge))["status"] == (PASSED, "no_status")


def test_an_issuer_that_is_its_own_key_needs_no_web() -> None:
    identifier = f"did:key:{KEY.public_multibase}"
    unsigned = minimal(credentialStatus=None, issuer={"id": identifier, "type": ["Profile"]})
    badge = data_integrity.sign(unsigned, KEY, method_of(identifier), NOW)
    assert verify(badge, nowhere, NOW).outcome is PASSED


@pytest.mark.parametrize(
    "members",
    [
        {"name": "Master"},
        {"validFrom": "2025-01-01T00:00:00Z"},
        {"type": ["VerifiableCredential", "AchievementCredential"], "name": "x"},
        {"credentialStatus": None},
    ],
)
def test_a_tampered_badge_fails_by_its_proof(members: Document) -> None:
    assert of(ISSUED.with_badge(**members))["proof"] == (FAILED, "signature_mismatch")


SUBJECT = minimal()["credentialSubject"]


@pytest.mark.parametrize(
    ("code", "path", "members"),
    [
        ("undefined_term", "colour", {"colour": "red"}),
        ("keyword", "@included", {"@included": []}),
        ("context_not_allowed", "@context", {"@context": ["https://www.w3.org/ns/credentials/v2"]}),
        ("control_character", "name", {"name": "\x00"}),
        ("lone_surrogate", "name", {"name": "\ud800"}),
        ("empty_value", "evidence", {"evidence": []}),
        ("object_expected", "issuer", {"issuer": ISSUED.did}),
        ("type_expected", "type", {"type": ["VerifiableCredential"]}),
        ("missing", "credentialSubject", {"credentialSubject": None}),
        (
            "missing",
            "credentialSubject.achievement",
            {"credentialSubject": {"type": ["AchievementSubject"]}},
        ),
        ("object_expected", "credentialSubject", {"credentialSubject": [SUBJECT, SUBJECT]}),
        ("ambiguous_id", "id", {"evidence": [{"id": minimal()["id"], "type": ["Evidence"]}]}),
    ],
)
def test_a_document_that_is_no_open_badge_fails_by_its_shape(
    code: str, path: str, members: Document
) -> None:
    report = verify(ISSUED.with_badge(**members).badge, ISSUED.fetch, NOW)
    shape = report.checks[0]
    assert (shape.outcome, shape.detail, shape.params) == (FAILED, code, {"path": path})
    assert {check.detail for check in report.checks[1:]} == {"not_checked"}


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("not_json", b""),
        ("not_json", b"\x89PNG"),
        ("not_json", b"\xff\xfe{\x00}\x00"),
        ("not_json", b"\xef\xbb\xbf{}"),
        ("not_an_object", b"[]"),
        ("not_an_object", b"7"),
        ("context_not_allowed", b"{}"),
        ("duplicate_key", b'{"a": {"b": 1, "b": 1}}'),
        ("duplicate_key", b'{"a": 1, "\\u0061": 2}'),
        ("inexact_number", b'{"a": NaN}'),
        ("inexact_number", b'{"a": -Infinity}'),
        ("inexact_number", b'{"a": 9007199254740992}'),
        ("inexact_number", b'{"a": ' + b"9" * 100_000 + b"}"),
        ("too_deep", b'{"a": ' * 65 + b"1" + b"}" * 65),
        ("too_deep", b"[" * 100_000),
        ("too_deep", b'{"a":' * 100_000),
        ("too_large", b" " * (2**20 + 1)),
    ],
)
def test_bytes_that_are_no_credential_fail_by_their_shape(code: str, data: bytes) -> None:
    assert told(verify(data, nowhere, NOW))["shape"] == (FAILED, code)


@pytest.mark.parametrize("document", [{"a": {1, 2}}, {"a": float("nan")}, {(1, 2): 3}])
def test_values_that_are_no_json_fail_by_their_shape(document: Any) -> None:
    assert verify(document, nowhere, NOW).outcome is FAILED


def test_a_document_within_itself_fails_by_its_shape() -> None:
    document: Document = {}
    document["a"] = document
    assert told(verify(document, nowhere, NOW))["shape"] == (FAILED, "not_json")


def test_a_badge_as_jwt_is_undecided() -> None:
    report = verify(b"eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln\n", nowhere, NOW)
    assert set(told(report).values()) == {(UNDECIDED, "unsupported_format")}


def test_single_values_in_place_of_arrays_are_read() -> None:
    """Others sign them, and JSON-LD means the same by both."""
    plain = {**SUBJECT, "type": "AchievementSubject"}
    case = ISSUED.with_badge(credentialSubject=plain, proof=ISSUED.badge["proof"][0])
    assert verify(case.badge, case.fetch, NOW).outcome is PASSED


@pytest.mark.parametrize(
    ("now", "members", "expected"),
    [
        ("2025-12-31T23:59:59Z", {}, (FAILED, "not_yet_valid")),
        ("2026-01-01T00:00:00Z", {}, (PASSED, "valid_now")),
        (
            "2026-07-01T00:59:59Z",
            {"validUntil": "2026-07-01T03:00:00+02:00"},
            (PASSED, "valid_until"),
        ),
        ("2026-07-01T01:00:00Z", {"validUntil": "2026-07-01T03:00:00+02:00"}, (FAILED, "expired")),
    ],
)
def test_a_badge_is_valid_from_its_start_until_its_end(
    now: str, members: Document, expected: tuple[str, str]
) -> None:
    unsigned = minimal(**members)
    case = replace(ISSUED, badge=data_integrity.sign(unsigned, KEY, method_of(ISSUED.did), NOW))
    assert of(case, datetime.fromisoformat(now))["dates"] == expected


def test_a_proof_that_has_expired_fails_by_its_dates() -> None:
    proof = ISSUED.badge["proof"][0] | {"expires": "2026-06-01T12:00:00Z"}
    report = of(ISSUED.with_badge(proof=[proof]))
    assert report["dates"] == (FAILED, "proof_expired")
    assert report["proof"] == (FAILED, "signature_mismatch")


def test_a_revoked_badge_fails_by_its_status_alone() -> None:
    report = of(issue(minimal(), NOW, revoked=True))
    assert report.pop("status") == (FAILED, "revoked")
    assert {outcome for outcome, _ in report.values()} == {PASSED}


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [("suspension", (FAILED, "suspended")), ("message", (UNDECIDED, "unsupported_status"))],
)
def test_what_a_set_bit_means_depends_on_its_purpose(
    purpose: str, expected: tuple[str, str]
) -> None:
    statuses = signing.StatusList()
    statuses.set(INDEX)
    list_credential = signing.status_list.credential(
        LIST_URL, ISSUED.did, statuses, NOW, purpose=purpose
    )
    entry = signing.status_list.entry(LIST_URL, INDEX, purpose)
    method = method_of(ISSUED.did)
    badge = data_integrity.sign(minimal(credentialStatus=entry), KEY, method, NOW)
    signed_list = data_integrity.sign(list_credential, KEY, method, NOW)
    assert of(Issued(badge, {**ISSUED.web, LIST_URL: signed_list}))["status"] == expected


def test_a_tampered_list_fails_by_the_status() -> None:
    case = ISSUED.serving(LIST_URL, validFrom="2020-01-01T00:00:00Z")
    assert of(case)["status"] == (FAILED, "status_list_forged")


def test_without_the_list_the_status_is_undecided() -> None:
    case = replace(ISSUED, web={DID_ADDRESS: ISSUED.web[DID_ADDRESS]})
    report = verify(case.badge, case.fetch, NOW)
    assert told(report)["status"] == (UNDECIDED, "status_list_unavailable")
    assert report.outcome is UNDECIDED


def test_without_the_key_proof_issuer_and_status_are_undecided() -> None:
    report = of(replace(ISSUED, web={LIST_URL: ISSUED.web[LIST_URL]}))
    assert report["issuer"] == (UNDECIDED, "did_unavailable")
    assert report["proof"] == (UNDECIDED, "key_unavailable")
    assert report["status"] == (UNDECIDED, "status_list_unverifiable")


ENTRY = ISSUED.web[DID_ADDRESS]["verificationMethod"][0]


@pytest.mark.parametrize(
    ("members", "issuer", "proof"),
    [
        ({"id": "did:web:b.example"}, (FAILED, "another_did"), (UNDECIDED, "key_unavailable")),
        (
            {"verificationMethod": [ENTRY | {"controller": "did:web:b.example"}]},
            (FAILED, "wrong_controller"),
            (PASSED, "signature_valid"),
        ),
        ({"assertionMethod": []}, (FAILED, "not_assertion_method"), (PASSED, "signature_valid")),
        ({"verificationMethod": []}, (FAILED, "key_not_listed"), (UNDECIDED, "key_not_listed")),
        (
            {"verificationMethod": [ENTRY | {"revoked": "2026-01-01T00:00:00Z"}]},
            (FAILED, "key_revoked"),
            (PASSED, "signature_valid"),
        ),
    ],
)
def test_a_key_that_is_not_the_issuers_fails(
    members: Document, issuer: tuple[str, str], proof: tuple[str, str]
) -> None:
    report = of(ISSUED.serving(DID_ADDRESS, **members))
    assert (report["issuer"], report["proof"]) == (issuer, proof)


def test_a_badge_signed_by_somebody_else_fails() -> None:
    """The proof is good in itself, and names a key of another DID."""
    other = issue(minimal(issuer={"id": "did:web:other.example", "type": ["Profile"]}), NOW)
    forged = other.with_badge(issuer=minimal()["issuer"])
    case = replace(forged, web={**other.web, **ISSUED.web})
    assert of(case)["issuer"] == (FAILED, "another_issuer")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"cryptosuite": "ecdsa-sd-2023"}, (UNDECIDED, "unsupported_cryptosuite")),
        ({"type": "Ed25519Signature2020"}, (UNDECIDED, "unsupported_proof")),
        ({"proofPurpose": "authentication"}, (FAILED, "wrong_purpose")),
        ({"colour": "red"}, (FAILED, "undefined_term")),
    ],
)
def test_another_kind_of_proof_is_undecided_and_a_wrong_one_fails(
    members: Document, expected: tuple[str, str]
) -> None:
    proof = ISSUED.badge["proof"][0] | members
    assert of(ISSUED.with_badge(proof=[proof]))["proof"] == expected


def test_a_badge_without_proof_fails() -> None:
    assert of(ISSUED.with_badge(proof=None))["proof"] == (FAILED, "one_proof_expected")


REAL = issue(signing.built(samples.welding(), NOW), NOW)
REAL_BYTES = data_integrity.serialise(REAL.badge)


@given(st.integers(0, len(REAL_BYTES) - 1), st.integers(0, 255))
def test_no_byte_of_a_badge_can_be_changed(at: int, byte: int) -> None:
    data = bytearray(REAL_BYTES)
    data[at] = byte
    report = verify(bytes(data), REAL.fetch, NOW)
    try:
        is_the_same = json.loads(bytes(data)) == REAL.badge
    except ValueError:
        is_the_same = False
    assert (report.outcome is PASSED) is is_the_same


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["Achievement", "Profile", "id", "did:web:a.example", "@id", LIST_URL]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from([*minimal(), *SUBJECT, "proof", "@id", "type"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*minimal(), "proof", "evidence"]), json_values))
def test_arbitrary_members_never_raise_and_never_pass(members: Document) -> None:
    document = {**REAL.badge, **members}
    report = verify(json.dumps(document).encode(), REAL.fetch, NOW)
    assert len(report.checks) == 5
    if document != REAL.badge:
        assert report.outcome is not PASSED


@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise_and_never_pass(data: bytes) -> None:
    assert verify(data, nowhere, NOW).outcome is FAILED


@given(json_values)
def test_arbitrary_answers_of_the_web_never_raise_and_never_pass(answer: Any) -> None:
    def fetch(_url: str) -> bytes:
        return json.dumps(answer).encode()

    assert verify(ISSUED.badge, fetch, NOW).outcome is not PASSED


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else ()
    below = enumerate(value) if isinstance(value, list) else below
    return [path, *(p for key, item in below for p in paths(item, (*path, key)))]


@given(st.sampled_from(paths(REAL.badge)[1:]), json_values)
def test_an_arbitrary_value_anywhere_never_raises_and_never_passes(
    path: tuple[Any, ...], value: Any
) -> None:
    document: Any = copy.deepcopy(REAL.badge)
    place = document
    for step in path[:-1]:
        place = place[step]
    before, place[path[-1]] = place[path[-1]], value
    report = verify(document, REAL.fetch, NOW)
    if before != value and [before] != value:
        assert report.outcome is not PASSED


def test_a_profile_within_profiles_without_end_never_raises() -> None:
    profile: Document = {"id": "did:web:a.example", "type": ["Profile"]}
    for _ in range(400):
        profile = {**profile, "parentOrg": profile}
    document = changed(minimal(), {}) | {"issuer": profile}
    assert told(verify(document, nowhere, NOW))["shape"] == (FAILED, "too_deep")
