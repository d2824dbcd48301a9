"""Who else may award a micro-credential in the name of its awarding body."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, UtcDateTime
from lti_tool.models.micro_credentials import MicroCredentialSeries
from lti_tool.models.organisations import Organisation


class DefinitionGrant(Base):
    """The awarding body of a series lets an organisation offer it in its courses, which award in
    the body's name. `organisation_id` None: whoever is on this server.

    It holds from `granted_at` until `ends_at` or `withdrawn_at`, whichever comes first.
    """

    __tablename__ = "definition_grants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    series_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("micro_credential_series.id"), index=True
    )
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    series: Mapped[MicroCredentialSeries] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
