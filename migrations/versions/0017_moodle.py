"""Moodle's own activities: connections to its web services, choices, and what it says."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_connections()
    _create_choices()
    _create_results()
    _create_checks()
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("activity_result_id", sa.Uuid(), nullable=True))
        batch.create_index(
            batch.f("ix_completion_records_activity_result_id"), ["activity_result_id"]
        )
        batch.create_foreign_key(
            batch.f("fk_completion_records_activity_result_id"),
            "activity_results",
            ["activity_result_id"],
            ["id"],
        )


def downgrade() -> None:
    # The release before cannot read these.
    op.execute("DELETE FROM completion_records WHERE route = 'lms_activity'")
    op.execute("DELETE FROM placed_units WHERE route = 'lms_activity'")
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_constraint(
            batch.f("fk_completion_records_activity_result_id"), type_="foreignkey"
        )
        batch.drop_index(batch.f("ix_completion_records_activity_result_id"))
        batch.drop_column("activity_result_id")
    for table in (
        "activity_checks",
        "course_activities",
        "activity_results",
        "unit_activities",
        "moodle_connections",
    ):
        op.drop_table(table)


def _create_connections() -> None:
    op.create_table(
        "moodle_connections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("failed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_moodle_connections_platform_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moodle_connections")),
        sa.UniqueConstraint("platform_id", name=op.f("uq_moodle_connections_platform_id")),
    )


def _create_choices() -> None:
    op.create_table(
        "unit_activities",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("criterion", sa.String(length=16), nullable=False),
        sa.Column("minimum", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.id"], name=op.f("fk_unit_activities_placement_id")
        ),
        sa.PrimaryKeyConstraint("placement_id", "unit_code", name=op.f("pk_unit_activities")),
    )
    op.create_table(
        "course_activities",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("listed", sa.JSON(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_course_activities_course_id")
        ),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_activities")),
    )
    op.create_index(op.f("ix_course_activities_wanted_at"), "course_activities", ["wanted_at"])


def _create_results() -> None:
    op.create_table(
        "activity_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("points", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("lowest", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("highest", sa.Numeric(precision=9, scale=3), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_activity_results_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placements.id"], name=op.f("fk_activity_results_placement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_results")),
        sa.UniqueConstraint(
            "placement_id",
            "unit_code",
            "person_id",
            "sequence",
            name=op.f("uq_activity_results_placement_id_unit_code_person_id_sequence"),
        ),
    )
    op.create_index(op.f("ix_activity_results_person_id"), "activity_results", ["person_id"])


def _create_checks() -> None:
    op.create_table(
        "activity_checks",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_activity_checks_course_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_activity_checks_person_id")
        ),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f("pk_activity_checks")),
    )
    op.create_index(op.f("ix_activity_checks_due_at"), "activity_checks", ["due_at"])
    op.create_index(op.f("ix_activity_checks_person_id"), "activity_checks", ["person_id"])
