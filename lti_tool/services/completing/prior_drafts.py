"""Recognition of prior learning: files of drafts that nobody touches do not stay for ever.

The page of a draft with files says on which day they go; afterwards the learner is told.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.prior_learning import DRAFT_FILES_FOR
from lti_tool.db import Database
from lti_tool.models import EvidenceFile, PriorLearningApplication
from lti_tool.services import audit
from lti_tool.services.completing import prior_files, prior_learning
from lti_tool.services.completing.prior_news import News
from lti_tool.services.completing.prior_states import State


def files_until(db: Session, application: PriorLearningApplication) -> datetime | None:
    """Return until when the files of a draft stay if nobody touches it; None: no draft, or no
    files."""
    if application.state != State.DRAFT or not prior_files.of(db, application):
        return None
    return application.updated_at + DRAFT_FILES_FOR


def forget_untouched(database: Database, now: datetime, *, most: int = 50) -> None:
    """Delete the files of drafts that nobody touched for too long; what was written stays, and the
    files on which a record rests. A run looks at so many drafts, the longest untouched first; the
    next one goes on. Each has a transaction of its own: others lock several learners in one order.
    """
    untouched = (
        sa.select(PriorLearningApplication.id)
        .filter(
            PriorLearningApplication.state == State.DRAFT,
            PriorLearningApplication.updated_at < now - DRAFT_FILES_FOR,
            sa.exists().where(
                EvidenceFile.application_id == PriorLearningApplication.id,
                EvidenceFile.record_id.is_(None),
            ),
        )
        .order_by(PriorLearningApplication.updated_at, PriorLearningApplication.id)
        .limit(most)
    )
    with database.transaction(read_only=True) as db:
        found = db.scalars(untouched).all()
    for one in found:
        with database.transaction() as db:
            _forget_untouched(db, one, now)


def _forget_untouched(db: Session, application_id: uuid.UUID, now: datetime) -> None:
    application = db.get(PriorLearningApplication, application_id)
    if application is None:
        return  # deleted by its learner
    prior_learning.lock(db, application, now)
    until = files_until(db, application)
    if until is None or until >= now:
        return  # its learner has just come back
    prior_files.erase_own(db, application, actor=audit.SCHEDULE, now=now)
    application.news = News.FILES_DELETED.value
