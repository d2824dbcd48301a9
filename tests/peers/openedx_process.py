"""Open edX as an LTI 1.3 platform, in a process and a Python environment of its own.

Nothing of it is imported here: the folder `openedx` runs as a program and is spoken to over HTTP.

    with OpenEdx(VENV, port) as lms:
        register(lms.platform)            # on the tool's side
        lms.enter(Tool(...))              # on the platform's side
        browser.get(lms.launch_url("ana", "student", "unit-1"))
        lms.gradebook()["unit-1"]["grades"]["ana"]
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import requests

from tests.peers import require

PROGRAM = Path(__file__).parent / "openedx"
REQUIREMENTS = PROGRAM / "requirements.txt"
VENV = PROGRAM / ".venv"
INSTALL_SECONDS = 240
START_SECONDS = 60


class InstallError(Exception):
    """The platform cannot be installed here; the text says why."""


@dataclass(frozen=True, slots=True)
class Link:
    """An LTI component of the course.

    `points`: scoreMaximum of its line item; `custom`: the parameters mc and unit. `ags`:
    declarative (it comes with a line item) or programmatic (tools make their own).
    """

    title: str
    points: int
    custom: Mapping[str, str]
    ags: str = "declarative"


@dataclass(frozen=True, slots=True)
class Tool:
    """What an administrator enters on the platform's side; `target_link_uri` is for all links."""

    login_url: str
    launch_url: str
    jwks_url: str
    target_link_uri: str
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Platform:
    """What has to be entered on the tool's side. `users`: username -> `sub`."""

    issuer: str
    client_id: str
    deployment_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    context_id: str
    users: Mapping[str, str]


class OpenEdx:
    """The running platform: made, started and stopped as a context manager.

    `venv` is made when absent or of other requirements; `port` is a free one of 127.0.0.1.
    People: ana, cho, tea (with name and e-mail), ben (without); roles are chosen per launch.
    Where it cannot be installed, the test is skipped with the reason (see `require`).
    """

    def __init__(self, venv: Path, port: int, tool: Tool | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._venv, self._port, self._tool = venv, port, tool
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        try:
            python = installed(self._venv)
        except InstallError as reason:
            require(False, f"Open edX: {reason}")
            raise
        self._state = tempfile.TemporaryDirectory(prefix="openedx-")
        self._log = Path(self._state.name) / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [python, PROGRAM / "serve.py", str(self._port), self._state.name],
                env={"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},  # no proxies either
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.platform = Platform(**self._first_answer())
            if self._tool:
                self.enter(self._tool)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def enter(self, tool: Tool) -> None:
        """Enter the tool and its links, in the place of all entered before; grades start anew."""
        self._http.put(f"{self.url}/tool", json=asdict(tool), timeout=20).raise_for_status()

    def launch_url(self, user: str, role: str, link: str) -> str:
        """Where a click on `link` leads. `role`: student, staff (teacher) or instructor (admin)."""
        return f"{self.url}/launch?{urlencode({'user': user, 'role': role, 'link': link})}"

    def select_url(self, user: str, role: str, link: str) -> str:
        """Where "select content" of `link` leads."""
        return f"{self.launch_url(user, role, link)}&select=1"

    def content(self, link: str) -> dict[str, Any]:
        """Return what was selected for `link`, as it was stored: {id: attributes}."""
        answer = self._http.get(f"{self.url}/content", timeout=20)
        answer.raise_for_status()
        stored: dict[str, Any] = answer.json()[link]
        return stored

    def gradebook(self) -> dict[str, Any]:
        """Return {link: {"grades": {username: ...}, "scores": {username: ...}}}.

        A grade, as people see it: score, maximum, comment, `writes` (how often it was written).
        A score, as AGS stored it last: score_given, score_maximum, activity_progress,
        grading_progress, timestamp.
        """
        answer = self._http.get(f"{self.url}/gradebook", timeout=20)
        answer.raise_for_status()
        book: dict[str, Any] = answer.json()
        return book

    def _first_answer(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                answer = self._http.get(f"{self.url}/platform", timeout=5)
                answer.raise_for_status()
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                facts: dict[str, Any] = answer.json()
                return facts
        raise RuntimeError(f"Open edX did not start:\n{self._log.read_text()[-2000:]}")

    def _stop(self) -> None:
        self._http.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._state.cleanup()


def installed(venv: Path) -> Path:
    """Return the Python of `venv`, which holds exactly what requirements.txt pins.

    Raises:
        InstallError: no environment or package could be had (no network, unfit Python).
    """
    if not REQUIREMENTS.is_file():
        raise InstallError("its folder is not part of the source distribution")
    python, mark = venv / "bin" / "python", venv / "requirements.sha256"
    with REQUIREMENTS.open("rb") as requirements:
        fcntl.flock(requirements, fcntl.LOCK_EX)  # one test run installs, others wait for it
        digest = hashlib.sha256(requirements.read()).hexdigest()
        if not (python.exists() and mark.is_file() and mark.read_text() == digest):
            _run(sys.executable, "-m", "venv", "--clear", venv)
            pip = (python, "-m", "pip", "install", "--quiet", "--no-input", "--retries=1")
            _run(*pip, "--only-binary=:all:", "--require-hashes", "-r", REQUIREMENTS)
            mark.write_text(digest)
    return python


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(str(error)) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise InstallError((lines or [done.stdout + done.stderr])[-1].strip())
