"""Recognition of prior learning: a learner asks for another assessor.

What was judged of an outcome is appealed against once; the answer is final here. What is judged
for the first time later, or corrected without an appeal, can be appealed against in its turn, so an
application may be appealed several times, and never twice about the same judgement.
"""

from collections.abc import Sequence
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


def appeal(db: Session, application: PriorLearningApplication, reason: str, now: datetime) -> None:
    """Ask for the judgement of another assessor on what can be appealed; reasons of earlier
    appeals stay before it.

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
    earlier = application.appeal_reason
    application.appealed_at = now
    application.appeal_reason = f"{earlier}\n\n{reason}" if earlier else reason
    application.state, application.submitted_at = State.SUBMITTED.value, now
    application.news = None
    body, actor = application.version.series.organisation_id, f"person:{application.person_id}"
    subject = f"prior_learning_application:{application.id}"
    audit.note_in(db, body, actor, "prior_learning.appealed", subject, now)


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
