"""How people without an LMS get in: one-time links, and the session that follows.

Secrets are shown once and kept as digests. A session ends when nobody came for `IDLE`, in any case
after `LIFETIME`, when its person signs out, and when the account is switched off.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.errors import Forbidden, NotFound
from lti_tool.models import Account, AccountSession, AuditEntry, SignInLink, UsedChallenge
from lti_tool.services import audit
from lti_tool.services.staff import accounts

LINK_LIFETIME = timedelta(hours=1)
INVITATION_LIFETIME = timedelta(hours=72)
IDLE = timedelta(hours=2)
LIFETIME = timedelta(hours=12)
# What cannot be undone asks who is there again after this time.
FRESH = timedelta(minutes=30)
# How exactly a session knows when it was used last: not every page view is a write.
SEEN_EVERY = timedelta(minutes=2)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def make_link(
    db: Session,
    account: Account,
    now: datetime,
    *,
    by: str = audit.OPERATOR,
    lifetime: timedelta = LINK_LIFETIME,
    organisation_id: uuid.UUID | None = None,
    is_mailed: bool = False,
) -> tuple[SignInLink, str]:
    """Return a new link and its secret, which is not stored. `is_mailed`: to the account's address,
    which is shown to be theirs by its use.

    Raises:
        Forbidden: `account_disabled`.
    """
    _refuse_disabled(account)
    token = secrets.token_urlsafe(32)
    link = SignInLink(
        id=uuid.uuid4(),
        token_digest=digest(token),
        account_id=account.id,
        created_at=now,
        expires_at=now + lifetime,
        mailed_to=account.email if is_mailed else None,
    )
    db.add(link)
    db.flush()
    audit.note_in(db, organisation_id, by, "sign_in_link.made", f"account:{account.id}", now)
    return link, token


def find_link(db: Session, token: str, now: datetime) -> SignInLink:
    """Return a link that may still be used; looking does not use it up.

    Raises:
        NotFound: `link_unknown`.
        Forbidden: `link_used`, `link_expired`, `account_disabled`.
    """
    found = db.scalar(sa.select(SignInLink).filter_by(token_digest=digest(token)))
    if found is None:
        raise NotFound("link_unknown")
    if found.used_at is not None:
        raise Forbidden("link_used")
    if found.expires_at <= now:
        raise Forbidden("link_expired")
    _refuse_disabled(found.account)
    return found


def use_link(
    db: Session, token: str, encryption: Encryption, now: datetime
) -> tuple[AccountSession, str]:
    """Use a link up and open a session; of any number of tries at once, one gets through. One that
    was mailed shows that its address is the account's, if it still has that.

    Raises:
        as `find_link`
    """
    link = find_link(db, token, now)
    statement = (
        sa.update(SignInLink)
        .where(SignInLink.id == link.id, SignInLink.used_at.is_(None))
        .values(used_at=now)
    )
    if not db.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise Forbidden("link_used")
    account, sent_to = link.account, link.mailed_to
    opened = open_session(db, account, now, way="link")
    is_of_address = sent_to is not None and accounts.is_same_email(sent_to, account, encryption)
    if is_of_address and not accounts.has_proved_email(account, encryption):
        accounts.prove_email(db, account, now, by=accounts.actor(account), way="link")
    return opened


def open_session(
    db: Session, account: Account, now: datetime, *, way: str
) -> tuple[AccountSession, str]:
    """Return a new session and the secret of its cookie, which is not stored.

    `way`: how the person proved who they are, for the audit log.

    Raises:
        Forbidden: `account_disabled`.
    """
    # Locked, so that an account that is switched off at this moment gets no session after all.
    db.execute(sa.select(Account.id).filter_by(id=account.id).with_for_update()).one()
    db.refresh(account, ["disabled_at"])
    _refuse_disabled(account)
    secret = secrets.token_urlsafe(32)
    session = AccountSession(
        id=uuid.uuid4(),
        token_digest=digest(secret),
        account=account,
        created_at=now,
        seen_at=now,
        expires_at=now + LIFETIME,
    )
    db.add(session)
    db.flush()
    audit.note(
        db, f"account:{account.id}", "account.signed_in", f"account:{account.id}", now, way=way
    )
    return session, secret


def find_session(db: Session, secret: str, now: datetime) -> AccountSession | None:
    """Return the session of a cookie; None if it is over or never was."""
    found = db.scalar(sa.select(AccountSession).filter_by(token_digest=digest(secret)))
    if found is None or found.expires_at <= now or found.seen_at + IDLE <= now:
        return None
    return None if found.account.disabled_at else found


def sessions(db: Session, account: Account, now: datetime) -> Sequence[AccountSession]:
    """Return where somebody is signed in as the account now, newest first."""
    mine = sa.select(AccountSession).filter(
        AccountSession.account_id == account.id,
        AccountSession.expires_at > now,
        AccountSession.seen_at > now - IDLE,
    )
    return db.scalars(mine.order_by(AccountSession.created_at.desc(), AccountSession.id)).all()


def latest(db: Session, account: Account, at_most: int = 5) -> Sequence[AuditEntry]:
    """Return when and how somebody signed in as the account, newest first."""
    who = f"account:{account.id}"
    mine = sa.select(AuditEntry).filter_by(actor=who, action="account.signed_in")
    return db.scalars(mine.order_by(AuditEntry.at.desc(), AuditEntry.id).limit(at_most)).all()


def touch(db: Session, session_id: uuid.UUID, now: datetime) -> None:
    """Keep that the session is in use."""
    db.execute(sa.update(AccountSession).where(AccountSession.id == session_id).values(seen_at=now))


def sign_out(db: Session, session: AccountSession, now: datetime) -> None:
    """End one session."""
    subject = f"account:{session.account_id}"
    audit.note(db, subject, "account.signed_out", subject, now)
    db.delete(session)
    db.flush()


def forget_expired(db: Session, now: datetime) -> None:
    """Delete sessions and answered challenges that are over, and links a month after their end.

    A link is kept so long to be able to say "used" or "too old" instead of "unknown".
    """
    is_over = sa.or_(AccountSession.expires_at <= now, AccountSession.seen_at <= now - IDLE)
    db.execute(sa.delete(AccountSession).where(is_over))
    db.execute(sa.delete(SignInLink).where(SignInLink.expires_at <= now - timedelta(days=30)))
    db.execute(sa.delete(UsedChallenge).where(UsedChallenge.expires_at <= now))


def _refuse_disabled(account: Account) -> None:
    if account.disabled_at is not None:
        raise Forbidden("account_disabled")
