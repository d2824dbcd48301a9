"""Scores to and results from a column of a platform's gradebook.

Spec: LTI Assignment and Grade Services 2.0, sections 3.3 (results) and 3.4 (scores). Media types
are sent literally and alone: Moodle compares the whole header. No `limit` is ever sent: Moodle
4.5 crashes on it.
"""

import json
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import addresses, paging, quirks, service_calls
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.service_calls import Caller
from lti_tool.outbound import Outbound, OutboundError, Response

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_MEDIA_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"

# AGS 2.0, section 3.3.5.3: what a result that names no maximum is out of.
DEFAULT_MAXIMUM = Decimal(1)


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
    caller = Caller(database, outbound, encryption, target.registration_id, now)
    body = json.dumps(score_document(score) | quirks.score_extras(target.url)).encode()
    headers = {"Content-Type": SCORE_MEDIA_TYPE}
    try:
        _check_scope(target, SCORE_SCOPE)
        url = service_url(target.url, "scores")
        answer = caller.call("POST", url, SCORE_SCOPE, headers, body=body)
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
    caller = Caller(database, outbound, encryption, target.registration_id, now)
    found = None
    try:
        # Open edX sends everybody's, whoever is asked for.
        for row_user, result in _results(caller, target, {"user_id": user_id}):
            found = result if row_user == user_id else found
    except ServiceError as error:
        if error.code != "line_item_gone":
            raise
    return found


def read_results(caller: Caller, target: LineItem) -> dict[str, Result]:
    """Return what a column holds for each person that has a result there, by `sub`.

    A comment alone is a result without a score; people who were never graded are not in it.

    Raises:
        ServiceError: `line_item_gone`: the column was deleted.
    """
    return dict(_results(caller, target, {}))


def _results(
    caller: Caller, target: LineItem, query: dict[str, str]
) -> Iterator[tuple[str, Result]]:
    _check_scope(target, RESULT_SCOPE)
    headers = {"Accept": RESULTS_MEDIA_TYPE}

    def fetch(url: str) -> Response:
        answer = caller.call("GET", url, RESULT_SCOPE, headers)
        if not answer.is_success:
            raise service_calls.failure(answer, caller.now, gone="line_item_gone")
        return answer

    first = addresses.with_query(service_url(target.url, "results"), query)
    for page in paging.pages(fetch, first, keep=query):
        try:
            rows = page.json()
        except OutboundError as error:
            raise ServiceError("result_malformed", is_transient=True) from error
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and isinstance(row.get("userId"), str | int):
                yield str(row["userId"]), _result_of(row)


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
        "scoreGiven": number(score.points),
        "scoreMaximum": number(score.maximum),
        "activityProgress": "Completed" if score.is_finished else "InProgress",
        "gradingProgress": "FullyGraded",
    }
    return {**document, "comment": score.comment} if score.comment else document


def service_url(line_item_url: str, name: str) -> str:
    """Return the address of a line item's `scores` or `results`.

    The name comes before the line item's own query (`?type_id=1` in Moodle).

    Raises:
        ServiceError: `service_foreign`: it is no address.
    """
    try:
        parts = urlsplit(line_item_url)
    except ValueError as error:
        raise ServiceError("service_foreign") from error
    path = f"{parts.path.rstrip('/')}/{name}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


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
    if status in service_calls.TRANSIENT_STATUSES or status >= 500:
        return Outcome(OutcomeKind.TRANSIENT, f"http_{status}", answer.retry_after(now))
    if quirks.is_not_gradable(answer):
        return Outcome(OutcomeKind.PERMANENT, "not_gradable")
    return Outcome(OutcomeKind.PERMANENT, f"http_{status}")


def _check_scope(target: LineItem, scope: str) -> None:
    if target.scopes and scope not in target.scopes:
        raise ServiceError("scope_missing")


def _result_of(row: dict[str, Any]) -> Result:
    comment, maximum = row.get("comment"), row.get("resultMaximum")
    return Result(
        score=_decimal(row.get("resultScore")),
        maximum=DEFAULT_MAXIMUM if maximum is None else _decimal(maximum),
        comment=comment if isinstance(comment, str) and comment else None,
    )


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Decimal(str(value)) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond every float is no grade
        return None


def number(value: Decimal) -> int | float:
    """Return a number as JSON should have it: whole ones without a point."""
    return int(value) if value == value.to_integral_value() else float(value)
