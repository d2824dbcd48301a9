"""One-time links with which a mentor at the workplace confirms what a learner can do."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import Course
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class MentorLink(Base):
    """What a teacher asks somebody without an account to confirm of one learner, once.

    `token_digest` is SHA-256 hex of what stands in the link. `asked_of`: whom the teacher gave it
    to, in the teacher's words; `mentor_name`: who says to have confirmed.
    """

    __tablename__ = "mentor_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), index=True)
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    asked_by_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    unit_codes: Mapped[list[str]] = mapped_column(sa.JSON)
    asked_of: Mapped[str] = mapped_column(sa.String(200))
    mentor_name: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    course: Mapped[Course] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
