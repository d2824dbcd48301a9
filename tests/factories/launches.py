"""A browser's way through login and launch, one step at a time, at the tool's own addresses."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import LaunchSession
from tests.factories.platform import PlatformDouble


@dataclass(frozen=True)
class Begun:
    """What the tool sent the browser back to the platform with."""

    state: str
    nonce: str
    response: TestResponse


@dataclass(frozen=True)
class BegunInFrame(Begun):
    """`proof`: what the page gave the frame to keep."""

    proof: str


@dataclass(frozen=True)
class Visitor:
    """A browser that is launched from one platform into the tool at `tool_url`."""

    client: FlaskClient
    platform: PlatformDouble
    registration_id: uuid.UUID
    tool_url: str

    @property
    def launch_url(self) -> str:
        return f"{self.tool_url}/lti/{self.registration_id}/launch"

    def login_params(self, **changes: str | None) -> dict[str, str]:
        params: dict[str, str | None] = {
            "iss": self.platform.issuer,
            "client_id": self.platform.client_id,
            "login_hint": "7",
            "lti_message_hint": '{"launchid":"1"}',
            "lti_deployment_id": self.platform.deployment_id,
            "target_link_uri": self.launch_url,
            **changes,
        }
        return {name: value for name, value in params.items() if value is not None}

    def login(
        self, method: str = "POST", dest: str = "document", **changes: str | None
    ) -> TestResponse:
        """Begin in a window of its own (`dest`: what browsers say of it), or in a frame."""
        params = self.login_params(**changes)
        headers = {"Sec-Fetch-Dest": dest}
        where = {"data" if method == "POST" else "query_string": params}
        return self.client.open(
            f"/lti/{self.registration_id}/login", method=method, headers=headers, **where
        )

    def begin(self, **changes: str | None) -> Begun:
        response = self.login(**changes)
        assert response.status_code == 302, response.text
        query = parse_qs(urlsplit(response.location).query)
        return Begun(query["state"][0], query["nonce"][0], response)

    def begin_in_frame(self, **changes: str | None) -> "BegunInFrame":
        response = self.login(dest="iframe", **changes)
        assert response.status_code == 200, response.text
        told = {
            name: unescape(re.search(rf'data-{name}="([^"]+)"', response.text)[1])
            for name in ("state", "proof", "next")
        }
        query = parse_qs(urlsplit(told["next"]).query)
        assert query["state"] == [told["state"]]
        return BegunInFrame(told["state"], query["nonce"][0], response, told["proof"])

    def confirm(self, state: str, proof: str) -> TestResponse:
        """Send what the script of the frame sends."""
        data = {"state": state, "proof": proof}
        return self.client.post(f"/lti/{self.registration_id}/confirm", data=data)

    def launch_unconfirmed(self, **claims: Any) -> "BegunInFrame":
        """Go the whole way in a frame whose browser keeps no cookie, but for the proof."""
        begun = self.begin_in_frame()
        answer = self.send(begun, self.platform.sign(self.payload(begun, **claims)))
        assert answer.status_code == 200, answer.text
        return begun

    def payload(self, begun: Begun, now: datetime | None = None, **claims: Any) -> dict[str, Any]:
        values = {"nonce": begun.nonce, "target_link_uri": self.launch_url, **claims}
        return self.platform.claims(now or clock.now(), **values)

    def post(self, form: Mapping[str, str]) -> TestResponse:
        return self.client.post(f"/lti/{self.registration_id}/launch", data=form)

    def send(self, begun: Begun, id_token: str) -> TestResponse:
        return self.post({"state": begun.state, "id_token": id_token})

    def launch(self, **claims: Any) -> TestResponse:
        """Go the whole way with these claims."""
        begun = self.begin()
        return self.send(begun, self.platform.sign(self.payload(begun, **claims)))


def refusal_code(response: TestResponse) -> str:
    """Return the code that the page of a refusal shows; fails if it is no such page."""
    assert 400 <= response.status_code < 500, (response.status_code, response.text)
    shown = re.search(r"<code>([a-z0-9_]+) · [0-9a-f]{12}</code>", response.text)
    assert shown, response.text
    return shown[1]


def sessions_of(database: Database) -> int:
    """Return how many launches were accepted."""
    with database.transaction(read_only=True) as db:
        return db.scalar(sa.select(sa.func.count()).select_from(LaunchSession)) or 0
