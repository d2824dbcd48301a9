"""Who may award in the name of whom. What was published before, everybody may go on awarding."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "definition_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_definition_grants_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["micro_credential_series.id"], name="fk_definition_grants_series_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition_grants"),
    )
    with op.batch_alter_table("definition_grants") as batch:
        batch.create_index("ix_definition_grants_organisation_id", ["organisation_id"])
        batch.create_index("ix_definition_grants_series_id", ["series_id"])

    series = sa.table(
        "micro_credential_series", sa.column("id", sa.Uuid()), sa.column("created_at", MOMENT)
    )
    grants = sa.table(
        "definition_grants",
        sa.column("id", sa.Uuid()),
        sa.column("series_id", sa.Uuid()),
        sa.column("granted_at", MOMENT),
    )
    rows = [
        {"id": uuid.uuid4(), "series_id": row.id, "granted_at": row.created_at}
        for row in op.get_bind().execute(sa.select(series))
    ]
    if rows:
        op.bulk_insert(grants, rows)


def downgrade() -> None:
    with op.batch_alter_table("definition_grants") as batch:
        batch.drop_index("ix_definition_grants_series_id")
        batch.drop_index("ix_definition_grants_organisation_id")

    op.drop_table("definition_grants")
