"""Launches whose token is proven and whose browser is not: kept encrypted, used once.

A browser that keeps no cookie in the frame of an LMS proves with its next request that it began
the login. Until then nothing of the launch takes effect.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.lti import login_states
from lti_tool.models import UnconfirmedLaunch

LIFETIME = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class UsedLaunch:
    """What was kept; by now its row is gone."""

    registration_id: uuid.UUID
    payload: Mapping[str, Any] = field(repr=False)
    has_expired: bool
    browser_digest: str

    def is_from(self, proof: str) -> bool:
        """Return whether this browser began the login."""
        return login_states.is_secret_of(self.browser_digest, proof)


def keep(
    db: Session,
    encryption: Encryption,
    registration_id: uuid.UUID,
    *,
    state: str,
    browser_digest: str,
    payload: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep a proven payload until its browser confirms it."""
    db.add(
        UnconfirmedLaunch(
            state_digest=login_states.digest(state),
            browser_digest=browser_digest,
            registration_id=registration_id,
            payload=encryption.encrypt(json.dumps(payload).encode()),
            expires_at=now + LIFETIME,
        )
    )
    db.flush()


def use(db: Session, encryption: Encryption, state: str, now: datetime) -> UsedLaunch | None:
    """Delete the launch and return it; of any number of callers at once, one gets it."""
    statement = (
        sa.delete(UnconfirmedLaunch)
        .where(UnconfirmedLaunch.state_digest == login_states.digest(state))
        .returning(
            UnconfirmedLaunch.registration_id,
            UnconfirmedLaunch.payload,
            UnconfirmedLaunch.browser_digest,
            UnconfirmedLaunch.expires_at,
        )
    )
    row = db.execute(statement).one_or_none()
    if row is None:
        return None
    return UsedLaunch(
        registration_id=row.registration_id,
        payload=json.loads(encryption.decrypt(row.payload)),
        has_expired=row.expires_at <= now,
        browser_digest=row.browser_digest,
    )


def forget_expired(db: Session, now: datetime) -> None:
    """Delete launches that nobody confirmed in time."""
    db.execute(sa.delete(UnconfirmedLaunch).where(UnconfirmedLaunch.expires_at <= now))
