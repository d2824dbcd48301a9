"""One mail a day at most tells somebody with an account that something new waits for them."""

import re
import socketserver
import threading
import uuid
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from time_machine import travel

from config import Settings
from lti_tool import clock, create_app, worker
from lti_tool.db import Database
from lti_tool.models import Account, AccountDigest, AuditEntry, StackCheck
from lti_tool.services.notices import digests
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role
from lti_tool.tool import Tool
from tests.factories import handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.mail_server import Mailbox
from tests.factories.signing_in import form_token
from tests.factories.visits import Visits
from tests.factories.workers import kill, worker_process

RITA = "rita@school.example"
DAY = timedelta(days=1, minutes=1)


@pytest.fixture
def app(mailing_app: Flask) -> Flask:
    return mailing_app


@pytest.fixture
def rita(tool: Tool, database: Database) -> uuid.UUID:
    made = signing_in.account(database, clock.now(), "Rita Weiss", Role.REVIEWER, "school")
    with database.transaction() as db:
        give_address(db, tool, made, RITA)
    return made


def give_address(db: Session, tool: Tool, account_id: uuid.UUID, address: str) -> None:
    """Let an account have an address, and have shown that it is theirs."""
    account = accounts.get(db, account_id)
    accounts.set_email(account, address, tool.encryption)
    if address:
        accounts.prove_email(db, account, clock.now(), by="operator", way="operator")


def work(tool: Tool, at: datetime | None = None) -> None:
    """Let the worker do all that is due, as it does by itself."""
    with travel(at or clock.now(), tick=False):
        worker.run_due(tool)
        worker.drain(tool)


def off_path(box: Mailbox) -> str:
    found = re.search(r"/sign-in/digest/[\w-]+", box.letters[-1].get_content())
    assert found
    return found[0]


@on_each_database
def test_a_mail_says_what_kind_how_many_and_of_which_definition(
    tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    work(tool)
    assert box.letters == []
    handing_in.hand_in(database, "school", clock.now())
    work(tool, clock.now() + timedelta(hours=1))
    (letter,) = box.letters
    assert letter["To"] == RITA
    assert letter["Subject"] == "Something waits for you on Credlet"
    text = letter.get_content()
    assert "- 1 definition to review: “" in text
    assert f"{tool.settings.public_url}/admin" in text.split()
    assert "Rita" not in text
    assert not re.search(r"/sign-in/links/", text)


@on_each_database
def test_it_comes_once_a_day_at_most_and_only_when_something_is_new(
    tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    start = clock.now()
    handing_in.hand_in(database, "school", start)
    for minutes in range(0, 300, 20):
        work(tool, start + timedelta(minutes=minutes))
    assert len(box.letters) == 1
    handing_in.hand_in(database, "school", start, code="PV-2")
    work(tool, start + timedelta(hours=20))
    assert len(box.letters) == 1
    work(tool, start + DAY)
    assert len(box.letters) == 2
    assert "- 2 definitions to review" in box.letters[1].get_content()
    for days in range(2, 6):
        work(tool, start + days * DAY)
    assert len(box.letters) == 2


def test_it_speaks_the_language_of_the_account(
    tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    with database.transaction() as db:
        accounts.get(db, rita).locale = "de-AT"
    handing_in.hand_in(database, "school", clock.now())
    work(tool)
    assert box.letters[0]["Subject"] == "Auf Credlet wartet etwas auf Sie"
    assert "- 1 Definition zu prüfen" in box.letters[0].get_content()


def test_who_is_off_has_no_address_or_reviews_elsewhere_gets_nothing(
    tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    handing_in.hand_in(database, "school", clock.now())
    now = clock.now()
    other = signing_in.account(database, now, "Otto", Role.REVIEWER, "elsewhere")
    signing_in.account(database, now, "Nora", Role.REVIEWER, "school")
    with database.transaction() as db:
        give_address(db, tool, other, "otto@school.example")
        accounts.set_disabled(db, accounts.get(db, rita), disabled=True, now=now)
    work(tool)
    work(tool, now + DAY)
    assert box.letters == []


@on_each_database
def test_the_link_of_the_mail_switches_it_off_by_a_button_without_signing_in(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    handing_in.hand_in(database, "school", clock.now())
    work(tool)
    path = off_path(box)
    page = client.get(path)
    assert "Get no more mails" in page.text
    assert "Rita" not in page.text
    with database.transaction(read_only=True) as db:
        assert accounts.get(db, rita).wants_digest, "looking at the link changes nothing"
    assert client.post(path).status_code == 403
    done = client.post(path, data={"csrf_token": form_token(page)})
    assert "No more mails" in client.get(done.location).text
    assert client.get("/admin").status_code == 303, "the link signs nobody in"
    handing_in.hand_in(database, "school", clock.now(), code="PV-2")
    work(tool, clock.now() + DAY)
    assert len(box.letters) == 1


def test_a_link_that_was_altered_does_nothing(
    client: FlaskClient, tool: Tool, database: Database, rita: uuid.UUID
) -> None:
    other = signing_in.account(database, clock.now(), "Otto")
    with database.transaction() as db:
        otto = accounts.get(db, other)
        accounts.set_email(otto, "otto@school.example", tool.encryption)
        key = tool.settings.secret_key
        token = digests.off_token(accounts.get(db, rita), tool.encryption, key)
        foreign = digests.off_token(otto, tool.encryption, "x" * 32)
    for wrong in (token[:-2], f"{token}AA", foreign, "ä", "A" * 43, foreign[:22] + token[22:]):
        assert client.get(f"/sign-in/digest/{wrong}").status_code == 404, wrong
    with database.transaction(read_only=True) as db:
        assert all(one.wants_digest for one in db.scalars(sa.select(Account)))


def test_the_link_is_worth_nothing_once_the_address_is_another(
    client: FlaskClient, tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    handing_in.hand_in(database, "school", clock.now())
    work(tool)
    path = off_path(box)
    assert client.get(path).status_code == 200
    for address, status in (("new@school.example", 404), (RITA, 200), ("", 404)):
        with database.transaction() as db:
            accounts.set_email(accounts.get(db, rita), address, tool.encryption)
        assert client.get(path).status_code == status, address
    with database.transaction() as db:
        accounts.get(db, rita).email = b"under no key that is known"
    assert client.get(path).status_code == 404


def colleague(tool: Tool, database: Database, name: str) -> uuid.UUID:
    made = signing_in.account(database, clock.now(), name, Role.REVIEWER, "school")
    with database.transaction() as db:
        give_address(db, tool, made, f"{name.lower()}@school.example")
    return made


def test_an_address_that_cannot_be_read_keeps_nobody_else_from_anything(
    tool: Tool,
    database: Database,
    box: Mailbox,
    rita: uuid.UUID,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = clock.now()
    handing_in.hand_in(database, "school", start)
    colleague(tool, database, "Otto")
    with database.transaction() as db:
        accounts.get(db, rita).email = b"under no key that is known"
        digests.add_missing(db, start)
        db.get_one(AccountDigest, rita).due_at = start - timedelta(hours=1)
    work(tool, start)
    assert [letter["To"] for letter in box.letters] == ["otto@school.example"]
    assert "digest_failed" in capsys.readouterr().err
    with database.transaction() as db:
        give_address(db, tool, rita, RITA)
    work(tool, start + timedelta(minutes=11))
    assert [letter["To"] for letter in box.letters] == ["otto@school.example", RITA]


@on_each_database
def test_a_mail_server_that_is_away_is_asked_once_for_all(
    mailing: Settings, database: Database, rita: uuid.UUID
) -> None:
    start, asked = clock.now(), []

    class Away(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.client_address)  # and hang up

    with socketserver.TCPServer(("127.0.0.1", 0), Away) as server:
        url = f"smtp://127.0.0.1:{server.server_address[1]}"
        app = create_app(mailing.model_copy(update={"smtp_url": url}))
        tool: Tool = app.extensions["credlet"]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            handing_in.hand_in(database, "school", start)
            for name in ("Otto", "Nora"):
                colleague(tool, database, name)
            work(tool, start)
            assert len(asked) == 1
            work(tool, start + timedelta(minutes=31))
            assert len(asked) == 2
        finally:
            server.shutdown()
            tool.database.close()


def test_mails_come_after_all_that_awards_wait_for(
    app: Flask, tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    start = clock.now()
    handing_in.hand_in(database, "school", start)
    visits = Visits.at(app, database, start - timedelta(hours=1))
    learner = visits.open("ana")
    with database.transaction() as db:
        version = visits.school.version(db, visits.mc.code)
        db.add(StackCheck(person_id=learner.person_id, version_id=version.id, due_at=start))
    waiting: list[int] = []

    def look(_moment: str) -> None:
        with database.transaction(read_only=True) as db:
            waiting.append(len(db.scalars(sa.select(StackCheck)).all()))

    box.hook = look
    work(tool, start)
    assert waiting
    assert not any(waiting)


def test_one_switches_it_on_the_own_page(
    app: Flask, tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, rita, clock.now())
    assert "a mail tells you" in person.get("/admin/account").text
    assert person.post("/admin/account/digest", wanted="0").status_code == 303
    assert "No mail tells you" in person.get("/admin/account").text
    handing_in.hand_in(database, "school", clock.now())
    work(tool)
    assert box.letters == []
    person.post("/admin/account/digest", wanted="1")
    work(tool, clock.now() + timedelta(hours=1))
    assert len(box.letters) == 1
    with database.transaction(read_only=True) as db:
        acts = set(db.scalars(sa.select(AuditEntry.action)))
        (sent,) = db.scalars(sa.select(AuditEntry).filter_by(action="account.digest_sent"))
    assert {"account.digest_off", "account.digest_on"} <= acts
    assert sent.details == {"reviews": "1"}


def test_a_refused_mail_is_tried_again_and_no_log_has_the_address(
    tool: Tool,
    database: Database,
    box: Mailbox,
    rita: uuid.UUID,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = clock.now()
    handing_in.hand_in(database, "school", start)
    box.refuses = True
    work(tool, start)
    box.refuses = False
    work(tool, start + timedelta(minutes=31))
    work(tool, start + timedelta(minutes=90))
    assert len(box.letters) == 1
    logged = capsys.readouterr().err
    assert "digest_not_sent" in logged
    assert "school.example" not in logged


KILLED = {"EHLO": (0, 1, 1), "DATA": (0, 0, 1), "taken": (1, 1, 2)}
"""When the worker is killed -> how many letters there are then, an hour later, and a day later."""


@on_each_database
@pytest.mark.parametrize("moment", KILLED)
def test_a_worker_that_is_killed_sends_nothing_twice_on_a_day_and_loses_nothing(
    mailing: Settings, tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID, moment: str
) -> None:
    start, running = clock.now(), [0]
    handing_in.hand_in(database, "school", start)
    with database.transaction() as db:
        digests.add_missing(db, start)

    def strike(now: str) -> None:
        if now == moment:
            box.hook = lambda _: None
            kill(running[0])

    box.hook = strike
    with worker_process(mailing) as pid:
        running[0] = pid
    first, soon, next_day = KILLED[moment]
    assert len(box.letters) == first
    work(tool, clock.now() + timedelta(hours=1))
    assert len(box.letters) == soon
    work(tool, start + 2 * DAY)
    work(tool, start + 3 * DAY)
    assert len(box.letters) == next_day


def test_without_a_mail_server_nothing_is_kept_and_nothing_is_promised(
    tool_settings: Settings, database: Database, rita: uuid.UUID
) -> None:
    app = create_app(tool_settings)
    try:
        person = signing_in.signed_in(app, database, rita, clock.now())
        page = person.get("/admin/account").text
        assert "This server sends no mail." in page
        assert "mail tells you" not in page
        work(app.extensions["credlet"])
        with database.transaction(read_only=True) as db:
            assert db.scalars(sa.select(AccountDigest)).all() == []
    finally:
        app.extensions["credlet"].database.close()


def test_two_workers_send_one_mail(
    tool: Tool, database: Database, box: Mailbox, rita: uuid.UUID
) -> None:
    handing_in.hand_in(database, "school", clock.now())
    worker.run_due(tool)
    seen = []

    def second(moment: str) -> None:
        if moment == "DATA" and not seen:
            seen.append(moment)
            worker.drain(tool)

    box.hook = second
    worker.drain(tool)
    assert seen
    assert len(box.letters) == 1
