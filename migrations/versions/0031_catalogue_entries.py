"""What published versions are found by in the catalogue, also those that are there already."""

import json

import sqlalchemy as sa
from alembic import op

from badges import catalogue_entry, definition
from badges.definition import InvalidDefinition

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

AT_ONCE = 200


def upgrade() -> None:
    entries = op.create_table(
        "catalogue_entries",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("field", sa.String(length=2), nullable=True),
        sa.Column("eqf_level", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["micro_credential_versions.id"],
            name="fk_catalogue_entries_version_id",
        ),
        sa.PrimaryKeyConstraint("version_id", name="pk_catalogue_entries"),
    )
    versions = sa.table(
        "micro_credential_versions", sa.column("id", sa.Uuid()), sa.column("definition", sa.JSON())
    )
    connection = op.get_bind()
    ids = connection.scalars(sa.select(versions.c.id)).all()
    for start in range(0, len(ids), AT_ONCE):
        some = sa.select(versions).where(versions.c.id.in_(ids[start : start + AT_ONCE]))
        rows = [_row(one.id, one.definition) for one in connection.execute(some)]
        if made := [row for row in rows if row is not None]:
            op.bulk_insert(entries, made)


def _row(version_id: object, content: object) -> dict[str, object] | None:
    try:
        mc = definition.load(json.loads(content) if isinstance(content, str) else content)
    except (InvalidDefinition, ValueError):
        return None  # nobody can open it either
    found = catalogue_entry.of(mc)
    return {
        "version_id": version_id,
        "titles": found.titles,
        "words": found.words,
        "country": found.country,
        "field": found.field,
        "eqf_level": found.eqf_level,
        "hours": found.hours,
        "languages": f" {' '.join(found.languages)} ",
    }


def downgrade() -> None:
    op.drop_table("catalogue_entries")
