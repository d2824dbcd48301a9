"""Time zones that schools and courses choose."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("organisations", "courses"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("time_zone", sa.String(length=64), nullable=True))


def downgrade() -> None:
    for table in ("courses", "organisations"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("time_zone")
