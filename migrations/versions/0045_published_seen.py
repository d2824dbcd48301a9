"""When authors with an account last looked at what was published of theirs."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(sa.Column("published_seen_at", sa.DateTime(timezone=True), nullable=True))
    # What was published before is news to nobody.
    seen = sa.column("published_seen_at", sa.DateTime(timezone=True))
    op.execute(sa.table("accounts", seen).update().values(published_seen_at=datetime.now(UTC)))


def downgrade() -> None:
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("published_seen_at")
