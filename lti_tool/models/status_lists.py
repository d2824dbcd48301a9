"""Status lists: which credentials are revoked (W3C Bitstring Status List v1.0)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import NOT_SECRET, Base, UtcDateTime
from lti_tool.models.organisations import Organisation


class StatusList(Base):
    """A revocation list of an issuer: `bits` set so far, and the signed document that is served.

    `document` is signed anew whenever a bit changes, and before it grows old.
    """

    __tablename__ = "status_lists"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    is_test: Mapped[bool]
    bits: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    reserved_count: Mapped[int] = mapped_column(default=0)
    document: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()


class StatusEntry(Base):
    """An index that a credential holds; reserved before signing, never given out twice."""

    __tablename__ = "status_entries"

    list_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("status_lists.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reserved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    status_list: Mapped[StatusList] = relationship()
