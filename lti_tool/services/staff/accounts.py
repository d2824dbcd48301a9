"""Accounts and their roles: added, found, granted, disabled."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from lti_tool.encryption import Encryption, Undecryptable
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Account, AccountGrant, AccountSession, Organisation, Passkey, SignInLink
from lti_tool.services import audit, school_time, switching

LONGEST_NAME = 255
LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1


class Role(StrEnum):
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    REVIEWER = "reviewer"
    ASSESSOR = "assessor"


@dataclass(frozen=True, slots=True)
class Access:
    """What an account may do: everything, or something in named organisations."""

    is_operator: bool
    administers: frozenset[uuid.UUID]
    reviews: frozenset[uuid.UUID]
    assesses: frozenset[uuid.UUID] = frozenset()

    @classmethod
    def of(cls, account: Account) -> "Access":
        def of_role(role: Role) -> frozenset[uuid.UUID]:
            return frozenset(
                one.organisation_id
                for one in account.grants
                if one.role == role and one.organisation_id is not None
            )

        return cls(
            is_operator=any(one.role == Role.OPERATOR for one in account.grants),
            administers=of_role(Role.ADMINISTRATOR),
            reviews=of_role(Role.REVIEWER),
            assesses=of_role(Role.ASSESSOR),
        )

    @property
    def is_administrator(self) -> bool:
        """Whether any page about organisations is for this account."""
        return self.is_operator or bool(self.administers)

    def may_administer(self, organisation_id: uuid.UUID | None) -> bool:
        return self.is_operator or organisation_id in self.administers

    def may_manage(self, account: Account) -> bool:
        """Whether the account may be let in anew and switched off.

        A link lets its bearer in as the account, so an administrator makes none for somebody who
        may do anything outside the administrator's own organisations.
        """
        if self.is_operator:
            return True
        places = [one.organisation_id for one in account.grants]
        return bool(places) and all(place in self.administers for place in places)


def actor(account: Account) -> str:
    """Return how the audit log names the account."""
    return f"account:{account.id}"


def add(
    db: Session,
    name: str,
    *,
    encryption: Encryption,
    now: datetime,
    email: str | None = None,
    locale: str | None = None,
    time_zone: str | None = None,
    by: str = audit.OPERATOR,
    organisation_id: uuid.UUID | None = None,
) -> Account:
    """Return a new account, which may do nothing yet.

    `by`: who adds it. `organisation_id`: for whose sake, as the audit log shows it.

    Raises:
        ToolError: `malformed_account_name`, `malformed_email`, `unknown_time_zone`.
    """
    account = Account(id=uuid.uuid4(), name=checked_name(name), locale=locale, created_at=now)
    set_time_zone(account, time_zone)
    set_email(account, email, encryption)
    db.add(account)
    db.flush()
    audit.note_in(db, organisation_id, by, "account.added", f"account:{account.id}", now)
    return account


def checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ToolError("malformed_account_name")
    return name


def set_email(account: Account, email: str | None, encryption: Encryption) -> None:
    """Keep an address to which links may be sent, or none; another one than before is not shown to
    be theirs.

    Raises:
        ToolError: `malformed_email`.
    """
    email = (email or "").strip()
    account.email = encryption.encrypt(checked_email(email).encode()) if email else None
    if not has_proved_email(account, encryption):
        account.proved_email = None


def checked_email(email: str) -> str:
    """Return an address that a mail can be sent to, as far as its looks say.

    Raises:
        ToolError: `malformed_email`.
    """
    local, _, domain = email.strip().rpartition("@")
    is_plain = email.isprintable() and not set(email) & set(" ,;:<>()[]\\\"'")
    if not (local and "." in domain.strip(".") and is_plain and len(email) <= LONGEST_EMAIL):
        raise ToolError("malformed_email")
    return email.strip()


def set_time_zone(account: Account, time_zone: str | None) -> None:
    """Keep the IANA name of a zone, or none.

    Raises:
        ToolError: `unknown_time_zone`.
    """
    account.time_zone = school_time.checked(time_zone)


def get(db: Session, account_id: uuid.UUID) -> Account:
    """Return an account.

    Raises:
        NotFound: `unknown_account`.
    """
    found = db.get(Account, account_id)
    if found is None:
        raise NotFound("unknown_account")
    return found


def find(db: Session, name_or_id: str) -> Account:
    """Return the account of that id, or the only one of that name.

    Raises:
        NotFound: `unknown_account`.
        Conflict: `several_accounts`.
    """
    try:
        return get(db, uuid.UUID(name_or_id))
    except ValueError:
        pass
    named = db.scalars(sa.select(Account).filter_by(name=name_or_id)).all()
    if not named:
        raise NotFound("unknown_account")
    if len(named) > 1:
        raise Conflict("several_accounts", ids=", ".join(str(one.id) for one in named))
    return named[0]


def listed(db: Session, within: frozenset[uuid.UUID] | None = None) -> Sequence[Account]:
    """Return accounts by name: all, or those with a role in one of these organisations."""
    chosen = sa.select(Account).options(
        selectinload(Account.grants).joinedload(AccountGrant.organisation)
    )
    if within is not None:
        there = sa.select(AccountGrant.account_id).filter(AccountGrant.organisation_id.in_(within))
        chosen = chosen.filter(Account.id.in_(there))
    return db.scalars(chosen.order_by(Account.name, Account.id)).all()


def grant(
    db: Session,
    account: Account,
    role: Role,
    organisation: Organisation | None,
    now: datetime,
    *,
    by: str = audit.OPERATOR,
) -> AccountGrant:
    """Give a role; one that is there already stays.

    Where the account can do more by it than to review, its sessions end: somebody else may have
    used its invitation. Its passkeys stay, and the audit log says how many there are.

    Raises:
        ToolError: `organisation_needed`: administrators, reviewers and assessors belong to one;
            `organisation_not_needed`: operators do not.
    """
    if role is Role.OPERATOR and organisation is not None:
        raise ToolError("organisation_not_needed")
    if role is not Role.OPERATOR and organisation is None:
        raise ToolError("organisation_needed")
    _lock(db, account)
    organisation_id = organisation.id if organisation else None
    for one in account.grants:
        if (one.role, one.organisation_id) == (role, organisation_id):
            return one
    is_raised = role is not Role.REVIEWER and not Access.of(account).is_operator
    made = AccountGrant(
        id=uuid.uuid4(),
        account_id=account.id,
        role=role.value,
        organisation=organisation,
        created_at=now,
    )
    db.add(made)
    # Whoever made a link when the account could do less must not have one for more.
    db.execute(sa.delete(SignInLink).filter_by(account_id=account.id, used_at=None))
    db.flush()
    db.expire(account, ["grants"])
    if is_raised:
        _end_sessions(db, account)
    passkeys = db.scalar(
        sa.select(sa.func.count()).select_from(Passkey).filter_by(account_id=account.id)
    )
    more = {"passkeys": str(passkeys)} if is_raised and passkeys else {}
    _note_grant(db, account, made, "account.role_given", by, now, **more)
    return made


def check_grant(access: Access, account: Account, grant_id: uuid.UUID) -> None:
    """Return if it is a role of the account that `access` may take away.

    Raises:
        NotFound: `unknown_grant`.
    """
    found = next((one for one in account.grants if one.id == grant_id), None)
    if found is None or not access.may_administer(found.organisation_id):
        raise NotFound("unknown_grant")


def withdraw(
    db: Session, account: Account, grant_id: uuid.UUID, now: datetime, *, by: str = audit.OPERATOR
) -> None:
    """Take a role away; it counts from the next page on.

    Raises:
        NotFound: `unknown_grant`.
        Conflict: `last_operator`: nobody could sign in as operator any more.
    """
    operators = _lock_operators(db)
    _lock(db, account)
    found = next((one for one in account.grants if one.id == grant_id), None)
    if found is None:
        raise NotFound("unknown_grant")
    if found.role == Role.OPERATOR:
        _keep_an_operator(operators, account, by)
    _note_grant(db, account, found, "account.role_withdrawn", by, now)
    db.delete(found)
    db.flush()
    db.expire(account, ["grants"])


def set_disabled(
    db: Session,
    account: Account,
    *,
    disabled: bool,
    now: datetime,
    by: str = audit.OPERATOR,
    is_operator: bool = True,
) -> None:
    """Switch an account off, which ends its sessions and links at once, or on again.

    Raises:
        Conflict: `last_operator`.
        Forbidden: `held_off`.
    """
    operators = _lock_operators(db)
    _lock(db, account)
    if disabled:
        _keep_an_operator(operators, account, by)
    switching.switch(db, account, disabled=disabled, is_operator=is_operator, now=now)
    if disabled:
        _end_sessions(db, account)
        db.execute(sa.delete(SignInLink).filter_by(account_id=account.id))
    places = [one.organisation_id for one in account.grants if one.organisation_id]
    action = "account.disabled" if disabled else "account.enabled"
    place = places[0] if places else None
    audit.note_in(db, place, by, action, f"account:{account.id}", now)


def change(
    db: Session,
    account: Account,
    now: datetime,
    *,
    name: str,
    locale: str | None,
    time_zone: str | None,
) -> None:
    """Keep what a person says of themselves.

    Raises:
        ToolError: `malformed_account_name`, `unknown_time_zone`; nothing was changed.
    """
    name = checked_name(name)
    set_time_zone(account, time_zone)
    account.name, account.locale = name, locale
    audit.note(db, actor(account), "account.changed", actor(account), now)


def change_email(
    db: Session, account: Account, email: str, *, encryption: Encryption, now: datetime
) -> None:
    """Keep one's own address for links, or none.

    Raises:
        ToolError: `malformed_email`.
    """
    set_email(account, email, encryption)
    audit.note(db, actor(account), "account.email_changed", actor(account), now)


def email_of(account: Account, encryption: Encryption) -> str:
    """Return the account's address, or nothing."""
    return encryption.decrypt(account.email).decode() if account.email else ""


def is_same_email(kept: bytes, account: Account, encryption: Encryption) -> bool:
    """Whether an encrypted address is, letter by letter, the one that the account has."""
    try:
        return email_of(account, encryption).encode() == encryption.decrypt(kept)
    except Undecryptable:
        return False


def has_proved_email(account: Account, encryption: Encryption) -> bool:
    """Whether the account has an address, and has shown that it reads its mail."""
    proved = account.proved_email
    return proved is not None and is_same_email(proved, account, encryption)


def prove_email(db: Session, account: Account, now: datetime, *, by: str, way: str) -> None:
    """Keep that the account's address is its own. `way`: `mail`, `link` or `operator`.

    Raises:
        NotFound: `no_address`.
    """
    if account.email is None:
        raise NotFound("no_address")
    account.proved_email = account.email
    audit.note(db, by, "account.email_proved", actor(account), now, way=way)


def unprove_email(db: Session, account: Account, now: datetime, *, by: str) -> None:
    """Forget that the account's address is its own."""
    account.proved_email = None
    audit.note(db, by, "account.email_unproved", actor(account), now)


def sign_out_everywhere(db: Session, account: Account, now: datetime) -> None:
    """End every session of one's own account, in all browsers."""
    _end_sessions(db, account)
    audit.note(db, actor(account), "account.signed_out_everywhere", actor(account), now)


def sign_out_elsewhere(db: Session, session: AccountSession, now: datetime) -> None:
    """End every session of one's own account but this one, and links that nobody used."""
    account = session.account
    db.execute(
        sa.delete(AccountSession).where(
            AccountSession.account_id == account.id, AccountSession.id != session.id
        )
    )
    db.execute(sa.delete(SignInLink).filter_by(account_id=account.id, used_at=None))
    audit.note(db, actor(account), "account.signed_out_elsewhere", actor(account), now)


def remove_passkeys(db: Session, account: Account, now: datetime, *, by: str) -> None:
    """Let none of an account's passkeys sign in any more, nor its sessions and unused links.

    For a device that is lost, or an invitation that somebody else used first.
    """
    _lock(db, account)
    db.execute(sa.delete(Passkey).filter_by(account_id=account.id))
    db.execute(sa.delete(SignInLink).filter_by(account_id=account.id, used_at=None))
    _end_sessions(db, account)
    audit.note(db, by, "account.passkeys_removed", actor(account), now)


def _end_sessions(db: Session, account: Account) -> None:
    db.execute(sa.delete(AccountSession).filter_by(account_id=account.id))


def _lock_operators(db: Session) -> set[uuid.UUID]:
    """Return who can sign in as operator.

    They are locked first, and in one order: of two who remove each other at one moment one stays,
    and none waits for the other in a circle. They are read again once they are locked: whoever
    waited sees the roles as they were when the waiting began.
    """
    operators = (
        sa.select(Account.id)
        .join(Account.grants)
        .filter(AccountGrant.role == Role.OPERATOR.value, Account.disabled_at.is_(None))
        .order_by(Account.id)
    )
    db.scalars(operators.with_for_update(of=Account)).all()
    return set(db.scalars(operators))


def _keep_an_operator(operators: set[uuid.UUID], account: Account, by: str) -> None:
    """Only the command line may leave a server without anybody who can sign in as operator."""
    if operators == {account.id} and by != audit.OPERATOR:
        raise Conflict("last_operator")


def _lock(db: Session, account: Account) -> None:
    db.execute(sa.select(Account.id).filter_by(id=account.id).with_for_update()).one()
    db.expire(account, ["grants"])


def _note_grant(
    db: Session,
    account: Account,
    given: AccountGrant,
    action: str,
    by: str,
    now: datetime,
    **more: str,
) -> None:
    subject = f"account:{account.id}"
    audit.note_in(db, given.organisation_id, by, action, subject, now, role=given.role, **more)
