"""Signing keys of awarding bodies."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import SECRET, Base, UtcDateTime
from lti_tool.models.organisations import Organisation


class IssuerKey(Base):
    """An Ed25519 key of an awarding body, or of its test issuer."""

    __tablename__ = "issuer_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    is_test: Mapped[bool]
    public_multibase: Mapped[str] = mapped_column(sa.String(64), unique=True)
    private_key: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)  # 32-byte seed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
