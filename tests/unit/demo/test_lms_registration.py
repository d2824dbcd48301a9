"""The demo LMS registers tools as strictly as Moodle, and with its quirks."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.demo.lms import AgsSetting, User, registration
from lti_tool.demo.lms.registration import NEW, PLATFORM, ROSTER, TOOL, UPDATE

from .world import ISSUER, World, hidden

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE, LINE_ITEM = AGS + "score", AGS + "lineitem"


@pytest.fixture
def admin(world: World) -> User:
    return world.state.add_admin("Ada", "Min")


def body(**changes: Any) -> dict[str, Any]:
    """Return a good registration; None leaves a member out; `tool_` changes the LTI part."""
    tool = {
        "domain": "tool.example",
        "target_link_uri": "https://tool.example/launch",
        "claims": ["iss", "sub", "name", "email"],
        "messages": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
    }
    whole = {
        "response_types": ["id_token"],
        "initiate_login_uri": "https://tool.example/login",
        "redirect_uris": ["https://tool.example/launch"],
        "client_name": "Tool",
        "jwks_uri": "https://tool.example/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"{SCORE} {LINE_ITEM}",
    }
    for name, value in changes.items():
        target, _, rest = name.partition("_") if name.startswith("tool_") else ("", "", name)
        (tool if target else whole)[rest] = value
    parts = {name: value for name, value in tool.items() if value is not None}
    return {name: value for name, value in whole.items() if value is not None} | {TOOL: parts}


def token(world: World, client_id: str | None = None) -> str:
    reserved = world.state.reserve_client_id(client_id)
    return registration.token_for(world.state, reserved, updates=client_id is not None)


def register(world: World, bearer: str | None = None, **changes: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {bearer or token(world)}"}
    return world.app.test_client().post("/lms/register", json=body(**changes), headers=headers)


def test_the_configuration_names_what_a_tool_needs(world: World) -> None:
    document = world.app.test_client().get("/lms/openid-configuration").json
    assert document is not None
    assert document["issuer"] == ISSUER
    assert document["registration_endpoint"] == f"{ISSUER}/lms/register"
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert {SCORE, LINE_ITEM, ROSTER} <= set(document["scopes_supported"])
    assert document[PLATFORM]["product_family_code"] == "moodle"


def test_a_tool_registers_with_200_and_waits(world: World) -> None:
    answer = register(world)
    assert answer.status_code == 200
    assert answer.json is not None
    tool = world.state.tool(answer.json["client_id"])
    assert tool is not None
    assert not tool.is_active
    assert not tool.is_in_chooser
    assert tool not in world.state.offered_tools()
    assert answer.json[TOOL]["deployment_id"] == tool.deployment_id
    assert (tool.shares_name, tool.shares_email) == (True, True)
    assert tool.ags is AgsSetting.LINE_ITEMS


def test_a_token_works_once(world: World) -> None:
    bearer = token(world)
    assert register(world, bearer).status_code == 200
    again = register(world, bearer)
    assert (again.status_code, again.text) == (401, "token_already_used")


def test_a_refused_registration_does_not_use_up_its_token(world: World) -> None:
    bearer = token(world)
    assert register(world, bearer, redirect_uris=[]).status_code == 400
    assert register(world, bearer).status_code == 200


def test_a_token_lives_for_an_hour(world: World) -> None:
    bearer = token(world)
    world.pass_time(minutes=59)
    early = token(world)
    world.pass_time(minutes=2)
    assert register(world, bearer).text == "invalid_registration_token"
    assert register(world, early).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer ", "Basic x", "Bearer x.y.z", "Bearer x"])
def test_a_registration_without_a_good_token_is_refused(world: World, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = world.app.test_client().post("/lms/register", json=body(), headers=headers)
    assert answer.status_code == 401
    assert answer.text.endswith("registration_token")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_types": None}, "invalid_response_types"),
        ({"response_types": ["code"]}, "invalid_response_types"),
        ({"initiate_login_uri": None}, "missing_initiate_login_uri"),
        ({"redirect_uris": None}, "missing_redirect_uris"),
        ({"redirect_uris": []}, "missing_redirect_uris"),
        ({"client_name": None}, "missing_client_name"),
        ({"jwks_uri": None}, "missing_jwks_uri"),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_auth_method"),
        ({"token_endpoint_auth_method": None}, "invalid_auth_method"),
        ({"tool_domain": None}, "missing_domain"),
        ({"tool_domain": "other.example"}, "domain_targetlinkuri_mismatch"),
        ({"tool_domain": "tool.example:8443"}, "domain_targetlinkuri_mismatch"),
    ],
)
def test_what_moodle_demands_is_demanded(
    world: World, changes: dict[str, Any], reason: str
) -> None:
    answer = register(world, **changes)
    assert (answer.status_code, answer.text) == (400, reason)
    assert answer.content_type.startswith("text/plain")
    assert len(world.state.tools()) == 1
    assert world.state.registration_log[-1].reason == reason


def test_the_returned_scopes_cannot_be_trusted(world: World) -> None:
    answer = register(world, scope=SCORE)
    assert answer.json is not None
    assert LINE_ITEM in answer.json["scope"].split()
    tool = world.state.tool(answer.json["client_id"])
    assert tool is not None
    assert LINE_ITEM not in tool.ags.scopes


def test_what_is_not_asked_for_is_not_shared(world: World) -> None:
    answer = register(world, scope="", tool_claims=["iss", "sub"])
    assert answer.json is not None
    tool = world.state.tool(answer.json["client_id"])
    assert tool is not None
    assert (tool.shares_name, tool.shares_email, tool.ags) == (False, False, AgsSetting.NONE)


def test_an_update_keeps_client_and_state(world: World) -> None:
    bearer = token(world, world.client_id)
    answer = register(world, bearer, client_name="Renamed")
    assert answer.json is not None
    assert answer.json["client_id"] == world.client_id
    (tool,) = world.state.tools()
    assert (tool.name, tool.is_active) == ("Renamed", True)


def test_a_token_says_whether_it_updates(world: World) -> None:
    import jwt

    options: Any = {"verify_signature": False}
    for client_id, scope in ((None, NEW), (world.client_id, UPDATE)):
        claims = jwt.decode(token(world, client_id), options=options)
        assert claims["scope"] == scope


# pages


def test_only_administrators_manage_tools(world: World, admin: User) -> None:
    for user in (world.people.teacher, world.people.learners[0]):
        assert world.browser(user.id).get("/lms/tools").status_code == 403
    assert world.browser().get("/lms/tools").status_code == 303
    assert world.browser(admin.id).get("/lms/tools").status_code == 200


def test_adding_a_tool_shows_its_page_with_configuration_and_token(
    world: World, admin: User
) -> None:
    browser = world.browser(admin.id)
    key = hidden(browser.get("/lms/tools"))["sesskey"]
    sent = {"sesskey": key, "url": "https://tool.example/register"}
    page = browser.post("/lms/tools/add", data=sent).text
    assert 'src="https://tool.example/register?openid_configuration=http' in page
    assert "registration_token=" in page
    refused = browser.post("/lms/tools/add", data=sent | {"url": "javascript:alert(1)"})
    assert refused.status_code == 400


def test_a_known_address_is_asked_about_first(world: World, admin: User) -> None:
    browser = world.browser(admin.id)
    key = hidden(browser.get("/lms/tools"))["sesskey"]
    sent = {"sesskey": key, "url": "http://127.0.0.1:8000/register"}
    page = browser.post("/lms/tools/add", data=sent).text
    assert "Add it as a new tool" in page
    assert "registration_token" not in page
    page = browser.post("/lms/tools/add", data=sent | {"choice": "new"}).text
    assert "registration_token" in page


def test_a_tool_is_activated_shown_hidden_and_deleted(world: World, admin: User) -> None:
    answer = register(world)
    assert answer.json is not None
    client_id = answer.json["client_id"]
    browser = world.browser(admin.id)
    key = hidden(browser.get("/lms/tools"))["sesskey"]

    def press(act: str) -> None:
        done = browser.post(f"/lms/tools/{client_id}/{act}", data={"sesskey": key})
        assert done.status_code == 303

    teacher = world.browser(world.people.teacher.id)
    adding = f"/lms/course/{world.course.id}/add"
    assert client_id not in teacher.get(adding).text
    press("activate")
    assert client_id not in teacher.get(adding).text
    press("show")
    assert client_id in teacher.get(adding).text
    press("show")
    assert client_id not in teacher.get(adding).text
    press("delete")
    assert world.state.tool(client_id) is None
