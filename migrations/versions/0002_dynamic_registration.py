"""Invitations, pending registrations, deployments by policy, tool keys that take turns."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_invitations_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("registration_id", name="uq_invitations_registration_id"),
        sa.UniqueConstraint("token_digest", name="uq_invitations_token_digest"),
    )
    op.create_index("ix_invitations_organisation_id", "invitations", ["organisation_id"])
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("pending_since", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("product_family", sa.String(length=64), nullable=True))
        batch.add_column(
            sa.Column(
                "deployment_policy", sa.String(length=16), server_default="listed", nullable=False
            )
        )
    with op.batch_alter_table("tool_keys") as batch:
        batch.add_column(sa.Column("signs_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # The release before knows no pending registrations: their LMSs are switched off instead.
    op.execute(
        "UPDATE platforms SET disabled_at = (SELECT min(pending_since) FROM registrations"
        " WHERE registrations.platform_id = platforms.id)"
        " WHERE disabled_at IS NULL AND id IN"
        " (SELECT platform_id FROM registrations WHERE pending_since IS NOT NULL)"
    )
    with op.batch_alter_table("tool_keys") as batch:
        batch.drop_column("signs_from")
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("deployment_policy")
        batch.drop_column("product_family")
        batch.drop_column("pending_since")
    op.drop_table("invitations")
