"""Definitions on this server: publish, find, list.

The one place where a row becomes a `badges` definition.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges import definition as definitions
from badges.micro_credential import MicroCredential, missing_elements
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services import audit, specimen
from lti_tool.services.organisations import get_or_add_organisation


class IncompleteDefinition(ToolError):
    """Mandatory elements are missing; `missing` names each as (code, unit or "")."""

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        super().__init__("incomplete_definition")
        self.missing = tuple(missing)


def publish(
    db: Session, mc: MicroCredential, *, public_url: str, now: datetime
) -> tuple[MicroCredentialVersion, bool]:
    """Return the published version and whether it was published just now.

    Before it is kept, a specimen badge is built and signed in each of its languages, so that a
    claim can later fail on nothing but the learner's name.

    Raises:
        IncompleteDefinition: mandatory elements are missing, or nothing is assessed.
        Conflict: `version_exists`: that version was published with another content.
    """
    missing = missing_elements(mc)
    if missing:
        raise IncompleteDefinition([(element.code, element.where) for element in missing])
    specimen.check(mc, public_url=public_url, now=now)
    content = definitions.dump(mc)
    body = mc.awarding_body
    organisation = get_or_add_organisation(db, body.slug, body.name.best("en"), body.country, now)
    # A school that was first named by its LMS is now named as awarding body.
    organisation.name, organisation.country = body.name.best("en"), body.country
    series, _ = get_or_add(
        db,
        MicroCredentialSeries,
        {"organisation_id": organisation.id, "code": mc.code},
        id=uuid.uuid4(),
        created_at=now,
    )
    version, was_added = get_or_add(
        db,
        MicroCredentialVersion,
        {"series_id": series.id, "version": mc.version},
        id=uuid.uuid4(),
        definition=content,
        published_at=now,
    )
    if version.definition != content:
        raise Conflict("version_exists", reference=version.reference)
    if was_added:
        subject = f"micro_credential_version:{version.id}"
        audit.note(db, audit.OPERATOR, "micro_credential.published", subject, now)
    return version, was_added


def definition(version: MicroCredentialVersion) -> MicroCredential:
    """Return the definition that a row holds.

    Reading one takes milliseconds and each request needs it several times: the last ones read
    are remembered, since a version never changes.
    """
    return _read(_Published(version.id, version.definition))


@dataclass(frozen=True, slots=True)
class _Published:
    id: uuid.UUID
    content: dict[str, Any] = field(compare=False)


@lru_cache(maxsize=64)
def _read(published: _Published) -> MicroCredential:
    return definitions.load(published.content)


def all_versions(db: Session) -> Sequence[MicroCredentialVersion]:
    """Return every version, newest of each series first, by awarding body and code."""
    return db.scalars(
        _versions().order_by(Organisation.slug, MicroCredentialSeries.code, *_newest_first())
    ).all()


def newest(db: Session) -> Sequence[MicroCredentialVersion]:
    """Return the newest version of every series, by awarding body and code."""
    found: dict[uuid.UUID, MicroCredentialVersion] = {}
    for version in all_versions(db):
        found.setdefault(version.series_id, version)
    return list(found.values())


def find(db: Session, reference: str) -> MicroCredentialVersion:
    """Return the version of `body/CODE/version`, `body/CODE` (newest), or `CODE` if only one body
    has it (newest).

    Raises:
        NotFound: `unknown_micro_credential`; `ambiguous_micro_credential`.
    """
    found = db.scalars(_versions().filter(named(reference)).order_by(*_newest_first())).all()
    if not found:
        raise NotFound("unknown_micro_credential", reference=reference)
    if len({version.series_id for version in found}) > 1:
        raise NotFound("ambiguous_micro_credential", reference=reference)
    return found[0]


def named(reference: str) -> sa.ColumnElement[bool]:
    """Return the condition of being what `reference` names, for `MicroCredentialVersion` joined to
    its series and awarding body."""
    match reference.split("/"):
        case [code]:
            return MicroCredentialSeries.code == code
        case [slug, code]:
            return sa.and_(Organisation.slug == slug, MicroCredentialSeries.code == code)
        case [slug, code, version]:
            series = sa.and_(Organisation.slug == slug, MicroCredentialSeries.code == code)
            return sa.and_(series, MicroCredentialVersion.version == version)
    return sa.false()


def versions_of(db: Session, organisation_slug: str, code: str) -> Sequence[MicroCredentialVersion]:
    """Return the versions of one series, newest first.

    Raises:
        NotFound: `unknown_micro_credential`.
    """
    found = db.scalars(
        _versions()
        .filter(Organisation.slug == organisation_slug, MicroCredentialSeries.code == code)
        .order_by(*_newest_first())
    ).all()
    if not found:
        raise NotFound("unknown_micro_credential", reference=f"{organisation_slug}/{code}")
    return found


def version_address(public_url: str, version: MicroCredentialVersion) -> str:
    """Return the public address of a version: the `id` of the achievement in its badges."""
    return f"{public_url}/definitions/{version.reference}"


def _versions() -> sa.Select[MicroCredentialVersion]:
    return (
        sa.select(MicroCredentialVersion)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
        .options(
            joinedload(MicroCredentialVersion.series).joinedload(MicroCredentialSeries.organisation)
        )
    )


def _newest_first() -> tuple[sa.ColumnElement[datetime], sa.ColumnElement[str]]:
    return MicroCredentialVersion.published_at.desc(), MicroCredentialVersion.version.desc()
