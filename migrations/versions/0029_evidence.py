"""Evidence as files and links."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence_contents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name="fk_evidence_contents_course_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_contents"),
    )
    op.create_table(
        "evidence_bytes",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name="pk_evidence_bytes"),
    )
    op.create_table(
        "evidence_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["evidence_contents.id"], name="fk_evidence_files_content_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_evidence_files_person_id"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["completion_records.id"], name="fk_evidence_files_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_files"),
    )
    with op.batch_alter_table("evidence_contents") as batch:
        batch.create_index("ix_evidence_contents_course_id", ["course_id"])
    with op.batch_alter_table("evidence_files") as batch:
        for column in ("content_id", "person_id", "record_id"):
            batch.create_index(f"ix_evidence_files_{column}", [column])
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("evidence_link", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column("is_evidence_shared", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_column("is_evidence_shared")
        batch.drop_column("evidence_link")
    op.drop_table("evidence_files")
    op.drop_table("evidence_bytes")
    op.drop_table("evidence_contents")
