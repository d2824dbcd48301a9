"""Recognition of prior learning: an assessor corrects what they judged, once it is decided.

Teachers take nothing back that an assessor recognised: they ask one. What somebody recognised who
assesses no more, any assessor of the awarding body takes back.
Nothing is changed: a further judgement takes the place of the first, and what it had recorded is
taken back by a record. A badge that was claimed stays until somebody decides about its award.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.completion import Route
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    CompletionRecord,
    MicroCredentialSeries,
    MicroCredentialVersion,
    PriorLearningApplication,
    PriorLearningJudgement,
)
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import (
    carried,
    completions,
    prior_assessment,
    prior_learning,
    prior_recognitions,
)
from lti_tool.services.completing.completions import LONGEST_EVIDENCE
from lti_tool.services.completing.prior_assessment import LATELY, Assessor
from lti_tool.services.completing.prior_learning import (
    OutcomeStanding,
    Standing,
    Verdict,
)
from lti_tool.services.completing.prior_news import News
from lti_tool.services.completing.prior_states import State
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
    if row.version.series.organisation_id not in bodies:
        raise NotFound("unknown_application")
    if not any(one.account_id in _answers_for(db, assessor, row) for one in row.judgements):
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
    or another correction has decided otherwise since, else what was recognised by somebody who
    assesses no more."""
    own = assessor.account.id
    others = sorted(_answers_for(db, assessor, application) - {own})
    standing = prior_recognitions.standing(db, [application])
    found: dict[str, Correctable] = {}
    for outcome in prior_learning.outcomes(db, application):
        code = outcome.outcome.code
        for account in (own, *others):
            one = _last_word(db, application, outcome, account, standing)
            if one is not None and (one.record is not None or account == own):
                found.setdefault(code, one)
    return found


def _last_word(
    db: Session,
    application: PriorLearningApplication,
    one: OutcomeStanding,
    account: uuid.UUID,
    standing: Sequence[CompletionRecord],
) -> Correctable | None:
    said = [row for row in one.judgements if row.account_id == account]
    last = next((row for row in reversed(said) if row.verdict != Verdict.MORE), None)
    if last is None:
        return None
    theirs = [
        row
        for row in standing
        if (row.part, row.assessor_account_id) == (one.outcome.code, account)
    ]
    record = next((row for row in theirs if last.record_id in _origins(db, row)), None)
    is_answer = prior_learning.is_appealed(application, one.judgements)
    is_refused = last.verdict == Verdict.NOT_RECOGNISED and last.is_appeal is is_answer
    can_recognise = is_refused and not theirs and one.standing is Standing.NOT_RECOGNISED
    if record is None and not can_recognise:
        return None
    return Correctable(last, OTHER[Verdict(last.verdict)], record)


def _answers_for(
    db: Session, assessor: Assessor, application: PriorLearningApplication
) -> set[uuid.UUID]:
    """Return whose judgements an assessor can correct: their own, and those of accounts that do
    not assess for the awarding body any more."""
    body = application.version.series.organisation_id
    today = {one.id for one in prior_assessment.assessors(db, body)}
    return {one.account_id for one in application.judgements} - today | {assessor.account.id}


def left_behind(db: Session, assessor: Assessor) -> Sequence[PriorLearningApplication]:
    """Return what was decided by somebody who assesses no more, newest first, and of which this
    assessor can take something back."""
    body = MicroCredentialSeries.organisation_id
    found = (
        sa.select(PriorLearningApplication.id, PriorLearningApplication.decided_at)
        .join(PriorLearningApplication.version)
        .join(MicroCredentialVersion.series)
        .join(PriorLearningApplication.judgements)
        .join(PriorLearningJudgement.account)
        .filter(
            PriorLearningApplication.state == State.DECIDED,
            PriorLearningJudgement.record_id.is_not(None),
            body.in_(prior_assessment.bodies(db, assessor.access)),
            ~prior_assessment.assesses_for(body),
        )
        .distinct()
        .order_by(PriorLearningApplication.decided_at.desc(), PriorLearningApplication.id)
        .limit(LATELY)
    )
    rows = [db.get_one(PriorLearningApplication, one) for one in db.scalars(found)]
    theirs = correctable_of(db, assessor, rows)
    return [one for one in rows if one.id in theirs]


def whom_to_ask(
    db: Session, version: MicroCredentialVersion, records: Sequence[CompletionRecord]
) -> Mapping[uuid.UUID, Sequence[str]]:
    """Return who can take back what was recognised as prior learning, by name, for each of these
    records that is one, of this version or others of its series: the assessor who recognised it,
    or all who assess in their place; nobody if there are none."""
    recognised = [one for one in records if one.route == Route.PRIOR_LEARNING]
    if not recognised:
        return {}
    names = {
        one.id: one.name for one in prior_assessment.assessors(db, version.series.organisation_id)
    }
    every = list(names.values())
    return {
        one.id: [names[one.assessor_account_id]] if one.assessor_account_id in names else every
        for one in recognised
    }


def _origins(db: Session, record: CompletionRecord) -> set[uuid.UUID]:
    """Return the ids that a record has had: its own, and those it was carried over from."""
    ids = {record.id}
    while record.carried_from_id is not None:
        record = db.get_one(CompletionRecord, record.carried_from_id)
        ids.add(record.id)
    return ids


def _versions(
    db: Session, application: PriorLearningApplication
) -> frozenset[MicroCredentialVersion]:
    """Return in which versions a correction may have to take something back."""
    recognised = prior_recognitions.standing(db, [application])
    return carried.versions_of(db, recognised) | {application.version}


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
    its learner reads; the time for an appeal begins anew. What is taken back can be appealed, also
    where it was recognised on an appeal.

    Raises:
        ToolError: `prior_nothing_corrected`; `reason_missing`, `reason_too_long`.
        Conflict: `prior_learning_changed`: not what they read, or a course was moved just now. As
            `find`.
    """
    locked = _versions(db, application)
    enrolments.lock_versions(db, {application.person_id}, locked, now)
    db.refresh(application)
    db.expire(application, ["judgements"])
    find(db, assessor, application.id)
    if application.revision != revision or not _versions(db, application) <= locked:
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
            is_appeal=one.judgement.is_appeal and one.becomes is Verdict.RECOGNISED,
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
