"""Pictures of badges that schools brought, kept by what they are."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import NOT_SECRET, Base, UtcDateTime


class StoredArtwork(Base):
    """A cleaned picture (`badges.picture`), which never changes: `digest` is that of `data`.

    `png`: an SVG as it was drawn once, which is all that is shown of it; None for a PNG.
    `small`: a copy for lists, None for pictures from before there were any. `kept_at`: when it was
    brought last. `organisation_id`: who brought it first, whose room it takes; None: an operator.
    """

    __tablename__ = "artworks"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(sa.String(32))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    png: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    small: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("organisations.id"))
