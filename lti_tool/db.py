"""The database: declarative base, aware time stamps, engine, and transactions.

One transaction serves one request or one job; services flush and never commit.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from time import monotonic, sleep
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached, sessionmaker
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

SQLITE_BUSY_SECONDS = 15
TRUSTED_SECONDS = 1.0

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# Every column of bytes says which it is: `credlet key rewrap` encrypts the secret ones anew.
SECRET = {"is_encrypted": True}
NOT_SECRET = {"is_encrypted": False}


class Base(DeclarativeBase):
    """Base of every table; constraints have predictable names, so migrations can name them."""

    metadata = sa.MetaData(naming_convention=NAMES)


Row = TypeVar("Row", bound=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment: timestamptz on PostgreSQL, naive UTC text on SQLite, always UTC here."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """An engine and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._shares_by_itself = self.engine.dialect.name != "sqlite"

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """Yield a database session; commit when the block ends, roll back when it raises.

        On SQLite a transaction takes the write lock at once (BEGIN IMMEDIATE), because one that
        reads first and writes later fails under concurrency; `read_only` ones share.
        """
        with self._sessions.begin() as session:
            if not self._shares_by_itself:
                session.connection(execution_options={"credlet_read_only": read_only})
            yield session

    def close(self) -> None:
        self.engine.dispose()


def create_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL with the project's connection rules.

    Errors do not quote parameters: they can be names, and errors are logged.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            parsed, connect_args={"timeout": SQLITE_BUSY_SECONDS}, hide_parameters=True
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(parsed, pool_size=10, max_overflow=20, hide_parameters=True)
    _replace_lost_connections(engine)
    return engine


def _replace_lost_connections(engine: Engine) -> None:
    """Ask a connection that nobody used for `TRUSTED_SECONDS` whether it still lives.

    A server that was restarted is found out by the first request; `pool_pre_ping` would ask
    before every transaction, which costs as much as a query.
    """

    def note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = monotonic()

    def look_at(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        if monotonic() - record.info["used_at"] < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "connect", note_use)
    event.listen(engine, "checkin", note_use)
    event.listen(engine, "checkout", look_at)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """Set write-ahead logging, which the file remembers.

    SQLite does not wait for its busy time-out here: of two programs that open a new file at one
    moment, one would fail with "database is locked".
    """
    for _ in range(SQLITE_BUSY_SECONDS * 20):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            sleep(0.05)
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("credlet_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def get_or_add(
    db: Session, table: type[Row], key: dict[str, Any], **values: Any
) -> tuple[Row, bool]:
    """Return the row with `key` (a unique constraint) and whether it was added just now.

    Two transactions that add the same key at one moment both get the one row. The row is locked
    until the transaction ends, for changes and not for references: rows that point to it can be
    added meanwhile, so nobody waits in a circle.
    """
    wanted = sa.select(table).filter_by(**key).with_for_update(key_share=True)
    found = db.scalars(wanted).one_or_none()  # first, because mostly it is there
    if found is not None:
        return found, False
    adding = _insert(db, table).values(**key, **values)
    adding = adding.on_conflict_do_nothing(index_elements=list(key))
    added = db.scalars(adding.returning(table)).one_or_none()
    return added or db.scalars(wanted).one(), added is not None


def add_missing(
    db: Session, table: type[Row], key: list[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Add rows but for those whose `key` (columns of a unique constraint) somebody else has added.

    All callers give them in one order, so that two at one moment do not wait in a circle.
    """
    if rows:
        db.execute(_insert(db, table).on_conflict_do_nothing(index_elements=key), rows)


def lock_all(db: Session, table: type[Row], rows: Sequence[dict[str, Any]], order: str) -> None:
    """Add the rows that are missing and lock all of them, as `get_or_add` does with one.

    `rows` have one key but for the column `order`, by which they are locked: all who lock several
    at one moment go in one order, and add before they lock, so nobody waits in a circle.
    """
    key = sa.inspect(table).primary_key
    names = [column.name for column in key]
    if not rows:
        return
    shared = {name: rows[0][name] for name in names if name != order}
    wanted = [row[order] for row in rows]
    column = table.__table__.c[order]
    found = sa.select(column).filter_by(**shared).where(column.in_(wanted))
    known = set(db.scalars(found))
    missing = sorted((row for row in rows if row[order] not in known), key=lambda row: row[order])
    add_missing(db, table, names, missing)
    db.execute(found.order_by(column).with_for_update(key_share=True))


def store(db: Session, row: Base) -> None:
    """Add a new row at once and by itself: a flush would look at all others before it.

    What it refers to must be stored; columns that were not set become NULL.
    """
    names, statement = _storing(type(row))
    values = {name: getattr(row, name) for name in names}
    for name, value in values.items():
        set_committed_value(row, name, value)
    db.execute(statement, values)
    make_transient_to_detached(row)
    db.add(row)


@cache
def _storing(table: type[Base]) -> tuple[tuple[str, ...], sa.Insert]:
    columns = cast("sa.Table", table.__table__)
    return tuple(columns.columns.keys()), sa.insert(columns)


def _insert(db: Session, table: type[Row]) -> postgresql.Insert | sqlite.Insert:
    if db.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
