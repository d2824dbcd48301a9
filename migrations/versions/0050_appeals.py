"""Each appeal of an application for prior learning, with its own reason."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prior_learning_applications") as batch:
        batch.add_column(sa.Column("appeals", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("prior_learning_applications") as batch:
        batch.drop_column("appeals")
