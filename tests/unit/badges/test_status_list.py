"""Status lists: bits in, bits out, hostile lists refused."""

import gzip
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges import multibase, status_list
from badges.proofs import data_integrity
from badges.status_list import (
    ListFull,
    MalformedStatus,
    StatusList,
    StatusUnavailable,
    random_free_index,
)
from tests.factories.signing import INDEX, KEY, LIST_URL, Issued, issue, method_of, minimal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
INDEXES = st.integers(0, status_list.MIN_BITS - 1)


@given(st.sets(INDEXES, max_size=50), INDEXES)
def test_bits_survive_publication(revoked: set[int], other: int) -> None:
    statuses = StatusList()
    for index in revoked:
        statuses.set(index)
    read = StatusList.decode(statuses.encode())
    assert all(read.is_set(index) for index in revoked)
    assert read.is_set(other) is (other in revoked)
    assert len(read) == status_list.MIN_BITS


def test_index_0_is_the_leftmost_bit() -> None:
    statuses = StatusList()
    statuses.set(0)
    statuses.set(9)
    assert bytes(statuses.bits[:2]) == b"\x80\x40"
    statuses.clear(0)
    assert bytes(statuses.bits[:2]) == b"\x00\x40"


def test_equal_bits_are_published_as_equal_text() -> None:
    assert StatusList().encode() == StatusList(bytes(status_list.MIN_BITS // 8)).encode()


@pytest.mark.parametrize("index", [-1, status_list.MIN_BITS])
def test_an_index_outside_the_list_is_refused(index: int) -> None:
    for use in (StatusList().set, StatusList().is_set):
        with pytest.raises(MalformedStatus, match="index_out_of_range"):
            use(index)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z111",
        "u!!!!",
        multibase.encode_base64url(b"not gzip"),
        multibase.encode_base64url(zlib.compress(bytes(20_000))),
        multibase.encode_base64url(gzip.compress(bytes(16_383))),
        multibase.encode_base64url(gzip.compress(bytes(20_000))[:-4]),
        multibase.encode_base64url(gzip.compress(bytes(status_list.MAX_BYTES + 1))),
    ],
)
def test_text_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(MalformedStatus, match="malformed_list"):
        StatusList.decode(text)


def test_a_random_index_is_free_and_the_last_one_is_found() -> None:
    assert random_free_index({0, 1, 2, 4}, size=5) == 3
    assert len({random_free_index(set()) for _ in range(20)}) > 10
    with pytest.raises(ListFull):
        random_free_index(range(5), size=5)


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue(minimal(), NOW)


def check(case: Issued, now: datetime = NOW, **entry: Any) -> status_list.Status:
    pointer = case.badge["credentialStatus"] | entry
    return status_list.check(pointer, case.did, case.fetch, now)


def resigned(case: Issued, **members: Any) -> Issued:
    """The same with another list that the issuer signed."""
    plain = {k: v for k, v in case.web[LIST_URL].items() if k != "proof"} | members
    signed = data_integrity.sign(plain, KEY, method_of(case.did), NOW)
    return replace(case, web={**case.web, LIST_URL: signed})


def test_a_revoked_credential_is_seen(issued: Issued) -> None:
    assert check(issued) == status_list.Status("revocation", is_set=False)
    assert check(issue(minimal(), NOW, revoked=True)).is_set is True
    assert (
        check(issue(minimal(), NOW, revoked=True), statusListIndex=str(INDEX + 1)).is_set is False
    )


def test_the_list_is_built_as_verifiers_demand(issued: Issued) -> None:
    document = issued.web[LIST_URL]
    assert document["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert document["issuer"] == issued.did
    assert document["credentialSubject"]["statusPurpose"] == "revocation"
    entry = status_list.entry(LIST_URL, 7)
    assert entry["statusListIndex"] == "7"
    assert entry["id"] != LIST_URL


def test_an_end_of_validity_is_published_and_kept(issued: Issued) -> None:
    end = NOW + timedelta(days=1)
    document = status_list.credential(LIST_URL, issued.did, StatusList(), NOW, valid_until=end)
    case = resigned(issued, validUntil=document["validUntil"])
    assert check(case).is_set is False
    with pytest.raises(StatusUnavailable, match="status_list_outdated"):
        check(case, now=end)


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("unsupported_status", {"type": "StatusList2021Entry"}),
        ("unsupported_status", {"statusSize": 2}),
        ("status_list_unavailable", {"statusListCredential": "https://badges.example/status/9"}),
    ],
)
def test_a_status_that_is_not_to_be_had_is_undecided(
    issued: Issued, code: str, entry: dict[str, Any]
) -> None:
    with pytest.raises(StatusUnavailable) as gap:
        check(issued, **entry)
    assert gap.value.code == code


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("malformed_entry", {"statusListIndex": 7}),
        ("malformed_entry", {"statusListIndex": "-7"}),
        ("malformed_entry", {"statusListIndex": "٧"}),
        ("malformed_entry", {"statusListIndex": "9" * 40}),
        ("malformed_entry", {"statusListCredential": None}),
        ("malformed_entry", {"statusPurpose": ["revocation"]}),
        ("index_out_of_range", {"statusListIndex": "131072"}),
        ("another_purpose", {"statusPurpose": "suspension"}),
    ],
)
def test_a_malformed_entry_is_refused(issued: Issued, code: str, entry: dict[str, Any]) -> None:
    with pytest.raises(MalformedStatus) as flaw:
        check(issued, **entry)
    assert flaw.value.code == code


@pytest.mark.parametrize(
    ("code", "detail", "members"),
    [
        ("status_list_forged", "signature_mismatch", {"validFrom": "2026-01-01T00:00:00Z"}),
        ("status_list_forged", "one_proof_expected", {"proof": None}),
        ("status_list_forged", "undefined_term", {"colour": "red"}),
        ("another_list", "", {"id": "https://badges.example/status/2"}),
        ("another_issuer", "", {"issuer": "did:web:other.example"}),
        ("malformed_list", "", {"type": ["VerifiableCredential"]}),
        ("malformed_list", "", {"credentialSubject": [1]}),
        ("malformed_list", "", {"@context": ["https://example.org/"]}),
    ],
)
def test_a_list_that_is_not_what_the_issuer_signed_is_refused(
    issued: Issued, code: str, detail: str, members: dict[str, Any]
) -> None:
    with pytest.raises(MalformedStatus) as flaw:
        check(issued.serving(LIST_URL, **members))
    assert (flaw.value.code, flaw.value.detail) == (code, detail)


def test_a_list_signed_by_somebody_else_is_refused(issued: Issued) -> None:
    other = {"id": "did:web:other.example", "type": ["Profile"]}
    foreign = issue(minimal(issuer=other), NOW)
    case = replace(issued, web={**foreign.web, **issued.web, LIST_URL: foreign.web[LIST_URL]})
    with pytest.raises(MalformedStatus, match="another_issuer"):
        check(case)
    disguised = case.serving(LIST_URL, issuer=issued.did)
    with pytest.raises(MalformedStatus, match="another_issuer"):
        check(disguised)


def test_a_list_that_is_not_yet_valid_is_refused(issued: Issued) -> None:
    with pytest.raises(MalformedStatus, match="status_list_not_current"):
        check(resigned(issued, validFrom="2026-06-01T12:00:01Z"))


def test_without_the_key_the_list_decides_nothing(issued: Issued) -> None:
    case = replace(issued, web={LIST_URL: issued.web[LIST_URL]})
    with pytest.raises(StatusUnavailable, match="status_list_unverifiable"):
        check(case)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"eyJ.a.b", b'{"id": 1, "id": 2}'])
def test_bytes_that_are_no_list_are_refused(issued: Issued, data: bytes) -> None:
    def fetch(url: str) -> bytes:
        return data if url == LIST_URL else issued.fetch(url)

    with pytest.raises(MalformedStatus, match="malformed_list"):
        status_list.check(issued.badge["credentialStatus"], issued.did, fetch, NOW)
