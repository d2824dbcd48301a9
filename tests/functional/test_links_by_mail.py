"""Sign-in links by e-mail: who has an account gets one, and nobody learns who has."""

import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from time_machine import travel

from config import Settings
from lti_tool import clock, create_app, worker
from lti_tool.db import Database
from lti_tool.models import SignInLink, SignInRequest
from lti_tool.services.staff import accounts, sign_in_mail
from lti_tool.tool import Tool
from lti_tool.web.http.security import SIGN_IN_BLUEPRINT, own_csrf_token
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.mail_server import Mailbox
from tests.factories.signing_in import form_token

OLENA = "Olena@school.example"


@pytest.fixture
def app(mailing_app: Flask) -> Flask:
    return mailing_app


@pytest.fixture
def olena(tool: Tool, database: Database) -> uuid.UUID:
    account_id = signing_in.account(database, clock.now())
    with database.transaction() as db:
        accounts.set_email(accounts.get(db, account_id), OLENA, tool.encryption)
    return account_id


def ask(client: FlaskClient, email: str) -> str:
    sent = {"csrf_token": form_token(client.get("/sign-in")), "email": email}
    answer = client.post("/sign-in/email", data=sent)
    assert answer.status_code == 200, answer.text
    return answer.text


@on_each_database
def test_who_has_an_account_gets_a_link_that_leads_in(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    ask(client, "olena@SCHOOL.example")
    assert worker.drain(tool) == 1
    (letter,) = box.letters
    assert letter["To"] == OLENA
    assert letter["From"] == "credlet@badges.example"
    found = re.search(r"/sign-in/links/([\w-]{43})\b", letter.get_content())
    assert found
    path = f"/sign-in/links/{found[1]}"
    sent = {"csrf_token": form_token(client.get(path))}
    assert client.post(path, data=sent).status_code == 303
    assert "Welcome, Olena Koval" in client.get("/admin").text


@pytest.mark.parametrize(
    ("own", "typed"),
    [
        ("o@classroom.example", "o@claßroom.example"),
        ("olaf.k@school.example", "olaf.K@school.example"),  # the sign for kelvin
        ("office@school.example", "oﬃce@school.example"),
    ],
)
def test_a_letter_goes_to_no_mailbox_but_the_account_s_own(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID, own: str, typed: str
) -> None:
    with tool.database.transaction() as db:
        accounts.set_email(accounts.get(db, olena), own, tool.encryption)
    ask(client, typed)
    worker.drain(tool)
    assert {letter["To"] for letter in box.letters} <= {own}
    assert set(box.recipients) <= {own}


def test_the_letter_speaks_the_language_of_the_page(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    client.set_cookie("lang", "de")
    ask(client, OLENA)
    worker.drain(tool)
    assert box.letters[0]["Subject"] == "Ihr Link zum Anmelden bei Credlet"


def test_the_answer_is_the_same_for_everybody(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    assert ask(client, OLENA) == ask(client, "nobody@school.example")
    assert worker.drain(tool) == 2
    assert [letter["To"] for letter in box.letters] == [OLENA]
    with tool.database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(SignInRequest)).all() == []


@pytest.mark.parametrize("email", ["", "x", "a@b", "a@b.example\nBcc: c@d.example", "a b@c.de"])
def test_what_is_no_address_is_refused(client: FlaskClient, box: Mailbox, email: str) -> None:
    sent = {"csrf_token": form_token(client.get("/sign-in")), "email": email}
    assert client.post("/sign-in/email", data=sent).status_code == 400


def test_an_account_that_is_off_gets_nothing(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    with tool.database.transaction() as db:
        found = accounts.get(db, olena)
        accounts.set_disabled(db, found, disabled=True, now=clock.now())
    ask(client, OLENA)
    worker.drain(tool)
    assert box.letters == []


def test_nobody_s_mailbox_is_filled(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    for _ in range(6):
        ask(client, OLENA)
    worker.drain(tool)
    assert len(box.letters) == sign_in_mail.MOST_LINKS


def test_strangers_cannot_fill_the_table(
    client: FlaskClient, tool: Tool, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_mail, "MOST_WAITING", 2)
    for number in range(4):
        ask(client, f"a{number}@school.example")
    assert worker.drain(tool) == 2


def test_a_letter_that_was_not_taken_is_sent_again_and_given_up_in_the_end(
    client: FlaskClient,
    tool: Tool,
    box: Mailbox,
    olena: uuid.UUID,
    capsys: pytest.CaptureFixture[str],
) -> None:
    box.refuses = True
    ask(client, OLENA)
    now, tries = clock.now(), 0
    for minutes in range(0, 60, 5):
        with travel(now + timedelta(minutes=minutes), tick=False):
            tries += worker.drain(tool)
    assert 2 <= tries <= sign_in_mail.ATTEMPTS
    with tool.database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(SignInRequest)).all() == []
        assert len(db.scalars(sa.select(SignInLink)).all()) <= sign_in_mail.ATTEMPTS
    logged = capsys.readouterr().err
    assert "sign_in_link.not_sent" in logged
    assert "school.example" not in logged


def test_a_letter_goes_out_when_the_server_is_back(
    client: FlaskClient, tool: Tool, box: Mailbox, olena: uuid.UUID
) -> None:
    box.refuses = True
    ask(client, OLENA)
    assert worker.drain(tool) == 1
    box.refuses = False
    with travel(clock.now() + timedelta(minutes=1), tick=False):
        assert worker.drain(tool) == 1
    assert len(box.letters) == 1


def test_one_keeps_and_forgets_the_own_address(
    app: Flask, database: Database, box: Mailbox, olena: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, olena, clock.now())
    assert OLENA in person.get("/admin/account").text
    assert person.post("/admin/account/email", email="nonsense").status_code == 400
    assert person.post("/admin/account/email", email="new@school.example").status_code == 303
    assert "new@school.example" in person.get("/admin/account").text
    assert person.post("/admin/account/email", email="").status_code == 303
    assert "school.example" not in person.get("/admin/account").text
    with travel(clock.now() + timedelta(minutes=31), tick=False):
        refused = person.code("POST", "/admin/account/email", email="x@evil.example")
        assert refused == (403, "sign_in_again")


def test_without_a_mail_server_the_page_offers_none(
    tool_settings: Settings, database: Database
) -> None:
    app = create_app(tool_settings)
    try:
        client = app.test_client()
        page = client.get("/sign-in")
        assert "Send me a link" not in page.text
        visitor = client.get_cookie("visitor")
        assert visitor is not None
        with app.test_request_context():
            token = own_csrf_token(SIGN_IN_BLUEPRINT, visitor.value)
        sent = {"csrf_token": token, "email": OLENA}
        assert client.post("/sign-in/email", data=sent).status_code == 404
    finally:
        app.extensions["credlet"].database.close()
