"""Checking programs of the operator's that settings name."""

import shlex
import shutil


def check_command(line: str) -> str:
    """Return a command line if its program is there, else raise ValueError; "" is none."""
    words = shlex.split(line)  # raises ValueError where a quotation mark is open
    if words and shutil.which(words[0]) is None:
        raise ValueError("names no program that can be run")
    return line if words else ""
