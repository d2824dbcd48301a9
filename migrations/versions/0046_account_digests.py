"""Mails that tell people with an account what waits for them."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(
            sa.Column("wants_digest", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    # Who left an address until now was told that only sign-in links are sent to it.
    accounts = sa.table("accounts", sa.column("wants_digest"), sa.column("email"))
    has_address = accounts.c.email.is_not(None)
    op.execute(accounts.update().where(has_address).values(wants_digest=sa.false()))
    op.create_table(
        "account_digests",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_index("ix_account_digests_due_at", "account_digests", ["due_at"])


def downgrade() -> None:
    op.drop_table("account_digests")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("wants_digest")
