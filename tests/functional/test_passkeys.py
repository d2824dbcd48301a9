"""Passkeys: made by who is signed in, and then the only thing one needs to sign in."""

import html
import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from time_machine import travel
from werkzeug.test import TestResponse

from config import Settings
from lti_tool import clock, create_app
from lti_tool.db import Database
from lti_tool.models import AccountSession, Passkey
from lti_tool.services.staff import accounts
from tests.factories import signing_in
from tests.factories.authenticator import PRESENT, Authenticator, decoded, encoded
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn, form_token
from tests.factories.threads import at_one_moment

ORIGIN = "http://localhost:8000"


@pytest.fixture
def app(tool_settings: Settings) -> Iterator[Flask]:
    """Browsers make passkeys for names, not for numbers."""
    made = create_app(tool_settings.model_copy(update={"public_url": ORIGIN}))
    yield made
    made.extensions["credlet"].database.close()


@pytest.fixture
def olena(app: Flask, database: Database) -> SignedIn:
    now = clock.now()
    return signing_in.signed_in(app, database, signing_in.account(database, now), now)


def options_of(answer: TestResponse) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', answer.text)
    assert found, answer.text
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def make_passkey(person: SignedIn, key: Authenticator | None = None) -> Authenticator:
    key = key or Authenticator(ORIGIN)
    made = key.create(options_of(person.get("/admin/account/passkeys/new")))
    answer = person.post("/admin/account/passkeys", credential=json.dumps(made), name="Phone")
    assert (answer.status_code, answer.location) == (303, "/admin/account?done=passkey")
    return key


def try_passkey(
    client: FlaskClient, key: Authenticator, change: Callable[[dict[str, Any]], None] | None = None
) -> TestResponse:
    page = client.get("/sign-in")
    proof = key.get(options_of(page))
    if change is not None:
        change(proof)
    return send(client, form_token(page), proof)


def send(client: FlaskClient, token: str, proof: object) -> TestResponse:
    data = {"csrf_token": token, "credential": json.dumps(proof)}
    return client.post("/sign-in/passkey", data=data, headers={"Accept": "application/json"})


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.json["code"]) if answer.json else ""


@on_each_database
def test_a_passkey_alone_signs_in(app: Flask, olena: SignedIn) -> None:
    key = make_passkey(olena)
    client = app.test_client()
    answer = try_passkey(client, key)
    assert (answer.status_code, answer.location) == (303, "/admin")
    assert "Welcome, Olena Koval" in client.get("/admin").text
    page = client.get("/admin/account").text
    assert "Phone" in page
    assert "last used" in page


def test_a_browser_is_asked_for_what_the_passkey_must_be(olena: SignedIn) -> None:
    asked = options_of(olena.get("/admin/account/passkeys/new"))
    wanted = asked["authenticatorSelection"]
    assert (wanted["residentKey"], wanted["userVerification"]) == ("required", "required")
    assert asked["rp"]["id"] == "localhost"
    assert decoded(asked["user"]["id"]) == olena.account_id.bytes
    key = make_passkey(olena)
    again = options_of(olena.get("/admin/account/passkeys/new"))
    assert [one["id"] for one in again["excludeCredentials"]] == [encoded(key.id)]
    anybody = options_of(olena.app.test_client().get("/sign-in"))
    assert (anybody["allowCredentials"], anybody["userVerification"]) == ([], "required")


@pytest.mark.parametrize(
    "flaw",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8001"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
    ],
)
def test_a_flawed_passkey_is_neither_made_nor_used(
    app: Flask, olena: SignedIn, flaw: dict[str, Any]
) -> None:
    flawed = Authenticator(**{"origin": ORIGIN, **flaw})
    made = flawed.create(options_of(olena.get("/admin/account/passkeys/new")))
    refused = olena.code("POST", "/admin/account/passkeys", credential=json.dumps(made))
    assert refused == (403, "passkey_refused")
    good = make_passkey(olena)
    for name, value in flaw.items():
        setattr(good, name, value)
    assert code(try_passkey(app.test_client(), good)) == (403, "passkey_refused")


def test_a_proof_works_once_and_in_its_own_browser(app: Flask, olena: SignedIn) -> None:
    key = make_passkey(olena)
    mine, other = app.test_client(), app.test_client()
    page = mine.get("/sign-in")
    proof = key.get(options_of(page))
    foreign = send(other, form_token(other.get("/sign-in")), proof)
    assert code(foreign) == (403, "passkey_refused")
    visitor = mine.get_cookie("visitor")
    assert visitor is not None
    assert send(mine, form_token(page), proof).status_code == 303
    mine.set_cookie("visitor", visitor.value)
    assert code(send(mine, form_token(page), proof)) == (403, "passkey_refused")


@on_each_database
def test_of_many_that_replay_one_proof_one_gets_in(
    app: Flask, database: Database, olena: SignedIn
) -> None:
    key = make_passkey(olena)
    first = app.test_client()
    page = first.get("/sign-in")
    proof, token, visitor = key.get(options_of(page)), form_token(page), first.get_cookie("visitor")
    assert visitor is not None

    def replay() -> int:
        client = app.test_client()
        client.set_cookie("visitor", visitor.value)
        return send(client, token, proof).status_code

    answers = at_one_moment([replay] * 10)
    assert sorted(map(str, answers)) == ["303"] + ["403"] * 9
    with database.transaction(read_only=True) as db:
        assert db.scalar(sa.select(sa.func.count(AccountSession.id))) == 2  # with the first


def test_a_page_that_was_open_too_long_is_opened_again(app: Flask, olena: SignedIn) -> None:
    key, client = make_passkey(olena), app.test_client()
    page = client.get("/sign-in")
    proof = key.get(options_of(page))
    with travel(clock.now() + timedelta(minutes=16), tick=False):
        assert code(send(client, form_token(page), proof)) == (403, "passkey_expired")


def test_a_copied_passkey_is_noticed_by_its_counter(app: Flask, olena: SignedIn) -> None:
    key = make_passkey(olena)
    key.count = 5
    assert try_passkey(app.test_client(), key).status_code == 303
    for count in (5, 4, 0):
        key.count = count
        assert code(try_passkey(app.test_client(), key)) == (403, "passkey_refused")
    key.count = 4_294_967_295
    assert try_passkey(app.test_client(), key).status_code == 303


def test_a_passkey_says_whose_it_is_and_nobody_else(
    app: Flask, database: Database, olena: SignedIn
) -> None:
    key = make_passkey(olena)
    other = signing_in.account(database, clock.now(), "Other")
    key.user = other.bytes
    assert code(try_passkey(app.test_client(), key)) == (403, "passkey_refused")


def test_a_passkey_of_another_cannot_be_added_to_one_s_account(
    app: Flask, database: Database, olena: SignedIn
) -> None:
    key = make_passkey(olena)
    now = clock.now()
    other = signing_in.signed_in(app, database, signing_in.account(database, now, "Mallory"), now)
    made = key.create(options_of(other.get("/admin/account/passkeys/new")))
    refused = other.code("POST", "/admin/account/passkeys", credential=json.dumps(made))
    assert refused == (409, "passkey_known")


def test_the_passkey_of_an_account_that_is_off_opens_nothing(
    app: Flask, database: Database, olena: SignedIn
) -> None:
    key = make_passkey(olena)
    with database.transaction() as db:
        found = accounts.get(db, olena.account_id)
        accounts.set_disabled(db, found, disabled=True, now=clock.now())
    assert code(try_passkey(app.test_client(), key)) == (403, "account_disabled")


@on_each_database
def test_a_removed_passkey_opens_nothing(app: Flask, database: Database, olena: SignedIn) -> None:
    key = make_passkey(olena)
    with database.transaction(read_only=True) as db:
        passkey = db.scalars(sa.select(Passkey.id)).one()
    asked = olena.get(f"/admin/account/passkeys/{passkey}/remove").text
    assert "It is your only one." in asked
    assert "Phone" in asked
    assert olena.post(f"/admin/account/passkeys/{passkey}/remove").status_code == 303
    assert code(try_passkey(app.test_client(), key)) == (403, "passkey_unknown")
    assert "None yet" in olena.get("/admin/account").text


def test_nobody_removes_another_s_passkey(app: Flask, database: Database, olena: SignedIn) -> None:
    make_passkey(olena)
    now = clock.now()
    other = signing_in.signed_in(app, database, signing_in.account(database, now, "Mallory"), now)
    with database.transaction(read_only=True) as db:
        passkey = db.scalars(sa.select(Passkey.id)).one()
    for named in (passkey, uuid.uuid4()):
        for method in ("GET", "POST"):
            path = f"/admin/account/passkeys/{named}/remove"
            assert other.code(method, path) == (404, "passkey_not_here")
    assert "Phone" in olena.get("/admin/account").text


def test_what_cannot_be_undone_asks_to_sign_in_again(
    app: Flask, database: Database, olena: SignedIn
) -> None:
    make_passkey(olena)
    with database.transaction(read_only=True) as db:
        passkey = db.scalars(sa.select(Passkey.id)).one()
    path = f"/admin/account/passkeys/{passkey}/remove"
    with travel(clock.now() + timedelta(minutes=31), tick=False):
        asked = olena.get(path)
        assert asked.location == f"/sign-in?next={path}&why=sign_in_again"
        page = olena.get(asked.location)
        assert "Sign in once more to go on." in page.text
        assert f'value="{path}"' in page.text
        assert olena.code("POST", path) == (403, "sign_in_again")


@pytest.mark.parametrize(
    "sent",
    ["", "{}", "[]", "null", "1", '"x"', "{" * 5000, '{"id": 1, "rawId": 2}', "😀"],
)
def test_anything_that_is_no_proof_is_refused(app: Flask, olena: SignedIn, sent: str) -> None:
    refused = olena.code("POST", "/admin/account/passkeys", credential=sent)
    assert refused == (403, "passkey_refused")
    client = app.test_client()
    token = form_token(client.get("/sign-in"))
    data = {"csrf_token": token, "credential": sent}
    answer = client.post("/sign-in/passkey", data=data, headers={"Accept": "application/json"})
    assert code(answer) == (403, "passkey_refused")


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AAAA", "!", None, 7, [], "A" * 5000])
def test_a_proof_with_a_broken_part_is_refused(
    app: Flask, olena: SignedIn, part: str, value: object
) -> None:
    key = make_passkey(olena)

    def break_it(proof: dict[str, Any]) -> None:
        proof["response"][part] = value

    assert code(try_passkey(app.test_client(), key, break_it)) == (403, "passkey_refused")


def test_an_address_without_a_name_offers_links_only(
    tool_settings: Settings, database: Database
) -> None:
    app = create_app(tool_settings.model_copy(update={"public_url": "http://127.0.0.1:8000"}))
    try:
        assert "data-options" not in app.test_client().get("/sign-in").text
        now = clock.now()
        person = signing_in.signed_in(app, database, signing_in.account(database, now), now)
        assert "only for servers that have a name" in person.get("/admin/account/passkeys/new").text
    finally:
        app.extensions["credlet"].database.close()
