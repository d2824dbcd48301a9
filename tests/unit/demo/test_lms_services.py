"""Grade services: literal media types, scopes, timestamps, and faults on order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Grade, LineItem, Scope, User

from .world import ISSUER, World

SCORE = "application/vnd.ims.lis.v1.score+json"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"


class Gradebook:
    """What a tool does with the grade services of one link."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = world.app.test_client()
        self.learner = world.people.learners[0]
        self.headers = world.bearer()
        self.items = f"/lms/services/{world.course.id}/lineitems"

    @property
    def item(self) -> LineItem:
        found = self.world.state.line_item_of(self.world.link)
        assert found is not None
        return found

    def address(self, rest: str = "") -> str:
        return f"{self.items}/{self.item.id}/lineitem{rest}?type_id=1"

    def body(self, **changes: Any) -> dict[str, Any]:
        sent = {
            "userId": self.learner.id,
            "scoreGiven": 42,
            "scoreMaximum": 50,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": self.world.now.isoformat(),
        } | changes
        return {key: value for key, value in sent.items() if value is not None}

    def post(self, *, media: str = SCORE, **changes: Any) -> TestResponse:
        return self.client.post(
            self.address("/scores"),
            json=self.body(**changes),
            headers=self.headers,
            content_type=media,
        )

    def later(self, **changes: Any) -> TestResponse:
        self.world.pass_time(seconds=1)
        return self.post(**changes)

    def grade(self, user: User | None = None) -> Grade | None:
        return self.world.state.grade(self.world.link, user or self.learner)

    def score(self) -> float | None:
        grade = self.grade()
        return grade.score if grade else None

    def results(self, query: str = "") -> TestResponse:
        address = self.address("/results") + query
        return self.client.get(address, headers=self.headers | {"Accept": RESULTS})


@pytest.fixture
def book(world: World) -> Gradebook:
    return Gradebook(world)


# Scores


def test_a_score_is_scaled_to_the_column_and_logged_as_sent(book: Gradebook) -> None:
    answer = book.post(comment="Well done")
    assert (answer.status_code, answer.data) == (200, b"")
    assert book.score() == 84
    (logged,) = book.world.state.score_log
    assert logged.body == book.body(comment="Well done")
    assert logged.path == book.address("/scores")
    assert (logged.content_type, logged.status) == (SCORE, 200)


def test_the_score_media_type_may_carry_a_charset(book: Gradebook) -> None:
    assert book.post(media=SCORE + "; charset=utf-8").status_code == 200


@pytest.mark.parametrize("media", ["application/json", ITEM, "text/plain"])
def test_another_media_type_has_no_handler(book: Gradebook, media: str) -> None:
    answer = book.post(media=media)
    assert answer.status_code == 400
    assert "No handler found" in answer.status
    assert answer.data == b"[]"
    assert book.score() is None


def test_a_timestamp_in_the_same_second_or_earlier_is_a_409(book: Gradebook) -> None:
    assert book.post().status_code == 200
    same_second = (book.world.now + timedelta(milliseconds=500)).isoformat()
    assert book.post(timestamp=same_second, scoreGiven=50).status_code == 409
    earlier = (book.world.now - timedelta(seconds=9)).isoformat()
    assert book.post(timestamp=earlier, scoreGiven=50).status_code == 409
    assert book.score() == 84
    assert book.later(scoreGiven=50).status_code == 200
    assert book.score() == 100
    assert [logged.status for logged in book.world.state.score_log] == [200, 409, 409, 200]


def test_a_timestamp_ahead_locks_later_scores_out(book: Gradebook) -> None:
    ahead = (book.world.now + timedelta(days=1)).isoformat()
    assert book.post(timestamp=ahead).status_code == 200
    assert book.later(scoreGiven=1).status_code == 409


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-22T09:00:00Z",
        "2026-11-22T09:00:00+00:00",
        "2026-11-22T09:00:00.25Z",
        "2026-11-22T09:00:00",
        "2026-11-22T10:00:00+01:00",
    ],
)
def test_every_iso_form_of_a_timestamp_is_read(book: Gradebook, stamp: str) -> None:
    assert book.post(timestamp=stamp).status_code == 200
    assert book.post(timestamp="2026-11-22T09:00:00Z").status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"gradingProgress": "Pending"},
        {"gradingProgress": "PendingManual"},
        {"gradingProgress": "Failed"},
        {"gradingProgress": "NotReady"},
        {"scoreGiven": None, "scoreMaximum": None},
        {"scoreGiven": None},
    ],
    ids=str,
)
def test_anything_but_a_full_grade_erases_grade_and_comment(
    book: Gradebook, changes: dict[str, Any]
) -> None:
    book.post(comment="Well done")
    assert book.later(**changes).status_code == 200
    assert book.score() is None
    assert book.results().get_json() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": None},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"activityProgress": None},
        {"gradingProgress": None},
        {"scoreMaximum": None},
        {"scoreGiven": "many"},
        {"scoreGiven": True},
        {"scoreMaximum": float("inf")},
    ],
    ids=str,
)
def test_a_malformed_score_is_incorrect(book: Gradebook, changes: dict[str, Any]) -> None:
    answer = book.post(**changes)
    assert answer.status == "400 Incorrect score received"
    assert book.grade() is None


def test_a_body_that_is_no_object_is_incorrect_and_logged_raw(book: Gradebook) -> None:
    address, headers = book.address("/scores"), book.headers
    answer = book.client.post(address, data=b"[1]", headers=headers, content_type=SCORE)
    assert answer.status == "400 Incorrect score received"
    (logged,) = book.world.state.score_log
    assert (logged.body, logged.raw) == (None, b"[1]")


def test_people_who_take_no_grades_are_refused(book: Gradebook) -> None:
    for user_id in (book.world.people.teacher.id, "999", book.world.state.add_user("A", "B").id):
        assert book.post(userId=user_id).status == "400 Incorrect score received"


@pytest.mark.parametrize(
    ("given", "of", "stored"),
    [(60, 50, 100), (-5, 50, 0), (0, 50, 0), (40, 0, 40), ("42", "50", 84)],
)
def test_points_are_held_between_0_and_the_maximum(
    book: Gradebook, given: object, of: object, stored: float
) -> None:
    assert book.post(scoreGiven=given, scoreMaximum=of).status_code == 200
    assert book.score() == stored


def test_a_user_id_may_be_a_number_and_each_post_replaces_the_comment(book: Gradebook) -> None:
    assert book.post(userId=int(book.learner.id), comment="First").status_code == 200
    book.later()
    grade = book.grade()
    assert grade is not None
    assert grade.comment is None


def test_a_locked_column_answers_500_and_keeps_its_grade(book: Gradebook) -> None:
    book.post()
    book.world.state.lock(book.world.link)
    assert book.later(scoreGiven=1).status_code == 500
    book.world.state.lock(book.world.link, is_locked=False)
    assert book.score() == 84


def test_a_teachers_own_grade_wins_silently(book: Gradebook) -> None:
    book.world.state.override_grade(book.world.link, book.learner, 12)
    assert book.later().status_code == 200
    assert book.results().get_json()[0]["resultScore"] == 12
    book.world.state.override_grade(book.world.link, book.learner, None)
    assert book.results().get_json()[0]["resultScore"] == 84


def test_of_twenty_posts_at_one_moment_one_is_stored(book: Gradebook) -> None:
    def post(points: int) -> int:
        sent = {"json": book.body(scoreGiven=points), "content_type": SCORE}
        client = book.world.app.test_client()
        return client.post(book.address("/scores"), headers=book.headers, **sent).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(post, range(1, 21)))
    assert sorted(statuses) == [200] + [409] * 19
    assert book.score() == 2 * (statuses.index(200) + 1)
    assert len(book.world.state.score_log) == 20


# Who may


def test_without_a_live_token_everything_is_401(book: Gradebook) -> None:
    live = book.headers
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        book.headers = headers
        assert book.post().status_code == 401
        assert book.results().status_code == 401
    book.headers = live
    book.world.pass_time(seconds=3600)
    assert book.post().status_code == 401
    book.headers = book.world.bearer()
    assert book.post().status_code == 200
    book.world.state.revoke_tokens()
    assert book.later().status_code == 401


def test_each_service_asks_for_its_scope(book: Gradebook) -> None:
    book.world.allow_line_items()
    book.headers = book.world.bearer(Scope.SCORE)
    assert book.post().status_code == 200
    assert book.results().status_code == 401
    assert book.client.get(book.address(), headers=book.headers).status_code == 401
    book.headers = book.world.bearer(Scope.RESULT_READONLY)
    assert book.results().status_code == 200
    assert book.later().status_code == 401
    book.headers = book.world.bearer(Scope.LINE_ITEM_READONLY)
    assert book.client.get(book.address(), headers=book.headers).status_code == 200
    sent = {"json": {"label": "x", "scoreMaximum": 1}, "content_type": ITEM}
    put = book.client.put(book.address(), headers=book.headers, **sent)
    assert put.status_code == 401


def test_the_type_id_must_stand_in_the_address(book: Gradebook) -> None:
    address = book.address("/scores").partition("?")[0]
    sent = {"json": book.body(), "content_type": SCORE, "headers": book.headers}
    assert book.client.post(address, **sent).status_code == 403
    assert book.client.post(address + "?type_id=9", **sent).status_code == 401
    behind_the_query = book.address() + "/scores"
    assert book.client.post(behind_the_query, **sent).status_code == 405
    assert book.score() is None


def test_another_tools_column_is_forbidden_and_another_courses_unknown(book: Gradebook) -> None:
    world = book.world
    world.state.register_tool(
        initiate_login_url="http://127.0.0.1:8001/login",
        redirect_uris=[],
        jwks_url="http://127.0.0.1:8001/jwks",
        target_link_uri="http://127.0.0.1:8001/launch",
        client_id="second",
    )
    theirs = world.state.add_link(world.course, "Theirs", client_id="second")
    item = world.state.line_item_of(theirs)
    assert item is not None
    sent = {"json": book.body(), "content_type": SCORE, "headers": book.headers}
    address = f"{book.items}/{item.id}/lineitem/scores?type_id=1"
    assert book.client.post(address, **sent).status_code == 403
    elsewhere = f"/lms/services/999/lineitems/{book.item.id}/lineitem/scores?type_id=1"
    assert book.client.post(elsewhere, **sent).status_code == 404


# Results


def test_results_show_who_has_a_grade(book: Gradebook) -> None:
    assert book.results().get_json() == []
    book.post(comment="Well done")
    answer = book.results()
    assert answer.content_type == RESULTS
    (row,) = answer.get_json()
    assert row["userId"] == book.learner.id
    assert (row["resultScore"], row["resultMaximum"], row["comment"]) == (84, 100, "Well done")
    assert row["scoreOf"] == ISSUER + book.address()


def test_results_can_be_asked_for_one_person(book: Gradebook) -> None:
    book.post()
    book.post(userId=book.world.people.learners[1].id)
    assert len(book.results().get_json()) == 2
    assert len(book.results(f"&user_id={book.learner.id}").get_json()) == 1


def test_a_comment_without_a_score_leaves_a_row_without_one(book: Gradebook) -> None:
    book.post(scoreGiven=None, scoreMaximum=None, comment="Come and see me")
    (row,) = book.results().get_json()
    assert row["comment"] == "Come and see me"
    assert "resultScore" not in row


def test_results_with_a_limit_crash(book: Gradebook) -> None:
    answer = book.results("&limit=10")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize(
    ("accept", "status"),
    [(RESULTS, 200), ("*/*", 200), ("", 200), ("application/json", 400), (f"{RESULTS};q=1", 400)],
)
def test_results_take_their_own_accept_or_anything(
    book: Gradebook, accept: str, status: int
) -> None:
    headers = book.headers | ({"Accept": accept} if accept else {})
    assert book.client.get(book.address("/results"), headers=headers).status_code == status


# Line items


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (CONTAINER, 200),
        ("", 200),
        ("*/*", 400),
        ("application/json", 400),
        (f"{CONTAINER};q=1", 400),
        (f"{CONTAINER}, */*", 400),
    ],
)
def test_the_list_of_columns_takes_one_literal_accept(
    book: Gradebook, accept: str, status: int
) -> None:
    headers = book.headers | ({"Accept": accept} if accept else {})
    assert book.client.get(f"{book.items}?type_id=1", headers=headers).status_code == status


def test_the_list_of_columns_can_be_filtered(book: Gradebook) -> None:
    book.world.state.add_link(book.world.course, "Unit 2")

    def labels(query: str) -> list[str]:
        answer = book.client.get(f"{book.items}?type_id=1{query}", headers=book.headers)
        return [item["label"] for item in answer.get_json()]

    assert labels("") == ["Unit 1", "Unit 2"]
    assert labels(f"&resource_link_id={book.world.link.id}") == ["Unit 1"]
    assert labels("&tag=none") == []


def test_a_column_can_be_added_only_with_the_scope_for_it(book: Gradebook) -> None:
    sent = {"json": {"label": "Extra", "scoreMaximum": 10, "tag": "t"}, "content_type": ITEM}
    address = f"{book.items}?type_id=1"
    assert book.client.post(address, headers=book.headers, **sent).status_code == 401
    book.world.allow_line_items()
    book.headers = book.world.bearer()
    added = book.client.post(address, headers=book.headers, **sent)
    assert (added.status_code, added.content_type) == (201, ITEM)
    read = book.client.get(added.get_json()["id"].removeprefix(ISSUER), headers=book.headers)
    assert read.get_json() == added.get_json()
    json_only = {**sent, "content_type": "application/json"}
    assert book.client.post(address, headers=book.headers, **json_only).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"label": "x"},
        {"scoreMaximum": 5},
        {"label": "x", "scoreMaximum": 0},
        {"label": "x", "scoreMaximum": "ten"},
        [],
    ],
    ids=str,
)
def test_a_malformed_column_is_refused(book: Gradebook, body: object) -> None:
    book.world.allow_line_items()
    headers = book.world.bearer()
    address = f"{book.items}?type_id=1"
    answer = book.client.post(address, json=body, headers=headers, content_type=ITEM)
    assert answer.status_code == 400


def test_a_second_column_on_a_link_takes_the_links_own_away(book: Gradebook) -> None:
    book.world.allow_line_items()
    headers = book.world.bearer()
    sent = {"label": "Second", "scoreMaximum": 5, "resourceLinkId": book.world.link.id}
    address = f"{book.items}?type_id=1"
    answer = book.client.post(address, json=sent, headers=headers, content_type=ITEM)
    assert answer.status_code == 201
    assert book.world.state.line_item_of(book.world.link) is None


def test_a_column_on_a_link_that_is_not_there_is_forbidden(book: Gradebook) -> None:
    book.world.allow_line_items()
    headers = book.world.bearer()
    sent = {"label": "x", "scoreMaximum": 5, "resourceLinkId": "999"}
    for items, status in ((book.items, 403), ("/lms/services/999/lineitems", 404)):
        address = f"{items}?type_id=1"
        answer = book.client.post(address, json=sent, headers=headers, content_type=ITEM)
        assert answer.status_code == status


def test_a_new_maximum_rescales_and_a_put_without_link_decouples(book: Gradebook) -> None:
    book.post()
    book.world.allow_line_items()
    headers = book.world.bearer()
    address = book.address()
    whole = book.client.get(address, headers=headers).get_json()
    whole["scoreMaximum"] = 50
    put = book.client.put(address, json=whole, headers=headers, content_type=ITEM)
    assert put.status_code == 200
    assert book.score() == 42
    del whole["resourceLinkId"]
    book.client.put(address, json=whole, headers=headers, content_type=ITEM)
    assert book.world.state.line_item_of(book.world.link) is None


def test_a_column_can_be_removed(book: Gradebook) -> None:
    book.world.allow_line_items()
    headers, address = book.world.bearer(), book.address()
    assert book.client.delete(address, headers=headers).status_code == 204
    assert book.client.get(address, headers=headers).status_code == 404


def test_a_tool_without_grade_services_gets_no_token(world: World) -> None:
    world.state.update_tool(world.client_id, ags=AgsSetting.NONE, shares_roster=False)
    assert world.ask_token().get_json()["error"] == "invalid_scope"


# Faults


@pytest.mark.parametrize("status", [401, 409, 429, 500, 503])
def test_ordered_faults_answer_the_next_posts_and_store_nothing(
    book: Gradebook, status: int
) -> None:
    book.world.state.faults.add(Endpoint.SCORES, Fault(status=status, retry_after=7), times=2)
    answers = [book.post() for _ in "ab"]
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].headers["Retry-After"] == "7"
    assert book.score() is None
    assert book.post().status_code == 200
    assert [each.status for each in book.world.state.score_log] == [status, status, 200]


def test_a_crash_after_accepting_keeps_the_score(book: Gradebook) -> None:
    book.world.state.faults.add(Endpoint.SCORES, Fault(status=500, accept=True))
    assert book.post().status_code == 500
    assert book.score() == 84
    assert book.post().status_code == 409


def test_faults_can_be_cleared_and_belong_to_one_endpoint(book: Gradebook) -> None:
    book.world.state.faults.add(Endpoint.RESULTS, Fault(), times=3)
    assert book.post().status_code == 200
    assert book.results().status_code == 500
    book.world.state.faults.clear()
    assert book.results().status_code == 200
