"""The token endpoint: every claim of the client assertion is checked."""

import json
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Scope

from .world import ISSUER, World

Keys = tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]


def test_a_correct_assertion_earns_an_opaque_token_for_an_hour(world: World) -> None:
    answer = world.ask_token()
    token = json.loads(answer.data)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert "." not in token["access_token"]
    assert world.state.token_log[0].client_id == world.client_id


def test_scopes_the_tool_may_not_have_are_dropped(world: World) -> None:
    granted = json.loads(world.ask_token().data)["scope"].split()
    assert set(granted) == {*AgsSetting.SCORES.scopes, Scope.MEMBERSHIPS}
    world.allow_line_items()
    assert set(json.loads(world.ask_token().data)["scope"].split()) == set(Scope)


@pytest.mark.parametrize("scope", ["", str(Scope.LINE_ITEM), "openid"])
def test_no_grantable_scope_is_invalid_scope(world: World, scope: str) -> None:
    answer = world.ask_token(scope=scope)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


def test_the_grant_type_must_be_client_credentials(world: World) -> None:
    answer = world.ask_token(grant_type="password")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unsupported_grant_type")


def test_the_assertion_type_must_be_jwt_bearer(world: World) -> None:
    answer = world.ask_token(client_assertion_type="jwt")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "somebody-else"},
        {"iss": "somebody-else"},
        {"aud": ISSUER},
        {"aud": [ISSUER, "https://other.example/token"]},
        {"exp": 1},
        {"exp": "later"},
        {"iat": True},
        {"jti": ""},
        {"jti": 7},
        {"without": "sub"},
        {"without": "aud"},
        {"without": "iat"},
        {"without": "exp"},
        {"without": "jti"},
        {"kid": None},
        {"kid": "unknown"},
    ],
    ids=str,
)
def test_a_wrong_assertion_is_an_invalid_client(world: World, changes: dict[str, object]) -> None:
    assertion = world.double.assertion(world.client_id, now=world.now, **changes)  # type: ignore[arg-type]
    answer = world.ask_token(assertion)
    assert answer.status_code == 400
    assert answer.content_type == "application/json"
    assert answer.get_json()["error"] == "invalid_client"
    assert world.state.token_log == []


def test_aud_may_be_a_list_that_holds_the_token_address(world: World) -> None:
    audience = [f"{ISSUER}/lms/token", ISSUER]
    assertion = world.double.assertion(world.client_id, now=world.now, aud=audience)
    assert world.ask_token(assertion).status_code == 200


def test_iat_ahead_of_the_clock_is_refused_without_leeway(world: World) -> None:
    ahead = int((world.now + timedelta(seconds=1)).timestamp())
    assertion = world.double.assertion(world.client_id, now=world.now, iat=ahead)
    assert "future" in world.ask_token(assertion).get_json()["error_description"]
    exact = world.double.assertion(world.client_id, now=world.now, iat=ahead - 1)
    assert world.ask_token(exact).status_code == 200


def test_an_assertion_works_once(world: World) -> None:
    assertion = world.double.assertion(world.client_id, now=world.now)
    assert world.ask_token(assertion).status_code == 200
    assert "used before" in world.ask_token(assertion).get_json()["error_description"]
    same = world.double.assertion(world.client_id, now=world.now, jti="x")
    again = world.double.assertion(world.client_id, now=world.now, jti="x", exp=9_999_999_999)
    assert [world.ask_token(each).status_code for each in (same, again)] == [200, 400]


def test_a_signature_by_another_key_is_refused(world: World, private_keys: Keys) -> None:
    forged = world.double.assertion(world.client_id, now=world.now, key=private_keys[1])
    assert "signature" in world.ask_token(forged).get_json()["error_description"]


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_only_rs256_is_taken(world: World, algorithm: str) -> None:
    signed = world.double.assertion(world.client_id, now=world.now, algorithm=algorithm)
    assert "signature" in world.ask_token(signed).get_json()["error_description"]


def test_neither_no_signature_nor_one_with_the_public_key_is_taken(world: World) -> None:
    modulus = world.double.key_set["keys"][0]["n"]
    sign = partial(world.double.assertion, world.client_id, now=world.now)
    for assertion in (sign(algorithm="none"), sign(algorithm="HS256", key=modulus)):
        answer = world.ask_token(assertion)
        assert answer.status_code == 400
        assert "signature" in answer.get_json()["error_description"]


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "e30.e30.", "\N{SNOWMAN}"])
def test_what_is_no_jwt_is_refused(world: World, text: str) -> None:
    answer = world.ask_token(text)
    assert answer.status_code == 400
    assert answer.get_json()["error"] in ("invalid_request", "invalid_client")


def test_the_tools_key_set_is_fetched_once_and_again_for_an_unknown_kid(
    world: World, private_keys: Keys
) -> None:
    for _ in range(3):
        assert world.ask_token().status_code == 200
    assert world.double.fetched == ["http://127.0.0.1:8000/lti/jwks"]
    world.double.publish("k2", private_keys[1])
    new = {"key": private_keys[1], "kid": "k2", "now": world.now}
    rotated = world.double.assertion(world.client_id, **new)  # type: ignore[arg-type]
    assert world.ask_token(rotated).status_code == 200
    assert len(world.double.fetched) == 2


def test_an_unreachable_key_set_refuses_and_is_not_remembered(world: World) -> None:
    world.double.is_down = True
    answer = world.ask_token()
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "fix_jwks_alg" in answer.text, "as Moodle words it"
    world.double.is_down = False
    assert world.ask_token().status_code == 200


def test_a_key_set_that_is_none_refuses(world: World) -> None:
    world.double.key_set = {"keys": [{"kty": "RSA", "kid": "k1"}]}
    assert "fix_jwks_alg" in world.ask_token().text


def test_a_fault_ordered_for_tokens_comes_once(world: World) -> None:
    world.state.faults.add(Endpoint.TOKENS, Fault(status=500))
    assert [world.ask_token().status_code for _ in "ab"] == [500, 200]
