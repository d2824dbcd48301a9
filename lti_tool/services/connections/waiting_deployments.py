"""Deployments that a platform uses and nobody has listed: they wait for a decision."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from lti_tool.db import get_or_add
from lti_tool.errors import NotFound
from lti_tool.lti.registrations import is_identifier
from lti_tool.models import Deployment, Platform, Registration, WaitingDeployment
from lti_tool.services import audit
from lti_tool.services.connections import registrations

MOST = 50
"""How many one registration may have waiting or turned down; further ones are refused silently."""


def note(db: Session, registration_id: uuid.UUID, deployment_id: str, now: datetime) -> None:
    """Keep that a proven launch came from a deployment that is not listed."""
    if not is_identifier(deployment_id):
        return
    there = sa.select(sa.func.count(WaitingDeployment.id))
    if (db.scalar(there.filter_by(registration_id=registration_id)) or 0) >= MOST:
        return
    key = {"registration_id": registration_id, "deployment_id": deployment_id}
    get_or_add(db, WaitingDeployment, key, id=uuid.uuid4(), first_seen_at=now)


def listed(
    db: Session, within: Iterable[uuid.UUID] | None = None, *, of: Registration | None = None
) -> Sequence[WaitingDeployment]:
    """Return what waits: everywhere, in these organisations, or of one registration."""
    chosen = (
        sa.select(WaitingDeployment)
        .join(WaitingDeployment.registration)
        .join(Registration.platform)
        .filter(WaitingDeployment.turned_down_at.is_(None), ~_is_listed())
        .options(
            contains_eager(WaitingDeployment.registration).contains_eager(Registration.platform)
        )
    )
    if within is not None:
        chosen = chosen.filter(Platform.organisation_id.in_(within))
    if of is not None:
        chosen = chosen.filter(Registration.id == of.id)
    return db.scalars(chosen.order_by(WaitingDeployment.first_seen_at)).all()


def _is_listed() -> sa.ColumnElement[bool]:
    """Whether the first launch let it in by itself after the policy had changed."""
    return sa.exists().where(
        Deployment.registration_id == WaitingDeployment.registration_id,
        Deployment.deployment_id == WaitingDeployment.deployment_id,
    )


def allow(
    db: Session, registration: Registration, waiting_id: uuid.UUID, now: datetime, *, actor: str
) -> None:
    """List the deployment.

    Raises:
        NotFound: `unknown_deployment`: it does not wait, or belongs to another registration.
        Conflict: `deployment_exists`: it was let in by itself meanwhile.
    """
    row = _find(db, registration, waiting_id)
    registrations.add_deployment(db, registration, row.deployment_id, now, actor=actor)


def turn_down(
    db: Session, registration: Registration, waiting_id: uuid.UUID, now: datetime, *, actor: str
) -> None:
    """Keep the deployment out without being asked again.

    Raises:
        NotFound: `unknown_deployment`.
    """
    row = _find(db, registration, waiting_id)
    row.turned_down_at = now
    audit.note_in(
        db,
        registration.platform.organisation_id,
        actor,
        "deployment.turned_down",
        f"registration:{registration.id}",
        now,
        deployment_id=row.deployment_id,
    )


def _find(db: Session, registration: Registration, waiting_id: uuid.UUID) -> WaitingDeployment:
    row = db.get(WaitingDeployment, waiting_id, with_for_update=True)
    if row is None or row.registration_id != registration.id or row.turned_down_at is not None:
        raise NotFound("unknown_deployment", deployment="")
    return row
