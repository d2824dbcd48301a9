"""Data privacy launches: sessions that show what is kept about one person."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_sessions") as batch:
        batch.add_column(
            sa.Column("is_privacy", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    op.execute("DELETE FROM launch_sessions WHERE is_privacy")
    with op.batch_alter_table("launch_sessions") as batch:
        batch.drop_column("is_privacy")
