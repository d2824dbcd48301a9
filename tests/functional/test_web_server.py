"""The tool as operators run it: gunicorn, `wsgi.py` and nothing but environment variables."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from config import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


def environ_of(settings: Settings) -> dict[str, str]:
    values = {
        name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in settings.model_dump().items()
    }
    return {"PATH": os.environ["PATH"], **values}


@contextmanager
def gunicorn(environ: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "wsgi:app"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> requests.Response:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return requests.get(url, timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    raise RuntimeError(f"gunicorn does not answer:\n{log.read_text(encoding='utf-8')[-4000:]}")


@pytest.fixture
def production(tool_settings: Settings) -> Settings:
    return tool_settings.model_copy(
        update={"environment": "production", "log_format": "json", "outbound_private_hosts": ()}
    )


def test_gunicorn_serves_the_tool_and_logs_no_query(production: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with gunicorn(environ_of(production), log) as process:
        assert wait_for(f"{production.public_url}/health", process, log).status_code == 200
        requests.get(f"{production.public_url}/nowhere?login_hint=ada-lovelace", timeout=5)
        requests.get(f"{production.public_url}/health?login_hint=ada-lovelace", timeout=5)
    text = log.read_text(encoding="utf-8")
    assert "Listening at" in text
    assert "ada-lovelace" not in text
    assert "Traceback" not in text


def test_gunicorn_stops_with_all_that_is_wrong_with_the_settings(
    production: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    wrong = {"SECRET_KEY": "", "WEB_PROCESSES": "2", "EMBEDDED_WORKER": "true"}
    with gunicorn(environ_of(production) | wrong, log) as process:
        assert process.wait(timeout=START_SECONDS) != 0
    text = log.read_text(encoding="utf-8")
    assert "SECRET_KEY: is not set" in text
    assert "EMBEDDED_WORKER: must be false" in text
    assert "Traceback" not in text
