"""Deviations of Blackboard."""

import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti_tool import clock
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import BLACKBOARD
from lti_tool.demo.world import PARTICIPATION, World
from lti_tool.lti.quirks import is_service_of
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.models import Registration, ResourceLink
from lti_tool.services.connections import registrations
from tests.factories.launches import Visitor, refusal_code
from tests.factories.quirks import items_of, select, world_of

HOSTED = KnownRegistration(
    id=uuid.uuid4(),
    issuer="https://blackboard.com",
    client_id="1",
    auth_login_url="https://developer.blackboard.com/api/v1/gateway/oidcauth",
    auth_token_url="https://developer.blackboard.com/api/v1/gateway/oauth2/jwttoken",
    key_set_url="https://developer.blackboard.com/api/v1/management/applications/1/jwks.json",
    deployment_ids=frozenset({"1"}),
    frame_origins=("https://learn.school.example",),
)
COLUMN = "learn/api/v1/lti/courses/_4_1/lineItems/_7_1"


@pytest.mark.parametrize(
    ("origin", "is_theirs"),
    [
        ("https://school.blackboard.com", True),
        ("https://learn.school.example", True),
        ("https://learn.other.example", False),
        ("http://learn.school.example", False),
        ("https://learn.school.example:8443", False),
        ("https://evilblackboard.com", False),
        ("https://blackboard.com.evil.example", False),
    ],
)
def test_services_lie_on_the_schools_host(origin: str, is_theirs: bool) -> None:
    assert is_service_of(HOSTED, f"{origin}/{COLUMN}") is is_theirs


def column_of(world: World) -> str | None:
    with world.tool.database.transaction(read_only=True) as db:
        link = world.links[PARTICIPATION].id
        found = sa.select(ResourceLink.line_item_url).filter_by(resource_link_id=link)
        return db.scalar(found)


def test_a_school_with_a_name_of_its_own_is_served_once_an_operator_says_so(
    tmp_path: Path,
) -> None:
    with world_of(tmp_path, BLACKBOARD) as world, Browser(world.lms_url) as browser:
        ana, link = world.people.learners[0], world.links[PARTICIPATION]
        assert browser.launch(link.id, ana.id).status == 200
        assert column_of(world) is None, "no token goes to a host that nobody named"
        with world.tool.database.transaction() as db:
            registrations.set_frame_origins(
                db,
                db.scalars(sa.select(Registration)).one(),
                add=[world.lms.config.services],
                allow_http=True,
                now=clock.now(),
            )
        browser.launch(link.id)
        assert (column_of(world) or "").startswith(world.lms.config.services)


def test_each_institution_is_a_deployment(visitor: Visitor) -> None:
    begun = visitor.begin(lti_deployment_id="another-school")
    claims = visitor.payload(begun, deployment_id="another-school")
    refused = visitor.send(begun, visitor.platform.sign(claims))
    assert refusal_code(refused) == "deployment_unknown"


def test_selected_links_take_no_grades(tmp_path: Path) -> None:
    with world_of(tmp_path, BLACKBOARD) as world, Browser(world.lms_url) as teacher:
        items = items_of(select(world, teacher, columns="units"))
        units = [item for item in items if "unit" in item["custom"]]
        assert units
        assert all(item["lineItem"]["scoreMaximum"] > 0 for item in units)
