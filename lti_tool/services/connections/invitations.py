"""Invitations: one-time links with which a school's administrator registers an LMS.

A link is shown once and kept as a digest. A registration that comes of it stays pending until
an operator confirms it; one that fails leaves the invitation as it was.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.lti.dynamic_registration import Registered
from lti_tool.lti.errors import RegistrationRefused
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.models import Deployment, Invitation, Organisation, Platform, Registration
from lti_tool.services import audit

LIFETIME = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the pages of an invitation need, also outside its transaction."""

    id: uuid.UUID
    organisation_name: str
    registration_id: uuid.UUID


def invite(
    db: Session,
    organisation: Organisation,
    now: datetime,
    *,
    lifetime: timedelta = LIFETIME,
    actor: str = audit.OPERATOR,
) -> tuple[Invitation, str]:
    """Return a new invitation and the secret of its link, which is not stored."""
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_digest=_digest(token),
        organisation=organisation,
        registration_id=uuid.uuid4(),
        created_at=now,
        expires_at=now + lifetime,
    )
    db.add(invitation)
    db.flush()
    audit.note_in(
        db,
        organisation.id,
        actor,
        "invitation.made",
        f"invitation:{invitation.id}",
        now,
        organisation=str(organisation.id),
    )
    return invitation, token


def find(db: Session, token: str, now: datetime) -> Invitation:
    """Return the invitation that may still be used.

    Raises:
        RegistrationRefused: invitation_unknown (404), invitation_used, invitation_expired (403)
    """
    found = db.scalar(sa.select(Invitation).filter_by(token_digest=_digest(token)))
    if found is None:
        raise RegistrationRefused("invitation_unknown", status=404)
    if found.used_at is not None:
        raise RegistrationRefused("invitation_used", status=403)
    if found.expires_at <= now:
        raise RegistrationRefused("invitation_expired", status=403)
    return found


def still_open(db: Session, organisation: Organisation, now: datetime) -> Sequence[Invitation]:
    """Return the links of an organisation that can still be used, the next to expire first."""
    mine = sa.select(Invitation).filter(
        Invitation.organisation_id == organisation.id,
        Invitation.used_at.is_(None),
        Invitation.expires_at > now,
    )
    return db.scalars(mine.order_by(Invitation.expires_at)).all()


def opened(invitation: Invitation) -> OpenInvitation:
    return OpenInvitation(invitation.id, invitation.organisation.name, invitation.registration_id)


def show_form(db: Session, token: str, form: str, now: datetime) -> None:
    """Keep the digest of the form that was shown; only the last one shown can be sent."""
    find(db, token, now).form_digest = _digest(form)


def take_form(db: Session, token: str, form: str, now: datetime) -> OpenInvitation:
    """Use up the form that was shown; of any number of sendings at once, one gets through.

    Raises:
        RegistrationRefused: as `find`; registration_form (403): not the form shown last, changed,
            or sent before
    """
    invitation = find(db, token, now)
    statement = (
        sa.update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.form_digest == _digest(form))
        .values(form_digest=None)
    )
    if not db.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise RegistrationRefused("registration_form", status=403)
    return opened(invitation)


def finish(
    db: Session,
    invitation_id: uuid.UUID,
    platform: PlatformConfiguration,
    registered: Registered,
    now: datetime,
) -> Registration:
    """Store what the platform answered, pending, and use the invitation up.

    Raises:
        RegistrationRefused: registration_exists (409): the platform gave a client id that is
            registered already; invitation_used (403): another registration came first
    """
    _use_up(db, invitation_id, now)
    invitation = db.get_one(Invitation, invitation_id)
    _refuse_known(db, platform.issuer, registered.client_id)
    registration = Registration(
        id=invitation.registration_id,
        platform=Platform(
            organisation=invitation.organisation, name=_host(platform.issuer), created_at=now
        ),
        issuer=platform.issuer,
        client_id=registered.client_id,
        auth_login_url=platform.authorization_endpoint,
        auth_token_url=platform.token_endpoint,
        key_set_url=platform.key_set_url,
        created_at=now,
        pending_since=now,
        deployment_policy=invitation.organisation.deployment_policy,
        product_family=platform.product_family,
    )
    if registered.deployment_id is not None:
        registration.deployments.append(
            Deployment(deployment_id=registered.deployment_id, created_at=now)
        )
    db.add(registration)
    db.flush()
    audit.note_in(
        db,
        invitation.organisation_id,
        f"invitation:{invitation.id}",
        "registration.received",
        f"registration:{registration.id}",
        now,
        issuer=registration.issuer,
        client_id=registration.client_id,
    )
    return registration


def note_update(
    db: Session, invitation_id: uuid.UUID, registration: Registration, now: datetime
) -> None:
    """Use the invitation up for a registration that the platform has renewed.

    Raises:
        RegistrationRefused: invitation_used (403)
    """
    _use_up(db, invitation_id, now)
    audit.note_in(
        db,
        registration.platform.organisation_id,
        f"invitation:{invitation_id}",
        "registration.renewed",
        f"registration:{registration.id}",
        now,
    )


def renewed(
    db: Session, invitation: Invitation, issuer: str, client_id: str | None
) -> Registration | None:
    """Return the registration of the same school that a platform says it wants to renew."""
    return db.scalar(
        sa.select(Registration)
        .join(Registration.platform)
        .filter(
            Platform.organisation_id == invitation.organisation_id,
            Registration.issuer == issuer,
            Registration.client_id == client_id,
        )
    )


def _use_up(db: Session, invitation_id: uuid.UUID, now: datetime) -> None:
    statement = (
        sa.update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.used_at.is_(None))
        .values(used_at=now, form_digest=None)
    )
    if not db.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise RegistrationRefused("invitation_used", status=403)


def _refuse_known(db: Session, issuer: str, client_id: str) -> None:
    """Also another school's: a platform that gives out a client id twice is up to something."""
    known = sa.select(Registration.id).filter_by(issuer=issuer, client_id=client_id)
    if db.scalar(known) is not None:
        raise RegistrationRefused("registration_exists", status=409)


def _host(issuer: str) -> str:
    return urlsplit(issuer).netloc


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
