"""Mails that tell an account what waits for it: at most one a day, and only when something is new.

A row for each account says when to look again and what it was told. Only an address that was shown
to be the account's own is written to (`staff.email_proofs`). Nobody from an LMS has an
account, so learners and their teachers are never mailed.

A letter is never sent twice on one day, and nothing that waits is lost to a worker that dies: until
the mail server listens the row is only lent, and looked at again in a while; from then on nobody
can know whether the letter arrived, and what it named is told the next day with whatever waits
then. An account that cannot be told keeps no other from being told; where the mail server cannot be
reached, all wait.
"""

import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from badges.micro_credential import MicroCredential
from badges.text import Text
from lti_tool.encryption import Encryption, Undecryptable
from lti_tool.errors import NotFound
from lti_tool.mail import NotSent
from lti_tool.models import Account, AccountDigest, DefinitionDraft, MicroCredentialVersion
from lti_tool.services import audit
from lti_tool.services.definitions import catalogue, drafts
from lti_tool.services.notices import waiting
from lti_tool.services.notices.waiting import Item, Kind, Waiting
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Access
from lti_tool.services.staff.sign_in_mail import PostOffice

DAY = timedelta(days=1)
LOOK_EVERY = timedelta(minutes=30)
LEASE = timedelta(minutes=10)
"""How long reaching the mail server takes at the very most, and an account waits that failed."""
LONGEST_PAUSE = DAY
MOST_TITLES = 5
_PURPOSE = b"digest-off:"
_SEAL = 16  # bytes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """`titles`: of the definitions, each once, `MOST_TITLES` at most."""

    kind: Kind
    count: int
    titles: Sequence[Text]


@dataclass(frozen=True, slots=True)
class Digest:
    """`locale`: BCP 47, or None. `page`, `off`: addresses."""

    locale: str | None
    entries: Sequence[Entry]
    page: str
    off: str


Compose = Callable[[Digest], tuple[str, str]]
"""Return subject and text of the mail."""


@dataclass(frozen=True, slots=True)
class _Letter:
    account_id: uuid.UUID
    to: str
    subject: str
    text: str
    keys: Sequence[str]
    counts: Mapping[str, str]


def add_missing(db: Session, now: datetime) -> None:
    """Let every account that has an address be looked at from now on."""
    known = sa.exists().where(AccountDigest.account_id == Account.id)
    missing = sa.select(Account.id).filter(Account.email.is_not(None), ~known)
    db.add_all(AccountDigest(account_id=one, told=[], due_at=now) for one in db.scalars(missing))


def send_next(office: PostOffice, secret_key: str, compose: Compose) -> bool:
    """Look at the account that has waited longest, and tell it if anything is new; False: none.

    One that fails is logged and comes again after `LEASE`.
    """
    with office.database.transaction() as db:
        account_id = _lease(db, office.clock())
    if account_id is None:
        return False
    try:
        with office.database.transaction() as db:
            row = db.get_one(AccountDigest, account_id)
            letter = _letter(db, row, office, secret_key, compose)
        if letter is not None:
            _send(office, letter)
    except Exception as error:  # noqa: BLE001 - one that fails must not hold up all others
        log.error("digest_failed", account_id=str(account_id), error=type(error).__name__)
    return True


def switch(db: Session, account: Account, *, wanted: bool, way: str, now: datetime) -> None:
    """Let an account be told by mail, or no more. `way`: `page` or `link`."""
    if account.wants_digest != wanted:
        account.wants_digest = wanted
        actor = accounts.actor(account)
        action = "account.digest_on" if wanted else "account.digest_off"
        audit.note(db, actor, action, actor, now, way=way)


def off_token(account: Account, encryption: Encryption, secret_key: str) -> str:
    """Return what a link holds that switches the mails of an account off, and does nothing else;
    worth nothing once the account has another address."""
    sealed = account.id.bytes + _seal(account, encryption, secret_key)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def find(db: Session, token: str, encryption: Encryption, secret_key: str) -> Account:
    """Return whose mails a link switches off.

    Raises:
        NotFound: `unknown_digest_link`.
    """
    try:
        sealed = urlsafe_b64decode(token.encode("ascii") + b"==")
        found = db.get(Account, uuid.UUID(bytes=sealed[:16]))
        if found is None or found.email is None:
            raise NotFound("unknown_digest_link")
        seal = _seal(found, encryption, secret_key)
    except (ValueError, Undecryptable) as error:
        raise NotFound("unknown_digest_link") from error
    if not hmac.compare_digest(sealed[16:], seal):
        raise NotFound("unknown_digest_link")
    return found


def _seal(account: Account, encryption: Encryption, secret_key: str) -> bytes:
    address = hashlib.sha256(accounts.email_of(account, encryption).encode()).digest()
    bound = _PURPOSE + account.id.bytes + address
    return hmac.digest(secret_key.encode(), bound, hashlib.sha256)[:_SEAL]


def _lease(db: Session, now: datetime) -> uuid.UUID | None:
    """Lend the row that has waited longest for as long as telling takes; None: none is due."""
    row = db.scalar(
        sa.select(AccountDigest)
        .join(AccountDigest.account)
        .filter(
            AccountDigest.due_at <= now,
            Account.email.is_not(None),
            Account.proved_email.is_not(None),
            Account.wants_digest,
            Account.disabled_at.is_(None),
        )
        .order_by(AccountDigest.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=AccountDigest)
    )
    if row is None:
        return None
    row.due_at = now + LEASE
    return row.account_id


def _letter(
    db: Session, row: AccountDigest, office: PostOffice, secret_key: str, compose: Compose
) -> _Letter | None:
    """Return what to send; None: nothing is new."""
    now, account = office.clock(), row.account
    to = accounts.email_of(account, office.encryption)
    found = waiting.of(db, account, Access.of(account), now)
    keys = [_short(one.kind, item.key) for one in found for item in one.items]
    if set(keys) <= set(row.told) or not accounts.has_proved_email(account, office.encryption):
        row.due_at = now + LOOK_EVERY
        return None
    token = off_token(account, office.encryption, secret_key)
    subject, text = compose(
        Digest(
            account.locale,
            [Entry(one.kind, len(one.items), _titles(db, one)) for one in found],
            page=f"{office.public_url}/admin",
            off=f"{office.public_url}/sign-in/digest/{token}",
        )
    )
    counts = {one.kind.value: str(len(one.items)) for one in found}
    return _Letter(account.id, to, subject, text, keys, counts)


def _short(kind: Kind, key: str) -> str:
    return hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()[:16]


def _titles(db: Session, one: Waiting) -> list[Text]:
    found: list[Text] = []
    for item in one.items:
        if len(found) == MOST_TITLES:
            break
        mc = _definition(db, item)
        if mc is not None and mc.title not in found:
            found.append(mc.title)
    return found


def _definition(db: Session, item: Item) -> MicroCredential | None:
    if item.version_id is not None:
        return catalogue.definition(db.get_one(MicroCredentialVersion, item.version_id))
    return drafts.definition(db.get_one(DefinitionDraft, item.draft_id))


def _send(office: PostOffice, letter: _Letter) -> None:
    def keep(**values: object) -> None:
        with office.database.transaction() as db:
            mine = sa.update(AccountDigest).filter_by(account_id=letter.account_id)
            db.execute(mine.values(**values))

    def before() -> None:
        keep(due_at=office.clock() + DAY)

    try:
        office.server.send(letter.to, letter.subject, letter.text, before=before)
    except NotSent as error:
        log.warning("digest_not_sent", reason=error.reason, unknown=error.may_have_arrived)
        if not error.may_have_arrived:
            with office.database.transaction() as db:
                row = db.get_one(AccountDigest, letter.account_id)
                pause = min(LOOK_EVERY * 2 ** min(row.attempts, 10), LONGEST_PAUSE)
                row.due_at, row.attempts = office.clock() + pause, row.attempts + 1
                if not error.was_reached:
                    _put_off(db, office.clock())
        return
    keep(told=letter.keys, attempts=0)
    with office.database.transaction() as db:
        subject, now = f"account:{letter.account_id}", office.clock()
        audit.note(db, audit.SCHEDULE, "account.digest_sent", subject, now, **letter.counts)


def _put_off(db: Session, now: datetime) -> None:
    """Let all wait that are due: each would wait for the same mail server, and so would all that
    the worker does besides."""
    due = sa.update(AccountDigest).filter(AccountDigest.due_at <= now)
    db.execute(due.values(due_at=now + LOOK_EVERY))
