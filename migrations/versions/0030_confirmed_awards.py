"""Awards that a person confirms: how many per course, who waits, who confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("placements") as batch:
        batch.add_column(
            sa.Column("confirmations", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
    with op.batch_alter_table("awards") as batch:
        batch.add_column(sa.Column("confirmed_by", sa.JSON(), nullable=True))
    op.create_table(
        "pending_awards",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.JSON(), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_by_id", sa.Uuid(), nullable=True),
        sa.Column("declined_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_pending_awards_person_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_pending_awards_version_id"
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_pending_awards_course_id"),
        sa.ForeignKeyConstraint(
            ["declined_by_id"], ["people.id"], name="fk_pending_awards_declined_by_id"
        ),
        sa.PrimaryKeyConstraint("person_id", "version_id", name="pk_pending_awards"),
    )
    with op.batch_alter_table("pending_awards") as batch:
        batch.create_index("ix_pending_awards_course_id", ["course_id"])
        batch.create_index("ix_pending_awards_declined_by_id", ["declined_by_id"])


def downgrade() -> None:
    op.drop_table("pending_awards")
    with op.batch_alter_table("awards") as batch:
        batch.drop_column("confirmed_by")
    with op.batch_alter_table("placements") as batch:
        batch.drop_column("confirmations")
