"""People of several LMSs who are one: a shared id, codes to show it, parts that awards borrow."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people") as batch:
        batch.add_column(sa.Column("joint_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_index(
            "uq_people_joint_id",
            ["joint_id", "platform_id"],
            unique=True,
            sqlite_where=sa.text("joint_id IS NOT NULL"),
            postgresql_where=sa.text("joint_id IS NOT NULL"),
        )
    op.create_table(
        "join_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_join_codes_person_id"),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["people.id"], name="fk_join_codes_entered_by_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_join_codes"),
        sa.UniqueConstraint("person_id", name="uq_join_codes_person_id"),
        sa.UniqueConstraint("code_digest", name="uq_join_codes_code_digest"),
    )
    with op.batch_alter_table("join_codes") as batch:
        batch.create_index("ix_join_codes_expires_at", ["expires_at"])
        batch.create_index("ix_join_codes_entered_by_id", ["entered_by_id"])
    op.create_table(
        "join_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_join_attempts_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_join_attempts"),
    )
    with op.batch_alter_table("join_attempts") as batch:
        batch.create_index("ix_join_attempts_person_id", ["person_id"])
        batch.create_index("ix_join_attempts_at", ["at"])
    op.create_table(
        "borrowed_parts",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name="fk_borrowed_parts_award_id"),
        sa.ForeignKeyConstraint(["part_id"], ["awards.id"], name="fk_borrowed_parts_part_id"),
        sa.PrimaryKeyConstraint("award_id", "part_id", name="pk_borrowed_parts"),
    )
    with op.batch_alter_table("borrowed_parts") as batch:
        batch.create_index("ix_borrowed_parts_part_id", ["part_id"])


def downgrade() -> None:
    op.drop_table("borrowed_parts")
    op.drop_table("join_attempts")
    op.drop_table("join_codes")
    with op.batch_alter_table("people") as batch:
        batch.drop_index("uq_people_joint_id")
        batch.drop_column("joined_at")
        batch.drop_column("joint_id")
