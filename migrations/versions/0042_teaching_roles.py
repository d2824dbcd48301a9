"""Who teaches a course and who only helps, and whether those may lead it, too."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("course_members") as batch:
        batch.add_column(sa.Column("teaches_as", sa.String(length=16), nullable=True))
    # Until their next launch says more, whoever taught is a teacher, as they were before.
    op.execute("UPDATE course_members SET teaches_as = 'teacher' WHERE is_tester")
    with op.batch_alter_table("placements") as batch:
        batch.add_column(
            sa.Column("assistants_lead", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table("placements") as batch:
        batch.drop_column("assistants_lead")
    with op.batch_alter_table("course_members") as batch:
        batch.drop_column("teaches_as")
