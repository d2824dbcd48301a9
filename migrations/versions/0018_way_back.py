"""The way back to the LMS of each visit, and further origins that may frame our pages."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch_sessions") as batch:
        batch.add_column(sa.Column("return_url", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("frame_origins", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("frame_origins")
    with op.batch_alter_table("launch_sessions") as batch:
        batch.drop_column("return_url")
