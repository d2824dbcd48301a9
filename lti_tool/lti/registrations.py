"""A registration as plain data, for use outside the transaction that loaded it."""

import uuid
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.key_sets import StoredKeys
from lti_tool.models import Deployment, Platform, PlatformKeySet, Registration

LISTED, AUTOMATIC = "listed", "automatic"
LONGEST_IDENTIFIER = 255

# Every login and every launch begins with one of these: one statement, on tables and not on
# objects, which take half as long again.
_REGISTRATIONS = cast("sa.Table", Registration.__table__).c
_PLATFORMS = cast("sa.Table", Platform.__table__).c
_DEPLOYMENTS = cast("sa.Table", Deployment.__table__).c
_KEY_SETS = cast("sa.Table", PlatformKeySet.__table__).c
_LISTED = (
    sa.select(sa.func.aggregate_strings(_DEPLOYMENTS.deployment_id, "\n"))
    .where(_DEPLOYMENTS.registration_id == _REGISTRATIONS.id)
    .scalar_subquery()
    .label("listed")
)
_KNOWN = (
    sa.select(
        _LISTED,
        _REGISTRATIONS.issuer,
        _REGISTRATIONS.client_id,
        _REGISTRATIONS.auth_login_url,
        _REGISTRATIONS.auth_token_url,
        _REGISTRATIONS.auth_token_audience,
        _REGISTRATIONS.key_set_url,
        _REGISTRATIONS.pending_since,
        _REGISTRATIONS.deployment_policy,
        _REGISTRATIONS.frame_origins,
        sa.func.coalesce(_REGISTRATIONS.disabled_at, _PLATFORMS.disabled_at).label("disabled_at"),
    )
    .join_from(
        Registration.__table__, Platform.__table__, _REGISTRATIONS.platform_id == _PLATFORMS.id
    )
    .where(_REGISTRATIONS.id == sa.bindparam("id"))
)
_WITH_KEYS = _KNOWN.outerjoin(
    PlatformKeySet.__table__, _KEY_SETS.registration_id == _REGISTRATIONS.id
).add_columns(_KEY_SETS.key_set, _KEY_SETS.fetched_at, _KEY_SETS.attempted_at)


@dataclass(frozen=True, slots=True)
class KnownRegistration:
    """What login, launch and services need to know of a registration."""

    id: uuid.UUID
    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    key_set_url: str
    deployment_ids: frozenset[str]
    frame_origins: tuple[str, ...] = ()
    admits_new_deployments: bool = False
    auth_token_audience: str | None = None

    def admits(self, deployment_id: str) -> bool:
        """Return whether a deployment may launch (LTI 1.3 core, section 3.1.3)."""
        if deployment_id in self.deployment_ids:
            return True
        return self.admits_new_deployments and is_identifier(deployment_id)


def load(db: Session | Connection, registration_id: uuid.UUID) -> KnownRegistration:
    """Return a confirmed registration that is switched on, as its platform is.

    Raises:
        LaunchRefused: registration_unknown (404), registration_pending (403),
            platform_disabled (403)
    """
    return _known(registration_id, db.execute(_KNOWN, {"id": registration_id}).one_or_none())


def load_with_keys(
    db: Session | Connection, registration_id: uuid.UUID
) -> tuple[KnownRegistration, StoredKeys | None]:
    """Return what `load` does, and the platform's keys as they were stored last."""
    row = db.execute(_WITH_KEYS, {"id": registration_id}).one_or_none()
    known = _known(registration_id, row)
    assert row is not None
    if row.attempted_at is None:
        return known, None
    return known, StoredKeys(row.key_set, row.fetched_at, row.attempted_at)


def _known(registration_id: uuid.UUID, row: "sa.Row[*tuple[Any, ...]] | None") -> KnownRegistration:
    if row is None:
        raise LaunchRefused("registration_unknown", status=404)
    if row.pending_since is not None:
        raise LaunchRefused("registration_pending", status=403)
    if row.disabled_at is not None:
        raise LaunchRefused("platform_disabled", status=403)
    return KnownRegistration(
        id=registration_id,
        issuer=row.issuer,
        client_id=row.client_id,
        auth_login_url=row.auth_login_url,
        auth_token_url=row.auth_token_url,
        key_set_url=row.key_set_url,
        deployment_ids=frozenset((row.listed or "").split("\n")) - {""},
        frame_origins=tuple((row.frame_origins or "").split()),
        admits_new_deployments=row.deployment_policy == AUTOMATIC,
        auth_token_audience=row.auth_token_audience,
    )


def is_identifier(value: str) -> bool:
    """Return whether this can be stored as the name that a platform gave something."""
    return bool(value.strip()) and len(value) <= LONGEST_IDENTIFIER and value.isprintable()
