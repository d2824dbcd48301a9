"""A real PostgreSQL server for the tests, started and stopped by them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

START_SECONDS = 30
UNPRIVILEGED_USERS = ("postgres", "nobody")  # the server refuses to run as root


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server that is reached through a Unix socket in `folder`."""

    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://credlet@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template0") -> str:
        """Create `database` as a copy of `template`; return its URL."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def programs() -> Path | None:
    """Return the folder with `initdb` and `postgres`, newest version first; None without one."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    usable = [folder for folder in folders if (folder / "initdb").exists()]
    return max(usable, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def postgres_server(folder_of_programs: Path) -> Iterator[PostgresServer]:
    """Yield a fresh server that listens on a Unix socket only; its data vanish at the end."""
    folder = Path(tempfile.mkdtemp(prefix="credlet-pg-"))  # short: socket paths end at 107 bytes
    try:
        identity = _give_away(folder)
        _run_initdb(folder_of_programs, folder, identity)
        with _running(folder_of_programs, folder, identity):
            yield PostgresServer(folder)
    finally:
        shutil.rmtree(folder)


def _give_away(folder: Path) -> dict[str, Any]:
    """As root, hand `folder` to an unprivileged user; return how to start a process as that user.

    Raises:
        LookupError: this machine has none of `UNPRIVILEGED_USERS`.
    """
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next((known[name] for name in UNPRIVILEGED_USERS if name in known), None)
    if entry is None:
        raise LookupError(f"none of the users {UNPRIVILEGED_USERS} exists")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}


def _run_initdb(programs: Path, folder: Path, identity: dict[str, Any]) -> None:
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        [programs / "initdb", "--pgdata", folder / "data", "--username=credlet", *options],
        cwd=folder,
        check=True,
        capture_output=True,
        **identity,
    )


@contextmanager
def _running(programs: Path, folder: Path, identity: dict[str, Any]) -> Iterator[None]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "shared_buffers": "32MB",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal must not stop it before the tests
            **identity,
        )
    try:
        _wait_until_ready(server, folder)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing has to survive
        server.wait(timeout=START_SECONDS)


def _wait_until_ready(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(PostgresServer(folder).url("postgres")).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text()[-2000:])
