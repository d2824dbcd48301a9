"""The tool registers with an LMS as strict as Moodle; the administrator clicks through it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from lti_tool import clock
from lti_tool.demo.browser import Browser, Page
from lti_tool.demo.lms import AgsSetting, Endpoint, Fault, Role, registration
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import World, running
from lti_tool.models import Registration
from lti_tool.services import organisations
from lti_tool.services.connections import invitations, registrations


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(tmp_path, worker=False, **ports) as made:
        yield made


@pytest.fixture
def admin(world: World) -> Iterator[Browser]:
    with Browser(world.lms_url) as browser:
        browser.login(world.admin.id)
        yield browser


def invite(world: World) -> str:
    with world.tool.database.transaction() as db:
        school = organisations.find(db, world.mc.awarding_body.slug)
        _, token = invitations.invite(db, school, clock.now())
    return f"{world.tool.settings.public_url}/lti/register/{token}"


def arrive(world: World, admin: Browser, link: str, client_id: str | None = None) -> Page:
    """Open the tool's page with what the LMS puts behind its address."""
    reserved = world.lms.reserve_client_id(client_id)
    token = registration.token_for(world.lms, reserved, updates=client_id is not None)
    where = f"{world.lms_url}/lms/openid-configuration"
    return admin.get(f"{link}?openid_configuration={where}&registration_token={token}")


def register(world: World, admin: Browser, link: str, client_id: str | None = None) -> Page:
    assert arrive(world, admin, link, client_id).status == 200
    return admin.submit("register")


def waiting(world: World) -> Registration:
    with world.tool.database.transaction(read_only=True) as db:
        return db.query(Registration).filter(Registration.pending_since.is_not(None)).one()


def confirm(world: World, found: Registration) -> None:
    with world.tool.database.transaction() as db:
        pending = registrations.find_pending(db, found.id)
        registrations.confirm(db, pending, clock.now())


def test_the_strict_lms_takes_the_registration(world: World, admin: Browser) -> None:
    done = register(world, admin, invite(world))
    assert done.status == 200
    (logged,) = world.lms.registration_log
    assert (logged.status, logged.reason) == (200, "OK")
    stored = waiting(world)
    tool = world.lms.tool(stored.client_id)
    assert tool is not None
    assert (stored.product_family, tool.ags) == ("moodle", AgsSetting.LINE_ITEMS)
    assert tool.domain == world.tool.settings.public_url.partition("//")[2]
    assert set(tool.messages) == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest"}


def test_a_learner_launches_once_both_sides_have_agreed(world: World, admin: Browser) -> None:
    register(world, admin, invite(world))
    found = waiting(world)
    course = world.lms.add_course("Another course")
    learner = world.people.learners[0]
    world.lms.enrol(learner, course, Role.LEARNER)
    custom = {"mc": f"{world.mc.awarding_body.slug}/{world.mc.code}"}
    link = world.lms.add_link(course, "Welding", custom, client_id=found.client_id)
    with Browser(world.lms_url) as browser:
        refused = browser.launch(link.id, learner.id)
        assert refused.status == 403
        assert "registration_pending" in refused.text
        confirm(world, found)
        assert browser.launch(link.id, learner.id).status == 200


def test_a_token_of_the_lms_that_was_used_is_refused_and_the_link_stays(
    world: World, admin: Browser
) -> None:
    link = invite(world)
    page = arrive(world, admin, link)
    assert page.status == 200
    token = parse_qs(urlsplit(page.url).query)["registration_token"][0]
    client_id = jwt.decode(token, options={"verify_signature": False})["sub"]
    assert world.lms.take_client_id(client_id)
    refused = admin.submit("register")
    assert refused.status == 502
    assert "token_already_used" in refused.text
    assert register(world, admin, link).status == 200


def test_an_lms_that_fails_leaves_the_link_usable(world: World, admin: Browser) -> None:
    link = invite(world)
    world.lms.faults.add(Endpoint.CONFIGURATION, Fault(status=503))
    assert arrive(world, admin, link).status == 400
    world.lms.faults.add(Endpoint.REGISTRATION, Fault(status=None))
    assert register(world, admin, link).status == 502
    assert register(world, admin, link).status == 200


def test_an_answer_that_is_lost_leaves_the_link_usable(world: World, admin: Browser) -> None:
    """The LMS then lists a tool too many; the second has the same addresses."""
    link = invite(world)
    world.lms.faults.add(Endpoint.REGISTRATION, Fault(status=None, accept=True))
    assert register(world, admin, link).status == 502
    assert register(world, admin, link).status == 200
    *_, lost, kept = world.lms.tools()
    assert lost.redirect_uris == kept.redirect_uris
    assert waiting(world).client_id == kept.client_id


def test_the_lms_renews_a_tool_and_launches_go_on(world: World, admin: Browser) -> None:
    (tool,) = world.lms.tools()
    done = register(world, admin, invite(world), tool.client_id)
    assert done.status == 200
    assert "renewed" in done.text
    (renewed,) = world.lms.tools()
    assert renewed.redirect_uris == tool.redirect_uris
    assert renewed.ags is AgsSetting.LINE_ITEMS
    with Browser(world.lms_url) as browser:
        page = browser.launch(world.overview.id, world.people.learners[0].id)
        assert page.status == 200
