"""Mails about what waits go only to an address of which its account showed that it is theirs: by a
link in a mail, once, within a day, and without filling anybody's mailbox."""

import re
import uuid
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from time_machine import travel

from config import Settings
from lti_tool import clock, create_app, worker
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import AuditEntry, EmailProof
from lti_tool.services.staff import accounts, email_proofs, sign_in
from lti_tool.services.staff.accounts import Role
from lti_tool.tool import Tool
from tests.factories import handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.mail_server import Mailbox
from tests.factories.signing_in import SignedIn, form_token
from tests.factories.threads import at_one_moment

RITA, OTHER = "rita@school.example", "Other@school.example"


@pytest.fixture
def app(mailing_app: Flask) -> Flask:
    return mailing_app


@pytest.fixture
def rita(app: Flask, tool: Tool, database: Database) -> SignedIn:
    """Signed in, with an address that nobody knows to be hers."""
    now = clock.now()
    made = signing_in.account(database, now, "Rita Weiss", Role.REVIEWER, "school")
    with database.transaction() as db:
        accounts.set_email(accounts.get(db, made), RITA, tool.encryption)
    return signing_in.signed_in(app, database, made, now)


def work(tool: Tool, at: datetime | None = None) -> None:
    with travel(at or clock.now(), tick=False):
        worker.run_due(tool)
        worker.drain(tool)


def ask(rita: SignedIn, tool: Tool) -> None:
    assert rita.post("/admin/account/email/proof").status_code == 303
    work(tool)


def path_in(box: Mailbox) -> str:
    found = re.search(r"/sign-in/address/[\w-]{43}", box.letters[-1].get_content())
    assert found
    return found[0]


def press(client: FlaskClient, path: str) -> int:
    page = client.get(path)
    if page.status_code != 200:
        return page.status_code
    return client.post(path, data={"csrf_token": form_token(page)}).status_code


def is_proved(database: Database, tool: Tool, account_id: uuid.UUID) -> bool:
    with database.transaction(read_only=True) as db:
        return accounts.has_proved_email(accounts.get(db, account_id), tool.encryption)


@on_each_database
def test_nothing_is_mailed_until_the_link_of_a_mail_was_opened(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: SignedIn
) -> None:
    handing_in.hand_in(database, "school", clock.now())
    work(tool)
    assert box.letters == []
    assert "You have not shown yet that this address is yours" in rita.get("/admin").text
    ask(rita, tool)
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == (RITA, "Is this your e-mail address for Credlet?")
    assert "Rita" not in letter.get_content()
    assert "/sign-in/links/" not in letter.get_content()
    assert "A link was sent to this address" in rita.get("/admin/account").text
    path = path_in(box)
    assert client.get(path).status_code == 200
    assert not is_proved(database, tool, rita.account_id), "opening it changes nothing"
    assert client.post(path).status_code == 403
    assert press(client, path) == 200
    assert client.get("/admin").status_code == 303, "it signs nobody in"
    assert press(client, path) == 404, "it works once"
    assert "You have shown that this address is yours" in rita.get("/admin/account").text
    assert "this address is yours" not in rita.get("/admin").text
    work(tool, clock.now() + timedelta(hours=1))
    assert box.letters[-1]["Subject"] == "Something waits for you on Credlet"
    with database.transaction(read_only=True) as db:
        (act,) = db.scalars(sa.select(AuditEntry).filter_by(action="account.email_proved"))
        assert act.details == {"way": "mail"}


@on_each_database
def test_a_link_for_signing_in_that_was_mailed_shows_it_too(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: SignedIn
) -> None:
    sent = {"csrf_token": form_token(client.get("/sign-in")), "email": RITA}
    client.post("/sign-in/email", data=sent)
    work(tool)
    found = re.search(r"/sign-in/links/[\w-]+", box.letters[0].get_content())
    assert found
    assert not is_proved(database, tool, rita.account_id)
    assert press(client, found[0]) == 303
    assert is_proved(database, tool, rita.account_id)


def test_a_link_that_was_handed_over_shows_nothing(
    client: FlaskClient, tool: Tool, database: Database, rita: SignedIn
) -> None:
    with database.transaction() as db:
        _, token = sign_in.make_link(db, accounts.get(db, rita.account_id), clock.now())
    assert press(client, f"/sign-in/links/{token}") == 303
    assert not is_proved(database, tool, rita.account_id)


@on_each_database
def test_another_address_is_not_shown_and_voids_the_open_link(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: SignedIn
) -> None:
    ask(rita, tool)
    path = path_in(box)
    rita.post("/admin/account/email", email=OTHER)
    assert press(client, path) == 404
    with database.transaction() as db:
        found = accounts.get(db, rita.account_id)
        accounts.prove_email(db, found, clock.now(), by="operator", way="operator")
    rita.post("/admin/account/email", email=OTHER)
    assert is_proved(database, tool, rita.account_id), "the same as before"
    with database.transaction() as db:  # as a server of the release before changes it
        found = accounts.get(db, rita.account_id)
        found.email = tool.encryption.encrypt(RITA.encode())
    assert not is_proved(database, tool, rita.account_id)
    handing_in.hand_in(database, "school", clock.now())
    work(tool, clock.now() + timedelta(hours=1))
    assert len(box.letters) == 1, "the link, and nothing of what waits"
    rita.post("/admin/account/email", email="")
    assert "shown" not in rita.get("/admin/account").text
    assert rita.post("/admin/account/email/proof").status_code == 404


def test_it_is_open_for_a_day_and_one_at_a_time(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: SignedIn
) -> None:
    start = clock.now()
    ask(rita, tool)
    first = path_in(box)
    with travel(start + timedelta(minutes=3)):
        ask(rita, tool)
        assert press(client, first) == 404
        assert client.get(path_in(box)).status_code == 200
    with travel(start + timedelta(days=1, minutes=4)):
        assert press(client, path_in(box)) == 403
        work(tool)
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(EmailProof)).all() == []


def test_no_mailbox_is_filled(tool: Tool, database: Database, box: Mailbox, rita: SignedIn) -> None:
    """Neither one's own nor, by changing the address, those of others."""
    start = clock.now()
    ask(rita, tool)
    again = rita.post("/admin/account/email/proof")
    assert (again.status_code, "less than 2 minutes ago" in again.text) == (409, True)
    for number in range(1, 8):
        with travel(start + timedelta(minutes=3 * number)):
            rita.post("/admin/account/email", email=f"somebody{number}@school.example")
            refused = rita.post("/admin/account/email/proof")
            work(tool)
    assert refused.status_code == 409
    assert "5 times within a day" in refused.text
    assert len(box.letters) == email_proofs.MOST
    with travel(start + timedelta(days=1, minutes=1)), database.transaction() as db:
        email_proofs.ask(db, accounts.get(db, rita.account_id), "s", "{link}", clock.now())


def test_of_many_at_one_moment_one_is_sent(postgres_database: Database, tool: Tool) -> None:
    made = signing_in.account(postgres_database, clock.now(), "Rita", Role.REVIEWER, "school")
    with postgres_database.transaction() as db:
        accounts.set_email(accounts.get(db, made), RITA, tool.encryption)

    def act() -> bool:
        with postgres_database.transaction() as db:
            try:
                email_proofs.ask(db, accounts.get(db, made), "s", "{link}", clock.now())
            except Conflict:
                return False
            return True

    assert sorted(at_one_moment([act] * 4)) == [False, False, False, True]  # type: ignore[type-var]


def test_without_mail_everything_says_so(tool_settings: Settings, database: Database) -> None:
    app = create_app(tool_settings)
    tool: Tool = app.extensions["credlet"]
    now = clock.now()
    made = signing_in.account(database, now, "Rita Weiss", Role.REVIEWER, "school")
    with database.transaction() as db:
        accounts.set_email(accounts.get(db, made), RITA, tool.encryption)
    person = signing_in.signed_in(app, database, made, now)
    page = person.get("/admin/account").text
    assert "this server sends no mail by which you could show it" in page
    assert "Send me the link" not in page
    refused = person.post("/admin/account/email/proof")
    assert (refused.status_code, "This server sends no mail." in refused.text) == (404, True)
    tool.database.close()


def test_a_mail_that_cannot_be_sent_comes_later_and_no_address_is_logged(
    tool: Tool,
    box: Mailbox,
    rita: SignedIn,
    capsys: pytest.CaptureFixture[str],
) -> None:
    box.refuses = True
    ask(rita, tool)
    assert "A link is on its way" in rita.get("/admin/account").text
    box.refuses = False
    work(tool, clock.now() + timedelta(minutes=1))
    assert len(box.letters) == 1
    output = capsys.readouterr()
    assert "email_proof.not_sent" in output.out + output.err
    assert RITA not in output.out + output.err


def test_a_mail_that_is_given_up_is_said_to_have_failed(
    tool: Tool, box: Mailbox, rita: SignedIn
) -> None:
    box.refuses = True
    ask(rita, tool)
    for minutes in (1, 3, 6, 12, 20):
        work(tool, clock.now() + timedelta(minutes=minutes))
    box.refuses = False
    work(tool, clock.now() + timedelta(minutes=25))
    assert not box.letters
    assert "The link could not be sent to this address." in rita.get("/admin/account").text
