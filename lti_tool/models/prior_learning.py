"""Recognition of prior learning: what learners apply for, and what assessors judge of it."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.accounts import Account
from lti_tool.models.completions import CompletionRecord
from lti_tool.models.courses import Course
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class PriorLearningApplication(Base):
    """What a learner says to be able to do already of one unit, and the evidence for it.

    `state`: `services.completing.prior_states.State`. `answers`: a list of {"outcome", "says",
    "text", "link"}; `text` and `link` here are evidence for the unit as a whole. `revision` counts
    what was saved, so that nobody judges another text than they read. `appealed_at`: the learner
    asked for another assessor, last. `appeals`: each time, {"at", "reason"}, oldest first; None:
    not known apart (before migration 0050). `appeal_reason`: all reasons in one, for servers of an
    older release.
    `erased_at`: the learner took all texts back after the decision; what was judged stays. `news`:
    what came of it, until the learner has looked at it: `services.completing.prior_news.News`.
    """

    __tablename__ = "prior_learning_applications"
    __table_args__ = (
        sa.Index("ix_prior_learning_applications_person_version", "person_id", "version_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), index=True)
    unit_code: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[str] = mapped_column(sa.String(16), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    answers: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON)
    text: Mapped[str] = mapped_column(sa.Text)
    link: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_reason: Mapped[str | None] = mapped_column(sa.Text)
    appeals: Mapped[list[dict[str, str]] | None] = mapped_column(sa.JSON(none_as_null=True))
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    news: Mapped[str | None] = mapped_column(sa.String(16))

    person: Mapped[Person] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()
    course: Mapped[Course] = relationship()
    judgements: Mapped[list["PriorLearningJudgement"]] = relationship(
        back_populates="application", order_by="PriorLearningJudgement.sequence"
    )


class PriorLearningJudgement(Base):
    """What one assessor says of one outcome, and why. Never changed.

    `sequence` counts from 1 for each application. `verdict`: as in
    `services.completing.prior_learning`.
    `is_appeal`: it answers an appeal. `record`: what it added to the learner's completions.
    `corrects_id`: the judgement of the same assessor that it takes the place of.
    """

    __tablename__ = "prior_learning_judgements"
    __table_args__ = (sa.UniqueConstraint("application_id", "sequence"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    application_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("prior_learning_applications.id")
    )
    sequence: Mapped[int]
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    outcome_code: Mapped[str] = mapped_column(sa.String(64))
    verdict: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str] = mapped_column(sa.Text)
    is_appeal: Mapped[bool]
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    record_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("completion_records.id"), index=True
    )
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("prior_learning_judgements.id"), index=True
    )

    application: Mapped[PriorLearningApplication] = relationship(back_populates="judgements")
    account: Mapped[Account] = relationship()
    record: Mapped[CompletionRecord | None] = relationship()


@event.listens_for(PriorLearningJudgement, "before_update")
@event.listens_for(PriorLearningJudgement, "before_delete")
def _refuse_change(_mapper: object, _connection: object, row: PriorLearningJudgement) -> None:
    raise TypeError(f"judgement {row.id} on prior learning is append-only")
