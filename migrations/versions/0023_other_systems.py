"""Other systems that report completions, their tokens and what they were answered."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_by_school", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_api_clients_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_clients"),
    )
    with op.batch_alter_table("api_clients") as batch:
        batch.create_index("ix_api_clients_organisation_id", ["organisation_id"])

    op.create_table(
        "api_requests",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name="fk_api_requests_client_id"
        ),
        sa.PrimaryKeyConstraint("client_id", "key", name="pk_api_requests"),
    )
    with op.batch_alter_table("api_requests") as batch:
        batch.create_index("ix_api_requests_created_at", ["created_at"])

    op.create_table(
        "api_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="fk_api_tokens_client_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_api_tokens"),
    )
    with op.batch_alter_table("api_tokens") as batch:
        batch.create_index("ix_api_tokens_client_id", ["client_id"])
        batch.create_index("ix_api_tokens_expires_at", ["expires_at"])

    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("client_id", sa.Uuid(), nullable=True))
        batch.create_index("ix_completion_records_client_id", ["client_id"])
        batch.create_foreign_key(
            "fk_completion_records_client_id", "api_clients", ["client_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_constraint("fk_completion_records_client_id", type_="foreignkey")
        batch.drop_index("ix_completion_records_client_id")
        batch.drop_column("client_id")

    with op.batch_alter_table("api_tokens") as batch:
        batch.drop_index("ix_api_tokens_expires_at")
        batch.drop_index("ix_api_tokens_client_id")

    op.drop_table("api_tokens")
    with op.batch_alter_table("api_requests") as batch:
        batch.drop_index("ix_api_requests_created_at")

    op.drop_table("api_requests")
    with op.batch_alter_table("api_clients") as batch:
        batch.drop_index("ix_api_clients_organisation_id")

    op.drop_table("api_clients")
