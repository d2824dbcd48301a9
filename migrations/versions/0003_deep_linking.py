"""Deep linking: launch sessions without a resource link, with what their answer needs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_sessions") as batch:
        batch.alter_column("course_id", existing_type=sa.Uuid(), nullable=True)
        batch.alter_column("link_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("deep_linking", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM launch_sessions WHERE link_id IS NULL OR course_id IS NULL")
    with op.batch_alter_table("launch_sessions") as batch:
        batch.drop_column("answered_at")
        batch.drop_column("deep_linking")
        batch.alter_column("link_id", existing_type=sa.Uuid(), nullable=False)
        batch.alter_column("course_id", existing_type=sa.Uuid(), nullable=False)
