"""Launches that a careless tool accepts, and good ones that it refuses, over HTTP.

One test, or more, for each way in which stock pylti1p3 2.0.0 answers wrongly.
"""

import base64
import json
import re
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import LaunchSession, LoginState, Person, Platform, Registration
from tests.factories.databases import on_each_database
from tests.factories.launches import Begun, Visitor, refusal_code
from tests.factories.platform import ABSENT, INSTITUTION, MEMBERSHIP, rsa_key, serving_platform
from tests.factories.threads import at_one_moment


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _sessions(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalar(sa.select(sa.func.count()).select_from(LaunchSession)) or 0


def _other_browser(visitor: Visitor, app: Flask) -> Visitor:
    return Visitor(app.test_client(), visitor.platform, visitor.registration_id, visitor.tool_url)


# State, nonce, browser.


@on_each_database
def test_a_replayed_launch_is_refused(visitor: Visitor, database: Database, app: Flask) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    assert visitor.send(begun, id_token).status_code == 303
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"
    assert refusal_code(_other_browser(visitor, app).send(begun, id_token)) == "state_unknown"
    assert _sessions(database) == 1


def test_a_launch_from_another_browser_is_refused(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    other = _other_browser(visitor, app)
    other.begin()  # it has a login of its own, and that one's cookie
    assert refusal_code(other.send(begun, id_token)) == "browser_unknown"
    assert _sessions(database) == 0


def test_a_browser_that_kept_no_cookie_is_refused(visitor: Visitor, app: Flask) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun))
    bare = Visitor(
        app.test_client(use_cookies=False),
        visitor.platform,
        visitor.registration_id,
        visitor.tool_url,
    )
    assert refusal_code(bare.send(begun, id_token)) == "browser_unknown"


def test_a_login_is_worth_five_minutes(visitor: Visitor) -> None:
    begun = visitor.begin()
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=1)):
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert refusal_code(visitor.send(begun, id_token)) == "state_expired"


@on_each_database
def test_logins_that_nobody_finished_are_swept(visitor: Visitor, database: Database) -> None:
    for _ in range(5):
        visitor.begin()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        visitor.begin()
    with database.transaction(read_only=True) as db:
        assert len(db.scalars(sa.select(LoginState)).all()) == 1


def test_a_state_stays_used_when_its_launch_is_refused(visitor: Visitor) -> None:
    begun = visitor.begin()
    wrong = visitor.platform.sign(visitor.payload(begun, version="1.0"))
    assert refusal_code(visitor.send(begun, wrong)) == "version"
    right = visitor.platform.sign(visitor.payload(begun))
    assert refusal_code(visitor.send(begun, right)) == "state_unknown"


def test_a_token_of_one_login_is_refused_under_another(visitor: Visitor) -> None:
    first, second = visitor.begin(), visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(first))
    assert refusal_code(visitor.send(second, id_token)) == "nonce_mismatch"


@pytest.mark.parametrize("nonce", ["", "another", 7, None, ["x"], "\ud800"])
def test_a_wrong_nonce_is_refused(visitor: Visitor, nonce: object) -> None:
    code = refusal_code(visitor.launch(nonce=nonce))
    assert code == ("nonce_missing" if nonce is None else "nonce_mismatch")


def test_parallel_logins_of_one_browser_do_not_collide(visitor: Visitor) -> None:
    logins = [visitor.begin() for _ in range(3)]
    for begun in logins:
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert visitor.send(begun, id_token).status_code == 303


@on_each_database
def test_of_twenty_threads_with_one_state_and_nonce_one_succeeds(
    visitor: Visitor, database: Database, app: Flask
) -> None:
    begun = visitor.begin()
    cookie = begun.response.headers["Set-Cookie"].partition(";")[0]
    id_token = visitor.platform.sign(visitor.payload(begun))
    form = {"state": begun.state, "id_token": id_token}
    path = f"/lti/{visitor.registration_id}/launch"

    def post() -> int:
        return (
            app.test_client(use_cookies=False)
            .post(path, data=form, headers={"Cookie": cookie})
            .status_code
        )

    statuses = sorted(map(int, map(str, at_one_moment([post] * 20))))
    assert statuses == [303] + [400] * 19
    assert _sessions(database) == 1


def test_the_secrets_of_a_login_are_fresh_random_and_stored_as_digests(
    visitor: Visitor, database: Database
) -> None:
    logins = [visitor.begin() for _ in range(3)]
    states, nonces = {one.state for one in logins}, {one.nonce for one in logins}
    assert len(states | nonces) == 6
    node = f"{uuid.getnode():012x}"
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,64}", text) for text in states | nonces)
    assert not any(node in text for text in nonces)
    with database.transaction(read_only=True) as db:
        kept = {row.state_digest for row in db.scalars(sa.select(LoginState))}
    assert kept.isdisjoint(states)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in kept)


def test_the_login_cookie_is_partitioned_and_short_lived(visitor: Visitor) -> None:
    begun = visitor.begin()
    cookie = begun.response.headers["Set-Cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {
        "secure",
        "httponly",
        "samesite=none",
        "partitioned",
        "path=/lti",
        "max-age=300",
    } <= attributes
    answer = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    ended, opened = answer.headers.getlist("Set-Cookie")
    assert ended.startswith("login_")
    assert "Max-Age=0" in ended
    assert "Partitioned" in opened
    assert "SameSite=None" in opened


# Login.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"target_link_uri": None}, "target_link_uri_missing"),
        ({"target_link_uri": "https://evil.example/"}, "target_link_uri_foreign"),
        ({"target_link_uri": "javascript:alert(1)"}, "target_link_uri_foreign"),
        ({"target_link_uri": "//evil.example/"}, "target_link_uri_foreign"),
        ({"target_link_uri": "https://[broken"}, "target_link_uri_foreign"),
        ({"lti_deployment_id": "99"}, "deployment_unknown"),
        ({"client_id": "someone-else"}, "client_id_mismatch"),
        ({"iss": None}, "issuer_missing"),
        ({"iss": "https://other.example"}, "issuer_mismatch"),
        ({"login_hint": None}, "login_hint_missing"),
        ({"login_hint": "x" * 5000}, "malformed"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_login_is_refused(
    visitor: Visitor, database: Database, method: str, changes: dict[str, Any], code: str
) -> None:
    response = visitor.login(method, **changes)
    assert refusal_code(response) == code
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(LoginState)).all() == []


def test_a_target_that_only_looks_like_ours_is_refused(visitor: Visitor) -> None:
    ours = urlsplit(visitor.tool_url).netloc
    for target in (f"http://{ours}@evil.example/", f"http://{ours}.evil.example/"):
        assert refusal_code(visitor.login(target_link_uri=target)) == "target_link_uri_foreign"


def test_a_login_needs_neither_client_id_nor_deployment_nor_message_hint(
    visitor: Visitor,
) -> None:
    begun = visitor.begin(client_id=None, lti_deployment_id=None, lti_message_hint=None)
    query = parse_qs(urlsplit(begun.response.location).query)
    assert "lti_message_hint" not in query
    response = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert response.status_code == 303


def test_the_authentication_request_is_exactly_what_platforms_take(visitor: Visitor) -> None:
    response = visitor.login("GET")
    parts = urlsplit(response.location)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts._replace(query="").geturl() == f"{visitor.platform.url}/auth"
    assert {**query, "state": "", "nonce": ""} == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": visitor.platform.client_id,
        "redirect_uri": visitor.launch_url,
        "login_hint": "7",
        "lti_message_hint": '{"launchid":"1"}',
        "state": "",
        "nonce": "",
    }
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_query_of_the_platforms_own_address_is_kept(visitor: Visitor, database: Database) -> None:
    with database.transaction() as db:
        registration = db.get_one(Registration, visitor.registration_id)
        registration.auth_login_url = f"{visitor.platform.url}/auth?x=1&y=a%20b"
    location = visitor.begin().response.location
    assert location.count("?") == 1
    query = parse_qs(urlsplit(location).query)
    assert (query["x"], query["y"], query["scope"]) == (["1"], ["a b"], ["openid"])


# Registration, deployment, platform.


def test_a_launch_at_another_registrations_address_is_refused(
    visitor: Visitor, database: Database
) -> None:
    with serving_platform("client-2", key=2) as other:
        other_id = other.register(database, clock.now(), slug="other")
        elsewhere = Visitor(visitor.client, other, other_id, visitor.tool_url)
        begun = visitor.begin()
        id_token = visitor.platform.sign(visitor.payload(begun))
        assert refusal_code(elsewhere.send(begun, id_token)) == "state_foreign"
        theirs = elsewhere.begin()
        id_token = visitor.platform.sign(elsewhere.payload(theirs))
        assert refusal_code(elsewhere.send(theirs, id_token)) == "kid_unknown"
    assert _sessions(database) == 0


@pytest.mark.parametrize(
    ("deployment_id", "code"),
    [
        ("99", "deployment_unknown"),
        (1, "deployment_id_malformed"),
        ("", "deployment_id_missing"),
        (["1"], "deployment_id_malformed"),
    ],
)
def test_a_foreign_deployment_is_refused(
    visitor: Visitor, deployment_id: object, code: str
) -> None:
    assert refusal_code(visitor.launch(deployment_id=deployment_id)) == code


def test_an_unknown_registration_is_not_found(visitor: Visitor) -> None:
    for path, method in (("login", "GET"), ("launch", "POST")):
        response = visitor.client.open(f"/lti/{uuid.uuid4()}/{path}", method=method)
        assert (response.status_code, refusal_code(response)) == (404, "registration_unknown")


def test_a_disabled_platform_is_refused(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin()
    with database.transaction() as db:
        db.scalars(sa.select(Platform)).one().disabled_at = clock.now()
    id_token = visitor.platform.sign(visitor.payload(begun))
    response = visitor.send(begun, id_token)
    assert (response.status_code, refusal_code(response)) == (403, "platform_disabled")
    assert refusal_code(visitor.login()) == "platform_disabled"


def test_a_refusal_of_the_platform_ends_the_login_and_is_not_echoed(visitor: Visitor) -> None:
    begun = visitor.begin()
    error = {
        "state": begun.state,
        "error": "access_denied",
        "error_description": "<script>alert('boo')</script>",
    }
    response = visitor.post(error)
    assert refusal_code(response) == "platform_error"
    assert "boo" not in response.text
    id_token = visitor.platform.sign(visitor.payload(begun))
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"


@pytest.mark.parametrize("error", ["<script>", "x" * 5000, "\0", "Über"])
def test_a_malformed_refusal_of_the_platform_is_still_a_page(visitor: Visitor, error: str) -> None:
    response = visitor.post({"error": error})
    assert refusal_code(response) == "platform_error"
    assert error not in response.text


# Issuer, audience, authorised party (OpenID Connect Core 1.0, section 3.1.3.7).

OURS = "client-1"


@pytest.mark.parametrize(
    ("aud", "azp", "code"),
    [
        (OURS, ABSENT, None),
        (OURS, OURS, None),
        ([OURS], ABSENT, None),
        ([OURS], OURS, None),
        (["other", OURS], OURS, None),
        ([OURS, "other"], OURS, None),
        ([OURS, "evil"], ABSENT, "authorised_party"),
        (OURS, "evil", "authorised_party"),
        ([OURS], "evil", "authorised_party"),
        ([OURS, "evil"], "evil", "authorised_party"),
        ("evil", ABSENT, "audience"),
        ("evil", OURS, "audience"),
        (["evil"], OURS, "audience"),
        ([], ABSENT, "aud_malformed"),
        ([1, OURS], OURS, "aud_malformed"),
        ({"client-1": 1}, ABSENT, "aud_malformed"),
        (ABSENT, ABSENT, "aud_missing"),
        (OURS, 7, "azp_malformed"),
        ([OURS] * 50, OURS, "aud_malformed"),
    ],
)
def test_audience_and_authorised_party(
    visitor: Visitor, aud: object, azp: object, code: str | None
) -> None:
    response = visitor.launch(aud=aud, azp=azp)
    if code is None:
        assert response.status_code == 303, response.text
    else:
        assert refusal_code(response) == code


@pytest.mark.parametrize(
    ("iss", "code"),
    [
        ("https://evil.example", "issuer_mismatch"),
        ("", "issuer_mismatch"),
        (["x"], "iss_malformed"),
        (7, "iss_malformed"),
        (ABSENT, "iss_missing"),
    ],
)
def test_another_issuer_is_refused(visitor: Visitor, iss: object, code: str) -> None:
    assert refusal_code(visitor.launch(iss=iss)) == code


# Time.


@pytest.mark.parametrize(
    ("iat", "exp", "nbf", "code"),
    [
        (0, 60, ABSENT, None),
        (-119, -58, ABSENT, None),
        (-122, -62, ABSENT, "expired"),
        (58, 118, ABSENT, None),
        (62, 122, ABSENT, "not_yet_valid"),
        (0, 60, 58, None),
        (0, 60, 62, "not_yet_valid"),
        (-(10 * 365 * 86400), 10 * 365 * 86400, ABSENT, "too_old"),
        (-400, 60, ABSENT, "too_old"),
        (0, 0, ABSENT, "expired"),
        (0, ABSENT, ABSENT, "exp_missing"),
        (ABSENT, 60, ABSENT, "iat_missing"),
        (0, "60", ABSENT, "exp_malformed"),
        (True, 60, ABSENT, "iat_malformed"),
        (0, 60, "soon", "nbf_malformed"),
        (0, 10**400, ABSENT, "exp_malformed"),
    ],
)
def test_time(visitor: Visitor, iat: Any, exp: Any, nbf: Any, code: str | None) -> None:
    """Whole numbers are seconds from now."""
    present = int(clock.now().timestamp())
    given = {"iat": iat, "exp": exp, "nbf": nbf}
    times = {
        name: value + present if type(value) is int else value for name, value in given.items()
    }
    response = visitor.launch(**times)
    if code is None:
        assert response.status_code == 303, response.text
    else:
        assert refusal_code(response) == code


# Algorithms, headers, keys of the token. (Keys of the platform: test_platform_key_sets.)


def _unsigned(visitor: Visitor, begun: Begun, **header: Any) -> str:
    parts = ({"typ": "JWT", "kid": visitor.platform.kid, **header}, visitor.payload(begun))
    return ".".join(_base64url(json.dumps(part).encode()) for part in parts) + "."


def _hmac_with_public_key(visitor: Visitor, begun: Begun, encoding: Encoding) -> str:
    import hashlib
    import hmac

    public = visitor.platform.key.public_key()
    secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    signed = _unsigned(visitor, begun, alg="HS256").rstrip(".")
    return f"{signed}.{_base64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def test_unsigned_and_symmetric_tokens_are_refused(visitor: Visitor) -> None:
    forged = [
        lambda begun: _unsigned(visitor, begun, alg="none"),
        lambda begun: _unsigned(visitor, begun, alg="NONE"),
        lambda begun: _unsigned(visitor, begun),
        lambda begun: _hmac_with_public_key(visitor, begun, Encoding.PEM),
        lambda begun: _hmac_with_public_key(visitor, begun, Encoding.DER),
    ]
    for forge in forged:
        begun = visitor.begin()
        assert refusal_code(visitor.send(begun, forge(begun))) == "algorithm"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_rsa_algorithms_are_refused(visitor: Visitor, algorithm: str) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), algorithm=algorithm)
    assert refusal_code(visitor.send(begun, id_token)) == "algorithm"


def test_an_elliptic_signature_is_refused(visitor: Visitor) -> None:
    begun = visitor.begin()
    key = ec.generate_private_key(ec.SECP256R1())
    id_token = visitor.platform.sign(visitor.payload(begun), algorithm="ES256", key=key)
    assert refusal_code(visitor.send(begun, id_token)) == "algorithm"


def test_another_keys_signature_under_a_known_kid_is_refused(visitor: Visitor) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), key=rsa_key(3))
    assert refusal_code(visitor.send(begun, id_token)) == "signature"


def test_an_altered_token_is_refused(visitor: Visitor) -> None:
    begun = visitor.begin()
    header, _, signature = visitor.platform.sign(visitor.payload(begun)).split(".")
    other = visitor.payload(begun, roles=[MEMBERSHIP + "Instructor"])
    body = _base64url(json.dumps(other).encode())
    assert refusal_code(visitor.send(begun, f"{header}.{body}.{signature}")) == "signature"
    begun = visitor.begin()
    cut = visitor.platform.sign(visitor.payload(begun))[:-20]
    assert refusal_code(visitor.send(begun, cut)) == "signature"


@pytest.mark.parametrize(
    ("kid", "code"),
    [
        (ABSENT, "kid_missing"),
        ("", "kid_missing"),
        (None, "kid_missing"),
        ("../../dev/null", "kid_unknown"),
        ("' OR 1=1 --", "kid_unknown"),
        ("x" * 10_000, "kid_malformed"),
        (["kid-1"], "kid_malformed"),
        (1, "kid_malformed"),
    ],
)
def test_a_hostile_kid_is_refused(visitor: Visitor, kid: object, code: str) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), header={"kid": kid})
    assert refusal_code(visitor.send(begun, id_token)) == code


def test_keys_that_a_token_brings_along_are_never_fetched_or_used(visitor: Visitor) -> None:
    with serving_platform(key=3) as hostile:
        jwk = {"kty": "RSA", "kid": hostile.kid, "n": "AQAB", "e": "AQAB"}
        for header in (
            {"jku": f"{hostile.url}/jwks", "kid": hostile.kid},
            {"x5u": f"{hostile.url}/cert", "kid": hostile.kid},
            {"jwk": jwk, "kid": hostile.kid},
            {"jku": f"{hostile.url}/jwks"},
        ):
            begun = visitor.begin()
            id_token = visitor.platform.sign(visitor.payload(begun), header=header, key=hostile.key)
            expected = "kid_unknown" if "kid" in header else "signature"
            assert refusal_code(visitor.send(begun, id_token)) == expected
        assert hostile.requests == []


@pytest.mark.parametrize("header", [{"crit": ["b64"], "b64": False}, {"crit": []}, {"b64": True}])
def test_headers_that_change_the_meaning_of_a_token_are_refused(
    visitor: Visitor, header: dict[str, Any]
) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), header=header)
    assert refusal_code(visitor.send(begun, id_token)) == "header_unsupported"


# Claims.


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (ABSENT, "target_link_uri_missing"),
        ("https://evil.example/", "target_link_uri_foreign"),
        ("javascript:alert(1)", "target_link_uri_foreign"),
        (7, "target_link_uri_malformed"),
        ("", "target_link_uri_malformed"),
    ],
)
def test_a_foreign_target_in_the_token_is_refused(
    visitor: Visitor, target: object, code: str
) -> None:
    assert refusal_code(visitor.launch(target_link_uri=target)) == code


def test_a_target_other_than_the_logins_is_refused(visitor: Visitor) -> None:
    other = f"{visitor.tool_url}/elsewhere"
    assert refusal_code(visitor.launch(target_link_uri=other)) == "target_link_uri_mismatch"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"roles": "Instructor"}, "roles_malformed"),
        ({"roles": ["Learner", 5]}, "roles_malformed"),
        ({"roles": ["Learner"] * 10_000}, "id_token_too_large"),
        ({"roles": ["Learner"] * 101}, "roles_malformed"),
        ({"roles": None}, "roles_missing"),
        ({"name": 5}, "name_malformed"),
        ({"email": ["x"]}, "email_malformed"),
        ({"context": {}}, "context_malformed"),
        ({"context": {"title": "no id"}}, "context_missing"),
        ({"context": "course"}, "context_malformed"),
        ({"resource_link": "link"}, "resource_link_malformed"),
        ({"resource_link": {"id": 5}}, "resource_link_malformed"),
        ({"resource_link": {"id": "x" * 256}}, "resource_link_malformed"),
        ({"resource_link": {"id": "a\0b"}}, "resource_link_malformed"),
        ({"sub": 5}, "sub_malformed"),
        ({"sub": ""}, "sub_missing"),
        ({"sub": "\ud800"}, "sub_malformed"),
        ({"sub": "x" * 256}, "sub_malformed"),
        ({"custom": ["mc"]}, "custom_malformed"),
        ({"custom": {"mc": {"a": 1}}}, "custom_malformed"),
        ({"endpoint": {"lineitem": 5}}, "endpoint_malformed"),
        ({"endpoint": {"scope": "all"}}, "endpoint_malformed"),
        ({"launch_presentation": []}, "launch_presentation_malformed"),
        ({"locale": 5}, "locale_malformed"),
        ({"message_type": "LtiDeepLinkingRequest"}, "deep_linking_settings_missing"),
        ({"message_type": "LtiDeepLinkingResponse"}, "message_type_unsupported"),
        ({"message_type": ["LtiResourceLinkRequest"]}, "message_type_unsupported"),
        ({"version": {"1.3.0": 1}}, "version"),
        ({"filler": "x" * 1_000_000}, "http_413"),
        ({"filler": "x" * 100_000}, "id_token_too_large"),
    ],
)
def test_malformed_claims_are_refused(
    visitor: Visitor, database: Database, claims: dict[str, Any], code: str
) -> None:
    assert refusal_code(visitor.launch(**claims)) == code
    assert _sessions(database) == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b'"text"',
        b"null",
        b"not json",
        b'{"a": NaN}',
        b'{"iss": "a", "iss": "b"}',
        b"[" * 30_000,
        b'{"a":' * 9_000,
        b'{"exp": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe",
        b"",
    ],
)
def test_a_payload_that_is_no_object_is_refused(visitor: Visitor, payload: bytes) -> None:
    begun = visitor.begin()
    assert refusal_code(visitor.send(begun, visitor.platform.sign(payload))) == "malformed"


@pytest.mark.parametrize(
    "id_token", ["a", "a.b", "a.b.c.d", "..", "é.é.é", "a b.c.d", "{}.{}.{}", "W10.e30.x"]
)
def test_text_that_is_no_token_is_refused(visitor: Visitor, id_token: str) -> None:
    assert refusal_code(visitor.send(visitor.begin(), id_token)) == "malformed"


def test_an_empty_launch_is_refused(visitor: Visitor) -> None:
    assert refusal_code(visitor.post({})) == "state_missing"
    begun = visitor.begin()
    assert refusal_code(visitor.post({"state": begun.state})) == "id_token_missing"
    assert refusal_code(visitor.post({"state": "\0é", "id_token": "x"})) == "state_unknown"


def test_a_launch_by_get_is_refused(visitor: Visitor) -> None:
    response = visitor.client.get(f"/lti/{visitor.registration_id}/launch")
    assert response.status_code == 405
    assert "id_token" not in response.text


@pytest.mark.parametrize(
    ("roles", "is_teacher"),
    [
        ([MEMBERSHIP + "Instructor"], True),
        ([MEMBERSHIP.rstrip("#") + "/Instructor#TeachingAssistant"], True),
        ([INSTITUTION + "Instructor", MEMBERSHIP + "Learner"], False),
        ([INSTITUTION + "Administrator", MEMBERSHIP + "Learner"], False),
        ([INSTITUTION + "Administrator"], True),
        ([MEMBERSHIP.rstrip("#") + "/Learner#Instructor"], False),
    ],
)
def test_roles_never_give_more_than_they_say(
    visitor: Visitor, database: Database, roles: list[str], is_teacher: bool
) -> None:
    assert visitor.launch(roles=roles).status_code == 303
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(LaunchSession.is_teacher)).one() is is_teacher


def test_one_address_on_two_platforms_is_two_people(visitor: Visitor, database: Database) -> None:
    with serving_platform("client-2", key=2) as other:
        other_id = other.register(database, clock.now(), slug="other")
        elsewhere = Visitor(visitor.client, other, other_id, visitor.tool_url)
        assert visitor.launch().status_code == 303
        assert elsewhere.launch().status_code == 303
    with database.transaction(read_only=True) as db:
        assert len(db.scalars(sa.select(Person)).all()) == 2


def test_a_line_item_on_a_foreign_host_is_never_kept(visitor: Visitor, database: Database) -> None:
    for url, kept in (
        ("https://evil.example/lineitem", None),
        (f"{visitor.platform.url}/lineitem?type_id=1",) * 2,
    ):
        assert visitor.launch(endpoint={"lineitem": url, "scope": []}).status_code == 303
        with database.transaction(read_only=True) as db:
            newest = sa.select(LaunchSession).order_by(LaunchSession.created_at.desc()).limit(1)
            assert db.scalars(newest).one().link.line_item_url == kept


# What is left behind.


def test_the_log_of_a_launch_holds_no_token_and_no_person(
    visitor: Visitor, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    begun = visitor.begin()
    id_token = visitor.platform.sign(
        visitor.payload(begun, launch_presentation={"return_url": "https://lms/?sesskey=1"})
    )
    assert visitor.send(begun, id_token).status_code == 303
    assert refusal_code(visitor.send(begun, id_token)) == "state_unknown"
    captured = capfd.readouterr()
    written = captured.out + captured.err + caplog.text
    assert "launch_accepted" in written
    assert "state_unknown" in written
    for secret in (id_token, begun.state, begun.nonce, "Lovelace", "ada@example", "sesskey"):
        assert secret not in written


def test_a_refusal_shows_a_code_and_what_to_do(visitor: Visitor) -> None:
    response = visitor.launch(name="<script>alert(1)</script>", version="2")
    assert refusal_code(response) == "version"
    assert "<script>alert" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors" in response.headers["Content-Security-Policy"]
