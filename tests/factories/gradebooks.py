"""A course of the demo LMS, served over HTTP, whose scores a worker delivers by a settable clock.

with teaching(database, now) as course:
    ana = course.learner("Ana")
    course.assess(ana, U1, points=85)
    course.deliver()
    course.grade(ana, U1).score
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from wsgiref.types import WSGIApplication

from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool.db import Database
from lti_tool.demo import lms as demo
from lti_tool.demo.lms import (
    MOODLE,
    AgsSetting,
    Grade,
    Link,
    LmsConfig,
    LmsState,
    Manners,
    ReceivedScore,
    Role,
    User,
)
from lti_tool.demo.serving import free_port, serving
from lti_tool.lti import tool_keys
from lti_tool.models import Delivery, LaunchSession
from lti_tool.outbound import Outbound
from lti_tool.services import organisations
from lti_tool.services.completing import completions
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.lms import results, rosters
from lti_tool.services.outbox import deliveries, scores
from lti_tool.services.outbox.scores import Clock, Courier
from tests.factories.courses import AGS_SCOPES, School

LOOPBACK = ("127.0.0.1",)
SAFETY = samples.welding().units[0].code


@dataclass(slots=True)
class Teaching:
    """`school` is the tool's side, `lms` the platform's; its clock is that of `school` unless told
    otherwise."""

    school: School
    lms: LmsState
    course: demo.Course
    mc: MicroCredential
    links: dict[str, Link]
    teacher: uuid.UUID

    @property
    def courier(self) -> Courier:
        return Courier(
            database=self.school.database,
            outbound=Outbound(LOOPBACK),
            encryption=self.school.encryption,
            clock=lambda: self.school.now,
        )

    @property
    def log(self) -> list[ReceivedScore]:
        """Every request to a scores address, oldest first."""
        return self.lms.score_log

    @property
    def statuses(self) -> list[int | None]:
        return [score.status for score in self.log]

    def line_item(self, unit: str) -> str:
        link = self.links[unit]
        item = self.lms.line_item_of(link)
        tool = self.lms.tool(link.client_id)
        assert item is not None
        assert tool is not None
        base = self.lms.config.line_items(self.course.id)
        return f"{base}/{item.id}/lineitem?type_id={tool.deployment_id}"

    def learner(self, name: str, *units: str, is_enrolled: bool = True) -> User:
        """Add somebody who has opened the links of `units` (all unless told otherwise)."""
        user = self.lms.add_user(name, "Learner")
        if is_enrolled:
            self.lms.enrol(user, self.course, Role.LEARNER)
        for unit in units or tuple(self.links):
            self.launch(user, unit)
        return user

    def launch(
        self, user: User, unit: str, *, scopes: frozenset[str] = AGS_SCOPES, graded: bool = True
    ) -> uuid.UUID:
        return self.school.launch(
            user.id,
            link=self.links[unit].id,
            course=self.course.id,
            mc=self.mc.code,
            unit=unit,
            line_item=self.line_item(unit) if graded else None,
            scopes=scopes if graded else frozenset(),
        )

    def assess(
        self, user: User, unit: str, *, points: float | None = None, signed_off: bool = False
    ) -> uuid.UUID:
        return self.school.assess(
            self.teacher, user.id, self.mc.code, unit, points=points, signed_off=signed_off
        )

    def deliver(self) -> int:
        """Make every attempt that is due now; return how many."""
        attempts = 0
        while scores.deliver_next(self.courier):
            attempts += 1
        return attempts

    def read(self) -> int:
        """Read every column that is wanted by now; return how many."""
        columns = 0
        while results.read_next(self.courier):
            columns += 1
        return columns

    @property
    def line_items_url(self) -> str:
        return self.roster_url.replace("/members?", "/lineitems?")

    def arrive(self, user: User, unit: str, **claims: Any) -> uuid.UUID:
        """Launch with what the LMS itself says of the link's column now."""
        has_column = self.lms.line_item_of(self.links[unit]) is not None
        given: dict[str, Any] = {
            "line_item": self.line_item(unit) if has_column else None,
            "line_items": self.line_items_url,
            "scopes": frozenset(map(str, AgsSetting.LINE_ITEMS.scopes)),
            **claims,
        }
        return self.school.launch(
            user.id,
            link=self.links[unit].id,
            course=self.course.id,
            mc=self.mc.code,
            unit=unit,
            **given,
        )

    @property
    def roster_url(self) -> str:
        tool = self.lms.tool(next(iter(self.links.values())).client_id)
        assert tool is not None
        issuer, query = self.lms.config.issuer, f"type_id={tool.deployment_id}"
        return f"{issuer}/lms/services/{self.course.id}/members?{query}"

    def enrol(self, name: str, role: Role = Role.LEARNER) -> User:
        """Add somebody to the course who has not opened anything yet."""
        user = self.lms.add_user(name, "Learner")
        self.lms.enrol(user, self.course, role)
        return user

    def teach(self, sub: str = "teacher") -> uuid.UUID:
        """Launch the overview as a teacher, and read the roster if that is wanted."""
        launch = self.school.launch(
            sub,
            link="overview",
            course=self.course.id,
            mc=self.mc.code,
            teacher=True,
            line_item=None,
            roster=self.roster_url,
        )
        while rosters.read_next(self.courier):
            pass
        return launch

    def grade_by_hand(self, user: User, unit: str, score: float | None) -> None:
        """Let a teacher type a grade into the LMS's gradebook, or with None take it out."""
        self.lms.override_grade(self.links[unit], user, score)

    def standing(self, user: User) -> set[str]:
        """Return the units that somebody has completed."""
        with self.school.transaction() as db:
            person = self.school.person(db, user.id)
            version = self.school.version(db, self.mc.code)
            found = completions.standing(db, person, version, self.school.now)
            return {unit.unit for unit in found.real.units if unit.is_complete}

    def deliver_until(self, end: datetime) -> int:
        """Let time pass as the outbox wants it, at most until `end`; return the attempts made."""
        attempts = self.deliver()
        while (moment := self._next_due()) is not None and moment <= end:
            self.school.now = max(self.school.now, moment)
            attempts += self.deliver()
        return attempts

    def _next_due(self) -> datetime | None:
        with self.school.transaction() as db:
            waiting = db.query(Delivery).filter_by(state="pending").order_by(Delivery.due_at)
            row = waiting.first()
            return row.due_at if row else None

    def grade(self, user: User, unit: str) -> Grade | None:
        return self.lms.grade(self.links[unit], user)

    def deliveries(self) -> list[Delivery]:
        with self.school.transaction() as db:
            return db.query(Delivery).order_by(Delivery.created_at, Delivery.sequence).all()

    def wait(self, **by: float) -> None:
        self.school.now += timedelta(**by)


@contextmanager
def teaching(
    database: Database,
    now: datetime,
    mc: MicroCredential | None = None,
    *,
    ags: AgsSetting = AgsSetting.SCORES,
    clock: Clock | None = None,
    fetch: Callable[[str], bytes] | None = None,
    manners: Manners = MOODLE,
    before: Callable[[WSGIApplication], WSGIApplication] = lambda lms: lms,
) -> Iterator[Teaching]:
    """Serve an LMS with a link per unit of `mc`, and register it on the tool's side.

    `clock`: the LMS's own. `fetch`: how it comes by the tool's keys. `before` puts something
    between the tool and the LMS.
    """
    mc = mc or samples.welding()
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"

    def key_set(_url: str) -> bytes:
        with database.transaction(read_only=True) as db:
            return json.dumps(tool_keys.key_set(db, school.now)).encode()

    its_clock = clock or (lambda: school.now)
    config = LmsConfig(issuer=issuer, clock=its_clock, fetch=fetch or key_set, manners=manners)
    lms = LmsState(config)
    client_id, deployment_id = lms.register_tool(
        initiate_login_url="https://tool.example/login",
        redirect_uris=["https://tool.example/launch"],
        jwks_url="https://tool.example/jwks",
        target_link_uri="https://tool.example/launch",
        ags=ags,
    )
    school = _registered(database, now, config, client_id, deployment_id)
    school.publish(mc)
    course = lms.add_course(mc.title.best("en"))
    links = {unit.code: lms.add_link(course, unit.title.best("en")) for unit in mc.units}
    overview = lms.add_link(course, "Overview", gradable=False)
    teacher = school.launch(
        "teacher", link=overview.id, course=course.id, mc=mc.code, teacher=True, line_item=None
    )
    app = demo.create_lms(config, lms)
    app.wsgi_app = before(app.wsgi_app)  # type: ignore[method-assign]
    with serving(app, port=port):
        yield Teaching(school, lms, course, mc, links, teacher)


def _registered(
    database: Database, now: datetime, config: LmsConfig, client_id: str, deployment_id: str
) -> School:
    with database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "school", "School", "DE", now)
        details = PlatformDetails(
            name=config.name,
            issuer=config.issuer,
            client_id=client_id,
            auth_login_url=config.auth_url,
            auth_token_url=config.token_url,
            key_set_url=config.jwks_url,
            deployment_ids=[deployment_id],
        )
        registration = platforms.add(db, body, details, allow_http=True, now=now)
        return School(database, now, registration.id)


def states(course: Teaching) -> list[tuple[str, str | None]]:
    return [(row.state, row.failure) for row in course.deliveries()]


def failures(course: Teaching) -> list[str | None]:
    """What the teacher of the course sees."""
    with course.school.transaction() as db:
        seen = deliveries.failed(db, db.get_one(LaunchSession, course.teacher).course)
        return [row.failure for row in seen]


def resend(course: Teaching) -> None:
    with course.school.transaction() as db:
        (row,) = deliveries.failed(db)
        deliveries.resend(db, row.id, actor="person:teacher", now=course.school.now)


def ana_of(course: Teaching) -> User:
    (ana,) = (user for user in course.lms.users() if user.given_name == "Ana")
    return ana


def score_of(course: Teaching, *, unit: str = SAFETY) -> float | None:
    grade = course.grade(ana_of(course), unit)
    return grade.score if grade else None


def posted_by_others(course: Teaching, *, points: float, at: datetime) -> None:
    ana = ana_of(course)
    item = course.lms.line_item_of(course.links[SAFETY])
    assert item is not None
    score = {
        "userId": ana.id,
        "scoreGiven": points,
        "scoreMaximum": 100,
        "timestamp": at.isoformat(),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }
    course.lms.gradebook.post(item, score, lambda _user: True)
