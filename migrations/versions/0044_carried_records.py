"""Records that were carried over when a course moved to a newer version."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("carried_from_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            "fk_completion_records_carried_from_id",
            "completion_records",
            ["carried_from_id"],
            ["id"],
        )
        batch.create_index("ix_completion_records_carried_from_id", ["carried_from_id"])


def downgrade() -> None:
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_index("ix_completion_records_carried_from_id")
        batch.drop_constraint("fk_completion_records_carried_from_id", type_="foreignkey")
        batch.drop_column("carried_from_id")
