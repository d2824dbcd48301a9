"""Failures on purpose, so that a tool's patience can be tested."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Endpoint(StrEnum):
    SCORES = "scores"
    RESULTS = "results"
    MEMBERS = "members"
    TOKENS = "tokens"
    KEYS = "keys"
    CONFIGURATION = "configuration"
    REGISTRATION = "registration"
    WEB_SERVICES = "web_services"


@dataclass(frozen=True, slots=True)
class Fault:
    """`status` None: the connection is closed without an answer. `hang` is in seconds.

    `accept`: the work is done first and only its answer goes wrong, as when the LMS crashes
    after it stored a score.
    """

    status: int | None = 500
    retry_after: int | None = None
    hang: float = 0
    accept: bool = False


class Faults:
    """A queue of faults per endpoint; each request takes one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[Endpoint, deque[Fault]] = {each: deque() for each in Endpoint}

    def add(self, endpoint: Endpoint, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests to `endpoint` meet `fault`."""
        with self._lock:
            self._waiting[endpoint].extend([fault] * times)

    def take(self, endpoint: Endpoint) -> Fault | None:
        with self._lock:
            waiting = self._waiting[endpoint]
            return waiting.popleft() if waiting else None

    def clear(self) -> None:
        with self._lock:
            for waiting in self._waiting.values():
                waiting.clear()
