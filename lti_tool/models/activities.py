"""Activities of the LMS's own that complete units, and what the LMS says of them."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.courses import Course, Placement
from lti_tool.models.people import Person


class UnitActivity(Base):
    """The activity that completes a unit in a course, while the unit's route says so.

    `activity_id`: Moodle's course module. `criterion`: `completed`, `passed`, or `grade` with
    `minimum` percent.
    """

    __tablename__ = "unit_activities"

    placement_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("placements.id"), primary_key=True
    )
    unit_code: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    activity_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(255))
    kind: Mapped[str] = mapped_column(sa.String(64))
    criterion: Mapped[str] = mapped_column(sa.String(16))
    minimum: Mapped[Decimal | None] = mapped_column(sa.Numeric(5, 2))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    placement: Mapped[Placement] = relationship()


class ActivityResult(Base):
    """What the LMS said of one person in one activity, kept whenever it became another.

    What was said is never changed, never deleted; `sequence` counts from 1. `state`: a
    `lti.moodle_web_services.State`; None where only the grade was read. `said_at`: the LMS's time.
    `settled_at`, `settled_by`: a teacher saw that it contradicts a record, and left that.
    """

    __tablename__ = "activity_results"
    __table_args__ = (sa.UniqueConstraint("placement_id", "unit_code", "person_id", "sequence"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    placement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("placements.id"))
    unit_code: Mapped[str] = mapped_column(sa.String(64))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    sequence: Mapped[int]
    activity_id: Mapped[int] = mapped_column(sa.BigInteger)
    activity_name: Mapped[str] = mapped_column(sa.String(255))
    state: Mapped[str | None] = mapped_column(sa.String(16))
    points: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    lowest: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    highest: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 3))
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(sa.String(64))

    placement: Mapped[Placement] = relationship()
    person: Mapped[Person] = relationship()


class ActivityCheck(Base):
    """When the LMS is asked next about one person's activities in one course.

    `failure`: why it knew nothing of the person the last time (a code).
    """

    __tablename__ = "activity_checks"

    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("people.id"), primary_key=True, index=True
    )
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(sa.String(64))

    course: Mapped[Course] = relationship()
    person: Mapped[Person] = relationship()


class CourseActivities(Base):
    """The activities of a course as the LMS last listed them, and why it did not answer last.

    `wanted_at`: a teacher waits for the list. `failures`: how often in a row it refused to tell
    of this course.
    """

    __tablename__ = "course_activities"

    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    listed: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    failure: Mapped[str | None] = mapped_column(sa.String(64))
    reason: Mapped[str | None] = mapped_column(sa.String(64))
    failures: Mapped[int] = mapped_column(default=0)

    course: Mapped[Course] = relationship()
