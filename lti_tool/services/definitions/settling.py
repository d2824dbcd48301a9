"""Which changes of the catalogue may still be on their way into the database.

What happened carries the time at which somebody said so, and shows only once its transaction has
ended. Whoever lists changes by their time must not walk past one that comes later.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

SETTLED = timedelta(seconds=30)
"""How long any transaction may take; on SQLite, where writers queue, longer ones are missed."""
_CLASS = 0x43A7
"""Of the advisory locks of PostgreSQL that say what is under way, one a minute."""


def begin(db: Session, at: datetime) -> None:
    """Let `until` wait for this transaction, in which something happened `at`."""
    if _is_postgres(db):
        minute = int(at.timestamp()) // 60
        db.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_CLASS, minute)))


def until(db: Session, now: datetime) -> datetime:
    """Return the last moment before which nothing is on its way any more.

    Ask before the changes themselves are read: what ends in between is then read too.
    """
    settled = now - SETTLED
    if not _is_postgres(db):
        return settled
    locks = sa.table("pg_locks", *map(sa.column, ("locktype", "database", "classid", "objid")))
    bases = sa.table("pg_database", sa.column("oid"), sa.column("datname"))
    here = sa.select(bases.c.oid).where(bases.c.datname == sa.func.current_database())
    minutes = sa.select(sa.func.min(sa.cast(locks.c.objid, sa.BigInteger))).where(
        locks.c.locktype == "advisory",
        sa.cast(locks.c.classid, sa.BigInteger) == _CLASS,
        locks.c.database == here.scalar_subquery(),
    )
    minute = db.scalar(minutes)
    if minute is None:
        return settled
    first = datetime.fromtimestamp(minute * 60, UTC)
    return min(settled, first - timedelta(microseconds=1))


def _is_postgres(db: Session) -> bool:
    return db.get_bind().dialect.name == "postgresql"
