"""What operators do on their pages with people: invite them, give and take roles."""

import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    Account,
    Passkey,
)
from lti_tool.services import organisations
from lti_tool.services.staff import sign_in
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.functional.test_operators_pages import link_in


@pytest.fixture
def olena(app: Flask, database: Database) -> SignedIn:
    now = clock.now()
    return signing_in.signed_in(app, database, signing_in.account(database, now), now)


@pytest.fixture
def school(database: Database) -> uuid.UUID:
    with database.transaction() as db:
        return organisations.get_or_add_organisation(
            db, "my-school", "My School", "UA", clock.now()
        ).id


@on_each_database
def test_a_person_is_invited_with_a_role_and_comes_in(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    page = olena.post("/admin/people", name="Ben Adler", role=f"reviewer:{school}")
    assert page.status_code == 200
    token = link_in(page.text, "/sign-in/links/")
    assert token not in olena.get("/admin/people").text
    client = app.test_client()
    sent = {"csrf_token": signing_in.form_token(client.get(f"/sign-in/links/{token}"))}
    assert client.post(f"/sign-in/links/{token}", data=sent).status_code == 303
    assert "To review" in client.get("/admin").text
    assert "Ben Adler" in olena.get("/admin/people").text


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("", "operator", 400),
        ("Ben", "", 400),
        ("Ben", "king", 400),
        ("Ben", "reviewer", 400),
        ("Ben", "reviewer:x", 400),
        ("Ben", f"reviewer:{uuid.UUID(int=0)}", 404),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(
    olena: SignedIn, database: Database, name: str, role: str, status: int
) -> None:
    assert olena.post("/admin/people", name=name, role=role).status_code == status
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Account.name)).all() == ["Olena Koval"]


def test_roles_are_given_and_taken_and_people_switched_off(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    ben = signing_in.account(database, clock.now(), "Ben", None)
    path = f"/admin/people/{ben}"
    assert "No role" in olena.get(path).text
    assert olena.post(f"{path}/roles", role=f"administrator:{school}").status_code == 303
    page = olena.get(path).text
    assert "<bdi>My School</bdi></h3>" in page
    assert "<span>administrator</span>" in page
    (withdraw,) = re.findall(r'action="([^"]+/withdraw)"', page)
    assert olena.post(withdraw).status_code == 303
    assert olena.post(withdraw).status_code == 404
    assert "this person is out" in olena.get(olena.post(f"{path}/state", to="off").location).text
    assert olena.code("POST", f"{path}/link") == (403, "account_disabled")
    olena.post(f"{path}/state", to="on")
    assert "/sign-in/links/" in olena.post(f"{path}/link").text


def test_the_last_operator_cannot_put_themselves_out(olena: SignedIn) -> None:
    path = f"/admin/people/{olena.account_id}"
    page = olena.get(path).text
    (withdraw,) = re.findall(r'action="([^"]+/withdraw)"', page)
    for answer in (olena.post(withdraw), olena.post(f"{path}/state", to="off")):
        assert answer.status_code == 409
        assert "This is the last operator" in answer.text


def test_a_new_role_ends_links_that_were_made_for_less(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    """Else an administrator could keep a link and come in as the operator of tomorrow."""
    ben = signing_in.account(database, clock.now(), "Ben", Role.REVIEWER, "my-school")
    token = signing_in.link(database, ben, clock.now())
    assert olena.post(f"/admin/people/{ben}/roles", role="operator").status_code == 303
    with database.transaction(read_only=True) as db, pytest.raises(sign_in.NotFound):
        sign_in.find_link(db, token, clock.now())
    assert app.test_client().get(f"/sign-in/links/{token}").status_code == 404


def test_a_higher_role_ends_sessions_and_shows_the_passkeys_from_before(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    """Somebody else may have used the invitation, and would come in as operator from then on."""
    now = clock.now()
    ben = signing_in.account(database, now, "Ben", Role.REVIEWER, "my-school")
    visitor = signing_in.signed_in(app, database, ben, now)
    with database.transaction() as db:
        made = Passkey(account_id=ben, name="Phone", credential_id=b"1", public_key=b"2")
        made.sign_count, made.created_at = 0, now - timedelta(days=400)
        db.add(made)
    path = f"/admin/people/{ben}"
    page = olena.get(path).text
    assert "whether they made all of these themselves" in page
    assert f"{now - timedelta(days=400):%Y-%m-%d}" in page
    olena.post(f"{path}/roles", role=f"reviewer:{school}")
    assert visitor.get("/admin").status_code == 200
    olena.post(f"{path}/roles", role=f"administrator:{school}")
    assert visitor.get("/admin").status_code == 303
    assert "passkeys from before: 1" in olena.get("/admin/audit-log").text
    again = signing_in.signed_in(app, database, ben, now)
    olena.post(f"{path}/roles", role="operator")
    assert again.get("/admin").status_code == 303
    assert olena.get("/admin").status_code == 200
