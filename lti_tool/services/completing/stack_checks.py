"""Judge larger micro-credentials after the award of a part changed.

Not in the transaction that changed the part: two parts judged at one moment would wait for the
larger one and for each other.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Enrolment, MicroCredentialVersion, Person, StackCheck, StackPart
from lti_tool.services.awarding import enrolments, joints, stacks
from lti_tool.services.completing import completions
from lti_tool.services.definitions import lifecycle
from lti_tool.services.definitions.stack_parts import series_reference

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=1)
"""How long one that failed, or whose worker was stopped, waits for its next time."""


def judge_next(database: Database, clock: Callable[[], datetime]) -> bool:
    """Judge what waits longest; False when nothing does. Repeating it changes nothing.

    One that fails is logged and comes again after `LEASE`; it keeps no other from its turn.
    """
    with database.transaction() as db:
        check = _lease(db, clock())
        if check is None:
            return False
        check_id = check.id
        concerned = [(check.person_id, version.id) for version in _larger(db, check, clock())]
        concerned += joints.borrowers(db, check.person_id, check.version_id)
    try:
        for person_id, version_id in dict.fromkeys(concerned):
            _judge(database, person_id, version_id, clock())
    except Exception as error:  # noqa: BLE001 - one that fails must not hold up all others
        log.error("stack_check.failed", check_id=str(check_id), error=type(error).__name__)
        return True
    with database.transaction() as db:
        db.execute(sa.delete(StackCheck).where(StackCheck.id == check_id))
    return True


def _judge(database: Database, person_id: uuid.UUID, version_id: uuid.UUID, now: datetime) -> None:
    with database.transaction() as db:
        person = db.get_one(Person, person_id)
        version = db.get_one(MicroCredentialVersion, version_id)
        completions.reevaluate(db, person, version, now)


def _lease(db: Session, now: datetime) -> StackCheck | None:
    due = sa.select(StackCheck).filter(StackCheck.due_at <= now).order_by(StackCheck.due_at)
    check = db.scalar(due.limit(1).with_for_update(skip_locked=True))
    if check is not None:
        check.due_at = now + LEASE
    return check


def _larger(db: Session, check: StackCheck, now: datetime) -> list[MicroCredentialVersion]:
    """Return the newest version of each larger one that is open, and those that the person works on
    already, retired or not; and the changed one itself, if it is a larger one: somebody who was
    joined with this person at that moment may have it, too."""
    newest = stacks.made_of(db, check.version)
    found = {version.id: version for version in newest if lifecycle.is_open(version, now)}
    begun = (
        sa.select(MicroCredentialVersion)
        .join(StackPart, StackPart.version_id == MicroCredentialVersion.id)
        .join(Enrolment, Enrolment.version_id == MicroCredentialVersion.id)
        .filter(
            StackPart.reference == series_reference(check.version),
            Enrolment.person_id == check.person_id,
        )
    )
    found |= {version.id: version for version in db.scalars(begun)}
    if enrolments.is_stacked(check.version):
        found[check.version_id] = check.version
    return list(found.values())
