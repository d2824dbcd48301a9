"""A school that offers the welding sample, and a teacher who launched its first unit."""

import uuid
from datetime import datetime

import pytest

from badges import samples
from lti_tool.db import Database
from tests.factories.courses import School

WLD = samples.welding()


@pytest.fixture
def school(database: Database, now: datetime) -> School:
    opened = School.open(database, now)
    opened.publish(WLD)
    return opened


@pytest.fixture
def teacher(school: School) -> uuid.UUID:
    return school.launch("teacher", teacher=True, mc=WLD.code, unit=WLD.units[0].code)
