"""Databases for tests: a migrated one is made once and copied for each test."""

import shutil
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import migrations
from lti_tool.db import Database
from tests.factories.postgres import PostgresServer

KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))

on_each_database = pytest.mark.parametrize("database_url", KINDS, indirect=True)
"""Runs a test twice; `database`, `app`, `client` and `running_tool` follow."""


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest revision and leave no connection open."""
    with closing(Database(url)) as database:
        migrations.upgrade(database.engine)


def fresh_path(folder: Path) -> Path:
    return folder / f"{uuid.uuid4().hex}.db"


def copy_sqlite(template: Path, folder: Path) -> str:
    """Return the URL of a copy; `template` must be closed, so that no -wal file holds changes."""
    path = fresh_path(folder)
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def copy_postgres(
    server: PostgresServer, template: str, at_end: Callable[[Callable[[], Any]], Any]
) -> str:
    """Return the URL of a copy, which `at_end` gets to drop."""
    name = f"test_{uuid.uuid4().hex}"
    url = server.create(name, template)
    at_end(lambda: server.drop(name))
    return url
