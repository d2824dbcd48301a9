"""`wsgi:app` under a server that knows nothing of us: its failures tell as little as elsewhere."""

import subprocess
import sys
from pathlib import Path

from config import Settings
from tests.functional.test_web_server import environ_of

ROOT = Path(__file__).parents[2]

PROBE = """
import wsgi

def view():
    learner = bytes.fromhex("416461204c6f76656c616365").decode()
    raise LookupError(len(learner))

wsgi.app.view_functions["public.search"] = view
print(wsgi.app.test_client().get("/catalogue").status_code)
"""


def test_a_failure_is_logged_without_what_it_was_about(tool_settings: Settings) -> None:
    settings = tool_settings.model_copy(update={"log_format": "json"})
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env=environ_of(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "500"
    assert '"event": "request_failed"' in done.stderr
    assert "LookupError" in done.stderr
    assert "Ada Lovelace" not in done.stdout + done.stderr
