"""What came of applications for recognition of prior learning, until their learners have looked."""

import uuid
from collections.abc import Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.models import PriorLearningApplication


class News(StrEnum):
    MORE = "more"  # more evidence is wanted
    RECOGNISED = "recognised"
    PARTLY = "partly"
    NOT_RECOGNISED = "not_recognised"
    CORRECTED = "corrected"


def unread(
    db: Session, person_id: uuid.UUID, course_id: uuid.UUID
) -> Sequence[PriorLearningApplication]:
    """Return the applications of a person in a course of which something came, oldest first."""
    found = (
        sa.select(PriorLearningApplication)
        .filter(
            PriorLearningApplication.person_id == person_id,
            PriorLearningApplication.course_id == course_id,
            PriorLearningApplication.news.is_not(None),
        )
        .options(joinedload(PriorLearningApplication.version))
        .order_by(PriorLearningApplication.created_at, PriorLearningApplication.id)
    )
    return db.scalars(found).all()


def note_read(db: Session, application_id: uuid.UUID, news: str) -> None:
    """Note that its learner has looked; what came meanwhile stays news."""
    read = sa.update(PriorLearningApplication).filter_by(id=application_id, news=news)
    db.execute(read.values(news=None))
