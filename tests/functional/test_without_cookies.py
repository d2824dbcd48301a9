"""Launches of browsers that keep no cookie, and what others may try with them, over HTTP."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Settings
from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.models import LaunchSession, Person, UnconfirmedLaunch
from lti_tool.services.launching.launches import BEARER_LIFETIME
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code, sessions_of
from tests.factories.threads import at_one_moment

INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"


@pytest.fixture
def visitor(visitor: Visitor, app: Flask) -> Visitor:
    return _without_cookies(visitor, app)


@pytest.fixture
def other(visitor: Visitor, app: Flask) -> Visitor:
    """Another browser."""
    return _without_cookies(visitor, app)


def _without_cookies(visitor: Visitor, app: Flask) -> Visitor:
    return replace(visitor, client=app.test_client(use_cookies=False))


def _arrive(visitor: Visitor) -> tuple[str, str]:
    """Return the address and the bearer of a new launch session."""
    begun = visitor.launch_unconfirmed()
    answer = visitor.confirm(begun.state, begun.proof)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return answer.json["launch"], answer.json["bearer"]


def _open(client: FlaskClient, address: str, bearer: str) -> TestResponse:
    return client.get(address, headers={"Authorization": f"Bearer {bearer}"})


@on_each_database
def test_a_proof_opens_a_session_whose_bearer_opens_its_pages(
    visitor: Visitor, database: Database
) -> None:
    begun = visitor.launch_unconfirmed(name="Ana Alves")
    with database.transaction(read_only=True) as db:
        assert db.query(Person).count() == 0  # nothing of the launch has taken effect
    answer = visitor.confirm(begun.state, begun.proof)
    assert answer.json is not None
    assert answer.headers["Cache-Control"] == "no-store"
    page = _open(visitor.client, answer.json["launch"], answer.json["bearer"])
    assert page.status_code == 200
    with database.transaction(read_only=True) as db:
        assert db.query(Person).one().name == "Ana Alves"
        assert db.query(UnconfirmedLaunch).count() == 0


@pytest.mark.parametrize("locale", ["de-AT", "en"])
def test_the_first_page_comes_with_the_bearer(visitor: Visitor, locale: str) -> None:
    begun = visitor.launch_unconfirmed(launch_presentation={"locale": locale})
    answer = visitor.confirm(begun.state, begun.proof).get_json()
    page = _open(visitor.client, answer["address"], answer["bearer"])
    assert f'<html lang="{locale[:2]}"' in page.text
    assert answer["page"] == page.text
    teaching = visitor.launch_unconfirmed(roles=[INSTRUCTOR])
    answer = visitor.confirm(teaching.state, teaching.proof).get_json()
    assert answer["page"] is None
    assert answer["address"].startswith(answer["launch"])
    assert _open(visitor.client, answer["address"], answer["bearer"]).status_code == 200


def test_a_launch_alone_opens_no_session(
    visitor: Visitor, other: Visitor, database: Database
) -> None:
    begun = visitor.begin_in_frame()
    answer = other.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert begun.proof not in answer.text
    assert sessions_of(database) == 0


@pytest.mark.parametrize("proof", ["", "guess", "x" * 5000])
def test_a_browser_without_the_proof_is_refused(
    visitor: Visitor, other: Visitor, database: Database, proof: str
) -> None:
    begun = visitor.launch_unconfirmed()
    assert refusal_code(other.confirm(begun.state, proof)) == "browser_unknown"
    # One attempt: a guess spoils the launch, and nobody gets a second one.
    assert refusal_code(visitor.confirm(begun.state, begun.proof)) == "state_unknown"
    assert sessions_of(database) == 0


def test_the_proof_of_another_login_is_refused(
    visitor: Visitor, other: Visitor, database: Database
) -> None:
    victim, own = visitor.launch_unconfirmed(), other.launch_unconfirmed()
    assert refusal_code(other.confirm(victim.state, own.proof)) == "browser_unknown"
    assert other.confirm(own.state, own.proof).status_code == 200
    assert sessions_of(database) == 1


def test_a_proof_is_worth_one_session(visitor: Visitor, database: Database) -> None:
    begun = visitor.launch_unconfirmed()
    assert visitor.confirm(begun.state, begun.proof).status_code == 200
    assert refusal_code(visitor.confirm(begun.state, begun.proof)) == "state_unknown"
    assert sessions_of(database) == 1


def test_a_proof_before_the_launch_is_worth_nothing(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin_in_frame()
    assert refusal_code(visitor.confirm(begun.state, begun.proof)) == "state_unknown"
    assert sessions_of(database) == 0


def test_a_proof_comes_within_two_minutes(visitor: Visitor, database: Database) -> None:
    begun = visitor.launch_unconfirmed()
    with time_machine.travel(clock.now() + timedelta(minutes=2, seconds=1)):
        assert refusal_code(visitor.confirm(begun.state, begun.proof)) == "state_expired"
    assert sessions_of(database) == 0


def test_a_proof_counts_at_its_own_registration_only(visitor: Visitor, database: Database) -> None:
    begun = visitor.launch_unconfirmed()
    elsewhere = replace(visitor, registration_id=uuid.uuid4())
    assert refusal_code(elsewhere.confirm(begun.state, begun.proof)) == "registration_unknown"
    second = visitor.platform.register(database, clock.now(), slug="second", client_id="another")
    elsewhere = replace(visitor, registration_id=second)
    assert refusal_code(elsewhere.confirm(begun.state, begun.proof)) == "state_foreign"
    assert sessions_of(database) == 0


@on_each_database
def test_of_twenty_confirmations_at_once_one_succeeds(
    visitor: Visitor, app: Flask, database: Database
) -> None:
    begun = visitor.launch_unconfirmed()

    def confirm() -> int:
        return _without_cookies(visitor, app).confirm(begun.state, begun.proof).status_code

    assert sorted(at_one_moment([confirm] * 20)) == [200] + [400] * 19
    assert sessions_of(database) == 1


def test_a_launch_that_nobody_confirms_is_forgotten(
    visitor: Visitor, app: Flask, database: Database
) -> None:
    visitor.launch_unconfirmed()
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        visitor.launch_unconfirmed()
        worker.forget_secrets(app.extensions["credlet"])
    with database.transaction(read_only=True) as db:
        assert db.query(UnconfirmedLaunch).count() == 1


def test_a_refused_token_is_not_kept_for_a_proof(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin_in_frame()
    forged = visitor.platform.sign(visitor.payload(begun, nonce="another"))
    assert refusal_code(visitor.send(begun, forged)) == "nonce_mismatch"
    assert refusal_code(visitor.confirm(begun.state, begun.proof)) == "state_unknown"


def test_the_bearer_of_one_launch_opens_no_other(visitor: Visitor, other: Visitor) -> None:
    (first, own), (second, foreign) = _arrive(visitor), _arrive(other)
    assert refusal_code(_open(visitor.client, second, own)) == "session_missing"
    assert refusal_code(_open(visitor.client, first, foreign)) == "session_missing"


@pytest.mark.parametrize("place", ["query", "form", "cookie of another name", "basic"])
def test_a_bearer_counts_in_its_header_only(visitor: Visitor, place: str) -> None:
    address, bearer = _arrive(visitor)
    told = {
        "query": {"query_string": {"bearer": bearer, "access_token": bearer, "launch": bearer}},
        "form": {"data": {"bearer": bearer, "access_token": bearer}},
        "cookie of another name": {"headers": {"Cookie": f"bearer={bearer}"}},
        "basic": {"headers": {"Authorization": f"Basic {bearer}"}},
    }
    assert refusal_code(visitor.client.get(address, **told[place])) == "session_missing"


def test_a_bearer_alone_sends_no_form(visitor: Visitor) -> None:
    address, bearer = _arrive(visitor)
    headers = {"Authorization": f"Bearer {bearer}"}
    answer = visitor.client.post(f"{address}participation", headers=headers)
    assert refusal_code(answer) == "form_token"


def test_a_bearer_lives_while_it_is_used_and_no_longer_than_its_session(
    visitor: Visitor, tool_settings: Settings
) -> None:
    address, bearer = _arrive(visitor)
    begun, step = clock.now(), BEARER_LIFETIME * 0.9
    for used in range(1, 4):
        with time_machine.travel(begun + used * step):
            assert _open(visitor.client, address, bearer).status_code == 200, used
    with time_machine.travel(begun + 3 * step + BEARER_LIFETIME + timedelta(seconds=1)):
        assert refusal_code(_open(visitor.client, address, bearer)) == "session_expired"


def test_a_bearer_ends_with_its_session(
    visitor: Visitor, database: Database, tool_settings: Settings
) -> None:
    address, bearer = _arrive(visitor)
    begun = clock.now()
    hours = tool_settings.launch_session_hours
    for passed in range(hours):
        with time_machine.travel(begun + timedelta(hours=passed)):
            assert _open(visitor.client, address, bearer).status_code == 200
    with time_machine.travel(begun + timedelta(hours=hours, seconds=1)):
        assert refusal_code(_open(visitor.client, address, bearer)) == "session_expired"


def test_secrets_are_stored_as_digests_and_stand_in_no_log_and_no_address(
    visitor: Visitor, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    begun = visitor.begin_in_frame()
    id_token = visitor.platform.sign(visitor.payload(begun, email="ana@example.org"))
    waiting = visitor.send(begun, id_token)
    assert begun.proof not in waiting.text
    with database.transaction(read_only=True) as db:
        kept = db.query(UnconfirmedLaunch).one()
        assert b"ana@" not in kept.payload
        assert begun.proof not in repr(vars(kept))
        assert begun.state not in repr(vars(kept))
    answer = visitor.confirm(begun.state, begun.proof)
    assert answer.json is not None
    bearer = answer.json["bearer"]
    page = _open(visitor.client, answer.json["launch"], bearer)
    with database.transaction(read_only=True) as db:
        assert bearer not in repr(vars(db.query(LaunchSession).one()))
    assert bearer not in page.text
    assert bearer not in answer.json["launch"]
    written = "".join(capfd.readouterr())
    assert "launch_confirmed" in written
    for secret in (bearer, begun.proof, begun.state, id_token, "ana@example.org"):
        assert secret not in written


def test_the_mark_of_an_earlier_login_brings_the_plain_redirect(
    visitor: Visitor, app: Flask
) -> None:
    """As in a frame whose partitioned cookies are kept; a window of its own needs no mark."""
    keeping = replace(visitor, client=app.test_client())
    assert keeping.login(dest="iframe").status_code == 200
    assert keeping.login(dest="iframe").status_code == 302
    assert visitor.login(dest="iframe").status_code == 200
    assert visitor.login(dest="document").status_code == 302


def test_a_first_login_in_a_frame_that_keeps_cookies_needs_no_script(
    visitor: Visitor, app: Flask
) -> None:
    keeping = replace(visitor, client=app.test_client())
    begun = keeping.begin_in_frame()
    assert f'content="0; url={begun.response.text.split("url=")[1].split(chr(34))[0]}"' in (
        begun.response.text
    )
    answer = keeping.send(begun, keeping.platform.sign(keeping.payload(begun)))
    assert answer.status_code == 303
    assert keeping.client.get(answer.location).status_code == 200


def test_cookies_are_secure_and_partitioned_and_scripts_read_only_the_mark(
    visitor: Visitor,
) -> None:
    answer = visitor.login(dest="iframe")
    cookies = answer.headers.getlist("Set-Cookie")
    assert sorted(re.split("[_=]", one)[0] for one in cookies) == ["kept", "login"]
    for cookie in cookies:
        parts = set(cookie.split("; "))
        assert {"Secure", "SameSite=None", "Partitioned", "Path=/lti"} <= parts
        assert ("HttpOnly" in parts) is cookie.startswith("login_")


def test_an_address_without_a_bearer_answers_a_page_that_looks_for_it(visitor: Visitor) -> None:
    address, _ = _arrive(visitor)
    page = visitor.client.get(f"{address}data")
    assert refusal_code(page) == "session_missing"
    assert f'data-launch="{address}"' in page.text
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"]
    refused = visitor.client.get(f"{address}data", headers={"Authorization": "Bearer x"})
    assert refusal_code(refused) == "session_missing"
