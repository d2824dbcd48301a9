"""Recognition of prior learning, the learner's side: say what one can, show evidence, hand it in.

Identification and documentation are here; `prior_assessment` has the assessors' side. One
application is about one unit. What was recognised is read from the completion records, so that what
is taken back there is taken back here.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from badges import prior_learning as rules
from badges.completion import Route
from badges.micro_credential import LearningOutcome, LearningUnit, MicroCredential
from lti_tool.errors import Conflict, Forbidden, ToolError
from lti_tool.models import (
    CompletionRecord,
    Course,
    CourseMember,
    MicroCredentialVersion,
    Person,
    PriorLearningApplication,
    PriorLearningJudgement,
)
from lti_tool.services import audit
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import evidence, prior_files, prior_prospects, prior_recognitions
from lti_tool.services.completing.prior_prospects import Prospect
from lti_tool.services.completing.prior_recognitions import Recognised
from lti_tool.services.completing.prior_states import EDITED, State
from lti_tool.services.definitions import catalogue

LONGEST_TEXT = 4000


class Says(StrEnum):
    """What learners say of an outcome themselves."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Verdict(StrEnum):
    RECOGNISED = "recognised"
    NOT_RECOGNISED = "not_recognised"
    MORE = "more"  # more evidence is wanted


class Standing(StrEnum):
    """Where an outcome stands. `TO_DO`: the learner does not claim it."""

    TO_DO = "to_do"
    OPEN = "open"
    MORE = "more"
    RECOGNISED = "recognised"
    NOT_RECOGNISED = "not_recognised"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a learner says of one outcome, and the evidence; `says` None: nothing yet."""

    says: Says | None = None
    text: str = ""
    link: str = ""

    @property
    def is_claimed(self) -> bool:
        return self.says in (Says.YES, Says.PARTLY)

    @property
    def has_evidence(self) -> bool:
        return bool(self.text or self.link)


@dataclass(frozen=True, slots=True)
class SelfAssessment:
    """`answers`: by outcome. `text`, `link`: evidence for the unit as a whole."""

    answers: Mapping[str, Answer]
    text: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Who applies for which unit, in which course."""

    person: Person
    course: Course
    version: MicroCredentialVersion
    unit: LearningUnit


@dataclass(frozen=True, slots=True)
class OutcomeStanding:
    """`judgements`: of this application, in their order."""

    outcome: LearningOutcome
    answer: Answer
    standing: Standing
    judgements: tuple[PriorLearningJudgement, ...]


def unit_of(application: PriorLearningApplication) -> LearningUnit:
    return catalogue.definition(application.version).unit(application.unit_code)


def content(application: PriorLearningApplication) -> SelfAssessment:
    """Return what the learner says, as it is kept."""
    answers = {
        one["outcome"]: Answer(Says(one["says"]) if one["says"] else None, one["text"], one["link"])
        for one in application.answers
    }
    return SelfAssessment(answers, application.text, application.link)


def latest(
    db: Session, person: Person, version: MicroCredentialVersion
) -> dict[str, PriorLearningApplication]:
    """Return a person's last application for each unit."""
    own = sa.select(PriorLearningApplication).filter_by(person_id=person.id, version_id=version.id)
    ordered = own.order_by(PriorLearningApplication.created_at, PriorLearningApplication.id)
    return {one.unit_code: one for one in db.scalars(ordered)}


def waiting(db: Session, person: Person, version: MicroCredentialVersion) -> frozenset[str]:
    """Return the units in which something of a person waits for a judgement."""
    found = sa.select(PriorLearningApplication.unit_code).filter_by(
        person_id=person.id, version_id=version.id, state=State.SUBMITTED.value
    )
    return frozenset(db.scalars(found))


def check_allowed(mc: MicroCredential, unit: LearningUnit) -> None:
    """Refuse a unit in which prior learning can never be recognised.

    Raises:
        ToolError: `prior_learning_not_allowed`; `prior_learning_not_in_unit`, which says why.
    """
    if unit.no_prior_learning is not None and rules.limit(mc):
        raise ToolError("prior_learning_not_in_unit")
    if not rules.is_allowed(mc, unit):
        raise ToolError("prior_learning_not_allowed")


def save(
    db: Session, place: Place, said: SelfAssessment, *, revision: int, now: datetime
) -> PriorLearningApplication:
    """Keep a draft, whatever it still lacks; a new one where there is none to go on with.

    `revision`: of the draft that the learner saw; 0: none.

    Raises:
        ToolError: `prior_text_too_long`; as `check_allowed`, `evidence.link`.
        Conflict: `prior_learning_moved`: it is no draft any more, or was saved by another page.
    """
    check_allowed(catalogue.definition(place.version), place.unit)
    _check_texts(said)
    enrolments.lock(db, place.person, place.version, now)
    row = latest(db, place.person, place.version).get(place.unit.code)
    if row is None or (row.state == State.DECIDED and revision == 0):
        row, revision = _begin(db, place, now), 0
    answers = [
        {"outcome": one.code, **_kept(said.answers.get(one.code, Answer()))}
        for one in place.unit.outcomes
    ]
    text, link = said.text.strip(), said.link.strip()
    if (row.answers, row.text, row.link) == (answers, text, link):
        if row.state == State.DRAFT:
            row.updated_at = now
        return row  # sent twice, or kept once more
    if row.state not in EDITED or row.revision != revision:
        raise Conflict("prior_learning_moved")
    row.answers, row.text, row.link, row.updated_at = answers, text, link, now
    row.revision += 1
    db.flush()
    return row


def hand_in(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    """Hand a saved draft to the assessors.

    Raises:
        Forbidden: `prior_learning_testers`: the person teaches in this course.
        ToolError: `prior_answers_missing`, `prior_nothing_claimed`, `prior_evidence_missing`.
        Conflict: `prior_learning_moved`, `prior_beyond_limit`, `prior_unit_complete`.
    """
    lock(db, application, now)
    if application.state not in EDITED:
        raise Conflict("prior_learning_moved")
    _check_person(db, application)
    _check_complete(db, application)
    _check_place(db, application, now)
    application.state, application.submitted_at = State.SUBMITTED.value, now
    application.news = None
    _note(db, application, "prior_learning.submitted", now)


def withdraw(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    """Take back what was handed in; it is a draft again, and nothing is lost.

    Raises:
        Conflict: `prior_learning_moved`: it waits for nobody, or for the answer to an appeal;
            `prior_half_judged`: the verdict of one of several assessors rests on what it says.
    """
    lock(db, application, now)
    if application.state != State.SUBMITTED or application.appealed_at is not None:
        raise Conflict("prior_learning_moved")
    if not may_withdraw(application):
        raise Conflict("prior_half_judged")
    application.state, application.updated_at = State.DRAFT.value, now
    application.revision += 1
    _note(db, application, "prior_learning.withdrawn", now)


def erase(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    """Delete what the learner wrote and their files: what nobody judged as a whole, else the
    texts, links and files, also those on which a record rests; of this unit, so earlier decisions
    too.

    Raises:
        Conflict: `prior_learning_moved`: an assessor has it.
    """
    lock(db, application, now)
    if application.state == State.SUBMITTED:
        raise Conflict("prior_learning_moved")
    for one in _of_unit(db, application):
        _erase(db, one, now)


def _erase(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    _note(db, application, "prior_learning.erased", now)
    prior_files.erase_all(db, application, actor=f"person:{application.person_id}", now=now)
    if not application.judgements:
        db.delete(application)
        return
    application.answers = [{**one, "text": "", "link": ""} for one in application.answers]
    application.text = application.link = ""
    application.appeal_reason = None if application.appeal_reason is None else ""
    application.appeals = [{**one, "reason": ""} for one in application.appeals or ()] or None
    application.state, application.erased_at = State.DECIDED.value, now
    application.decided_at, application.news = application.decided_at or now, None
    application.revision += 1


def may_withdraw(application: PriorLearningApplication) -> bool:
    """Whether it waits, and nobody has judged it since it was handed in."""
    since = application.submitted_at
    if application.state != State.SUBMITTED or application.appealed_at or since is None:
        return False
    return all(one.judged_at < since for one in application.judgements)


def outcomes(
    db: Session, application: PriorLearningApplication, recognised: Recognised | None = None
) -> tuple[OutcomeStanding, ...]:
    """Return where each outcome of the unit stands. `recognised`: of `by_assessors`, if known."""
    unit, said = unit_of(application), content(application).answers
    if recognised is None:
        recognised = prior_recognitions.by_assessors(db, [application])[application.id]
    needed = rules.assessors_needed(unit)
    found = []
    for outcome in unit.outcomes:
        own = tuple(one for one in application.judgements if one.outcome_code == outcome.code)
        answer = said.get(outcome.code, Answer())
        if len(recognised.get(outcome.code, ())) >= needed:
            standing = Standing.RECOGNISED
        elif not answer.is_claimed:
            standing = Standing.TO_DO
        else:
            standing = _of_judged(application, own, needed)
        found.append(OutcomeStanding(outcome, answer, standing, own))
    return tuple(found)


def is_appealed(
    application: PriorLearningApplication, judgements: Sequence[PriorLearningJudgement]
) -> bool:
    """Whether what was judged of an outcome (`judgements`: on it) is what the learner appealed
    against last, or before: not what was judged, or corrected, for the first time since."""
    first = [one for one in judgements if not one.is_appeal and one.verdict != Verdict.MORE]
    since = application.appealed_at
    if since is None or not first:
        return False
    return all(one.judged_at <= since for one in first)


def judged_by(
    application: PriorLearningApplication, judgements: Sequence[PriorLearningJudgement]
) -> set[uuid.UUID]:
    """Return who has judged an outcome (`judgements`: on it) for good, since the beginning or since
    the last appeal against it."""
    final = [one for one in judgements if one.verdict != Verdict.MORE]
    if not is_appealed(application, judgements):
        return {one.account_id for one in final if not one.is_appeal}
    since = _last_appealed(final)
    return {one.account_id for one in final if one.is_appeal and one.sequence > since}


def judged_before(
    application: PriorLearningApplication, judgements: Sequence[PriorLearningJudgement]
) -> set[uuid.UUID]:
    """Return who has judged an outcome before the last appeal against it."""
    if not is_appealed(application, judgements):
        return set()
    final = [one for one in judgements if one.verdict != Verdict.MORE]
    return {one.account_id for one in final if one.sequence <= _last_appealed(final)}


def _last_appealed(final: Sequence[PriorLearningJudgement]) -> int:
    """Return the number of the last judgement that an appeal was made against."""
    return max(one.sequence for one in final if not one.is_appeal)


def taken_back(
    db: Session, application: PriorLearningApplication
) -> Mapping[str, Sequence[CompletionRecord]]:
    """Return by outcome what teachers took back, when they still could, of what was recognised
    since the learner applied, oldest first: retractions, whose `evidence` is the reason."""
    taken = aliased(CompletionRecord)
    rows = db.execute(
        sa.select(taken.part, CompletionRecord)
        .join(taken, taken.id == CompletionRecord.retracts_id)
        .filter(
            taken.person_id == application.person_id,
            taken.version_id == application.version_id,
            taken.unit_code == application.unit_code,
            taken.route == Route.PRIOR_LEARNING.value,
            taken.recorded_at >= application.created_at,
            CompletionRecord.assessor_id.is_not(None),
        )
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    )
    found: dict[str, list[CompletionRecord]] = {}
    for outcome, row in rows:
        found.setdefault(outcome or "", []).append(row)
    return found


def _of_judged(
    application: PriorLearningApplication,
    judgements: Sequence[PriorLearningJudgement],
    needed: int,
) -> Standing:
    if application.state == State.RETURNED:
        submitted = application.submitted_at
        if any(
            one.verdict == Verdict.MORE and submitted and one.judged_at >= submitted
            for one in judgements
        ):
            return Standing.MORE
    if len(judged_by(application, judgements)) >= needed:
        return Standing.NOT_RECOGNISED
    # Decided: the learner took the evidence back, or what was recognised was taken back.
    return Standing.NOT_RECOGNISED if application.state == State.DECIDED else Standing.OPEN


def _of_unit(
    db: Session, application: PriorLearningApplication
) -> Sequence[PriorLearningApplication]:
    """Return an application and those before it, of the same person for the same unit."""
    same = sa.select(PriorLearningApplication).filter_by(
        person_id=application.person_id,
        version_id=application.version_id,
        unit_code=application.unit_code,
    )
    return [
        one
        for one in db.scalars(same.order_by(PriorLearningApplication.created_at))
        if one.erased_at is None and one.state != State.SUBMITTED
    ]


def _note(db: Session, application: PriorLearningApplication, act: str, now: datetime) -> None:
    body, actor = application.version.series.organisation_id, f"person:{application.person_id}"
    audit.note_in(db, body, actor, act, f"prior_learning_application:{application.id}", now)


def _begin(db: Session, place: Place, now: datetime) -> PriorLearningApplication:
    row = PriorLearningApplication(
        id=uuid.uuid4(),
        person_id=place.person.id,
        version_id=place.version.id,
        course_id=place.course.id,
        unit_code=place.unit.code,
        state=State.DRAFT.value,
        revision=0,
        answers=[],
        text="",
        link="",
        created_at=now,
        updated_at=now,
    )
    db.add(row)
    return row


def lock(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    """Let nobody judge or change it meanwhile, and see it as it is once the lock is held."""
    enrolments.lock(db, application.person, application.version, now)
    db.refresh(application)
    db.expire(application, ["judgements"])


def _kept(answer: Answer) -> dict[str, str]:
    says = answer.says.value if answer.says else ""
    return {"says": says, "text": answer.text.strip(), "link": answer.link.strip()}


def _check_texts(said: SelfAssessment) -> None:
    every = [*said.answers.values(), Answer(None, said.text, said.link)]
    if any(len(one.text.strip()) > LONGEST_TEXT for one in every):
        raise ToolError("prior_text_too_long", maximum=str(LONGEST_TEXT))
    for one in every:
        evidence.link(one.link)


def _check_person(db: Session, application: PriorLearningApplication) -> None:
    member = db.get(CourseMember, (application.course_id, application.person_id))
    if member is not None and member.is_tester:
        raise Forbidden("prior_learning_testers")


def _check_complete(db: Session, application: PriorLearningApplication) -> None:
    said, files = content(application), prior_files.of(db, application)
    done = {
        one.outcome.code for one in outcomes(db, application) if one.standing is Standing.RECOGNISED
    }
    asked = {code: one for code, one in said.answers.items() if code not in done}
    if not all(one.says for one in asked.values()):
        raise ToolError("prior_answers_missing")
    claimed = {code: one for code, one in asked.items() if one.is_claimed}
    if not claimed:
        raise ToolError("prior_nothing_claimed")
    if said.text or said.link or files.get(prior_files.WHOLE):
        return
    if not all(one.has_evidence or files.get(code) for code, one in claimed.items()):
        raise ToolError("prior_evidence_missing")


def _check_place(db: Session, application: PriorLearningApplication, now: datetime) -> None:
    code, version = application.unit_code, application.version
    prospect = prior_prospects.of(db, application.person, version, now, only=[code])[code]
    if prospect is Prospect.COMPLETE:
        raise Conflict("prior_unit_complete")
    if prospect in (Prospect.BEYOND, Prospect.CLOSED):
        percent = rules.limit(catalogue.definition(application.version))
        raise Conflict("prior_beyond_limit", percent=str(percent))
