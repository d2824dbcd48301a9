"""What a draft said when a reviewer returned it."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("definition_drafts") as batch:
        batch.add_column(sa.Column("returned", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("definition_drafts") as batch:
        batch.drop_column("returned")
