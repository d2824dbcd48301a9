"""Results that a second person looks at again: asked for, waiting, agreed or disagreed, counted.

No award waits for it. A disagreement flags the award, about which the teachers and the awarding
body decide.
"""

import itertools
import secrets
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    CompletionRecord,
    Course,
    CourseMember,
    EvidenceFile,
    MicroCredentialSeries,
    MicroCredentialVersion,
    ModerationSample,
    Person,
)
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import awards, enrolments
from lti_tool.services.awarding.moderation_draws import DISAGREED
from lti_tool.services.completing import completions, evidence, prior_recognitions
from lti_tool.services.definitions import review_partners
from lti_tool.services.definitions.reviews import Reviewer

SHARES = (1, 2, 5, 10, 20)
"""One in so many is looked at again."""
LONGEST_REASON = 1000
MOST_LISTED = 100


class Verdict(StrEnum):
    AGREED = "agreed"
    DISAGREED = DISAGREED


@dataclass(frozen=True, slots=True)
class Figures:
    waiting: int = 0
    agreed: int = 0
    disagreed: int = 0

    @property
    def drawn(self) -> int:
        return self.waiting + self.agreed + self.disagreed


def ask(
    db: Session, version: MicroCredentialVersion, one_in: int | None, *, by: str, now: datetime
) -> None:
    """Let one in so many results of a version be looked at again from now on; None: none.

    Raises:
        ToolError: `unknown_share`.
    """
    if one_in is not None and one_in not in SHARES:
        raise ToolError("unknown_share")
    db.refresh(version, with_for_update={"key_share": True, "of": MicroCredentialVersion})
    if version.moderated_one_in == one_in:
        return
    version.moderated_one_in = one_in
    version.moderation_key = version.moderation_key or secrets.token_hex(32)
    subject = f"micro_credential_version:{version.id}"
    body = version.series.organisation_id
    audit.note_in(db, body, by, "moderation.asked", subject, now, one_in=str(one_in or "none"))


def waiting(db: Session, reviewer: Reviewer) -> Sequence[ModerationSample]:
    """Return what waits for this reviewer, oldest first."""
    reviewed = review_partners.reviewed(db, reviewer.access)
    found = (
        _counting()
        .filter(
            ModerationSample.organisation_id.in_(reviewed),
            ModerationSample.verdict.is_(None),
        )
        .order_by(ModerationSample.drawn_at, ModerationSample.id)
        .options(
            joinedload(ModerationSample.record)
            .joinedload(CompletionRecord.version)
            .joinedload(MicroCredentialVersion.series)
            .joinedload(MicroCredentialSeries.organisation)
        )
    )
    return _first(db, found, lambda one: not _is_assessor(reviewer, one))


def waiting_ids(
    db: Session, reviewed: Collection[uuid.UUID], account_id: uuid.UUID
) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
    """Return sample and version of what waits for an account that reviews for these."""
    judge = CompletionRecord.assessor_account_id
    found = _counting().filter(
        ModerationSample.organisation_id.in_(reviewed),
        ModerationSample.verdict.is_(None),
        judge.is_(None) | (judge != account_id),
    )
    ordered = found.order_by(ModerationSample.drawn_at, ModerationSample.id)
    samples = _first(db, ordered.options(joinedload(ModerationSample.record)), lambda _: True)
    return [(one.id, one.record.version_id) for one in samples]


def _first(
    db: Session,
    ordered: sa.Select[ModerationSample],
    is_wanted: Callable[[ModerationSample], bool],
) -> list[ModerationSample]:
    """Return the first so many that are wanted, whatever stands before them."""
    found: list[ModerationSample] = []
    for start in itertools.count(0, MOST_LISTED):
        samples = db.scalars(ordered.offset(start).limit(MOST_LISTED)).all()
        found += _without_votes(db, [one for one in samples if is_wanted(one)])
        if len(samples) < MOST_LISTED or len(found) >= MOST_LISTED:
            break
    return found[:MOST_LISTED]


def _without_votes(db: Session, samples: Sequence[ModerationSample]) -> list[ModerationSample]:
    votes = prior_recognitions.votes(db, [one.record for one in samples])
    return [one for one in samples if one.record_id not in votes]


def _counting() -> sa.Select[ModerationSample]:
    """Return the samples whose record was not taken back, and is no teacher's test."""
    undone = aliased(CompletionRecord)
    return (
        sa.select(ModerationSample)
        .join(ModerationSample.record)
        .filter(
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
            ~sa.exists().where(
                CourseMember.course_id == CompletionRecord.course_id,
                CourseMember.person_id == CompletionRecord.person_id,
                CourseMember.is_tester,
            ),
        )
    )


def _is_assessor(reviewer: Reviewer, sample: ModerationSample) -> bool:
    return reviewer.actor == f"account:{sample.record.assessor_account_id}"


def find(db: Session, reviewer: Reviewer, sample_id: uuid.UUID) -> ModerationSample:
    """Return a result that waits for this reviewer.

    Raises:
        NotFound: `unknown_sample`: there is none, or it is not theirs, or was taken back.
        Conflict: `already_moderated`.
    """
    sample = db.scalar(_counting().filter(ModerationSample.id == sample_id))
    if sample is None or _is_assessor(reviewer, sample) or not _without_votes(db, [sample]):
        raise NotFound("unknown_sample")
    if sample.organisation_id not in review_partners.reviewed(db, reviewer.access):
        raise NotFound("unknown_sample")
    if sample.verdict is not None:
        raise Conflict("already_moderated")
    return sample


def files(db: Session, sample: ModerationSample) -> Sequence[EvidenceFile]:
    """Return the files that a drawn result rests on."""
    return evidence.of_records(db, [sample.record]).get(sample.record_id, ())


def show_evidence(db: Session, sample: ModerationSample, reviewer: Reviewer, now: datetime) -> None:
    """Note that a reviewer looks at what a result rests on: texts and files may name people."""
    subject, body = f"moderation_sample:{sample.id}", sample.organisation_id
    audit.note_in(db, body, reviewer.actor, "moderation.evidence_shown", subject, now)


def open_file(
    db: Session, sample: ModerationSample, reviewer: Reviewer, file_id: uuid.UUID, now: datetime
) -> EvidenceFile:
    """Return a file that a drawn result rests on, and note who has opened it.

    Raises:
        NotFound: `unknown_evidence`.
    """
    found = next((one for one in files(db, sample) if one.id == file_id), None)
    if found is None:
        raise NotFound("unknown_evidence")
    subject, body = f"evidence_file:{found.id}", sample.organisation_id
    audit.note_in(db, body, reviewer.actor, "moderation.file_opened", subject, now)
    return found


def decide(
    db: Session,
    sample: ModerationSample,
    reviewer: Reviewer,
    verdict: Verdict,
    *,
    reason: str,
    is_independent: bool,
    now: datetime,
) -> None:
    """Keep what a second person found; a disagreement flags the award that stands.

    Raises:
        Conflict: `already_moderated`. Forbidden: `assessed_oneself`: they did not declare that
        they had no part in the assessment. ToolError: `disagreement_unexplained`,
        `reason_too_long`.
    """
    reason = reasons.given(reason, longest=LONGEST_REASON, must=False)
    if not is_independent:
        raise Forbidden("assessed_oneself")
    if verdict is Verdict.DISAGREED and not reason:
        raise ToolError("disagreement_unexplained")
    record = sample.record
    enrolments.lock(db, record.person, record.version, now)  # locks what the award rests on
    db.refresh(sample, with_for_update=True)
    if sample.verdict is not None:
        raise Conflict("already_moderated")
    sample.verdict, sample.reason = verdict.value, reason or None
    sample.moderator, sample.decided_at = reviewer.actor, now
    award = awards.standing(db, record.person, record.version)
    if verdict is Verdict.DISAGREED and award is not None and _counts(db, record, now):
        awards.dispute(db, award, by=reviewer.actor, now=now)
    _note(db, sample, reviewer, verdict, now)
    db.flush()


def _counts(db: Session, record: CompletionRecord, now: datetime) -> bool:
    """Whether the award rests on it, and not on another result of the same unit."""
    progress = completions.standing(db, record.person, record.version, now).real
    return any(str(record.id) in unit.records for unit in progress.units)


def _note(
    db: Session, sample: ModerationSample, reviewer: Reviewer, verdict: Verdict, now: datetime
) -> None:
    subject, body = f"moderation_sample:{sample.id}", sample.organisation_id
    if verdict is Verdict.AGREED:
        audit.note_in(db, body, reviewer.actor, "moderation.agreed", subject, now)
    else:
        audit.note_in(db, body, reviewer.actor, "moderation.disagreed", subject, now)


def figures_of_body(db: Session, organisation_id: uuid.UUID) -> Figures:
    """Return how much was drawn from the results of a body's micro-credentials."""
    return _figures(db, ModerationSample.organisation_id == organisation_id)


def figures(db: Session, version: MicroCredentialVersion) -> Figures:
    """Return how much was drawn from the results in a version."""
    return _figures(db, CompletionRecord.version_id == version.id)


def _figures(db: Session, which: sa.ColumnElement[bool]) -> Figures:
    counted = (
        _counting()
        .filter(which)
        .with_only_columns(ModerationSample.verdict, sa.func.count())
        .group_by(ModerationSample.verdict)
    )
    found = {row[0]: row[1] for row in db.execute(counted)}
    return Figures(
        waiting=found.get(None, 0),
        agreed=found.get(Verdict.AGREED, 0),
        disagreed=found.get(Verdict.DISAGREED, 0),
    )


def disputes(
    db: Session, person: Person, version: MicroCredentialVersion, course: Course | None = None
) -> Sequence[ModerationSample]:
    """Return the results of a person that a second person judged otherwise, in all courses or one,
    latest first."""
    found = _counting().filter(
        CompletionRecord.person_id == person.id,
        CompletionRecord.version_id == version.id,
        ModerationSample.verdict == Verdict.DISAGREED,
    )
    if course is not None:
        found = found.filter(CompletionRecord.course_id == course.id)
    return db.scalars(found.order_by(ModerationSample.decided_at.desc())).all()


def count(db: Session, person: Person) -> int:
    """Return how many results of a person were drawn."""
    drawn = sa.select(ModerationSample).join(ModerationSample.record)
    own = drawn.filter(CompletionRecord.person_id == person.id)
    return len(_without_votes(db, db.scalars(own).all()))
