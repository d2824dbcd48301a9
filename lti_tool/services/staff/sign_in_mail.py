"""Sign-in links by e-mail.

Asking writes one row, whoever asks; whether an account has that address is found out by the worker.
So neither what a page says nor how long it takes tells who has an account here.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.mail import MailServer, NotSent
from lti_tool.models import Account, SignInLink, SignInRequest
from lti_tool.services.staff import sign_in
from lti_tool.services.staff.accounts import checked_email, email_of

LIFETIME = timedelta(minutes=20)
MOST_WAITING = 500
"""Further requests are dropped: strangers can ask for as many addresses as they like."""
MOST_LINKS, WITHIN = 3, timedelta(minutes=15)
FIRST_PAUSE, ATTEMPTS = timedelta(seconds=30), 5
LINK = "{link}"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What sending needs."""

    database: Database
    encryption: Encryption
    server: MailServer
    clock: Callable[[], datetime]
    public_url: str


@dataclass(frozen=True, slots=True)
class Letter:
    request_id: uuid.UUID
    to: str
    subject: str
    text: str
    is_last_try: bool


def ask(
    db: Session, email: str, subject: str, text: str, *, encryption: Encryption, now: datetime
) -> None:
    """Keep that somebody wants a link sent to `email`; `text` holds `{link}`.

    Raises:
        ToolError: `malformed_email`, which says nothing of who is known.
    """
    address = checked_email(email).encode()
    if (db.scalar(sa.select(sa.func.count(SignInRequest.id))) or 0) < MOST_WAITING:
        db.add(
            SignInRequest(email=encryption.encrypt(address), subject=subject, text=text, due_at=now)
        )


def send_next(office: PostOffice) -> bool:
    """Answer the request that has waited longest; False: none waits."""
    with office.database.transaction() as db:
        request = _due(db, office.clock())
        if request is None:
            return False
        letter = _letter(db, request, office)
    if letter is None:
        return True
    try:
        office.server.send(letter.to, letter.subject, letter.text)
    except NotSent as error:
        log.warning("sign_in_link.not_sent", reason=error.reason, given_up=letter.is_last_try)
        if not letter.is_last_try:
            return True
    with office.database.transaction() as db:
        db.execute(sa.delete(SignInRequest).filter_by(id=letter.request_id))
    return True


def _due(db: Session, now: datetime) -> SignInRequest | None:
    return db.scalar(
        sa.select(SignInRequest)
        .filter(SignInRequest.due_at <= now)
        .order_by(SignInRequest.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _letter(db: Session, request: SignInRequest, office: PostOffice) -> Letter | None:
    """Return what to send, and put the request off in case that it fails; None: nothing.

    It goes to the address that the account has, never to the one that was typed: two that count
    as one here ("ß" and "ss") can be mailboxes of two people.
    """
    now = office.clock()
    typed = office.encryption.decrypt(request.email).decode()
    account = _whose(db, typed, office.encryption)
    if account is None or _has_enough(db, account, now):
        db.delete(request)
        return None
    _, token = sign_in.make_link(db, account, now, by="system", lifetime=LIFETIME, is_mailed=True)
    request.due_at = now + FIRST_PAUSE * 2**request.attempts
    request.attempts += 1
    link = f"{office.public_url}/sign-in/links/{token}"
    text = request.text.replace(LINK, link)
    to = email_of(account, office.encryption)
    return Letter(request.id, to, request.subject, text, request.attempts >= ATTEMPTS)


def _whose(db: Session, email: str, encryption: Encryption) -> Account | None:
    """Return the oldest account of that address that is switched on.

    Addresses are encrypted, and nothing else is kept to find them by: all are looked at, which are
    as many as there are people who run or check something here.
    """
    known = sa.select(Account).filter(Account.email.is_not(None), Account.disabled_at.is_(None))
    for account in db.scalars(known.order_by(Account.created_at)):
        assert account.email is not None
        if encryption.decrypt(account.email).decode().casefold() == email.casefold():
            return account
    return None


def _has_enough(db: Session, account: Account, now: datetime) -> bool:
    """Whether so many links were made lately that more would only fill a mailbox."""
    lately = sa.select(sa.func.count(SignInLink.id)).filter(
        SignInLink.account_id == account.id, SignInLink.created_at > now - WITHIN
    )
    return (db.scalar(lately) or 0) >= MOST_LINKS
