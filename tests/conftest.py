"""What every test may ask for: databases, settings, the application, and the tool being served.

Databases are migrated once per test session and copied for each test. `database`, `app`, `client`
and `running_tool` belong to `database_url`: SQLite, unless the test is marked with
`tests.factories.databases.on_each_database`.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from config.secrets import make_encryption_key, make_secret_key
from lti_tool.db import Database
from tests.factories import databases, postgres
from tests.factories.kept import keep_compiled
from tests.peers import require

hypothesis.settings.register_profile("credlet", deadline=None, print_blob=True)
hypothesis.settings.load_profile("credlet")
keep_compiled()

NewDatabase = Callable[[str], str]
"""Takes "sqlite" or "postgres", returns the URL of a new database."""


def pytest_collection_finish() -> None:
    """What was imported stays: looking for garbage in it, too, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@dataclass(frozen=True, slots=True)
class RunningTool:
    """The application as served at `url`, which is its PUBLIC_URL."""

    url: str
    app: Flask


@pytest.fixture
def now() -> datetime:
    """One moment, for everything that takes the time as an argument."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    databases.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    programs = postgres.programs()
    require(programs, "needs PostgreSQL's programs initdb and postgres")
    assert programs is not None
    with postgres.postgres_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: postgres.PostgresServer) -> str:
    """Name of a migrated database that nobody is connected to, so that it can be copied."""
    databases.migrate(postgres_server.create("migrated"))
    return "migrated"


@pytest.fixture
def new_empty_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Make databases without any table; they vanish after the test."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{databases.fresh_path(tmp_path)}"
        server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
        return databases.copy_postgres(server, "template0", request.addfinalizer)

    return make


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Make migrated, empty databases; they vanish after the test."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return databases.copy_sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path)
        template: str = request.getfixturevalue("migrated_postgres")
        server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
        return databases.copy_postgres(server, template, request.addfinalizer)

    return make


@pytest.fixture
def database_url(request: pytest.FixtureRequest, new_database: NewDatabase) -> str:
    """URL of this test's database; see `on_each_database`."""
    return new_database(getattr(request, "param", "sqlite"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """This test's database, the one that `app` uses too."""
    with closing(Database(database_url)) as opened:
        yield opened


@pytest.fixture(params=databases.KINDS)
def each_database(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[Database]:
    """A database of each kind in turn; the test runs once on SQLite and once on PostgreSQL."""
    with closing(Database(new_database(request.param))) as opened:
        yield opened


@pytest.fixture
def postgres_database(new_database: NewDatabase) -> Iterator[Database]:
    """A PostgreSQL database: for what SQLite's single writer cannot show."""
    with closing(Database(new_database("postgres"))) as opened:
        yield opened


@pytest.fixture
def tool_settings(tmp_path: Path, database_url: str) -> Settings:
    """Development settings with a free loopback port as PUBLIC_URL, worker and rate limits off."""
    from lti_tool.demo.serving import free_port

    port = free_port()
    return Settings(
        environment="development",
        instance_folder=tmp_path,
        public_url=f"http://127.0.0.1:{port}",
        secret_key=make_secret_key(),
        encryption_keys=(make_encryption_key(),),
        database_url=database_url,
        bind=f"127.0.0.1:{port}",
        embedded_worker=False,
        outbound_private_hosts=("127.0.0.1", "localhost"),
        log_format="console",
        rate_limit_percent=0,  # tests come from one address, thousands of times
    )


@pytest.fixture
def app(tool_settings: Settings) -> Iterator[Flask]:
    from lti_tool import create_app

    made = create_app(tool_settings)
    yield made
    made.extensions["credlet"].database.close()


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def running_tool(app: Flask, tool_settings: Settings) -> Iterator[RunningTool]:
    """The tool answering real HTTP requests, several at a time."""
    from lti_tool.demo.serving import serving

    port = int(tool_settings.bind.rpartition(":")[2])
    with serving(app, port=port) as url:
        assert url == tool_settings.public_url
        yield RunningTool(url, app)
