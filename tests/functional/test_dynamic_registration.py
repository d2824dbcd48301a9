"""Dynamic Registration over HTTP: what is asked, what is refused, and what stays usable.

LTI Dynamic Registration 1.0. The platform here has no manners; Moodle's strictness is in
`test_registration_at_the_demo_lms`.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, Invitation, Registration
from lti_tool.services.connections import registrations
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import PlatformDouble, serving_platform
from tests.factories.registering import CONFIGURATION, PLATFORM, TOOL, Registrar, code_of

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


def confirm(database: Database, registration: Registration, **more: Any) -> None:
    with database.transaction() as db:
        found = registrations.find_pending(db, registration.id)
        registrations.confirm(db, found, clock.now(), **more)


def visitor_of(registrar: Registrar, settings: Settings, position: int = 0) -> Visitor:
    stored = registrar.stored()[position]
    registrar.platform.client_id = stored.client_id
    registrar.platform.deployment_id = "7"
    return Visitor(registrar.client, registrar.platform, stored.id, settings.public_url)


@on_each_database
def test_the_registration_asks_for_all_that_the_tool_uses(
    registrar: Registrar, tool_settings: Settings
) -> None:
    done = registrar.register()
    assert done.status_code == 200, done.text
    (sent,) = registrar.sent
    (stored,) = registrar.stored()
    base = f"{tool_settings.public_url}/lti/{stored.id}"
    assert sent["initiate_login_uri"] == f"{base}/login"
    assert sent["redirect_uris"] == [f"{base}/launch"]
    assert sent["jwks_uri"] == f"{base}/jwks"
    assert sent["response_types"] == ["id_token"]
    assert sent["grant_types"] == ["implicit", "client_credentials"]
    assert sent["token_endpoint_auth_method"] == "private_key_jwt"
    scopes = ("score", "result.readonly", "lineitem", "lineitem.readonly")
    assert set(sent["scope"].split()) == {*(AGS + each for each in scopes), NRPS}
    tool = sent[TOOL]
    assert f"http://{tool['domain']}" == tool_settings.public_url
    assert tool["target_link_uri"] == f"{base}/launch"
    assert set(tool["claims"]) == {"iss", "sub", "name", "given_name", "family_name", "email"}
    messages = {each["type"]: each["target_link_uri"] for each in tool["messages"]}
    assert messages == dict.fromkeys(
        ("LtiResourceLinkRequest", "LtiDeepLinkingRequest"), f"{base}/launch"
    )
    with registrar.client.get(sent["logo_uri"]) as icon:
        assert icon.status_code == 200
    assert registrar.client.get(sent["jwks_uri"]).json["keys"]
    posted = next(each for each in registrar.platform.requests if each.path == "/register")
    assert posted.headers["Authorization"] == "Bearer secret.token"


def test_what_the_platform_does_not_offer_is_not_asked_for(registrar: Registrar) -> None:
    offered: Any = {"messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": 7}, 3]}
    registrar.offers(scopes_supported=["openid", AGS + "score"], **{PLATFORM: offered})
    registrar.register()
    (sent,) = registrar.sent
    assert sent["scope"] == AGS + "score"
    assert [each["type"] for each in sent[TOOL]["messages"]] == ["LtiResourceLinkRequest"]


@pytest.mark.parametrize("further", ["LtiSubmissionReviewRequest", "DataPrivacyLaunchRequest"])
def test_a_further_message_is_asked_for_where_the_platform_has_it(
    registrar: Registrar, further: str
) -> None:
    names = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest", further, "LtiSomethingElse")
    registrar.offers(**{PLATFORM: {"messages_supported": [{"type": name} for name in names]}})
    registrar.register()
    assert [each["type"] for each in registrar.sent[0][TOOL]["messages"]] == list(names[:3])


def test_canvas_is_told_where_to_show_the_tool(registrar: Registrar) -> None:
    registrar.register()
    assert all(each["placements"] for each in registrar.sent[0][TOOL]["messages"])


def test_canvas_is_asked_to_share_names(registrar: Registrar) -> None:
    """It shares nothing with a tool that does not say how much it needs."""
    registrar.register()
    assert registrar.sent[0][TOOL]["https://canvas.instructure.com/lti/privacy_level"] == "public"


@pytest.mark.parametrize("token", ["secret.token", None])
def test_the_configuration_is_asked_for_with_the_token_that_came(
    registrar: Registrar, token: str | None
) -> None:
    """Canvas shows it to nobody else."""
    registrar.arrive(token=token)
    (asked,) = (each for each in registrar.platform.requests if each.path == CONFIGURATION)
    assert asked.headers.get("Authorization") == (token and f"Bearer {token}")


def test_moodle_is_told_no_placements(registrar: Registrar) -> None:
    registrar.offers(**{PLATFORM: {"product_family_code": "moodle"}})
    registrar.register()
    assert not any("placements" in each for each in registrar.sent[0][TOOL]["messages"])
    assert "canvas" not in str(registrar.sent)


def test_a_platform_that_needs_no_token_gets_none(registrar: Registrar) -> None:
    assert registrar.press(registrar.arrive(token=None)).status_code == 200
    posted = next(each for each in registrar.platform.requests if each.path == "/register")
    assert "Authorization" not in posted.headers


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("deployment_id", ["7", 7, None, "", {"a": 1}])
def test_client_and_deployment_are_kept_and_wait_to_be_confirmed(
    registrar: Registrar, database: Database, status: int, deployment_id: object
) -> None:
    registrar.answers({"client_id": "c-1", TOOL: {"deployment_id": deployment_id}}, status)
    assert registrar.register().status_code == 200
    with database.transaction(read_only=True) as db:
        row = db.query(Registration).one()
        assert (row.client_id, row.issuer) == ("c-1", registrar.platform.issuer)
        assert row.pending_since is not None
        assert row.product_family == "canvas"
        assert row.platform.organisation.slug == "school"
        known = [each.deployment_id for each in row.deployments]
        assert known == (["7"] if deployment_id in ("7", 7) else [])
        assert db.query(Invitation).one().used_at is not None
        actions = set(db.scalars(sa.select(AuditEntry.action)))
    assert {"invitation.made", "registration.received"} <= actions


def test_canvas_names_the_deployment_beside_the_tool(
    registrar: Registrar, database: Database
) -> None:
    registrar.answers({"client_id": "c-1", "deployment_id": "1:abc", TOOL: {"claims": []}})
    assert registrar.register().status_code == 200
    with database.transaction(read_only=True) as db:
        (deployment,) = db.query(Registration).one().deployments
        assert deployment.deployment_id == "1:abc"


def test_the_scopes_of_the_answer_are_not_kept(registrar: Registrar, database: Database) -> None:
    answer = {"client_id": "c-1", "scope": "everything", TOOL: {"deployment_id": "7"}}
    registrar.answers(answer)
    registrar.register()
    with database.transaction(read_only=True) as db:
        row = db.execute(sa.select(Registration.__table__)).one()
    assert "everything" not in str(row)


def test_the_page_says_what_will_happen_and_registers_nothing(registrar: Registrar) -> None:
    page = registrar.arrive()
    for said in (registrar.platform.issuer, "The School", "Activate", "canvas"):
        assert said in page.text
    assert registrar.sent == []
    assert registrar.stored() == []


def test_the_pages_may_be_framed_by_this_platform_only(registrar: Registrar) -> None:
    page = registrar.arrive()
    done = registrar.press(page)
    for answer in (page, done):
        policy = answer.headers["Content-Security-Policy"]
        assert f"frame-ancestors {registrar.platform.url};" in policy + ";"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert f'data-origins="{registrar.platform.url}"' in done.text


def test_nobody_launches_before_an_operator_confirms(
    registrar: Registrar, database: Database, tool_settings: Settings
) -> None:
    registrar.register()
    visitor = visitor_of(registrar, tool_settings)
    refused = visitor.login()
    assert (refused.status_code, refusal_code(refused)) == (403, "registration_pending")
    posted = visitor.post({"state": "s", "id_token": "t"})
    assert refusal_code(posted) == "registration_pending"
    confirm(database, registrar.stored()[0])
    assert visitor.launch().status_code == 303


def test_a_link_works_once(registrar: Registrar) -> None:
    registrar.register()
    again = registrar.arrive()
    assert (again.status_code, code_of(again)) == (403, "invitation_used")
    assert len(registrar.sent) == 1


def test_an_expired_link_is_refused(
    app: Flask, database: Database, platform: PlatformDouble
) -> None:
    long_ago = clock.now() - timedelta(hours=2)
    lifetime = timedelta(hours=1)
    late = Registrar.invited(app.test_client(), database, platform, long_ago, lifetime=lifetime)
    assert code_of(late.arrive()) == "invitation_expired"
    assert platform.requests == []


def test_a_link_that_expires_while_the_page_is_open_is_refused(
    registrar: Registrar, database: Database
) -> None:
    page = registrar.arrive()
    with database.transaction() as db:
        db.query(Invitation).one().expires_at = clock.now()
    assert code_of(registrar.press(page)) == "invitation_expired"
    assert registrar.sent == []


def test_an_invented_link_is_refused_before_anything_is_fetched(registrar: Registrar) -> None:
    registrar.token = "invented"
    assert code_of(registrar.arrive()) == "invitation_unknown"
    assert code_of(registrar.send("x")) == "invitation_unknown"
    assert registrar.platform.requests == []


def test_only_a_digest_of_the_link_is_stored(registrar: Registrar, database: Database) -> None:
    with database.transaction(read_only=True) as db:
        row = db.execute(sa.select(Invitation.__table__)).one()
    assert registrar.token not in str(row)


# the form


def test_a_form_works_once(registrar: Registrar) -> None:
    registrar.answers("refused", 400)
    form = registrar.form(registrar.arrive())
    assert code_of(registrar.send(form)) == "platform_refused"
    again = registrar.send(form)
    assert (again.status_code, code_of(again)) == (403, "registration_form")
    assert len(registrar.sent) == 1


def test_only_the_page_opened_last_can_be_sent(registrar: Registrar) -> None:
    first = registrar.arrive()
    second = registrar.arrive()
    assert code_of(registrar.press(first)) == "registration_form"
    assert registrar.press(second).status_code == 200


def test_a_changed_form_is_refused(registrar: Registrar) -> None:
    with serving_platform() as hostile:
        content = json.loads(registrar.form(registrar.arrive()))
        content[0]["registration_endpoint"] = f"{hostile.url}/register"
        assert code_of(registrar.send(json.dumps(content))) == "registration_form"
        assert code_of(registrar.send("")) == "registration_form"
        assert hostile.requests == []
    assert registrar.sent == []


def test_another_invitations_form_is_refused(
    registrar: Registrar, app: Flask, database: Database, platform: PlatformDouble
) -> None:
    other = Registrar.invited(app.test_client(), database, platform, clock.now(), slug="other")
    assert code_of(other.send(registrar.form(registrar.arrive()))) == "registration_form"


@on_each_database
def test_of_many_sendings_at_once_one_registers(registrar: Registrar, app: Flask) -> None:
    form = registrar.form(registrar.arrive())

    def send(_: int) -> int:
        with app.test_client() as client:
            return client.post(registrar.path, data={"form": form}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(send, range(8)))
    assert statuses == [200] + [403] * 7
    assert len(registrar.sent) == 1


# takeover


def test_another_schools_issuer_cannot_be_registered_from_elsewhere(
    registrar: Registrar, database: Database
) -> None:
    with serving_platform() as hostile:
        attacker = Registrar(registrar.client, database, hostile, registrar.token)
        attacker.offers(issuer=registrar.platform.issuer)
        assert code_of(attacker.arrive()) == "configuration_issuer"
        assert hostile.hits("/register") == 0
    assert registrar.stored() == []


def test_a_client_id_that_is_known_is_refused_also_for_another_school(
    registrar: Registrar, app: Flask, database: Database, platform: PlatformDouble
) -> None:
    registrar.register()
    for slug in ("school", "other"):
        again = Registrar.invited(app.test_client(), database, platform, clock.now(), slug=slug)
        answer = again.register()
        assert (answer.status_code, code_of(answer)) == (409, "registration_exists")
        assert len(registrar.stored()) == 1
        again.answers({"client_id": f"fresh-{slug}", TOOL: {"deployment_id": "8"}})
        assert again.register().status_code == 200
        with database.transaction() as db:
            registrations.reject(
                db, registrations.find_pending(db, again.stored()[-1].id), clock.now()
            )


def test_two_schools_on_one_issuer_stay_apart(
    registrar: Registrar,
    app: Flask,
    database: Database,
    platform: PlatformDouble,
    tool_settings: Settings,
) -> None:
    registrar.register()
    other = Registrar.invited(app.test_client(), database, platform, clock.now(), slug="other")
    other.answers({"client_id": "given-2", TOOL: {"deployment_id": "7"}})
    other.register()
    one, two = other.stored()
    assert one.platform_id != two.platform_id
    for registration in (one, two):
        confirm(database, registration)
    visitor = visitor_of(registrar, tool_settings, 0)
    visitor.platform.client_id = two.client_id
    begun = visitor.begin(client_id=one.client_id)
    stolen = visitor.platform.sign(visitor.payload(begun))
    assert refusal_code(visitor.send(begun, stolen)) == "audience"


# registered anew, and renewed


def launch(visitor: Visitor) -> TestResponse:
    response = visitor.launch()
    assert response.status_code == 303, response.text
    return response


def people(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.execute(sa.text("SELECT count(*) FROM people")).scalar_one()


@on_each_database
def test_a_site_registered_anew_keeps_its_people(
    registrar: Registrar,
    app: Flask,
    database: Database,
    platform: PlatformDouble,
    tool_settings: Settings,
) -> None:
    registrar.register()
    confirm(database, registrar.stored()[0])
    launch(visitor_of(registrar, tool_settings))
    anew = Registrar.invited(app.test_client(), database, platform, clock.now())
    anew.answers({"client_id": "given-2", TOOL: {"deployment_id": "7"}})
    anew.register()
    first, second = anew.stored()
    confirm(database, second, as_platform=first.platform_id)
    launch(visitor_of(anew, tool_settings, 1))
    assert people(database) == 1
    assert {each.platform_id for each in anew.stored()} == {first.platform_id}
    with database.transaction(read_only=True) as db:
        assert db.execute(sa.text("SELECT count(*) FROM platforms")).scalar_one() == 1


def test_a_platform_that_renews_keeps_its_addresses(
    registrar: Registrar, app: Flask, database: Database, platform: PlatformDouble
) -> None:
    """Moodle's "update": its token names the client, and the tool's addresses there change."""
    registrar.register()
    confirm(database, registrar.stored()[0])
    again = Registrar.invited(app.test_client(), database, platform, clock.now())
    token = jwt.encode({"sub": "given-1"}, "x" * 32, algorithm="HS256")
    page = again.arrive(token=token)
    assert "Renew" in page.text
    assert again.press(page).status_code == 200
    (stored,) = again.stored()
    assert stored.pending_since is None
    assert again.sent[0]["redirect_uris"] == registrar.sent[0]["redirect_uris"]
    assert code_of(again.arrive()) == "invitation_used"


def test_another_schools_registration_cannot_be_renewed(
    registrar: Registrar, app: Flask, database: Database, platform: PlatformDouble
) -> None:
    registrar.register()
    other = Registrar.invited(app.test_client(), database, platform, clock.now(), slug="other")
    token = jwt.encode({"sub": "given-1"}, "x" * 32, algorithm="HS256")
    page = other.arrive(token=token)
    assert "Renew" not in page.text
    assert code_of(other.press(page)) == "registration_exists"
    assert other.sent[0]["redirect_uris"] != registrar.sent[0]["redirect_uris"]


def test_a_renewal_that_gives_another_client_is_refused(
    registrar: Registrar, app: Flask, database: Database, platform: PlatformDouble
) -> None:
    registrar.register()
    again = Registrar.invited(app.test_client(), database, platform, clock.now())
    again.answers({"client_id": "given-2"})
    token = jwt.encode({"sub": "given-1"}, "x" * 32, algorithm="HS256")
    assert code_of(again.press(again.arrive(token=token))) == "platform_answer"
    assert len(again.stored()) == 1
