"""When courses were moved to a newer version, so that who comes later brings along what counts."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moves = op.create_table(
        "course_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("old_version_id", sa.Uuid(), nullable=False),
        sa.Column("new_version_id", sa.Uuid(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["placement_id"], ["placements.id"]),
        sa.ForeignKeyConstraint(["old_version_id"], ["micro_credential_versions.id"]),
        sa.ForeignKeyConstraint(["new_version_id"], ["micro_credential_versions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_course_moves_placement_id", "course_moves", ["placement_id"])
    if found := _moved_before():
        op.bulk_insert(moves, found)


def _moved_before() -> list[dict[str, object]]:
    """Return the moves of earlier releases, which only the audit log knows."""
    log = sa.table(
        "audit_log",
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("action", sa.String),
        sa.column("subject", sa.String),
        sa.column("details", sa.JSON),
    )
    placements = sa.table(
        "placements", sa.column("id", sa.Uuid()), sa.column("version_id", sa.Uuid())
    )
    versions = sa.table(
        "micro_credential_versions",
        sa.column("id", sa.Uuid()),
        sa.column("series_id", sa.Uuid()),
        sa.column("version", sa.String),
    )
    db = op.get_bind()
    moved = sa.select(log.c.at, log.c.subject, log.c.details)
    moved = moved.where(log.c.action == "placement.version_moved").order_by(log.c.at)
    found: list[dict[str, object]] = []
    for at, subject, details in db.execute(moved).all():
        offers = sa.select(versions.c.series_id, placements.c.id)
        offers = offers.join_from(placements, versions, versions.c.id == placements.c.version_id)
        offered = db.execute(offers.where(placements.c.id == _id(subject))).first()
        if offered is None:
            continue
        named = sa.select(versions.c.version, versions.c.id)
        ids = dict(db.execute(named.where(versions.c.series_id == offered.series_id)).all())
        old, new = ids.get(details.get("from")), ids.get(details.get("version"))
        if old is not None and new is not None:
            found.append(
                {
                    "id": uuid.uuid4(),
                    "placement_id": offered.id,
                    "old_version_id": old,
                    "new_version_id": new,
                    "moved_at": at,
                }
            )
    return found


def _id(subject: str) -> uuid.UUID:
    return uuid.UUID(subject.removeprefix("placement:"))


def downgrade() -> None:
    op.drop_table("course_moves")
