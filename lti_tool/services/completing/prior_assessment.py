"""Recognition of prior learning, the assessors' side: what waits, and what they judge.

Assessors are accounts, of the awarding body or of a partner that reviews for it. None judges a
learner whom they teach: they say so themselves each time, and whoever has the name of a teacher of
the course, or the learner's own, is refused. An appeal goes to somebody who has not judged the
application before. Where several have to recognise an outcome, they judge without seeing what the
others said.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    Account,
    AccountGrant,
    CourseMember,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Person,
    Placement,
    PriorLearningApplication,
    PriorLearningJudgement,
    ReviewPartner,
)
from lti_tool.services import audit
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import (
    completions,
    prior_files,
    prior_learning,
    prior_recognitions,
)
from lti_tool.services.completing.completions import LONGEST_EVIDENCE, Recognition
from lti_tool.services.completing.prior_learning import Standing, Verdict
from lti_tool.services.completing.prior_news import News
from lti_tool.services.completing.prior_recognitions import Recognised
from lti_tool.services.completing.prior_states import State
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Access, Role

LATELY = 20
Expression = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Assessor:
    account: Account
    access: Access


@dataclass(frozen=True, slots=True)
class Opinion:
    """`reason`: what the learner reads; needed unless the outcome is recognised."""

    verdict: Verdict
    reason: str = ""


def bodies(db: Session, access: Access) -> frozenset[uuid.UUID]:
    """Return the awarding bodies for which an account assesses: its own, and those that asked its
    organisation to review for them."""
    asking = sa.select(ReviewPartner.organisation_id).filter(
        ReviewPartner.partner_id.in_(access.assesses)
    )
    return access.assesses | frozenset(db.scalars(asking))


def waiting(db: Session, assessor: Assessor) -> Sequence[PriorLearningApplication]:
    """Return what waits for this assessor, longest first."""
    offered = sa.exists().where(
        Placement.course_id == PriorLearningApplication.course_id,
        Placement.version_id == PriorLearningApplication.version_id,
    )
    handed_in = (
        sa.select(PriorLearningApplication)
        .join(PriorLearningApplication.version)
        .join(MicroCredentialVersion.series)
        .options(
            joinedload(PriorLearningApplication.person),
            joinedload(PriorLearningApplication.version),
            selectinload(PriorLearningApplication.judgements),
        )
        .filter(
            PriorLearningApplication.state == State.SUBMITTED,
            MicroCredentialSeries.organisation_id.in_(bodies(db, assessor.access)),
            offered,
        )
        .order_by(PriorLearningApplication.submitted_at, PriorLearningApplication.id)
    )
    found = db.scalars(handed_in).all()
    known = _known_of(db, found)
    return [one for one in found if not _obstacle(db, one, assessor.account, known)]


def has_assessor(db: Session, organisation_id: uuid.UUID) -> bool:
    """Whether anybody assesses for an awarding body today."""
    return bool(assessors(db, organisation_id))


def is_stranded(db: Session, application: PriorLearningApplication) -> bool:
    """Whether something of an application waits, and nobody who assesses here may judge it."""
    if application.state != State.SUBMITTED:
        return False
    standings = [one.standing for one in prior_learning.outcomes(db, application)]
    known = _known_of(db, [application])
    return Standing.OPEN in standings and all(
        _obstacle(db, application, one, known)
        for one in assessors(db, application.version.series.organisation_id)
    )


def stranded(db: Session, organisation_id: uuid.UUID) -> int:
    """Return how many applications wait for an awarding body that has no assessor."""
    if has_assessor(db, organisation_id):
        return 0
    waiting_there = (
        sa.select(sa.func.count())
        .select_from(PriorLearningApplication)
        .join(PriorLearningApplication.version)
        .join(MicroCredentialVersion.series)
        .filter(
            PriorLearningApplication.state == State.SUBMITTED,
            MicroCredentialSeries.organisation_id == organisation_id,
        )
    )
    return db.scalar(waiting_there) or 0


def assessors(db: Session, organisation_id: uuid.UUID) -> Sequence[Account]:
    """Return who assesses for an awarding body today: those of which `bodies` names it."""
    found = sa.select(Account).filter(assesses_for(organisation_id))
    return db.scalars(found.order_by(Account.id)).all()


def assesses_for(organisation_id: uuid.UUID | InstrumentedAttribute[uuid.UUID]) -> Expression:
    """Return the condition that an account of a query assesses for an awarding body today."""
    partners = sa.select(ReviewPartner.partner_id).filter(
        ReviewPartner.organisation_id == organisation_id
    )
    granted = sa.exists().where(
        AccountGrant.account_id == Account.id,
        AccountGrant.role == Role.ASSESSOR.value,
        sa.or_(
            AccountGrant.organisation_id == organisation_id,
            AccountGrant.organisation_id.in_(partners.correlate_except(ReviewPartner)),
        ),
    )
    return sa.and_(granted.correlate_except(AccountGrant), Account.disabled_at.is_(None))


def lately(db: Session, assessor: Assessor) -> Sequence[PriorLearningApplication]:
    """Return what this assessor judged last, newest first."""
    last = sa.func.max(PriorLearningJudgement.judged_at)
    judged = (
        sa.select(PriorLearningApplication)
        .join(PriorLearningApplication.judgements)
        .filter(PriorLearningJudgement.account_id == assessor.account.id)
        .group_by(PriorLearningApplication.id)
        .order_by(last.desc())
        .limit(LATELY)
    )
    ids = [one.id for one in db.scalars(judged)]
    return [db.get_one(PriorLearningApplication, one) for one in ids]


def find(db: Session, assessor: Assessor, application_id: uuid.UUID) -> PriorLearningApplication:
    """Return an application that waits for this assessor.

    Raises:
        NotFound: `unknown_application`: there is none, or it is not theirs to judge.
        Conflict: `prior_learning_over`: it waits for nobody.
        Forbidden: `prior_own_application`, `prior_own_teacher`, `prior_judged_before`.
    """
    row = db.get(PriorLearningApplication, application_id)
    if row is None or row.submitted_at is None:
        raise NotFound("unknown_application")
    if row.version.series.organisation_id not in bodies(db, assessor.access):
        raise NotFound("unknown_application")
    if row.state != State.SUBMITTED:
        raise Conflict("prior_learning_over")
    if obstacle := _obstacle(db, row, assessor.account, _known_of(db, [row])):
        raise Forbidden(obstacle)
    return row


def nearness(db: Session, application: PriorLearningApplication, account: Account) -> str:
    """Return why somebody is too near to its learner to judge it, or nothing."""
    teachers = _teachers(db, [application.course_id])
    return _nearness(application, account, teachers[application.course_id])


def _nearness(
    application: PriorLearningApplication, account: Account, teachers: Collection[str]
) -> str:
    if _plain(account.name) == _plain(application.person.name or ""):
        return "prior_own_application"
    return "prior_own_teacher" if _plain(account.name) in teachers else ""


def to_judge(db: Session, application: PriorLearningApplication, account: Account) -> list[str]:
    """Return the outcomes that this assessor has still to judge."""
    recognised = prior_recognitions.by_assessors(db, [application])[application.id]
    return _to_judge(db, application, account, recognised)


def _to_judge(
    db: Session, application: PriorLearningApplication, account: Account, recognised: Recognised
) -> list[str]:
    return [
        one.outcome.code
        for one in prior_learning.outcomes(db, application, recognised)
        if one.standing is Standing.OPEN
        and account.id not in prior_learning.judged_by(application, one.judgements)
        and account.id not in prior_learning.judged_before(application, one.judgements)
        and account.id not in recognised.get(one.outcome.code, ())
    ]


def judge(
    db: Session,
    application: PriorLearningApplication,
    assessor: Assessor,
    opinions: Mapping[str, Opinion],
    *,
    revision: int,
    is_independent: bool,
    now: datetime,
) -> None:
    """Keep what an assessor says of every outcome that is theirs to judge.

    What is recognised is recorded as a completion at once, with everything that follows from it.

    Raises:
        Forbidden: `prior_independence_missing`; as `find`.
        Conflict: `prior_learning_changed`: it is not what the assessor read; as `find`.
        ToolError: `prior_verdicts_missing`, `prior_reason_missing`, `evidence_too_long`.
    """
    enrolments.lock(db, application.person, application.version, now)
    db.refresh(application)
    db.expire(application, ["judgements"])
    find(db, assessor, application.id)
    if application.revision != revision:
        raise Conflict("prior_learning_changed")
    if not is_independent:
        raise Forbidden("prior_independence_missing")
    asked = to_judge(db, application, assessor.account)
    _check_opinions(asked, opinions)
    rows = _judgements(application, assessor.account, {one: opinions[one] for one in asked}, now)
    record(db, application, rows, assessor.account, now)
    db.add_all(rows)
    db.flush()
    db.expire(application, ["judgements"])
    _settle(db, application, now)
    body, actor = application.version.series.organisation_id, accounts.actor(assessor.account)
    subject = f"prior_learning_application:{application.id}"
    audit.note_in(db, body, actor, "prior_learning.judged", subject, now)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of several applications at once: names of teachers by course, recognitions."""

    teachers: Mapping[uuid.UUID, set[str]]
    recognised: Mapping[uuid.UUID, Recognised]


def _known_of(db: Session, applications: Sequence[PriorLearningApplication]) -> _Known:
    courses = [one.course_id for one in applications]
    return _Known(_teachers(db, courses), prior_recognitions.by_assessors(db, applications))


def _obstacle(
    db: Session, application: PriorLearningApplication, account: Account, known: _Known
) -> str:
    """Return why this assessor cannot judge it, or nothing."""
    if near := _nearness(application, account, known.teachers[application.course_id]):
        return near
    appealed = application.appealed_at
    if appealed is not None and any(
        one.account_id == account.id and not one.is_appeal and one.judged_at <= appealed
        for one in application.judgements
    ):
        return "prior_judged_before"
    open_ = _to_judge(db, application, account, known.recognised[application.id])
    return "" if open_ else "prior_judged_before"


def _teachers(db: Session, courses: Collection[uuid.UUID]) -> defaultdict[uuid.UUID, set[str]]:
    named = (
        sa.select(CourseMember.course_id, Person.name)
        .join(Person, CourseMember.person_id == Person.id)
        .filter(CourseMember.course_id.in_(courses), CourseMember.is_tester)
    )
    found: defaultdict[uuid.UUID, set[str]] = defaultdict(set)
    for course_id, name in db.execute(named) if courses else ():
        if name:
            found[course_id].add(_plain(name))
    return found


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _check_opinions(asked: Sequence[str], opinions: Mapping[str, Opinion]) -> None:
    if not set(asked) <= set(opinions):
        raise ToolError("prior_verdicts_missing")
    for one in (opinions[code] for code in asked):
        if one.verdict is not Verdict.RECOGNISED and not one.reason.strip():
            raise ToolError("prior_reason_missing")
        if len(one.reason.strip()) > LONGEST_EVIDENCE:
            raise ToolError("evidence_too_long", maximum=str(LONGEST_EVIDENCE))


def _judgements(
    application: PriorLearningApplication,
    account: Account,
    opinions: Mapping[str, Opinion],
    now: datetime,
) -> list[PriorLearningJudgement]:
    known: dict[str, list[PriorLearningJudgement]] = {}
    for row in application.judgements:
        known.setdefault(row.outcome_code, []).append(row)
    return [
        PriorLearningJudgement(
            id=uuid.uuid4(),
            application_id=application.id,
            sequence=len(application.judgements) + number,
            account_id=account.id,
            outcome_code=code,
            verdict=one.verdict.value,
            reason=one.reason.strip(),
            is_appeal=prior_learning.is_appealed(application, known.get(code, ())),
            judged_at=now,
        )
        for number, (code, one) in enumerate(opinions.items(), start=1)
    ]


def record(
    db: Session,
    application: PriorLearningApplication,
    judgements: Sequence[PriorLearningJudgement],
    account: Account,
    now: datetime,
) -> None:
    """Record what these judgements recognise, with the files that show it."""
    recognised = [one for one in judgements if one.verdict == Verdict.RECOGNISED]
    if not recognised:
        return
    records = completions.record_recognised(
        db,
        application.person,
        application.version,
        [
            Recognition(
                unit=application.unit_code,
                outcome=one.outcome_code,
                reason=one.reason,
                key=f"prior:{one.id.hex}",
            )
            for one in recognised
        ],
        course=application.course,
        assessor=account,
        now=now,
    )
    for judgement, record in zip(recognised, records, strict=True):
        judgement.record_id = record.id
    prior_files.hand_on(db, application, records)


def _settle(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    """Return it to the learner for more evidence, or close it once nothing is open."""
    submitted = application.submitted_at
    if any(
        one.verdict == Verdict.MORE and submitted and one.judged_at >= submitted
        for one in application.judgements
    ):
        application.state, application.news = State.RETURNED.value, News.MORE.value
    else:
        standings = {one.standing for one in prior_learning.outcomes(db, application)}
        if Standing.OPEN not in standings:
            application.state, application.decided_at = State.DECIDED.value, now
            application.news = _news(standings).value
    db.flush()


def _news(standings: Collection[Standing]) -> News:
    if Standing.RECOGNISED not in standings:
        return News.NOT_RECOGNISED
    return News.PARTLY if len(standings) > 1 else News.RECOGNISED
