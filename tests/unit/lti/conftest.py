"""A tool that is registered with a platform on loopback, without a web application."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from config.secrets import make_encryption_key
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.lti import service_tokens
from lti_tool.lti.grades import LineItem
from lti_tool.outbound import Outbound
from tests.factories.platform import Answer, PlatformDouble, Request, serving_platform

LINE_ITEM = "/2/lineitems/5/lineitem"


@dataclass(frozen=True)
class Services:
    """What calls to a platform's services need."""

    database: Database
    outbound: Outbound
    encryption: Encryption
    platform: PlatformDouble
    registration_id: uuid.UUID
    now: datetime

    @property
    def line_item(self) -> LineItem:
        url = f"{self.platform.url}{LINE_ITEM}?type_id=1"
        return LineItem(self.registration_id, url, frozenset())

    def bearer(self, *scopes: str, registration_id: uuid.UUID | None = None) -> str:
        return service_tokens.bearer(
            self.database,
            self.outbound,
            self.encryption,
            registration_id or self.registration_id,
            scopes or ("a",),
            self.now,
        )


@pytest.fixture
def platform() -> Iterator[PlatformDouble]:
    with serving_platform() as served:
        grant_tokens(served)
        yield served


@pytest.fixture
def services(database: Database, platform: PlatformDouble, now: datetime) -> Services:
    return Services(
        database=database,
        outbound=Outbound(("127.0.0.1",)),
        encryption=Encryption([make_encryption_key()]),
        platform=platform,
        registration_id=platform.register(database, now),
        now=now,
    )


def grant_tokens(platform: PlatformDouble, **changes: object) -> None:
    """Answer each token request with another token: token-1, token-2, ..."""

    def answer(request: Request) -> Answer:
        document = {
            "access_token": f"token-{platform.hits('/token')}",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": request.form["scope"],
            **changes,
        }
        return Answer.json({name: value for name, value in document.items() if value is not None})

    platform.answers["/token"] = answer
