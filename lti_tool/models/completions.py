"""Completion records, append-only, and the row that evaluation locks."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.accounts import Account
from lti_tool.models.activities import ActivityResult
from lti_tool.models.api_clients import ApiClient
from lti_tool.models.courses import Course
from lti_tool.models.gradebook_results import GradebookResult
from lti_tool.models.mentors import MentorLink
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class Enrolment(Base):
    """A person works on a version of a micro-credential.

    Recording and evaluation lock this row, so that two records at one moment are judged one
    after the other.
    """

    __tablename__ = "enrolments"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), primary_key=True, index=True
    )
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CompletionRecord(Base):
    """One judgement on one unit: points, a sign-off, prior learning recognised, a grade in the LMS,
    an unlocked launch, an activity of the LMS, a participation, or a retraction of an earlier
    record. Never changed, never deleted; `badges.completion` evaluates.

    `mentor_link`: a mentor at the workplace confirmed it, for whom the assessor vouches.

    `carried_from_id`: the same judgement in an older version, of a unit that stayed the same: the
    course, or another one of the learner's, was moved to this version (`services.courses.moving`).
    All but the version is as there.

    Of recognised prior learning `part` is the learning outcome, and the assessor is an account of
    this server: `assessor_account`.

    `assessor_id` is None where the LMS or the learner stands for the record. `key` makes a
    repeated submission of the same form harmless. `result` and
    `activity_result`: the grade in the LMS, or what it said of an activity, that it rests on.
    `client`: the other system that reported it. `evidence`, `evidence_link`: what it rests on, in
    words and as an https address; `is_evidence_shared`: whoever wrote the words was told that the
    learner reads them, as everybody is since there are files. `judged_at`: when the assessor
    judged, where that was noted without network and came in later, at `recorded_at`.
    """

    __tablename__ = "completion_records"
    __table_args__ = (
        sa.Index("ix_completion_records_person_version", "person_id", "version_id"),
        sa.UniqueConstraint("person_id", "key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    key: Mapped[str] = mapped_column(sa.String(64))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("micro_credential_versions.id"))
    unit_code: Mapped[str] = mapped_column(sa.String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    route: Mapped[str] = mapped_column(sa.String(32))
    assessor_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"))
    part: Mapped[str | None] = mapped_column(sa.String(64))
    points: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    is_signed_off: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[str | None] = mapped_column(sa.Text)
    evidence_link: Mapped[str | None] = mapped_column(sa.Text)
    is_evidence_shared: Mapped[bool] = mapped_column(default=True, server_default=sa.false())
    retracts_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("completion_records.id"), index=True
    )

    carried_from_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("completion_records.id"), index=True
    )

    result_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("gradebook_results.id"), index=True
    )

    result: Mapped[GradebookResult | None] = relationship()
    activity_result_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("activity_results.id"), index=True
    )

    activity_result: Mapped[ActivityResult | None] = relationship()
    mentor_link_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("mentor_links.id"), index=True
    )

    mentor_link: Mapped[MentorLink | None] = relationship()
    assessor_account_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("accounts.id"), index=True
    )

    assessor_account: Mapped[Account | None] = relationship()
    client_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("api_clients.id"), index=True)
    client: Mapped[ApiClient | None] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    assessor: Mapped[Person | None] = relationship(foreign_keys=[assessor_id])
    course: Mapped[Course] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()


@event.listens_for(CompletionRecord, "before_update")
@event.listens_for(CompletionRecord, "before_delete")
def _refuse_change(_mapper: object, _connection: object, record: CompletionRecord) -> None:
    raise TypeError(f"completion record {record.id} is append-only")
