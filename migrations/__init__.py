"""The database schema, step by step: numbered alembic migrations for SQLite and PostgreSQL.

The migrations are found beside this file, so they run from a checkout and from a wheel alike.
Start with `upgrade(engine)`; the program refuses to serve a database that `check_current` refuses.
"""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

FOLDER = Path(__file__).parent


class SchemaNotCurrentError(Exception):
    """The database is at another revision than this program; `current` is None when empty."""

    code = "database_schema_not_current"

    def __init__(self, current: str | None, head: str, where: str) -> None:
        super().__init__(
            f"The database {where} is at revision {current or 'none (empty)'}, this program needs"
            f" {head}. Run `credlet db upgrade`; if the database is the newer one, update the"
            " program; if it is another than you mean, see INSTANCE_FOLDER and DATABASE_URL."
        )
        self.current = current
        self.head = head


class BrokenReferencesError(Exception):
    """A migration left rows that point to nothing; it was rolled back. SQLite only."""

    code = "migration_broke_references"

    def __init__(self, tables: tuple[str, ...]) -> None:
        super().__init__(f"Rows point to nothing after the migration, in: {', '.join(tables)}.")
        self.tables = tables


def upgrade(engine: Engine, revision: str = "head", *, folder: Path = FOLDER) -> None:
    """Bring the schema to `revision`, all steps in one transaction.

    Raises:
        BrokenReferencesError: nothing was changed.
    """
    command.upgrade(_config(engine, folder), revision)


def downgrade(engine: Engine, revision: str, *, folder: Path = FOLDER) -> None:
    """Take the schema back to `revision` ("base" empties it), all steps in one transaction."""
    command.downgrade(_config(engine, folder), revision)


def current(engine: Engine) -> str | None:
    """Return the revision of the database, None for one that was never migrated."""
    with _reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """Return the newest revision that this program knows; reading them all takes a while."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise LookupError(f"no migrations in {FOLDER}")
    return revision


def revisions() -> tuple[str, ...]:
    """Return all revisions, oldest first."""
    return tuple(script.revision for script in _scripts().walk_revisions())[::-1]


def check_current(engine: Engine) -> None:
    """Return if the database is at `head()`, else raise SchemaNotCurrentError."""
    found = current(engine)
    if found != head():
        where = engine.url.render_as_string(hide_password=True)
        raise SchemaNotCurrentError(found, head(), where)


def differences(engine: Engine, metadata: sa.MetaData) -> list[str]:
    """Return what autogenerate would change in the database to make it match `metadata`."""
    with _reading(engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return [repr(change) for change in compare_metadata(context, metadata)]


def new_revision(engine: Engine, message: str) -> None:
    """Write the next numbered migration from the difference between models and database."""
    number = f"{len(revisions()) + 1:04d}"
    command.revision(_config(engine), message, autogenerate=True, rev_id=number)


def _reading(engine: Engine) -> Connection:
    return engine.connect().execution_options(credlet_read_only=True)  # takes no write lock


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))


def _config(engine: Engine, folder: Path = FOLDER) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["engine"] = engine
    return config
