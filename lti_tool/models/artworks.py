"""Pictures of badges that schools brought, kept by what they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import NOT_SECRET, Base, UtcDateTime


class StoredArtwork(Base):
    """A cleaned picture (`badges.picture`), which never changes: `digest` is that of `data`.

    `png`: an SVG as it was drawn once, which is all that is shown of it; None for a PNG.
    `kept_at`: when it was brought last.
    """

    __tablename__ = "artworks"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(sa.String(32))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    png: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=NOT_SECRET)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)
