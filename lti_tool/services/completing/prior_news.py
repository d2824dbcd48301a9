"""What came of applications for recognition of prior learning, until their learners have looked."""

import uuid
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.models import PriorLearningApplication


class News(StrEnum):
    MORE = "more"  # more evidence is wanted
    RECOGNISED = "recognised"
    PARTLY = "partly"
    NOT_RECOGNISED = "not_recognised"
    CORRECTED = "corrected"
    TAKEN_BACK = "taken_back"  # by a teacher of the course, when they still could
    FILES_DELETED = "files_deleted"  # of a draft that its learner did not touch


def unread(
    db: Session, person_id: uuid.UUID, course_id: uuid.UUID, version_id: uuid.UUID
) -> Sequence[PriorLearningApplication]:
    """Return the applications of a person in a course of which something came, oldest first: what
    the pages of the units show, so of each unit of this version the latest alone."""
    newer = aliased(PriorLearningApplication)
    is_superseded = sa.exists().where(
        newer.person_id == PriorLearningApplication.person_id,
        newer.version_id == PriorLearningApplication.version_id,
        newer.unit_code == PriorLearningApplication.unit_code,
        sa.or_(
            newer.created_at > PriorLearningApplication.created_at,
            sa.and_(
                newer.created_at == PriorLearningApplication.created_at,
                newer.id > PriorLearningApplication.id,
            ),
        ),
    )
    found = (
        sa.select(PriorLearningApplication)
        .filter(
            PriorLearningApplication.person_id == person_id,
            PriorLearningApplication.course_id == course_id,
            PriorLearningApplication.version_id == version_id,
            PriorLearningApplication.news.is_not(None),
            ~is_superseded,
        )
        .options(joinedload(PriorLearningApplication.version))
        .order_by(PriorLearningApplication.created_at, PriorLearningApplication.id)
    )
    return db.scalars(found).all()


def note_read(db: Session, application_id: uuid.UUID, news: str) -> None:
    """Note that its learner has looked; what came meanwhile stays news."""
    read = sa.update(PriorLearningApplication).filter_by(id=application_id, news=news)
    db.execute(read.values(news=None))
