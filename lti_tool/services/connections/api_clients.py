"""Other systems of an organisation: added, given a new secret, switched off; their tokens.

OAuth 2.0 client credentials (RFC 6749, section 4.4). The protocol is in `web.api.tokens`.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.errors import NotFound, ToolError
from lti_tool.models import ApiClient, ApiRequest, ApiToken, Organisation
from lti_tool.services import audit, switching

LONGEST_NAME = 100
TOKEN_LIFETIME = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=7)
"""How long the repetition of a report gets the first answer."""
USED_EVERY = timedelta(minutes=1)


def add(
    db: Session, organisation: Organisation, name: str, *, by: str, now: datetime
) -> tuple[ApiClient, str]:
    """Return a new client and its secret, which is kept nowhere.

    Raises:
        ToolError: `malformed_client_name`.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ToolError("malformed_client_name", maximum=str(LONGEST_NAME))
    secret = secrets.token_urlsafe(32)
    client = ApiClient(
        id=uuid.uuid4(),
        organisation=organisation,
        name=name,
        secret_digest=digest(secret),
        created_at=now,
    )
    db.add(client)
    db.flush()
    _note(db, client, by, "api_client.added", now)
    return client, secret


def replace_secret(db: Session, client: ApiClient, *, by: str, now: datetime) -> str:
    """Return a new secret; the old one and every token end at once."""
    secret = secrets.token_urlsafe(32)
    client.secret_digest = digest(secret)
    _end_tokens(db, client)
    _note(db, client, by, "api_client.secret_replaced", now)
    return secret


def switch(
    db: Session, client: ApiClient, *, disabled: bool, is_operator: bool, by: str, now: datetime
) -> None:
    """Switch a client off, which ends its tokens, or on again.

    Raises:
        Forbidden: `held_off`.
    """
    switching.switch(db, client, disabled=disabled, is_operator=is_operator, now=now)
    if disabled:
        _end_tokens(db, client)
    act = "api_client.disabled" if disabled else "api_client.enabled"
    _note(db, client, by, act, now)


def find(db: Session, client_id: uuid.UUID) -> ApiClient:
    """Return a client.

    Raises:
        NotFound: `unknown_client`.
    """
    client = db.get(ApiClient, client_id)
    if client is None:
        raise NotFound("unknown_client")
    return client


def of_organisation(db: Session, organisation_id: uuid.UUID) -> Sequence[ApiClient]:
    """Return the clients of an organisation, in the order in which they were added."""
    found = sa.select(ApiClient).filter_by(organisation_id=organisation_id)
    return db.scalars(found.order_by(ApiClient.created_at, ApiClient.id)).all()


def everywhere(db: Session) -> Sequence[ApiClient]:
    """Return the clients of all organisations."""
    found = sa.select(ApiClient).options(joinedload(ApiClient.organisation))
    return db.scalars(found.order_by(ApiClient.created_at, ApiClient.id)).all()


def is_secret_of(client: ApiClient, secret: str) -> bool:
    """Whether the client is who it says; one that is switched off never is."""
    is_right = hmac.compare_digest(client.secret_digest, digest(secret))
    return is_right and client.disabled_at is None


def keep_token(db: Session, client: ApiClient, token: str, scope: str, now: datetime) -> None:
    row = ApiToken(
        digest=digest(token),
        client_id=client.id,
        scope=scope,
        issued_at=now,
        expires_at=now + TOKEN_LIFETIME,
    )
    db.add(row)
    db.flush()


def find_token(db: Session, token: str) -> ApiToken | None:
    """Return a token with its client, also one that has expired."""
    found = sa.select(ApiToken).filter_by(digest=digest(token))
    return db.scalar(found.options(joinedload(ApiToken.client)))


def touch(client: ApiClient, now: datetime) -> None:
    """Note that the client was here, to the minute."""
    if client.used_at is None or now - client.used_at >= USED_EVERY:
        client.used_at = now


def forget_expired(db: Session, now: datetime) -> None:
    """Delete tokens that are over, and answers that nobody asks for again."""
    db.execute(sa.delete(ApiToken).where(ApiToken.expires_at <= now))
    db.execute(sa.delete(ApiRequest).where(ApiRequest.created_at <= now - ANSWERS_KEPT))


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _end_tokens(db: Session, client: ApiClient) -> None:
    db.execute(sa.delete(ApiToken).where(ApiToken.client_id == client.id))


def _note(db: Session, client: ApiClient, by: str, act: str, now: datetime) -> None:
    subject = f"api_client:{client.id}"
    audit.note_in(db, client.organisation_id, by, act, subject, now)
