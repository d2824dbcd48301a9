"""Write to the audit log."""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import get_or_add
from lti_tool.models import AuditEntry

OPERATOR = "operator"
"""Whoever uses the command line; people who sign in are `account:<id>`."""
SCHEDULE = "schedule"
SYSTEM = "system"
MOST_COUNTED = 1000


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


def note_hourly(
    db: Session,
    organisation_id: uuid.UUID,
    action: str,
    subject: str,
    now: datetime,
    *,
    reason: str,
) -> None:
    """Count what strangers can bring about: one entry for each action, subject, reason and hour,
    up to `MOST_COUNTED`."""
    what = f"{action} {subject} {reason} {now:%Y-%m-%dT%H}"
    key = {"id": uuid.uuid5(organisation_id, what)}  # so that who counts at one moment finds it
    known = db.get(AuditEntry, key["id"])
    if known is not None and known.details["count"] >= MOST_COUNTED:
        return
    entry, was_added = get_or_add(
        db,
        AuditEntry,
        key,
        at=now,
        actor=SYSTEM,
        action=action,
        subject=subject,
        organisation_id=organisation_id,
        details={"reason": reason, "count": 1},
    )
    if not was_added:
        db.refresh(entry)  # another may have counted while the lock was waited for
        entry.details = {**entry.details, "count": entry.details["count"] + 1}
