"""A platform's services may answer anything: it is refused or put off, never an exception."""

from datetime import timedelta

import pytest

from lti_tool.errors import ToolError
from lti_tool.lti import grades, service_tokens
from lti_tool.lti.grades import OutcomeKind, Score
from tests.factories.platform import Answer
from tests.unit.lti.conftest import LINE_ITEM, Services
from tests.unit.lti.test_grades import SCORE

NUMBERS = ("1" + "0" * 400, "-1" + "0" * 4000, "NaN", "Infinity", "1e999", '"80"', "true", "[]")


def send(services: Services, score: Score = SCORE) -> grades.Outcome:
    return grades.send_score(
        services.database,
        services.outbound,
        services.encryption,
        services.line_item,
        score,
        services.now,
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_an_impossible_number_as_result_is_no_failure_of_ours(
    services: Services, number: str
) -> None:
    rows = f'[{{"userId": "7", "resultScore": {number}, "resultMaximum": {number}}}]'
    services.platform.answers[f"{LINE_ITEM}/results"] = Answer(200, rows.encode())
    try:
        result = grades.read_result(
            services.database,
            services.outbound,
            services.encryption,
            services.line_item,
            "7",
            services.now,
        )
    except ToolError:
        return
    assert result is not None
    assert result.score is None or result.score.is_finite()


@pytest.mark.parametrize("life", NUMBERS)
def test_a_token_of_an_impossible_life_is_kept_for_a_day_at_most(
    services: Services, life: str
) -> None:
    body = f'{{"access_token": "t", "token_type": "Bearer", "expires_in": {life}}}'
    services.platform.answers["/token"] = Answer(200, body.encode())
    try:
        services.bearer()
    except ToolError:
        return
    with services.database.transaction(read_only=True) as db:
        (stored,) = db.query(service_tokens.AccessToken).all()
        assert services.now <= stored.expires_at <= services.now + timedelta(days=1)


@pytest.mark.parametrize(
    "moment",
    [
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 99 Foo 99999 99:99:99 GMT",
        "-1",
        "9" * 4000,
        "١٢",
    ],
)
def test_an_impossible_retry_after_is_passed_over(services: Services, moment: str) -> None:
    header = moment.encode().decode("latin1")
    services.platform.answers[f"{LINE_ITEM}/scores"] = Answer(503, headers={"Retry-After": header})
    assert send(services).kind is OutcomeKind.TRANSIENT


def test_a_line_item_of_nonsense_is_refused(services: Services) -> None:
    for url in ("http://[::1", "https://lms.example:99999999/x", "x" * 3000, "https://\ud800/"):
        target = grades.LineItem(services.registration_id, url, frozenset())
        outcome = grades.send_score(
            services.database,
            services.outbound,
            services.encryption,
            target,
            SCORE,
            services.now,
        )
        assert outcome.kind is OutcomeKind.PERMANENT, url[:40]
