"""Pictures of badges: a small copy for lists, and whose room they take."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("artworks") as batch:
        batch.add_column(sa.Column("small", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("organisation_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            "fk_artworks_organisation_id", "organisations", ["organisation_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("artworks") as batch:
        batch.drop_constraint("fk_artworks_organisation_id", type_="foreignkey")
        batch.drop_column("organisation_id")
        batch.drop_column("small")
