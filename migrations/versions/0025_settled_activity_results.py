"""A teacher saw that an activity's result contradicts a record, and left the record."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("activity_results") as batch:
        batch.add_column(sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("settled_by", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("activity_results") as batch:
        batch.drop_column("settled_by")
        batch.drop_column("settled_at")
