"""Scores and results, and how answers of real platforms are judged (AGS 2.0, 3.3 and 3.4)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from lti_tool.lti import grades
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.grades import LineItem, Outcome, OutcomeKind, Result, Score
from lti_tool.models import Platform
from tests.factories.platform import Answer, Request, serving_platform
from tests.unit.lti.conftest import LINE_ITEM, Services

SCORES = f"{LINE_ITEM}/scores"
RESULTS = f"{LINE_ITEM}/results"
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCORE = Score(user_id="7", timestamp=MOMENT, points=Decimal("87.50"), maximum=Decimal(100))


def _send(services: Services, score: Score = SCORE, target: LineItem | None = None) -> Outcome:
    return grades.send_score(
        services.database,
        services.outbound,
        services.encryption,
        target or services.line_item,
        score,
        services.now,
    )


def _read(services: Services, user_id: str = "7") -> Result | None:
    return grades.read_result(
        services.database,
        services.outbound,
        services.encryption,
        services.line_item,
        user_id,
        services.now,
    )


def _last(services: Services) -> Request:
    return services.platform.requests[-1]


def test_a_score_is_posted_as_the_platforms_want_it(services: Services) -> None:
    services.platform.answers[SCORES] = Answer(204, b"")
    assert _send(services) == Outcome(OutcomeKind.DELIVERED)
    sent = _last(services)
    assert (sent.method, sent.path, sent.query) == ("POST", SCORES, "type_id=1")
    assert sent.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert sent.headers["Authorization"] == "Bearer token-1"
    assert json.loads(sent.body) == {
        "userId": "7",
        "timestamp": "2026-03-02T09:00:00Z",
        "scoreGiven": 87.5,
        "scoreMaximum": 100,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }
    token_request = services.platform.requests[0]
    assert token_request.form["scope"] == grades.SCORE_SCOPE


def test_the_message_that_clears_has_no_score(services: Services) -> None:
    services.platform.answers[SCORES] = Answer()
    _send(services, replace(SCORE, points=None, maximum=None))
    assert json.loads(_last(services).body) == {
        "userId": "7",
        "timestamp": "2026-03-02T09:00:00Z",
        "activityProgress": "Initialized",
        "gradingProgress": "NotReady",
    }


def test_nought_points_are_a_score() -> None:
    document = grades.score_document(replace(SCORE, points=Decimal(0)))
    assert document["scoreGiven"] == 0
    assert document["gradingProgress"] == "FullyGraded"


def test_a_comment_goes_along() -> None:
    assert grades.score_document(replace(SCORE, comment="well done"))["comment"] == "well done"


@pytest.mark.parametrize(
    ("line_item", "scores"),
    [
        ("https://lms/2/lineitem", "https://lms/2/lineitem/scores"),
        ("https://lms/2/lineitem?type_id=1", "https://lms/2/lineitem/scores?type_id=1"),
        ("https://lms/2/lineitem/?a=1&a=2&b=", "https://lms/2/lineitem/scores?a=1&a=2&b="),
    ],
)
def test_the_service_stands_before_the_query(line_item: str, scores: str) -> None:
    assert grades.service_url(line_item, "scores") == scores


ALREADY = OutcomeKind.ALREADY_THERE_OR_STALE


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Answer(200), OutcomeKind.DELIVERED, ""),
        (Answer(201), OutcomeKind.DELIVERED, ""),
        (
            Answer(409, b"[]", reason="Refusing score with an earlier timestamp"),
            ALREADY,
            "already_there_or_stale",
        ),
        (
            Answer.json({"timestamp": ["Score already exists for the provided timestamp"]}, 400),
            ALREADY,
            "already_there_or_stale",
        ),
        (
            Answer.json(["Score timestamp can only be updated to a later point in time"], 400),
            ALREADY,
            "already_there_or_stale",
        ),
        (
            Answer(400, b"[]", reason="Incorrect score received"),
            OutcomeKind.PERMANENT,
            "not_gradable",
        ),
        (
            Answer(422, b"User not found in course or is not a student"),
            OutcomeKind.PERMANENT,
            "not_gradable",
        ),
        (
            Answer(403, b"User in requested score is not enrolled in the org unit"),
            OutcomeKind.PERMANENT,
            "not_gradable",
        ),
        (
            Answer(404, b"User in requested score does not exist"),
            OutcomeKind.PERMANENT,
            "not_gradable",
        ),
        (Answer(400, b"User could not be found: 7"), OutcomeKind.PERMANENT, "not_gradable"),
        (Answer(400), OutcomeKind.PERMANENT, "http_400"),
        (Answer(403), OutcomeKind.PERMANENT, "http_403"),
        (Answer(404), OutcomeKind.PERMANENT, "http_404"),
        (Answer(500), OutcomeKind.TRANSIENT, "http_500"),
        (Answer(503), OutcomeKind.TRANSIENT, "http_503"),
        (Answer(408), OutcomeKind.TRANSIENT, "http_408"),
        (Answer(302, headers={"Location": "/x"}), OutcomeKind.PERMANENT, "redirect"),
    ],
)
def test_answers_are_judged(
    services: Services, answer: Answer, kind: OutcomeKind, code: str
) -> None:
    services.platform.answers[SCORES] = answer
    assert _send(services) == Outcome(kind, code)


def test_a_busy_platform_says_how_long_to_wait(services: Services) -> None:
    services.platform.answers[SCORES] = Answer(429, headers={"Retry-After": "120"})
    expected = Outcome(OutcomeKind.TRANSIENT, "http_429", timedelta(seconds=120))
    assert _send(services) == expected


def test_a_refused_token_is_replaced_once(services: Services) -> None:
    def answer(request: Request) -> Answer:
        return Answer(401 if request.headers["Authorization"].endswith("token-1") else 200)

    services.platform.answers[SCORES] = answer
    assert _send(services) == Outcome(OutcomeKind.DELIVERED)
    assert services.platform.hits("/token") == 2
    assert _send(services) == Outcome(OutcomeKind.DELIVERED)
    assert services.platform.hits("/token") == 2


def test_a_platform_that_refuses_every_token_is_asked_twice(services: Services) -> None:
    services.platform.answers[SCORES] = Answer(401)
    assert _send(services).kind is OutcomeKind.UNAUTHORISED
    assert services.platform.hits(SCORES) == 2


def test_three_scores_need_one_token(services: Services) -> None:
    services.platform.answers[SCORES] = Answer()
    for _ in range(3):
        _send(services)
    assert services.platform.hits("/token") == 1


def test_no_answer_is_transient(services: Services) -> None:
    services.bearer(grades.SCORE_SCOPE)
    with serving_platform() as gone:
        port = gone.url
    target = replace(services.line_item, url=f"{port}/lineitem")
    assert _send(services, target=target) == Outcome(OutcomeKind.TRANSIENT, "unreachable")


def test_no_token_is_no_delivery(services: Services) -> None:
    services.platform.answers["/token"] = Answer(503, headers={"Retry-After": "30"})
    expected = Outcome(OutcomeKind.TRANSIENT, "token_unavailable", timedelta(seconds=30))
    assert _send(services) == expected
    services.platform.answers["/token"] = Answer.json({"error": "invalid_scope"}, 400)
    assert _send(services) == Outcome(OutcomeKind.PERMANENT, "scope_refused")


def test_a_scope_that_the_platform_does_not_offer_is_not_asked_for(services: Services) -> None:
    target = replace(services.line_item, scopes=frozenset({grades.RESULT_SCOPE}))
    assert _send(services, target=target) == Outcome(OutcomeKind.PERMANENT, "scope_missing")
    assert services.platform.requests == []


def test_no_token_goes_to_a_foreign_host(services: Services) -> None:
    target = replace(services.line_item, url="https://evil.example/lineitem")
    assert _send(services, target=target) == Outcome(OutcomeKind.PERMANENT, "service_foreign")
    assert services.platform.requests == []


def test_a_disabled_platform_is_left_alone(services: Services) -> None:
    with services.database.transaction() as db:
        db.scalars(sa.select(Platform)).one().disabled_at = services.now
    assert _send(services) == Outcome(OutcomeKind.TRANSIENT, "platform_disabled")
    assert services.platform.requests == []


def test_a_result_is_read(services: Services) -> None:
    services.platform.answers[RESULTS] = Answer.json(
        [
            {"userId": "8", "resultScore": 1, "resultMaximum": 100},
            {"userId": "7", "resultScore": 87.5, "resultMaximum": 100, "comment": "fine"},
        ]
    )
    assert _read(services) == Result(Decimal("87.5"), Decimal(100), "fine")
    sent = _last(services)
    assert (sent.path, sent.query) == (RESULTS, "type_id=1&user_id=7")
    assert sent.headers["Accept"] == "application/vnd.ims.lis.v2.resultcontainer+json"
    assert services.platform.requests[0].form["scope"] == grades.RESULT_SCOPE


@pytest.mark.parametrize(
    "document",
    [[], [{"userId": "8", "resultScore": 1}], {}, [1, None], [{"userId": None}]],
)
def test_no_result_of_this_person(services: Services, document: object) -> None:
    services.platform.answers[RESULTS] = Answer.json(document)
    assert _read(services) is None


def test_a_result_may_lack_a_score(services: Services) -> None:
    row = {"userId": 7, "comment": "see me"}
    services.platform.answers[RESULTS] = Answer.json([row])
    assert _read(services) == Result(None, Decimal(1), "see me")


def test_no_results_at_all_is_none(services: Services) -> None:
    services.platform.answers[RESULTS] = Answer(404)
    assert _read(services) is None


@pytest.mark.parametrize(
    ("answer", "code", "is_transient"),
    [
        (Answer(503), "http_503", True),
        (Answer(401), "unauthorised", True),
        (Answer(403), "http_403", False),
        (Answer(body=b"<html>"), "result_malformed", True),
    ],
)
def test_results_that_cannot_be_read(
    services: Services, answer: Answer, code: str, is_transient: bool
) -> None:
    services.platform.answers[RESULTS] = answer
    with pytest.raises(ServiceError) as caught:
        _read(services)
    assert (caught.value.code, caught.value.is_transient) == (code, is_transient)
