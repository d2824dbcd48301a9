"""Launches of browsers that keep no cookie: proven but unconfirmed, then sessions by bearer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unconfirmed_launches",
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["registrations.id"],
            name="fk_unconfirmed_launches_registration_id",
        ),
        sa.PrimaryKeyConstraint("state_digest", name="pk_unconfirmed_launches"),
    )
    op.create_index("ix_unconfirmed_launches_expires_at", "unconfirmed_launches", ["expires_at"])
    with op.batch_alter_table("login_states") as batch:
        batch.add_column(sa.Column("storage_target", sa.String(length=255), nullable=True))
    with op.batch_alter_table("launch_sessions") as batch:
        batch.add_column(sa.Column("bearer_expires_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # The release before knows no bearers and would read one as a cookie's secret.
    op.execute("DELETE FROM launch_sessions WHERE bearer_expires_at IS NOT NULL")
    with op.batch_alter_table("launch_sessions") as batch:
        batch.drop_column("bearer_expires_at")
    with op.batch_alter_table("login_states") as batch:
        batch.drop_column("storage_target")
    op.drop_table("unconfirmed_launches")
