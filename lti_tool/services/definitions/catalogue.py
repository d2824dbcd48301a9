"""Definitions on this server: publish, reword, find, list.

The one place where a row becomes a `badges` definition.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, object_session

from badges import definition as definitions
from badges.micro_credential import MicroCredential, missing_elements
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    DefinitionRevision,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services import audit
from lti_tool.services.definitions import (
    catalogue_entries,
    history,
    settling,
    specimen,
    stack_parts,
)
from lti_tool.services.definitions.history import Act
from lti_tool.services.organisations import get_or_add_organisation


class IncompleteDefinition(ToolError):
    """Mandatory elements are missing; `missing` names each as (code, unit or "")."""

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        super().__init__("incomplete_definition")
        self.missing = tuple(missing)


def publish(
    db: Session, mc: MicroCredential, *, public_url: str, now: datetime
) -> tuple[MicroCredentialVersion, bool]:
    """Publish what an operator vouches for, without a review; its awarding body is added or named
    anew. Return the version and whether it was published just now.

    Raises:
        IncompleteDefinition: mandatory elements are missing, or nothing is assessed.
        Conflict: `version_exists`: that version was published with another content.
    """
    body = mc.awarding_body
    check(mc, public_url=public_url, now=now)
    organisation = get_or_add_organisation(db, body.slug, body.name.best("en"), body.country, now)
    # A school that was first named by its LMS is now named as awarding body.
    organisation.name, organisation.country = body.name.best("en"), body.country
    version, was_added = add(db, mc, organisation, now)
    if was_added:
        history.note(db, version, Act.PUBLISHED, audit.OPERATOR, None, now)
        subject = f"micro_credential_version:{version.id}"
        audit.note(db, audit.OPERATOR, "micro_credential.published", subject, now)
    return version, was_added


def check(mc: MicroCredential, *, public_url: str, now: datetime) -> None:
    """Refuse what cannot be published.

    A specimen badge is built and signed in each of its languages, so that a claim can later fail
    on nothing but the learner's name.

    Raises:
        IncompleteDefinition: mandatory elements are missing, or nothing is assessed.
        ToolError: `unsignable_definition`.
    """
    missing = missing_elements(mc)
    if missing:
        raise IncompleteDefinition([(element.code, element.where) for element in missing])
    specimen.check(mc, public_url=public_url, now=now)


def add(
    db: Session, mc: MicroCredential, organisation: Organisation, now: datetime
) -> tuple[MicroCredentialVersion, bool]:
    """Keep a version that was checked; return it and whether it was added just now.

    Raises:
        Conflict: `version_exists`: that version was published with another content.
    """
    settling.begin(db, now)
    content = definitions.dump(mc)
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
        db.expire(series, ["versions"])
        stack_parts.keep(db, version, mc)
        catalogue_entries.keep(db, version, mc)
    return version, was_added


def reword(db: Session, version: MicroCredentialVersion, mc: MicroCredential, now: datetime) -> int:
    """Give a version another wording, which was checked, and return the number of the revision.

    The wording before is kept; whatever was signed stays as it is.
    """
    settling.begin(db, now)
    db.refresh(version, with_for_update={"key_share": True, "of": MicroCredentialVersion})
    former = DefinitionRevision(
        version_id=version.id,
        number=version.revision,
        definition=version.definition,
        at=version.revised_at or version.published_at,
    )
    db.add(former)
    version.definition, version.revised_at = definitions.dump(mc), now
    version.revision += 1
    catalogue_entries.keep(db, version, mc)
    return version.revision


@dataclass(frozen=True, slots=True)
class Wording:
    """`number` counts from 1; `at`: since when."""

    number: int
    at: datetime
    mc: MicroCredential


def wordings(db: Session, version: MicroCredentialVersion) -> list[Wording]:
    """Return all wordings of a version, the first one first."""
    former = db.scalars(
        sa.select(DefinitionRevision)
        .filter_by(version_id=version.id)
        .order_by(DefinitionRevision.number)
    )
    found = [
        Wording(one.number, one.at, _read(_Published(version.id, one.number, one.definition)))
        for one in former
    ]
    now = Wording(version.revision, version.revised_at or version.published_at, definition(version))
    return [*found, now]


def wording(db: Session, version: MicroCredentialVersion, number: int) -> Wording:
    """Return one wording of a version.

    Raises:
        NotFound: `unknown_micro_credential`.
    """
    for one in wordings(db, version):
        if one.number == number:
            return one
    raise NotFound("unknown_micro_credential", reference=version.reference)


def definition(version: MicroCredentialVersion) -> MicroCredential:
    """Return the definition that a row holds, in its present wording.

    Reading one takes milliseconds and each request needs it several times: the last ones read
    are remembered, since a wording never changes. So a row may come without its column.
    """
    try:
        content = sa.inspect(version).dict.get("definition")
        return _read(_Published(version.id, version.revision, content))
    except _NotLoadedError:
        db = object_session(version)
        assert db is not None
        db.refresh(version, ["revision", "definition"])  # both: it may just have been reworded
        return _read(_Published(version.id, version.revision, version.definition))


class _NotLoadedError(Exception):
    """The definition is not remembered, and its row came without it."""


@dataclass(frozen=True, slots=True)
class _Published:
    id: uuid.UUID
    revision: int
    content: dict[str, Any] | None = field(compare=False)


@lru_cache(maxsize=64)
def _read(published: _Published) -> MicroCredential:
    if published.content is None:
        raise _NotLoadedError
    return definitions.load(published.content)


def all_versions(
    db: Session, of_series: sa.ColumnElement[bool] | None = None
) -> Sequence[MicroCredentialVersion]:
    """Return every version, newest of each series first, by awarding body and code.

    `of_series`: a condition on `MicroCredentialSeries`.
    """
    found = _versions() if of_series is None else _versions().filter(of_series)
    return db.scalars(
        found.order_by(Organisation.slug, MicroCredentialSeries.code, *_newest_first())
    ).all()


def newest(
    db: Session, of_series: sa.ColumnElement[bool] | None = None
) -> Sequence[MicroCredentialVersion]:
    """Return the newest version of every series, by awarding body and code; as `all_versions`."""
    found: dict[uuid.UUID, MicroCredentialVersion] = {}
    for version in all_versions(db, of_series):
        found.setdefault(version.series_id, version)
    return list(found.values())


def newest_of(db: Session, organisation_id: uuid.UUID) -> Sequence[MicroCredentialVersion]:
    """Return the newest version of every series of an awarding body, by code."""
    return newest(db, MicroCredentialSeries.organisation_id == organisation_id)


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


@dataclass(frozen=True, slots=True)
class Names:
    """What references call a version by."""

    slug: str
    code: str
    version: str

    def include(self, reference: str) -> bool:
        """Return whether a reference names it, as `named` says."""
        match reference.split("/"):
            case [code]:
                return code == self.code
            case [slug, code]:
                return (slug, code) == (self.slug, self.code)
            case [slug, code, version]:
                return (slug, code, version) == (self.slug, self.code, self.version)
        return False


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
