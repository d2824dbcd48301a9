"""Registrations after they came: confirmed or rejected by an operator; their deployments."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, selectinload

from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.lti.origins import origin
from lti_tool.lti.registrations import AUTOMATIC, LISTED, is_identifier
from lti_tool.models import (
    AccessToken,
    Deployment,
    Platform,
    PlatformKeySet,
    Registration,
    WaitingDeployment,
)
from lti_tool.services import audit, switching
from lti_tool.services.connections import platforms


def find(db: Session, identifier: uuid.UUID) -> Registration:
    """Return a registration by its id, or by that of its platform where it is the only one.

    Raises:
        NotFound: `unknown_registration`.
        Conflict: `several_registrations`.
    """
    found = db.get(Registration, identifier)
    if found is not None:
        return found
    of_platform = db.scalars(sa.select(Registration).filter_by(platform_id=identifier)).all()
    if not of_platform:
        raise NotFound("unknown_registration", registration=str(identifier))
    if len(of_platform) > 1:
        raise Conflict("several_registrations", platform=str(identifier))
    return of_platform[0]


def find_pending(db: Session, identifier: uuid.UUID) -> Registration:
    """Return a registration that waits for an operator.

    Raises:
        NotFound: `unknown_registration`.
        Conflict: `registration_confirmed`, `several_registrations`.
    """
    registration = find(db, identifier)
    if registration.pending_since is None:
        raise Conflict("registration_confirmed", registration=str(registration.id))
    return registration


def same_issuer(db: Session, registration: Registration) -> Sequence[Registration]:
    """Return the other registrations with this issuer, of any school."""
    others = sa.select(Registration).filter(
        Registration.issuer == registration.issuer, Registration.id != registration.id
    )
    return db.scalars(others.order_by(Registration.created_at)).all()


def confirm(
    db: Session,
    registration: Registration,
    now: datetime,
    *,
    name: str | None = None,
    as_platform: uuid.UUID | None = None,
    has_moved: bool = False,
    actor: str = audit.OPERATOR,
    is_operator: bool = True,
) -> Registration:
    """Let a pending registration launch; its people are new, or those of `as_platform`.

    `has_moved`: `as_platform` was known under another issuer, and its people kept their `sub`.

    Raises:
        NotFound: `unknown_platform`.
        Conflict: `registration_confirmed`, `other_organisation`, `other_issuer`.
        ToolError: `malformed_identifier`.
        Forbidden: `held_off`.
    """
    if registration.pending_since is None:
        raise Conflict("registration_confirmed", registration=str(registration.id))
    if not is_operator:
        school = registration.platform.organisation_id
        platforms.refuse_held_off(db, school, registration.issuer, but=registration.id)
    if as_platform is not None:
        _join(db, registration, as_platform, has_moved=has_moved)
    if name is not None:
        if not is_identifier(name):
            raise ToolError("malformed_identifier", field="name")
        registration.platform.name = name.strip()
    registration.pending_since = None
    db.flush()
    subject = f"registration:{registration.id}"
    platform = registration.platform
    audit.note_in(
        db,
        platform.organisation_id,
        actor,
        "registration.confirmed",
        subject,
        now,
        platform=str(platform.id),
    )
    return registration


def _join(
    db: Session, registration: Registration, platform_id: uuid.UUID, *, has_moved: bool
) -> None:
    """Make it a further registration of a platform; the platform it came with was never used."""
    provisional, target = registration.platform, db.get(Platform, platform_id)
    if target is None or target is provisional:
        raise NotFound("unknown_platform", platform=str(platform_id))
    if target.organisation_id != provisional.organisation_id:
        raise Conflict("other_organisation", platform=str(platform_id))
    issuers = db.scalars(
        sa.select(Registration.issuer).filter(
            Registration.platform_id == target.id, Registration.pending_since.is_(None)
        )
    ).all()
    if registration.issuer not in issuers and not has_moved:
        raise Conflict("other_issuer", issuer=registration.issuer, known=", ".join(issuers))
    registration.platform = target
    if registration.disabled_at is None:  # what was off does not come on by joining
        registration.disabled_at = provisional.disabled_at
        registration.disabled_by_school = provisional.disabled_by_school
    db.flush()
    db.delete(provisional)
    db.flush()


def reject(
    db: Session, registration: Registration, now: datetime, *, actor: str = audit.OPERATOR
) -> None:
    """Forget a pending registration; nobody has ever come through it.

    Raises:
        Conflict: `registration_confirmed`.
    """
    if registration.pending_since is None:
        raise Conflict("registration_confirmed", registration=str(registration.id))
    platform, subject = registration.platform, f"registration:{registration.id}"
    audit.note_in(
        db,
        platform.organisation_id,
        actor,
        "registration.rejected",
        subject,
        now,
        issuer=registration.issuer,
        client_id=registration.client_id,
    )
    db.execute(sa.delete(Deployment).filter_by(registration_id=registration.id))
    db.expire(registration, ["deployments"])
    db.delete(registration)
    db.flush()
    db.delete(platform)
    db.flush()


def set_disabled(
    db: Session,
    registration: Registration,
    *,
    disabled: bool,
    now: datetime,
    actor: str = audit.OPERATOR,
    is_operator: bool = True,
) -> None:
    """Switch one registration off or on, whatever its platform's others do.

    Off refuses its launches, ends the visits that came by it, and holds its scores back.

    Raises:
        Forbidden: `held_off`.
    """
    switching.switch(db, registration, disabled=disabled, is_operator=is_operator, now=now)
    action = "registration.disabled" if disabled else "registration.enabled"
    subject = f"registration:{registration.id}"
    audit.note_in(db, registration.platform.organisation_id, actor, action, subject, now)


CHANGEABLE = (
    "client_id",
    "auth_login_url",
    "auth_token_url",
    "auth_token_audience",
    "key_set_url",
)


def change(
    db: Session,
    registration: Registration,
    values: Mapping[str, str | None],
    *,
    allow_http: bool,
    now: datetime,
    actor: str = audit.OPERATOR,
) -> Sequence[str]:
    """Correct what an LMS's side was registered with; returns the fields that became others.

    `values`: of `CHANGEABLE`; `auth_token_audience` None: the token address again. What was fetched
    under the old values (keys, access tokens) is forgotten.

    Raises:
        ToolError: `malformed_url`, `malformed_identifier`.
        Conflict: `platform_exists`: another registration of this LMS has that client id.
    """
    for field, value in values.items():
        if value is not None:
            platforms.check_field(field, value, allow_http=allow_http)
    changed = [field for field, value in values.items() if getattr(registration, field) != value]
    if not changed:
        return ()
    if "client_id" in changed:
        _refuse_known_client(db, registration, str(values["client_id"]))
    for field in changed:
        setattr(registration, field, values[field])
    for table in (PlatformKeySet, AccessToken):
        db.execute(sa.delete(table).where(table.registration_id == registration.id))
    db.flush()
    place, subject = registration.platform.organisation_id, f"registration:{registration.id}"
    what = " ".join(changed)
    audit.note_in(db, place, actor, "registration.changed", subject, now, fields=what)
    return changed


def _refuse_known_client(db: Session, registration: Registration, client_id: str) -> None:
    same = sa.select(Registration.id).filter(
        Registration.issuer == registration.issuer,
        Registration.client_id == client_id,
        Registration.id != registration.id,
        Registration.platform.has(organisation_id=registration.platform.organisation_id),
    )
    if db.scalar(same) is not None:
        raise Conflict("platform_exists", issuer=registration.issuer, client_id=client_id)


def of_platform(db: Session, platform: Platform) -> Sequence[Registration]:
    """Return a platform's registrations, oldest first."""
    mine = sa.select(Registration).filter_by(platform_id=platform.id)
    found = mine.options(selectinload(Registration.deployments))
    return db.scalars(found.order_by(Registration.created_at, Registration.id)).all()


def waiting(db: Session, within: Iterable[uuid.UUID] | None = None) -> Sequence[Registration]:
    """Return what waits to be confirmed, in all organisations or in these, oldest first."""
    pending = (
        sa.select(Registration)
        .join(Registration.platform)
        .filter(Registration.pending_since.is_not(None))
        .options(contains_eager(Registration.platform).joinedload(Platform.organisation))
    )
    if within is not None:
        pending = pending.filter(Platform.organisation_id.in_(within))
    return db.scalars(pending.order_by(Registration.pending_since)).all()


def set_policy(
    db: Session,
    registration: Registration,
    *,
    automatic: bool,
    now: datetime,
    actor: str = audit.OPERATOR,
) -> None:
    """Let new deployments launch by themselves, or only those that are listed."""
    registration.deployment_policy = AUTOMATIC if automatic else LISTED
    _note_deployment(
        db, registration, f"deployments.{registration.deployment_policy}", now, "", actor
    )


def add_deployment(
    db: Session,
    registration: Registration,
    deployment_id: str,
    now: datetime,
    *,
    actor: str = audit.OPERATOR,
) -> None:
    """List a deployment.

    Raises:
        ToolError: `malformed_identifier`.
        Conflict: `deployment_exists`.
    """
    if not is_identifier(deployment_id):
        raise ToolError("malformed_identifier", field="deployment_id")
    if not _store(db, registration, deployment_id, now):
        raise Conflict("deployment_exists", deployment=deployment_id)
    known = {"registration_id": registration.id, "deployment_id": deployment_id}
    db.execute(sa.delete(WaitingDeployment).filter_by(**known))
    _note_deployment(db, registration, "deployment.added", now, deployment_id, actor)


def remove_deployment(
    db: Session,
    registration: Registration,
    deployment_id: str,
    now: datetime,
    *,
    actor: str = audit.OPERATOR,
) -> None:
    """Take a deployment off the list. With the policy `automatic` it can come back by launching.

    Raises:
        NotFound: `unknown_deployment`.
    """
    known = {"registration_id": registration.id, "deployment_id": deployment_id}
    row = db.scalar(sa.select(Deployment).filter_by(**known))
    if row is None:
        raise NotFound("unknown_deployment", deployment=deployment_id)
    db.delete(row)
    db.flush()
    db.expire(registration, ["deployments"])
    _note_deployment(db, registration, "deployment.removed", now, deployment_id, actor)


def admit_deployment(
    db: Session, registration_id: uuid.UUID, deployment_id: str, now: datetime
) -> None:
    """Store the deployment of a proven launch, if the policy lets it in and it is new."""
    known = {"registration_id": registration_id, "deployment_id": deployment_id}
    if db.scalar(sa.select(Deployment.id).filter_by(**known)) is not None:
        return
    registration = db.get_one(Registration, registration_id)
    if registration.deployment_policy == AUTOMATIC and _store(db, registration, deployment_id, now):
        _note_deployment(db, registration, "deployment.admitted", now, deployment_id, "system")


def set_frame_origins(
    db: Session,
    registration: Registration,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    allow_http: bool,
    now: datetime,
) -> None:
    """Say which further origins of the LMS may frame our pages and be gone back to.

    Raises:
        ToolError: `malformed_url`.
        NotFound: `unknown_origin`.
    """
    known = (registration.frame_origins or "").split()
    for given in add:
        found = _origin(given, allow_http=allow_http)
        if found not in known:
            known.append(found)
            _note_origin(db, registration, "frame_origin.added", found, now)
    for given in remove:
        found = origin(given) or given
        if found not in known:
            raise NotFound("unknown_origin", origin=given)
        known.remove(found)
        _note_origin(db, registration, "frame_origin.removed", found, now)
    registration.frame_origins = " ".join(known) or None
    db.flush()


def _origin(given: str, *, allow_http: bool) -> str:
    found = origin(given)
    is_plain = found is not None and given.rstrip("/").lower() == found
    if found is None or not is_plain or (found.startswith("http:") and not allow_http):
        raise ToolError("malformed_url", field="frame_origin", value=given)
    return found


def _note_origin(
    db: Session, registration: Registration, action: str, found: str, now: datetime
) -> None:
    subject = f"registration:{registration.id}"
    audit.note(db, audit.OPERATOR, action, subject, now, origin=found)


def _store(db: Session, registration: Registration, deployment_id: str, now: datetime) -> bool:
    key = {"registration_id": registration.id, "deployment_id": deployment_id}
    _, was_added = get_or_add(db, Deployment, key, id=uuid.uuid4(), created_at=now)
    db.expire(registration, ["deployments"])
    return was_added


def _note_deployment(
    db: Session,
    registration: Registration,
    action: str,
    now: datetime,
    deployment_id: str = "",
    actor: str = audit.OPERATOR,
) -> None:
    details = {"deployment_id": deployment_id} if deployment_id else {}
    db.flush()
    place, subject = registration.platform.organisation_id, f"registration:{registration.id}"
    audit.note_in(db, place, actor, action, subject, now, **details)
