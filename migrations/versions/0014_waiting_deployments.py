"""Deployments that wait for somebody to allow them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_deployments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.String(255), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turned_down_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_deployments"),
        sa.UniqueConstraint(
            "registration_id",
            "deployment_id",
            name="uq_waiting_deployments_registration_id_deployment_id",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.id"],
            name="fk_waiting_deployments_registration_id",
        ),
    )


def downgrade() -> None:
    op.drop_table("waiting_deployments")
