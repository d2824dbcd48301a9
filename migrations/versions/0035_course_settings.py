"""What a course sets: dates, language, what claims propose, who signs off."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("placements") as batch:
        batch.add_column(sa.Column("opens_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("language", sa.String(length=35), nullable=True))
        batch.add_column(
            sa.Column("proposes_name", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch.add_column(
            sa.Column("offers_email", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    with op.batch_alter_table("placed_units") as batch:
        batch.add_column(sa.Column("opens_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("due_on", sa.Date(), nullable=True))
    op.create_table(
        "course_assessors",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.id"], name="fk_course_assessors_placement_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_course_assessors_person_id"),
        sa.PrimaryKeyConstraint("placement_id", "person_id", name="pk_course_assessors"),
    )
    with op.batch_alter_table("course_assessors") as batch:
        batch.create_index("ix_course_assessors_person_id", ["person_id"])


def downgrade() -> None:
    op.drop_table("course_assessors")
    with op.batch_alter_table("placed_units") as batch:
        batch.drop_column("due_on")
        batch.drop_column("opens_on")
    with op.batch_alter_table("placements") as batch:
        for column in ("offers_email", "proposes_name", "language", "due_on", "opens_on"):
            batch.drop_column(column)
