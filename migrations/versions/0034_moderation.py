"""Moderation: which share of the results is looked at again, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("micro_credential_versions") as batch:
        batch.add_column(sa.Column("moderated_one_in", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("moderation_key", sa.String(length=64), nullable=True))

    op.create_table(
        "moderation_samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("moderator", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["record_id"], ["completion_records.id"], name="fk_moderation_samples_record_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_moderation_samples_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_samples"),
        sa.UniqueConstraint("record_id", name="uq_moderation_samples_record_id"),
    )
    with op.batch_alter_table("moderation_samples") as batch:
        batch.create_index("ix_moderation_samples_organisation_id", ["organisation_id"])


def downgrade() -> None:
    with op.batch_alter_table("moderation_samples") as batch:
        batch.drop_index("ix_moderation_samples_organisation_id")

    op.drop_table("moderation_samples")
    with op.batch_alter_table("micro_credential_versions") as batch:
        batch.drop_column("moderation_key")
        batch.drop_column("moderated_one_in")
