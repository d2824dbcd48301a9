"""Deliver one score: lease it, send it, write down what became of it.

Three transactions with the network between them; what a crash leaves behind is in `deliveries`.
AGS 2.0, sections 3.4 (scores) and 3.3 (results).
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import grades, quirks
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.grades import LineItem, OutcomeKind
from lti_tool.models import Delivery
from lti_tool.outbound import Outbound
from lti_tool.services.outbox import deliveries

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Courier:
    """What a delivery needs; `clock` is read anew at each step, since sending takes time."""

    database: Database
    outbound: Outbound
    encryption: Encryption
    clock: Clock


def deliver_next(courier: Courier) -> bool:
    """Make one attempt at the next score that is due; False when none is.

    After an error that is the program's own the score is put off, and the error raised.
    """
    with courier.database.transaction() as db:
        row = deliveries.lease(db, courier.clock())
        if row is None:
            return False
        delivery_id, line_item, score = row.id, _line_item(row), _score(row)
        tries = row.attempts
    try:
        outcome, is_there = _attempt(courier, line_item, score)
    except Exception:
        with courier.database.transaction() as db:
            deliveries.put_off(db, delivery_id, "internal_error", courier.clock())
        raise
    if quirks.is_stranger_crash(line_item.url, outcome.code, tries):
        outcome = grades.Outcome(OutcomeKind.PERMANENT, "not_gradable")
    with courier.database.transaction() as db:
        _write_down(db, delivery_id, outcome, is_there, courier.clock())
    return True


def _attempt(
    courier: Courier, line_item: LineItem, score: grades.Score
) -> tuple[grades.Outcome, bool]:
    """Return what the platform answered, and whether it has the score now."""
    outcome = grades.send_score(
        courier.database, courier.outbound, courier.encryption, line_item, score, courier.clock()
    )
    is_there = outcome.kind is OutcomeKind.DELIVERED or (
        outcome.kind is OutcomeKind.ALREADY_THERE_OR_STALE
        and _platform_has(courier, line_item, score)
    )
    return outcome, is_there


def _write_down(
    db: Session, delivery_id: uuid.UUID, outcome: grades.Outcome, is_there: bool, now: datetime
) -> None:
    if is_there:
        deliveries.delivered(db, delivery_id, now)
    elif outcome.kind is OutcomeKind.ALREADY_THERE_OR_STALE:
        deliveries.send_anew(db, delivery_id, now)
    elif outcome.kind is OutcomeKind.PERMANENT:
        deliveries.fail(db, delivery_id, outcome.code, now)
    else:
        code = outcome.code or outcome.kind.value
        deliveries.put_off(db, delivery_id, code, now, outcome.retry_after)


def _platform_has(courier: Courier, line_item: LineItem, score: grades.Score) -> bool:
    """Whether the platform's result is already what was to be sent.

    A result that cannot be read says no: the score is then sent anew, with a newer time stamp.
    """
    try:
        result = grades.read_result(
            courier.database,
            courier.outbound,
            courier.encryption,
            line_item,
            score.user_id,
            courier.clock(),
        )
    except ServiceError:
        return False
    if score.points is None or score.maximum is None:
        return result is None or result.score is None
    if result is None or result.score is None or not result.maximum:
        return False
    # Platforms rescale to their column's maximum.
    difference = abs(result.score / result.maximum - score.points / score.maximum)
    return difference < deliveries.slack(result.maximum)


def _line_item(row: Delivery) -> LineItem:
    return LineItem(
        registration_id=row.link.registration_id,
        url=row.line_item_url,
        scopes=frozenset((row.link.line_item_scopes or "").split()),
    )


def _score(row: Delivery) -> grades.Score:
    assert row.sent_timestamp is not None
    return grades.Score(
        user_id=row.person.sub,
        timestamp=row.sent_timestamp,
        points=row.points,
        maximum=row.maximum,
        is_finished=row.kind != deliveries.PROGRESS or row.points == row.maximum,
    )
