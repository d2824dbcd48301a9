"""Write to the audit log."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.models import AuditEntry

OPERATOR = "operator"
"""Whoever uses the command line; people who sign in are `account:<id>`."""
SCHEDULE = "schedule"


def note(db: Session, actor: str, action: str, subject: str, now: datetime, **details: str) -> None:
    """Keep that `actor` did `action` to `subject`; ids and codes only, never names.

    Operators read it; see `note_in`.
    """
    note_in(db, None, actor, action, subject, now, **details)


def note_in(
    db: Session,
    organisation_id: uuid.UUID | None,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    **details: str,
) -> None:
    """Keep it for the administrators of that organisation to read as well."""
    db.add(
        AuditEntry(
            actor=actor,
            action=action,
            subject=subject,
            at=now,
            organisation_id=organisation_id,
            details=details,
        )
    )
