"""The records by which assessors recognise what learners can do already, and that stand."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from badges.completion import Route
from badges.prior_learning import assessors_needed
from lti_tool.models import CompletionRecord, PriorLearningApplication
from lti_tool.services.definitions import catalogue

Recognised = Mapping[str, frozenset[uuid.UUID]]
"""Outcome -> the assessors whose recognition of it stands."""


def by_assessors(
    db: Session, applications: Sequence[PriorLearningApplication]
) -> Mapping[uuid.UUID, Recognised]:
    """Return, for each application, which assessors' recognitions of each outcome stand; one
    statement for all."""
    by_unit: dict[tuple[uuid.UUID, uuid.UUID, str], dict[str, frozenset[uuid.UUID]]] = {}
    for row in standing(db, applications):
        assert row.part is not None
        assert row.assessor_account_id is not None
        found = by_unit.setdefault((row.person_id, row.version_id, row.unit_code), {})
        found[row.part] = found.get(row.part, frozenset()) | {row.assessor_account_id}
    return {
        one.id: by_unit.get((one.person_id, one.version_id, one.unit_code), {})
        for one in applications
    }


def standing(
    db: Session, applications: Sequence[PriorLearningApplication]
) -> Sequence[CompletionRecord]:
    """Return the records of their units by which assessors recognise an outcome, and that stand."""
    undone = aliased(CompletionRecord)
    of_units = [
        sa.and_(
            CompletionRecord.person_id == one.person_id,
            CompletionRecord.version_id == one.version_id,
            CompletionRecord.unit_code == one.unit_code,
        )
        for one in applications
    ]
    return db.scalars(
        sa.select(CompletionRecord).filter(
            sa.or_(sa.false(), *of_units),
            CompletionRecord.route == Route.PRIOR_LEARNING.value,
            CompletionRecord.part.is_not(None),
            CompletionRecord.assessor_account_id.is_not(None),
            CompletionRecord.retracts_id.is_(None),
            ~sa.exists().where(undone.retracts_id == CompletionRecord.id),
        )
    ).all()


def votes(db: Session, rows: Collection[CompletionRecord]) -> frozenset[uuid.UUID]:
    """Return those of `rows` that recognise nothing, because more assessors are needed for it, with
    their retractions. Only assessors read them. What was recognised once and was taken back is no
    such vote; what is left of it is."""
    needed = {
        (row.person_id, row.version_id, row.unit_code): assessors_needed(
            catalogue.definition(row.version).unit(row.unit_code)
        )
        for row in rows
        if row.route == Route.PRIOR_LEARNING
    }
    several = {unit: count for unit, count in needed.items() if count > 1}
    if not several:
        return frozenset()
    found: defaultdict[tuple[uuid.UUID, uuid.UUID, str], list[CompletionRecord]]
    found = defaultdict(list)
    every = sa.select(CompletionRecord).filter(
        CompletionRecord.person_id.in_({person for person, _, _ in several}),
        CompletionRecord.route == Route.PRIOR_LEARNING.value,
    )
    for row in db.scalars(every.order_by(CompletionRecord.recorded_at, CompletionRecord.id)):
        found[row.person_id, row.version_id, row.unit_code].append(row)
    hidden = {one for unit, count in several.items() for one in _votes(found[unit], count)}
    return frozenset(row.id for row in rows if row.id in hidden or row.retracts_id in hidden)


def shown(db: Session, rows: Sequence[CompletionRecord]) -> Sequence[CompletionRecord]:
    """Return those of `rows` that others than assessors read."""
    hidden = votes(db, rows)
    return [row for row in rows if row.id not in hidden] if hidden else rows


def _votes(rows: Iterable[CompletionRecord], needed: int) -> set[uuid.UUID]:
    """Return the ids of the votes among the records of one unit, oldest first."""
    standing: defaultdict[str | None, dict[uuid.UUID, uuid.UUID | None]] = defaultdict(dict)
    recognised, every = set[uuid.UUID](), set[uuid.UUID]()
    for row in rows:
        if row.retracts_id is not None:
            for votes_ in standing.values():
                votes_.pop(row.retracts_id, None)
            continue
        every.add(row.id)
        standing[row.part][row.id] = row.assessor_account_id
        if len({*standing[row.part].values()}) >= needed:
            recognised |= standing[row.part].keys()
    left = {
        row_id
        for votes_ in standing.values()
        if len({*votes_.values()}) < needed
        for row_id in votes_
    }
    return every - recognised | left
