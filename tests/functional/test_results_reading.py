"""When the grades of a gradebook are read, and what happens where they cannot be."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

import pytest
from werkzeug.wrappers import Response

from badges import samples
from badges.micro_credential import MicroCredential
from config import Settings
from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Role
from lti_tool.lti.grades import RESULT_SCOPE
from lti_tool.models import ResourceLink
from lti_tool.services.lms import readings, results
from lti_tool.tool import Tool
from tests.factories.courses import AGS_SCOPES
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import Teaching, teaching
from tests.functional.test_results_read_back import link_of, records

WLD = samples.welding()
U1, U2, U3, *_ = (unit.code for unit in WLD.units)  # 80 of 100 points; …; a sign-off


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        yield served


def test_launches_that_follow_each_other_read_the_column_once(course: Teaching) -> None:
    for name in ("Ana", "Ben", "Cho"):
        course.learner(name, U1)
    assert course.read() == 1
    course.wait(seconds=30)
    course.learner("Dan", U1)
    assert course.read() == 0


def test_a_teachers_launch_reads_every_column_of_the_course(course: Teaching) -> None:
    course.learner("Ana", U1, U3)
    course.read()
    course.wait(minutes=5)
    course.school.launch("teacher", link="another", course=course.course.id, teacher=True)
    assert course.read() == 2


@on_each_database
def test_the_clock_reads_columns_of_active_courses_spread_over_time(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.read()
    course.grade_by_hand(ana, U1, 85)
    course.wait(hours=2)
    over = timedelta(minutes=15)
    with course.school.transaction() as db:
        assert readings.want_by_schedule(db, over, course.school.now) == len(course.links)
        assert readings.want_by_schedule(db, over, course.school.now) == 0
    assert course.read() == 1
    course.wait(minutes=15)
    assert course.read() == len(course.links) - 1
    assert course.standing(ana) == {U1}
    assert records(course)[0].result.read_by == "schedule"  # type: ignore[union-attr]
    course.wait(days=40)
    with course.school.transaction() as db:
        assert readings.want_by_schedule(db, over, course.school.now) == 0


def test_the_worker_wants_and_reads_results_by_itself(
    database: Database, tool_settings: Settings
) -> None:
    assert "want_results" in [job.name for job in worker.JOBS]
    with teaching(database, clock.now(), clock=clock.now) as course:
        outbound, encryption = course.courier.outbound, course.school.encryption
        ana = course.learner("Ana", U1)
        course.grade_by_hand(ana, U1, 85)
        worker.drain(Tool(tool_settings, database, encryption, outbound))
        course.school.now = clock.now()
        assert course.standing(ana) == {U1}


def test_a_platform_that_allows_no_results_is_not_asked(course: Teaching) -> None:
    ana = course.lms.add_user("Ana", "Learner")
    course.lms.enrol(ana, course.course, Role.LEARNER)
    course.launch(ana, U1, scopes=AGS_SCOPES - {RESULT_SCOPE})
    assert course.read() == 0
    assert course.lms.token_log == []


def test_a_failure_is_written_down_tried_once_more_and_left_to_the_clock(
    course: Teaching,
) -> None:
    course.lms.faults.add(Endpoint.RESULTS, Fault(503), times=2)
    course.learner("Ana", U1)
    course.read()
    assert link_of(course, U1).results_failure == "http_503"
    course.wait(minutes=10)
    assert course.read() == 1
    assert link_of(course, U1).results_wanted_at is None
    course.wait(hours=13)
    with course.school.transaction() as db:
        readings.want_by_schedule(db, timedelta(minutes=15), course.school.now)
    course.read()
    assert link_of(course, U1).results_failure is None


def test_a_deleted_column_is_named_as_such(course: Teaching) -> None:
    course.learner("Ana", U1)
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    course.lms.gradebook.remove(item)
    course.read()
    assert link_of(course, U1).results_failure == "line_item_gone"


def test_reading_for_somebody_who_waits_ends_in_time_and_leaves_the_rest_to_the_worker(
    course: Teaching,
) -> None:
    course.learner("Ana")
    course.read()
    found = results.read_now(
        course.courier, link_of(course, U1).course_id, f"person:{uuid.uuid4()}", timedelta(0)
    )
    assert (found.unread, found.later) == (0, len(course.links))
    course.wait(minutes=5)
    assert course.read() == len(course.links)


def test_a_course_without_any_grading_is_nothing_to_read(database: Database, now: datetime) -> None:
    mc: MicroCredential = WLD
    with teaching(database, now, mc, ags=AgsSetting.NONE) as course:
        ana = course.lms.add_user("Ana", "Learner")
        course.launch(ana, U1, graded=False)
        assert course.read() == 0


def test_a_column_too_long_for_one_answer_fails_for_itself_alone(
    database: Database, now: datetime
) -> None:
    """More than 1 MiB: its teacher is told, and the others are read."""
    too_long: list[str] = []

    def padding(lms: WSGIApplication) -> WSGIApplication:
        def answer(environ: dict[str, Any], start: Any) -> Any:
            response = Response.from_app(lms, environ)
            if too_long and environ["PATH_INFO"].startswith(too_long[0]):
                response.set_data(b" " * 1024 * 1024 + response.get_data())
            return response(environ, start)

        return answer

    with teaching(database, now, before=padding) as course:
        user = course.learner("Ana", U1, U2)
        column = urlsplit(course.line_item(U1)).path
        too_long.append(column.removesuffix("/lineitem") + "/lineitem/results")
        course.grade_by_hand(user, U1, 90)
        course.grade_by_hand(user, U2, 90)
        course.read()
        with course.school.transaction() as db:
            failures = {
                row.unit_code: row.results_failure
                for row in db.query(ResourceLink)
                if row.unit_code in (U1, U2)
            }
        assert failures == {U1: "too_large", U2: None}
