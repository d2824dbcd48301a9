"""Verify an Open Badge 3.0: named checks, each with an outcome and a stable code.

>>> report = verify(b"{}", fetch, now)                                      # doctest: +SKIP
>>> [(check.id, check.outcome, check.detail) for check in report.checks]    # doctest: +SKIP

Spec: Open Badges 3.0, section 8 (verification); W3C VC Data Model 2.0, section 7.1.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from badges import did, shape, status_list, strict_json
from badges.did import DidDocument, DidUnavailable, InvalidDid, NotAuthorised
from badges.fetch import Fetch, FetchFailed
from badges.proofs import data_integrity
from badges.proofs.data_integrity import InvalidProof, Proof, UnsupportedProof
from badges.statements import UnsafeDocument
from badges.status_list import MalformedStatus, StatusUnavailable

_JWT = re.compile(rb"\s*ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\s*\Z")
_WITHDRAWN = {"revocation": "revoked", "suspension": "suspended"}
_NOTHING: Mapping[str, str] = {}
_MAX_PATH = 200


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"  # something needed for the decision is not to be had


class CheckId(StrEnum):
    SHAPE = "shape"  # it is an Open Badge, and everybody reads the same in it
    PROOF = "proof"  # it is as it was signed
    ISSUER = "issuer"  # the key that signed is one the named issuer signs with
    DATES = "dates"  # it is valid now
    STATUS = "status"  # the issuer has not withdrawn it


@dataclass(frozen=True, slots=True)
class Check:
    id: CheckId
    outcome: Outcome
    detail: str  # stable code
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    checks: tuple[Check, ...]  # one of each `CheckId`, in its order

    @property
    def outcome(self) -> Outcome:
        outcomes = {check.outcome for check in self.checks}
        for worst in (Outcome.FAILED, Outcome.UNDECIDED):
            if worst in outcomes:
                return worst
        return Outcome.PASSED

    def check(self, check_id: CheckId) -> Check:
        return next(check for check in self.checks if check.id == check_id)


def verify(document: bytes | Mapping[str, Any], fetch: Fetch, now: datetime) -> Report:
    """Return what holds of a credential at `now` (aware); never raises for a bad one.

    `fetch(url)` is asked for the issuer's DID document and for the status list, once each, and
    raises `FetchFailed` if they are not to be had.
    """
    try:
        credential = _read(document)
    except strict_json.MalformedJson as refusal:
        return _unread(refusal.code)
    except UnsupportedProof as refusal:
        return _all(Outcome.UNDECIDED, refusal.code)
    form = _shape(credential)
    if form.outcome is Outcome.FAILED:
        return _unread(form.detail, form.params)
    fetch = _once(fetch)
    issuer, proof = _issuer_and_proof(credential, fetch, now)
    dates = _dates(credential, now)
    return Report((form, proof, issuer, dates, _status(credential, fetch, now)))


def _read(document: bytes | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(document, bytes):
        document = _written(document)
    if _JWT.match(document):
        raise UnsupportedProof("unsupported_format")
    credential = strict_json.loads(document)
    if not isinstance(credential, dict):
        raise strict_json.MalformedJson("not_an_object")
    return credential


def _written(document: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(document).encode("ascii")
    except (TypeError, ValueError, RecursionError):
        raise strict_json.MalformedJson("not_json") from None


def _unread(code: str, params: Mapping[str, str] = _NOTHING) -> Report:
    """Return the report on a document that is no badge: nothing else can be told of it."""
    others = tuple(Check(name, Outcome.UNDECIDED, "not_checked") for name in list(CheckId)[1:])
    return Report((Check(CheckId.SHAPE, Outcome.FAILED, code, params), *others))


def _all(outcome: Outcome, code: str) -> Report:
    return Report(tuple(Check(name, outcome, code) for name in CheckId))


def _shape(credential: dict[str, Any]) -> Check:
    if not data_integrity.allows_contexts(credential, is_list=False):
        return _failed(CheckId.SHAPE, "context_not_allowed", {"path": "@context"})
    try:
        data_integrity.check_safe(credential)
    except UnsafeDocument as refusal:
        return _failed(CheckId.SHAPE, refusal.code, _path(refusal.detail))
    for problem in shape.open_badge(credential):
        if problem.code != shape.ARRAY_EXPECTED:
            return _failed(CheckId.SHAPE, problem.code, _path(problem.path))
    return _passed(CheckId.SHAPE, "well_formed")


def _issuer_and_proof(
    credential: dict[str, Any], fetch: Fetch, now: datetime
) -> tuple[Check, Check]:
    issuer = credential["issuer"]["id"]
    try:
        proof = data_integrity.read_proof(credential)
        if proof.verification_method.partition("#")[0] != issuer:
            return _failed(CheckId.ISSUER, "another_issuer"), _undecided_proof("not_checked")
        keys = did.resolve(issuer, fetch)
    except InvalidProof as flaw:
        not_checked = Check(CheckId.ISSUER, Outcome.UNDECIDED, "not_checked")
        return not_checked, _failed(CheckId.PROOF, flaw.code)
    except InvalidDid as flaw:
        return _failed(CheckId.ISSUER, flaw.code), _undecided_proof("key_unavailable")
    except UnsupportedProof as gap:
        return Check(CheckId.ISSUER, Outcome.UNDECIDED, gap.code), _undecided_proof(gap.code)
    except DidUnavailable as gap:
        missing = Check(CheckId.ISSUER, Outcome.UNDECIDED, gap.code, {"did": issuer})
        return missing, _undecided_proof("key_unavailable")
    return _issuer(keys, proof, now), _proof(credential, keys, proof)


def _issuer(keys: DidDocument, proof: Proof, now: datetime) -> Check:
    try:
        keys.authorise(proof.verification_method, now)
    except NotAuthorised as flaw:
        return _failed(CheckId.ISSUER, flaw.code)
    return _passed(CheckId.ISSUER, "key_of_issuer", {"did": keys.id})


def _proof(credential: dict[str, Any], keys: DidDocument, proof: Proof) -> Check:
    try:
        key = keys.key_for(proof.verification_method)
    except NotAuthorised as gap:
        return _undecided_proof(gap.code)
    try:
        data_integrity.check_signature(credential, proof, key)
    except (InvalidProof, UnsafeDocument) as flaw:
        return _failed(CheckId.PROOF, flaw.code)
    return _passed(CheckId.PROOF, "signature_valid")


def _dates(credential: Mapping[str, Any], now: datetime) -> Check:
    start, end = credential["validFrom"], credential.get("validUntil")
    if shape.instant(start) > now:
        return _failed(CheckId.DATES, "not_yet_valid", {"validFrom": start})
    if end is not None and shape.instant(end) <= now:
        return _failed(CheckId.DATES, "expired", {"validUntil": end})
    if (expires := _proof_end(credential)) is not None and expires <= now:
        return _failed(CheckId.DATES, "proof_expired", {"expires": expires.isoformat()})
    return _passed(CheckId.DATES, "valid_now" if end is None else "valid_until", _until(end))


def _proof_end(credential: Mapping[str, Any]) -> datetime | None:
    try:
        return data_integrity.read_proof(credential).expires
    except (InvalidProof, UnsupportedProof):
        return None


def _until(end: str | None) -> Mapping[str, str]:
    return _NOTHING if end is None else {"validUntil": end}


def _status(credential: Mapping[str, Any], fetch: Fetch, now: datetime) -> Check:
    entry = credential.get("credentialStatus")
    if entry is None:
        return _passed(CheckId.STATUS, "no_status")
    try:
        status = status_list.check(entry, credential["issuer"]["id"], fetch, now)
    except StatusUnavailable as gap:
        return Check(CheckId.STATUS, Outcome.UNDECIDED, gap.code)
    except MalformedStatus as flaw:
        return _failed(CheckId.STATUS, flaw.code)
    if status.purpose not in _WITHDRAWN:
        return Check(CheckId.STATUS, Outcome.UNDECIDED, "unsupported_status")
    if status.is_set:
        return _failed(CheckId.STATUS, _WITHDRAWN[status.purpose])
    return _passed(CheckId.STATUS, "not_withdrawn")


def _once(fetch: Fetch) -> Fetch:
    """Ask for each address once: the key of badge and list is mostly the same."""
    found: dict[str, bytes | FetchFailed] = {}

    def remembered(url: str) -> bytes:
        if url not in found:
            try:
                found[url] = fetch(url)
            except FetchFailed as failure:
                found[url] = failure
        result = found[url]
        if isinstance(result, FetchFailed):
            raise result
        return result

    return remembered


def _passed(name: CheckId, code: str, params: Mapping[str, str] = _NOTHING) -> Check:
    return Check(name, Outcome.PASSED, code, params)


def _failed(name: CheckId, code: str, params: Mapping[str, str] = _NOTHING) -> Check:
    return Check(name, Outcome.FAILED, code, params)


def _undecided_proof(code: str) -> Check:
    return Check(CheckId.PROOF, Outcome.UNDECIDED, code)


def _path(path: str) -> Mapping[str, str]:
    return {"path": path[:_MAX_PATH]} if path else _NOTHING
