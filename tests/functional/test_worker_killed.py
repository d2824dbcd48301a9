"""`kill -9` of a worker between any two steps of a delivery: no score lost, none doubled.

What a dead worker leaves behind is taken up by another once its lease has run out; the tests let
the clocks of that worker and of the LMS run ahead instead of waiting.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from badges import samples
from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, User
from lti_tool.encryption import Encryption
from lti_tool.models import Delivery
from lti_tool.services.outbox import deliveries, scores
from tests.factories.databases import KINDS, on_each_database
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.workers import Ambush, Moment, kill, worker_process

U1 = samples.welding().units[0].code
SEEDS = {"sqlite": range(0, 20, 2), "postgres": range(1, 20, 2)}
RANDOM_SCORES = 10
SETUP_AGO = timedelta(seconds=60)


@dataclass(slots=True)
class Running:
    """A course with scores that wait; `ahead`: how far the clocks of test and LMS are ahead."""

    course: Teaching
    settings: Settings
    points: dict[User, int]
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return clock.now() + self.ahead

    def recover(self) -> None:
        """Let another worker finish, after the lease of the dead one."""
        self.ahead += deliveries.LEASE + timedelta(seconds=1)
        courier = replace(self.course.courier, clock=self.now)
        while scores.deliver_next(courier):
            pass

    def assert_each_score_is_there_once(self) -> None:
        for user, points in self.points.items():
            grade = self.course.grade(user, U1)
            assert grade is not None, "a score was lost"
            assert grade.score == points
            taken = [
                sent
                for sent in self.course.log
                if sent.body and sent.body["userId"] == user.id and sent.status in (200, None)
            ]
            assert len(taken) == 1, "a score was doubled"
        assert {row.state for row in self.course.deliveries()} == {"delivered"}


@contextmanager
def waiting_scores(
    database: Database, settings: Settings, count: int, ambush: Ambush
) -> Iterator[Running]:
    """Serve an LMS behind `ambush`, with `count` scores due since a minute."""

    def lms_clock() -> datetime:
        return running.now()

    started = clock.now() - SETUP_AGO
    with ExitStack() as stack:
        # The clock of the LMS is asked for while it is being set up, before `running` exists.
        running = Running(None, settings, {})  # type: ignore[arg-type]
        running.course = course = stack.enter_context(
            teaching(database, started, clock=lms_clock, before=ambush.before)
        )
        course.school.encryption = Encryption(settings.encryption_keys)
        for number in range(count):
            user = course.learner(f"Learner {number}", U1)
            running.points[user] = 80 + number
            course.assess(user, U1, points=80 + number)
        yield running


POINTS = {
    "asking for a token": ("/lms/token", Moment.ASKED),
    "having been given a token": ("/lms/token", Moment.DONE),
    "sending the score": ("/scores", Moment.ASKED),
    "the score was taken": ("/scores", Moment.DONE),
}


@on_each_database
@pytest.mark.parametrize(("path_end", "moment"), POINTS.values(), ids=POINTS)
def test_a_worker_killed_while(
    database: Database, tool_settings: Settings, path_end: str, moment: Moment
) -> None:
    ambush = Ambush(path_end, moment, lambda: kill(pid))
    with waiting_scores(database, tool_settings, 2, ambush) as running:
        with worker_process(tool_settings) as pid:
            pass
        (held,) = (row for row in running.course.deliveries() if row.leased_until)
        assert held.state == "pending"
        running.recover()
        running.assert_each_score_is_there_once()


@on_each_database
@pytest.mark.parametrize("moment", Moment)
def test_a_worker_killed_while_it_asks_whether_a_score_is_there(
    database: Database, tool_settings: Settings, moment: Moment
) -> None:
    ambush = Ambush("/results", moment, lambda: kill(pid))
    with waiting_scores(database, tool_settings, 1, ambush) as running:
        # The first answer is lost, long enough ago that the second attempt is due.
        running.course.lms.faults.add(Endpoint.SCORES, Fault(status=None, accept=True))
        running.course.deliver()
        with worker_process(tool_settings) as pid:
            pass
        running.recover()
        running.assert_each_score_is_there_once()
        assert running.course.statuses == [None, 409, 409]


@on_each_database
def test_a_worker_killed_before_it_writes_the_answer_down(
    database: Database, tool_settings: Settings
) -> None:
    """The answer comes while somebody else holds the row, so the worker stands and waits."""
    is_held = threading.Event()
    with ExitStack() as stack:

        def hold() -> None:
            db = stack.enter_context(database.transaction())
            db.query(Delivery).with_for_update().all()
            is_held.set()

        ambush = Ambush("/scores", Moment.DONE, hold)
        with waiting_scores(database, tool_settings, 1, ambush) as running:
            with worker_process(tool_settings) as pid:
                assert is_held.wait(20)
                time.sleep(0.5)
                kill(pid)
            stack.close()
            assert [row.state for row in running.course.deliveries()] == ["pending"]
            running.recover()
            running.assert_each_score_is_there_once()
            assert running.course.statuses == [200, 409]


@pytest.mark.parametrize("kind", KINDS)
def test_workers_killed_at_random_moments(
    kind: str, tool_settings: Settings, new_database: Callable[[str], str]
) -> None:
    """Two workers one after the other, each killed somewhere on its way, then a third."""
    for seed in SEEDS[kind]:
        chance = random.Random(seed)
        url = new_database(kind)
        settings = tool_settings.model_copy(update={"database_url": url})
        with closing(Database(url)) as database:
            _kill_two_workers(database, settings, chance)


def _kill_two_workers(database: Database, settings: Settings, chance: random.Random) -> None:
    def soon() -> None:
        threading.Timer(chance.uniform(0, 0.03), kill, [pid]).start()

    ambush = Ambush("", Moment.DONE, soon, skip=chance.randrange(4))
    with waiting_scores(database, settings, RANDOM_SCORES, ambush) as running:
        with worker_process(settings) as pid:
            pass
        with worker_process(settings) as other:
            time.sleep(chance.uniform(0.05, 0.3))
            kill(other)
        running.recover()
        running.assert_each_score_is_there_once()


def test_the_command_can_be_killed_and_started_again(
    database: Database, tool_settings: Settings
) -> None:
    environ = {
        name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in tool_settings.model_dump().items()
    }
    command = [sys.executable, "-c", "from lti_tool.cli import main; main()", "worker"]
    ambush = Ambush("/scores", Moment.DONE, lambda: process.kill())
    with waiting_scores(database, tool_settings, 3, ambush) as running:
        process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environ})
        assert process.wait(30) == -9
        subprocess.run([*command, "--once"], env=environ, check=True, capture_output=True)
        with database.transaction(read_only=True) as db:
            states = sorted(db.scalars(sa.select(Delivery.state)))
        assert states == ["delivered", "delivered", "pending"], "the dead worker held one"
        running.recover()
        running.assert_each_score_is_there_once()
