"""A tool and an LMS side by side on loopback, connected, with a course that offers the sample.

The two have different host names (localhost and 127.0.0.1), so that browsers treat the tool in
the LMS's frame as a third party, as they would in real life.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

import migrations
from badges import samples
from badges.micro_credential import MicroCredential
from config import logging
from config.secrets import make_encryption_key, make_secret_key
from config.settings import Settings
from lti_tool import clock, create_app
from lti_tool.db import Database
from lti_tool.demo.lms import (
    MOODLE,
    Course,
    Link,
    LmsConfig,
    LmsState,
    Manners,
    People,
    Quiz,
    User,
    add_people,
    create_lms,
)
from lti_tool.demo.lms.config import fetch_over_http
from lti_tool.demo.serving import serving
from lti_tool.lti.moodle_web_services import Site
from lti_tool.models import Registration
from lti_tool.services import audit, organisations
from lti_tool.services.connections import platforms, registrations
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.courses.deep_linking import CONTEXT_HISTORY
from lti_tool.services.definitions import catalogue, grants
from lti_tool.services.lms import moodle
from lti_tool.tool import Tool

SAMPLE = samples.welding()
UNLOCKED, PARTICIPATION, *ASSESSED = (unit.code for unit in SAMPLE.units)
TOOL_HOST = "localhost"
EMPTY = "A course still empty"
BASIS = "Native quiz “Workshop safety”, passed with 80 %"
BASES = {"en": BASIS, "de": "Test „Workshop safety“ der Lernplattform, mit 80 % bestanden"}


@dataclass(frozen=True, slots=True)
class World:
    """`links`: unit code to the link of the course; `overview`: the link to all units.

    `empty_course`: the same people in a course without activities, to select content for.
    """

    app: Flask
    lms: LmsState
    course: Course
    empty_course: Course
    people: People
    quiz: Quiz
    links: dict[str, Link]
    overview: Link
    admin: User

    @property
    def tool(self) -> Tool:
        tool: Tool = self.app.extensions["credlet"]
        return tool

    @property
    def mc(self) -> MicroCredential:
        return SAMPLE

    @property
    def basis(self) -> str:
        """What a teacher says of the quiz, in the language of the LMS; it stands in the badge."""
        return BASES.get(self.lms.config.locale, BASIS)

    @property
    def lms_url(self) -> str:
        return self.lms.config.issuer


@contextmanager
def running(
    folder: Path,
    *,
    tool_port: int,
    lms_port: int,
    locale: str = "en",
    worker: bool = True,
    tool_host: str = TOOL_HOST,
    manners: Manners = MOODLE,
    certificate: Path | None = None,
    serves_tool: bool = True,
) -> Iterator[World]:
    """Serve a new tool and a new LMS until the block ends; the database lies in `folder`.

    `locale`: the language that the LMS says its people use. `worker`: deliver scores by itself.
    `tool_host`: a name under which browsers find the tool on this machine. `manners`: which LMS
    it plays. `certificate`: a PEM file, with its key, to serve both over https. `serves_tool`:
    otherwise the caller does, as the tool's settings say.
    """
    scheme = "https" if certificate else "http"
    settings = _settings(folder, f"{scheme}://{tool_host}", tool_port, worker=worker)
    logging.configure(settings)
    database = Database(settings.database_url)
    migrations.upgrade(database.engine)
    database.close()
    app = create_app(settings)

    def fetch(url: str) -> bytes:
        return fetch_over_http(url.replace(f"//{tool_host}:", f"//{TOOL_HOST}:"))

    issuer = f"{scheme}://127.0.0.1:{lms_port}"
    name = "Demo LMS" if manners is MOODLE else f"Demo LMS ({manners.label})"
    config = LmsConfig(issuer=issuer, name=name, locale=locale, fetch=fetch, manners=manners)
    lms = LmsState(config)
    try:
        with (
            serving(create_lms(lms.config, lms), port=lms_port, certificate=certificate),
            serving(app, port=tool_port, certificate=certificate) if serves_tool else nullcontext(),
        ):
            yield _connect(app, lms)
    finally:
        if worker:
            app.extensions["credlet_worker"].stop()
        app.extensions["credlet"].database.close()


def publish_newer(world: World) -> None:
    """Publish the sample anew: a copy of the course then asks which version it offers."""
    newer = replace(SAMPLE, version="2.0")
    with world.tool.database.transaction() as db:
        public_url = world.tool.settings.public_url
        catalogue.publish(db, newer, public_url=public_url, now=clock.now())


def _publish_for_everybody(db: Session, mc: MicroCredential, url: str, now: datetime) -> None:
    """Publish a sample, which every school here may award: so the whole catalogue can be tried."""
    version, was_added = catalogue.publish(db, mc, public_url=url, now=now)
    if was_added:
        grants.grant(db, version.series, None, by=audit.OPERATOR, now=now)


def _settings(folder: Path, address: str, port: int, *, worker: bool) -> Settings:
    return Settings(
        environment="development",
        instance_folder=folder,
        public_url=f"{address}:{port}",
        bind=f"127.0.0.1:{port}",
        secret_key=make_secret_key(),
        encryption_keys=(make_encryption_key(),),
        embedded_worker=worker,
        outbound_private_hosts=("127.0.0.1", "localhost"),
        log_format="console",
        log_level="warning",
    )


def _connect(app: Flask, lms: LmsState) -> World:
    tool: Tool = app.extensions["credlet"]
    client_id, deployment_id = lms.register_tool(
        initiate_login_url="", redirect_uris=[], jwks_url="", target_link_uri=""
    )
    now = clock.now()
    with tool.database.transaction() as db:
        for mc in samples.all():
            _publish_for_everybody(db, mc, tool.settings.public_url, now)
        body = SAMPLE.awarding_body
        school = organisations.get_or_add_organisation(
            db, body.slug, body.name.best("en"), body.country, now
        )
        details = PlatformDetails(
            name=lms.config.name,
            issuer=lms.config.iss,
            client_id=client_id,
            auth_login_url=lms.config.auth_url,
            auth_token_url=lms.config.token_url,
            key_set_url=lms.config.jwks_url,
            deployment_ids=[deployment_id],
            auth_token_audience=lms.config.manners.token_audience or None,
        )
        registration = platforms.add(db, school, details, allow_http=True, now=now)
        if lms.config.manners is MOODLE:
            _read_activities(db, tool, lms, registration, now)
        if lms.config.manners.deployments == "course":
            registrations.set_policy(db, registration, automatic=True, now=now)
    base = f"{tool.settings.public_url}/lti/{registration.id}"
    lms.update_tool(
        client_id,
        initiate_login_url=f"{base}/login",
        redirect_uris=[f"{base}/launch"],
        jwks_url=f"{base}/jwks",
        target_link_uri=f"{base}/launch",
    )
    return _fill(app, lms)


def _read_activities(
    db: Session, tool: Tool, lms: LmsState, registration: Registration, now: datetime
) -> None:
    """Let the tool read the LMS's own activities, which Moodle alone offers."""
    moodle.connect(
        db,
        registration.platform_id,
        Site(lms.config.issuer, lms.service_accounts.add()),
        encryption=tool.encryption,
        actor=audit.OPERATOR,
        now=now,
    )


def _fill(app: Flask, lms: LmsState) -> World:
    """Give the LMS a course with people, a quiz, and a link for each unit."""
    course = lms.add_course(SAMPLE.title.best("en"))
    people = add_people(lms, course)
    empty = lms.add_course(EMPTY)
    for user in lms.users():
        role = lms.role(user, course)
        assert role is not None
        lms.enrol(user, empty, role)
    quiz = lms.add_quiz(
        course,
        "Workshop safety",
        question="What comes first when a cylinder leaks gas?",
        answers=["Finish the weld", "Close the valve and air the room", "Look for the leak"],
        right=1,
    )
    known = {"mc": f"{SAMPLE.awarding_body.slug}/{SAMPLE.code}", "history": CONTEXT_HISTORY}
    links = {
        unit.code: lms.add_link(
            course,
            unit.title.best("en"),
            {**known, "unit": unit.code},
            restricted_by=quiz if unit.code == UNLOCKED else None,
        )
        for unit in SAMPLE.units
    }
    overview = lms.add_link(course, "My micro-credential", known, gradable=False)
    admin = lms.add_admin("Ottokar", "Przybilski")
    return World(app, lms, course, empty, people, quiz, links, overview, admin)
