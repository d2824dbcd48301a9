"""What an operator switched off stays off for the administrators of the school."""

import uuid
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Account, Platform, Registration
from lti_tool.services import organisations
from lti_tool.services.connections import platforms, registrations
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn

WHOM_TO_ASK = "Ask an operator of this server."
Table = type[Account] | type[Platform] | type[Registration]
KINDS: Sequence[tuple[str, Table]] = (
    ("people", Account),
    ("platforms", Platform),
    ("registrations", Registration),
)


@pytest.fixture
def olena(app: Flask, database: Database) -> SignedIn:
    now = clock.now()
    return signing_in.signed_in(app, database, signing_in.account(database, now), now)


@pytest.fixture
def ada(app: Flask, database: Database) -> SignedIn:
    """An administrator of a school that has one LMS and one reviewer."""
    now = clock.now()
    made = signing_in.account(database, now, "Ada", Role.ADMINISTRATOR, "my-school")
    signing_in.account(database, now, "Ben", Role.REVIEWER, "my-school")
    details = PlatformDetails(
        name="Moodle",
        issuer="https://lms.example",
        client_id="1",
        auth_login_url="https://lms.example/auth",
        auth_token_url="https://lms.example/token",
        key_set_url="https://lms.example/keys",
        deployment_ids=["1"],
    )
    with database.transaction() as db:
        school = organisations.find(db, "my-school")
        platforms.add(db, school, details, allow_http=False, now=now)
    return signing_in.signed_in(app, database, made, now)


def the_only(database: Database, table: Table) -> uuid.UUID:
    with database.transaction(read_only=True) as db:
        chosen = sa.select(table.id)
        return db.scalars(chosen.filter_by(name="Ben") if table is Account else chosen).one()


def is_off(database: Database, table: Table) -> bool:
    one = the_only(database, table)
    with database.transaction(read_only=True) as db:
        return db.get_one(table, one).disabled_at is not None


@on_each_database
@pytest.mark.parametrize(("kind", "table"), KINDS)
def test_an_administrator_does_not_switch_on_what_an_operator_switched_off(
    olena: SignedIn, ada: SignedIn, database: Database, kind: str, table: Table
) -> None:
    path = f"/admin/{kind}/{the_only(database, table)}"
    assert olena.post(f"{path}/state", to="off").status_code == 303
    page = ada.get(path).text
    assert WHOM_TO_ASK in page
    assert 'value="on"' not in page
    for to in ("on", "off", "on"):  # "off" does not make it the school's
        answer = ada.post(f"{path}/state", to=to)
        assert answer.status_code == 403
        assert WHOM_TO_ASK in answer.text
        assert is_off(database, table)
    assert 'value="on"' in olena.get(path).text
    assert olena.post(f"{path}/state", to="on").status_code == 303
    assert not is_off(database, table)


@pytest.mark.parametrize(("kind", "table"), KINDS)
def test_an_administrator_undoes_what_one_switched_off_until_an_operator_repeats_it(
    olena: SignedIn, ada: SignedIn, database: Database, kind: str, table: Table
) -> None:
    path = f"/admin/{kind}/{the_only(database, table)}"
    assert ada.post(f"{path}/state", to="off").status_code == 303
    page = ada.get(path).text
    assert 'value="on"' in page
    assert WHOM_TO_ASK not in page
    assert ada.post(f"{path}/state", to="on").status_code == 303
    assert not is_off(database, table)
    ada.post(f"{path}/state", to="off")
    olena.post(f"{path}/state", to="off")
    assert ada.post(f"{path}/state", to="on").status_code == 403
    assert is_off(database, table)


@pytest.mark.parametrize(("kind", "table"), KINDS[1:])
def test_connecting_an_lms_once_more_does_not_get_round_it(
    olena: SignedIn, ada: SignedIn, database: Database, kind: str, table: Table
) -> None:
    olena.post(f"/admin/{kind}/{the_only(database, table)}/state", to="off")
    with database.transaction(read_only=True) as db:
        school = organisations.find(db, "my-school").id
    sent = {"name": "Moodle", "moodle": "https://lms.example/", "client_id": "2"}
    sent |= {"deployment_id": "1"}
    begun = ada.get(f"/admin/organisations/{school}/by-hand").location
    refused = ada.post(begun, **sent)
    assert (refused.status_code, "An operator switched this off" in refused.text) == (403, True)
    assert 'value="https://lms.example/"' in refused.text
    assert ada.post(begun, **sent | {"moodle": "https://other.example/"}).status_code == 303
    waiting = pending(database, school)
    refused = ada.post(f"/admin/registrations/{waiting}/confirm", name="Moodle")
    assert (refused.status_code, "An operator switched this off" in refused.text) == (403, True)
    assert olena.post(f"/admin/registrations/{waiting}/confirm", name="Moodle").status_code == 303


def pending(database: Database, school: uuid.UUID) -> uuid.UUID:
    """Return a registration of the same LMS that waits, as an invitation leaves it."""
    now = clock.now()
    with database.transaction() as db:
        details = PlatformDetails(
            name="Again",
            issuer="https://lms.example",
            client_id="3",
            auth_login_url="https://lms.example/auth",
            auth_token_url="https://lms.example/token",
            key_set_url="https://lms.example/keys",
            deployment_ids=["1"],
        )
        made = platforms.add(
            db, organisations.find(db, "my-school"), details, allow_http=False, now=now
        )
        made.pending_since = now
        return made.id


def test_the_command_line_counts_as_operator(ada: SignedIn, database: Database) -> None:
    one = the_only(database, Registration)
    with database.transaction() as db:
        registrations.set_disabled(
            db, db.get_one(Registration, one), disabled=True, now=clock.now()
        )
    assert ada.post(f"/admin/registrations/{one}/state", to="on").status_code == 403


def test_joining_another_lms_does_not_switch_a_registration_on(
    ada: SignedIn, database: Database
) -> None:
    """The LMS that it came with is gone then, and with it what the operator had switched off."""
    now, known = clock.now(), the_only(database, Platform)
    with database.transaction() as db:
        school = organisations.find(db, "my-school")
        came_with = Platform(organisation=school, name="New", created_at=now)
        db.add(came_with)
        db.flush()
        first = db.scalars(sa.select(Registration)).one()
        pending = Registration(
            platform=came_with,
            issuer=first.issuer,
            client_id="2",
            auth_login_url=first.auth_login_url,
            auth_token_url=first.auth_token_url,
            key_set_url=first.key_set_url,
            created_at=now,
            pending_since=now,
        )
        db.add(pending)
        db.flush()
        platforms.set_disabled(db, came_with.id, disabled=True, now=now)
        path = f"/admin/registrations/{pending.id}"
    assert ada.post(f"{path}/confirm", name="Moodle", as_platform=str(known)).status_code == 303
    assert "switched off" in ada.get(path).text
    assert ada.post(f"{path}/state", to="on").status_code == 403


def test_a_row_from_before_counts_as_switched_off_by_an_operator(
    ada: SignedIn, database: Database
) -> None:
    """Nobody noted then who it was; `disabled_at` alone is all that there is."""
    ben = the_only(database, Account)
    with database.transaction() as db:
        accounts.get(db, ben).disabled_at = clock.now()
    assert ada.post(f"/admin/people/{ben}/state", to="on").status_code == 403
