"""Awards that are earned and wait for a person's confirmation."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import Course
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class PendingAward(Base):
    """A person completed a version in a course whose awards a person confirms.

    It means something only while the person is complete and has no award;
    `services.courses.confirming` looks. Beside an award it says that another course gave what
    waited in this one (`services.courses.given_meanwhile`).
    `course_id`: where it waits; if that course does not offer
    the version, the awarding body's administrators decide (`services.courses.confirming_here`).
    `confirmed_by`: who has confirmed so far, a list of {"person", "at"}, or of an administrator
    {"account", "at"}; confirmations older than the completion count for nothing. One that was taken
    back is as old as can be, with "taken_back_at" and "reason", and "taken_back_by" (a person)
    where somebody else did that.
    `declined_*`: a teacher, or an administrator (`declined_by` None), said no, with the reason
    that the learner reads; it holds until an assessor records something new.
    """

    __tablename__ = "pending_awards"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), primary_key=True
    )
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    declined_reason: Mapped[str | None] = mapped_column(sa.String(500))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    declined_by: Mapped[Person | None] = relationship(foreign_keys=[declined_by_id])
    course: Mapped[Course] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()
