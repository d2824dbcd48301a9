"""Scores on their way to a gradebook: what is sent, and what each answer of the LMS leads to.

Spec: LTI Assignment and Grade Services 2.0, sections 3.3 and 3.4; the answers are those of real
platforms.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from badges import samples
from badges.completion import Route
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, Scope
from lti_tool.models import LaunchSession
from lti_tool.services.courses import placements
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import (
    Teaching,
    posted_by_others,
    score_of,
    states,
    teaching,
)
from tests.factories.threads import at_one_moment

WLD = samples.welding()
U1, U2, U3, U4, _U5 = (unit.code for unit in WLD.units)
MEDIA_TYPE = "application/vnd.ims.lis.v1.score+json"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        yield served


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
    posted_by_others(course, points=12, at=course.school.now)
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
    posted_by_others(course, points=12, at=course.school.now)
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
    posted_by_others(course, points=12, at=course.school.now + timedelta(hours=2))
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
