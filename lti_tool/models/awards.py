"""Awards: the fact that a person earned a micro-credential, whether or not claimed."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import Course
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class Award(Base):
    """An award stands until it is withdrawn; at most one stands per (person, version, test).

    `course_id`: the course that decided; of a stacked one, one that offered it, else that of the
    last part (which does not decide about it: `services.awarding.stack_awards.decides`).
    `results` is the evidence at the moment of granting: a list of
    {"unit", "completed_at", "route", "points", "maximum", "basis"}.
    `parts`: of a stacked micro-credential, the awards that it rests on: a list of {"award",
    "reference", "title", "body", "awarded_at", "hours"}, the texts by language.
    `confirmed_by`: where the course asked for it, who confirmed, as in `PendingAward`.
    `flagged_at`: a record it rests on was retracted after the claim; a person must decide.
    `kept_at`: a person decided that it stands; it holds until something new is recorded.
    """

    __tablename__ = "awards"
    __table_args__ = (
        sa.Index(
            "uq_awards_standing",
            "person_id",
            "version_id",
            "is_test",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"))
    is_test: Mapped[bool]
    awarded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    results: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    parts: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON)
    confirmed_by: Mapped[list[dict[str, str]] | None] = mapped_column(sa.JSON)
    assessors: Mapped[int]
    identity: Mapped[str] = mapped_column(sa.String(32))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str | None] = mapped_column(sa.String(500))
    flagged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    flagged_reason: Mapped[str | None] = mapped_column(sa.String(500))
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept_reason: Mapped[str | None] = mapped_column(sa.String(500))

    person: Mapped[Person] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()
    course: Mapped[Course] = relationship()
