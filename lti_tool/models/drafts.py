"""Definitions that are being written, and the steps that each one takes."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.organisations import Organisation


class DefinitionDraft(Base):
    """A definition that somebody writes for their organisation, until it is published.

    `content` has the form `credlet-definition/1`, with anything still absent or wrong. `revision`
    counts what was saved, so that two pages do not overwrite each other. `author`: `person:<id>`
    or `account:<id>`. `kind`, `state`: as in `services.definitions.drafts`.
    `based_on`: the version it was started from. `published`: the version that came of it.
    `returned`: its content when a reviewer returned it last, until it is over.
    """

    __tablename__ = "definition_drafts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    author: Mapped[str] = mapped_column(sa.String(64), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(16))
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    revision: Mapped[int] = mapped_column(default=1)
    returned: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    based_on_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    published_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
    based_on: Mapped[MicroCredentialVersion | None] = relationship(foreign_keys=[based_on_id])
    published: Mapped[MicroCredentialVersion | None] = relationship(foreign_keys=[published_id])


class DefinitionStep(Base):
    """One step of a draft or version: submitted, returned, published, ... Never changed.

    `sequence` counts from 1 for each draft. `organisation_id`: whose person took it, which is all
    that the public history says of them. `comments`: a list of {"element", "text"}, `element` a
    JSONPath into the definition (`$.units[0].title`), "" for the whole.
    """

    __tablename__ = "definition_steps"
    __table_args__ = (sa.UniqueConstraint("draft_id", "sequence"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    draft_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("definition_drafts.id"), index=True
    )
    version_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    sequence: Mapped[int]
    action: Mapped[str] = mapped_column(sa.String(32))
    actor: Mapped[str] = mapped_column(sa.String(64))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(sa.Text)
    comments: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)

    draft: Mapped[DefinitionDraft | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class ReviewPartner(Base):
    """An organisation whose reviewers, and not its own, review the definitions of another."""

    __tablename__ = "review_partners"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "partner_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    organisation_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisations.id"))
    partner_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("organisations.id"), index=True)

    partner: Mapped[Organisation] = relationship(foreign_keys=[partner_id])


@event.listens_for(DefinitionStep, "before_update")
@event.listens_for(DefinitionStep, "before_delete")
def _refuse_change(_mapper: object, _connection: object, step: DefinitionStep) -> None:
    raise TypeError(f"step {step.id} of a definition is append-only")
