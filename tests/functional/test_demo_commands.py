"""The demo, started as somebody who tries it out starts it."""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from badges import samples
from lti_tool.demo.serving import free_port
from tests.functional.test_command_line import Operator

WLD = samples.welding()

REGISTRATION = "0b0e7a56-5f0c-4e0c-9d3e-1b7a1c9f6a11"


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path)
    assert made.run("db", "upgrade").exit_code == 0
    return made


def test_the_demo_says_when_a_port_is_taken(operator: Operator) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = operator.run_apart("demo", "--tool-port", port, "--lms-port", str(free_port()))
    assert refused.returncode == 1
    assert "A port is in use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_demo_speaks_the_terminals_language(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    operator.environment = {"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8"}
    answer = operator.run_apart("demo", "--once", "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Notenbuch" in answer.stdout
    assert "der Lernplattform, mit 80" in (tmp_path / "out" / "credential.json").read_text()


def test_a_demo_that_is_terminated_leaves_nothing_behind(tmp_path: Path) -> None:
    ports = ("--tool-port", str(free_port()), "--lms-port", str(free_port()))
    started = subprocess.Popen(
        [sys.executable, "-c", "from lti_tool.cli import main; main()", "demo", *ports],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        said = next((line for line in started.stdout if "/sign-in/links/" in line), None)
        assert said is not None
        assert list(tmp_path.glob("credlet-demo-*"))
        started.terminate()
        assert "Stopped." in started.stdout.read()
    assert started.returncode == 0
    assert not list(tmp_path.glob("credlet-demo-*"))


def test_the_demo_plays_once_and_leaves_a_verified_badge(
    operator: Operator, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    operator.environment = {"PATH": os.environ["PATH"]}
    port = str(free_port())
    answer = operator.run_apart("demo", "--once", "--out", str(out), "--tool-port", port)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"localhost%3A{port}" in (out / "did.json").read_text()
    command = next(line for line in answer.stdout.splitlines() if "-m badges verify" in line)
    assert subprocess.run(shlex.split(command), capture_output=True, check=False).returncode == 0
    names = {file.name for file in out.iterdir()}
    assert names == {
        "credential.json", "badge.png", "did.json", "status-list.json", "achievement.json"
    }  # fmt: skip
    verify = [sys.executable, "-m", "badges", "verify"]
    options = ["--did-doc", str(out / "did.json"), "--status-list", str(out / "status-list.json")]
    for badge in ("credential.json", "badge.png"):
        done = subprocess.run(
            [*verify, str(out / badge), *options], capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout
    forged = out / "forged.json"
    forged.write_bytes((out / "credential.json").read_bytes().replace(b"2026", b"2025"))
    done = subprocess.run([*verify, str(forged), *options], capture_output=True, check=False)
    assert done.returncode == 1
    alone = subprocess.run(
        [*verify, str(out / "credential.json")], capture_output=True, timeout=60, check=False
    )
    assert alone.returncode == 2


@pytest.mark.parametrize("lms", ["openedx", "canvas"])
def test_the_demo_plays_in_the_lms_of_ones_choice(
    operator: Operator, tmp_path: Path, lms: str
) -> None:
    operator.environment = {"PATH": os.environ["PATH"]}
    answer = operator.run_apart("demo", "--once", "--lms", lms, "--out", str(tmp_path / "out"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "gradebook of the LMS shows 5 scores" in answer.stdout


def test_the_demo_names_the_lmss_it_knows(operator: Operator) -> None:
    answer = operator.run_apart("demo", "--once", "--lms", "other")
    assert answer.returncode == 2
    assert all(name in answer.stderr for name in ("moodle", "openedx", "canvas"))
