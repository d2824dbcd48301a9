"""Accounts: people who do not come from an LMS, what they may do, and how they sign in."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import NOT_SECRET, SECRET, Base, UtcDateTime
from lti_tool.models.organisations import Organisation
from lti_tool.models.switchable import Switchable


class Account(Switchable, Base):
    """A person who runs or checks something here.

    `email` is encrypted, and there only if links may be sent to it. `proved_email`, encrypted too:
    the address of which the person showed that they read its mail; another one than `email` proves
    nothing. `locale` (BCP 47) and
    `time_zone` (IANA name) are None until the person chose them. `published_seen_at`: when they
    last looked at what was published of their definitions; None: never. `wants_digest`: whether
    they are told by mail, at `email`, that something waits for them.
    """

    __tablename__ = "accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(255))
    email: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    proved_email: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    locale: Mapped[str | None] = mapped_column(sa.String(35))
    time_zone: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wants_digest: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    grants: Mapped[list["AccountGrant"]] = relationship(
        back_populates="account", order_by="AccountGrant.created_at"
    )


class AccountGrant(Base):
    """A role of an account: `operator` of the whole installation (no organisation),
    `administrator`, `reviewer` or `assessor` of one organisation."""

    __tablename__ = "account_grants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(16))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("organisations.id"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(back_populates="grants")
    organisation: Mapped[Organisation | None] = relationship()


class SignInLink(Base):
    """A one-time link with which its bearer signs in as the account.

    `token_digest` is SHA-256 hex of what stands in the link. `mailed_to`: the address that it was
    sent to, encrypted; None: somebody handed it over otherwise.
    """

    __tablename__ = "sign_in_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_to: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)

    account: Mapped[Account] = relationship()


class EmailProof(Base):
    """An account wants to show that an address is theirs: a mail that waits, or the link in it.

    `due_at`: when the worker sends it; None: nothing is to be sent. `token_digest`: SHA-256 hex of
    the link that was sent, until it is used, and `email`, encrypted, where to. `times`: how often
    it was asked for since `first_asked_at`. The rest as of a `SignInRequest`.
    """

    __tablename__ = "email_proofs"

    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(255))
    text: Mapped[str] = mapped_column(sa.Text)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    token_digest: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    email: Mapped[bytes | None] = mapped_column(sa.LargeBinary, info=SECRET)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    first_asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    times: Mapped[int] = mapped_column(default=1, server_default="1")

    account: Mapped[Account] = relationship()


class SignInRequest(Base):
    """Somebody asked for a link by e-mail; the worker finds out whose address that is.

    `text` was written in the language of the page; the link takes the place of `{link}`.
    """

    __tablename__ = "sign_in_requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[bytes] = mapped_column(sa.LargeBinary, info=SECRET)
    subject: Mapped[str] = mapped_column(sa.String(255))
    text: Mapped[str] = mapped_column(sa.Text)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")


class AccountDigest(Base):
    """What an account was told by mail, and when the worker looks again whether anything is new.

    `told`: what waited when a mail was sent last, as 16 hex digits each. `attempts`: how often in
    a row the mail server refused.
    """

    __tablename__ = "account_digests"

    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    told: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")

    account: Mapped[Account] = relationship()


class AccountSession(Base):
    """Somebody signed in, in one browser.

    `token_digest` is SHA-256 hex of the secret in the browser's cookie. `created_at` is when the
    person signed in; `seen_at` is kept to the minute or so.
    """

    __tablename__ = "account_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    account: Mapped[Account] = relationship()


class Passkey(Base):
    """A key pair of an account's person, of which the public half is here.

    `credential_id` is the authenticator's name for it. `sign_count` grows with each use where the
    authenticator counts, and stays 0 where it does not (Web Authentication, section 6.1.1).
    """

    __tablename__ = "passkeys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True, info=NOT_SECRET)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary, info=NOT_SECRET)  # COSE
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()


class UsedChallenge(Base):
    """A challenge that a passkey has answered; it is answered once (`digest`: SHA-256 hex)."""

    __tablename__ = "used_challenges"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
