"""The worker forgets what must not be kept, with or without new launches."""

import time
from datetime import timedelta

from flask import Flask

from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.models import LaunchSession
from tests.factories.databases import on_each_database
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
    worker.tidy(app.extensions["credlet"])
    with database.transaction(read_only=True) as db:
        assert db.get_one(LaunchSession, ended.id).deep_linking is None
        assert db.get_one(LaunchSession, at_work.id).deep_linking is not None


def has_address(database: Database, launch_id: object) -> bool:
    with database.transaction(read_only=True) as db:
        return db.get_one(LaunchSession, launch_id).email is not None
