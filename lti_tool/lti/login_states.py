"""Logins that were begun: stored with digests only, used once, forgotten when old."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.models import LoginState

# A login outlives what a platform's own token may take (Moodle's lives 60 s), and a token is
# refused once it is older than its login may be: so no token outlives the memory of its state.
LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class UsedLogin:
    """What a login bound together; by now its row is gone."""

    registration_id: uuid.UUID
    nonce: str
    target_link_uri: str
    deployment_id: str | None
    storage_target: str | None
    browser_digest: str
    has_expired: bool

    def is_from(self, browser_secret: str) -> bool:
        """Return whether this browser began the login."""
        return is_secret_of(self.browser_digest, browser_secret)


# Into the table and not as an object: nobody looks at the row again before it is used.
_LOGINS = cast("sa.Table", LoginState.__table__)
_REMEMBERED = sa.insert(_LOGINS)
_USED = (
    sa.delete(_LOGINS)
    .where(_LOGINS.c.state_digest == sa.bindparam("state"))
    .returning(
        _LOGINS.c.registration_id,
        _LOGINS.c.nonce,
        _LOGINS.c.target_link_uri,
        _LOGINS.c.deployment_id,
        _LOGINS.c.storage_target,
        _LOGINS.c.browser_digest,
        _LOGINS.c.expires_at,
    )
)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def is_secret_of(browser_digest: str, browser_secret: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(browser_digest, digest(browser_secret))


def remember(
    db: Session | Connection,
    registration_id: uuid.UUID,
    *,
    state: str,
    nonce: str,
    browser_secret: str,
    target_link_uri: str,
    deployment_id: str | None,
    storage_target: str | None,
    now: datetime,
) -> None:
    """Store a login."""
    db.execute(
        _REMEMBERED,
        {
            "state_digest": digest(state),
            "nonce": nonce,
            "browser_digest": digest(browser_secret),
            "registration_id": registration_id,
            "target_link_uri": target_link_uri,
            "deployment_id": deployment_id,
            "storage_target": storage_target,
            "expires_at": now + LIFETIME,
        },
    )


def use(db: Session | Connection, state: str, now: datetime) -> UsedLogin | None:
    """Delete the login and return it; of any number of callers at once, one gets it."""
    row = db.execute(_USED, {"state": digest(state)}).one_or_none()
    if row is None:
        return None
    return UsedLogin(
        registration_id=row.registration_id,
        nonce=row.nonce,
        target_link_uri=row.target_link_uri,
        deployment_id=row.deployment_id,
        storage_target=row.storage_target,
        browser_digest=row.browser_digest,
        has_expired=row.expires_at <= now,
    )


def forget_expired(db: Session, now: datetime) -> None:
    """Delete logins that were never finished."""
    db.execute(sa.delete(LoginState).where(LoginState.expires_at < now))
