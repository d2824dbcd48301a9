"""Tokens that a careless tool accepts, and good ones that it refuses, over HTTP.

One test, or more, for each way in which stock pylti1p3 2.0.0 answers wrongly.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import LaunchSession, Person
from tests.factories.launches import Begun, Visitor, refusal_code, sessions_of
from tests.factories.platform import (
    ABSENT,
    INSTITUTION,
    MEMBERSHIP,
    jwk_of,
    rsa_key,
    serving_platform,
)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


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


def _hmac(visitor: Visitor, begun: Begun, secret: bytes) -> str:
    signed = _unsigned(visitor, begun, alg="HS256").rstrip(".")
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64url(digest)}"


def _public_secrets(visitor: Visitor) -> list[bytes]:
    """Return what a careless verifier may take for a shared key: everything public of the key."""
    public = visitor.platform.key.public_key()
    info = PublicFormat.SubjectPublicKeyInfo
    pem, der = (public.public_bytes(form, info) for form in (Encoding.PEM, Encoding.DER))
    jwk = jwk_of(visitor.platform.key, visitor.platform.kid)
    modulus = public.public_numbers().n.to_bytes(256)
    return [pem, pem.strip(), der, jwk["n"].encode(), modulus, json.dumps(jwk).encode(), b""]


def test_unsigned_and_symmetric_tokens_are_refused(visitor: Visitor) -> None:
    forged = [
        lambda begun: _unsigned(visitor, begun, alg="none"),
        lambda begun: _unsigned(visitor, begun, alg="NONE"),
        lambda begun: _unsigned(visitor, begun),
        *(
            lambda begun, secret=secret: _hmac(visitor, begun, secret)
            for secret in _public_secrets(visitor)
        ),
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
        jwk = jwk_of(hostile.key, hostile.kid)
        for header in (
            {"jku": f"{hostile.url}/jwks", "kid": hostile.kid},
            {"x5u": f"{hostile.url}/cert", "kid": hostile.kid},
            {"jwk": jwk, "kid": hostile.kid},
            {"jku": f"{hostile.url}/jwks"},
            {"jwk": jwk},
            {"jwk": {**jwk, "kid": visitor.platform.kid}},
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
    assert sessions_of(database) == 0


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
