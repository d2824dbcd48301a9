"""Mentors at the workplace: a teacher asks for a confirmation, they give it without an account.

Nobody here knows who opens a link. So the teacher who gave it away vouches: the record's assessor
is that teacher, and the mentor's name stands beside it. Where a rule asks for several different
assessors, a mentor therefore counts as the teacher who asked, and never as a person more.
"""

import hashlib
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import SignOff, SignOffs
from lti_tool.documents import Document
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    Course,
    CourseMember,
    MentorLink,
    MicroCredentialVersion,
    Person,
    Registration,
)
from lti_tool.services import audit
from lti_tool.services.completing import completions, evidence
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.completing.evidence import Keeping
from lti_tool.services.definitions import catalogue

LIFETIME = timedelta(days=7)
LONGEST_NAME = 200
MOST_OPEN = 20
"""Links of one learner in one course that are neither used, revoked nor expired."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a mentor says that it rests on: in words, by a link, by files."""

    text: str = ""
    link: str | None = None
    documents: Sequence[Document] = ()


def confirmable(mc: MicroCredential) -> list[LearningUnit]:
    """Return the units that are signed off; marks are for assessors."""
    return [unit for unit in mc.units if isinstance(unit.rule, SignOff | SignOffs)]


def ask(
    db: Session,
    course: Course,
    version: MicroCredentialVersion,
    person: Person,
    units: Collection[str],
    *,
    of: str,
    by: Person,
    now: datetime,
) -> tuple[MentorLink, str]:
    """Return a new link and its secret, which is not stored.

    Raises:
        ToolError: `mentor_units_missing`, `mentor_name_missing`.
        Conflict: `mentor_links_too_many`.
    """
    known = [unit.code for unit in confirmable(catalogue.definition(version))]
    chosen = [code for code in known if code in units]
    if not chosen:
        raise ToolError("mentor_units_missing")
    name = _name(of)
    if len([link for link in links_of(db, course, person) if is_open(link, now)]) >= MOST_OPEN:
        raise Conflict("mentor_links_too_many")
    token = secrets.token_urlsafe(32)
    link = MentorLink(
        id=uuid.uuid4(),
        token_digest=_digest(token),
        course_id=course.id,
        version_id=version.id,
        person_id=person.id,
        asked_by_id=by.id,
        unit_codes=chosen,
        asked_of=name,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    db.add(link)
    db.flush()
    audit.note(db, f"person:{by.id}", "mentor.asked", f"mentor_link:{link.id}", now)
    return link, token


def find(db: Session, token: str, now: datetime, *, locks: bool = False) -> MentorLink:
    """Return a link that may still be used; looking does not use it up.

    Raises:
        NotFound: `mentor_link_unknown`.
        Forbidden: `mentor_link_used`, `mentor_link_expired`, `mentor_link_revoked`,
            `mentor_link_ownerless`: the teacher left the course; `platform_disabled`.
    """
    wanted = sa.select(MentorLink).filter_by(token_digest=_digest(token))
    link = db.scalar(wanted.with_for_update(of=MentorLink) if locks else wanted)
    if link is None:
        raise NotFound("mentor_link_unknown")
    if link.used_at is not None:
        raise Forbidden("mentor_link_used")
    if link.revoked_at is not None:
        raise Forbidden("mentor_link_revoked")
    if link.expires_at <= now:
        raise Forbidden("mentor_link_expired")
    _check_asked(db, link)
    return link


def _check_asked(db: Session, link: MentorLink) -> None:
    """Refuse where nobody stands behind the question any more."""
    connected = sa.exists().where(
        Registration.platform_id == link.course.platform_id,
        Registration.disabled_at.is_(None),
        Registration.pending_since.is_(None),
    )
    if link.course.platform.disabled_at is not None or not db.scalar(sa.select(connected)):
        raise Forbidden("platform_disabled")
    teacher = db.get(CourseMember, (link.course_id, link.asked_by_id))
    if teacher is None or teacher.left_at is not None:
        raise Forbidden("mentor_link_ownerless")


def confirm(
    db: Session,
    token: str,
    units: Collection[str],
    *,
    name: str,
    given: Given,
    keeping: Keeping,
    now: datetime,
) -> MentorLink:
    """Sign off those of the link's units that the mentor chose, and use the link up.

    Raises:
        ToolError: as `find`; `mentor_units_missing`, `mentor_name_missing`, `evidence_too_long`; as
            `evidence.link` and `evidence.keep_with`.
        Conflict: `version_changed`: the course has just begun to offer another version.
    """
    link = find(db, token, now, locks=True)
    chosen = [code for code in link.unit_codes if code in units]
    if not chosen:
        raise ToolError("mentor_units_missing")
    link.mentor_name, link.used_at = _name(name), now
    said = Judgement(unit="", signed_off=True, evidence=given.text, link=given.link)
    rows = completions.record_for_mentor(db, link, [replace(said, unit=one) for one in chosen], now)
    by = f"mentor_link:{link.id}"
    evidence.keep_with(db, given.documents, rows, by=by, keeping=keeping, now=now)
    audit.note(db, "mentor", "mentor.confirmed", f"mentor_link:{link.id}", now)
    return link


def revoke(
    db: Session, course: Course, link_id: uuid.UUID, *, actor: str, now: datetime
) -> MentorLink:
    """Make a link of this course useless; what it confirmed already stays.

    Raises:
        NotFound: `mentor_link_unknown`: there is none, or it is another course's.
    """
    link = db.get(MentorLink, link_id, with_for_update=True)
    if link is None or link.course_id != course.id:
        raise NotFound("mentor_link_unknown")
    if link.used_at is None and link.revoked_at is None:
        link.revoked_at = now
        audit.note(db, actor, "mentor.revoked", f"mentor_link:{link.id}", now)
    return link


def links_of(db: Session, course: Course, person: Person) -> Sequence[MentorLink]:
    """Return what mentors were asked about a learner in a course, newest first."""
    asked = sa.select(MentorLink).filter_by(course_id=course.id, person_id=person.id)
    return db.scalars(asked.order_by(MentorLink.created_at.desc(), MentorLink.id)).all()


def is_open(link: MentorLink, now: datetime) -> bool:
    return link.used_at is None and link.revoked_at is None and link.expires_at > now


def _name(text: str) -> str:
    name = " ".join(text.split())[:LONGEST_NAME]
    if not name:
        raise ToolError("mentor_name_missing")
    return name


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
