"""Other systems that report completions, and the tokens with which they come."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.organisations import Organisation
from lti_tool.models.switchable import Switchable


class ApiClient(Switchable, Base):
    """A system of one organisation (RFC 6749, section 2.3). Its id is its `client_id`.

    `secret_digest`: SHA-256 hex of its `client_secret`, which has 256 bits of chance.
    """

    __tablename__ = "api_clients"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    secret_digest: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()


class ApiToken(Base):
    """An access token (RFC 6750); `digest`: SHA-256 hex of it."""

    __tablename__ = "api_tokens"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    client_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("api_clients.id"), index=True)
    scope: Mapped[str] = mapped_column(sa.String(255))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    client: Mapped[ApiClient] = relationship()


class ApiRequest(Base):
    """A report that was answered, so that its repetition gets the same answer.

    `key`: the client's `Idempotency-Key`; `digest`: SHA-256 hex of what was sent.
    """

    __tablename__ = "api_requests"

    client_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("api_clients.id"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
