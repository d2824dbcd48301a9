"""A demo LMS with one course, and a tool that exists only as a key and some addresses."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

from lti_tool.demo.forms import PageReader
from lti_tool.demo.lms import (
    AgsSetting,
    Course,
    LmsConfig,
    LmsState,
    People,
    Scope,
    add_people,
    create_lms,
)

ISSUER = "http://127.0.0.1:9001"
TOOL = "http://127.0.0.1:8000"
REDIRECT_URI = f"{TOOL}/lti/r1/launch"
TARGET = f"{TOOL}/lti/r1/launch"
NOW = datetime(2026, 11, 22, 9, 0, 0, 400_000, tzinfo=UTC)


@dataclass
class ToolDouble:
    """The tool's side of the network: its key set, and assertions signed with its keys."""

    private: rsa.RSAPrivateKey
    key_set: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    fetched: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    is_down: bool = False

    def publish(self, kid: str, private: rsa.RSAPrivateKey) -> None:
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        self.key_set["keys"].append(jwk | {"kid": kid, "use": "sig", "alg": "RS256"})

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.is_down:
            raise ConnectionError("refused")
        return json.dumps(self.key_set).encode()

    def assertion(
        self,
        client_id: str,
        *,
        now: datetime,
        key: Any = None,
        algorithm: str = "RS256",
        kid: str | None = "k1",
        without: str = "",
        **changes: Any,
    ) -> str:
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": f"{ISSUER}/lms/token",
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + 60,
            "jti": f"jti-{next(self.numbers)}",
        } | changes
        claims.pop(without, None)
        headers = {"kid": kid} if kid else {}
        if algorithm == "none":
            return jwt.encode(claims, "", algorithm=algorithm, headers=headers)
        return jwt.encode(claims, key or self.private, algorithm=algorithm, headers=headers)


class World:
    """The LMS, its people, and short ways to do what a browser or the tool does."""

    def __init__(self, tool: ToolDouble) -> None:
        self.now = NOW
        self.double = tool
        self.config = LmsConfig(issuer=ISSUER, clock=lambda: self.now, fetch=tool.fetch)
        self.state = LmsState(self.config)
        self.app: Flask = create_lms(self.config, self.state)
        self.app.testing = True
        self.client_id, self.deployment_id = self.state.register_tool(
            initiate_login_url=f"{TOOL}/lti/r1/login",
            redirect_uris=[REDIRECT_URI],
            jwks_url=f"{TOOL}/lti/jwks",
            target_link_uri=TARGET,
        )
        self.course: Course = self.state.add_course("First aid at work", label="FA-1")
        self.people: People = add_people(self.state, self.course)
        self.link = self.state.add_link(
            self.course, "Unit 1", {"mc": "first-aid", "unit": "u1"}, description="Bandages"
        )

    def pass_time(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def browser(self, user_id: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if user_id:
            login = client.get("/lms/login")
            answer = client.post(
                "/lms/login", data={"sesskey": hidden(login)["sesskey"], "user": user_id}
            )
            assert answer.status_code == 303
        return client

    def initiate(self, client: FlaskClient, link_id: str | None = None) -> dict[str, str]:
        return hidden(client.get(f"/lms/launch/{link_id or self.link.id}"))

    def request_for(self, initiated: dict[str, str], **changes: str | None) -> dict[str, str]:
        """The authentication request a correct tool makes of a login initiation."""
        asked: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": initiated["client_id"],
            "redirect_uri": REDIRECT_URI,
            "login_hint": initiated["login_hint"],
            "lti_message_hint": initiated["lti_message_hint"],
            "nonce": "n-1",
            "state": "s-1",
        }
        return {key: value for key, value in (asked | changes).items() if value is not None}

    def authorise(
        self, client: FlaskClient, link_id: str | None = None, **changes: str | None
    ) -> TestResponse:
        initiated = self.initiate(client, link_id)
        return client.get("/lms/auth", query_string=self.request_for(initiated, **changes))

    def claims(self, client: FlaskClient, link_id: str | None = None) -> dict[str, Any]:
        """Launch, check the signature with the published keys, and return the claims."""
        return self.verified(hidden(self.authorise(client, link_id))["id_token"])

    def verified(self, id_token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(self.app.test_client().get("/lms/jwks").get_json())
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        options: Any = {"verify_exp": False, "verify_iat": False}
        return jwt.decode(
            id_token, key, algorithms=["RS256"], audience=self.client_id, options=options
        )

    def ask_token(self, assertion: str | None = None, **changes: str) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.double.assertion(self.client_id, now=self.now),
            "scope": " ".join(Scope),
        }
        return self.app.test_client().post("/lms/token", data=form | changes)

    def bearer(self, *scopes: Scope) -> dict[str, str]:
        answer = self.ask_token(scope=" ".join(scopes or Scope))
        return {"Authorization": f"Bearer {json.loads(answer.data)['access_token']}"}

    def allow_line_items(self) -> None:
        self.state.update_tool(self.client_id, ags=AgsSetting.LINE_ITEMS)


def hidden(answer: TestResponse) -> dict[str, str]:
    """Return what the page's form would send as it stands."""
    reader = PageReader()
    reader.feed(answer.get_data(as_text=True))
    reader.close()
    form = next(form for form in reader.forms if form.name != "logout")
    return {control.name: control.value for control in form.fields if control.is_sent}


def query(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
