"""Selecting content: what the LMS asks, and how strictly it takes what comes back."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .world import ISSUER, TARGET, World, hidden

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ITEM = {"type": "ltiResourceLink", "title": "Unit 1", "url": TARGET, "custom": {"mc": "a/b"}}
COLUMN = {"scoreMaximum": 20, "label": "Ignored", "resourceId": "a/b#1", "tag": "unit"}


class Selection:
    """A teacher's browser that was asked to select content, and the tool that answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = world.browser(world.people.teacher.id)
        self.request = asked(world, self.client)
        settings = self.request[DL + "deep_linking_settings"]
        self.return_url: str = settings["deep_link_return_url"].removeprefix(ISSUER)

    def claims(self, *items: Any, **changes: Any) -> dict[str, Any]:
        long = {"deployment_id": LTI, "message_type": LTI, "version": LTI, "content_items": DL}
        claims = {
            "aud": ISSUER,
            "nonce": "n-1",
            LTI + "deployment_id": self.world.deployment_id,
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            DL + "content_items": list(items),
        }
        return claims | {long.get(name, "") + name: value for name, value in changes.items()}

    def signed(self, *items: Any, key: Any = None, without: str = "", **changes: Any) -> str:
        claims = self.claims(*items, **changes)
        claims.pop(without, None)
        return self.world.double.assertion(
            self.world.client_id, now=self.world.now, key=key, without=without, **claims
        )

    def answer(self, message: str, *, client: FlaskClient | None = None) -> TestResponse:
        return (client or self.client).post(self.return_url, data={"JWT": message})

    def save(self, answer: TestResponse) -> TestResponse:
        return self.client.post("/lms/content/save", data=hidden(answer))


def asked(world: World, client: FlaskClient) -> dict[str, Any]:
    """Start selecting and return the claims of the request."""
    path = f"/lms/content/{world.course.id}/launch?tool={world.client_id}"
    initiated = hidden(client.get(path))
    answer = client.get("/lms/auth", query_string=world.request_for(initiated))
    return world.verified(hidden(answer)["id_token"])


@pytest.fixture
def selection(world: World) -> Selection:
    return Selection(world)


def test_the_request_is_as_moodles(selection: Selection) -> None:
    claims = selection.request
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[LTI + "context"]["id"] == selection.world.course.id
    assert claims[LTI + "roles"][0].endswith("#Instructor")
    assert LTI + "resource_link" not in claims
    assert LTI + "custom" not in claims
    settings = claims[DL + "deep_linking_settings"]
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert settings["accept_multiple"] is True
    assert "sesskey=" in settings["deep_link_return_url"]
    assert "data" not in settings
    assert "accept_lineitem" not in settings
    ags = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    assert "lineitem" not in ags


def test_items_become_links_once_the_teacher_saves(selection: Selection) -> None:
    state, course = selection.world.state, selection.world.course
    before = state.links(course)
    second = ITEM | {"title": "Unit 2", "lineItem": COLUMN}
    answer = selection.answer(selection.signed(ITEM, second))
    assert state.links(course) == before
    assert "column of 20 points" in answer.text
    assert selection.save(answer).status_code == 303
    *_, first, other = state.links(course)
    assert (first.title, dict(first.custom)) == ("Unit 1", {"mc": "a/b"})
    assert state.line_item_of(first) is None
    item = state.line_item_of(other)
    assert item is not None
    assert (item.label, item.maximum, item.resource_id) == ("Unit 2", 20, "a/b#1")
    assert selection.save(answer).status_code == 404, "saved once"


def test_no_items_cancel(selection: Selection) -> None:
    answer = selection.answer(selection.signed())
    assert "Nothing was selected" in answer.text
    assert "save-content" not in answer.text


def test_an_answer_is_taken_once(selection: Selection) -> None:
    message = selection.signed(ITEM)
    assert selection.answer(message).status_code == 200
    again = selection.answer(message)
    assert (again.status_code, "used before" in again.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "somebody"}, "Unknown client"),
        ({"aud": "https://other.example"}, "aud must be"),
        ({"exp": 1}, "expired"),
        ({"iat": 32_503_680_000}, "future"),
        ({"exp": 32_503_680_000}, "lives too long"),
        ({"without": "exp"}, "iat and exp"),
        ({"without": "jti"}, "jti is required"),
        ({"without": "nonce"}, "nonce is required"),
        ({"deployment_id": "77"}, "deployment_id is wrong"),
        ({"message_type": "LtiResourceLinkRequest"}, "message_type is wrong"),
        ({"version": "1.2"}, "version is wrong"),
        ({"content_items": {"type": "link"}}, "content_items must be"),
        ({DL + "data": None}, "data was not sent"),
    ],
)
def test_a_wrong_claim_is_refused(
    selection: Selection, changes: dict[str, Any], reason: str
) -> None:
    answer = selection.answer(selection.signed(ITEM, **changes))
    assert (answer.status_code, reason in answer.text) == (400, True), answer.text


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "link"}, "Only ltiResourceLink"),
        ({"url": "https://evil.example/"}, "registered target"),
        ({"title": ""}, "needs a title"),
        ({"custom": {"mc": "one\ntwo"}}, "single lines"),
        ({"custom": {"mc": 5}}, "single lines"),
        ({"lineItem": {"scoreMaximum": 0}}, "greater than 0"),
        ({"lineItem": {"label": "x"}}, "greater than 0"),
    ],
)
def test_a_wrong_item_is_refused(selection: Selection, item: dict[str, Any], reason: str) -> None:
    answer = selection.answer(selection.signed(ITEM, ITEM | item))
    assert (answer.status_code, reason in answer.text) == (400, True), answer.text


def test_a_foreign_signature_is_refused(
    selection: Selection, private_keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]
) -> None:
    answer = selection.answer(selection.signed(ITEM, key=private_keys[1]))
    assert (answer.status_code, "signature" in answer.text) == (400, True)
    assert selection.answer("x.y.z").status_code == 400
    assert selection.answer("").status_code == 400


def test_the_return_address_works_for_the_teacher_it_was_made_for(selection: Selection) -> None:
    world = selection.world
    for user in (world.people.second_teacher, world.people.learners[0]):
        client = world.browser(user.id)
        assert selection.answer(selection.signed(ITEM), client=client).status_code == 403


def test_a_post_without_the_cookie_is_posted_once_more_from_here(selection: Selection) -> None:
    answer = selection.answer("message", client=selection.world.browser())
    assert answer.status_code == 200
    assert hidden(answer) == {"JWT": "message", "repost": "true"}
    assert selection.return_url.partition("?")[0] in answer.text


def test_only_teachers_select_and_only_from_known_tools(world: World) -> None:
    learner = world.browser(world.people.learners[0].id)
    teacher = world.browser(world.people.teacher.id)
    course = world.course.id
    for path in (f"/lms/course/{course}/content", f"/lms/content/{course}/launch"):
        assert learner.get(f"{path}?tool={world.client_id}").status_code == 403
        assert teacher.get(f"{path}?tool=unknown").status_code == 404
        assert teacher.get(f"{path}?tool={world.client_id}").status_code == 200
    page = teacher.get(f"/lms/course/{course}/add").text
    assert f'href="/lms/course/{course}/content?tool={world.client_id}"' in page


def test_a_teacher_who_plays_a_learner_gets_no_token(world: World) -> None:
    """The frame may have been opened before the role was switched."""
    client = world.browser(world.people.teacher.id)
    path = f"/lms/content/{world.course.id}/launch?tool={world.client_id}"
    initiated = hidden(client.get(path))
    key = hidden(client.get(f"/lms/course/{world.course.id}"))["sesskey"]
    data = {"sesskey": key, "to": "learner"}
    assert client.post(f"/lms/course/{world.course.id}/switch-role", data=data).status_code == 303
    answer = client.get("/lms/auth", query_string=world.request_for(initiated))
    assert answer.status_code == 403
