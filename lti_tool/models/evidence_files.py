"""Files that show what a completion, or a claim to one, rests on."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import NOT_SECRET, SECRET, Base, UtcDateTime
from lti_tool.models.completions import CompletionRecord
from lti_tool.models.courses import Course
from lti_tool.models.people import Person


class EvidenceContent(Base):
    """What is in a file, kept once also where it is evidence for several people.

    `size`: bytes, `digest`: SHA-256 hex, both of what is read back. `sealed_key`: the key of these
    bytes alone, under the keys of the settings.
    """

    __tablename__ = "evidence_contents"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    course_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("courses.id"), index=True)
    media_type: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    sealed_key: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)

    course: Mapped[Course] = relationship()


class EvidenceFile(Base):
    """A file as evidence for one person. `record`: the completion that it belongs to.

    `application_id`: the application for recognition of prior learning that it was shown with,
    there for the outcome `outcome_code`, or None for the unit as a whole; without a record it
    belongs to that application alone. `added_by`: `person:<id>` or `mentor_link:<id>`.
    """

    __tablename__ = "evidence_files"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    content_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("evidence_contents.id"), index=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    record_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("completion_records.id"), index=True
    )
    application_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("prior_learning_applications.id"), index=True
    )
    outcome_code: Mapped[str | None] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(255))
    added_by: Mapped[str] = mapped_column(sa.String(64))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    content: Mapped[EvidenceContent] = relationship()
    person: Mapped[Person] = relationship()
    record: Mapped[CompletionRecord | None] = relationship()


class EvidenceBytes(Base):
    """The bytes of an `EvidenceContent`, encrypted under its own key; see `evidence_store`."""

    __tablename__ = "evidence_bytes"

    content_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
