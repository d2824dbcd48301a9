"""Recognition of prior learning: an assessor corrects what they judged, once it is decided.

Nothing is changed: a further judgement takes the place of the first, and what it had recorded is
taken back by a record. A badge that was claimed stays until somebody decides about its award.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import CompletionRecord, PriorLearningApplication, PriorLearningJudgement
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import (
    completions,
    prior_assessment,
    prior_learning,
    prior_recognitions,
)
from lti_tool.services.completing.completions import LONGEST_EVIDENCE
from lti_tool.services.completing.prior_assessment import Assessor
from lti_tool.services.completing.prior_learning import Standing, State, Verdict
from lti_tool.services.completing.prior_news import News
from lti_tool.services.staff import accounts

OTHER = {
    Verdict.RECOGNISED: Verdict.NOT_RECOGNISED,
    Verdict.NOT_RECOGNISED: Verdict.RECOGNISED,
}


@dataclass(frozen=True, slots=True)
class Correctable:
    """The judgement of an assessor that stands. `becomes`: what it can be turned into. `record`:
    what counts of it."""

    judgement: PriorLearningJudgement
    becomes: Verdict
    record: CompletionRecord | None


def find(db: Session, assessor: Assessor, application_id: uuid.UUID) -> PriorLearningApplication:
    """Return a decided application of which this assessor can correct something.

    Raises:
        NotFound: `unknown_application`: there is none, or nothing of it is theirs to correct.
        Conflict: `prior_not_decided`: somebody is still to judge it, or the learner has it;
            `prior_applied_again`: the learner has begun another one for the unit.
        Forbidden: `prior_own_application`, `prior_own_teacher`.
    """
    row = db.get(PriorLearningApplication, application_id)
    if row is None:
        raise NotFound("unknown_application")
    _check(db, assessor, row, prior_assessment.bodies(db, assessor.access))
    return row


def correctable_of(
    db: Session, assessor: Assessor, applications: Sequence[PriorLearningApplication]
) -> frozenset[uuid.UUID]:
    """Return of which of these applications this assessor can correct something."""
    bodies, found = prior_assessment.bodies(db, assessor.access), set()
    for one in applications:
        try:
            _check(db, assessor, one, bodies)
        except ToolError:
            continue
        found.add(one.id)
    return frozenset(found)


def _check(
    db: Session, assessor: Assessor, row: PriorLearningApplication, bodies: Collection[uuid.UUID]
) -> None:
    if not any(one.account_id == assessor.account.id for one in row.judgements):
        raise NotFound("unknown_application")
    if row.version.series.organisation_id not in bodies:
        raise NotFound("unknown_application")
    if row.state != State.DECIDED:
        raise Conflict("prior_not_decided")
    if prior_learning.latest(db, row.person, row.version)[row.unit_code].id != row.id:
        raise Conflict("prior_applied_again")
    if near := prior_assessment.nearness(db, row, assessor.account):
        raise Forbidden(near)
    if not correctable(db, row, assessor):
        raise NotFound("unknown_application")


def correctable(
    db: Session, application: PriorLearningApplication, assessor: Assessor
) -> Mapping[str, Correctable]:
    """Return what this assessor can correct, by the outcome: their own last word, unless an appeal
    or the course has decided otherwise since."""
    own = assessor.account.id
    standing = prior_recognitions.standing(db, [application])
    is_appealed = application.appealed_at is not None
    found = {}
    for one in prior_learning.outcomes(db, application):
        said = [row for row in one.judgements if row.account_id == own]
        last = next((row for row in reversed(said) if row.verdict != Verdict.MORE), None)
        if last is None:
            continue
        mine = [
            row
            for row in standing
            if (row.part, row.assessor_account_id) == (one.outcome.code, own)
        ]
        record = next((row for row in mine if last.record_id in _origins(db, row)), None)
        is_refused = last.verdict == Verdict.NOT_RECOGNISED and last.is_appeal is is_appealed
        can_recognise = is_refused and not mine and one.standing is Standing.NOT_RECOGNISED
        if record or can_recognise:
            found[one.outcome.code] = Correctable(last, OTHER[Verdict(last.verdict)], record)
    return found


def _origins(db: Session, record: CompletionRecord) -> set[uuid.UUID]:
    """Return the ids that a record has had: its own, and those it was carried over from."""
    ids = {record.id}
    while record.carried_from_id is not None:
        record = db.get_one(CompletionRecord, record.carried_from_id)
        ids.add(record.id)
    return ids


def correct(
    db: Session,
    application: PriorLearningApplication,
    assessor: Assessor,
    why: Mapping[str, str],
    *,
    revision: int,
    now: datetime,
) -> None:
    """Turn the assessor's judgements on some outcomes into the contrary, each for a reason that
    its learner reads; the time for an appeal begins anew.

    Raises:
        ToolError: `prior_nothing_corrected`; `reason_missing`, `reason_too_long`.
        Conflict: `prior_learning_changed`: not what they read. As `find`.
    """
    enrolments.lock(db, application.person, application.version, now)
    db.refresh(application)
    db.expire(application, ["judgements"])
    find(db, assessor, application.id)
    if application.revision != revision:
        raise Conflict("prior_learning_changed")
    mine = correctable(db, application, assessor)
    if not why or not set(why) <= set(mine):
        raise ToolError("prior_nothing_corrected")
    words = {code: reasons.given(text, longest=LONGEST_EVIDENCE) for code, text in why.items()}
    turned = [(mine[code], reason) for code, reason in words.items()]
    rows = [
        PriorLearningJudgement(
            id=uuid.uuid4(),
            application_id=application.id,
            sequence=len(application.judgements) + number,
            account_id=assessor.account.id,
            outcome_code=one.judgement.outcome_code,
            verdict=one.becomes.value,
            reason=reason,
            is_appeal=application.appealed_at is not None,
            judged_at=now,
            corrects_id=one.judgement.id,
        )
        for number, (one, reason) in enumerate(turned, start=1)
    ]
    completions.unrecognise(
        db,
        {one.record: why for one, why in turned if one.record is not None},
        assessor=assessor.account,
        now=now,
    )
    prior_assessment.record(db, application, rows, assessor.account, now)
    db.add_all(rows)
    application.decided_at, application.news = now, News.CORRECTED.value
    application.revision += 1
    db.flush()
    db.expire(application, ["judgements"])
    body, actor = application.version.series.organisation_id, accounts.actor(assessor.account)
    subject = f"prior_learning_application:{application.id}"
    audit.note_in(db, body, actor, "prior_learning.corrected", subject, now)
