"""Verifiers by others, in environments of their own."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from badges import contexts
from badges.contexts import OPEN_BADGES
from tests.factories.signing import Issued, today
from tests.peers import require

NODE_PEERS = Path(__file__).parents[1] / "peers" / "node"
CONTEXTS = {OPEN_BADGES: {"@context": contexts.load(OPEN_BADGES)}}
INSTALL_SECONDS = 240
ANSWER_SECONDS = 120


class Ask(Protocol):
    """Takes the name of a script, named cases and (for those that can be told) the time."""

    def __call__(
        self, script: str, cases: Mapping[str, Issued], now: datetime | None = None
    ) -> dict[str, Any]: ...


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the verifiers in `tests/peers/node`, installed as its lock file says."""
    program, npm = shutil.which("node"), shutil.which("npm")
    require(program and npm, "needs Node.js 20 or newer with npm")
    assert program is not None
    assert npm is not None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    major = int(version.stdout.lstrip("v").split(".")[0])
    require(major >= 20, f"needs Node.js 20 or newer, found {version.stdout.strip()}")
    require(_installed(npm), "npm could not install the verifiers of tests/peers/node")
    return program


def _installed(npm: str) -> bool:
    lock = (NODE_PEERS / "package-lock.json").read_bytes()
    mark = NODE_PEERS / "node_modules" / ".installed-lock.json"
    if mark.is_file() and mark.read_bytes() == lock:
        return True
    try:
        subprocess.run(
            [npm, "ci"], cwd=NODE_PEERS, capture_output=True, check=True, timeout=INSTALL_SECONDS
        )
    except (subprocess.SubprocessError, OSError):
        return False
    mark.write_bytes(lock)
    return True


@pytest.fixture(scope="session")
def ask(node: str) -> Ask:
    """Put cases to a verifier; its network is what each case serves."""

    def answers(
        script: str, cases: Mapping[str, Issued], now: datetime | None = None
    ) -> dict[str, Any]:
        at = (now or today()).isoformat()
        posed = [
            {"name": name, "badge": case.badge, "now": at, "web": {**case.web, **CONTEXTS}}
            for name, case in cases.items()
        ]
        run = subprocess.run(
            [node, script],
            cwd=NODE_PEERS,
            input=json.dumps(posed),
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        result: dict[str, Any] = json.loads(run.stdout)
        return result

    return answers
