"""Organisations: schools and awarding bodies, the tenants of a server."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, UtcDateTime


class Organisation(Base):
    """A school or awarding body. `slug` is part of public addresses and never changes.

    `time_zone`: IANA name; None: that of its country. `deployment_policy`: what its registrations
    begin with (see `Registration`).
    """

    __tablename__ = "organisations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    slug: Mapped[str] = mapped_column(sa.String(63), unique=True)
    name: Mapped[str] = mapped_column(sa.String(255))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    time_zone: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deployment_policy: Mapped[str] = mapped_column(
        sa.String(16), default="listed", server_default="listed"
    )


class ServerIdentity(Base):
    """The base address that signed badges name; written once, with the first real badge."""

    __tablename__ = "server_identity"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_url: Mapped[str] = mapped_column(sa.String(255))
    fixed_at: Mapped[datetime] = mapped_column(UtcDateTime)
