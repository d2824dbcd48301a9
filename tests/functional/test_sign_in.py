"""People without an LMS sign in by a one-time link, and stay signed in for a while."""

import re
import uuid
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from time_machine import travel

from config import Settings
from lti_tool import clock, create_app
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.models import Account, AccountSession, AuditEntry, SignInLink
from lti_tool.services.staff import accounts, sign_in
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import form_token
from tests.factories.threads import at_one_moment


def open_link(client: FlaskClient, token: str) -> str:
    answer = client.get(f"/sign-in/links/{token}")
    assert answer.status_code == 200, answer.text
    return form_token(answer)


def come_in(client: FlaskClient, token: str) -> None:
    answer = client.post(f"/sign-in/links/{token}", data={"csrf_token": open_link(client, token)})
    assert (answer.status_code, answer.location) == (303, "/admin")


@pytest.fixture
def operator(database: Database) -> uuid.UUID:
    return signing_in.account(database, clock.now())


@pytest.fixture
def link(database: Database, operator: uuid.UUID) -> str:
    return signing_in.link(database, operator, clock.now())


@on_each_database
def test_a_link_leads_in_and_out_again(client: FlaskClient, link: str) -> None:
    come_in(client, link)
    home = client.get("/admin")
    assert "Welcome, Olena Koval" in home.text
    assert home.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in home.headers["Content-Security-Policy"]
    left = client.post("/admin/account/sign-out", data={"csrf_token": form_token(home)})
    assert left.location == "/sign-in?why=left"
    assert "You are signed out." in client.get(left.location).text
    assert client.get("/admin").location == "/sign-in?next=/admin&why=signed_out"


def test_looking_at_a_link_does_not_use_it_up(app: Flask, client: FlaskClient, link: str) -> None:
    for _ in range(3):
        assert app.test_client().get(f"/sign-in/links/{link}").status_code == 200
        assert app.test_client().head(f"/sign-in/links/{link}").status_code == 200
    come_in(client, link)
    again = app.test_client().get(f"/sign-in/links/{link}")
    assert (again.status_code, "was used before" in again.text) == (403, True)


@on_each_database
def test_of_twenty_at_one_moment_one_gets_in(app: Flask, database: Database, link: str) -> None:
    clients = [app.test_client() for _ in range(20)]
    tokens = [open_link(client, link) for client in clients]

    def send(client: FlaskClient, token: str) -> int:
        path = f"/sign-in/links/{link}"
        return client.post(path, data={"csrf_token": token}).status_code

    answers = at_one_moment(
        [lambda c=c, t=t: send(c, t) for c, t in zip(clients, tokens, strict=True)]  # type: ignore[misc]
    )
    assert sorted(map(int, map(str, answers))) == [303] + [403] * 19
    with database.transaction(read_only=True) as db:
        assert db.scalar(sa.select(sa.func.count(AccountSession.id))) == 1


def test_a_link_is_too_old_after_an_hour(client: FlaskClient, link: str) -> None:
    token = open_link(client, link)
    with travel(clock.now() + timedelta(minutes=61), tick=False):
        answer = client.post(f"/sign-in/links/{link}", data={"csrf_token": token})
        assert (answer.status_code, "too old" in answer.text) == (403, True)


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "ä" * 2000])
def test_a_link_that_never_was_is_refused(client: FlaskClient, token: str) -> None:
    assert client.get(f"/sign-in/links/{token}").status_code in {400, 404}


def test_links_and_sessions_are_kept_as_digests_only(
    database: Database, client: FlaskClient, link: str
) -> None:
    come_in(client, link)
    cookie = client.get_cookie("account")
    assert cookie is not None
    with database.transaction(read_only=True) as db:
        kept = repr(db.execute(sa.select(SignInLink.__table__)).all())
        kept += repr(db.execute(sa.select(AccountSession.__table__)).all())
        kept += repr(db.execute(sa.select(AuditEntry.__table__)).all())
    assert link not in kept
    assert cookie.value not in kept


def test_no_secret_of_signing_in_is_logged(
    client: FlaskClient, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    come_in(client, link)
    client.get(f"/sign-in/links/{link}")
    cookie = client.get_cookie("account")
    assert cookie is not None
    logged = capsys.readouterr().err
    assert "signed_in" in logged
    for secret in (link, cookie.value, "Olena"):
        assert secret not in logged


def test_signing_in_makes_a_new_secret_whatever_the_browser_brought(
    database: Database, app: Flask, operator: uuid.UUID
) -> None:
    """A cookie that somebody planted before is worth nothing after (session fixation)."""
    client = app.test_client()
    client.set_cookie("account", "planted")
    client.set_cookie("visitor", "planted")
    come_in(client, signing_in.link(database, operator, clock.now()))
    own = client.get_cookie("account")
    assert own is not None
    assert own.value != "planted"
    first = own.value
    other = app.test_client()
    other.set_cookie("account", "planted")
    assert other.get("/admin").status_code == 303
    come_in(client, signing_in.link(database, operator, clock.now()))
    again = client.get_cookie("account")
    assert again is not None
    assert again.value != first


def test_a_link_cannot_be_used_without_the_token_of_this_browser(
    app: Flask, client: FlaskClient, link: str
) -> None:
    foreign = open_link(app.test_client(), link)
    open_link(client, link)
    for token in ("", "x", foreign):
        answer = client.post(f"/sign-in/links/{link}", data={"csrf_token": token})
        assert answer.status_code == 403
        assert "not sent from a page of yours" in answer.text
    come_in(client, link)


def test_cookies_are_first_party_and_out_of_reach_for_scripts(
    client: FlaskClient, link: str
) -> None:
    come_in(client, link)
    for name in ("account", "visitor"):
        cookie = client.get_cookie(name)
        if cookie is not None:
            assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
            assert cookie.expires is None


def test_on_https_only_this_host_can_set_the_cookies(
    tool_settings: Settings, database: Database, operator: uuid.UUID
) -> None:
    app = create_app(tool_settings.model_copy(update={"public_url": "https://badges.example"}))
    try:
        client = app.test_client()
        link = signing_in.link(database, operator, clock.now())
        base = {"base_url": "https://badges.example"}
        page = client.get(f"/sign-in/links/{link}", **base)  # type: ignore[arg-type]
        sent = {"csrf_token": form_token(page)}
        answer = client.post(f"/sign-in/links/{link}", data=sent, **base)  # type: ignore[arg-type]
        cookies = answer.headers.getlist("Set-Cookie")
        (own,) = [one for one in cookies if one.startswith("__Host-account=")]
        for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert part in own
        assert "Domain" not in own
    finally:
        app.extensions["credlet"].database.close()


@pytest.mark.parametrize(
    ("after", "is_in"),
    [
        ([timedelta(minutes=119)], True),
        ([timedelta(minutes=121)], False),
        ([timedelta(hours=hours) for hours in range(1, 12)], True),
        ([timedelta(hours=hours) for hours in range(1, 13)], False),
    ],
)
def test_a_session_ends_after_two_idle_hours_and_after_twelve(
    app: Flask, database: Database, operator: uuid.UUID, after: list[timedelta], is_in: bool
) -> None:
    began = clock.now()
    person = signing_in.signed_in(app, database, operator, began)
    for step in after:
        with travel(began + step, tick=False):
            answer = person.get("/admin")
    assert (answer.status_code == 200) is is_in


@on_each_database
def test_an_account_that_is_switched_off_is_out_at_once(
    app: Flask, database: Database, operator: uuid.UUID, link: str
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    with database.transaction() as db:
        accounts.set_disabled(db, accounts.get(db, operator), disabled=True, now=clock.now())
    assert person.get("/admin").status_code == 303
    assert person.code("POST", "/admin/account") == (403, "signed_out")
    assert person.client.get(f"/sign-in/links/{link}").status_code == 404
    with database.transaction() as db:
        accounts.set_disabled(db, accounts.get(db, operator), disabled=False, now=clock.now())
    assert person.get("/admin").status_code == 303


def test_signing_out_everywhere_ends_every_browser(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    first, second = (signing_in.signed_in(app, database, operator, clock.now()) for _ in range(2))
    assert first.post("/admin/account/sign-out-everywhere").status_code == 303
    assert first.get("/admin").status_code == 303
    assert second.get("/admin").status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/admin/../launches/x",
        "/adminx",
        "/admin//evil.example",
        "/admin?x=//evil.example",
        "/admin\n",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(
    app: Flask, database: Database, operator: uuid.UUID, elsewhere: str
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    answer = person.client.get("/sign-in", query_string={"next": elsewhere})
    assert (answer.status_code, answer.location) == (303, "/admin")
    page = app.test_client().get("/sign-in", query_string={"next": elsewhere})
    assert elsewhere.strip() not in page.text


def test_a_page_of_ours_is_where_one_goes_on(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    assert person.get("/sign-in?next=/admin/audit-log").location == "/admin/audit-log"


def test_one_s_own_details_are_kept_and_heeded(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    sent = {"name": " Олена Коваль ", "language": "de", "time_zone": "Europe/Vienna"}
    answer = person.post("/admin/account", **sent)
    assert answer.status_code == 303
    page = person.get(answer.location).text
    assert "Gespeichert" in page
    assert "Олена Коваль" in page
    log = person.get("/admin/audit-log").text
    assert "MEZ" in log or "MESZ" in log
    assert "UTC" not in log
    with database.transaction(read_only=True) as db:
        assert db.get_one(Account, operator).locale == "de"


def test_each_time_zone_stands_once_under_its_part_of_the_world(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    assert person.post("/admin/account", name="A", time_zone="Europe/Kiev").status_code == 303
    page = person.get("/admin/account?lang=de").text
    assert '<optgroup label="Europa">' in page
    assert '<option value="Europe/Vienna">Wien</option>' in page
    assert '<option value="Europe/Kiev"' not in page
    assert re.search('<option value="Europe/Kyiv" data-also="Europe/Kiev[^"]*" selected>', page)


@pytest.mark.parametrize(
    "sent",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"name": "a\tb"},
        {"name": "A", "time_zone": "../../etc/passwd"},
        {"name": "A", "time_zone": "Mars/Olympus"},
    ],
)
def test_details_that_cannot_be_are_refused(
    app: Flask, database: Database, operator: uuid.UUID, sent: dict[str, str]
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    answer = person.post("/admin/account", **sent)
    assert answer.status_code == 400
    assert "Nothing was saved." in answer.text
    with database.transaction(read_only=True) as db:
        kept = db.get_one(Account, operator)
        assert (kept.name, kept.time_zone) == ("Olena Koval", None)


def test_the_audit_log_says_who_did_what_in_words(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    person = signing_in.signed_in(app, database, operator, clock.now())
    page = person.get("/admin/audit-log").text
    for words in (
        "Command line",
        "added an account",
        "gave a role (operator)",
        "signed in",
        "Olena Koval",
    ):
        assert words in page
    assert "account.added" not in page
    keys = person.get("/admin/audit-log?about=keys").text
    assert "Nothing like that has happened." in keys
    assert person.get("/admin/audit-log?page=99999999999999999999").status_code == 200


def test_the_audit_log_is_read_page_by_page(
    app: Flask, database: Database, operator: uuid.UUID
) -> None:
    for _ in range(60):
        signing_in.link(database, operator, clock.now())
    person = signing_in.signed_in(app, database, operator, clock.now())
    first, second = (person.get(f"/admin/audit-log?page={number}").text for number in (1, 2))
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 14)
    assert "Older" in first
    assert "Newer" not in first
    assert "Newer" in second
    assert "Older" not in second


@pytest.mark.parametrize("role", [Role.REVIEWER, None])
def test_reviewers_and_people_without_a_role_read_no_log(
    app: Flask, database: Database, role: Role | None
) -> None:
    body = "my-school" if role else None
    account_id = signing_in.account(database, clock.now(), "Rita", role, body)
    person = signing_in.signed_in(app, database, account_id, clock.now())
    assert person.code("GET", "/admin/audit-log") == (403, "administrators_only")
    home = person.get("/admin").text
    assert ("Nothing waits for you" if role else "You have no role here yet") in home


def test_an_administrator_reads_of_the_own_organisation_only(
    app: Flask, database: Database
) -> None:
    now = clock.now()
    own = signing_in.account(database, now, "Ada Own", Role.ADMINISTRATOR, "one")
    signing_in.account(database, now, "Otto Other", Role.ADMINISTRATOR, "two")
    person = signing_in.signed_in(app, database, own, now)
    page = person.get("/admin/audit-log").text
    assert "Ada Own" in page
    assert "Otto Other" not in page
    assert page.count("<tr>") == 2  # the head, and the role in organisation one


def test_expired_sessions_and_old_links_are_forgotten(
    app: Flask, database: Database, operator: uuid.UUID, link: str
) -> None:
    now = clock.now()
    signing_in.signed_in(app, database, operator, now)
    with database.transaction() as db:
        sign_in.forget_expired(db, now + timedelta(hours=3))
        assert db.scalars(sa.select(AccountSession)).all() == []
        assert len(db.scalars(sa.select(SignInLink)).all()) == 1
        sign_in.forget_expired(db, now + timedelta(days=32))
        assert db.scalars(sa.select(SignInLink)).all() == []


@on_each_database
def test_the_last_operator_cannot_be_switched_off_from_a_page(database: Database) -> None:
    now = clock.now()
    ids = [signing_in.account(database, now, name) for name in ("A", "B")]

    def disable(account_id: uuid.UUID) -> str:
        try:
            with database.transaction() as db:
                found = accounts.get(db, account_id)
                accounts.set_disabled(db, found, disabled=True, now=now, by="account:x")
        except accounts.Conflict as refused:
            return refused.code
        return "off"

    answers = at_one_moment([lambda one=one: disable(one) for one in ids])  # type: ignore[misc]
    assert sorted(map(str, answers)) == ["last_operator", "off"]


@on_each_database
def test_of_operators_who_withdraw_each_others_role_at_one_moment_one_stays(
    database: Database,
) -> None:
    now = clock.now()
    with database.transaction() as db:
        people = [
            accounts.add(db, name, encryption=Encryption([Fernet.generate_key()]), now=now)
            for name in ("A", "B")
        ]
        ids = [one.id for one in people]

    def withdraw(account_id: uuid.UUID, grant_id: uuid.UUID) -> str:
        try:
            with database.transaction() as db:
                found = accounts.get(db, account_id)
                accounts.withdraw(db, found, grant_id, now, by="account:x")
        except accounts.Conflict as refused:
            return refused.code
        return "withdrawn"

    for _ in range(8):
        with database.transaction() as db:
            grants = [
                accounts.grant(db, accounts.get(db, one), Role.OPERATOR, None, now).id
                for one in ids
            ]
        answers = at_one_moment(
            [partial(withdraw, *pair) for pair in zip(ids, grants, strict=True)]
        )
        assert sorted(map(str, answers)) == ["last_operator", "withdrawn"]
