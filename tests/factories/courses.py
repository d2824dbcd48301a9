"""A school with an LMS, a course and people, made through the services that real launches use.

school = School.open(database, now)
school.publish(samples.welding())
learner = school.launch("ana", link="unit-1", mc="BEM-S-WLD1", unit="BEM-S-WLD1-U1")
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from badges.completion import Route
from badges.micro_credential import MicroCredential
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict
from lti_tool.lti.claims import LaunchClaims
from lti_tool.models import (
    Award,
    CompletionRecord,
    LaunchSession,
    MicroCredentialVersion,
    Person,
    Registration,
)
from lti_tool.services import organisations
from lti_tool.services.awarding import awards
from lti_tool.services.awarding.credentials import Signing
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue, grants
from lti_tool.services.launching import launches
from tests.factories.judgements import passing

PUBLIC_URL = "https://badges.example"
AGS_SCOPES = frozenset(
    {
        "https://purl.imsglobal.org/spec/lti-ags/scope/score",
        "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
        "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    }
)


def publish(
    db: Session, mc: MicroCredential, public_url: str, now: datetime
) -> MicroCredentialVersion:
    """Publish a definition that every school on the server may award."""
    version, _ = catalogue.publish(db, mc, public_url=public_url, now=now)
    with suppress(Conflict):
        grants.grant(db, version.series, None, by="operator", now=now)
    return version


@dataclass(slots=True)
class School:
    """One platform; every act is a transaction of its own, as a request would be."""

    database: Database
    now: datetime
    registration_id: uuid.UUID
    encryption: Encryption = field(default_factory=lambda: Encryption([Fernet.generate_key()]))

    @classmethod
    def open(
        cls, database: Database, now: datetime, issuer: str = "https://lms.example"
    ) -> "School":
        with database.transaction() as db:
            body = organisations.get_or_add_organisation(db, "school", "School", "DE", now)
            details = PlatformDetails(
                name="LMS",
                issuer=issuer,
                client_id="client",
                auth_login_url=f"{issuer}/auth",
                auth_token_url=f"{issuer}/token",
                key_set_url=f"{issuer}/keys",
                deployment_ids=["1"],
            )
            registration = platforms.add(db, body, details, allow_http=True, now=now)
            return cls(database, now, registration.id)

    @property
    def signing(self) -> Signing:
        return Signing(public_url=PUBLIC_URL, encryption=self.encryption, is_production=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with self.database.transaction() as db:
            yield db

    def publish(self, mc: MicroCredential) -> None:
        with self.transaction() as db:
            publish(db, mc, PUBLIC_URL, self.now)

    def launch(
        self,
        sub: str,
        *,
        link: str = "link",
        course: str | None = "course",
        mc: str | None = None,
        unit: str | None = None,
        teacher: bool = False,
        test_user: bool = False,
        name: str | None = "Ana Learner",
        email: str | None = None,
        line_item: str | None = "",
        scopes: frozenset[str] = AGS_SCOPES,
        roster: str | None = None,
        line_items: str | None = None,
    ) -> uuid.UUID:
        """Launch as a platform would have it; return the id of the launch session.

        `line_item`: the link's own column; None: it has none; "": one that nobody serves.
        """
        if line_item == "":
            line_item = f"https://lms.example/items/{link}/lineitem?type_id=1"
        with self.transaction() as db:
            session, _ = launches.open_session(
                db,
                self.registration_id,
                LaunchClaims(
                    issuer="https://lms.example",
                    deployment_id="1",
                    sub=sub,
                    roles=(),
                    is_teacher=teacher,
                    is_test_user=test_user,
                    target_link_uri="",
                    resource_link_id=link,
                    resource_link_title="Unit",
                    context_id=course,
                    context_title="Course" if course else None,
                    name=name,
                    email=email,
                    locale="en",
                    custom={k: v for k, v in {"mc": mc, "unit": unit}.items() if v},
                    line_item_url=line_item,
                    ags_scopes=scopes,
                    roster_url=roster,
                    line_items_url=line_items,
                ),
                encryption=self.encryption,
                lifetime=timedelta(hours=8),
                now=self.now,
            )
            return session.id

    def tick(self, **by: float) -> None:
        """Let time pass (one second unless told otherwise)."""
        self.now += timedelta(**by) if by else timedelta(seconds=1)

    def person(self, db: Session, sub: str) -> Person:
        registration = db.get_one(Registration, self.registration_id)
        return db.query(Person).filter_by(platform_id=registration.platform_id, sub=sub).one()

    def version(self, db: Session, code: str) -> MicroCredentialVersion:
        return catalogue.find(db, code)

    def assess(
        self,
        teacher_launch: uuid.UUID,
        sub: str,
        code: str,
        unit: str,
        *,
        points: float | None = None,
        part: str | None = None,
        signed_off: bool = False,
        key: str | None = None,
    ) -> uuid.UUID:
        """Record a judgement as the teacher of that launch; return the record's id."""
        with self.transaction() as db:
            launch = db.get_one(LaunchSession, teacher_launch)
            judgement = Judgement(
                unit=unit,
                points=None if points is None else Decimal(str(points)),
                part=part,
                signed_off=signed_off,
            )
            return completions.record(
                db,
                self.person(db, sub),
                self.version(db, code),
                judgement,
                course=launch.course,
                assessor=launch.person,
                key=key or uuid.uuid4().hex,
                now=self.now,
            ).id

    def retract(self, teacher_launch: uuid.UUID, record_id: uuid.UUID) -> None:
        with self.transaction() as db:
            launch = db.get_one(LaunchSession, teacher_launch)
            completions.retract(
                db,
                db.get_one(CompletionRecord, record_id),
                course=launch.course,
                assessor=launch.person,
                reason="entered for the wrong person",
                now=self.now,
            )

    def set_route(
        self, teacher_launch: uuid.UUID, unit: str, route: Route, basis: str | None = None
    ) -> None:
        with self.transaction() as db:
            launch = db.get_one(LaunchSession, teacher_launch)
            assert launch.link.placement is not None
            placements.set_route(
                db, launch.link.placement, unit, route, basis, actor="teacher", now=self.now
            )

    def confirm(self, learner_launch: uuid.UUID, unit: str) -> None:
        with self.transaction() as db:
            launch = db.get_one(LaunchSession, learner_launch)
            completions.record_participation(db, launch, unit, self.now)

    def award(self, sub: str, code: str, *, is_test: bool = False) -> Award | None:
        with self.transaction() as db:
            return awards.standing(
                db, self.person(db, sub), self.version(db, code), is_test=is_test
            )

    def complete(self, teacher_launch: uuid.UUID, sub: str, mc: MicroCredential) -> None:
        """Let a teacher assess every unit well enough, whatever its rule."""
        for unit in mc.units:
            for judgement in passing(unit):
                self.assess(teacher_launch, sub, mc.code, unit.code, **judgement)
