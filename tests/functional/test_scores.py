"""Scores on their way to a gradebook: what is sent, and what each answer of the LMS leads to.

Spec: LTI Assignment and Grade Services 2.0, sections 3.3 and 3.4; the answers are those of real
platforms.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from badges import samples
from badges.completion import Route
from config import Settings
from lti_tool import outbound, worker
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Role, Scope, User
from lti_tool.models import Delivery, LaunchSession
from lti_tool.outbound import Outbound, Response
from lti_tool.services import deliveries, placements, scores
from lti_tool.tool import Tool
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.threads import at_one_moment

WLD = samples.welding()
U1, U2, U3, U4, _U5 = (unit.code for unit in WLD.units)
MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        yield served


def states(course: Teaching) -> list[tuple[str, str | None]]:
    return [(row.state, row.failure) for row in course.deliveries()]


def failures(course: Teaching) -> list[str | None]:
    """What the teacher of the course sees."""
    with course.school.transaction() as db:
        seen = deliveries.failed(db, db.get_one(LaunchSession, course.teacher).course)
        return [row.failure for row in seen]


def resend(course: Teaching) -> None:
    with course.school.transaction() as db:
        (row,) = deliveries.failed(db)
        deliveries.resend(db, row.id, actor="person:teacher", now=course.school.now)


def ana_of(course: Teaching) -> User:
    (ana,) = (user for user in course.lms.users() if user.given_name == "Ana")
    return ana


def score_of(course: Teaching, *, unit: str = U1) -> float | None:
    grade = course.grade(ana_of(course), unit)
    return grade.score if grade else None


# What is sent


@on_each_database
def test_a_score_arrives_as_the_specification_words_it(course: Teaching, now: datetime) -> None:
    ana = course.learner("Ana")
    course.wait(milliseconds=700)
    course.assess(ana, U1, points=87.5)
    assert course.deliver() == 1
    (sent,) = course.log
    assert sent.body == {
        "userId": ana.id,
        "scoreGiven": 87.5,
        "scoreMaximum": 100,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert sent.content_type == MEDIA_TYPE
    assert sent.path.endswith("/lineitem/scores?type_id=1"), "the query stays behind the path"
    assert sent.status == 200
    assert score_of(course) == 87.5
    assert states(course) == [("delivered", None)]


def test_whole_points_are_sent_as_whole_numbers(course: Teaching) -> None:
    course.assess(course.learner("Ana"), U1, points=90)
    course.deliver()
    assert b'"scoreGiven": 90,' in course.log[0].raw
    assert b'"scoreMaximum": 100,' in course.log[0].raw


def test_each_way_to_complete_a_unit_fills_its_own_column(course: Teaching) -> None:
    ana = course.learner("Ana", U1, U3)
    for unit, route, basis in ((U2, Route.PARTICIPATION, None), (U4, Route.UNLOCKED, "a quiz")):
        course.launch(ana, unit)
        with course.school.transaction() as db:
            launched = db.get_one(LaunchSession, course.teacher)
            placement = launched.link.placement
            assert placement is not None
            placements.set_route(
                db, placement, unit, route, basis, actor="teacher", now=course.school.now
            )
    course.launch(ana, U4)
    course.school.confirm(course.launch(ana, U2), U2)
    course.assess(ana, U1, points=81)
    course.assess(ana, U3, signed_off=True)
    course.deliver()
    assert {unit: score_of(course, unit=unit) for unit in (U1, U2, U3, U4)} == {
        U1: 81,
        U2: 100,
        U3: 100,
        U4: 100,
    }
    assert course.statuses == [200] * 4


def test_a_retraction_is_the_one_message_without_a_score(course: Teaching) -> None:
    ana = course.learner("Ana")
    record = course.assess(ana, U1, points=85)
    course.deliver()
    course.wait(seconds=5)
    course.school.retract(course.teacher, record)
    course.deliver()
    cleared = course.log[-1].body
    assert cleared is not None
    assert cleared.keys() == {"userId", "timestamp", "activityProgress", "gradingProgress"}
    assert cleared["gradingProgress"] != "FullyGraded"
    assert course.statuses == [200, 200]
    assert score_of(course) is None


def test_a_better_mark_replaces_the_grade(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.assess(ana, U1, points=85)
    course.deliver()
    course.wait(seconds=1)
    course.assess(ana, U1, points=95)
    course.deliver()
    assert score_of(course) == 95
    assert course.statuses == [200, 200]


def test_of_marks_at_one_moment_the_one_recorded_last_is_sent(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    for points in (95, 85, 99, 81, 90):
        course.assess(ana, U1, points=points)
    course.deliver()
    assert score_of(course) == 90


def test_scores_of_one_second_wait_for_the_clock_instead_of_running_ahead(
    course: Teaching,
) -> None:
    ana = course.learner("Ana")
    course.assess(ana, U1, points=81)
    course.deliver()
    for points in (85, 95):
        course.assess(ana, U1, points=points)
        assert course.deliver() == 0
        course.wait(seconds=1)
        assert course.deliver() == 1
    stamps = [datetime.fromisoformat(sent.body["timestamp"]) for sent in course.log if sent.body]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(stamps))
    assert all(
        stamp <= sent.at and not stamp.microsecond
        for stamp, sent in zip(stamps, course.log, strict=True)
    )
    assert course.statuses == [200] * 3


@on_each_database
def test_workers_side_by_side_send_each_score_once(course: Teaching) -> None:
    learners = [course.learner(f"Learner {number}", U1) for number in range(12)]
    for number, learner in enumerate(learners):
        course.assess(learner, U1, points=80 + number)
    at_one_moment([course.deliver] * 3)
    assert len(course.log) == 12
    assert set(course.statuses) == {200}
    for number, learner in enumerate(learners):
        grade = course.grade(learner, U1)
        assert grade is not None
        assert grade.score == 80 + number


# Tokens


def test_one_token_serves_many_scores_and_is_asked_for_strictly(course: Teaching) -> None:
    for name in ("Ana", "Ben", "Cho"):
        course.assess(course.learner(name), U1, points=85)
    course.deliver()
    assert course.statuses == [200] * 3
    (request,) = course.lms.token_log
    assert request.scopes == (Scope.SCORE,)
    client_id = course.links[U1].client_id
    claims = request.claims
    assert (claims["iss"], claims["sub"]) == (client_id, client_id)
    assert claims["aud"] == course.lms.config.token_url
    assert claims["iat"] < course.school.now.timestamp() < claims["exp"]
    assert claims["exp"] - claims["iat"] <= 300
    assert len(claims["jti"]) >= 20


def test_a_token_near_its_end_is_not_used_again(course: Teaching) -> None:
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.wait(seconds=3600 - 59)
    course.assess(course.learner("Ben"), U1, points=85)
    course.deliver()
    assert course.statuses == [200, 200]
    assert len(course.lms.token_log) == 2


def test_a_refused_token_is_replaced_once(course: Teaching) -> None:
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.lms.revoke_tokens()
    course.assess(course.learner("Ben"), U1, points=85)
    course.deliver()
    assert course.statuses == [200, 401, 200]
    assert len(course.lms.token_log) == 2


def test_a_platform_that_refuses_new_tokens_too_is_asked_again_later(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(401), times=2)
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    assert course.statuses == [401, 401]
    assert states(course) == [("pending", "unauthorised")]
    course.wait(seconds=5)
    course.deliver()
    assert course.statuses == [401, 401, 200]


def test_a_token_endpoint_that_is_busy_is_given_the_time_it_asks_for(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.TOKENS, Fault(429, retry_after=300))
    course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.wait(seconds=299)
    assert course.deliver() == 0
    course.wait(seconds=1)
    course.deliver()
    assert course.statuses == [200]


# "There already"


@on_each_database
def test_a_score_that_arrived_though_its_answer_was_lost_is_not_sent_anew(
    course: Teaching,
) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(status=None, accept=True))
    ana = course.learner("Ana")
    course.assess(ana, U1, points=85)
    course.deliver()
    assert states(course) == [("pending", "unreachable")]
    course.wait(seconds=5)
    course.deliver()
    assert course.statuses == [None, 409]
    stamps = {sent.body["timestamp"] for sent in course.log if sent.body}
    assert len(stamps) == 1, "the repeated attempt is recognisable"
    assert score_of(course) == 85
    assert states(course) == [("delivered", None)]


def test_a_retraction_that_arrived_though_its_answer_was_lost_is_not_sent_anew(
    course: Teaching,
) -> None:
    record = course.assess(course.learner("Ana"), U1, points=85)
    course.deliver()
    course.wait(seconds=1)
    course.lms.faults.add(Endpoint.SCORES, Fault(503, accept=True))
    course.school.retract(course.teacher, record)
    course.deliver()
    course.wait(seconds=5)
    course.deliver()
    assert course.statuses == [200, 503, 409]
    assert states(course)[-1] == ("delivered", None)


def test_another_grade_of_the_same_moment_is_replaced_with_a_newer_time_stamp(
    course: Teaching,
) -> None:
    ana = course.learner("Ana")
    _posted_by_others(course, points=12, at=course.school.now)
    course.assess(ana, U1, points=85)
    course.deliver()
    assert course.statuses == [409]
    course.wait(seconds=1)
    course.deliver()
    first, second = (sent.body["timestamp"] for sent in course.log if sent.body)
    assert second > first
    assert course.statuses == [409, 200]
    assert score_of(course) == 85


def test_a_score_is_sent_anew_where_results_cannot_be_read(course: Teaching) -> None:
    ana = course.learner("Ana")
    _posted_by_others(course, points=12, at=course.school.now)
    course.lms.faults.add(Endpoint.RESULTS, Fault(500))
    course.assess(ana, U1, points=85)
    course.deliver()
    course.wait(seconds=1)
    course.deliver()
    assert course.statuses == [409, 200]


def test_a_column_of_another_scale_is_recognised_as_the_same_grade(course: Teaching) -> None:
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    course.lms.gradebook.change(item, maximum=15)
    course.lms.faults.add(Endpoint.SCORES, Fault(500, accept=True))
    course.assess(course.learner("Ana"), U1, points=86.7)
    course.deliver()
    course.wait(seconds=5)
    course.deliver()
    assert course.statuses == [500, 409]
    assert states(course) == [("delivered", None)]


def test_a_grade_from_the_future_is_waited_for_with_growing_patience(course: Teaching) -> None:
    """Somebody's clock runs ahead: no score is taken until it is reached."""
    ana = course.learner("Ana")
    _posted_by_others(course, points=12, at=course.school.now + timedelta(hours=2))
    course.assess(ana, U1, points=85)
    attempts = course.deliver_until(course.school.now + timedelta(hours=4))
    assert score_of(course) == 85
    assert attempts < 20
    assert states(course) == [("delivered", None)]


def test_a_grade_overridden_by_hand_ends_the_delivery(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.lms.override_grade(course.links[U1], ana, 40)
    course.wait(seconds=1)
    course.assess(ana, U1, points=85)
    course.deliver()
    assert course.statuses == [200]
    assert states(course) == [("delivered", None)]
    assert score_of(course) == 40


def _posted_by_others(course: Teaching, *, points: float, at: datetime) -> None:
    ana = ana_of(course)
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    score = {
        "userId": ana.id,
        "scoreGiven": points,
        "scoreMaximum": 100,
        "timestamp": at.isoformat(),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }
    course.lms.gradebook.post(item, score, lambda _user: True)


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
        _posted_by_others(course, points=12, at=now)
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
    assert broken.calls == 2
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
