"""A real Redis server for the tests, started, stopped and started again by them."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from lti_tool.demo.serving import free_port
from tests.peers import require

START_SECONDS = 20


class RedisServer:
    """A server on a free port of loopback that keeps nothing on disk."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise RuntimeError("redis-server does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def content(self) -> bytes:
        """Return every key with its value."""
        with redis.Redis.from_url(self.url) as client:
            keys = list(client.scan_iter("*"))
            return b"\n".join(key + b"=" + (client.get(key) or b"") for key in keys)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    program = shutil.which("redis-server")
    require(program, "needs redis-server")
    assert program is not None
    server = RedisServer(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
