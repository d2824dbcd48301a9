"""Courses, who was seen in them, which micro-credentials they offer, and their links."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person
from lti_tool.models.platforms import Platform


class Course(Base):
    """A context of a platform (LTI 1.3 core, section 5.4.1).

    A launch without a context gets a course of its own per resource link, whose `context_id`
    starts with `resource-link:`.

    `time_zone`: IANA name; None: that of its school.
    `roster_url`: where a registration can read who is in it (NRPS), if the platform says so.
    `roster_wanted_at`: when it is to be read next; `roster_read_at`: when that last worked;
    `roster_failure`: why the last try did not.
    """

    __tablename__ = "courses"
    __table_args__ = (sa.UniqueConstraint("platform_id", "context_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("platforms.id"))
    context_id: Mapped[str] = mapped_column(sa.String(300))
    title: Mapped[str | None] = mapped_column(sa.String(255))
    time_zone: Mapped[str | None] = mapped_column(sa.String(64))
    roster_url: Mapped[str | None] = mapped_column(sa.Text)
    roster_registration_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("registrations.id"), index=True
    )
    roster_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    roster_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roster_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    roster_failure: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    platform: Mapped[Platform] = relationship()


class TeachingRole(StrEnum):
    """Who teaches: somebody who answers for the course, or who helps them."""

    TEACHER = "teacher"
    ASSISTANT = "assistant"


class CourseMember(Base):
    """A person seen in a course, or named in its roster.

    `has_launched`: they opened something; until then `last_seen_at` is when the roster named them.
    `left_at`: since when the roster no longer names them; their records stay.
    `is_tester` stays true once the person launched as a teacher or as the platform's test user:
    what such a person records and earns in this course are tests (Moodle's "switch role" sends a
    teacher's `sub` with a learner's role).
    `teaches_as`: a `TeachingRole`, as their last launch as a teacher said; None: there was none.
    """

    __tablename__ = "course_members"

    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("people.id"), primary_key=True, index=True
    )
    is_tester: Mapped[bool] = mapped_column(default=False)
    teaches_as: Mapped[str | None] = mapped_column(sa.String(16))
    has_launched: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    course: Mapped[Course] = relationship()
    person: Mapped[Person] = relationship()


class Placement(Base):
    """A version of a micro-credential that a course offers.

    `asks_since`: it was taken without the teacher, who has another to choose and was not heard
    yet. `original`: the version of the course that this one was copied from. `confirmations`: how
    many teachers confirm an award before it is given; 0: it is given by itself. `opens_on`,
    `due_on`: days where the school is, for units without their own. `language`: see
    `services.courses.course_settings`, as `proposes_name`, `offers_email` and
    `assistants_lead`. `electives`: see `services.definitions.electives`.
    """

    __tablename__ = "placements"
    __table_args__ = (sa.UniqueConstraint("course_id", "version_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    original_version_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id")
    )
    asks_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmations: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    opens_on: Mapped[date | None] = mapped_column(sa.Date)
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    language: Mapped[str | None] = mapped_column(sa.String(35))
    proposes_name: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    offers_email: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    electives: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    assistants_lead: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    course: Mapped[Course] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship(foreign_keys=[version_id])
    units: Mapped[list["PlacedUnit"]] = relationship(back_populates="placement")


class SelectedVersion(Base):
    """A version that was selected for a course by deep linking.

    Its links are launched days or months later: the course may begin with it then, too.
    """

    __tablename__ = "selected_versions"

    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), primary_key=True
    )
    selected_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CourseMove(Base):
    """A course that was moved to a newer version after its learners had begun with the old one.

    Who comes later brings along what they have in the old one (`services.completing.bringing`).
    """

    __tablename__ = "course_moves"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    placement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("placements.id"), index=True)
    old_version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("micro_credential_versions.id"))
    new_version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("micro_credential_versions.id"))
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    placement: Mapped[Placement] = relationship()
    old: Mapped[MicroCredentialVersion] = relationship(foreign_keys=[old_version_id])
    new: Mapped[MicroCredentialVersion] = relationship(foreign_keys=[new_version_id])


class PlacedUnit(Base):
    """How one unit is completed in this course, and when; absent means `assessed`.

    `route` is a `badges.completion.Route`; `basis` is what an unlocked unit rests on, in the
    teacher's words, or the name of the activity that completes the unit.
    """

    __tablename__ = "placed_units"

    placement_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("placements.id"), primary_key=True
    )
    unit_code: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    route: Mapped[str] = mapped_column(sa.String(32))
    basis: Mapped[str | None] = mapped_column(sa.String(500))
    opens_on: Mapped[date | None] = mapped_column(sa.Date)
    due_on: Mapped[date | None] = mapped_column(sa.Date)

    placement: Mapped[Placement] = relationship(back_populates="units")


class CourseAssessor(Base):
    """Somebody who may sign off in a course; where nobody is named, all its teachers may."""

    __tablename__ = "course_assessors"

    placement_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("placements.id"), primary_key=True
    )
    person_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("people.id"), primary_key=True, index=True
    )


class ResourceLink(Base):
    """A link of the LMS and what it stands for.

    `placement` and `unit_code` are None until the custom parameters or a teacher said which
    unit this is; `unit_code` None with a placement is the overview of the whole micro-credential.
    `is_placed_by_platform`: the custom parameters of the last launch said so, and the next one will
    say it again. `unknown_parameter`: what they named (`mc=...`) and is not here.
    `line_item_url` is the link's own gradebook column, `line_item_scopes` what the platform
    allows there (space-separated), both as the last launch said. `line_items_url`: where the
    platform lists the course's columns. `own_line_item_url`: a column that was found or made for
    the link from here, which stands in while a launch names none. `wants_column`: the teacher who
    selected the link wanted one.
    `results_wanted_at`: when its column is to be read next, asked for by `results_wanted_by`
    ("launch", "schedule", "person:<id>"); the worker that reads it puts that off meanwhile.
    `results_read_at`: when that last worked; `results_failure`: why the last try did not.
    """

    __tablename__ = "resource_links"
    __table_args__ = (sa.UniqueConstraint("platform_id", "resource_link_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    platform_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("platforms.id"))
    registration_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("registrations.id"))
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), index=True)
    resource_link_id: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str | None] = mapped_column(sa.String(255))
    placement_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("placements.id"), index=True
    )
    unit_code: Mapped[str | None] = mapped_column(sa.String(64))
    is_placed_by_platform: Mapped[bool] = mapped_column(default=False)
    unknown_parameter: Mapped[str | None] = mapped_column(sa.String(300))
    line_item_url: Mapped[str | None] = mapped_column(sa.Text)
    line_item_scopes: Mapped[str | None] = mapped_column(sa.Text)
    line_items_url: Mapped[str | None] = mapped_column(sa.Text)
    own_line_item_url: Mapped[str | None] = mapped_column(sa.Text)
    wants_column: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    results_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    results_wanted_by: Mapped[str | None] = mapped_column(sa.String(64))
    results_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    results_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    results_failure: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    course: Mapped[Course] = relationship()
    placement: Mapped[Placement | None] = relationship()
