"""Where a course's columns are, and the column that the tool itself found or made for a link."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("resource_links") as batch:
        batch.add_column(sa.Column("line_items_url", sa.Text(), nullable=True))
        batch.add_column(sa.Column("own_line_item_url", sa.Text(), nullable=True))
        batch.add_column(
            sa.Column("wants_column", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    with op.batch_alter_table("registrations") as batch:
        batch.add_column(sa.Column("auth_token_audience", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("registrations") as batch:
        batch.drop_column("auth_token_audience")
    with op.batch_alter_table("resource_links") as batch:
        batch.drop_column("wants_column")
        batch.drop_column("own_line_item_url")
        batch.drop_column("line_items_url")
