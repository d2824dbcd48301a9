"""Ninety days from now for the files of drafts whose pages have named no day yet."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    applications = sa.table(
        "prior_learning_applications",
        sa.column("state", sa.String),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    op.execute(
        applications.update()
        .where(applications.c.state == "draft")
        .values(updated_at=datetime.now(UTC))
    )


def downgrade() -> None:
    """Nothing to undo: older releases delete no files of drafts."""
