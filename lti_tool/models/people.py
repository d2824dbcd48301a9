"""People who come from an LMS."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.platforms import Platform


class Person(Base):
    """A person is (platform, `sub`), never an e-mail address.

    `name` is what the LMS last said, for the teacher's list and as a proposal at the claim;
    None where the LMS shares no names. `language` is what the person chose on a page here, a
    BCP 47 tag; None: what the LMS says. `joint_id`: shared by those of several LMSs who are one
    person and said so, since `joined_at`; they stay rows of their own, one for each LMS.
    """

    __tablename__ = "people"
    __table_args__ = (
        sa.UniqueConstraint("platform_id", "sub"),
        # Partial, so that joining locks people no harder than a launch does.
        sa.Index(
            "uq_people_joint_id",
            "joint_id",
            "platform_id",
            unique=True,
            sqlite_where=sa.text("joint_id IS NOT NULL"),
            postgresql_where=sa.text("joint_id IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("platforms.id"))
    sub: Mapped[str] = mapped_column(sa.String(255))
    name: Mapped[str | None] = mapped_column(sa.String(255))
    language: Mapped[str | None] = mapped_column(sa.String(35))
    joint_id: Mapped[uuid.UUID | None]
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    platform: Mapped[Platform] = relationship()

    @property
    def short_id(self) -> str:
        """Four characters that tell nameless people apart on a page ("Learner 3f2a")."""
        return self.id.hex[:4]
