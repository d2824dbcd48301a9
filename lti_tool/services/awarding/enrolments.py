"""The row of (person, version) that is locked before anything of the person there is judged."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import db as database
from lti_tool.models import Enrolment, MicroCredentialVersion, Person

# On tables and not on objects, which take half as long again: every launch of a learner asks.
_ENROLMENTS = cast("sa.Table", Enrolment.__table__).c
_ENROLMENT = (
    sa.select(_ENROLMENTS.started_at)
    .where(
        _ENROLMENTS.person_id == sa.bindparam("person"),
        _ENROLMENTS.version_id == sa.bindparam("version"),
    )
    .with_for_update(key_share=True)
)


def lock(db: Session, person: Person, version: MicroCredentialVersion, now: datetime) -> None:
    """Note that a person works on a version, and lock their records in it until the end of the
    transaction."""
    if db.execute(_ENROLMENT, {"person": person.id, "version": version.id}).first() is not None:
        return
    database.get_or_add(
        db,
        Enrolment,
        {"person_id": person.id, "version_id": version.id},
        started_at=now,
    )


def lock_all(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion, now: datetime
) -> None:
    """Do what `lock` says for several people, in one order."""
    rows = [{"version_id": version.id, "person_id": one, "started_at": now} for one in people]
    database.lock_all(db, Enrolment, rows, "person_id")
