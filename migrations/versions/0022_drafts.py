"""Definitions that are being written, and the steps that each takes."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definition_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("based_on_id", sa.Uuid(), nullable=True),
        sa.Column("published_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["based_on_id"],
            ["micro_credential_versions.id"],
            name="fk_definition_drafts_based_on_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_definition_drafts_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["published_id"],
            ["micro_credential_versions.id"],
            name="fk_definition_drafts_published_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition_drafts"),
    )
    with op.batch_alter_table("definition_drafts") as batch:
        batch.create_index("ix_definition_drafts_author", ["author"])
        batch.create_index("ix_definition_drafts_based_on_id", ["based_on_id"])
        batch.create_index("ix_definition_drafts_organisation_id", ["organisation_id"])
        batch.create_index("ix_definition_drafts_published_id", ["published_id"])

    op.create_table(
        "definition_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("comments", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["definition_drafts.id"], name="fk_definition_steps_draft_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_definition_steps_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["micro_credential_versions.id"],
            name="fk_definition_steps_version_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition_steps"),
        sa.UniqueConstraint("draft_id", "sequence", name="uq_definition_steps_draft_id_sequence"),
    )
    with op.batch_alter_table("definition_steps") as batch:
        batch.create_index("ix_definition_steps_draft_id", ["draft_id"])
        batch.create_index("ix_definition_steps_organisation_id", ["organisation_id"])
        batch.create_index("ix_definition_steps_version_id", ["version_id"])


def downgrade() -> None:
    with op.batch_alter_table("definition_steps") as batch:
        batch.drop_index("ix_definition_steps_version_id")
        batch.drop_index("ix_definition_steps_organisation_id")
        batch.drop_index("ix_definition_steps_draft_id")

    op.drop_table("definition_steps")
    with op.batch_alter_table("definition_drafts") as batch:
        batch.drop_index("ix_definition_drafts_published_id")
        batch.drop_index("ix_definition_drafts_organisation_id")
        batch.drop_index("ix_definition_drafts_based_on_id")
        batch.drop_index("ix_definition_drafts_author")

    op.drop_table("definition_drafts")
