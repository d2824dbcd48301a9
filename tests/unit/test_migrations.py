"""Migrations: up and down on both databases, on filled tables, alone and complete."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa

import migrations
from config import Settings
from lti_tool import create_app
from lti_tool.db import Database
from lti_tool.models import Base, PriorLearningApplication
from tests.conftest import NewDatabase
from tests.factories import filled_rows
from tests.factories.databases import KINDS


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, new_empty_database: NewDatabase) -> Iterator[Database]:
    with closing(Database(new_empty_database(request.param))) as opened:
        yield opened


@pytest.fixture
def filled(each_database: Database) -> Database:
    filled_rows.fill(each_database.engine)
    return each_database


def with_migration(folder: Path, body: str, *, number: int = 9001) -> Path:
    """Return a copy of the migrations with one more, whose upgrade does `body`."""
    copy = folder / "migrations"
    if not copy.exists():
        shutil.copytree(migrations.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = migrations.head() if number == 9001 else str(number - 1)
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    (copy / "versions" / f"{number}_test.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '{number}'\ndown_revision = '{before}'\n"
        f"def upgrade():\n{lines}\ndef downgrade():\n    pass\n"
    )
    return copy


def test_revisions_are_numbered_without_gap_or_branch() -> None:
    numbers = [f"{number:04d}" for number in range(1, len(migrations.revisions()) + 1)]
    assert list(migrations.revisions()) == numbers
    files = sorted(file.name for file in (migrations.FOLDER / "versions").glob("*.py"))
    assert [name[:5] for name in files] == [f"{number}_" for number in numbers]
    assert migrations.head() == numbers[-1]


def test_the_schema_is_what_the_models_say(each_database: Database) -> None:
    assert migrations.current(each_database.engine) == migrations.head()
    assert migrations.differences(each_database.engine, Base.metadata) == []
    assert set(filled_rows.tables(each_database.engine)) == set(Base.metadata.tables)


def test_a_difference_between_models_and_schema_is_found(each_database: Database) -> None:
    with each_database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE people DROP COLUMN name"))
    (difference,) = migrations.differences(each_database.engine, Base.metadata)
    assert "add_column" in difference
    assert "people" in difference


def test_every_step_up_keeps_the_rows_of_a_filled_database(empty: Database) -> None:
    before: dict[str, int] = {}
    for revision in migrations.revisions():
        migrations.upgrade(empty.engine, revision)
        assert migrations.current(empty.engine) == revision
        after = {name: len(rows) for name, rows in filled_rows.contents(empty.engine).items()}
        assert before.items() <= after.items()
        filled_rows.fill(empty.engine)
        before = {name: len(rows) for name, rows in filled_rows.contents(empty.engine).items()}
        assert set(before.values()) == {1}


def test_every_step_down_works_on_a_filled_database(filled: Database) -> None:
    for revision in [*reversed(migrations.revisions()[:-1]), "base"]:
        migrations.downgrade(filled.engine, revision)
    assert migrations.current(filled.engine) is None
    assert filled_rows.tables(filled.engine) == {}


def test_going_down_switches_off_what_nobody_confirmed(each_database: Database) -> None:
    """The first release knows no pending registrations and would let them launch."""
    filled_rows.fill(each_database.engine)
    with each_database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE platforms SET disabled_at = NULL"))
    migrations.downgrade(each_database.engine, "0001")
    with each_database.engine.connect() as connection:
        disabled = connection.execute(sa.text("SELECT disabled_at FROM platforms")).scalar_one()
    assert disabled is not None


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_no_draft_loses_its_files_before_its_page_has_named_the_day(
    empty: Database, state: str
) -> None:
    migrations.upgrade(empty.engine, "0047")
    filled_rows.fill(empty.engine)
    with empty.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE prior_learning_applications SET state = '{state}'"))
    migrations.upgrade(empty.engine)
    with empty.transaction(read_only=True) as db:
        (touched,) = db.scalars(sa.select(PriorLearningApplication.updated_at))
    assert (touched > filled_rows.MOMENT) is (state == "draft")
    migrations.downgrade(empty.engine, "0047")


def test_a_database_can_go_down_and_up_again(filled: Database) -> None:
    migrations.downgrade(filled.engine, "base")
    migrations.upgrade(filled.engine)
    assert migrations.differences(filled.engine, Base.metadata) == []


def test_altering_every_table_keeps_every_row(filled: Database, tmp_path: Path) -> None:
    before = filled_rows.contents(filled.engine)
    assert {len(rows) for rows in before.values()} == {1}
    body = f"""
for table in {sorted(Base.metadata.tables)}:
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column("added", sa.String(10), server_default="new", nullable=False))
        batch.create_check_constraint("added", "added = 'new'")  # makes SQLite copy the table
"""
    migrations.upgrade(filled.engine, folder=with_migration(tmp_path, body))
    after = filled_rows.contents(filled.engine)
    assert after == {
        name: [row | {"added": "new"} for row in rows] for name, rows in before.items()
    }


def test_copying_tables_keeps_rows_that_would_be_deleted_with_their_parent(
    database: Database, tmp_path: Path
) -> None:
    """Dropping the old copy of the parent would cascade, were foreign keys on."""
    filled_rows.fill(database.engine)
    body = """
op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True))
op.create_table(
    "children",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("parents.id", ondelete="CASCADE")),
)
"""
    migrations.upgrade(database.engine, folder=with_migration(tmp_path, body))
    filled_rows.fill(database.engine)
    before = filled_rows.contents(database.engine)
    body = """
for table in ("parents", "people", "courses", "organisations"):
    with op.batch_alter_table(table, recreate="always") as batch:
        batch.add_column(sa.Column("added", sa.Integer))
"""
    migrations.upgrade(database.engine, folder=with_migration(tmp_path, body, number=9002))
    after = filled_rows.contents(database.engine)
    assert after["children"] == before["children"] != []
    assert {name: len(rows) for name, rows in after.items()} == dict.fromkeys(before, 1)
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO children (id, parent_id) VALUES (7, 7)"))


def test_copying_a_table_keeps_its_partial_index(database: Database, tmp_path: Path) -> None:
    query = sa.text("SELECT sql FROM sqlite_master WHERE name = 'uq_awards_standing'")
    body = """
with op.batch_alter_table("awards", recreate="always") as batch:
    batch.add_column(sa.Column("added", sa.Integer))
"""
    migrations.upgrade(database.engine, folder=with_migration(tmp_path, body))
    with database.engine.connect() as connection:
        assert "WHERE withdrawn_at IS NULL" in connection.execute(query).scalar_one()


def test_a_migration_that_breaks_references_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    filled_rows.fill(database.engine)
    before = filled_rows.contents(database.engine)
    folder = with_migration(tmp_path, 'op.execute("DELETE FROM organisations")')
    with pytest.raises(migrations.BrokenReferencesError) as caught:
        migrations.upgrade(database.engine, folder=folder)
    referring = {
        name
        for name, table in filled_rows.tables(database.engine).items()
        for key in table.foreign_keys
        if key.column.table.name == "organisations"
    }
    assert caught.value.tables == tuple(sorted(referring))
    assert {"audit_log", "platforms"} <= referring
    assert filled_rows.contents(database.engine) == before
    assert migrations.current(database.engine) == migrations.head()


def test_a_migration_that_fails_changes_nothing(filled: Database, tmp_path: Path) -> None:
    before = filled_rows.contents(filled.engine)
    body = """
op.create_table("halfway", sa.Column("id", sa.Integer, primary_key=True))
op.execute("UPDATE people SET name = 'changed'")
raise RuntimeError("power cut")
"""
    with pytest.raises(RuntimeError, match="power cut"):
        migrations.upgrade(filled.engine, folder=with_migration(tmp_path, body))
    assert filled_rows.contents(filled.engine) == before
    migrations.check_current(filled.engine)


def test_foreign_keys_are_enforced_again_after_a_migration(new_empty_database: NewDatabase) -> None:
    with closing(Database(new_empty_database("sqlite"))) as database:
        migrations.upgrade(database.engine)
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_programs_that_upgrade_at_one_moment_wait_for_each_other(empty: Database) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: upgrade_apart(empty), range(2)))
    migrations.check_current(empty.engine)


def test_a_new_sqlite_file_that_another_program_writes_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "credlet.db", isolation_level=None, check_same_thread=False)
    with closing(other), closing(Database(f"sqlite:///{tmp_path}/credlet.db")) as database:
        other.execute("BEGIN IMMEDIATE")
        finishes = Timer(0.3, other.execute, ["COMMIT"])
        finishes.start()
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        finishes.join()


def upgrade_apart(database: Database) -> None:
    """Upgrade in a process of its own, as servers that start together do."""
    url = database.engine.url.render_as_string(hide_password=False)
    script = (
        "import sys, migrations, lti_tool.db as d; migrations.upgrade(d.create_engine(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", script, url], check=True, capture_output=True)


def test_the_program_refuses_an_empty_database(
    tool_settings: Settings, new_empty_database: NewDatabase
) -> None:
    settings = tool_settings.model_copy(update={"database_url": new_empty_database("sqlite")})
    with pytest.raises(migrations.SchemaNotCurrentError, match="credlet db upgrade") as caught:
        create_app(settings)
    assert caught.value.current is None
    assert caught.value.head == migrations.head()


def test_the_program_refuses_a_database_of_a_newer_release(
    database: Database, tool_settings: Settings
) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.SchemaNotCurrentError, match="is at revision 9999"):
        create_app(tool_settings)


def test_reading_the_revision_waits_for_no_writer(database: Database) -> None:
    with database.transaction():
        migrations.check_current(database.engine)
