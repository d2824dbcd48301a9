"""The worker: delivers what the outbox holds, in a thread of the web server or a process apart."""

import threading
from dataclasses import dataclass
from datetime import timedelta

import structlog

from lti_tool import clock
from lti_tool.services import launches, scores
from lti_tool.services.scores import Courier
from lti_tool.tool import Tool

IDLE = timedelta(seconds=1)
AFTER_ERROR = timedelta(seconds=10)
TIDY_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)


def run(tool: Tool, stop: threading.Event) -> None:
    """Deliver scores until `stop` is set. An error is logged and does not end the worker."""
    log.info("worker.started")
    tidy_at = clock.now()
    while not stop.is_set():
        try:
            if clock.now() >= tidy_at:
                tidy_at = clock.now() + TIDY_EVERY
                tidy(tool)
            pause = timedelta(0) if scores.deliver_next(courier(tool)) else IDLE
        except Exception as error:  # noqa: BLE001 - one bad score must not hold up all others
            log.error("worker.failed", error=type(error).__name__)
            pause = AFTER_ERROR
        stop.wait(pause.total_seconds())
    log.info("worker.stopped")


def tidy(tool: Tool) -> None:
    """Forget what must not be kept any longer."""
    with tool.database.transaction() as db:
        launches.forget_secrets(db, clock.now())


def drain(tool: Tool) -> int:
    """Make one attempt after the other until nothing is due; return how many."""
    attempts = 0
    while scores.deliver_next(courier(tool)):
        attempts += 1
    return attempts


@dataclass(frozen=True, slots=True)
class EmbeddedWorker:
    """A worker in a thread of this process."""

    thread: threading.Thread
    stopping: threading.Event

    def stop(self) -> None:
        """Let the delivery at hand finish, and end the thread."""
        self.stopping.set()
        self.thread.join()


def start(tool: Tool) -> EmbeddedWorker:
    """Run the worker in a daemon thread."""
    stopping = threading.Event()
    thread = threading.Thread(target=run, args=(tool, stopping), name="worker", daemon=True)
    thread.start()
    return EmbeddedWorker(thread, stopping)


def courier(tool: Tool) -> Courier:
    return Courier(
        database=tool.database,
        outbound=tool.outbound,
        encryption=tool.encryption,
        clock=clock.now,
    )
