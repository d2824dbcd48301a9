"""Platforms and their registrations: add, list, disable."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import Deployment, Organisation, Platform, Registration
from lti_tool.services import audit, switching

LONGEST_IDENTIFIER = 255
LONGEST_URL = 1024

URL_FIELDS = ("issuer", "auth_login_url", "auth_token_url", "key_set_url")

# Where a Moodle has them, below its own address.
MOODLE_ADDRESSES = {
    "auth_login_url": "/mod/lti/auth.php",
    "auth_token_url": "/mod/lti/token.php",
    "key_set_url": "/mod/lti/certs.php",
}


def moodle_addresses(url: str) -> dict[str, str]:
    """Return issuer and addresses of the Moodle at `url`."""
    base = url.rstrip("/")
    return {"issuer": base, **{field: base + path for field, path in MOODLE_ADDRESSES.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDetails:
    """What the LMS's administrator reads off the LMS's side (LTI security framework, section 5)."""

    name: str
    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    key_set_url: str
    deployment_ids: Sequence[str]
    auth_token_audience: str | None = None


def add(
    db: Session,
    organisation: Organisation,
    details: PlatformDetails,
    *,
    allow_http: bool,
    now: datetime,
    registration_id: uuid.UUID | None = None,
    actor: str = audit.OPERATOR,
    is_operator: bool = True,
) -> Registration:
    """Add a platform with one registration and its deployments.

    `registration_id` is given where the tool's addresses were handed out beforehand.

    Raises:
        ToolError: `malformed_url`, `malformed_identifier`, `deployment_missing`.
        Conflict: `platform_exists`: this organisation has that issuer and client id.
        Forbidden: `held_off`.
    """
    _check(details, allow_http=allow_http)
    if not is_operator:
        refuse_held_off(db, organisation.id, details.issuer)
    _refuse_duplicate(db, organisation, details)
    platform = Platform(organisation=organisation, name=details.name.strip(), created_at=now)
    registration = Registration(
        id=registration_id or uuid.uuid4(),
        platform=platform,
        issuer=details.issuer,
        client_id=details.client_id,
        auth_login_url=details.auth_login_url,
        auth_token_url=details.auth_token_url,
        auth_token_audience=details.auth_token_audience,
        key_set_url=details.key_set_url,
        created_at=now,
        deployment_policy=organisation.deployment_policy,
        deployments=[
            Deployment(deployment_id=deployment_id, created_at=now)
            for deployment_id in dict.fromkeys(details.deployment_ids)
        ],
    )
    db.add(registration)
    db.flush()
    subject = f"platform:{platform.id}"
    audit.note_in(db, organisation.id, actor, "platform.added", subject, now)
    return registration


def refuse_held_off(
    db: Session, organisation_id: uuid.UUID, issuer: str, *, but: uuid.UUID | None = None
) -> None:
    """Refuse to connect an LMS once more of which an operator switched something off.

    `but`: the registration that asks, which stays off if it is.

    Raises:
        Forbidden: `held_off`.
    """
    tables = (Platform, Registration)
    held = (sa.and_(one.disabled_at.is_not(None), ~one.disabled_by_school) for one in tables)
    known = (
        sa.select(Registration.id)
        .join(Registration.platform)
        .filter(Platform.organisation_id == organisation_id, Registration.issuer == issuer)
        .filter(sa.or_(*held))
    )
    if but is not None:
        known = known.filter(Registration.id != but)
    if db.scalar(known.limit(1)) is not None:
        raise Forbidden("held_off")


def check_field(field: str, value: str, *, allow_http: bool) -> None:
    """Refuse one answer about an LMS: a field of `PlatformDetails`, or `deployment_id`.

    Raises:
        ToolError: `malformed_url`, `malformed_identifier`.
    """
    if field in URL_FIELDS:
        parts = urlsplit(value)
        schemes = {"https", "http"} if allow_http else {"https"}
        if parts.scheme not in schemes or not parts.hostname or parts.fragment:
            raise ToolError("malformed_url", field=field, value=value)
        if len(value) > LONGEST_URL or " " in value or not value.isprintable():
            raise ToolError("malformed_url", field=field, value=value)
    if field in ("auth_login_url", "auth_token_url", "key_set_url"):
        return
    if not value.strip() or len(value) > LONGEST_IDENTIFIER or not value.isprintable():
        raise ToolError("malformed_identifier", field=field)


def _check(details: PlatformDetails, *, allow_http: bool) -> None:
    for field in (*URL_FIELDS, "name", "client_id"):
        check_field(field, getattr(details, field), allow_http=allow_http)
    if details.auth_token_audience is not None:
        field, value = "auth_token_audience", details.auth_token_audience
        check_field(field, value, allow_http=allow_http)
    if not details.deployment_ids:
        raise ToolError("deployment_missing")
    for deployment_id in details.deployment_ids:
        check_field("deployment_id", deployment_id, allow_http=allow_http)


def _refuse_duplicate(db: Session, organisation: Organisation, details: PlatformDetails) -> None:
    same = (
        sa.select(Registration.id)
        .join(Registration.platform)
        .filter(
            Platform.organisation_id == organisation.id,
            Registration.issuer == details.issuer,
            Registration.client_id == details.client_id,
        )
    )
    if db.scalar(same) is not None:
        raise Conflict("platform_exists", issuer=details.issuer, client_id=details.client_id)


def all_registrations(db: Session) -> Sequence[Registration]:
    """Return every registration with its platform, organisation and deployments, by name."""
    return db.scalars(
        sa.select(Registration)
        .join(Registration.platform)
        .options(
            joinedload(Registration.platform).joinedload(Platform.organisation),
            selectinload(Registration.deployments),
        )
        .order_by(Platform.name, Registration.created_at)
    ).all()


def find(db: Session, platform_id: uuid.UUID) -> Platform:
    """Return a platform.

    Raises:
        NotFound: `unknown_platform`.
    """
    platform = db.get(Platform, platform_id)
    if platform is None:
        raise NotFound("unknown_platform", platform=str(platform_id))
    return platform


def of_organisation(db: Session, organisation: Organisation) -> Sequence[Platform]:
    """Return an organisation's platforms, by name."""
    mine = sa.select(Platform).filter_by(organisation_id=organisation.id)
    return db.scalars(mine.order_by(Platform.name, Platform.created_at)).all()


def set_disabled(
    db: Session,
    platform_id: uuid.UUID,
    *,
    disabled: bool,
    now: datetime,
    actor: str = audit.OPERATOR,
    is_operator: bool = True,
) -> Platform:
    """Switch a platform off or on; off refuses its launches and stops its deliveries.

    Raises:
        NotFound: `unknown_platform`.
        Forbidden: `held_off`.
    """
    platform = find(db, platform_id)
    switching.switch(db, platform, disabled=disabled, is_operator=is_operator, now=now)
    action = "platform.disabled" if disabled else "platform.enabled"
    audit.note_in(db, platform.organisation_id, actor, action, f"platform:{platform.id}", now)
    return platform
