"""Results of assessment that were drawn to be looked at again by a second person."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.completions import CompletionRecord


class ModerationSample(Base):
    """A result that was drawn. `organisation_id`: the awarding body. `verdict`: a
    `services.completing.moderation.Verdict`, None while it waits. `moderator`: `account:<id>`."""

    __tablename__ = "moderation_samples"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    record_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("completion_records.id"), unique=True
    )
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str | None] = mapped_column(sa.String(16))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    moderator: Mapped[str | None] = mapped_column(sa.String(64))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    record: Mapped[CompletionRecord] = relationship()
