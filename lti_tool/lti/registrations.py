"""A registration as plain data, for use outside the transaction that loaded it."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.lti.errors import LaunchRefused
from lti_tool.models import Deployment, Registration

LISTED, AUTOMATIC = "listed", "automatic"
LONGEST_IDENTIFIER = 255


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
    admits_new_deployments: bool = False

    def admits(self, deployment_id: str) -> bool:
        """Return whether a deployment may launch (LTI 1.3 core, section 3.1.3)."""
        if deployment_id in self.deployment_ids:
            return True
        return self.admits_new_deployments and is_identifier(deployment_id)


def load(db: Session, registration_id: uuid.UUID) -> KnownRegistration:
    """Return the confirmed registration of an enabled platform.

    Raises:
        LaunchRefused: registration_unknown (404), registration_pending (403),
            platform_disabled (403)
    """
    row = db.get(Registration, registration_id, options=[joinedload(Registration.platform)])
    if row is None:
        raise LaunchRefused("registration_unknown", status=404)
    if row.pending_since is not None:
        raise LaunchRefused("registration_pending", status=403)
    if row.platform.disabled_at is not None:
        raise LaunchRefused("platform_disabled", status=403)
    # Not by the relation: a Canvas has thousands of them.
    deployments = sa.select(Deployment.deployment_id).filter_by(registration_id=row.id)
    return KnownRegistration(
        id=row.id,
        issuer=row.issuer,
        client_id=row.client_id,
        auth_login_url=row.auth_login_url,
        auth_token_url=row.auth_token_url,
        key_set_url=row.key_set_url,
        deployment_ids=frozenset(db.scalars(deployments)),
        admits_new_deployments=row.deployment_policy == AUTOMATIC,
    )


def is_identifier(value: str) -> bool:
    """Return whether this can be stored as the name that a platform gave something."""
    return bool(value.strip()) and len(value) <= LONGEST_IDENTIFIER and value.isprintable()
