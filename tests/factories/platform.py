"""A platform for tests: signs whatever it is told, and serves its side on loopback with faults.

Unlike the demo LMS it has no manners: every claim, header and answer can be made wrong.
"""

import json
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_tool.db import Database
from lti_tool.lti.tool_keys import public_jwk
from lti_tool.models import Deployment, Organisation, Platform, Registration

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
ABSENT: Any = object()


@cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same key for the same number, for the whole test run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk_of(key: rsa.RSAPrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    return {**public_jwk(key.public_key()), "kid": kid, **changes}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `hang`: seconds before it."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: float = 0
    reason: str | None = None

    @classmethod
    def json(cls, value: object, status: int = 200, **more: Any) -> "Answer":
        return cls(status=status, body=json.dumps(value).encode(), **more)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class PlatformDouble:
    """`requests` has what was asked; `answers[path]` is the answer, or a function that gives it."""

    def __init__(self, url: str, client_id: str = "client-1", key: int = 1) -> None:
        self.url = url
        self.issuer = url
        self.client_id = client_id
        self.deployment_id = "1"
        self.kid = f"kid-{key}"
        self.key = rsa_key(key)
        self.requests: list[Request] = []
        self.answers: dict[str, Answer | Callable[[Request], Answer]] = {}
        self.serve_keys(jwk_of(self.key, self.kid))

    def serve_keys(self, *jwks: object) -> None:
        self.answers["/jwks"] = Answer.json({"keys": list(jwks)})

    def rotate(self, key: int) -> None:
        """Sign with another key from now on, and serve that one only."""
        self.kid, self.key = f"kid-{key}", rsa_key(key)
        self.serve_keys(jwk_of(self.key, self.kid))

    def hits(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def register(
        self, database: Database, now: datetime, *, slug: str = "school", **changes: Any
    ) -> uuid.UUID:
        """Store the platform in the tool and return the registration's id."""
        values: dict[str, Any] = {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "auth_login_url": f"{self.url}/auth",
            "auth_token_url": f"{self.url}/token",
            "key_set_url": f"{self.url}/jwks",
        }
        with database.transaction() as db:
            school = Organisation(slug=slug, name="School", country="AT", created_at=now)
            registration = Registration(
                platform=Platform(organisation=school, name="LMS", created_at=now),
                deployments=[Deployment(deployment_id=self.deployment_id, created_at=now)],
                created_at=now,
                **{**values, **changes},
            )
            db.add(registration)
            db.flush()
            return registration.id

    def claims(self, now: datetime, **changes: Any) -> dict[str, Any]:
        """Return a learner's launch; keys of `changes` are claims (short names for LTI's own)."""
        moment = int(now.timestamp())
        payload: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "7",
            "iat": moment,
            "exp": moment + 60,
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.deployment_id,
            LTI + "resource_link": {"id": "link-1", "title": "Unit 1"},
            LTI + "roles": [MEMBERSHIP + "Learner"],
            LTI + "context": {"id": "course-1", "title": "Course 1"},
            "name": "Ada Lovelace",
            "email": "ada@example.org",
        }
        for name, value in changes.items():
            payload[claim_name(name)] = value
        return {name: value for name, value in payload.items() if value is not ABSENT}

    def sign(
        self,
        payload: object,
        *,
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        algorithm: str = "RS256",
    ) -> str:
        """Return a compact JWS; a header of ABSENT leaves the member out."""
        members = {"typ": "JWT", "kid": self.kid, "alg": algorithm, **(header or {})}
        kept = {name: value for name, value in members.items() if value is not ABSENT}
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signed = b".".join(map(_base64url, (json.dumps(kept).encode(), body)))
        signer = jwt.get_algorithm_by_name(algorithm)
        signature = signer.sign(signed, signer.prepare_key(key or self.key))
        return (signed + b"." + _base64url(signature)).decode()

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        found = self.answers.get(request.path, Answer(status=404))
        return found(request) if callable(found) else found


def claim_name(name: str) -> str:
    """Return the claim's full name; `endpoint` is that of AGS, `namesroleservice` that of NRPS."""
    if name == "endpoint":
        return AGS
    if name == "namesroleservice":
        return NRPS
    if name == "deep_linking_settings":
        return DL + name
    own = {
        "message_type",
        "version",
        "deployment_id",
        "target_link_uri",
        "resource_link",
        "roles",
        "context",
        "custom",
        "launch_presentation",
        "for_user",
        "submission",
        "tool_platform",
        "lis",
    }
    return LTI + name if name in own else name


@contextmanager
def serving_platform(client_id: str = "client-1", key: int = 1) -> Iterator[PlatformDouble]:
    """Serve a platform on a free port of loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.block_on_close = False
    url = f"http://127.0.0.1:{server.server_address[1]}"
    server.platform = PlatformDouble(url, client_id, key)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.platform  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        request = Request(
            self.command, parts.path, parts.query, dict(self.headers), self.rfile.read(length)
        )
        answer = self.server.platform.answer(request)  # type: ignore[attr-defined]
        time.sleep(answer.hang)
        try:
            self.send_response(answer.status, answer.reason)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            return  # the tool has given up

    do_GET = _answer  # noqa: N815
    do_POST = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
