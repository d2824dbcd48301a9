"""What the worker does by the clock: once for all workers, again after a failure or a crash;
and it forgets what must not be kept, with or without new launches."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from time_machine import TimeMachineFixture

from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.lti import tool_keys
from lti_tool.models import AuditEntry, LaunchSession, ScheduledJob
from lti_tool.tool import Tool
from tests.factories.databases import on_each_database
from tests.factories.threads import at_one_moment
from tests.factories.visits import Visits

PATIENCE_SECONDS = 10


@on_each_database
def test_the_address_of_a_visit_that_has_ended_is_deleted(app: Flask, database: Database) -> None:
    now = clock.now()
    visits = Visits.at(app, database, now)
    at_work = visits.open("ben", email="ben@mail.example")
    visits.school.now = now - timedelta(hours=8, seconds=1)
    ended = visits.open("ana", email="ana@mail.example", course="other", link="other")
    working = worker.start(app.extensions["credlet"])
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while has_address(database, ended.id) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        working.stop()
    assert not has_address(database, ended.id)
    assert has_address(database, at_work.id)


def test_where_an_answer_was_to_go_is_forgotten_with_its_visit(
    app: Flask, database: Database
) -> None:
    now = clock.now()
    visits = Visits.at(app, database, now)
    at_work = visits.select("tea")
    visits.school.now = now - timedelta(hours=8, seconds=1)
    ended = visits.select("tom")
    worker.run_due(app.extensions["credlet"])
    with database.transaction(read_only=True) as db:
        assert db.get_one(LaunchSession, ended.id).deep_linking is None
        assert db.get_one(LaunchSession, at_work.id).deep_linking is not None


EVERY = timedelta(minutes=10)


@on_each_database
def test_a_job_runs_once_for_all_workers_and_again_when_it_is_due(
    app: Flask, time_machine: TimeMachineFixture
) -> None:
    runs: list[Tool] = []
    jobs = [worker.Job("count", EVERY, runs.append)]
    tool = app.extensions["credlet"]
    start = clock.now()
    time_machine.move_to(start, tick=False)
    at_one_moment([lambda: worker.run_due(tool, jobs)] * 8)
    assert len(runs) == 1
    time_machine.move_to(start + EVERY - timedelta(seconds=1), tick=False)
    worker.run_due(tool, jobs)
    assert len(runs) == 1
    time_machine.move_to(start + EVERY, tick=False)
    at_one_moment([lambda: worker.run_due(tool, jobs)] * 8)
    assert len(runs) == 2


def test_a_job_that_fails_is_noted_and_holds_up_no_other(app: Flask, database: Database) -> None:
    def fail(_tool: Tool) -> None:
        raise ZeroDivisionError

    runs: list[Tool] = []
    tool = app.extensions["credlet"]
    worker.run_due(tool, [worker.Job("bad", EVERY, fail), worker.Job("good", EVERY, runs.append)])
    assert len(runs) == 1
    with database.transaction(read_only=True) as db:
        assert db.get_one(ScheduledJob, "bad").failure == "ZeroDivisionError"
        assert db.get_one(ScheduledJob, "good").failure is None


def test_a_job_whose_worker_was_killed_runs_at_its_next_time(
    app: Flask, time_machine: TimeMachineFixture
) -> None:
    class Killed(BaseException):
        pass

    def die(_tool: Tool) -> None:
        raise Killed

    tool, start = app.extensions["credlet"], clock.now()
    time_machine.move_to(start, tick=False)
    with pytest.raises(Killed):
        worker.run_due(tool, [worker.Job("count", EVERY, die)])
    runs: list[Tool] = []
    time_machine.move_to(start + EVERY, tick=False)
    worker.run_due(tool, [worker.Job("count", EVERY, runs.append)])
    assert len(runs) == 1


def test_a_shorter_interval_takes_effect_at_once(
    app: Flask, time_machine: TimeMachineFixture
) -> None:
    runs: list[Tool] = []
    tool, start = app.extensions["credlet"], clock.now()
    time_machine.move_to(start, tick=False)
    worker.run_due(tool, [worker.Job("count", timedelta(days=30), runs.append)])
    time_machine.move_to(start + EVERY, tick=False)
    worker.run_due(tool, [worker.Job("count", EVERY, runs.append)])
    assert len(runs) == 2


def has_address(database: Database, launch_id: object) -> bool:
    with database.transaction(read_only=True) as db:
        return db.get_one(LaunchSession, launch_id).email is not None


def key_states(database: Database) -> list[str]:
    with database.transaction(read_only=True) as db:
        return [each.state(clock.now()).value for each in tool_keys.all_keys(db)]


@on_each_database
def test_the_tools_key_is_replaced_when_it_has_its_age(
    app: Flask, database: Database, time_machine: TimeMachineFixture
) -> None:
    """It was published a day before, and no platform is surprised by it."""
    tool = app.extensions["credlet"]
    aged = replace(tool, settings=tool.settings.model_copy(update={"tool_key_days": 90}))
    start = clock.now()
    time_machine.move_to(start, tick=False)
    worker.run_due(aged)
    assert key_states(database) == ["current"]
    time_machine.move_to(start + timedelta(days=89, hours=23), tick=False)
    worker.run_due(aged)
    assert key_states(database) == ["current"]
    for hours in (2, 4):  # the second time nothing more happens
        time_machine.move_to(start + timedelta(days=90, hours=hours), tick=False)
        at_one_moment([lambda: worker.run_due(aged)] * 4)
        assert key_states(database) == ["current", "next"]
    time_machine.move_to(start + timedelta(days=91, hours=5), tick=False)
    worker.run_due(aged)
    assert key_states(database) == ["retiring", "current"]
    with database.transaction(read_only=True) as db:
        actors = db.scalars(sa.select(AuditEntry.actor).filter_by(action="tool_key.rotated")).all()
    assert actors == ["schedule"]


def test_the_tools_key_stays_where_no_age_is_set(
    app: Flask, database: Database, time_machine: TimeMachineFixture
) -> None:
    tool = app.extensions["credlet"]
    worker.run_due(tool)
    with database.transaction() as db:
        tool_keys.current(db, tool.encryption, clock.now())
    time_machine.move_to(clock.now() + timedelta(days=4000))
    worker.run_due(tool)
    assert key_states(database) == ["current"]
