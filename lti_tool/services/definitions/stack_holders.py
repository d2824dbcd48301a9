"""Who holds parts of a larger micro-credential that was published, or offered, only after that.

What changes of a part is judged when it changes. Those whose parts stand already are found here, a
few hundred at a time, and left to the worker as all others (`stack_checks`).
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.models import (
    Award,
    CourseMember,
    Enrolment,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    StackCheck,
    StackPart,
)
from lti_tool.services.definitions import catalogue, lifecycle

BATCH = 200
"""How many are asked for at a time, of all larger ones together."""


def want_unjudged(db: Session, now: datetime) -> int:
    """Let the next `BATCH` of those be judged who hold a part of the newest open version of a
    larger one and were never judged there; return how many there were.

    Whoever was judged has an enrolment, so nobody comes twice and nothing has to be remembered.
    """
    found = 0
    for version in _larger(db, now):
        if found < BATCH:
            seen = (Enrolment, StackCheck)
            known = [sa.select(one.person_id).filter_by(version_id=version.id) for one in seen]
            people = _holders(version).filter(*(Award.person_id.not_in(one) for one in known))
            people = people.order_by(Award.person_id).limit(BATCH - found)
            found += _want(db, db.scalars(people), version, now)
    db.flush()
    return found


def want_in_course(
    db: Session, course_id: uuid.UUID, version: MicroCredentialVersion, now: datetime
) -> None:
    """Let those in a course be judged who hold a part of what it offers from now on; nobody where
    that is not made of others."""
    if catalogue.definition(version).stack is None:
        return
    here = sa.select(CourseMember.person_id).filter_by(course_id=course_id, left_at=None)
    _want(db, db.scalars(_holders(version).filter(Award.person_id.in_(here))), version, now)
    db.flush()


def _want(
    db: Session, people: Iterable[uuid.UUID], version: MicroCredentialVersion, now: datetime
) -> int:
    checks = [StackCheck(person_id=one, version_id=version.id, due_at=now) for one in people]
    db.add_all(checks)
    return len(checks)


def _larger(db: Session, now: datetime) -> list[MicroCredentialVersion]:
    """Return the newest version of each larger one, where it is open."""
    stacked = sa.select(MicroCredentialVersion.series_id).filter(
        MicroCredentialVersion.id.in_(sa.select(StackPart.version_id))
    )
    newest = catalogue.newest(db, MicroCredentialSeries.id.in_(stacked))
    return [
        one
        for one in newest
        if lifecycle.is_open(one, now) and catalogue.definition(one).stack is not None
    ]


def _holders(version: MicroCredentialVersion) -> sa.Select[uuid.UUID]:
    """Return who holds an award of a part that stands."""
    stack = catalogue.definition(version).stack
    assert stack is not None
    return (
        sa.select(Award.person_id)
        .join(Award.version)
        .join(MicroCredentialVersion.series)
        .join(Organisation, MicroCredentialSeries.organisation_id == Organisation.id)
        .filter(
            Award.withdrawn_at.is_(None),
            sa.or_(*(catalogue.named(part) for part in stack.parts)),
        )
        .distinct()
    )
