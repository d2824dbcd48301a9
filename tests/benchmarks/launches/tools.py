"""The tools that are measured: each served by a process of its own, on an empty database."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from badges import samples
from config.secrets import make_encryption_key, make_secret_key
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.serving import free_port
from lti_tool.web import proving
from tests.benchmarks.launches.processes import running
from tests.benchmarks.launches.traffic import Target
from tests.factories import courses, databases
from tests.factories.platform import PlatformDouble
from tests.factories.postgres import PostgresServer

PEERS = Path(__file__).resolve().parents[2] / "peers" / "launches"
THREADS = 8
LTIJS = ("ltijs@5.9.9", "ltijs-sequelize@2.4.4")
STOCK = ("PyLTI1p3==2.0.0", "Flask-Caching")  # Flask and gunicorn as here


@dataclass(frozen=True, slots=True)
class Environment:
    """What all tools share; `peers`: the folder that `install` filled."""

    postgres: PostgresServer
    platform: PlatformDouble
    folder: Path
    peers: Path


@dataclass(frozen=True, slots=True)
class Served:
    pid: int
    target: Target


@dataclass(slots=True)
class Tool:
    """A tool at work, and what the rounds found; times are seconds per launch."""

    name: str
    does: str
    served: Served
    has_new_learners: bool = False
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)


def install(peers: Path) -> None:
    """Put the peers into environments of their own, by name, from the machine's registries."""
    peers.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", peers / "python"], check=True)
    same = [f"{name}=={version(name)}" for name in ("flask", "gunicorn", "pyjwt")]
    pip = [_python(peers), "-m", "pip", "install", "--quiet", *STOCK, *same]
    subprocess.run(pip, check=True)
    if npm := shutil.which("npm"):
        quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([npm, "install", "--prefix", peers / "node", *quiet, *LTIJS], check=True)


def has_stock(peers: Path) -> bool:
    return _python(peers).exists()


def has_ltijs(peers: Path) -> bool:
    return bool(shutil.which("node")) and (peers / "node" / "node_modules" / "ltijs").exists()


def _python(peers: Path) -> Path:
    return peers / "python" / "bin" / "python"


@contextmanager
def credlet(around: Environment) -> Iterator[Served]:
    """Credlet as `credlet serve` runs it, but for its worker, which has nothing to do here."""
    port, platform = free_port(), around.platform
    url = around.postgres.create("credlet")
    databases.migrate(url)
    public_url = "https://credlet.example"
    with closing(Database(url)) as database:
        registration_id = platform.register(database, clock.now())
        with database.transaction() as db:
            mc = samples.welding()
            courses.publish(db, mc, public_url, clock.now())
    settings = {
        "ENVIRONMENT": "production",
        "INSTANCE_FOLDER": str(around.folder),
        "PUBLIC_URL": public_url,
        "SECRET_KEY": make_secret_key(),
        "ENCRYPTION_KEYS": make_encryption_key(),
        "DATABASE_URL": url,
        "BIND": f"127.0.0.1:{port}",
        "WEB_PROCESSES": "1",
        "WEB_THREADS": str(THREADS),
        "EMBEDDED_WORKER": "false",
        "OUTBOUND_PRIVATE_HOSTS": "127.0.0.1",
        "RATE_LIMIT_PERCENT": "100000",  # counted as ever; one address does not launch so often
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "wsgi:app"]
    with running(command, settings, port, around.folder / "credlet.log") as pid:
        base = f"/lti/{registration_id}"
        launch_url = f"{public_url}{base}/launch"
        mark = f"{proving.MARK}=1"  # learners come more than once: their browsers keep cookies
        yield Served(pid, Target(port, f"{base}/login", f"{base}/launch", launch_url, mark))


@contextmanager
def bare(around: Environment, *, login: int, launch: int) -> Iterator[Served]:
    """Flask served as Credlet is, with as many plain SQL statements and nothing else."""
    port, platform = free_port(), around.platform
    name = f"bare{login}{launch}"
    url = around.postgres.create(name)
    settings = {
        "BARE_DATABASE": url,
        "BARE_KEYS": platform.answers["/jwks"].body.decode(),  # type: ignore[union-attr]
        "BARE_STATEMENTS": f"{login},{launch}",
        "PYTHONPATH": str(PEERS),
    }
    options = f"-k gthread -w 1 --threads 1 --keep-alive 5 -b 127.0.0.1:{port}".split()
    command = [sys.executable, "-m", "gunicorn", *options, "bare:app"]
    with running(command, settings, port, around.folder / f"{name}.log") as pid:
        yield Served(pid, Target(port, "/login", "/launch", f"http://127.0.0.1:{port}/launch"))


@contextmanager
def stock(around: Environment, *, caches_keys: bool) -> Iterator[Served]:
    """PyLTI1p3 with Flask, served as Credlet is."""
    port, platform = free_port(), around.platform
    platforms = {
        platform.issuer: {
            "default": True,
            "client_id": platform.client_id,
            "auth_login_url": f"{platform.url}/auth",
            "auth_token_url": f"{platform.url}/token",
            "key_set_url": f"{platform.url}/jwks",
            "deployment_ids": [platform.deployment_id],
        }
    }
    settings = {
        "STOCK_PLATFORMS": json.dumps(platforms),
        "STOCK_CACHES_KEYS": str(int(caches_keys)),
        "PYTHONPATH": str(PEERS),
    }
    options = f"-k gthread -w 1 --threads {THREADS} --keep-alive 5 -b 127.0.0.1:{port}".split()
    command = [_python(around.peers), "-m", "gunicorn", *options, "stock:app"]
    with running(command, settings, port, around.folder / f"stock{int(caches_keys)}.log") as pid:
        yield Served(pid, Target(port, "/login", "/launch", f"http://127.0.0.1:{port}/launch"))


@contextmanager
def ltijs(around: Environment) -> Iterator[Served]:
    """ltijs with its own plugin for PostgreSQL."""
    port, platform = free_port(), around.platform
    around.postgres.create("ltijs")
    settings = {
        "port": port,
        "key": make_secret_key(),
        "database": "ltijs",
        "user": "credlet",
        "host": str(around.postgres.folder),
        "platform": {
            "url": platform.issuer,
            "name": "Platform",
            "clientId": platform.client_id,
            "authenticationEndpoint": f"{platform.url}/auth",
            "accesstokenEndpoint": f"{platform.url}/token",
            "authConfig": {"method": "JWK_SET", "key": f"{platform.url}/jwks"},
        },
    }
    node = shutil.which("node")
    assert node is not None
    environment = {
        "NODE_ENV": "production",
        "NODE_PATH": os.fspath(around.peers / "node" / "node_modules"),
    }
    command = [node, PEERS / "ltijs.cjs", json.dumps(settings)]
    with running(command, environment, port, around.folder / "ltijs.log") as pid:
        yield Served(pid, Target(port, "/login", "/", f"http://127.0.0.1:{port}/"))
