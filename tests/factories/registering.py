"""A platform that offers Dynamic Registration, and an administrator who uses it."""

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.forms import PageReader
from lti_tool.lti.dynamic_registration import Registered
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.models import Registration
from lti_tool.services import organisations
from lti_tool.services.connections import invitations
from tests.factories.platform import Answer, PlatformDouble, Request

CONFIGURATION = "/openid-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


def configuration(platform: PlatformDouble, **changes: Any) -> dict[str, Any]:
    """Return a whole configuration; a change to None leaves the member out."""
    document = {
        "issuer": platform.issuer,
        "authorization_endpoint": f"{platform.url}/auth",
        "token_endpoint": f"{platform.url}/token",
        "jwks_uri": f"{platform.url}/jwks",
        "registration_endpoint": f"{platform.url}/register",
        "id_token_signing_alg_values_supported": ["RS256"],
        PLATFORM: {"product_family_code": "canvas", "version": "1"},
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


@dataclass
class Registrar:
    """The administrator of `platform`, with an invitation of a school."""

    client: FlaskClient
    database: Database
    platform: PlatformDouble
    token: str
    sent: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def invited(
        cls,
        client: FlaskClient,
        database: Database,
        platform: PlatformDouble,
        now: datetime,
        *,
        slug: str = "school",
        lifetime: timedelta = invitations.LIFETIME,
    ) -> "Registrar":
        with database.transaction() as db:
            school = organisations.get_or_add_organisation(db, slug, "The School", "AT", now)
            _, token = invitations.invite(db, school, now, lifetime=lifetime)
        made = cls(client, database, platform, token)
        made.offers()
        made.answers({"client_id": "given-1", TOOL: {"deployment_id": "7"}})
        return made

    def offers(self, **changes: Any) -> None:
        """Let the platform's configuration be this."""
        self.platform.answers[CONFIGURATION] = Answer.json(configuration(self.platform, **changes))

    def answers(self, body: object, status: int = 201, **more: Any) -> None:
        """Let the platform answer registrations so."""

        def answer(request: Request) -> Answer:
            self.sent.append(json.loads(request.body))
            return Answer.json(body, status, **more)

        self.platform.answers["/register"] = answer

    @property
    def path(self) -> str:
        return f"/lti/register/{self.token}"

    def arrive(self, url: str | None = None, token: str | None = "secret.token") -> TestResponse:
        """Open the link as the platform's frame does."""
        where = self.platform.url + CONFIGURATION if url is None else url
        query = {"openid_configuration": where}
        if token is not None:
            query["registration_token"] = token
        return self.client.get(f"{self.path}?{urlencode(query)}")

    def form(self, page: TestResponse) -> str:
        reader = PageReader()
        reader.feed(page.text)
        reader.close()
        (found,) = [each for each in reader.forms if each.name == "register"]
        (form,) = [each.value for each in found.fields if each.name == "form"]
        return form

    def press(self, page: TestResponse) -> TestResponse:
        return self.send(self.form(page))

    def send(self, form: str) -> TestResponse:
        return self.client.post(self.path, data={"form": form})

    def register(self) -> TestResponse:
        """Go the whole way."""
        page = self.arrive()
        assert page.status_code == 200, page.text
        return self.press(page)

    def stored(self) -> list[Registration]:
        with self.database.transaction(read_only=True) as db:
            return list(db.query(Registration).order_by(Registration.created_at))


def code_of(response: TestResponse) -> str:
    """Return the code that the page of a refusal shows."""
    assert response.status_code >= 400, response.text
    shown = re.search(r"<code>([a-z0-9_]+) · [0-9a-f]{12}</code>", response.text)
    assert shown, response.text
    return shown[1]


def register(
    database: Database,
    token: str,
    client_id: str | None = None,
    *,
    deployment_id: str | None = "7",
    host: str = "lms.example",
) -> uuid.UUID:
    """Do what the page behind an invitation does once the LMS has answered."""
    issuer = f"https://{host}"
    platform = PlatformConfiguration(
        url=f"{issuer}/c",
        issuer=issuer,
        authorization_endpoint=f"{issuer}/auth",
        token_endpoint=f"https://tokens.{host}/token",
        key_set_url=f"{issuer}/keys",
        registration_endpoint=f"{issuer}/register",
        product_family="moodle",
        scopes=(),
        messages=(),
    )
    now = clock.now()
    with database.transaction() as db:
        found = invitations.find(db, token, now)
        registered = Registered(client_id or uuid.uuid4().hex, deployment_id)
        return invitations.finish(db, found.id, platform, registered, now).id
