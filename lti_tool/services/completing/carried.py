"""One judgement in several versions: a record, and what was carried over when courses moved.

The records of one judgement share their origin, the one that was made first.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.models import CompletionRecord, Course, MicroCredentialVersion, Person
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import judging


def origins(db: Session, rows: Iterable[CompletionRecord]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the origin of each record, by id; a statement for each move that lies between."""
    found = {row.id: row.carried_from_id or row.id for row in rows}
    while earlier := _earlier(db, set(found.values())):
        found = {row: earlier.get(one, one) for row, one in found.items()}
    return found


def _earlier(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    rows = sa.select(CompletionRecord.id, CompletionRecord.carried_from_id).filter(
        CompletionRecord.id.in_(ids), CompletionRecord.carried_from_id.is_not(None)
    )
    return {one: before for one, before in db.execute(rows) if before is not None}


def others(
    db: Session, rows: Collection[CompletionRecord]
) -> list[tuple[CompletionRecord, CompletionRecord]]:
    """Return with each record the others of its judgement that stand, by version."""
    own = origins(db, rows)
    known = {one: one for one in own.values()}  # record -> origin
    level = set(known)
    while level:
        later = sa.select(CompletionRecord.id, CompletionRecord.carried_from_id).filter(
            CompletionRecord.carried_from_id.in_(level)
        )
        made = {one: known[before] for one, before in db.execute(later) if before is not None}
        level = made.keys() - known.keys()
        known |= made
    undone = aliased(CompletionRecord)
    standing = (
        sa.select(CompletionRecord)
        .filter(
            CompletionRecord.id.in_(known.keys() - own.keys()),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
        .options(joinedload(CompletionRecord.version), joinedload(CompletionRecord.person))
        .order_by(CompletionRecord.version_id, CompletionRecord.id)
    )
    by_origin = {own[row.id]: row for row in rows}
    return [(by_origin[known[one.id]], one) for one in db.scalars(standing)]


def versions_of(
    db: Session, rows: Collection[CompletionRecord]
) -> frozenset[MicroCredentialVersion]:
    """Return the versions in which these records, and the others of their judgements, stand."""
    return frozenset(
        {*(one.version for one in rows), *(one.version for _, one in others(db, rows))}
    )


def take_back(
    db: Session,
    targets: Sequence[CompletionRecord],
    rows: Sequence[tuple[Person, CompletionRecord]],
    course: Course,
    now: datetime,
) -> list[CompletionRecord]:
    """Keep retractions of records of one version, and the same of all else of these judgements."""
    people = {target.person_id for target in targets}
    enrolments.lock_versions(db, people, versions_of(db, targets), now)
    found = others(db, targets)
    made = judging.keep_all(db, targets[0].version, rows, course, now)
    by_target = {row.retracts_id: row for row in made}
    for version in sorted({one.version for _, one in found}, key=lambda one: one.id):
        again = [
            (one.person, _retraction_like(by_target[target.id], one))
            for target, one in found
            if one.version_id == version.id
        ]
        judging.keep_all(db, version, again, course, now)
    return made


def _retraction_like(made: CompletionRecord, target: CompletionRecord) -> CompletionRecord:
    return CompletionRecord(
        key=f"retract:{target.id.hex}",
        unit_code=target.unit_code,
        route=target.route,
        assessor_id=made.assessor_id,
        assessor_account_id=made.assessor_account_id,
        retracts_id=target.id,
        evidence=made.evidence,
    )
