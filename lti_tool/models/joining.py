"""People of several LMSs who are one: how they show it, and what awards rest on by that."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.people import Person


class JoinCode(Base):
    """A one-time code that a person made in one LMS, to be entered in another; deleted when used,
    refused or expired. One at a time for each person.

    `code_digest` is SHA-256 hex of the code. `entered_by`: who entered it there; `agreed_at`: when
    they said that it is their own. Then the one who made it has to confirm, until `expires_at`.
    """

    __tablename__ = "join_codes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), unique=True)
    code_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    entered_by_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("people.id"), index=True)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    entered_by: Mapped[Person | None] = relationship(foreign_keys=[entered_by_id])


class JoinAttempt(Base):
    """Somebody entered a code that was none; kept for as long as it counts."""

    __tablename__ = "join_attempts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BorrowedPart(Base):
    """An award of a larger micro-credential rests on a part that the same person earned in another
    LMS. It holds when the two are no longer joined."""

    __tablename__ = "borrowed_parts"

    award_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("awards.id"), primary_key=True)
    part_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("awards.id"), primary_key=True, index=True
    )
