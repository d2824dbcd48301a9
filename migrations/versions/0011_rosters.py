"""Rosters of courses: where they are read, who was named there, who left."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENTS = ("roster_wanted_at", "roster_tried_at", "roster_read_at")


def upgrade() -> None:
    with op.batch_alter_table("courses") as batch:
        batch.add_column(sa.Column("roster_url", sa.Text(), nullable=True))
        batch.add_column(sa.Column("roster_registration_id", sa.Uuid(), nullable=True))
        for name in MOMENTS:
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("roster_failure", sa.String(length=64), nullable=True))
        batch.create_foreign_key(
            "fk_courses_roster_registration_id",
            "registrations",
            ["roster_registration_id"],
            ["id"],
        )
        batch.create_index("ix_courses_roster_registration_id", ["roster_registration_id"])
        batch.create_index("ix_courses_roster_wanted_at", ["roster_wanted_at"])
    with op.batch_alter_table("course_members") as batch:
        batch.add_column(
            sa.Column("has_launched", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("course_members") as batch:
        batch.drop_column("left_at")
        batch.drop_column("has_launched")
    with op.batch_alter_table("courses") as batch:
        batch.drop_index("ix_courses_roster_wanted_at")
        batch.drop_index("ix_courses_roster_registration_id")
        batch.drop_constraint("fk_courses_roster_registration_id", type_="foreignkey")
        batch.drop_column("roster_failure")
        for name in reversed(MOMENTS):
            batch.drop_column(name)
        batch.drop_column("roster_registration_id")
        batch.drop_column("roster_url")
