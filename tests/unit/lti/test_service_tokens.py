"""Bearer tokens: how they are asked for, kept, shared and dropped."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from lti_tool.lti import service_tokens, tool_keys
from lti_tool.lti.errors import ServiceError
from lti_tool.models import AccessToken, Registration
from tests.factories.platform import Answer, serving_platform
from tests.unit.lti.conftest import Services, grant_tokens


def _refusal(services: Services) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        services.bearer()
    return caught.value


def _claims_of(services: Services, position: int = -1) -> dict[str, Any]:
    """Return the claims of an assertion, its signature verified with the published key set."""
    form = services.platform.requests[position].form
    with services.database.transaction(read_only=True) as db:
        (jwk,) = tool_keys.key_set(db, services.now)["keys"]
    assertion = form["client_assertion"]
    assert jwt.get_unverified_header(assertion)["kid"] == jwk["kid"]
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    return jwt.decode(assertion, jwt.PyJWK(jwk), algorithms=["RS256"], options=options)


def test_a_token_is_asked_for_as_the_security_framework_says(services: Services) -> None:
    services.bearer("b", "a", "b")
    form = services.platform.requests[-1].form
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == service_tokens.ASSERTION_TYPE
    assert form["scope"] == "a b"
    claims = _claims_of(services)
    present = int(services.now.timestamp())
    assert claims["iss"] == claims["sub"] == services.platform.client_id
    assert claims["aud"] == f"{services.platform.url}/token"
    assert claims["iat"] <= present - 30  # Moodle takes none from its future
    assert present < claims["exp"] <= present + 300
    assert len(claims["jti"]) >= 22


def test_every_assertion_has_an_id_of_its_own(services: Services) -> None:
    services.bearer("a")
    services.bearer("b")
    assert _claims_of(services, 0)["jti"] != _claims_of(services, 1)["jti"]


def test_a_token_is_used_until_a_minute_before_its_end(services: Services) -> None:
    assert [services.bearer(), services.bearer()] == ["token-1"] * 2
    soon = replace(services, now=services.now + timedelta(seconds=3600 - 61))
    assert soon.bearer() == "token-1"
    later = replace(services, now=services.now + timedelta(seconds=3600 - 60))
    assert later.bearer() == "token-2"
    assert later.bearer() == "token-2"


def test_a_token_proves_which_key_the_platform_has(services: Services) -> None:
    def has() -> str | None:
        with services.database.transaction(read_only=True) as db:
            return db.get_one(Registration, services.registration_id).key_text_kid

    services.bearer()
    assert has() is None  # it was never given one as text
    with services.database.transaction() as db:
        db.get_one(Registration, services.registration_id).key_text_kid = "old"
    services.bearer()
    assert has() == "old"  # it was not asked
    services.platform.answers["/token"] = lambda _: Answer.json({"error": "invalid_client"}, 401)
    with pytest.raises(ServiceError):
        services.bearer("other")
    assert has() == "old"
    grant_tokens(services.platform)
    services.bearer("other")
    with services.database.transaction(read_only=True) as db:
        (jwk,) = tool_keys.key_set(db, services.now)["keys"]
    assert has() == jwk["kid"]


def test_a_token_serves_its_own_scopes_only(services: Services) -> None:
    assert services.bearer("a") != services.bearer("a", "b")
    assert services.bearer("b", "a") == services.bearer("a", "b")


def test_two_clients_of_one_issuer_have_tokens_of_their_own(services: Services) -> None:
    """pylti1p3next keys its cache by issuer and scopes, and mixes clients up."""
    with services.database.transaction() as db:
        one = db.get_one(Registration, services.registration_id)
        other = Registration(
            platform=one.platform,
            issuer=one.issuer,
            client_id="client-2",
            auth_login_url=one.auth_login_url,
            auth_token_url=one.auth_token_url,
            key_set_url=one.key_set_url,
            created_at=services.now,
        )
        db.add(other)
        db.flush()
        other_id = other.id
    tokens = [services.bearer(), services.bearer(registration_id=other_id)]
    assert tokens == ["token-1", "token-2"]
    assert [_claims_of(services, position)["iss"] for position in (0, 1)] == [
        "client-1",
        "client-2",
    ]
    assert services.bearer() == "token-1"


def test_a_token_is_not_used_at_another_address(services: Services) -> None:
    assert services.bearer() == "token-1"
    with serving_platform() as moved:
        grant_tokens(moved, access_token="moved")
        with services.database.transaction() as db:
            row = db.get_one(Registration, services.registration_id)
            row.auth_token_url = f"{moved.url}/token"
        assert services.bearer() == "moved"


def test_a_token_is_stored_encrypted(services: Services) -> None:
    token = secrets.token_urlsafe(24)
    grant_tokens(services.platform, access_token=token)
    assert services.bearer() == token
    with services.database.transaction(read_only=True) as db:
        stored = db.scalars(sa.select(AccessToken.token)).one()
    assert token.encode() not in stored
    assert services.encryption.decrypt(stored).decode() == token


def test_a_dropped_token_is_asked_for_anew(services: Services) -> None:
    database, encryption = services.database, services.encryption
    first = services.bearer()
    service_tokens.drop(database, encryption, services.registration_id, first)
    second = services.bearer()
    assert second != first
    service_tokens.drop(database, encryption, services.registration_id, first)
    assert services.bearer() == second  # the newer one stays


@pytest.mark.parametrize(
    ("expires_in", "life"),
    [
        (3600, 3600),
        ("3600", 3600),
        (None, 600),
        (-5, 0),
        (10**9, 86400),
        (True, 600),
        ("soon", 600),
        (90.5, 90.5),
    ],
)
def test_life(services: Services, expires_in: object, life: float) -> None:
    grant_tokens(services.platform, expires_in=expires_in)
    services.bearer()
    with services.database.transaction(read_only=True) as db:
        expires_at = db.scalars(sa.select(AccessToken.expires_at)).one()
    assert expires_at == services.now + timedelta(seconds=life)


def test_a_token_that_comes_as_html_is_taken(services: Services) -> None:
    body = b'{"access_token": "t", "expires_in": 60}'
    services.platform.answers["/token"] = Answer(body=body, headers={"Content-Type": "text/html"})
    assert services.bearer() == "t"


@pytest.mark.parametrize(
    ("answer", "code", "is_transient"),
    [
        (Answer.json({"error": "invalid_scope"}, 400), "scope_refused", False),
        (Answer.json({"error": "invalid_client"}, 400), "token_refused", True),
        (Answer(400, b'{"error": ""kid" invalid"}'), "token_refused", True),
        (Answer(401), "token_refused", True),
        (Answer(503), "token_unavailable", True),
        (Answer(302, headers={"Location": "/x"}), "token_redirect", True),
        (Answer.json({}), "token_malformed", True),
        (Answer.json([]), "token_malformed", True),
        (Answer(body=b"<html>"), "token_malformed", True),
        (Answer.json({"access_token": ""}), "token_malformed", True),
        (Answer.json({"access_token": 5}), "token_malformed", True),
        (Answer.json({"access_token": "a\r\nX: 1"}), "token_malformed", True),
        (Answer.json({"access_token": "é"}), "token_malformed", True),
        (Answer.json({"access_token": "t", "scope": "other"}), "scope_refused", False),
    ],
)
def test_no_token(services: Services, answer: Answer, code: str, is_transient: bool) -> None:
    services.platform.answers["/token"] = answer
    error = _refusal(services)
    assert (error.code, error.is_transient) == (code, is_transient)
    with services.database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(AccessToken)).all() == []


def test_the_platform_may_say_when_to_ask_again(services: Services) -> None:
    services.platform.answers["/token"] = Answer(429, headers={"Retry-After": "90"})
    assert _refusal(services).retry_after == timedelta(seconds=90)


def test_a_platform_may_want_another_audience_than_its_token_address(services: Services) -> None:
    """Brightspace: one audience for all its sites."""
    audience = "https://api.brightspace.com/auth/token"
    with services.database.transaction() as db:
        row = db.get_one(Registration, services.registration_id)
        row.auth_token_audience = audience
    services.bearer("a")
    assert _claims_of(services)["aud"] == audience
