"""Scores to and results from a platform's gradebook.

Spec: LTI Assignment and Grade Services 2.0, sections 3.3 (results) and 3.4 (scores). Media types
are sent literally and alone: Moodle compares the whole header. No `limit` is ever sent: Moodle
4.5 crashes on it.
"""

import json
import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import quirks, registrations, service_tokens
from lti_tool.lti.errors import LaunchRefused, ServiceError
from lti_tool.outbound import Outbound, OutboundError, Response

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_MEDIA_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"

_TRANSIENT_STATUSES = frozenset({408, 425, 429})
_TRANSIENT_FAILURES = frozenset({"timeout", "unreachable", "too_large"})


class OutcomeKind(StrEnum):
    """What became of a score, by what the caller does next."""

    DELIVERED = "delivered"
    ALREADY_THERE_OR_STALE = "already_there_or_stale"
    UNAUTHORISED = "unauthorised"
    TRANSIENT = "transient"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column of a gradebook, and what the platform allows there (empty: it did not say)."""

    registration_id: uuid.UUID
    url: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One score of one person; `points` None clears the grade.

    `timestamp`: aware, whole seconds. `maximum`: greater than 0. `is_finished`: nothing is left to
    do that would change the score, as far as can be said today.
    """

    user_id: str
    timestamp: datetime
    points: Decimal | None
    maximum: Decimal | None
    comment: str | None = None
    is_finished: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` names a failure; `retry_after`: how long the platform asked to wait."""

    kind: OutcomeKind
    code: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What the gradebook holds for one person, in the column's own scale."""

    score: Decimal | None
    maximum: Decimal | None
    comment: str | None


def send_score(
    database: Database,
    outbound: Outbound,
    encryption: Encryption,
    target: LineItem,
    score: Score,
    now: datetime,
) -> Outcome:
    """Post a score once; after a 401, once more with a new token. Call outside any transaction."""
    service = _Service(database, outbound, encryption, target, now)
    body = json.dumps(score_document(score)).encode()
    headers = {"Content-Type": SCORE_MEDIA_TYPE}
    try:
        answer = service.call("POST", "scores", SCORE_SCOPE, headers, body=body)
    except ServiceError as error:
        kind = OutcomeKind.TRANSIENT if error.is_transient else OutcomeKind.PERMANENT
        return Outcome(kind, error.code, error.retry_after)
    return outcome_of(answer, now)


def read_result(
    database: Database,
    outbound: Outbound,
    encryption: Encryption,
    target: LineItem,
    user_id: str,
    now: datetime,
) -> Result | None:
    """Return what the gradebook holds for a person, or None.

    Raises:
        ServiceError
    """
    service = _Service(database, outbound, encryption, target, now)
    headers = {"Accept": RESULTS_MEDIA_TYPE}
    query = urlencode({"user_id": user_id})
    answer = service.call("GET", "results", RESULT_SCOPE, headers, query=query)
    if answer.status == 404:
        return None
    if not answer.is_success:
        outcome = outcome_of(answer, now)
        is_transient = outcome.kind is not OutcomeKind.PERMANENT
        raise ServiceError(outcome.code, is_transient=is_transient, retry_after=outcome.retry_after)
    try:
        rows = answer.json()
    except OutboundError as error:
        raise ServiceError("result_malformed", is_transient=True) from error
    return _result_of(rows, user_id)


def score_document(score: Score) -> dict[str, Any]:
    """Return the message (AGS 2.0, section 3.4.1).

    A grade always comes fully graded: Moodle erases one that comes with any other progress. The
    message without a score is sent to erase it.
    """
    document: dict[str, Any] = {
        "userId": score.user_id,
        "timestamp": score.timestamp.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    if score.points is None or score.maximum is None:
        return {**document, "activityProgress": "Initialized", "gradingProgress": "NotReady"}
    document |= {
        "scoreGiven": _number(score.points),
        "scoreMaximum": _number(score.maximum),
        "activityProgress": "Completed" if score.is_finished else "InProgress",
        "gradingProgress": "FullyGraded",
    }
    return {**document, "comment": score.comment} if score.comment else document


def service_url(line_item_url: str, name: str, query: str = "") -> str:
    """Return the address of a line item's `scores` or `results`.

    The name comes before the line item's own query (`?type_id=1` in Moodle).
    """
    parts = urlsplit(line_item_url)
    path = f"{parts.path.rstrip('/')}/{name}"
    whole = "&".join(filter(None, (parts.query, query)))
    return urlunsplit((parts.scheme, parts.netloc, path, whole, ""))


def outcome_of(answer: Response, now: datetime) -> Outcome:
    """Judge an answer to a score.

    Moodle says in the reason phrase what was wrong, the others in the body.
    """
    status = answer.status
    if answer.is_success:
        return Outcome(OutcomeKind.DELIVERED)
    if status == 409 or (status == 400 and quirks.is_stale_score(answer)):
        return Outcome(OutcomeKind.ALREADY_THERE_OR_STALE, "already_there_or_stale")
    if status == 401:
        return Outcome(OutcomeKind.UNAUTHORISED, "unauthorised")
    if status in _TRANSIENT_STATUSES or status >= 500:
        return Outcome(OutcomeKind.TRANSIENT, f"http_{status}", answer.retry_after(now))
    if quirks.is_not_gradable(answer):
        return Outcome(OutcomeKind.PERMANENT, "not_gradable")
    return Outcome(OutcomeKind.PERMANENT, f"http_{status}")


@dataclass(frozen=True, slots=True)
class _Service:
    """The services of one line item."""

    database: Database
    outbound: Outbound
    encryption: Encryption
    target: LineItem
    now: datetime

    def call(
        self,
        method: str,
        name: str,
        scope: str,
        headers: dict[str, str],
        *,
        query: str = "",
        body: bytes | None = None,
    ) -> Response:
        self._check(scope)
        url = service_url(self.target.url, name, query)
        answer = None
        for _attempt in range(2):  # the second with a new token, after a 401
            token = service_tokens.bearer(
                self.database,
                self.outbound,
                self.encryption,
                self.target.registration_id,
                [scope],
                self.now,
            )
            answer = self._send(method, url, {**headers, "Authorization": f"Bearer {token}"}, body)
            if answer.status != 401:
                break
            registration_id = self.target.registration_id
            service_tokens.drop(self.database, self.encryption, registration_id, token)
        assert answer is not None
        return answer

    def _check(self, scope: str) -> None:
        if self.target.scopes and scope not in self.target.scopes:
            raise ServiceError("scope_missing")
        with self.database.transaction(read_only=True) as db:
            try:
                known = registrations.load(db, self.target.registration_id)
            except LaunchRefused as error:
                raise ServiceError(error.code, is_transient=True) from error
        if not quirks.is_service_of(known, self.target.url):
            raise ServiceError("line_item_foreign")

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
        try:
            if method == "POST":
                return self.outbound.post(url, headers=headers, data=body)
            return self.outbound.get(url, headers=headers)
        except OutboundError as error:
            is_transient = error.code in _TRANSIENT_FAILURES
            raise ServiceError(error.code, is_transient=is_transient) from error


def _result_of(rows: object, user_id: str) -> Result | None:
    listed = rows if isinstance(rows, list) else []
    own = [row for row in listed if isinstance(row, dict) and str(row.get("userId")) == user_id]
    if not own:
        return None
    row = own[-1]
    comment = row.get("comment")
    return Result(
        score=_decimal(row.get("resultScore")),
        maximum=_decimal(row.get("resultMaximum")),
        comment=comment if isinstance(comment, str) and comment else None,
    )


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Decimal(str(value)) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond every float is no grade
        return None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
