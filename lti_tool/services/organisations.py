"""Organisations, and the public address that their badges name."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.countries import is_country
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.lti.registrations import AUTOMATIC, LISTED, is_identifier
from lti_tool.models import Organisation, Platform, Registration, ServerIdentity
from lti_tool.services import audit, school_time, slugs

LONGEST_NAME = 255


class WrongPublicUrl(Conflict):
    """Badges were signed under another base address than the settings name."""


def get_or_add_organisation(
    db: Session, slug: str, name: str, country: str | None, now: datetime
) -> Organisation:
    """Return the organisation of that slug, added if there is none.

    Raises:
        ToolError: `malformed_slug`, `malformed_identifier`, `malformed_country`.
    """
    slugs.check(slug)
    if len(name) > LONGEST_NAME:
        raise ToolError("malformed_identifier", field="name")
    country = _checked_country(country or "")
    organisation, _ = get_or_add(
        db, Organisation, {"slug": slug}, name=name, country=country, created_at=now
    )
    return organisation


def find(db: Session, slug: str) -> Organisation:
    """Return one organisation.

    Raises:
        NotFound: `unknown_organisation`.
    """
    found = db.scalar(sa.select(Organisation).filter_by(slug=slug))
    if found is None:
        raise NotFound("unknown_organisation")
    return found


def get(db: Session, organisation_id: uuid.UUID) -> Organisation:
    """Return one organisation.

    Raises:
        NotFound: `unknown_organisation`.
    """
    found = db.get(Organisation, organisation_id)
    if found is None:
        raise NotFound("unknown_organisation")
    return found


def listed(db: Session, within: Iterable[uuid.UUID] | None = None) -> Sequence[Organisation]:
    """Return all organisations, or these, by name."""
    chosen = sa.select(Organisation).order_by(Organisation.name, Organisation.slug)
    if within is not None:
        chosen = chosen.filter(Organisation.id.in_(within))
    return db.scalars(chosen).all()


def add(db: Session, slug: str, name: str, country: str, now: datetime, *, by: str) -> Organisation:
    """Add an organisation that is new here.

    Raises:
        ToolError: `malformed_slug`, `malformed_identifier`, `malformed_country`.
        Conflict: `organisation_exists`.
    """
    slugs.check(slug)
    if db.scalar(sa.select(Organisation.id).filter_by(slug=slug)) is not None:
        raise Conflict("organisation_exists", slug=slug)
    made = get_or_add_organisation(db, slug, _checked_name(name), country, now)
    audit.note_in(db, made.id, by, "organisation.added", f"organisation:{made.id}", now)
    return made


def change(
    db: Session,
    organisation: Organisation,
    now: datetime,
    *,
    name: str | None,
    country: str,
    time_zone: str | None = None,
    automatic: bool,
    by: str,
    is_operator: bool,
) -> None:
    """Keep name, country, and how new deployments of all its registrations come in; and its time
    zone: an IANA name, or that of the country.

    The name stands on the public page of who issues badges, so only an operator gives another
    (`name` None: it stays); else a school could call itself like one that it is not.

    Raises:
        Forbidden: `operators_rename`; ToolError: `malformed_identifier`, `malformed_country`;
            `unknown_time_zone`; nothing was changed.
    """
    time_zone = school_time.checked(time_zone)
    name = organisation.name if name is None else _checked_name(name)
    if name != organisation.name and not is_operator:
        raise Forbidden("operators_rename")
    organisation.country = _checked_country(country)
    organisation.name, organisation.time_zone = name, time_zone
    policy = AUTOMATIC if automatic else LISTED
    details = {}
    if organisation.deployment_policy != policy:
        organisation.deployment_policy = policy
        of_it = sa.select(Platform.id).filter_by(organisation_id=organisation.id)
        db.execute(
            sa.update(Registration)
            .where(Registration.platform_id.in_(of_it))
            .values(deployment_policy=policy)
        )
        details = {"deployments": policy}
    subject = f"organisation:{organisation.id}"
    audit.note_in(db, organisation.id, by, "organisation.changed", subject, now, **details)


def _checked_name(name: str) -> str:
    if not is_identifier(name):
        raise ToolError("malformed_identifier", field="name")
    return name.strip()


def _checked_country(country: str) -> str | None:
    """Return a code of ISO 3166-1 alpha-2, or None where none is said."""
    code = country.strip().upper()
    if code and not is_country(code):
        raise ToolError("malformed_country")
    return code or None


def fix_public_url(db: Session, public_url: str, now: datetime) -> None:
    """Keep the base address that the first real badge names.

    Raises:
        WrongPublicUrl: badges name another.
    """
    get_or_add(db, ServerIdentity, {"id": 1}, public_url=public_url, fixed_at=now)
    check_public_url(db, public_url)


def check_public_url(db: Session, public_url: str) -> None:
    """Refuse a base address other than the one that signed badges name.

    Raises:
        WrongPublicUrl: they name another.
    """
    identity = db.get(ServerIdentity, 1)
    if identity is not None and identity.public_url != public_url:
        raise WrongPublicUrl("wrong_public_url", stored=identity.public_url, configured=public_url)
