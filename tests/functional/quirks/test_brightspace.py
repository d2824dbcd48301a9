"""Deviations of Brightspace."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import BRIGHTSPACE, AgsSetting
from lti_tool.demo.world import PARTICIPATION, World
from lti_tool.lti import grades, service_tokens
from lti_tool.lti.errors import ServiceError
from lti_tool.models import Registration, ResourceLink
from lti_tool.services.lms import columns
from lti_tool.services.lms.columns import Repair
from tests.factories.gradebooks import SAFETY, Teaching, teaching
from tests.factories.quirks import world_of


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now, ags=AgsSetting.LINE_ITEMS, manners=BRIGHTSPACE) as served:
        yield served


def token(course: Teaching) -> str:
    school, courier = course.school, course.courier
    return service_tokens.bearer(
        school.database,
        courier.outbound,
        school.encryption,
        school.registration_id,
        [grades.SCORE_SCOPE],
        school.now,
    )


def say_audience(course: Teaching, audience: str | None) -> None:
    with course.school.transaction() as db:
        known = db.get_one(Registration, course.school.registration_id)
        known.auth_token_audience = audience


def test_tokens_want_another_audience(course: Teaching) -> None:
    say_audience(course, None)
    with pytest.raises(ServiceError):
        token(course)
    say_audience(course, BRIGHTSPACE.token_audience)
    assert token(course)


def test_audiences_are_one(course: Teaching) -> None:
    say_audience(course, BRIGHTSPACE.token_audience)
    token(course)
    assert course.lms.token_log[0].claims["aud"] == "https://api.brightspace.com/auth/token"


def test_keys_name_no_algorithm(tmp_path: Path) -> None:
    with world_of(tmp_path, BRIGHTSPACE) as world, Browser(world.lms_url) as browser:
        published = browser.get(world.lms.config.jwks_url).html
        assert '"alg"' not in published
        page = browser.launch(world.links[PARTICIPATION].id, learner(world))
        assert "Unit 2 of 5" in page.text


def learner(world: World) -> str:
    return world.people.learners[0].id


def test_new_links_have_no_column(course: Teaching) -> None:
    ana = course.lms.add_user("Ana", "Learner")
    course.arrive(ana, SAFETY)
    assert course.lms.line_item_of(course.links[SAFETY]) is None
    say_audience(course, BRIGHTSPACE.token_audience)
    with course.school.transaction() as db:
        found = sa.select(ResourceLink).filter_by(resource_link_id=course.links[SAFETY].id)
        link = db.scalars(found).one()
    assert columns.repair(course.courier, link.id, "Safety", "person:tea").repair is Repair.MADE
