"""What teachers graded in the gradebooks of their LMSs, as it was read back; append-only."""

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import ResourceLink
from lti_tool.models.people import Person


class GradebookResult(Base):
    """A grade in a link's column that did not come from here, or that it is gone again.

    The first such grade of a (link, person) makes the first row, each change another: the last
    one by `sequence` is what the gradebook holds, and without a row it holds nothing but what
    was sent there. `score` (of `maximum`) None: no grade any more. `is_own`: again what
    was sent from here. `read_by`: who asked for it, as `ResourceLink.results_wanted_by`.
    `settled_at`, `settled_by`: a teacher saw that it contradicts the records, and left them.
    """

    __tablename__ = "gradebook_results"
    __table_args__ = (sa.UniqueConstraint("link_id", "person_id", "sequence"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    link_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("resource_links.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    sequence: Mapped[int]  # 1, 2, ... per (link, person)
    line_item_url: Mapped[str] = mapped_column(sa.Text)
    score: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 5))
    maximum: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 5))
    is_own: Mapped[bool]
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_by: Mapped[str] = mapped_column(sa.String(64))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(sa.String(64))

    link: Mapped[ResourceLink] = relationship()
    person: Mapped[Person] = relationship()
