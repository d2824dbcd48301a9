"""Awards that waited in a course and were given by what another course recorded.

The first course that has all it asks for decides (`award_gate`), so a new record in one can give
what waits in another. Teachers there looked for it: they are told, until one of them says that they
have seen it, that it was given and when, and neither where nor by whom.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.models import Award, PendingAward, Placement
from lti_tool.services.completing import assessors


def listed(db: Session, placement: Placement) -> Sequence[Award]:
    """Return the awards that waited in this course and that another has given, the last first."""
    found = sa.select(Award).join(
        PendingAward,
        (PendingAward.person_id == Award.person_id) & (PendingAward.version_id == Award.version_id),
    )
    found = found.filter(*_is_given(placement)).options(joinedload(Award.person))
    return db.scalars(found.order_by(Award.granted_at.desc(), Award.id)).all()


def have_seen(
    db: Session,
    placement: Placement,
    people: Collection[uuid.UUID],
    *,
    by: uuid.UUID,
    now: datetime,
) -> int:
    """Tell it no longer of `people`; return of how many it was told.

    Raises:
        Forbidden: as `assessors.check_decides`.
    """
    assessors.check_decides(db, placement.course_id, placement.version_id, by, now)
    told = [one.person_id for one in listed(db, placement) if one.person_id in people]
    db.execute(
        sa.delete(PendingAward).where(
            PendingAward.person_id.in_(told),
            PendingAward.version_id == placement.version_id,
            PendingAward.course_id == placement.course_id,
            sa.exists().where(Award.person_id == PendingAward.person_id, *_is_given(placement)),
        )
    )
    return len(told)


def _is_given(placement: Placement) -> Sequence[sa.ColumnElement[bool]]:
    return (
        PendingAward.course_id == placement.course_id,
        PendingAward.version_id == placement.version_id,
        Award.version_id == placement.version_id,
        Award.course_id != placement.course_id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
    )
