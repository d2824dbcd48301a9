"""Draw results to be looked at again, as they are recorded, and say which were disputed."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.moderation import is_drawn
from lti_tool.models import CompletionRecord, MicroCredentialVersion, ModerationSample

DISPUTED = "moderation"
"""Why an award is flagged: a second person came to another judgement on a result."""
DISAGREED = "disagreed"


def draw(
    db: Session,
    version: MicroCredentialVersion,
    records: Iterable[CompletionRecord],
    now: datetime,
) -> None:
    """Draw from new records, where the version asks for it: those that a person judged."""
    if version.moderated_one_in is None or version.moderation_key is None:
        return
    key = bytes.fromhex(version.moderation_key)
    for row in records:
        if _is_judged(row) and is_drawn(key, str(row.id), version.moderated_one_in):
            body = version.series.organisation_id
            db.add(ModerationSample(record_id=row.id, organisation_id=body, drawn_at=now))


def _is_judged(row: CompletionRecord) -> bool:
    has_assessor = row.assessor_id is not None or row.assessor_account_id is not None
    return has_assessor and row.retracts_id is None


def is_disputed(db: Session, records: Collection[uuid.UUID]) -> bool:
    """Whether a second person came to another judgement on one of these records."""
    found = sa.select(ModerationSample.id).filter(
        ModerationSample.record_id.in_(records), ModerationSample.verdict == DISAGREED
    )
    return db.scalar(sa.select(found.exists())) or False
