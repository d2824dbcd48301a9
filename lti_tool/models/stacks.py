"""Micro-credentials that are made of others, and what is to be judged because a part changed."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.micro_credentials import MicroCredentialVersion
from lti_tool.models.people import Person


class StackPart(Base):
    """A version is made of others, among them `reference` (`awarding-body/CODE`)."""

    __tablename__ = "stack_parts"

    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), primary_key=True
    )
    reference: Mapped[str] = mapped_column(sa.String(128), primary_key=True, index=True)

    version: Mapped[MicroCredentialVersion] = relationship()


class StackCheck(Base):
    """An award of this person was granted or withdrawn: what it is a part of is judged anew.

    One row for each change and no unique key, so that nobody waits for anybody who adds one.
    """

    __tablename__ = "stack_checks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    version_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_versions.id"), index=True
    )
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    person: Mapped[Person] = relationship()
    version: Mapped[MicroCredentialVersion] = relationship()
