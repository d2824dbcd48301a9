"""Encrypt every stored secret under the first key of ENCRYPTION_KEYS.

Rows are taken in batches, each in a transaction of its own. What is under the first key already
is left alone, so a run that was stopped goes on where it was when started again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from lti_tool.db import Database
from lti_tool.encryption import Encryption, Undecryptable
from lti_tool.models import Base

BATCH = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """One column of secrets: how many there are, were encrypted anew, and cannot be read."""

    column: str
    secrets: int
    rewrapped: int
    unreadable: int


def secret_columns() -> Iterator["sa.Column[Any]"]:
    """Yield every column whose content is encrypted; the models mark them."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.info.get("is_encrypted"):
                yield column


def rewrap(database: Database, encryption: Encryption, *, batch: int = BATCH) -> Iterator[Progress]:
    """Go through all secrets, and yield what was done for each column."""
    for column in secret_columns():
        yield _rewrap_column(database, encryption, column, batch)


def _rewrap_column(
    database: Database, encryption: Encryption, column: "sa.Column[Any]", batch: int
) -> Progress:
    (key,) = column.table.primary_key.columns
    secrets = rewrapped = unreadable = 0
    last: Any = None
    while True:
        rows = sa.select(key, column).where(column.is_not(None)).order_by(key).limit(batch)
        with database.transaction() as db:
            found = db.execute(rows if last is None else rows.where(key > last)).all()
            for identifier, stored in found:
                try:
                    renewed = encryption.rewrap(stored)
                except Undecryptable:
                    unreadable += 1
                    continue
                if renewed is not None:
                    # A program that stored another value meanwhile used the first key for it.
                    unchanged = (key == identifier) & (column == stored)
                    db.execute(sa.update(column.table).where(unchanged).values({column: renewed}))
                    rewrapped += 1
        secrets += len(found)
        if len(found) < batch:
            return Progress(str(column), secrets, rewrapped, unreadable)
        last = found[-1][0]
