"""From when on no new course begins with a version: it is retired, or nobody looked at it again.

Whoever offers it already goes on, and so do their learners.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.errors import Conflict, Forbidden, NotFound
from lti_tool.models import (
    DefinitionDraft,
    DefinitionStep,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services import audit, reasons
from lti_tool.services.definitions import history, review_partners
from lti_tool.services.definitions.drafts import State
from lti_tool.services.definitions.history import Act
from lti_tool.services.definitions.reviews import Reviewer

WARNED = timedelta(days=90)


class Standing(StrEnum):
    OPEN = "open"
    DUE = "due"  # open, and to be looked at within `WARNED`
    OVERDUE = "overdue"
    RETIRED = "retired"


def standing(version: MicroCredentialVersion, now: datetime) -> Standing:
    if version.retired_at is not None:
        return Standing.RETIRED
    if version.review_by is None or now < version.review_by - WARNED:
        return Standing.OPEN
    return Standing.DUE if now < version.review_by else Standing.OVERDUE


def is_open(version: MicroCredentialVersion, now: datetime) -> bool:
    """Whether a new course may begin with it."""
    return standing(version, now) in (Standing.OPEN, Standing.DUE)


def newest_open(
    versions: Iterable[MicroCredentialVersion], now: datetime
) -> Sequence[MicroCredentialVersion]:
    """Return the newest version of each series, where it is open: what is superseded does not come
    back on offer when its successor is retired or overdue. `versions`: newest of each series first.
    """
    found: dict[uuid.UUID, MicroCredentialVersion] = {}
    for version in versions:
        found.setdefault(version.series_id, version)
    return [version for version in found.values() if is_open(version, now)]


def superseded(versions: Iterable[MicroCredentialVersion]) -> frozenset[uuid.UUID]:
    """Return which of these have a newer one. `versions`: all of each series, newest first."""
    every = list(versions)
    newest = {one.series_id: one.id for one in reversed(every)}
    return frozenset(one.id for one in every) - frozenset(newest.values())


def of_organisations(
    db: Session, within: Iterable[uuid.UUID] | None
) -> Sequence[MicroCredentialVersion]:
    """Return the versions of these organisations, or of all: by code, newest first."""
    newest = MicroCredentialVersion.published_at.desc()
    order = Organisation.slug, MicroCredentialSeries.code, newest, MicroCredentialVersion.id
    return db.scalars(_of_organisations(within).order_by(*order)).all()


def _of_organisations(within: Iterable[uuid.UUID] | None) -> sa.Select[MicroCredentialVersion]:
    chosen = (
        sa.select(MicroCredentialVersion)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
        .options(
            joinedload(MicroCredentialVersion.series).joinedload(MicroCredentialSeries.organisation)
        )
    )
    return chosen if within is None else chosen.filter(Organisation.id.in_(within))


def due(
    db: Session, within: Iterable[uuid.UUID] | None, now: datetime
) -> list[MicroCredentialVersion]:
    """Return what is to be looked at again in these organisations, or all: most urgent first.

    Of a series only its newest version: nobody needs to look at a superseded one.
    """
    return list(db.scalars(_due(within, now)))


def due_ids(
    db: Session, within: Iterable[uuid.UUID] | None, now: datetime
) -> Sequence[tuple[uuid.UUID, datetime]]:
    """Return version and date of what `due` returns."""
    columns = MicroCredentialVersion.id, MicroCredentialVersion.review_by
    return [
        (one, by) for one, by in db.execute(_due(within, now).with_only_columns(*columns)) if by
    ]


def _due(within: Iterable[uuid.UUID] | None, now: datetime) -> sa.Select[MicroCredentialVersion]:
    newer = aliased(MicroCredentialVersion)
    return (
        _of_organisations(within)
        .filter(
            MicroCredentialVersion.retired_at.is_(None),
            MicroCredentialVersion.review_by <= now + WARNED,
            ~sa.exists().where(
                newer.series_id == MicroCredentialVersion.series_id,
                newer.published_at > MicroCredentialVersion.published_at,
            ),
        )
        .order_by(MicroCredentialVersion.review_by, Organisation.slug, MicroCredentialSeries.code)
    )


def find(
    db: Session, within: Iterable[uuid.UUID] | None, version_id: uuid.UUID
) -> MicroCredentialVersion:
    """Return a version of these organisations, or of any.

    Raises:
        NotFound: `unknown_micro_credential`.
    """
    found = db.get(MicroCredentialVersion, version_id)
    if found is None or (within is not None and found.series.organisation_id not in set(within)):
        raise NotFound("unknown_micro_credential")
    return found


def confirm(
    db: Session,
    version: MicroCredentialVersion,
    reviewer: Reviewer,
    review_by: datetime | None,
    *,
    is_independent: bool,
    now: datetime,
) -> None:
    """Keep that a reviewer looked at a version again and found it right, until `review_by`.

    Raises:
        Forbidden: `reviewers_only`: it is not theirs to review; `own_definition`: they wrote or
            handed in one of its wordings; `independence_missing`: they did not declare it.
        Conflict: `already_retired`.
    """
    place = review_partners.reviewed(db, reviewer.access).get(version.series.organisation_id)
    if place is None:
        raise Forbidden("reviewers_only")
    _lock(db, version)
    if is_written_by(db, version, reviewer.actor):
        raise Forbidden("own_definition")
    if not is_independent:
        raise Forbidden("independence_missing")
    version.review_by = review_by
    history.note(db, version, Act.CONFIRMED, reviewer.actor, place, now)
    _note(db, version, reviewer.actor, "micro_credential.confirmed", now)


def is_written_by(db: Session, version: MicroCredentialVersion, actor: str) -> bool:
    """Whether somebody wrote or handed in what a version says, or said once."""
    handed_in = sa.exists().where(
        DefinitionStep.draft_id == DefinitionDraft.id,
        DefinitionStep.action == State.SUBMITTED.value,
        DefinitionStep.actor == actor,
    )
    own = sa.select(DefinitionDraft.id).filter(
        DefinitionDraft.published_id == version.id,
        (DefinitionDraft.author == actor) | handed_in,
    )
    return db.scalar(sa.select(own.exists())) or False


def retire(
    db: Session, version: MicroCredentialVersion, *, reason: str, by: str, now: datetime
) -> None:
    """Let no new course begin with a version. `reason`: everybody reads it.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`. Conflict: `already_retired`.
    """
    reason = reasons.given(" ".join(reason.split()))
    _lock(db, version)
    version.retired_at = now
    place = version.series.organisation_id
    history.note(db, version, Act.RETIRED, by, place, now, reason=reason)
    _note(db, version, by, "micro_credential.retired", now)


def retire_series(
    db: Session, series: MicroCredentialSeries, *, reason: str, by: str, now: datetime
) -> None:
    """Retire every version of a series that is not retired yet.

    Raises:
        ToolError: as `retire`.
    """
    for version in sorted(series.versions, key=lambda one: str(one.id)):
        if version.retired_at is None:
            retire(db, version, reason=reason, by=by, now=now)


def _lock(db: Session, version: MicroCredentialVersion) -> None:
    db.refresh(version, with_for_update={"key_share": True, "of": MicroCredentialVersion})
    if version.retired_at is not None:
        raise Conflict("already_retired")


def _note(
    db: Session, version: MicroCredentialVersion, by: str, action: str, now: datetime
) -> None:
    subject = f"micro_credential_version:{version.id}"
    audit.note_in(db, version.series.organisation_id, by, action, subject, now)
