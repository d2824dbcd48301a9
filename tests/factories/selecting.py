"""A platform that asks a teacher to select content, and what the tool sends back.

selecting = Selecting.begin(visitor, data="opaque")
sent = selecting.choose(units=[""])
claims = sent.verified(platform, visitor.client)
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.db import Database
from lti_tool.models import LaunchSession, Person
from tests.factories.launches import Visitor
from tests.factories.platform import ABSENT, DL, MEMBERSHIP, PlatformDouble
from tests.factories.visits import Page, Visit

TITLE = "Welding basics: MIG/MAG fillet welds"


def settings(platform: PlatformDouble, **changes: Any) -> dict[str, Any]:
    """Return deep linking settings as Moodle sends them."""
    given = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "deep_link_return_url": return_url(platform),
        "title": "Credlet",
        "text": "",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not ABSENT}


def return_url(platform: PlatformDouble) -> str:
    return f"{platform.url}/content/return?course=2&id=1&sesskey=s3ssk3y"


def request(platform: PlatformDouble, **changes: Any) -> dict[str, Any]:
    """Return the claims by which a deep linking request differs from a learner's launch."""
    return {
        "message_type": "LtiDeepLinkingRequest",
        "resource_link": ABSENT,
        "roles": [MEMBERSHIP + "Instructor"],
        "deep_linking_settings": settings(platform, **changes),
    }


@dataclass(frozen=True)
class Sent:
    """The page with which the tool sends the browser back."""

    page: Page

    @property
    def action(self) -> str:
        return self.page.form("answer").action

    @property
    def jwt(self) -> str:
        fields = {field.name: field.value for field in self.page.form("answer").fields}
        return fields["JWT"]

    def verified(self, platform: PlatformDouble, tool: FlaskClient) -> dict[str, Any]:
        """Check the signature as a platform does, by the key set that the tool publishes."""
        published = tool.get(key_set_path(self.page))
        keys = jwt.PyJWKSet.from_dict(published.get_json())
        key = keys[jwt.get_unverified_header(self.jwt)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            self.jwt,
            key,
            algorithms=["RS256"],
            audience=platform.issuer,
            issuer=platform.client_id,
            options={"require": ["iss", "aud", "iat", "exp", "nonce", "jti"]},
        )
        return claims


def key_set_path(page: Page) -> str:
    """Return the key set's path; the registration stands in the links that were sent."""
    fields = {field.name: field.value for field in page.form("answer").fields}
    claims = jwt.decode(fields["JWT"], options={"verify_signature": False})
    url: str = claims[DL + "content_items"][0]["url"]
    return re.sub(r"^https?://[^/]+|/launch$", "", url) + "/jwks"


@dataclass(frozen=True)
class Selecting:
    """A teacher's visit between request and response."""

    visit: Visit

    @classmethod
    def begin(cls, visitor: Visitor, **changes: Any) -> "Selecting":
        """Ask; `changes` are those of the settings."""
        response = visitor.launch(**request(visitor.platform, **changes))
        assert response.status_code == 303, response.text
        launch_id = uuid.UUID(response.location.strip("/").split("/")[1])
        return cls(Visit(visitor.client, launch_id, uuid.uuid4()))

    def catalogue(self) -> Page:
        return self.visit.get()

    def units(self, title: str = TITLE) -> Page:
        return self.catalogue().follow(title)

    def choose(self, *, units: Sequence[str] | None = None, columns: str | None = None) -> Sent:
        """Send the form as it stands, or with these units and columns."""
        page = self.choosing(units=units, columns=columns)
        assert page.status == 200, page.text
        return Sent(page)

    def choosing(self, *, units: Sequence[str] | None = None, columns: str | None = None) -> Page:
        fields = {"unit": list(units)} if units is not None else {}
        return self.units().submit("select", **fields, **({"columns": columns} if columns else {}))

    def cancel(self) -> Page:
        return self.catalogue().submit("cancel")


def leaves_nothing(response: TestResponse, database: Database) -> None:
    """Fail unless a refused request left neither cookie nor visit nor person."""
    assert not [c for c in response.headers.getlist("Set-Cookie") if c.startswith("launch=")]
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(LaunchSession)).all() == []
        assert db.scalars(sa.select(Person)).all() == []
