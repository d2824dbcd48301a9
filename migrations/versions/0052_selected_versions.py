"""What was selected for a course, so that it may begin with it later."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "selected_versions",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("selected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["micro_credential_versions.id"]),
        sa.PrimaryKeyConstraint("course_id", "version_id"),
    )


def downgrade() -> None:
    op.drop_table("selected_versions")
