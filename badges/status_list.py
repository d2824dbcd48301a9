"""Bitstring Status List: publish and check revocation of credentials.

Spec: W3C Bitstring Status List 1.0, sections 2 (data model), 3.1 (generate), 3.2 (validate).

>>> statuses = StatusList()
>>> statuses.set(42)
>>> StatusList.decode(statuses.encode()).is_set(42)
True
"""

import gzip
import secrets
import zlib
from collections.abc import Container, Mapping, Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from badges import did, multibase, shape, strict_json
from badges.contexts import CREDENTIALS_V2
from badges.errors import BadgeError
from badges.fetch import Fetch, FetchFailed
from badges.proofs import data_integrity
from badges.statements import UnsafeDocument

MIN_BITS = 131_072  # the herd a holder hides in (section 3.1)
MAX_BYTES = 4 * 1024 * 1024  # of a list by others, unpacked
ENTRY_TYPE = "BitstringStatusListEntry"


class StatusUnavailable(BadgeError):
    """The list is not to be had or not readable here: the credential may be fine."""


class MalformedStatus(BadgeError):
    """The list or the entry was read and breaks the specification, or is not the issuer's."""


class ListFull(BadgeError):
    """No index is left."""


class Indexes(Container[int], Sized, Protocol):
    """Indexes already given away."""


class StatusList:
    """One bit per credential; bit 0 is the leftmost of the first byte."""

    __slots__ = ("bits",)

    def __init__(self, bits: bytes | None = None, size: int = MIN_BITS) -> None:
        """Start from `bits` (whole bytes), or from `size` bits that are all clear."""
        self.bits = bytearray(size // 8 if bits is None else bits)

    def __len__(self) -> int:
        return len(self.bits) * 8

    def set(self, index: int) -> None:
        position, mask = self._locate(index)
        self.bits[position] |= mask

    def clear(self, index: int) -> None:
        position, mask = self._locate(index)
        self.bits[position] &= ~mask

    def is_set(self, index: int) -> bool:
        position, mask = self._locate(index)
        return bool(self.bits[position] & mask)

    def _locate(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise MalformedStatus("index_out_of_range")
        return index // 8, 0x80 >> index % 8

    def encode(self) -> str:
        """Return the multibase text of the compressed bits; equal bits give equal text."""
        return multibase.encode_base64url(gzip.compress(bytes(self.bits), mtime=0))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read `encodedList`.

        Raises:
            MalformedStatus: it cannot be unpacked, or is too short or too long.
        """
        try:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            bits = unpacker.decompress(multibase.decode_base64url(text), MAX_BYTES)
        except (multibase.InvalidMultibase, zlib.error):
            raise MalformedStatus("malformed_list") from None
        if unpacker.unconsumed_tail or not unpacker.eof or len(bits) * 8 < MIN_BITS:
            raise MalformedStatus("malformed_list")
        return cls(bits)


def random_free_index(taken: Indexes, size: int = MIN_BITS) -> int:
    """Return an index that tells nothing about when it was given.

    Raises:
        ListFull: every index is taken.
    """
    if len(taken) >= size:
        raise ListFull("status_list_full")
    while (index := secrets.randbelow(size)) in taken:
        pass
    return index


def entry(list_url: str, index: int, purpose: str = "revocation") -> dict[str, str]:
    """Return the `credentialStatus` of the credential with that index."""
    return {
        "id": f"{list_url}#{index}",
        "type": ENTRY_TYPE,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def credential(
    list_url: str,
    issuer: str,
    statuses: StatusList,
    valid_from: datetime,
    *,
    valid_until: datetime | None = None,
    purpose: str = "revocation",
) -> dict[str, Any]:
    """Return the unsigned list credential; `issuer`: the DID that issues the credentials."""
    until = {} if valid_until is None else {"validUntil": _text(valid_until)}
    return {
        "@context": [CREDENTIALS_V2],
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": _text(valid_from),
        **until,
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": statuses.encode(),
        },
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Status:
    purpose: str
    is_set: bool


def check(status_entry: Mapping[str, Any], issuer: str, fetch: Fetch, now: datetime) -> Status:
    """Return the status of one credential of `issuer`, from a list that the issuer signed.

    Raises:
        StatusUnavailable: list or key could not be had, or the entry is of a kind not read here.
        MalformedStatus: they were had, and the list is wrong, not current or not the issuer's.
    """
    if status_entry.get("type") != ENTRY_TYPE:
        raise StatusUnavailable("unsupported_status")
    if status_entry.get("statusSize", 1) != 1:
        raise StatusUnavailable("unsupported_status")
    address, index, purpose = _pointer(status_entry)
    try:
        data = fetch(address)
    except FetchFailed as failure:
        raise StatusUnavailable("status_list_unavailable", failure.code) from None
    document = _document(data, address)
    _check_proof(document, issuer, fetch, now)
    _check_dates(document, now)
    subject = document["credentialSubject"]
    if subject["statusPurpose"] != purpose:
        raise MalformedStatus("another_purpose")
    return Status(purpose, StatusList.decode(subject["encodedList"]).is_set(index))


def _pointer(status_entry: Mapping[str, Any]) -> tuple[str, int, str]:
    address = status_entry.get("statusListCredential")
    index, purpose = status_entry.get("statusListIndex"), status_entry.get("statusPurpose")
    if not isinstance(address, str) or not isinstance(purpose, str):
        raise MalformedStatus("malformed_entry")
    if not isinstance(index, str) or not index.isascii() or not index.isdigit() or len(index) > 12:
        raise MalformedStatus("malformed_entry")
    return address, int(index), purpose


def _document(data: bytes, address: str) -> dict[str, Any]:
    try:
        document = strict_json.loads(data)
    except strict_json.MalformedJson:
        raise MalformedStatus("malformed_list") from None
    if not isinstance(document, dict) or shape.status_list(document):
        raise MalformedStatus("malformed_list")
    if not data_integrity.allows_contexts(document, is_list=True):
        raise MalformedStatus("malformed_list")
    if document["id"] != address:
        raise MalformedStatus("another_list")
    return document


def _check_proof(document: dict[str, Any], issuer: str, fetch: Fetch, now: datetime) -> None:
    if data_integrity.issuer_id(document) != issuer:
        raise MalformedStatus("another_issuer")
    try:
        proof = data_integrity.read_proof(document)
        if proof.verification_method.split("#")[0] != issuer:
            raise MalformedStatus("another_issuer")
        keys = did.resolve(issuer, fetch)
        keys.authorise(proof.verification_method, now)
        key = keys.key_for(proof.verification_method)
        data_integrity.check_signature(document, proof, key)
    except (data_integrity.UnsupportedProof, did.DidUnavailable) as gap:
        raise StatusUnavailable("status_list_unverifiable", gap.code) from None
    except (data_integrity.InvalidProof, UnsafeDocument, did.InvalidDid, did.NotAuthorised) as flaw:
        raise MalformedStatus("status_list_forged", flaw.code) from None


def _check_dates(document: Mapping[str, Any], now: datetime) -> None:
    if "validFrom" in document and shape.instant(document["validFrom"]) > now:
        raise MalformedStatus("status_list_not_current")
    if "validUntil" in document and shape.instant(document["validUntil"]) <= now:
        raise StatusUnavailable("status_list_outdated")
