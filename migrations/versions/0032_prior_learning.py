"""Recognition of prior learning: applications, judgements, and which records came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("completion_records") as batch:
        batch.add_column(sa.Column("assessor_account_id", sa.Uuid(), nullable=True))
        batch.create_index("ix_completion_records_assessor_account_id", ["assessor_account_id"])
        batch.create_foreign_key(
            "fk_completion_records_assessor_account_id", "accounts", ["assessor_account_id"], ["id"]
        )
    op.create_table(
        "prior_learning_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("submitted_at", moment, nullable=True),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("appealed_at", moment, nullable=True),
        sa.Column("appeal_reason", sa.Text(), nullable=True),
        sa.Column("erased_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_prior_learning_applications_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["micro_credential_versions.id"],
            name="fk_prior_learning_applications_version_id",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name="fk_prior_learning_applications_course_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_prior_learning_applications"),
    )
    with op.batch_alter_table("prior_learning_applications") as batch:
        batch.create_index(
            "ix_prior_learning_applications_person_version", ["person_id", "version_id"]
        )
        for column in ("version_id", "course_id", "state"):
            batch.create_index(f"ix_prior_learning_applications_{column}", [column])
    op.create_table(
        "prior_learning_judgements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("outcome_code", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_appeal", sa.Boolean(), nullable=False),
        sa.Column("judged_at", moment, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["prior_learning_applications.id"],
            name="fk_prior_learning_judgements_application_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_prior_learning_judgements_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["completion_records.id"], name="fk_prior_learning_judgements_record_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_prior_learning_judgements"),
        sa.UniqueConstraint(
            "application_id",
            "sequence",
            name="uq_prior_learning_judgements_application_id_sequence",
        ),
    )
    with op.batch_alter_table("prior_learning_judgements") as batch:
        for column in ("account_id", "record_id"):
            batch.create_index(f"ix_prior_learning_judgements_{column}", [column])


def downgrade() -> None:
    op.drop_table("prior_learning_judgements")
    op.drop_table("prior_learning_applications")
    with op.batch_alter_table("completion_records") as batch:
        batch.drop_constraint("fk_completion_records_assessor_account_id", type_="foreignkey")
        batch.drop_index("ix_completion_records_assessor_account_id")
        batch.drop_column("assessor_account_id")
