"""Micro-credentials that are made of others: their parts, and what is to be judged anew."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stack_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_stack_checks_person_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_stack_checks_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_stack_checks"),
    )
    with op.batch_alter_table("stack_checks") as batch:
        batch.create_index("ix_stack_checks_due_at", ["due_at"])
        batch.create_index("ix_stack_checks_person_id", ["person_id"])
        batch.create_index("ix_stack_checks_version_id", ["version_id"])

    op.create_table(
        "stack_parts",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["micro_credential_versions.id"], name="fk_stack_parts_version_id"
        ),
        sa.PrimaryKeyConstraint("version_id", "reference", name="pk_stack_parts"),
    )
    with op.batch_alter_table("stack_parts") as batch:
        batch.create_index("ix_stack_parts_reference", ["reference"])

    with op.batch_alter_table("awards") as batch:
        batch.add_column(sa.Column("parts", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("awards") as batch:
        batch.drop_column("parts")

    with op.batch_alter_table("stack_parts") as batch:
        batch.drop_index("ix_stack_parts_reference")

    op.drop_table("stack_parts")
    with op.batch_alter_table("stack_checks") as batch:
        batch.drop_index("ix_stack_checks_version_id")
        batch.drop_index("ix_stack_checks_person_id")
        batch.drop_index("ix_stack_checks_due_at")

    op.drop_table("stack_checks")
