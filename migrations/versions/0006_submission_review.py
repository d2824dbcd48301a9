"""Submission review: launch sessions that are about one person of the course."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_sessions") as batch:
        batch.add_column(
            sa.Column("is_review", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(sa.Column("about_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key("fk_launch_sessions_about_id", "people", ["about_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("launch_sessions") as batch:
        batch.drop_constraint("fk_launch_sessions_about_id", type_="foreignkey")
        batch.drop_column("about_id")
        batch.drop_column("is_review")
