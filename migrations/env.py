"""How alembic runs the migrations: one transaction, alone, with references checked at its end.

On SQLite a table is altered by copying it and dropping the old one; with foreign keys on, that
drop would silently delete (cascade) or refuse the rows that refer to it. The switch only works
outside a transaction, so it is set on the bare connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection, Engine

from lti_tool.db import UtcDateTime
from lti_tool.models import Base
from migrations import BrokenReferencesError

POSTGRESQL_LOCK = 0x637265646C6574  # any number that no other program uses: "credlet"


def run() -> None:
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection, _foreign_keys_off(connection), connection.begin():
        _wait_for_other_upgrades(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=_render_item,
            compare_type=True,
            compare_server_default=True,
        )
        context.run_migrations()
        _check_references(connection)


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    bare: Any = connection.connection.dbapi_connection
    bare.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        bare.execute("PRAGMA foreign_keys = ON")


def _wait_for_other_upgrades(connection: Connection) -> None:
    """Hold a lock until the transaction ends; on SQLite the write lock itself does that."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRESQL_LOCK})")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if rows:
            raise BrokenReferencesError(tuple(sorted({row[0] for row in rows})))


def _render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column type as the plain one: migrations must outlive changes of the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


run()
