"""Passkeys: key pairs in a person's phone, computer or stick, of which we know the public half.

Spec: Web Authentication Level 3, sections 7.1 (registration) and 7.2 (authentication). Only
discoverable credentials with user verification: the passkey alone says and proves who is here.

A challenge needs no row until it is answered: it carries its time and is signed for the browser
that it was made for. One that was answered is kept until it expires, so it is answered once.
"""

import hashlib
import hmac
import ipaddress
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
import webauthn
from sqlalchemy.orm import Session
from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, Forbidden, NotFound
from lti_tool.models import Account, Passkey, UsedChallenge
from lti_tool.services import audit
from lti_tool.services.staff.accounts import actor

CHALLENGE_LIFETIME = timedelta(minutes=15)
LONGEST_NAME = 100
MOST_PASSKEYS = 20
_TIME, _NONCE = 8, 16  # bytes

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This server, as passkeys know it, and the key that signs its challenges."""

    origin: str
    secret_key: str

    @property
    def id(self) -> str:
        return urlsplit(self.origin).hostname or ""

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers make passkeys for this address: they want a name, not a number."""
        try:
            ipaddress.ip_address(self.id)
        except ValueError:
            return True
        return False


def registration_options(
    db: Session, account: Account, party: RelyingParty, binding: str, now: datetime
) -> str:
    """Return what the browser needs to make a passkey, as JSON.

    `binding`: a secret of the browser that the answer must come from.
    """
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name="Credlet",
        user_id=account.id.bytes,
        user_name=account.name,
        challenge=_challenge(party, binding, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=one.credential_id) for one in listed(db, account)
        ],
    )
    return webauthn.options_to_json(options)


def register(
    db: Session,
    account: Account,
    answer: str,
    name: str,
    party: RelyingParty,
    binding: str,
    now: datetime,
) -> Passkey:
    """Keep the passkey that a browser has made.

    Raises:
        Forbidden: `passkey_refused`, `passkey_expired`.
        Conflict: `passkey_known`, `too_many_passkeys`.
    """
    if len(listed(db, account)) >= MOST_PASSKEYS:
        raise Conflict("too_many_passkeys", maximum=str(MOST_PASSKEYS))
    parsed = _read(lambda: webauthn.helpers.parse_registration_credential_json(answer))
    challenge = _answered(parsed.response.client_data_json, party, binding, now)
    made = _read(
        lambda: webauthn.verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    )
    _use_up(db, challenge, now)
    passkey, is_new = get_or_add(
        db,
        Passkey,
        {"credential_id": made.credential_id},
        id=uuid.uuid4(),
        account_id=account.id,
        name=name.strip()[:LONGEST_NAME],
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        created_at=now,
    )
    if not is_new:
        raise Conflict("passkey_known")
    audit.note(db, actor(account), "passkey.added", actor(account), now)
    return passkey


def sign_in_options(party: RelyingParty, binding: str, now: datetime) -> str:
    """Return what the browser needs to ask for a passkey, of whomever, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=_challenge(party, binding, now),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def authenticate(
    db: Session, answer: str, party: RelyingParty, binding: str, now: datetime
) -> Account:
    """Return whose passkey has answered.

    Raises:
        Forbidden: `passkey_refused`, `passkey_expired`; `passkey_unknown`: it was removed here.
    """
    parsed = _read(lambda: parse_authentication_credential_json(answer))
    challenge = _answered(parsed.response.client_data_json, party, binding, now)
    passkey = db.scalar(sa.select(Passkey).filter_by(credential_id=parsed.raw_id).with_for_update())
    if passkey is None:
        raise Forbidden("passkey_unknown")
    if parsed.response.user_handle not in (None, passkey.account_id.bytes):
        raise Forbidden("passkey_refused")
    known = passkey
    proven = _read(
        lambda: webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    )
    _use_up(db, challenge, now)
    passkey.sign_count, passkey.used_at = proven.new_sign_count, now
    return passkey.account


def listed(db: Session, account: Account) -> Sequence[Passkey]:
    """Return the account's passkeys, oldest first."""
    mine = sa.select(Passkey).filter_by(account_id=account.id)
    return db.scalars(mine.order_by(Passkey.created_at, Passkey.id)).all()


def find(db: Session, account: Account, passkey_id: uuid.UUID) -> Passkey:
    """Return a passkey of this account.

    Raises:
        NotFound: `passkey_not_here`: there is none, or it is another's.
    """
    found = db.get(Passkey, passkey_id)
    if found is None or found.account_id != account.id:
        raise NotFound("passkey_not_here")
    return found


def remove(db: Session, account: Account, passkey_id: uuid.UUID, now: datetime) -> None:
    """Let a passkey sign in no more.

    Raises:
        NotFound: `passkey_not_here`.
    """
    db.delete(find(db, account, passkey_id))
    db.flush()
    audit.note(db, actor(account), "passkey.removed", actor(account), now)


def _challenge(party: RelyingParty, binding: str, now: datetime) -> bytes:
    begins = int(now.timestamp()).to_bytes(_TIME) + secrets.token_bytes(_NONCE)
    return begins + _seal(party, binding, begins)


def _seal(party: RelyingParty, binding: str, begins: bytes) -> bytes:
    bound = b"passkey:" + begins + binding.encode("utf-8", "replace")
    return hmac.new(party.secret_key.encode(), bound, hashlib.sha256).digest()


def _answered(client_data: bytes, party: RelyingParty, binding: str, now: datetime) -> bytes:
    """Return the challenge of an answer, if it is one of ours for this browser, and young."""
    challenge = _read(lambda: parse_client_data_json(client_data)).challenge
    begins, seal = challenge[: _TIME + _NONCE], challenge[_TIME + _NONCE :]
    if not hmac.compare_digest(seal, _seal(party, binding, begins)):
        raise Forbidden("passkey_refused")
    made_at = int.from_bytes(begins[:_TIME])
    if not 0 <= now.timestamp() - made_at < CHALLENGE_LIFETIME.total_seconds():
        raise Forbidden("passkey_expired")
    return challenge


def _use_up(db: Session, challenge: bytes, now: datetime) -> None:
    digest = hashlib.sha256(challenge).hexdigest()
    expires_at = now + CHALLENGE_LIFETIME
    if not get_or_add(db, UsedChallenge, {"digest": digest}, expires_at=expires_at)[1]:
        raise Forbidden("passkey_refused")


def _read(library: Callable[[], T]) -> T:
    """Return what the library makes of bytes by strangers; whatever it stumbles over is refused."""
    try:
        return library()
    except Exception as error:
        log.info("passkey_refused", reason=type(error).__name__)
        raise Forbidden("passkey_refused") from error
