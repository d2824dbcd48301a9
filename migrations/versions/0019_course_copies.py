"""Course copies: versions that a teacher has still to choose, and parameters that name nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ORIGINAL = "fk_placements_original_version_id"


def upgrade() -> None:
    with op.batch_alter_table("placements") as batch:
        batch.add_column(sa.Column("original_version_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("asks_since", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(
            ORIGINAL, "micro_credential_versions", ["original_version_id"], ["id"]
        )
    with op.batch_alter_table("resource_links") as batch:
        batch.add_column(sa.Column("unknown_parameter", sa.String(length=300), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("resource_links") as batch:
        batch.drop_column("unknown_parameter")
    with op.batch_alter_table("placements") as batch:
        batch.drop_constraint(ORIGINAL, type_="foreignkey")
        batch.drop_column("asks_since")
        batch.drop_column("original_version_id")
