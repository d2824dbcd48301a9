"""Organisations, and the public address that their badges name."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.definition_values import SLUG
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Organisation, ServerIdentity

LONGEST_NAME = 255


class WrongPublicUrl(Conflict):
    """Badges were signed under another base address than the settings name."""


def check_slug(slug: str) -> None:
    """Refuse what cannot be an organisation's short name.

    Raises:
        ToolError: `malformed_slug`.
    """
    if not SLUG.fullmatch(slug):
        raise ToolError("malformed_slug", slug=slug)


def get_or_add_organisation(
    db: Session, slug: str, name: str, country: str | None, now: datetime
) -> Organisation:
    """Return the organisation of that slug, added if there is none.

    Raises:
        ToolError: `malformed_slug`, `malformed_identifier`.
    """
    check_slug(slug)
    if len(name) > LONGEST_NAME:
        raise ToolError("malformed_identifier", field="name")
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
