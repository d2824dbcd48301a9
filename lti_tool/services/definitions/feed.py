"""What changed in the catalogue, oldest first: for directories that keep a copy of it.

An item stands for a series: its newest version, or nothing where no new course begins with that.
When one changes it moves to the end. So whoever walks from page to page while things are
published misses nothing, and sees twice what changed meanwhile.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from lti_tool.db import UtcDateTime
from lti_tool.models import (
    DefinitionStep,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services.definitions import searching, settling
from lti_tool.services.definitions.history import Act

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Place:
    """Between two items: behind the one of this series, which changed `at`."""

    at: datetime
    series_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Item:
    """`version` is None while no new course begins with the newest of the series."""

    series: MicroCredentialSeries
    at: datetime
    version: MicroCredentialVersion | None


@dataclass(frozen=True, slots=True)
class Page:
    """`onward`: where the next page begins, None after the last."""

    items: Sequence[Item]
    onward: Place | None


def page(
    db: Session, now: datetime, *, after: Place | None = None, since: datetime | None = None
) -> Page:
    """Return one page of the items behind `after`, of those that changed at `since` or later."""
    settled = settling.until(db, now)
    changed = _changes(now)
    at, series_id = changed.c.at, changed.c.series_id
    chosen = sa.select(series_id, at).filter(at <= settled).order_by(at, series_id)
    if since is not None:
        chosen = chosen.filter(at >= since)
    if after is not None:
        behind = sa.and_(at == after.at, series_id > after.series_id)
        chosen = chosen.filter(sa.or_(at > after.at, behind))
    rows = db.execute(chosen.limit(PAGE_SIZE + 1)).all()
    listed = rows[:PAGE_SIZE]
    ids = [row.series_id for row in listed]
    known, current = _series(db, ids), _current(db, ids, now)
    items = [Item(known[row.series_id], row.at, current.get(row.series_id)) for row in listed]
    more = len(rows) > PAGE_SIZE
    return Page(items, Place(listed[-1].at, listed[-1].series_id) if more else None)


def on_offer(db: Session, now: datetime) -> Sequence[tuple[str, str, str, datetime]]:
    """Return awarding body, code and version of all that is on offer, and since when its wording
    stands."""
    version = MicroCredentialVersion
    since = sa.func.coalesce(version.revised_at, version.published_at, type_=UtcDateTime())
    rows = db.execute(
        sa.select(Organisation.slug, MicroCredentialSeries.code, version.version, since)
        .join(version.series)
        .join(MicroCredentialSeries.organisation)
        .filter(searching.on_offer(now))
        .order_by(Organisation.slug, MicroCredentialSeries.code)
    )
    return [(slug, code, number, at) for slug, code, number, at in rows]


def _changes(now: datetime) -> Any:
    """Return when each series changed last: published, reworded, retired, looked at again, or
    closed because nobody looked."""
    version, step = MicroCredentialVersion, DefinitionStep
    moments = [
        sa.select(version.series_id, version.published_at.label("at")),
        sa.select(version.series_id, version.revised_at).filter(version.revised_at.is_not(None)),
        sa.select(version.series_id, version.retired_at).filter(version.retired_at.is_not(None)),
        sa.select(version.series_id, version.review_by).filter(version.review_by <= now),
        sa.select(version.series_id, step.at)
        .join(step, step.version_id == version.id)
        .filter(step.action == Act.CONFIRMED.value),
    ]
    every = sa.union_all(*moments).subquery()
    last = sa.func.max(every.c.at).label("at")
    return sa.select(every.c.series_id, last).group_by(every.c.series_id).subquery()


def _series(db: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, MicroCredentialSeries]:
    found = sa.select(MicroCredentialSeries).filter(MicroCredentialSeries.id.in_(ids))
    with_body = found.options(joinedload(MicroCredentialSeries.organisation))
    return {one.id: one for one in db.scalars(with_body)}


def _current(
    db: Session, ids: Sequence[uuid.UUID], now: datetime
) -> dict[uuid.UUID, MicroCredentialVersion]:
    version = MicroCredentialVersion
    found = (
        sa.select(version)
        .join(version.series)
        .options(contains_eager(version.series))
        .filter(version.series_id.in_(ids), searching.on_offer(now))
    )
    return {one.series_id: one for one in db.scalars(found)}
