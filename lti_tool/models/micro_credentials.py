"""Micro-credential definitions: a series has numbered versions, a version dated revisions.

A version never changes what is learnt and how it is judged; a revision changes its wording only.
"""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.organisations import Organisation


class MicroCredentialSeries(Base):
    """All versions of one micro-credential of one awarding body."""

    __tablename__ = "micro_credential_series"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "code"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisations.id"))
    code: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
    versions: Mapped[list["MicroCredentialVersion"]] = relationship(
        back_populates="series", order_by="MicroCredentialVersion.published_at"
    )


class MicroCredentialVersion(Base):
    """One published version; `definition` is the canonical JSON form of `badges.definition`.

    `revision` counts the wordings of `definition` from 1; `revised_at` is since when the present
    one stands, None for the first. No new course begins with it from `review_by` on, or once it is
    retired; those that offer it go on. One in `moderated_one_in` results is drawn to be looked at
    again, by `moderation_key` (32 bytes in hexadecimal).
    """

    __tablename__ = "micro_credential_versions"
    __table_args__ = (sa.UniqueConstraint("series_id", "version"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    series_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("micro_credential_series.id"))
    version: Mapped[str] = mapped_column(sa.String(64))
    definition: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    revised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    review_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moderated_one_in: Mapped[int | None]
    moderation_key: Mapped[str | None] = mapped_column(sa.String(64))

    series: Mapped[MicroCredentialSeries] = relationship(back_populates="versions")

    @property
    def reference(self) -> str:
        """`awarding-body/CODE/version`: in custom parameters, commands and public addresses."""
        return f"{self.series.organisation.slug}/{self.series.code}/{self.version}"


class DefinitionRevision(Base):
    """A wording that a version had before the present one: revision `number`, since `at`."""

    __tablename__ = "definition_revisions"
    __table_args__ = (sa.UniqueConstraint("version_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    version_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("micro_credential_versions.id"))
    number: Mapped[int]
    definition: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CatalogueEntry(Base):
    """What a version is found by: `badges.catalogue_entry` of its present wording.

    Beside the version and not in it, so that whoever reads a version does not read its words.
    `languages`: tags with a blank before and behind each.
    """

    __tablename__ = "catalogue_entries"

    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), primary_key=True
    )
    titles: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text)
    country: Mapped[str] = mapped_column(sa.String(2))
    field: Mapped[str | None] = mapped_column(sa.String(2))
    eqf_level: Mapped[int | None]
    hours: Mapped[float | None]
    languages: Mapped[str] = mapped_column(sa.Text)

    version: Mapped[MicroCredentialVersion] = relationship()
