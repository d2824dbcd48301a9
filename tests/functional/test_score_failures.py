"""What becomes of a score that a gradebook does not take: later, or said to the teacher.

Spec: LTI Assignment and Grade Services 2.0, sections 3.3 and 3.4; the answers are those of real
platforms.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from badges import samples
from config import Settings
from lti_tool import outbound, worker
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Role, Scope
from lti_tool.models import Delivery
from lti_tool.outbound import Outbound, Response
from lti_tool.services.outbox import deliveries, scores
from lti_tool.tool import Tool
from tests.factories.gradebooks import (
    Teaching,
    failures,
    posted_by_others,
    resend,
    score_of,
    states,
    teaching,
)

WLD = samples.welding()
U1, U2, U3, U4, _U5 = (unit.code for unit in WLD.units)
MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        yield served


# Failures that pass


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_gradebook_in_trouble_gets_the_score_later(course: Teaching, status: int) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(status), times=2)
    course.assess(course.learner("Ana"), U1, points=85)
    assert course.deliver() == 1
    assert states(course) == [("pending", f"http_{status}")]
    course.wait(seconds=5)
    assert course.deliver() == 1
    course.wait(seconds=5)
    assert course.deliver() == 0, "the second pause is longer"
    course.wait(seconds=5)
    course.deliver()
    assert course.statuses == [status, status, 200]
    assert score_of(course) == 85


def test_retry_after_is_honoured(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(429, retry_after=120))
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.wait(seconds=119)
    assert course.deliver() == 0
    course.wait(seconds=1)
    course.deliver()
    assert course.statuses == [429, 200]


@pytest.mark.parametrize("has_arrived", [False, True])
def test_a_gradebook_that_hangs_is_not_waited_for(
    course: Teaching, has_arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    course.lms.faults.add(Endpoint.SCORES, Fault(hang=0.6, accept=has_arrived))
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    assert states(course) == [("pending", "timeout")]
    monkeypatch.undo()
    course.wait(seconds=5)
    course.deliver()
    assert score_of(course) == 85
    assert states(course) == [("delivered", None)]


def test_a_closed_connection_is_tried_again(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(status=None))
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    assert score_of(course) is None
    course.wait(seconds=5)
    course.deliver()
    assert score_of(course) == 85


def test_a_locked_column_gets_the_score_when_it_is_unlocked(course: Teaching) -> None:
    course.lms.lock(course.links[U1])
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.lms.lock(course.links[U1], is_locked=False)
    course.wait(seconds=5)
    course.deliver()
    assert score_of(course) == 85


def test_after_three_days_a_delivery_fails_visibly_and_can_be_resent(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(503), times=500)
    course.assess(course.learner("Ana"), U1, points=85)
    started = course.school.now
    attempts = course.deliver_until(started + timedelta(days=10))
    assert timedelta(hours=72) <= course.school.now - started <= timedelta(hours=73)
    assert attempts < 110
    assert failures(course) == ["http_503"]
    course.lms.faults.clear()
    resend(course)
    course.deliver()
    assert score_of(course) == 85
    assert failures(course) == []


def test_one_unhappy_score_does_not_hold_up_the_others(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(503))
    for name in ("Ana", "Ben", "Cho"):
        course.assess(course.learner(name), U1, points=85)
    course.deliver()
    assert sorted(state for state, _ in states(course)) == ["delivered", "delivered", "pending"]


# What nobody foresaw


@pytest.mark.parametrize(
    "wish",
    [
        "Mon, 01 Jan 99999999999 00:00:00 GMT",
        "Mon, 01 Jan 2026 00:00:00 +999999999999999999",
        "9" * 5000,
        "soon",
    ],
)
def test_a_wish_to_wait_that_makes_no_sense_is_ignored(
    database: Database, now: datetime, wish: str
) -> None:
    with teaching(database, now, before=_answering_once("/scores", wish)) as course:
        course.assess(course.learner("Ana"), U1, points=85)
        course.deliver()
        course.deliver_until(now + timedelta(days=4))
        assert score_of(course) == 85


@pytest.mark.parametrize("score", ["1e999", "1" * 4000, '"a"', "null", "[]"])
def test_a_result_that_is_no_number_is_not_the_score(
    database: Database, now: datetime, score: str
) -> None:
    with teaching(database, now, before=_answering_once("/results", body=score)) as course:
        ana = course.learner("Ana")
        posted_by_others(course, points=12, at=now)
        course.assess(ana, U1, points=85)
        course.deliver()
        course.wait(seconds=1)
        course.deliver()
        assert course.statuses == [409, 200]


def _answering_once(
    path_end: str, retry_after: str = "", body: str = ""
) -> Callable[[WSGIApplication], WSGIApplication]:
    """Answer the first request to an address in the place of the LMS."""
    asked: list[str] = []

    def before(lms: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            path = str(environ["PATH_INFO"])
            if asked or not path.endswith(path_end):
                return lms(environ, start)
            asked.append(path)
            if body:
                start("200 OK", [("Content-Type", "application/json")])
                user = parse_qs(str(environ["QUERY_STRING"]))["user_id"][0]
                row = f'{{"userId": "{user}", "resultScore": {body}, "resultMaximum": 100}}'
                return [f"[{row}]".encode()]
            start("503 Service Unavailable", [("Retry-After", retry_after)])
            return [b""]

        return application

    return before


class _BrokenOutbound(Outbound):
    """A defect of the program itself."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def post(self, *_args: object, **_kwargs: object) -> Response:
        self.calls += 1
        raise ZeroDivisionError


def test_a_defect_of_the_program_leaves_the_score_to_be_tried_again(course: Teaching) -> None:
    course.assess(course.learner("Ana"), U1, points=85)
    with pytest.raises(ZeroDivisionError):
        scores.deliver_next(replace(course.courier, outbound=_BrokenOutbound()))
    assert states(course) == [("pending", "internal_error")]
    assert course.deliver() == 0
    course.wait(seconds=5)
    course.deliver()
    assert score_of(course) == 85


def test_a_defect_does_not_end_the_worker(
    course: Teaching, tool_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "AFTER_ERROR", timedelta(0))
    for name in ("Ana", "Ben"):
        course.assess(course.learner(name), U1, points=85)
    broken = _BrokenOutbound()
    tool = Tool(tool_settings, course.school.database, course.school.encryption, broken)
    running = worker.start(tool)
    deadline = time.monotonic() + 10
    while broken.calls < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running.thread.is_alive()
    running.stop()
    assert broken.calls >= 2  # what is read back needs a token too
    assert {failure for _, failure in states(course)} == {"internal_error"}


# Failures for good


def test_a_person_who_takes_no_grades_fails_visibly_at_once(course: Teaching) -> None:
    ana = course.learner("Ana", is_enrolled=False)
    course.assess(ana, U1, points=85)
    assert course.deliver() == 1
    assert course.log[0].reason == "Incorrect score received"
    assert states(course) == [("failed", "not_gradable")]
    assert failures(course) == ["not_gradable"]
    course.wait(hours=80)
    assert course.deliver() == 0
    course.lms.enrol(ana, course.course, Role.LEARNER)
    resend(course)
    course.deliver()
    assert score_of(course) == 85


def test_a_column_that_is_gone_fails_visibly(course: Teaching) -> None:
    ana = course.learner("Ana")
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    course.lms.gradebook.remove(item)
    course.assess(ana, U1, points=85)
    course.deliver()
    assert failures(course) == ["http_404"]


def test_a_link_without_a_column_queues_nothing(database: Database, now: datetime) -> None:
    with teaching(database, now, ags=AgsSetting.NONE) as course:
        ana = course.learner("Ana", U2)
        course.launch(ana, U1, graded=False)
        course.assess(ana, U1, points=85)
        assert course.deliver() == 0
        assert course.deliveries() == []


def test_a_platform_that_withdrew_grade_services_fails_visibly(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.lms.update_tool(course.links[U1].client_id, ags=AgsSetting.NONE)
    course.assess(ana, U1, points=85)
    course.deliver()
    assert failures(course) == ["scope_refused"]
    assert course.log == []


def test_a_column_that_takes_no_scores_fails_visibly(course: Teaching) -> None:
    ana = course.learner("Ana", U2)
    course.launch(ana, U1, scopes=frozenset({str(Scope.RESULT_READONLY)}))
    course.assess(ana, U1, points=85)
    course.deliver()
    assert failures(course) == ["scope_missing"]
    assert course.lms.token_log == []


def test_a_lease_that_ran_out_belongs_to_the_next_worker(course: Teaching) -> None:
    """A worker that stood still for longer than its lease changes nothing when it goes on."""
    course.assess(course.learner("Ana"), U1, points=85)
    with course.school.transaction() as db:
        slow = deliveries.lease(db, course.school.now)
        assert slow is not None
    course.wait(seconds=60)
    assert scores.deliver_next(course.courier)
    with course.school.transaction() as db:
        deliveries.put_off(db, slow.id, "timeout", course.school.now)
        assert db.get_one(Delivery, slow.id).state == "delivered"
