"""Links for mentors at the workplace, and which records came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mentor_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("unit_codes", sa.JSON(), nullable=False),
        sa.Column("asked_of", sa.String(length=200), nullable=False),
        sa.Column("mentor_name", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name="fk_mentor_links_course_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_mentor_links_version_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_mentor_links_person_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name="fk_mentor_links_asked_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mentor_links"),
        sa.UniqueConstraint("token_digest", name="uq_mentor_links_token_digest"),
    )
    with op.batch_alter_table("mentor_links") as batch:
        for column in ("course_id", "version_id", "person_id", "asked_by_id"):
            batch.create_index(f"ix_mentor_links_{column}", [column])
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("mentor_link_id", sa.Uuid(), nullable=True))
        batch.create_index("ix_completion_records_mentor_link_id", ["mentor_link_id"])
        batch.create_foreign_key(
            "fk_completion_records_mentor_link_id", "mentor_links", ["mentor_link_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_constraint("fk_completion_records_mentor_link_id", type_="foreignkey")
        batch.drop_index("ix_completion_records_mentor_link_id")
        batch.drop_column("mentor_link_id")
    op.drop_table("mentor_links")
