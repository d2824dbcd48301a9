"""Refused launches in the audit log: what an administrator should see, and no flood of it.

One entry for each registration, reason and hour, which counts; so a stranger who sends forged
launches all day adds a handful of entries. Mistakes of a person or of a message stay in the log.
"""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.models import Platform, Registration
from lti_tool.services import audit

NOTED = frozenset(
    {
        "audience",
        "authorised_party",
        "browser_unknown",
        "client_id_mismatch",
        "deployment_mismatch",
        "deployment_unknown",
        "expired",
        "issuer_mismatch",
        "keys_slow",
        "keys_unavailable",
        "kid_unknown",
        "nonce_mismatch",
        "not_yet_valid",
        "signature",
        "state_foreign",
        "state_unknown",
    }
)
"""What a wrong setting, a wrong clock, another tenant's message, a forgery or a replay ends in."""


def note(db: Session, registration_id: uuid.UUID, code: str, now: datetime) -> None:
    """Count a refused login or launch of a registration that exists; `code`: one of `NOTED`."""
    organisation_id = db.scalar(
        sa.select(Platform.organisation_id)
        .join(Registration, Registration.platform_id == Platform.id)
        .filter(Registration.id == registration_id)
    )
    if organisation_id is not None:
        subject = f"registration:{registration_id}"
        audit.note_hourly(db, organisation_id, "launch.refused", subject, now, reason=code)
