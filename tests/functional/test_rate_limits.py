"""Rate limits as people and programs meet them: over HTTP, with and without a shared store."""

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from time_machine import TimeMachineFixture
from werkzeug.test import TestResponse

from config import Settings
from lti_tool import clock, create_app
from lti_tool.db import Database
from lti_tool.demo.serving import free_port
from lti_tool.web.http.limits import ASKING, LAUNCHED, LAUNCHES, PUBLIC, STRICT, WAITING
from tests.factories.launches import Visitor
from tests.factories.platform import PlatformDouble
from tests.factories.redis_server import RedisServer, redis_server
from tests.factories.visits import Visits
from tests.functional.test_web_server import environ_of, gunicorn, wait_for

PAGE = "/catalogue"
SCHOOL = {"REMOTE_ADDR": "203.0.113.9"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.10"}

MakeApp = Callable[..., Flask]


@pytest.fixture
def new_app(tool_settings: Settings) -> Iterator[MakeApp]:
    """Make the tool with changed settings; every limit is a hundredth unless told."""
    made: list[Flask] = []

    def make(**changes: object) -> Flask:
        values = {"rate_limit_percent": 1, **changes}
        made.append(create_app(tool_settings.model_copy(update=values)))
        return made[-1]

    yield make
    for app in made:
        app.extensions["credlet"].database.close()


@pytest.fixture
def shared_store(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def flood(client: FlaskClient, path: str = PAGE, most: int = 50, **how: object) -> TestResponse:
    """Ask until refused and return the refusal."""
    for _ in range(most):
        answer = client.get(path, **how)  # type: ignore[arg-type]
        if answer.status_code == 429:
            return answer
    raise AssertionError("never refused")


def test_the_refusal_says_when_to_come_back(new_app: MakeApp) -> None:
    client = new_app().test_client()
    refusal = flood(client)
    wait = int(refusal.headers["Retry-After"])
    assert 1 <= wait <= PUBLIC.address[0].seconds + 1
    assert re.search(rf"Try again in {wait} seconds?\.", refusal.text)
    assert refusal.headers["Cache-Control"] == "no-store"


def test_programs_get_the_refusal_as_a_problem(new_app: MakeApp) -> None:
    refusal = flood(new_app().test_client(), headers={"Accept": "application/json"})
    assert refusal.content_type == "application/problem+json"
    assert refusal.json is not None
    assert (refusal.json["status"], refusal.json["code"]) == (429, "too_often")


def test_a_long_wait_is_told_in_minutes(new_app: MakeApp, time_machine: TimeMachineFixture) -> None:
    """What could be guessed has an allowance for an hour beside that for a minute."""
    client = new_app(rate_limit_percent=10).test_client()
    assert {rate.seconds: rate.requests // 10 for rate in STRICT.address} == {60: 2, 3600: 20}
    path = "/lti/register/guessed"
    begin = datetime.now(UTC)
    for minute in range(10):
        time_machine.move_to(begin + timedelta(minutes=2 * minute), tick=False)
        assert [client.get(path).status_code for _ in range(3)] == [404, 404, 429]
    time_machine.move_to(begin + timedelta(minutes=20), tick=False)
    answer = client.get(path, headers={"Accept-Language": "de"})
    assert answer.headers["Retry-After"] == "2400"
    assert "Versuchen Sie es in 40 Minuten erneut." in answer.text


def test_an_address_that_leads_elsewhere_is_counted_too(new_app: MakeApp) -> None:
    assert flood(new_app().test_client(), PAGE.rstrip("/")).headers["Retry-After"]


def test_everybody_else_goes_on(new_app: MakeApp) -> None:
    client = new_app().test_client()
    flood(client, environ_base=SCHOOL)
    assert client.get(PAGE, environ_base=SCHOOL).status_code == 429
    assert client.get(PAGE, environ_base=ELSEWHERE).status_code == 200


def test_guessing_at_one_door_closes_no_other(new_app: MakeApp) -> None:
    doors = {
        "/sign-in": "GET",
        "/lti/register/x": "GET",
        "/confirm/x": "GET",
        "/oauth/token": "POST",
    }
    for first, method in doors.items():
        client = new_app().test_client()
        assert [client.open(first, method=method).status_code for _ in range(2)][-1] == 429
        for other, way in doors.items():
            if other != first:
                assert client.open(other, method=way).status_code != 429, (first, other)


def test_a_person_with_many_ipv6_addresses_is_one(new_app: MakeApp) -> None:
    client = new_app().test_client()
    own = [{"REMOTE_ADDR": f"2001:db8:1:2::{number:x}"} for number in range(1, 12)]
    assert 429 in [client.get(PAGE, environ_base=one).status_code for one in own]
    neighbour = {"REMOTE_ADDR": "2001:db8:1:3::1"}
    assert client.get(PAGE, environ_base=neighbour).status_code == 200


def test_people_with_ipv4_are_told_apart_where_the_server_listens_on_ipv6(
    new_app: MakeApp,
) -> None:
    client = new_app().test_client()
    flood(client, environ_base={"REMOTE_ADDR": "::ffff:203.0.113.9"})
    somebody_else = {"REMOTE_ADDR": "::ffff:203.0.113.10"}
    assert client.get(PAGE, environ_base=somebody_else).status_code == 200
    assert client.get(PAGE, environ_base=SCHOOL).status_code == 429


def test_an_address_that_a_stranger_claims_is_not_believed(new_app: MakeApp) -> None:
    client = new_app().test_client()
    claimed = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(12)]
    assert 429 in [client.get(PAGE, headers=each).status_code for each in claimed]


def test_the_address_that_the_trusted_proxy_names_is_counted(new_app: MakeApp) -> None:
    client = new_app(trusted_proxies=1).test_client()
    flood(client, headers={"X-Forwarded-For": "198.51.100.1"})
    others = {"X-Forwarded-For": "198.51.100.2"}
    assert client.get(PAGE, headers=others).status_code == 200
    # What the visitor himself put in front of the proxy's word does not count.
    made_up = {"X-Forwarded-For": "192.0.2.77, 198.51.100.1"}
    assert client.get(PAGE, headers=made_up).status_code == 429


def test_a_school_behind_one_address_opens_a_unit_in_one_minute(new_app: MakeApp) -> None:
    """The real limits: 900 logins at once pass, and so do the launches that follow."""
    client = new_app(rate_limit_percent=100).test_client()
    login, launch = (f"/lti/{uuid.uuid4()}/{step}" for step in ("login", "launch"))
    assert LAUNCHES.each[0].requests >= 900
    for number in range(450):
        hint, state = {"login_hint": str(number)}, {"state": str(number)}
        assert client.get(login, query_string=hint, environ_base=SCHOOL).status_code != 429
        assert client.post(launch, data=state, environ_base=SCHOOL).status_code != 429


def test_a_class_whose_lms_announces_nobody_by_name_comes_twice_at_one_moment(
    new_app: MakeApp,
) -> None:
    client = new_app(rate_limit_percent=100).test_client()
    login = f"/lti/{uuid.uuid4()}/login"
    same = {"login_hint": "same", "lti_message_hint": "same"}
    statuses = [client.post(login, data=same, environ_base=SCHOOL).status_code for _ in range(70)]
    assert 429 not in statuses


def test_who_repeats_one_request_takes_nothing_away_from_the_school(new_app: MakeApp) -> None:
    client = new_app(rate_limit_percent=10).test_client()
    registration = f"/lti/{uuid.uuid4()}"
    for step, name in (("login", "login_hint"), ("launch", "state"), ("confirm", "state")):
        path = f"{registration}/{step}"
        mine = [
            client.post(path, data={name: "mine"}, environ_base=SCHOOL).status_code
            for _ in range(LAUNCHES.address[0].requests * 10 // 100 + 10)
        ]
        assert mine[-1] == 429
        assert client.post(path, data={name: "ana"}, environ_base=SCHOOL).status_code != 429


def test_who_asks_for_one_launch_all_the_time_takes_nothing_away_from_the_school(
    new_app: MakeApp,
) -> None:
    client = new_app(rate_limit_percent=10).test_client()
    mine, another = (f"/launches/{uuid.uuid4()}/" for _ in range(2))
    for _ in range(LAUNCHED.address[0].requests * 10 // 100 + 10):
        client.get(mine, environ_base=SCHOOL)
    assert client.get(mine, environ_base=SCHOOL).status_code == 429
    assert client.get(another, environ_base=SCHOOL).status_code == 403


def test_a_flood_of_logins_keeps_nobody_from_a_launch_under_way(
    new_app: MakeApp, database: Database, tool_settings: Settings, platform: PlatformDouble
) -> None:
    registration_id = platform.register(database, clock.now())
    client = new_app().test_client()
    visitor = Visitor(client, platform, registration_id, tool_settings.public_url)
    begun = visitor.begin()
    flood(client, f"/lti/{registration_id}/login")
    answer = visitor.send(begun, platform.sign(visitor.payload(begun)))
    assert answer.status_code == 303


def test_a_launch_that_came_too_often_succeeds_when_sent_again(
    new_app: MakeApp, database: Database, tool_settings: Settings, platform: PlatformDouble
) -> None:
    """The refusal used up neither state nor token."""
    registration_id = platform.register(database, clock.now())
    app = new_app()
    client = app.test_client()
    visitor = Visitor(client, platform, registration_id, tool_settings.public_url)
    begun = visitor.begin()
    for number in range(LAUNCHES.each[0].requests // 100):
        client.post(f"/lti/{registration_id}/launch", data={"state": str(number)})
    token = platform.sign(visitor.payload(begun))
    refused = visitor.send(begun, token)
    assert refused.status_code == 429
    assert "frame-ancestors *" in refused.headers["Content-Security-Policy"]
    [limiter] = app.extensions["limiter"]
    limiter.reset()  # as time does
    assert visitor.send(begun, token).status_code == 303


def test_one_launch_cannot_use_up_what_its_school_has(new_app: MakeApp) -> None:
    client = new_app(rate_limit_percent=10).test_client()
    mine, another = (f"/launches/{uuid.uuid4()}/" for _ in range(2))
    assert LAUNCHED.each[0].requests * 10 < LAUNCHED.address[0].requests * 100
    flood(client, mine, environ_base=SCHOOL)
    assert client.get(another, environ_base=SCHOOL).status_code == 403


def test_what_waits_for_an_lms_is_counted_apart(new_app: MakeApp) -> None:
    """A slow LMS and a hasty hand would else hold every thread of the server."""
    client = new_app(rate_limit_percent=100).test_client()
    mine, another = (f"/launches/{uuid.uuid4()}/" for _ in range(2))
    most = WAITING.each[0].requests
    pressed = [client.post(f"{mine}course/roster").status_code for _ in range(most - 1)]
    pressed += [client.post(f"{mine}course/gradebook/read").status_code for _ in range(2)]
    assert pressed == [403] * most + [429]
    assert client.post(f"{another}course/roster").status_code == 403
    assert client.get(mine).status_code == 403


def test_only_what_asks_another_server_is_counted_and_its_address_stays(
    new_app: MakeApp, database: Database
) -> None:
    app = new_app(rate_limit_percent=100)
    visits = Visits.at(app, database, clock.now() - timedelta(hours=1))
    page = visits.open("olha", teacher=True).get("drafts/import")
    here = f"{app.extensions['credlet'].settings.public_url}/definitions/nobody/NOTHING/1.0"
    for address, status in (("no address", 400), (here, 404)):
        assert {page.submit("look_up", address=address).status for _ in range(25)} == {status}
    elsewhere, most = "http://127.0.0.1:9/definitions/x/Y/1.0", ASKING.each[0].requests
    asked = [page.submit("look_up", address=elsewhere) for _ in range(most + 1)]
    assert [one.status for one in asked] == [404] * most + [429]
    assert most >= 20
    assert f'value="{elsewhere}"' in asked[-1].html
    assert "Try again in" in asked[-1].text
    assert page.submit("look_up", address=here).status == 404


def test_invented_registrations_do_not_make_a_flood_go_through(new_app: MakeApp) -> None:
    client = new_app().test_client()
    statuses = [client.get(f"/lti/{uuid.uuid4()}/jwks").status_code for _ in range(21)]
    assert statuses[-1] == 429


def test_no_limit_where_the_operator_wants_none(new_app: MakeApp) -> None:
    client = new_app(rate_limit_percent=0).test_client()
    assert {client.get(PAGE).status_code for _ in range(400)} == {200}


def test_no_address_is_logged(new_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    client = new_app().test_client()
    with caplog.at_level(logging.INFO):
        flood(client, environ_base=SCHOOL)
    assert "too_often" in caplog.text
    assert SCHOOL["REMOTE_ADDR"] not in caplog.text


def test_a_flood_fills_no_log(
    new_app: MakeApp, caplog: pytest.LogCaptureFixture, time_machine: TimeMachineFixture
) -> None:
    """The first refusal is told at once, of those that follow how many they were."""
    begin = datetime.now(UTC)
    time_machine.move_to(begin, tick=False)
    client = new_app().test_client()
    allowed = PUBLIC.address[0].requests // 100
    with caplog.at_level(logging.INFO):
        for _ in range(allowed + 100):
            client.get(PAGE)
        assert caplog.text.count("too_often") == 1
        time_machine.move_to(begin + timedelta(seconds=20), tick=False)
        for _ in range(allowed + 1):
            client.get(PAGE)
    counts = [record.msg["count"] for record in caplog.records if "too_often" in str(record.msg)]
    assert counts == [1, 100]


def fill_up(url: str, allowed: int, *, then: str) -> bool:
    """Use up what one address has at `url`; return whether `then` refuses the next."""
    for _ in range(allowed):
        requests.get(url, timeout=30)
    return requests.get(then, timeout=30).status_code == 429


def test_two_programs_count_in_one_store(
    shared_store: RedisServer, tool_settings: Settings, tmp_path: Path
) -> None:
    """Real servers, real store: what one has counted the other knows."""
    shared = {"rate_limit_percent": 5, "rate_limit_storage_url": shared_store.url}
    urls, started = [], []
    with ExitStack() as running:
        for number in range(2):
            address = f"127.0.0.1:{free_port()}"
            settings = tool_settings.model_copy(update={**shared, "bind": address})
            log = tmp_path / f"log-{number}"
            started.append(
                (address, running.enter_context(gunicorn(environ_of(settings), log)), log)
            )
        for address, process, log in started:
            wait_for(f"http://{address}/health", process, log)
            urls.append(f"http://{address}{PAGE}")
        allowed = PUBLIC.address[0].requests * 5 // 100
        # The window may end in between, so more than once; the second program is asked so seldom
        # that by itself it would never refuse.
        refused = any(fill_up(urls[0], allowed, then=urls[1]) for _ in range(allowed - 1))
        kept = shared_store.content()
    assert refused
    assert kept
    assert b"127.0.0.1" not in kept
    assert "Traceback" not in "".join(path.read_text() for path in tmp_path.glob("log-*"))


def test_a_store_that_is_down_keeps_nobody_out(
    shared_store: RedisServer,
    new_app: MakeApp,
    caplog: pytest.LogCaptureFixture,
    time_machine: TimeMachineFixture,
) -> None:
    """Each process then counts for itself, says so once, and goes back when the store is up."""
    client = new_app(rate_limit_storage_url=shared_store.url).test_client()
    assert client.get(PAGE, environ_base=SCHOOL).status_code == 200
    shared_store.stop()
    with caplog.at_level(logging.WARNING):
        assert client.get(PAGE, environ_base=ELSEWHERE).status_code == 200
        flood(client, environ_base=ELSEWHERE)
    told = [record for record in caplog.records if record.name == "flask-limiter"]
    assert [record.levelname for record in told] == ["WARNING"]
    assert told[0].exc_info is None
    shared_store.start()
    assert not shared_store.content()
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=1))
    assert client.get(PAGE).status_code == 200
    assert shared_store.content()


def test_a_store_that_was_never_up_keeps_nobody_out(new_app: MakeApp) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    client = new_app(rate_limit_storage_url=nobody).test_client()
    assert client.get(PAGE).status_code == 200
    flood(client)
