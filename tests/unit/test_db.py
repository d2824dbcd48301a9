"""Connections to the database, when they are lost."""

from contextlib import closing

import pytest
import sqlalchemy as sa

from lti_tool import db as module
from lti_tool.db import Database
from tests.conftest import NewDatabase


@pytest.mark.postgres
def test_a_connection_that_the_server_closed_meanwhile_is_replaced(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRUSTED_SECONDS", 0)
    url = new_database("postgres")
    with closing(Database(url)) as ours, closing(Database(url)) as others:
        lost = backend(ours)
        with others.transaction() as db:
            assert db.scalar(sa.select(sa.func.pg_terminate_backend(lost, 5000)))
        assert backend(ours) != lost


def backend(database: Database) -> int:
    with database.transaction() as db:
        return int(db.scalar(sa.select(sa.func.pg_backend_pid())) or 0)
