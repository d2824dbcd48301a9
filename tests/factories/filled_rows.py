"""Rows for every table of a database, whatever its schema: made from what the database says."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.types import TypeEngine

Row = dict[str, Any]
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VERSION_TABLE = "alembic_version"


def tables(engine: Engine) -> dict[str, sa.Table]:
    """Return the tables that exist, those that others refer to first."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    return {table.name: table for table in metadata.sorted_tables if table.name != VERSION_TABLE}


def fill(engine: Engine) -> None:
    """Put one row, with every column set, into each table that is empty."""
    found = tables(engine)
    rows = {name: row for name, content in contents(engine).items() for row in content[:1]}
    with engine.begin() as connection:
        for name, table in found.items():
            if name not in rows:
                rows[name] = _insert(connection, table, rows)


def contents(engine: Engine) -> dict[str, list[Row]]:
    """Return all rows of all tables."""
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in tables(engine).items()
        }


def _insert(connection: Connection, table: sa.Table, rows: Mapping[str, Row]) -> Row:
    row = {column.name: _value(table.name, column) for column in table.columns}
    for constraint in table.foreign_key_constraints:
        parent = row if constraint.referred_table is table else rows[constraint.referred_table.name]
        for element in constraint.elements:
            row[element.parent.name] = parent[element.column.name]
    connection.execute(sa.insert(table).values(row))
    return row


def _value(table: str, column: "sa.Column[Any]") -> Any:
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, sa.DateTime):
        return MOMENT if kind.timezone else MOMENT.replace(tzinfo=None)
    if isinstance(kind, sa.Date):
        return MOMENT.date()
    if isinstance(kind, sa.CHAR):  # how SQLite stores a UUID
        return uuid.uuid4().hex
    if isinstance(kind, sa.String):
        return f"{table} {column.name}"[: kind.length]
    for known, value in VALUES.items():
        if isinstance(kind, known):
            return value() if callable(value) else value
    raise TypeError(f"no value for {table}.{column.name}: {kind!r}")


VALUES: dict[type[TypeEngine[Any]], Any] = {
    sa.Boolean: True,
    sa.Integer: 1,
    sa.Double: 1.5,
    sa.Numeric: Decimal("1.500"),
    sa.JSON: {"filled": True},
    sa.LargeBinary: b"filled",
    sa.Uuid: uuid.uuid4,
}
