"""A second school with an LMS of its own beside a world, and a larger micro-credential of two
parts, one of which each school teaches."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from playwright.sync_api import Page

from badges.micro_credential import MicroCredential
from lti_tool import clock
from lti_tool.demo.lms import LmsConfig, LmsState, User, add_people, create_lms
from lti_tool.demo.serving import free_port, serving
from lti_tool.demo.world import World
from lti_tool.models import LaunchSession, Person, Platform
from lti_tool.services import organisations
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.definitions import catalogue
from tests.browser.visitors import sit
from tests.factories import courses
from tests.factories.judgements import passing
from tests.factories.two_schools import FIRST, LARGER, SECOND, larger

SCHOOL = "Bildungswerk am Fluss"
PARTS = {mc.code: mc for mc in (FIRST, SECOND)}


@contextmanager
def beside(world: World) -> Iterator[World]:
    """Serve the LMS of a second school, in German; both have links to both parts and the larger."""
    config = LmsConfig(issuer=f"http://127.0.0.1:{free_port()}", name="Lernraum", locale="de")
    lms = LmsState(config)
    port = int(config.issuer.rpartition(":")[2])
    with serving(create_lms(config, lms), port=port):
        _connect(world, lms)
        with world.tool.database.transaction() as db:
            url = world.tool.settings.public_url
            courses.publish(db, larger(), url, clock.now())
        course = lms.add_course("Werkstatt")
        second = replace(world, lms=lms, course=course, people=add_people(lms, course))
        for one in (world, second):
            for code in (*PARTS, LARGER):
                custom = {"mc": f"{FIRST.awarding_body.slug}/{code}"}
                link = one.lms.add_link(one.course, code, custom, gradable=False)
                one.links[f"{one.lms.config.name} {code}"] = link
        yield second


def _connect(world: World, lms: LmsState) -> None:
    client_id, deployment_id = lms.register_tool(
        initiate_login_url="", redirect_uris=[], jwks_url="", target_link_uri=""
    )
    with world.tool.database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "fluss", SCHOOL, "DE", clock.now())
        details = PlatformDetails(
            name=lms.config.name,
            issuer=lms.config.iss,
            client_id=client_id,
            auth_login_url=lms.config.auth_url,
            auth_token_url=lms.config.token_url,
            key_set_url=lms.config.jwks_url,
            deployment_ids=[deployment_id],
        )
        registration = platforms.add(db, body, details, allow_http=True, now=clock.now())
    base = f"{world.tool.settings.public_url}/lti/{registration.id}"
    lms.update_tool(
        client_id,
        initiate_login_url=f"{base}/login",
        redirect_uris=[f"{base}/launch"],
        jwks_url=f"{base}/jwks",
        target_link_uri=f"{base}/launch",
    )


def come(page: Page, world: World, user: User, code: str) -> str:
    """Open the link of a part, or of the larger one, in this window."""
    return sit(page, world, user, world.links[f"{world.lms.config.name} {code}"])


def complete(page: Page, world: World, user: User, mc: MicroCredential) -> None:
    """Let the learner come, and then the teacher, who signs everything off."""
    come(page, world, user, mc.code)
    come(page, world, world.people.teacher, mc.code)
    with world.tool.database.transaction() as db:
        platform = db.query(Platform).filter_by(name=world.lms.config.name).one()
        found = {one.sub: one for one in db.query(Person).filter_by(platform_id=platform.id)}
        teacher = found[world.people.teacher.id]
        launches = db.query(LaunchSession).filter_by(person_id=teacher.id)
        course = launches.order_by(LaunchSession.expires_at.desc()).first().course
        for unit in mc.units:
            for judged in passing(unit):
                if "points" in judged:
                    judged["points"] = Decimal(str(judged["points"]))
                completions.record(
                    db,
                    found[user.id],
                    catalogue.find(db, f"{mc.awarding_body.slug}/{mc.code}"),
                    Judgement(unit=unit.code, **judged),
                    course=course,
                    assessor=teacher,
                    key=f"{unit.code} {judged.get('part', '')}",
                    now=clock.now(),
                )
