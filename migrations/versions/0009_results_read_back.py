"""Grades that teachers gave in the LMS, and when each column is to be read."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gradebook_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("line_item_url", sa.Text(), nullable=False),
        sa.Column("score", sa.Numeric(precision=14, scale=5), nullable=True),
        sa.Column("maximum", sa.Numeric(precision=14, scale=5), nullable=True),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by", sa.String(length=64), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"], ["resource_links.id"], name="fk_gradebook_results_link_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_gradebook_results_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gradebook_results"),
        sa.UniqueConstraint(
            "link_id",
            "person_id",
            "sequence",
            name="uq_gradebook_results_link_id_person_id_sequence",
        ),
    )
    op.create_index("ix_gradebook_results_person_id", "gradebook_results", ["person_id"])
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("result_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            "fk_completion_records_result_id", "gradebook_results", ["result_id"], ["id"]
        )
        batch.create_index("ix_completion_records_result_id", ["result_id"])
    with op.batch_alter_table("resource_links") as batch:
        for name in ("results_wanted_at", "results_tried_at", "results_read_at"):
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("results_wanted_by", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("results_failure", sa.String(length=64), nullable=True))
        batch.create_index("ix_resource_links_results_wanted_at", ["results_wanted_at"])


def downgrade() -> None:
    _let_grades_rest_on_the_lms()
    with op.batch_alter_table("resource_links") as batch:
        batch.drop_index("ix_resource_links_results_wanted_at")
        for name in (
            "results_failure",
            "results_wanted_by",
            "results_read_at",
            "results_tried_at",
            "results_wanted_at",
        ):
            batch.drop_column(name)
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_index("ix_completion_records_result_id")
        batch.drop_constraint("fk_completion_records_result_id", type_="foreignkey")
        batch.drop_column("result_id")
    op.drop_index("ix_gradebook_results_person_id", table_name="gradebook_results")
    op.drop_table("gradebook_results")


def _let_grades_rest_on_the_lms() -> None:
    """The release before knows no route `graded`; what it knows next to it is `unlocked`."""
    op.execute(
        "UPDATE completion_records SET route = 'unlocked', points = NULL, result_id = NULL"
        " WHERE route = 'graded'"
    )
    awards = sa.table("awards", sa.column("id", sa.Uuid()), sa.column("results", sa.JSON()))
    for row in op.get_bind().execute(sa.select(awards)).all():
        graded = {"route": "unlocked", "points": None, "maximum": None}
        results = [
            entry | graded if isinstance(entry, dict) and entry.get("route") == "graded" else entry
            for entry in row.results
        ]
        if results != row.results:
            op.execute(awards.update().where(awards.c.id == row.id).values(results=results))
