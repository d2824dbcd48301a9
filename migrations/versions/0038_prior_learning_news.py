"""What learners have not read yet of their prior learning, and judgements that were corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prior_learning_applications") as batch:
        batch.add_column(sa.Column("news", sa.String(length=16), nullable=True))
    with op.batch_alter_table("prior_learning_judgements") as batch:
        batch.add_column(sa.Column("corrects_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            "fk_prior_learning_judgements_corrects_id",
            "prior_learning_judgements",
            ["corrects_id"],
            ["id"],
        )
        batch.create_index("ix_prior_learning_judgements_corrects_id", ["corrects_id"])


def downgrade() -> None:
    with op.batch_alter_table("prior_learning_judgements") as batch:
        batch.drop_index("ix_prior_learning_judgements_corrects_id")
        batch.drop_constraint("fk_prior_learning_judgements_corrects_id", type_="foreignkey")
        batch.drop_column("corrects_id")
    with op.batch_alter_table("prior_learning_applications") as batch:
        batch.drop_column("news")
