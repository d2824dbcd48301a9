"""Ask a program of the operator's, such as `clamdscan -`, whether a file is harmful."""

import os
import shlex
import subprocess

from lti_tool.errors import ToolError

SECONDS = 60


class NotScanned(ToolError):
    """The program said nothing that can be relied on; nothing is kept that was not looked at."""

    status = 503


def is_harmless(command: str, data: bytes) -> bool:
    """Give `data` to a command on its standard input; exit code 0: harmless, 1: harmful.

    It runs without a shell and without this program's settings, and has a minute.

    Raises:
        NotScanned: `file_not_scanned`: it did not run, took too long, or ended otherwise.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own words, no shell
            shlex.split(command),
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotScanned("file_not_scanned") from error
    if done.returncode not in (0, 1):
        raise NotScanned("file_not_scanned")
    return done.returncode == 0
