"""Files that learners show with an application for recognition of prior learning."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("evidence_files") as batch:
        batch.add_column(sa.Column("application_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("outcome_code", sa.String(length=64), nullable=True))
        batch.create_foreign_key(
            "fk_evidence_files_application_id",
            "prior_learning_applications",
            ["application_id"],
            ["id"],
        )
        batch.create_index("ix_evidence_files_application_id", ["application_id"])


def downgrade() -> None:
    with op.batch_alter_table("evidence_files") as batch:
        batch.drop_index("ix_evidence_files_application_id")
        batch.drop_constraint("fk_evidence_files_application_id", type_="foreignkey")
        batch.drop_column("outcome_code")
        batch.drop_column("application_id")
