"""What operators and administrators do on their pages: schools, LMSs, keys, people."""

import html
import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from time_machine import travel

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    AuditEntry,
    Invitation,
    Organisation,
    Platform,
    Registration,
)
from lti_tool.services import organisations
from lti_tool.services.connections import platforms, waiting_deployments
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.registering import register
from tests.factories.signing_in import SignedIn


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


def connect(database: Database, slug: str, name: str = "Moodle") -> uuid.UUID:
    """Connect an LMS by hand and return its registration."""
    details = PlatformDetails(
        name=name,
        issuer="https://lms.example",
        client_id=uuid.uuid4().hex,
        auth_login_url="https://lms.example/auth",
        auth_token_url="https://lms.example/token",
        key_set_url="https://lms.example/keys",
        deployment_ids=["1"],
    )
    with database.transaction() as db:
        body = organisations.find(db, slug)
        return platforms.add(db, body, details, allow_http=False, now=clock.now()).id


def link_in(page: str, path: str) -> str:
    found = re.search(rf'value="[^"]*{path}([\w-]{{43}})"', html.unescape(page))
    assert found, page
    return found[1]


def invited(olena: SignedIn, database: Database, school: uuid.UUID) -> uuid.UUID:
    """Make a link on the page, let an LMS register, and return the pending registration."""
    page = olena.post(f"/admin/organisations/{school}/invitations", hours="24")
    assert page.status_code == 200
    return register(database, link_in(page.text, "/lti/register/"))


def actions(database: Database) -> list[tuple[str, str]]:
    with database.transaction(read_only=True) as db:
        found = sa.select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.at)
        return [(actor, action) for actor, action in db.execute(found)]


@on_each_database
def test_a_school_is_added_and_its_lms_invited_and_confirmed(
    olena: SignedIn, database: Database
) -> None:
    assert "No school yet." in olena.get("/admin/organisations").text
    added = olena.post("/admin/organisations", slug="my-school", name="Моя школа", country="ua")
    assert added.status_code == 303
    school = uuid.UUID(added.location.rpartition("/")[2])
    page = olena.get(added.location).text
    assert "Моя школа" in page
    assert "None yet. Make a link below" in page
    pending = invited(olena, database, school)
    assert "Waits for you" in olena.get("/admin").text
    asked = olena.get(f"/admin/registrations/{pending}").text
    for said in (
        "waits to be confirmed",
        "https://tokens.lms.example/token",
        "Manage tools, on the",
    ):
        assert said in asked
    assert "press “Activate”" not in asked
    done = olena.post(f"/admin/registrations/{pending}/confirm", name="Our Moodle")
    assert done.status_code == 303
    confirmed = olena.get(done.location).text
    for said in ("Confirmed: people can come", "press “Activate”", "Show in activity chooser"):
        assert said in confirmed
    assert "Our Moodle" in olena.get(added.location).text
    assert "Nothing waits for you." in olena.get("/admin").text
    me = f"account:{olena.account_id}"
    assert {(me, "organisation.added"), (me, "invitation.made")} <= set(actions(database))
    assert (me, "registration.confirmed") in actions(database)


def test_confirming_as_the_lms_that_it_was_keeps_one_lms(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    known = connect(database, "my-school", "Old Moodle")
    with database.transaction(read_only=True) as db:
        platform = db.get_one(Registration, known).platform_id
    pending = invited(olena, database, school)
    page = olena.get(f"/admin/registrations/{pending}").text
    assert "Old Moodle” (same address)" in page
    path = f"/admin/registrations/{pending}/confirm"
    assert olena.post(path, name="Moodle", as_platform=str(platform)).status_code == 303
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Platform.id)).all() == [platform]


def test_an_lms_that_moved_has_to_be_said_to_have(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    known = connect(database, "my-school", "Old Moodle")
    with database.transaction(read_only=True) as db:
        platform = db.get_one(Registration, known).platform_id
    page = olena.post(f"/admin/organisations/{school}/invitations").text
    pending = register(database, link_in(page, "/lti/register/"), host="new.example")
    path = f"/admin/registrations/{pending}/confirm"
    refused = olena.post(path, name="Changed", as_platform=str(platform))
    assert refused.status_code == 409
    assert "That LMS is known as https://lms.example" in refused.text
    with database.transaction(read_only=True) as db:
        row = db.get_one(Registration, pending)
        assert row.pending_since is not None
        assert row.platform.name == "new.example"
    moved = olena.post(path, name="Moodle", as_platform=str(platform), moved="1")
    assert moved.status_code == 303


@pytest.mark.parametrize("wish", ["x", "00000000-0000-0000-0000-000000000000"])
def test_an_lms_that_is_not_there_cannot_be_what_it_was(
    olena: SignedIn, database: Database, school: uuid.UUID, wish: str
) -> None:
    pending = invited(olena, database, school)
    path = f"/admin/registrations/{pending}/confirm"
    assert olena.post(path, name="M", as_platform=wish).status_code == 404


def test_a_registration_is_rejected_after_asking(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    pending = invited(olena, database, school)
    path = f"/admin/registrations/{pending}/reject"
    assert "It is forgotten for good" in olena.get(path).text
    with travel(clock.now() + timedelta(minutes=31), tick=False):
        assert olena.get(path).location.startswith("/sign-in?next=")
        assert olena.code("POST", path) == (403, "sign_in_again")
    done = olena.post(path)
    assert "is rejected" in olena.get(done.location).text
    assert olena.code("GET", f"/admin/registrations/{pending}") == (404, "unknown_registration")


def test_what_is_confirmed_is_not_rejected(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    confirmed = connect(database, "my-school")
    for method in ("GET", "POST"):
        path = f"/admin/registrations/{confirmed}/reject"
        assert olena.code(method, path) == (409, "registration_confirmed")


def login(app: Flask, registration: uuid.UUID) -> tuple[int, str]:
    params = {
        "iss": "https://lms.example",
        "login_hint": "1",
        "target_link_uri": f"{app.extensions['credlet'].settings.public_url}/lti/x/launch",
    }
    answer = app.test_client().get(
        f"/lti/{registration}/login",
        query_string=params,
        headers={"Accept": "application/json", "Sec-Fetch-Dest": "document"},
    )
    return answer.status_code, str(answer.json["code"]) if answer.is_json and answer.json else ""


@on_each_database
def test_one_registration_is_switched_off_and_the_others_go_on(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    first, second = connect(database, "my-school"), connect(database, "my-school")
    path = f"/admin/registrations/{first}/state"
    assert "Switched off: nobody comes" in olena.get(olena.post(path, to="off").location).text
    assert login(app, first) == (403, "platform_disabled")
    assert login(app, second)[0] == 302
    assert "Switched on." in olena.get(olena.post(path, to="on").location).text
    assert login(app, first)[0] == 302


def test_an_lms_is_switched_off_with_all_its_registrations(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    registration = connect(database, "my-school")
    with database.transaction(read_only=True) as db:
        platform = db.get_one(Registration, registration).platform_id
    path = f"/admin/platforms/{platform}/state"
    assert "Switched off" in olena.get(olena.post(path, to="off").location).text
    assert login(app, registration) == (403, "platform_disabled")
    olena.post(path, to="on")
    assert login(app, registration)[0] == 302


def test_deployments_are_listed_and_taken_off(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    path = f"/admin/registrations/{connect(database, 'my-school')}"
    assert olena.post(f"{path}/deployments", add=" 17 ").status_code == 303
    assert ">17<" in olena.get(path).text
    assert olena.post(f"{path}/deployments", add="17").status_code == 409
    assert olena.post(f"{path}/deployments", add="").status_code == 400
    assert olena.post(f"{path}/deployments", remove="17").status_code == 303
    assert ">17<" not in olena.get(path).text
    assert olena.post(f"{path}/deployments", remove="17").status_code == 404


def test_how_deployments_come_in_holds_for_all_registrations(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    old = connect(database, "my-school")
    path = f"/admin/organisations/{school}"
    assert olena.post(path, name="My School", deployments="automatic").status_code == 303
    new = invited(olena, database, school)
    with database.transaction(read_only=True) as db:
        for one in (old, new):
            assert db.get_one(Registration, one).deployment_policy == "automatic"


def test_a_schools_name_is_for_operators_and_the_rest_for_its_administrators(
    app: Flask, olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    """The name stands on the public page of who issues: a school could take that of another."""
    now, path = clock.now(), f"/admin/organisations/{school}"
    made = signing_in.account(database, now, "Ada", Role.ADMINISTRATOR, "my-school")
    ada = signing_in.signed_in(app, database, made, now)
    page = ada.get(path).text
    assert 'name="name"' not in page
    assert "only an operator changes it. Ask an operator of this server." in page
    refused = ada.post(path, name="Kyiv Polytechnic", country="AT", deployments="automatic")
    assert refused.status_code == 403
    assert "only an operator changes it" in refused.text
    assert ada.post(path, country="AT", deployments="automatic").status_code == 303
    assert ada.post(path, name="My School", country="PL").status_code == 303
    with database.transaction(read_only=True) as db:
        kept = organisations.get(db, school)
        assert (kept.name, kept.country) == ("My School", "PL")
    assert olena.post(path, name="Our School", country="PL").status_code == 303
    assert "Our School" in app.test_client().get("/issuers/my-school").text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"slug": "My School", "name": "A"}, "cannot be a short name"),
        ({"slug": "my-school", "name": "A"}, "is taken by another school"),
        ({"slug": "new", "name": ""}, "is empty, too long"),
        ({"slug": "new", "name": "A", "country": "Ukraine"}, "two letters"),
        ({"slug": "new", "name": "A", "country": "ZZ"}, "no such country"),
        ({"slug": "new", "name": "A", "country": "EU"}, "no such country"),
        ({"slug": "new", "name": "A", "country": "ÄÖ"}, "two letters"),
    ],
)
def test_a_school_that_cannot_be_is_refused_and_the_entries_stay(
    olena: SignedIn, database: Database, school: uuid.UUID, sent: dict[str, str], words: str
) -> None:
    page = olena.post("/admin/organisations", **sent)
    assert page.status_code in {400, 409}
    assert words in page.text
    assert f'value="{sent["slug"]}"' in page.text
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Organisation.id)).all() == [school]


@pytest.mark.parametrize(
    ("name", "typed", "free"),
    [
        ("My School", "my-school", "my-school-2"),
        ("Дніпровський ліцей № 3", "Дніпро", "dniprovskyi-litsei-3"),
        ("Höhere Schule für Straßenbau", "HS", "hoehere-schule-fuer-strassenbau"),
        ("École d'Amiens", "é", "ecole-damiens"),
        ("Ελληνική Σχολή", "?", "elliniki-scholi"),
        ("北京大学", "北京", "school"),
        ("Wolf " * 40, "W", "wolf-wolf-wolf-wolf-wolf-wolf-wolf-wolf"),
        ("W" * 200, "W", "w" * 40),
    ],
)
def test_a_refused_short_name_comes_back_with_a_free_one(
    olena: SignedIn, school: uuid.UUID, name: str, typed: str, free: str
) -> None:
    refused = olena.post("/admin/organisations", slug=typed, name=name, country="UA").text
    assert f"<b>{free}</b>" in refused
    assert '<option value="UA" selected>Ukraine' in refused
    assert olena.post("/admin/organisations", slug=free, name=name).status_code == 303


def test_countries_stand_in_the_page_s_language_by_name(olena: SignedIn, school: uuid.UUID) -> None:
    page = olena.get(f"/admin/organisations/{school}?lang=de").text
    assert '<option value="UA" selected>Ukraine' in page
    assert page.index(">Oman<") < page.index(">Österreich<") < page.index(">Pakistan<")
    for none in ("ZZ", "EU", "IC"):
        assert f'value="{none}"' not in page


def test_a_refused_change_keeps_what_was_typed(olena: SignedIn, school: uuid.UUID) -> None:
    sent = {"name": "A Longer Name", "country": "ZZ", "deployments": "automatic"}
    refused = olena.post(f"/admin/organisations/{school}", **sent)
    assert refused.status_code == 400
    assert 'value="A Longer Name"' in refused.text
    assert 'value="automatic" checked' in refused.text


def test_the_next_key_is_published_once(olena: SignedIn) -> None:
    assert "No key yet" in olena.get("/admin/keys").text
    done = olena.post("/admin/keys")
    assert done.status_code == 303
    page = olena.get(done.location).text
    assert "signs now" in page
    assert "next" in page
    again = olena.post("/admin/keys")
    assert (again.status_code, "is published already" in again.text) == (409, True)


def test_an_lms_is_connected_by_hand(app: Flask, olena: SignedIn, school: uuid.UUID) -> None:
    begun = olena.get(f"/admin/organisations/{school}/by-hand").location
    page = olena.get(begun).text
    identifier = begun.rpartition("=")[2]
    for lms in ("Moodle", "Canvas", "Open edX", "ILIAS", "OpenOlat"):
        assert lms in page
    for ending in ("launch", "login", "jwks", "public-key.pem", "config.json"):
        assert f"/lti/{identifier}/{ending}" in page
    assert olena.get(begun).text.count(identifier) == page.count(identifier)
    sent = {"name": "Moodle", "moodle": "https://lms.example/", "client_id": "c"}
    lacking = olena.post(begun, **sent)
    assert (lacking.status_code, "A deployment id is needed." in lacking.text) == (400, True)
    assert 'value="https://lms.example/"' in lacking.text
    done = olena.post(begun, deployment_id="7", **sent)
    assert done.location.startswith(f"/admin/registrations/{identifier}?")
    shown = olena.get(done.location).text
    assert "https://lms.example/mod/lti/token.php" in shown
    assert login(app, uuid.UUID(identifier))[0] == 302


def test_an_lms_by_hand_may_name_an_audience_of_its_own(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    begun = olena.get(f"/admin/organisations/{school}/by-hand").location
    page = olena.get(begun).text
    for told in ("Brightspace", "OpenID Connect Login URL", "Blackboard", "Tool JWKS URL"):
        assert told in page
    sent = {"name": "B", "client_id": "c", "deployment_id": "7", "issuer": "https://b.example"}
    sent |= {"auth_login_url": "https://b.example/d2l/lti/authenticate"}
    sent |= {"auth_token_url": "https://auth.example/connect/token"}
    sent |= {"key_set_url": "https://b.example/d2l/.well-known/jwks"}
    wrong = olena.post(begun, auth_token_audience="a" * 1025, **sent)
    assert wrong.status_code == 400
    assert 'value="https://b.example/d2l/lti/authenticate"' in wrong.text
    audience = "https://api.example/auth/token"
    assert olena.post(begun, auth_token_audience=audience, **sent).status_code == 303
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Registration.auth_token_audience)).all() == [audience]


def test_addresses_of_another_registration_are_not_taken(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    taken = connect(database, "my-school")
    olena.post(f"/admin/organisations/{school}/invitations")
    with database.transaction(read_only=True) as db:
        kept = db.scalars(sa.select(Invitation.registration_id)).one()
    sent = {"name": "M", "moodle": "https://m.example", "client_id": "c", "deployment_id": "1"}
    for identifier in (taken, kept):
        path = f"/admin/organisations/{school}/by-hand?id={identifier}"
        assert olena.code("POST", path, **sent)[0] == 409
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Registration.id)).all() == [taken]


def test_a_deployment_that_waits_is_allowed_or_turned_down(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    registration = connect(database, "my-school")
    with database.transaction() as db:
        for name in ("good", "bad"):
            waiting_deployments.note(db, registration, name, clock.now())
    assert olena.get("/admin").text.count("in one more place") == 2
    path = f"/admin/registrations/{registration}"
    page = olena.get(path).text
    ids = dict(zip(("good", "bad"), re.findall(r'name="allow" value="([^"]+)"', page), strict=True))
    assert olena.post(f"{path}/deployments", allow=ids["good"]).status_code == 303
    assert olena.post(f"{path}/deployments", turn_down=ids["bad"]).status_code == 303
    for again in ({"allow": ids["bad"]}, {"turn_down": ids["good"]}, {"allow": "x"}):
        assert olena.post(f"{path}/deployments", **again).status_code == 404
    page = olena.get(path).text
    assert "good" in page
    assert "in one more place" not in page
    assert "Nothing waits for you." in olena.get("/admin").text


def test_a_deployment_that_waits_elsewhere_is_not_decided_here(
    olena: SignedIn, database: Database, school: uuid.UUID
) -> None:
    first, second = connect(database, "my-school"), connect(database, "my-school")
    with database.transaction() as db:
        waiting_deployments.note(db, second, "x", clock.now())
        (row,) = waiting_deployments.listed(db)
    path = f"/admin/registrations/{first}/deployments"
    for field in ("allow", "turn_down"):
        assert olena.post(path, **{field: str(row.id)}).status_code == 404
