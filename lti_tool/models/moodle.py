"""Connections to Moodle's own web services."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import SECRET, Base, UtcDateTime
from lti_tool.models.platforms import Platform


class MoodleConnection(Base):
    """How a platform that is a Moodle is asked about its own activities.

    `url` is its wwwroot. After a `failure` (a code, with a `reason` that some need) nothing
    is asked before `paused_until`; `failures` counts those in a row.
    """

    __tablename__ = "moodle_connections"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("platforms.id"), unique=True)
    url: Mapped[str] = mapped_column(sa.Text)
    token: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)
    connected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(sa.String(64))
    reason: Mapped[str | None] = mapped_column(sa.String(64))
    failed_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    platform: Mapped[Platform] = relationship()
