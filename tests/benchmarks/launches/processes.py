"""Servers as processes of their own, and the CPU time that they used (Linux only)."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    command: Sequence[str | Path], environment: Mapping[str, str], port: int, log: Path
) -> Iterator[int]:
    """Run a server until the block ends; yields its process id once `port` answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()[-3000:]}")


def cpu_seconds(root: int) -> float:
    """Return user and system time of a process and its descendants, also of those that ended."""
    stats = {int(path.parent.name): _stat(path) for path in Path("/proc").glob("[0-9]*/stat")}
    family, found = {root}, -1
    while found != len(family):
        found = len(family)
        family |= {pid for pid, stat in stats.items() if stat and stat[1] in family}
    times = [sum(map(int, stat[11:15])) for pid in family if (stat := stats.get(pid))]
    return sum(times) / _TICKS


def _stat(path: Path) -> list[int] | None:
    """Return the numbers of /proc/pid/stat from the third field (state, as 0) on."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:
        return None  # it has ended meanwhile
    return [0, *map(int, fields[1:])]
