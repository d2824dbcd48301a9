"""Write to the audit log."""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.models import AuditEntry

OPERATOR = "operator"


def note(db: Session, actor: str, action: str, subject: str, now: datetime, **details: str) -> None:
    """Keep that `actor` did `action` to `subject`; ids and codes only, never names."""
    db.add(AuditEntry(actor=actor, action=action, subject=subject, at=now, details=details))
