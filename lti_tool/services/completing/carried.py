"""One judgement in several versions: a record, and what was carried over when courses moved.

The records of one judgement share their origin, the one that was made first.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from badges import completion
from badges.completion import InvalidCompletion
from badges.micro_credential import MicroCredential
from lti_tool.models import CompletionRecord, Course, CourseMember, MicroCredentialVersion, Person
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


def same(db: Session, rows: Collection[CompletionRecord]) -> Mapping[uuid.UUID, CompletionRecord]:
    """Return the records of the judgements of `rows`, by id: to which of `rows` each belongs. Of
    several rows of one judgement each stands for itself, the last for the rest."""
    own = origins(db, rows)
    by_origin = {own[row.id]: row for row in rows}
    found = dict(by_origin)
    level = set(found)
    while level:
        later = sa.select(CompletionRecord.id, CompletionRecord.carried_from_id).filter(
            CompletionRecord.carried_from_id.in_(level)
        )
        made = {one: found[before] for one, before in db.execute(later) if before is not None}
        level = made.keys() - found.keys()
        found |= made
    return found | {row.id: row for row in rows}


def others(
    db: Session, rows: Collection[CompletionRecord]
) -> list[tuple[CompletionRecord, CompletionRecord]]:
    """Return with each record the others of its judgement that stand, by version."""
    family = same(db, rows)
    undone = aliased(CompletionRecord)
    standing = (
        sa.select(CompletionRecord)
        .filter(
            CompletionRecord.id.in_(family.keys() - {row.id for row in rows}),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
        .options(joinedload(CompletionRecord.version), joinedload(CompletionRecord.person))
        .order_by(CompletionRecord.version_id, CompletionRecord.id)
    )
    return [(family[one.id], one) for one in db.scalars(standing)]


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


def is_real() -> sa.ColumnElement[bool]:
    """Whether a record is none that its own person tried out as a teacher."""
    return ~sa.exists().where(
        CourseMember.course_id == CompletionRecord.course_id,
        CourseMember.person_id == CompletionRecord.person_id,
        CourseMember.is_tester,
    )


def in_version(
    db: Session, version_id: uuid.UUID, people: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, list[CompletionRecord]]:
    """Return what was recorded of people in a version, wherever they learn, oldest first."""
    found: dict[uuid.UUID, list[CompletionRecord]] = {one: [] for one in people}
    rows = sa.select(CompletionRecord).filter(
        CompletionRecord.version_id == version_id,
        CompletionRecord.person_id.in_(people),
        is_real(),
    )
    for row in db.scalars(rows.order_by(CompletionRecord.recorded_at, CompletionRecord.id)):
        found[row.person_id].append(row)
    return found


def standing(rows: Iterable[CompletionRecord]) -> list[CompletionRecord]:
    rows = list(rows)
    undone = {row.retracts_id for row in rows if row.retracts_id is not None}
    return [row for row in rows if row.retracts_id is None and row.id not in undone]


def fits(row: CompletionRecord, new: MicroCredential, kept: Collection[str]) -> bool:
    if row.unit_code not in kept:
        return False
    try:
        completion.check(new, judging.as_completion(row))
    except InvalidCompletion:
        return False
    return True


def copy(row: CompletionRecord, chosen: MicroCredentialVersion) -> CompletionRecord:
    """Return the same record of another version; it refers to where it came from."""
    own = {"id", "key", "version_id", "carried_from_id"}
    same = {
        column.key: getattr(row, column.key)
        for column in sa.inspect(CompletionRecord).column_attrs
        if column.key not in own
    }
    return CompletionRecord(
        id=uuid.uuid4(),
        key=f"carried:{row.id.hex}:{chosen.id.hex[:12]}",  # it may be carried to several versions
        version_id=chosen.id,
        carried_from_id=row.id,
        **same,
    )
