"""Launches that a careless tool accepts, and good ones that it refuses, over HTTP.

One test, or more, for each way in which stock pylti1p3 2.0.0 answers wrongly.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from lti_tool import clock, create_app, worker
from lti_tool.db import Database
from lti_tool.lti.launch import cookie_name
from lti_tool.models import LoginState, Platform, Registration
from lti_tool.web.http.framed_cookies import MOST_LAUNCHES
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code, sessions_of
from tests.factories.platform import PlatformDouble, serving_platform
from tests.factories.threads import at_one_moment


def _other_browser(visitor: Visitor, app: Flask) -> Visitor:
    return Visitor(app.test_client(), visitor.platform, visitor.registration_id, visitor.tool_url)


# State, nonce, browser.


@on_each_database
def test_a_replayed_launch_is_refused(visitor: Visitor, database: Database, app: Flask) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    assert visitor.send(begun, id_token).status_code == 303
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"
    assert refusal_code(_other_browser(visitor, app).send(begun, id_token)) == "state_unknown"
    assert sessions_of(database) == 1


def test_a_launch_from_another_browser_is_refused(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    other = _other_browser(visitor, app)
    other.begin()  # it has a login of its own, and that one's cookie
    assert other.send(begun, id_token).status_code == 200  # it may still prove itself
    assert refusal_code(other.confirm(begun.state, "")) == "browser_unknown"
    assert sessions_of(database) == 0


def test_a_cookie_with_another_secret_is_refused(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    visitor.client.set_cookie(cookie_name(begun.state), "guess", path="/lti")
    assert refusal_code(visitor.send(begun, id_token)) == "browser_unknown"
    assert refusal_code(visitor.confirm(begun.state, "guess")) == "state_unknown"
    assert sessions_of(database) == 0


def test_a_login_is_worth_five_minutes(visitor: Visitor) -> None:
    begun = visitor.begin()
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert refusal_code(visitor.send(begun, id_token)) == "state_expired"


@on_each_database
def test_logins_that_nobody_finished_are_forgotten(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    for _ in range(5):
        visitor.begin()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        visitor.begin()
        worker.run_due(app.extensions["credlet"])
    with database.transaction(read_only=True) as db:
        assert len(db.scalars(sa.select(LoginState)).all()) == 1


def test_a_state_stays_used_when_its_launch_is_refused(visitor: Visitor) -> None:
    begun = visitor.begin()
    wrong = visitor.platform.sign(visitor.payload(begun, version="1.0"))
    assert refusal_code(visitor.send(begun, wrong)) == "version"
    right = visitor.platform.sign(visitor.payload(begun))
    assert refusal_code(visitor.send(begun, right)) == "state_unknown"


def test_a_token_of_one_login_is_refused_under_another(visitor: Visitor) -> None:
    first, second = visitor.begin(), visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(first))
    assert refusal_code(visitor.send(second, id_token)) == "nonce_mismatch"


@pytest.mark.parametrize("nonce", ["", "another", 7, None, ["x"], "\ud800"])
def test_a_wrong_nonce_is_refused(visitor: Visitor, nonce: object) -> None:
    code = refusal_code(visitor.launch(nonce=nonce))
    assert code == ("nonce_missing" if nonce is None else "nonce_mismatch")


def test_parallel_logins_of_one_browser_do_not_collide(visitor: Visitor) -> None:
    logins = [visitor.begin() for _ in range(3)]
    for begun in logins:
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert visitor.send(begun, id_token).status_code == 303


@on_each_database
def test_of_twenty_threads_with_one_state_and_nonce_one_succeeds(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    begun = visitor.begin()
    cookie = begun.response.headers["Set-Cookie"].partition(";")[0]
    id_token = visitor.platform.sign(visitor.payload(begun))
    form = {"state": begun.state, "id_token": id_token}
    path = f"/lti/{visitor.registration_id}/launch"

    def post() -> int:
        return (
            app.test_client(use_cookies=False)
            .post(path, data=form, headers={"Cookie": cookie})
            .status_code
        )

    statuses = sorted(map(int, map(str, at_one_moment([post] * 20))))
    assert statuses == [303] + [400] * 19
    assert sessions_of(database) == 1


def test_the_secrets_of_a_login_are_fresh_random_and_stored_as_digests(
    visitor: Visitor, database: Database
) -> None:
    logins = [visitor.begin() for _ in range(3)]
    states, nonces = {one.state for one in logins}, {one.nonce for one in logins}
    assert len(states | nonces) == 6
    node = f"{uuid.getnode():012x}"
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,64}", text) for text in states | nonces)
    assert not any(node in text for text in nonces)
    with database.transaction(read_only=True) as db:
        kept = {row.state_digest for row in db.scalars(sa.select(LoginState))}
    assert kept.isdisjoint(states)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in kept)


def test_the_login_cookie_is_partitioned_and_short_lived(visitor: Visitor) -> None:
    begun = visitor.begin()
    cookie = begun.response.headers["Set-Cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {
        "secure",
        "httponly",
        "samesite=none",
        "partitioned",
        "path=/lti",
        "max-age=300",
    } <= attributes
    answer = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    ended, opened = answer.headers.getlist("Set-Cookie")
    assert ended.startswith("login_")
    assert "Max-Age=0" in ended
    assert "Partitioned" in opened
    assert "SameSite=None" in opened


# Login.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_link_uri": None}, "target_link_uri_missing"),
        ({"target_link_uri": "https://evil.example/"}, "target_link_uri_foreign"),
        ({"target_link_uri": "javascript:alert(1)"}, "target_link_uri_foreign"),
        ({"target_link_uri": "//evil.example/"}, "target_link_uri_foreign"),
        ({"target_link_uri": "https://[broken"}, "target_link_uri_foreign"),
        ({"lti_deployment_id": "9" * 256}, "deployment_id_malformed"),
        ({"client_id": "someone-else"}, "client_id_mismatch"),
        ({"iss": None}, "issuer_missing"),
        ({"iss": "https://other.example"}, "issuer_mismatch"),
        ({"login_hint": None}, "login_hint_missing"),
        ({"login_hint": "x" * 5000}, "malformed"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_login_is_refused(
    visitor: Visitor, database: Database, method: str, changes: dict[str, Any], code: str
) -> None:
    response = visitor.login(method, **changes)
    assert refusal_code(response) == code
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(LoginState)).all() == []


def test_a_target_that_only_looks_like_ours_is_refused(visitor: Visitor) -> None:
    ours = urlsplit(visitor.tool_url).netloc
    for target in (f"http://{ours}@evil.example/", f"http://{ours}.evil.example/"):
        assert refusal_code(visitor.login(target_link_uri=target)) == "target_link_uri_foreign"


def test_a_login_needs_neither_client_id_nor_deployment_nor_message_hint(
    visitor: Visitor,
) -> None:
    begun = visitor.begin(client_id=None, lti_deployment_id=None, lti_message_hint=None)
    query = parse_qs(urlsplit(begun.response.location).query)
    assert "lti_message_hint" not in query
    response = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert response.status_code == 303


def test_the_authentication_request_is_exactly_what_platforms_take(visitor: Visitor) -> None:
    response = visitor.login("GET")
    parts = urlsplit(response.location)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts._replace(query="").geturl() == f"{visitor.platform.url}/auth"
    assert {**query, "state": "", "nonce": ""} == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": visitor.platform.client_id,
        "redirect_uri": visitor.launch_url,
        "login_hint": "7",
        "lti_message_hint": '{"launchid":"1"}',
        "state": "",
        "nonce": "",
    }
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_query_of_the_platforms_own_address_is_kept(visitor: Visitor, database: Database) -> None:
    with database.transaction() as db:
        registration = db.get_one(Registration, visitor.registration_id)
        registration.auth_login_url = f"{visitor.platform.url}/auth?x=1&y=a%20b"
    location = visitor.begin().response.location
    assert location.count("?") == 1
    query = parse_qs(urlsplit(location).query)
    assert (query["x"], query["y"], query["scope"]) == (["1"], ["a b"], ["openid"])


# Registration, deployment, platform.


def test_a_launch_at_another_registrations_address_is_refused(
    visitor: Visitor, database: Database
) -> None:
    with serving_platform("client-2", key=2) as other:
        other_id = other.register(database, clock.now(), slug="other")
        elsewhere = Visitor(visitor.client, other, other_id, visitor.tool_url)
        begun = visitor.begin()
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert refusal_code(elsewhere.send(begun, id_token)) == "state_foreign"
        theirs = elsewhere.begin()
        id_token = visitor.platform.sign(elsewhere.payload(theirs))
        assert refusal_code(elsewhere.send(theirs, id_token)) == "kid_unknown"
    assert sessions_of(database) == 0


@pytest.mark.parametrize(
    ("deployment_id", "code"),
    [
        ("99", "deployment_unknown"),
        (1, "deployment_id_malformed"),
        ("", "deployment_id_missing"),
        (["1"], "deployment_id_malformed"),
    ],
)
def test_a_foreign_deployment_is_refused(
    visitor: Visitor, deployment_id: object, code: str
) -> None:
    assert refusal_code(visitor.launch(deployment_id=deployment_id)) == code


def test_an_unknown_registration_is_not_found(visitor: Visitor) -> None:
    for path, method in (("login", "GET"), ("launch", "POST")):
        response = visitor.client.open(f"/lti/{uuid.uuid4()}/{path}", method=method)
        assert (response.status_code, refusal_code(response)) == (404, "registration_unknown")


def test_a_disabled_platform_is_refused(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin()
    with database.transaction() as db:
        db.scalars(sa.select(Platform)).one().disabled_at = clock.now()
    id_token = visitor.platform.sign(visitor.payload(begun))
    response = visitor.send(begun, id_token)
    assert (response.status_code, refusal_code(response)) == (403, "platform_disabled")
    assert refusal_code(visitor.login()) == "platform_disabled"


def test_a_refusal_of_the_platform_ends_the_login_and_is_not_echoed(visitor: Visitor) -> None:
    begun = visitor.begin()
    error = {
        "state": begun.state,
        "error": "access_denied",
        "error_description": "<script>alert('boo')</script>",
    }
    response = visitor.post(error)
    assert refusal_code(response) == "platform_error"
    assert "boo" not in response.text
    id_token = visitor.platform.sign(visitor.payload(begun))
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"


@pytest.mark.parametrize("error", ["<script>", "x" * 5000, "\0", "Über"])
def test_a_malformed_refusal_of_the_platform_is_still_a_page(visitor: Visitor, error: str) -> None:
    response = visitor.post({"error": error})
    assert refusal_code(response) == "platform_error"
    assert error not in response.text


# Cookies on https: only this host can set them.


@pytest.fixture
def on_https(
    tool_settings: Settings, database: Database, platform: PlatformDouble
) -> Iterator[Visitor]:
    """A visitor to the tool behind a proxy that speaks https."""
    url = "https://badges.example"
    app = create_app(tool_settings.model_copy(update={"public_url": url}))
    client = _Secure(app, app.response_class)
    yield Visitor(client, platform, platform.register(database, clock.now()), url)
    app.extensions["credlet"].database.close()


class _Secure(FlaskClient):
    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, base_url="https://badges.example", **kwargs)


def _host_bound(cookie: str) -> bool:
    name, attributes = cookie.partition("=")[0], cookie.split("; ")[1:]
    is_framed = {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"} <= {*attributes}
    return name.startswith("__Host-") and is_framed and "Domain" not in cookie


def test_on_https_the_cookies_of_a_launch_are_such_as_only_this_host_can_set(
    on_https: Visitor,
) -> None:
    begun = on_https.begin()
    assert all(map(_host_bound, begun.response.headers.getlist("Set-Cookie")))
    answer = on_https.send(begun, on_https.platform.sign(on_https.payload(begun)))
    ended, opened = answer.headers.getlist("Set-Cookie")
    assert _host_bound(opened)
    assert ended.startswith("__Host-login_")
    assert "Max-Age=0" in ended
    assert on_https.client.get(answer.location).status_code == 200


def test_a_cookie_that_a_neighbour_planted_is_not_looked_at(on_https: Visitor) -> None:
    """Without the prefix any host under the same domain could make somebody another's visitor."""
    begun = on_https.begin()
    client = on_https.client
    name = cookie_name(begun.state)
    secret = client.get_cookie(f"__Host-{name}", domain="badges.example")
    assert secret is not None
    client.delete_cookie(f"__Host-{name}", domain="badges.example")
    client.set_cookie(name, secret.value, domain="badges.example", path="/lti", secure=True)
    signed = on_https.platform.sign(on_https.payload(begun))
    assert on_https.send(begun, signed).status_code == 200  # it still has to prove itself
    answer = on_https.launch()
    launch_id = answer.location.split("/")[2]
    name = f"__Host-launch_{uuid.UUID(launch_id).hex}"
    secret = client.get_cookie(name, domain="badges.example")
    assert secret is not None
    client.delete_cookie(name, domain="badges.example")
    client.set_cookie("launch", secret.value, domain="badges.example", secure=True)
    assert refusal_code(client.get(answer.location)) == "session_missing"


def test_launches_in_several_tabs_stay_apart_and_do_not_pile_up(on_https: Visitor) -> None:
    opened = [on_https.launch(sub=f"person-{number}").location for number in range(25)]
    statuses = [on_https.client.get(address).status_code for address in opened]
    assert statuses[-MOST_LAUNCHES:] == [200] * MOST_LAUNCHES
    assert statuses[:-MOST_LAUNCHES] == [403] * 5
