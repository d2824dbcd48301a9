"""A registered platform, and a browser between it and the tool."""

from collections.abc import Iterator

import pytest
from flask import Flask

from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from tests.factories.launches import Visitor
from tests.factories.platform import PlatformDouble, serving_platform


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
