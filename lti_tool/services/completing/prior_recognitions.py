"""The records by which assessors recognise what learners can do already, and that stand."""

import uuid
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from badges.completion import Route
from lti_tool.models import CompletionRecord, PriorLearningApplication

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
