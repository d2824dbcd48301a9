# SPDX-License-Identifier: AGPL-3.0-or-later
"""Serve the platform on 127.0.0.1: `.venv/bin/python serve.py PORT STATE_FOLDER`."""

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command


def main(port: int, state: str) -> None:
    """Make the tables, then become gunicorn: the process id stays the same."""
    os.environ["PLATFORM_URL"] = f"http://127.0.0.1:{port}"
    os.environ["PLATFORM_STATE"] = str(Path(state).resolve(strict=True))
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    os.chdir(Path(__file__).parent)
    django.setup()
    call_command("migrate", verbosity=0)
    options = ["--workers=1", "--threads=4", f"--bind=127.0.0.1:{port}", "--no-control-socket"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options, "wsgi:application"])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
