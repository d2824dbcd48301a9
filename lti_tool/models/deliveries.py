"""The outbox: what is to be sent out, inserted with the change that causes it."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import ResourceLink
from lti_tool.models.people import Person


class Delivery(Base):
    """One score for one (line item, person).

    `kind`: score (of a unit), or progress (of all units, points = complete ones).
    `state`: pending, delivered, failed, or superseded by a newer one. `points` None clears the
    grade. `sent_timestamp` is the score's own time stamp, fixed before it is first sent, so a
    repeated attempt is recognisable; whole seconds, strictly increasing per (line item, person).
    A worker holds the row while `leased_until` lies in the future.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.Index("ix_deliveries_due", "state", "due_at"),
        sa.Index("ix_deliveries_target", "link_id", "person_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    sequence: Mapped[int]  # 1, 2, ... per (link, person)
    kind: Mapped[str] = mapped_column(sa.String(32))
    link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("resource_links.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"))
    line_item_url: Mapped[str] = mapped_column(sa.Text)
    points: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    maximum: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    state: Mapped[str] = mapped_column(sa.String(16), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_timestamp: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(sa.String(64))

    link: Mapped[ResourceLink] = relationship()
    person: Mapped[Person] = relationship()
