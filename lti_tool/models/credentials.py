"""Credentials: the signed bytes that a learner claimed."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import NOT_SECRET, Base, UtcDateTime
from lti_tool.models.awards import Award


class Credential(Base):
    """A signed Open Badge. `document` never changes; a mistake is replaced, never edited."""

    __tablename__ = "credentials"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["status_list_id", "status_index"], ["status_entries.list_id", "status_entries.index"]
        ),
        sa.UniqueConstraint("status_list_id", "status_index"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    award_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("awards.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(35))
    document: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    status_list_id: Mapped[uuid.UUID]
    status_index: Mapped[int]
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_public: Mapped[bool] = mapped_column(default=False)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_reason: Mapped[str | None] = mapped_column(sa.String(500))
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("credentials.id"))

    award: Mapped[Award] = relationship()


@event.listens_for(Credential.document, "set")
def _refuse_new_bytes(credential: Credential, value: bytes, old: object, _event: object) -> None:
    if isinstance(old, bytes) and old != value:
        raise TypeError(f"the signed bytes of credential {credential.id} never change")
