"""What several modules begin with: a platform, a browser before it, and who sits there."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from badges import samples
from config import Settings
from lti_tool import clock, create_app
from lti_tool.db import Database
from lti_tool.tool import Tool
from tests.factories import courses, neighbours
from tests.factories.launches import Visitor
from tests.factories.mail_server import Mailbox, mail_server
from tests.factories.moodle import Moodle, moodle
from tests.factories.neighbours import Neighbourhood
from tests.factories.platform import PlatformDouble, serving_platform
from tests.factories.registering import Registrar
from tests.factories.selecting import Selecting


@pytest.fixture
def tool(app: Flask) -> Tool:
    found: Tool = app.extensions["credlet"]
    return found


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as served:
        yield served


@pytest.fixture
def mailing(tool_settings: Settings, box: Mailbox) -> Settings:
    """Settings with a mail server, whose letters are in `box`."""
    mail = {"smtp_url": box.url, "smtp_from": "credlet@badges.example"}
    return tool_settings.model_copy(update=mail)


@pytest.fixture
def mailing_app(mailing: Settings) -> Iterator[Flask]:
    """For modules whose `app` sends mail."""
    made = create_app(mailing)
    yield made
    made.extensions["credlet"].database.close()


@pytest.fixture
def platform() -> Iterator[PlatformDouble]:
    with serving_platform() as served:
        yield served


@pytest.fixture
def visitor(
    app: Flask, database: Database, tool_settings: Settings, platform: PlatformDouble
) -> Visitor:
    registration_id = platform.register(database, clock.now())
    return Visitor(app.test_client(), platform, registration_id, tool_settings.public_url)


@pytest.fixture
def selecting(visitor: Visitor, published: None) -> Selecting:
    return Selecting.begin(visitor)


@pytest.fixture
def published(app: Flask, database: Database) -> None:
    public_url = app.extensions["credlet"].settings.public_url
    with database.transaction() as db:
        for mc in samples.all():
            courses.publish(db, mc, public_url, clock.now())


@pytest.fixture
def registrar(app: Flask, database: Database, platform: PlatformDouble) -> Registrar:
    return Registrar.invited(app.test_client(), database, platform, clock.now())


@pytest.fixture
def neighbourhood(app: Flask, database: Database) -> Neighbourhood:
    return neighbours.settle(app, database, clock.now())


@pytest.fixture
def site(
    app: Flask, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Moodle]:
    with moodle(app, database, now) as opened:
        monkeypatch.setattr(clock, "now", lambda: opened.school.now)
        yield opened
