"""Definitions that wait for a review, handed in by somebody who teaches at a school."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from badges import definition as definitions
from badges import samples
from lti_tool import documents
from lti_tool.db import Database
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    DefinitionDraft,
    EvidenceFile,
    MicroCredentialVersion,
    ModerationSample,
    PendingAward,
    Person,
)
from lti_tool.services import organisations
from lti_tool.services.completing import evidence
from lti_tool.services.completing.evidence import Keeping
from lti_tool.services.definitions import catalogue, drafts
from lti_tool.services.definitions.drafts import Kind, Writer
from tests.factories.judgements import passing

AUTHOR = "person:author"


def content(slug: str, name: str, **changes: Any) -> dict[str, Any]:
    """Return a whole definition of a school's own: the welding sample under another code."""
    body = {"slug": slug, "name": {"en": name}, "country": "DE"}
    return definitions.dump(samples.welding()) | {"code": "PV-1", "awarding_body": body} | changes


def hand_in(database: Database, slug: str, now: datetime, **changes: Any) -> uuid.UUID:
    """Hand in a first version."""
    with database.transaction() as db:
        body = organisations.get_or_add_organisation(db, slug, slug, "DE", now)
        draft = drafts.start(
            db, Writer(AUTHOR, body.id), title="Solar panels", language="en", now=now
        )
        written = content(slug, body.name, **changes)
        return _finish(db, draft, written, now)


def go_on(database: Database, slug: str, kind: Kind, now: datetime, **changes: Any) -> uuid.UUID:
    """Hand in what goes on with the newest version that the school has published."""
    with database.transaction() as db:
        writer = Writer(AUTHOR, organisations.find(db, slug).id)
        version = catalogue.find(db, f"{slug}/PV-1")
        draft = drafts.start_from(db, writer, version, kind, now)
        return _finish(db, draft, draft.content | changes, now)


def _finish(
    db: Session, draft: DefinitionDraft, written: dict[str, Any], now: datetime
) -> uuid.UUID:
    drafts.save(db, draft, written, revision=1, now=now)
    drafts.submit(db, draft, actor=AUTHOR, now=now)
    return draft.id


def publish(database: Database, slug: str, now: datetime, code: str = "PV-0") -> uuid.UUID:
    """Publish a definition of a school's own, as an operator would."""
    with database.transaction() as db:
        body = organisations.get_or_add_organisation(db, slug, slug, "DE", now)
        mc = definitions.load(content(slug, body.name, code=code))
        public_url = "https://badges.example"
        return catalogue.publish(db, mc, public_url=public_url, now=now)[0].id


def larger_award(
    database: Database, platform_id: uuid.UUID, version_id: uuid.UUID, now: datetime
) -> uuid.UUID:
    """Keep an award of a larger micro-credential of a school that waits for a decision."""
    with database.transaction() as db:
        person = Person(platform_id=platform_id, sub="larger", created_at=now)
        course = Course(platform_id=platform_id, context_id="larger", created_at=now)
        db.add_all([person, course])
        db.flush()
        award = Award(
            person_id=person.id,
            version_id=version_id,
            course_id=course.id,
            is_test=False,
            awarded_at=now,
            granted_at=now,
            results=[],
            parts=[],
            assessors=0,
            identity="lms_account",
            flagged_at=now,
            flagged_reason="no_longer_complete",
        )
        db.add(award)
        db.flush()
        return award.id


def waiting_award(
    database: Database,
    platform_id: uuid.UUID,
    version_id: uuid.UUID,
    keeping: Keeping,
    now: datetime,
    *,
    name: str | None = None,
) -> tuple[uuid.UUID, uuid.UUID]:
    """Let somebody have completed everything in a course that offers it no more: it waits for the
    awarding body. Return the person and a file on which it rests."""
    with database.transaction() as db:
        version = db.get_one(MicroCredentialVersion, version_id)
        course = Course(platform_id=platform_id, context_id="ended", title="Autumn", created_at=now)
        person = Person(platform_id=platform_id, sub="waiting", name=name, created_at=now)
        assessor = Person(platform_id=platform_id, sub="assessor", created_at=now)
        db.add_all([course, person, assessor])
        db.flush()
        records = [
            CompletionRecord(
                id=uuid.uuid4(),
                key=uuid.uuid4().hex,
                person_id=person.id,
                version_id=version.id,
                unit_code=unit.code,
                recorded_at=now,
                route="assessed",
                course_id=course.id,
                assessor_id=assessor.id,
                is_signed_off=judged.get("signed_off", False),
                points=judged.get("points"),
                part=judged.get("part"),
            )
            for unit in catalogue.definition(version).units
            for judged in passing(unit)
        ]
        records[0].evidence, records[0].evidence_link = "Two beads", "https://portfolio.example/a"
        db.add_all(records)
        db.flush()
        report = documents.read(b"Five years", "reference.txt")
        evidence.keep_with(db, [report], records[:1], by="test", keeping=keeping, now=now)
        db.add(
            PendingAward(
                person_id=person.id,
                version_id=version.id,
                course_id=course.id,
                since=now,
                confirmed_by=[],
            )
        )
        db.flush()
        return person.id, db.query(EvidenceFile).filter_by(record_id=records[0].id).one().id


def drawn_result(database: Database, award_id: uuid.UUID, now: datetime) -> uuid.UUID:
    """Keep a result of the holder of an award that was drawn to be looked at again."""
    with database.transaction() as db:
        award = db.get_one(Award, award_id)
        record = CompletionRecord(
            key="drawn",
            person_id=award.person_id,
            version_id=award.version_id,
            unit_code=samples.welding().units[0].code,
            recorded_at=now,
            route="assessed",
            course_id=award.course_id,
            evidence="Three beads on one plate",
        )
        db.add(record)
        db.flush()
        body = award.version.series.organisation_id
        sample = ModerationSample(record_id=record.id, organisation_id=body, drawn_at=now)
        db.add(sample)
        db.flush()
        return sample.id
