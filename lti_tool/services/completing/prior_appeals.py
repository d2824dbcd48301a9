"""Recognition of prior learning: a learner asks for another assessor.

What was judged of an outcome is appealed against once; the answer is final here. What is judged
for the first time later, or taken back by who judged it, on an appeal too, can be appealed against
in its turn, so an application may be appealed several times, and never twice about the same
judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from badges import prior_learning as rules
from lti_tool.errors import Conflict
from lti_tool.models import PriorLearningApplication
from lti_tool.services import audit, reasons
from lti_tool.services.completing import prior_learning
from lti_tool.services.completing.prior_learning import (
    LONGEST_TEXT,
    OutcomeStanding,
    Standing,
)
from lti_tool.services.completing.prior_states import State


@dataclass(frozen=True, slots=True)
class Appeal:
    """`reason`: in the learner's words; "" once they deleted what they wrote."""

    at: datetime
    reason: str


def appeal(db: Session, application: PriorLearningApplication, reason: str, now: datetime) -> None:
    """Ask for the judgement of another assessor on what can be appealed; each appeal keeps its
    own reason.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
        Conflict: `prior_learning_moved`: nothing is refused, or all of it was appealed before;
            `prior_appeal_late`.
    """
    prior_learning.lock(db, application, now)
    if not appealable(db, application):
        raise Conflict("prior_learning_moved")
    if now > until(application):
        raise Conflict("prior_appeal_late", days=str(rules.APPEAL_WITHIN.days))
    reason = reasons.given(reason, longest=LONGEST_TEXT)
    every = [*made(application), Appeal(now, reason)]
    application.appealed_at = now
    application.appeals = [{"at": one.at.isoformat(), "reason": one.reason} for one in every]
    application.appeal_reason = "\n\n".join(one.reason for one in every if one.reason)
    application.state, application.submitted_at = State.SUBMITTED.value, now
    application.news = None
    body, actor = application.version.series.organisation_id, f"person:{application.person_id}"
    subject = f"prior_learning_application:{application.id}"
    audit.note_in(db, body, actor, "prior_learning.appealed", subject, now)


def made(application: PriorLearningApplication) -> Sequence[Appeal]:
    """Return the appeals, oldest first; those that are not known apart as the last one.

    A server of an earlier release that deletes what a learner wrote leaves the single reasons.
    """
    last = application.appealed_at
    if last is None:
        return []
    is_erased = application.erased_at is not None
    kept = [
        Appeal(datetime.fromisoformat(one["at"]), "" if is_erased else one["reason"])
        for one in application.appeals or ()
    ]
    if kept and kept[-1].at == last:
        return kept
    return [Appeal(last, application.appeal_reason or "")]


def until(application: PriorLearningApplication) -> datetime:
    """Return until when what was decided can be appealed."""
    assert application.decided_at is not None
    return application.decided_at + rules.APPEAL_WITHIN


def appealable(db: Session, application: PriorLearningApplication) -> Sequence[OutcomeStanding]:
    """Return what was refused and not appealed before; in time or not."""
    if application.erased_at is not None:
        return []
    return [one for one in _refused(db, application) if not _is_answered(application, one)]


def answered(db: Session, application: PriorLearningApplication) -> Sequence[OutcomeStanding]:
    """Return what was refused and cannot be appealed any more, as it was before."""
    return [one for one in _refused(db, application) if _is_answered(application, one)]


def _refused(db: Session, application: PriorLearningApplication) -> Sequence[OutcomeStanding]:
    if application.state != State.DECIDED:
        return []
    found = prior_learning.outcomes(db, application)
    return [one for one in found if one.standing is Standing.NOT_RECOGNISED]


def _is_answered(application: PriorLearningApplication, one: OutcomeStanding) -> bool:
    return prior_learning.is_appealed(application, one.judgements)
