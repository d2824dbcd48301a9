"""The row of (person, version) that is locked before anything of the person there is judged.

Who is one person in several LMSs is judged together where a version is made of others: then the
rows of all are locked, as those of a class are, in the order of people.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool import db as database
from lti_tool.models import Enrolment, MicroCredentialVersion, Person
from lti_tool.services.awarding import joints
from lti_tool.services.definitions import catalogue

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


def lock(
    db: Session, person: Person, version: MicroCredentialVersion, now: datetime
) -> frozenset[uuid.UUID]:
    """Note that a person works on a version, and lock their records in it until the end of the
    transaction; return whose are locked."""
    if person.joint_id is not None and is_stacked(version):
        return lock_all(db, [person.id], version, now)
    wanted = {"person": person.id, "version": version.id}
    if db.execute(_ENROLMENT, wanted).first() is None:
        key = {"person_id": person.id, "version_id": version.id}
        database.get_or_add(db, Enrolment, key, started_at=now)
    return frozenset({person.id})


def lock_all(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion, now: datetime
) -> frozenset[uuid.UUID]:
    """Do what `lock` says for several people, in one order."""
    if is_stacked(version):
        people = {*people, *joints.groups(db, people)}
    rows = [{"version_id": version.id, "person_id": one, "started_at": now} for one in people]
    database.lock_all(db, Enrolment, rows, "person_id")
    return frozenset(people)


def lock_versions(
    db: Session,
    people: Collection[uuid.UUID],
    versions: Collection[MicroCredentialVersion],
    now: datetime,
) -> None:
    """Do what `lock_all` says in several versions, in one order: all of them at once, before
    anything else is locked, else two wait in a circle."""
    for version in sorted(versions, key=lambda one: one.id):
        lock_all(db, people, version, now)


def is_stacked(version: MicroCredentialVersion) -> bool:
    return catalogue.definition(version).stack is not None
