"""Workers in processes of their own, and something between them and an LMS that kills them.

Imports nothing of pytest: the processes load this module.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from config import Settings
from lti_tool import open_tool, worker

_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload([__name__, "lti_tool.models", "migrations"])
END_SECONDS = 20


class Moment(StrEnum):
    """`ASKED`: the request is here, the LMS has not seen it and never will. `DONE`: the LMS has
    acted on it, and its answer is on the way."""

    ASKED = "asked"
    DONE = "done"


@dataclass(slots=True)
class Ambush:
    """Stands before the LMS and acts once, when a request of a worker gets to the given point."""

    path_end: str
    moment: Moment
    act: Callable[[], object]
    skip: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_over: bool = False

    def before(self, lms: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if self._has_come(environ, Moment.ASKED):
                self.act()
                start("503 Service Unavailable", [("Content-Length", "0")])
                return []
            answer = lms(environ, start)
            if self._has_come(environ, Moment.DONE):
                self.act()
            return answer

        return application

    def _has_come(self, environ: WSGIEnvironment, moment: Moment) -> bool:
        if moment is not self.moment or not environ["PATH_INFO"].endswith(self.path_end):
            return False
        with self._lock:
            self.skip -= 1
            has_come = self.skip < 0 and not self._is_over
            self._is_over = self._is_over or has_come
            return has_come


@contextmanager
def worker_process(settings: Settings) -> Iterator[int]:
    """Run a worker until it is killed; yields its process id, and waits for its end."""
    process = _FORK_SERVER.Process(target=_work, args=(settings,))
    process.start()
    try:
        assert process.pid is not None
        yield process.pid
        process.join(END_SECONDS)
        assert process.exitcode == -signal.SIGKILL, "nobody killed the worker"
    finally:
        process.kill()
        process.join()
        process.close()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _work(settings: Settings) -> None:
    worker.run(open_tool(settings), threading.Event())
