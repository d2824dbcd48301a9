"""Three courses whose people must not see or touch one another's things, filled to the brim.

Course `one` and course `two` belong to one LMS; course `far` has the same `context_id` as `one`,
the same link and the same `sub`s, on an LMS of another organisation. In each a teacher and a
learner who has records, a claimed and flagged badge, and a score that the gradebook refused.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from badges import samples
from lti_tool.db import Base, Database
from lti_tool.models import (
    ActivityResult,
    CompletionRecord,
    Delivery,
    GradebookResult,
    LaunchSession,
    Person,
    Placement,
)
from lti_tool.services import organisations
from lti_tool.services.awarding import awards, credentials
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.completing import completions, evidence, mentors, prior_learning
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.completing.prior_learning import Place, SelfAssessment
from lti_tool.services.connections import invitations, platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue, drafts
from lti_tool.services.outbox import deliveries
from lti_tool.tool import Tool
from tests.factories.courses import School
from tests.factories.visits import Visit, Visits

ASSESSED = ("BEM-S-WLD1-U1", "BEM-S-WLD1-U3")
OTHER_MC = samples.all()[2]
"""Offered by every course as well; its units are marked with points."""

COURSES = ("one", "two", "far")


@dataclass(frozen=True, slots=True)
class CourseOfOthers:
    """`ids`: one thing of each kind that addresses name. `secrets`: what only this course sees.

    `selecting`: the teacher's visit that answers a deep linking request.
    """

    name: str
    teacher: Visit
    learner: Visit
    selecting: Visit
    ids: Mapping[str, uuid.UUID]
    placement: uuid.UUID
    secrets: tuple[str, ...]
    invitation: str


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    app: Flask
    database: Database
    courses: Mapping[str, CourseOfOthers]
    registrations: Mapping[str, uuid.UUID]

    @property
    def tool(self) -> Tool:
        tool: Tool = self.app.extensions["credlet"]
        return tool

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the content of every table but those that every launch or visit writes to."""
        with self.database.transaction(read_only=True) as db:
            return {
                table.name: sorted(map(tuple, db.execute(sa.select(table))), key=repr)
                for table in Base.metadata.sorted_tables
                if table.name not in {"login_states", "tool_keys"}
            }


def settle(app: Flask, database: Database, now: datetime) -> Neighbourhood:
    """Fill an empty tool."""
    near = Visits.at(app, database, now)
    near.school.publish(OTHER_MC)
    far = Visits(app, _far_school(near.school, database, now))
    courses = {name: _fill(far if name == "far" else near, database, app, name) for name in COURSES}
    registrations = {"near": near.school.registration_id, "far": far.school.registration_id}
    return Neighbourhood(app, database, courses, registrations)


def _far_school(near: School, database: Database, now: datetime) -> School:
    with database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "far-school", "Far School", "AT", now)
        details = PlatformDetails(
            name="Far LMS",
            issuer="https://far.example",
            client_id="far",
            auth_login_url="https://far.example/auth",
            auth_token_url="https://far.example/token",
            key_set_url="https://far.example/keys",
            deployment_ids=["1"],
        )
        registration = platforms.add(db, body, details, allow_http=False, now=now)
        return School(database, now, registration.id, near.encryption)


def _fill(visits: Visits, database: Database, app: Flask, name: str) -> CourseOfOthers:
    context = "one" if name == "far" else name
    link = f"link-{context}"
    sub = f"-{context}"
    unit = ASSESSED[0]
    teacher = visits.open(
        f"tea{sub}", teacher=True, course=context, link=link, unit=unit, name=f"Teacher {name}Q"
    )
    learner = visits.open(
        f"ana{sub}",
        course=context,
        link=link,
        unit=unit,
        name=f"Learner {name}Q",
        email=f"{name}q@mail.example",
    )
    other = {"course": context, "link": f"{link}-other", "mc": OTHER_MC.code}
    visits.open(f"ana{sub}", name=f"Learner {name}Q", unit=OTHER_MC.units[0].code, **other)
    selecting = visits.select(f"tea{sub}", course=context, name=f"Teacher {name}Q")
    tool: Tool = app.extensions["credlet"]
    with database.transaction() as db:
        ids = _things(db, tool, teacher, learner, name, visits.school.now)
        launch = db.get_one(LaunchSession, learner.id)
        placement = launch.link.placement_id
        assert placement is not None
        school = launch.registration.platform.organisation
        _, invitation = invitations.invite(db, school, visits.school.now)
    secrets = (f"Learner {name}Q", f"Teacher {name}Q", f"{name}q@mail", f"evidence-{name}Q")
    return CourseOfOthers(name, teacher, learner, selecting, ids, placement, secrets, invitation)


def _things(
    db: Session, tool: Tool, teacher: Visit, learner: Visit, name: str, now: datetime
) -> dict[str, uuid.UUID]:
    """Record everything, claim the badge, take a record back, and have the gradebook refuse."""
    launch = db.get_one(LaunchSession, learner.id)
    assessor = db.get_one(LaunchSession, teacher.id).person
    assert launch.link.placement is not None
    version = launch.link.placement.version
    records = []
    for judgement in _judgements(name):
        records.append(
            completions.record(
                db,
                launch.person,
                version,
                judgement,
                course=launch.course,
                assessor=assessor,
                key=uuid.uuid4().hex,
                now=now,
            )
        )
    award = awards.shown(db, launch.person, version)
    assert award is not None
    claim = Claim(name=launch.person.name, language="en", email=f"{name}q@mail.example")
    credential = credentials.claim(
        db, award, claim, signing=tool.signing, actor="person:test", now=now
    )
    other = _record_in_other(db, launch, assessor, name, now)
    completions.retract(
        db,
        records[-1],
        course=launch.course,
        assessor=assessor,
        reason=f"evidence-{name}Q",
        now=now,
    )
    assert award.flagged_at is not None
    _apply(db, launch, name, now)
    delivery = db.scalars(
        sa.select(Delivery)
        .filter_by(person_id=launch.person_id, link_id=launch.link_id)
        .order_by(Delivery.sequence.desc())
    ).first()
    assert delivery is not None
    deliveries.fail(db, delivery.id, "not_gradable", now)
    return {
        "launch_id": learner.id,
        "person_id": launch.person_id,
        "record_id": records[0].id,
        "award_id": award.id,
        "delivery_id": delivery.id,
        "link_id": launch.link_id,
        "result_id": _graded(db, launch, now).id,
        "told_id": _told(db, launch, now).id,
        "version_id": version.id,
        "credential_id": credential.id,
        "list_id": credential.status_list_id,
        "registration_id": launch.registration_id,
        "other_record_id": other.id,
        "mentor_link_id": _mentor_link(db, launch, assessor, now),
        "evidence_id": _evidence(db, tool, records[0], name, now),
        "draft_id": _draft(db, launch, assessor, name, now),
        "other_placement_id": _placement_of(db, launch, other).id,
    }


def _mentor_link(db: Session, launch: LaunchSession, by: Person, now: datetime) -> uuid.UUID:
    """Let the teacher have asked a mentor."""
    assert launch.link.placement is not None
    version = launch.link.placement.version
    units = [unit.code for unit in mentors.confirmable(catalogue.definition(version))]
    asked = mentors.ask(
        db, launch.course, version, launch.person, units, of="Mentor", by=by, now=now
    )
    return asked[0].id


def _evidence(
    db: Session, tool: Tool, record: CompletionRecord, name: str, now: datetime
) -> uuid.UUID:
    """Let a file belong to a record."""
    keeping = tool.keeping
    document = evidence.accept(f"evidence-{name}Q".encode(), "seen.txt", keeping)
    evidence.keep_with(db, [document], [record], by="person:x", keeping=keeping, now=now)
    return evidence.of_records(db, [record])[record.id][0].id


def _draft(
    db: Session, launch: LaunchSession, author: Person, name: str, now: datetime
) -> uuid.UUID:
    """Let the teacher have begun a definition of their own."""
    home = launch.registration.platform.organisation_id
    writer = drafts.Writer(f"person:{author.id}", home)
    return drafts.start(db, writer, title=f"evidence-{name}Q", language="en", now=now).id


def _apply(db: Session, launch: LaunchSession, name: str, now: datetime) -> None:
    """Let the learner have begun to apply for recognition of prior learning."""
    assert launch.link.placement is not None
    version = launch.link.placement.version
    unit = catalogue.definition(version).unit(ASSESSED[1])
    prior_learning.save(
        db,
        Place(launch.person, launch.course, version, unit),
        SelfAssessment({}, text=f"evidence-{name}Q"),
        revision=0,
        now=now,
    )


def _judgements(name: str) -> Iterator[Judgement]:
    evidence = f"evidence-{name}Q"
    for unit in samples.welding().units:
        rule = unit.rule
        for part in getattr(rule, "parts", (None,)):
            points = getattr(rule, "maximum", None)
            yield Judgement(
                unit=unit.code,
                part=part.code if part else None,
                points=points,
                signed_off=points is None,
                evidence=evidence,
            )


def _record_in_other(
    db: Session, launch: LaunchSession, assessor: object, name: str, now: datetime
) -> CompletionRecord:
    version = next(
        row.version
        for row in placements.of_course(db, launch.course)
        if row.version.series.code == OTHER_MC.code
    )
    unit = OTHER_MC.units[0]
    return completions.record(
        db,
        launch.person,
        version,
        Judgement(unit=unit.code, points=unit.rule.maximum, evidence=f"evidence-{name}Q"),  # type: ignore[union-attr]
        course=launch.course,
        assessor=assessor,  # type: ignore[arg-type]
        key=uuid.uuid4().hex,
        now=now,
    )


def _graded(db: Session, launch: LaunchSession, now: datetime) -> GradebookResult:
    """Let a teacher have graded in the LMS, too low for the unit."""
    row = GradebookResult(
        id=uuid.uuid4(),
        link_id=launch.link_id,
        person_id=launch.person_id,
        sequence=1,
        line_item_url=launch.link.line_item_url,
        score=Decimal(10),
        maximum=Decimal(100),
        is_own=False,
        read_at=now,
        read_by="launch",
    )
    db.add(row)
    db.flush()
    return row


def _placement_of(db: Session, launch: LaunchSession, record: CompletionRecord) -> Placement:
    return next(
        row
        for row in placements.of_course(db, launch.course)
        if row.version_id == record.version_id
    )


def _told(db: Session, launch: LaunchSession, now: datetime) -> ActivityResult:
    """Let the LMS have told of an activity."""
    assert launch.link.placement is not None
    row = ActivityResult(
        id=uuid.uuid4(),
        placement_id=launch.link.placement.id,
        unit_code=launch.link.unit_code or "",
        person_id=launch.person_id,
        sequence=1,
        activity_id=5,
        activity_name="Quiz",
        state="failed",
        read_at=now,
    )
    db.add(row)
    db.flush()
    return row
