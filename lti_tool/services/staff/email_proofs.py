"""Show that an address is one's own: by a link in a mail to it, once, within a day.

The link signs nobody in: whoever typed a wrong address must not have let a stranger in. A link for
signing in that was mailed (`sign_in_mail`) shows the same where it is used.

So that nobody's mailbox is filled, an account has one open link at a time, asks again after `PAUSE`
and so many times a day, whatever the address.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict, Forbidden, NotFound
from lti_tool.mail import NotSent
from lti_tool.models import Account, EmailProof
from lti_tool.services.staff import accounts, sign_in
from lti_tool.services.staff.sign_in_mail import ATTEMPTS, FIRST_PAUSE, LINK, Letter, PostOffice

LIFETIME = timedelta(days=1)
PAUSE = timedelta(minutes=2)
MOST, WITHIN = 5, timedelta(days=1)

log = structlog.get_logger(__name__)


class State(StrEnum):
    """Of the address of an account. `SENT`: a link is open; `WAITING`: it is about to be sent;
    `FAILED`: the mail server took none, however often it was tried."""

    NONE = "none"
    PROVED = "proved"
    UNPROVED = "unproved"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """`until`: how long the link can be used that was sent."""

    state: State
    until: datetime | None = None


def standing(db: Session, account: Account, encryption: Encryption, now: datetime) -> Standing:
    """Return whether an account has shown that its address is its own."""
    if account.email is None:
        return Standing(State.NONE)
    if accounts.has_proved_email(account, encryption):
        return Standing(State.PROVED)
    row = db.get(EmailProof, account.id)
    if row is not None and row.due_at is not None:
        return Standing(State.WAITING)
    if row is not None and _is_open(row, now) and _is_of(row, account, encryption):
        return Standing(State.SENT, row.expires_at)
    if row is not None and row.attempts >= ATTEMPTS and row.token_digest is None:
        return Standing(State.FAILED)
    return Standing(State.UNPROVED)


def ask(db: Session, account: Account, subject: str, text: str, now: datetime) -> None:
    """Let a link be sent to the address of an account; `text` holds `{link}`. One that was sent
    before is worth nothing from then on.

    Raises:
        NotFound: `no_address`.
        Conflict: `proof_just_asked`, `too_many_proofs`.
    """
    if account.email is None:
        raise NotFound("no_address")
    db.execute(sa.select(Account.id).filter_by(id=account.id).with_for_update()).one()
    row = db.get(EmailProof, account.id, populate_existing=True)
    if row is None:
        row = EmailProof(account_id=account.id, times=0, first_asked_at=now)
        db.add(row)
    elif now < row.asked_at + PAUSE:
        raise Conflict("proof_just_asked", minutes=f"{PAUSE.total_seconds() / 60:g}")
    if now >= row.first_asked_at + WITHIN:
        row.times, row.first_asked_at = 0, now
    if row.times >= MOST:
        raise Conflict("too_many_proofs", most=str(MOST))
    row.subject, row.text, row.asked_at, row.times = subject, text, now, row.times + 1
    row.due_at, row.attempts = now, 0
    row.token_digest = row.email = row.expires_at = None
    db.flush()


def find(db: Session, token: str, encryption: Encryption, now: datetime) -> Account:
    """Return whose address a link proves; looking does not use it up.

    Raises:
        NotFound: `unknown_proof`: also one that was used, or asked for anew since, or whose account
            has another address now.
        Forbidden: `proof_expired`, `account_disabled`.
    """
    return _row(db, token, encryption, now).account


def use(db: Session, token: str, encryption: Encryption, now: datetime) -> None:
    """Keep that the address is its account's; the link is used up by that. Raises as `find`."""
    row = _row(db, token, encryption, now)
    mine = sa.update(EmailProof).filter_by(account_id=row.account_id, token_digest=row.token_digest)
    used = db.execute(mine.values(token_digest=None, email=None, expires_at=None))
    if not used.rowcount:  # type: ignore[attr-defined]
        raise NotFound("unknown_proof")
    accounts.prove_email(db, row.account, now, by=accounts.actor(row.account), way="mail")


def send_next(office: PostOffice) -> bool:
    """Send the mail that has waited longest; False: none waits."""
    with office.database.transaction() as db:
        row = db.scalar(
            sa.select(EmailProof)
            .filter(EmailProof.due_at <= office.clock())
            .order_by(EmailProof.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return False
        letter = _letter(row, office)
    if letter is None:
        return True
    known: dict[str, None] = {"due_at": None}
    try:
        office.server.send(letter.to, letter.subject, letter.text)
    except NotSent as error:
        log.warning("email_proof.not_sent", reason=error.reason, given_up=letter.is_last_try)
        if not letter.is_last_try:
            return True
        known |= {"token_digest": None, "email": None, "expires_at": None}
    with office.database.transaction() as db:
        tried = sa.update(EmailProof).filter_by(account_id=letter.request_id)
        db.execute(tried.filter_by(asked_at=letter.asked_at).values(**known))
    return True


def forget_old(db: Session, now: datetime) -> None:
    """Delete what neither opens anything nor counts any more."""
    is_over = sa.or_(EmailProof.expires_at.is_(None), EmailProof.expires_at <= now)
    old = sa.delete(EmailProof).where(EmailProof.asked_at <= now - WITHIN, is_over)
    db.execute(old.where(EmailProof.due_at.is_(None)))


@dataclass(frozen=True, slots=True)
class _Letter(Letter):
    asked_at: datetime


def _letter(row: EmailProof, office: PostOffice) -> _Letter | None:
    """Return what to send, with a new link, and put it off in case that it fails; None: nothing."""
    now, account = office.clock(), row.account
    if account.email is None or account.disabled_at is not None:
        row.due_at = None
        return None
    token = secrets.token_urlsafe(32)
    to = accounts.email_of(account, office.encryption)
    row.token_digest, row.email = sign_in.digest(token), office.encryption.encrypt(to.encode())
    row.expires_at = now + LIFETIME
    row.due_at = now + FIRST_PAUSE * 2**row.attempts
    row.attempts += 1
    text = row.text.replace(LINK, f"{office.public_url}/sign-in/address/{token}")
    is_last = row.attempts >= ATTEMPTS
    return _Letter(row.account_id, to, row.subject, text, is_last, row.asked_at)


def _row(db: Session, token: str, encryption: Encryption, now: datetime) -> EmailProof:
    row = db.scalar(sa.select(EmailProof).filter_by(token_digest=sign_in.digest(token)))
    if row is None or not _is_of(row, row.account, encryption):
        raise NotFound("unknown_proof")
    if not _is_open(row, now):
        raise Forbidden("proof_expired")
    if row.account.disabled_at is not None:
        raise Forbidden("account_disabled")
    return row


def _is_open(row: EmailProof, now: datetime) -> bool:
    return row.expires_at is not None and now < row.expires_at


def _is_of(row: EmailProof, account: Account, encryption: Encryption) -> bool:
    """Whether the link was sent to the address that the account has."""
    return row.email is not None and accounts.is_same_email(row.email, account, encryption)
