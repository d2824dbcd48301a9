"""Wordings of a version, when it is to be looked at again, and who reviews for whom."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENTS = ("revised_at", "review_by", "retired_at")


def upgrade() -> None:
    with op.batch_alter_table("micro_credential_versions") as batch:
        batch.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        for name in MOMENTS:
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "definition_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["micro_credential_versions.id"],
            name="fk_definition_revisions_version_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition_revisions"),
        sa.UniqueConstraint(
            "version_id", "number", name="uq_definition_revisions_version_id_number"
        ),
    )
    op.create_table(
        "review_partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_review_partners_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["organisations.id"], name="fk_review_partners_partner_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_partners"),
        sa.UniqueConstraint(
            "organisation_id", "partner_id", name="uq_review_partners_organisation_id_partner_id"
        ),
    )
    with op.batch_alter_table("review_partners") as batch:
        batch.create_index("ix_review_partners_partner_id", ["partner_id"])


def downgrade() -> None:
    with op.batch_alter_table("review_partners") as batch:
        batch.drop_index("ix_review_partners_partner_id")
    op.drop_table("review_partners")
    op.drop_table("definition_revisions")
    with op.batch_alter_table("micro_credential_versions") as batch:
        for name in (*reversed(MOMENTS), "revision"):
            batch.drop_column(name)
