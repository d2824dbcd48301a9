"""Bearer tokens for platforms' services: asked for rarely, kept encrypted, shared by processes.

Spec: 1EdTech Security Framework 1.0, section 4.1 (client credentials with a signed assertion);
RFC 7523. A token belongs to one registration, client, token address and set of scopes: two
clients of one issuer never see each other's.
"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import sqlalchemy as sa

from lti_tool.db import Database, get_or_add
from lti_tool.encryption import Encryption
from lti_tool.errors import ToolError
from lti_tool.lti import registrations, tool_keys
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.models import AccessToken
from lti_tool.outbound import Outbound, OutboundError, Response

MARGIN = timedelta(seconds=60)
ASSERTION_LIFE = timedelta(minutes=4)
# Moodle refuses an assertion from its future, however near (seen on 4.5).
BACKDATED = timedelta(seconds=60)
DEFAULT_LIFE = timedelta(minutes=10)
LONGEST_LIFE = timedelta(hours=24)
MAX_TOKEN = 8192

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class TokenPurpose:
    """What a token is for; `scopes`: sorted, space-separated."""

    registration: KnownRegistration
    scopes: str

    @property
    def key(self) -> dict[str, Any]:
        return {
            "registration_id": self.registration.id,
            "client_id": self.registration.client_id,
            "token_url": self.registration.auth_token_url,
            "scopes": self.scopes,
        }


def bearer(
    database: Database,
    outbound: Outbound,
    encryption: Encryption,
    registration_id: uuid.UUID,
    scopes: Iterable[str],
    now: datetime,
) -> str:
    """Return a token that lives for another minute at least. Call it outside any transaction.

    Raises:
        ServiceError: the platform gives none.
    """
    with database.transaction(read_only=True) as db:
        known = registrations.load(db, registration_id)
        purpose = TokenPurpose(known, " ".join(sorted(set(scopes))))
        stored = db.scalar(sa.select(AccessToken).filter_by(**purpose.key))
    if stored is not None and stored.expires_at - MARGIN > now:
        return encryption.decrypt(stored.token).decode()
    assertion = _assertion(database, encryption, known, now)
    token, life = _request(outbound, purpose, assertion, now)
    with database.transaction() as db:
        tool_keys.note_accepted(db, registration_id, jwt.get_unverified_header(assertion)["kid"])
        encrypted, expires_at = encryption.encrypt(token.encode()), now + life
        row, _ = get_or_add(
            db,
            AccessToken,
            purpose.key,
            id=uuid.uuid4(),
            token=encrypted,
            expires_at=expires_at,
        )
        row.token, row.expires_at = encrypted, expires_at
    return token


def ask(
    database: Database,
    outbound: Outbound,
    encryption: Encryption,
    registration_id: uuid.UUID,
    scopes: Iterable[str],
    now: datetime,
) -> Response:
    """Ask for a token and return the answer as it came, for somebody to look at.

    Nothing is stored. Call it outside any transaction.

    Raises:
        LaunchRefused: the registration may not call.
        OutboundError
    """
    with database.transaction(read_only=True) as db:
        known = registrations.load(db, registration_id)
    purpose = TokenPurpose(known, " ".join(sorted(set(scopes))))
    return _post(outbound, purpose, _assertion(database, encryption, known, now))


def drop(
    database: Database, encryption: Encryption, registration_id: uuid.UUID, token: str
) -> None:
    """Forget a token that the platform refused; a newer one that another process got stays."""
    with database.transaction() as db:
        for row in db.scalars(sa.select(AccessToken).filter_by(registration_id=registration_id)):
            if secrets.compare_digest(encryption.decrypt(row.token), token.encode()):
                db.delete(row)


def _assertion(
    database: Database, encryption: Encryption, known: KnownRegistration, now: datetime
) -> str:
    with database.transaction() as db:
        key = tool_keys.current(db, encryption, now)
        claims = {
            "iss": known.client_id,
            "sub": known.client_id,
            "aud": known.auth_token_audience or known.auth_token_url,
            "iat": int((now - BACKDATED).timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
            "jti": secrets.token_urlsafe(24),
        }
        signing_key, kid = tool_keys.private_key(key, encryption), key.kid
    return jwt.encode(claims, signing_key, algorithm="RS256", headers={"kid": kid})


def _request(
    outbound: Outbound, purpose: TokenPurpose, assertion: str, now: datetime
) -> tuple[str, timedelta]:
    try:
        answer = _post(outbound, purpose, assertion)
    except OutboundError as error:
        raise ServiceError(f"token_{error.code}", is_transient=True) from error
    if not answer.is_success:
        raise _refusal(answer, now)
    return _granted(answer, purpose)


def _post(outbound: Outbound, purpose: TokenPurpose, assertion: str) -> Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": purpose.scopes,
    }
    return outbound.post(purpose.registration.auth_token_url, data=form)


def _granted(answer: Response, purpose: TokenPurpose) -> tuple[str, timedelta]:
    document = _object(answer)
    token, granted = document.get("access_token"), document.get("scope")
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN or not token.isascii():
        raise ServiceError("token_malformed", is_transient=True)
    if not token.isprintable() or " " in token:
        raise ServiceError("token_malformed", is_transient=True)
    # Moodle leaves out what it does not allow, without a word.
    if isinstance(granted, str) and not set(purpose.scopes.split()) <= set(granted.split()):
        raise ServiceError("scope_refused")
    return token, _life(document.get("expires_in"))


def _life(expires_in: object) -> timedelta:
    if isinstance(expires_in, str) and expires_in.isascii() and expires_in.isdigit():
        expires_in = int(expires_in[:9])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        return DEFAULT_LIFE
    if expires_in != expires_in:  # NaN
        return DEFAULT_LIFE
    return timedelta(seconds=min(max(expires_in, 0), LONGEST_LIFE.total_seconds()))


def _refusal(answer: Response, now: datetime) -> ServiceError:
    """A refused client may be set right within days; a refused scope is the platform's decision."""
    if _object(answer).get("error") == "invalid_scope":
        return ServiceError("scope_refused")
    code = "token_refused" if answer.status < 500 else "token_unavailable"
    return ServiceError(code, is_transient=True, retry_after=answer.retry_after(now))


def _object(answer: Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ToolError:
        return {}
    return document if isinstance(document, dict) else {}
