"""Single registrations that are switched off; what an organisation's registrations begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("organisations") as batch:
        batch.add_column(
            sa.Column("deployment_policy", sa.String(16), nullable=False, server_default="listed")
        )


def downgrade() -> None:
    with op.batch_alter_table("organisations") as batch:
        batch.drop_column("deployment_policy")
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("disabled_at")
