"""Mails about what waits go only to an address of which its account showed that it is theirs.

Of addresses that are known already nobody knows that: they count as not shown.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch:
        batch.add_column(sa.Column("proved_email", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("sign_in_links") as batch:
        batch.add_column(sa.Column("mailed_to", sa.LargeBinary(), nullable=True))
    op.create_table(
        "email_proofs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("token_digest"),
    )
    op.create_index("ix_email_proofs_due_at", "email_proofs", ["due_at"])


def downgrade() -> None:
    op.drop_table("email_proofs")
    with op.batch_alter_table("sign_in_links") as batch:
        batch.drop_column("mailed_to")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("proved_email")
