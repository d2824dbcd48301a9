"""Search the catalogue: one search for its public page and for teachers who choose."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager

from badges import catalogue_entry
from lti_tool.models import (
    CatalogueEntry,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services.definitions import catalogue_entries

PAGE_SIZE = 20

Condition = sa.ColumnElement[bool]
Value = TypeVar("Value", int, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for; what is empty or None looks for everything.

    `field`: a broad field of ISCED-F, two digits. `body`: the slug of an awarding body. `hours`:
    at least, at most; what says no hours is found without these only.
    """

    query: str = ""
    language: str = ""
    level: int | None = None
    field: str = ""
    country: str = ""
    body: str = ""
    hours: tuple[float | None, float | None] = (None, None)

    @property
    def is_filtered(self) -> bool:
        return self != Wanted(query=self.query)


@dataclass(frozen=True, slots=True)
class Filters:
    """What there is to filter by, sorted; `bodies`: slug and name."""

    languages: tuple[str, ...]
    levels: tuple[int, ...]
    fields: tuple[str, ...]
    countries: tuple[str, ...]
    bodies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found. `page` counts from 1; one behind the last is the last one."""

    versions: Sequence[MicroCredentialVersion]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return _pages(self.total)


def on_offer(now: datetime) -> Condition:
    """Return the condition, on `MicroCredentialVersion`, of being the newest version of its series
    and open to new courses; `lifecycle.newest_open` says the same of rows."""
    newer = aliased(MicroCredentialVersion)
    version = MicroCredentialVersion
    follows = sa.or_(
        newer.published_at > version.published_at,
        sa.and_(newer.published_at == version.published_at, newer.version > version.version),
    )
    succeeding = sa.select(newer.id).filter(newer.series_id == version.series_id, follows)
    in_time = sa.or_(version.review_by.is_(None), version.review_by > now)
    return sa.and_(version.retired_at.is_(None), in_time, ~succeeding.exists())


def search(db: Session, wanted: Wanted, within: Condition, page: int = 1) -> Found:
    """Return one page of what is wanted: where words are asked for, those with all of them in the
    title first; then the newest first.

    `within`: a condition on versions, their series and awarding bodies.
    """
    conditions = [within, *_conditions(wanted)]
    total = db.scalar(_joined(sa.select(sa.func.count())).filter(*conditions)) or 0
    page = min(max(page, 1), _pages(total))
    found = _joined(sa.select(MicroCredentialVersion)).options(
        contains_eager(MicroCredentialVersion.series).contains_eager(
            MicroCredentialSeries.organisation
        )
    )
    rows = found.filter(*conditions).order_by(*_order(wanted))
    versions = db.scalars(rows.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    return Found(versions, total, page)


def ids(db: Session, wanted: Wanted, within: Condition) -> set[uuid.UUID]:
    """Return which of some versions are wanted."""
    chosen = _joined(sa.select(MicroCredentialVersion.id))
    return set(db.scalars(chosen.filter(within, *_conditions(wanted))))


def _pages(total: int) -> int:
    return max(1, -(-total // PAGE_SIZE))


def filters(db: Session, within: Condition) -> Filters:
    """Return what can be filtered by among these versions."""
    entry = CatalogueEntry
    columns = entry.languages, entry.eqf_level, entry.field, entry.country
    body = Organisation.slug, Organisation.name
    rows = db.execute(_joined(sa.select(*columns, *body)).filter(within).distinct()).all()
    return Filters(
        _sorted(chain.from_iterable(row.languages.split() for row in rows)),
        _sorted(row.eqf_level for row in rows),
        _sorted(row.field for row in rows),
        _sorted(row.country for row in rows),
        tuple(sorted({(row.slug, row.name) for row in rows}, key=lambda one: (one[1], one[0]))),
    )


def _sorted(values: Iterable[Value | None]) -> tuple[Value, ...]:
    return tuple(sorted({one for one in values if one}))


def _joined(chosen: Any) -> Any:
    return (
        chosen.select_from(CatalogueEntry)
        .join(MicroCredentialVersion, CatalogueEntry.version_id == MicroCredentialVersion.id)
        .join(MicroCredentialVersion.series)
        .join(MicroCredentialSeries.organisation)
    )


def _conditions(wanted: Wanted) -> Iterable[Condition]:
    entry = CatalogueEntry
    words = catalogue_entry.terms(wanted.query)
    if wanted.query.strip() and not words:
        yield sa.false()  # nothing is called "!!!"
    for word in words:
        yield entry.words.contains(word, autoescape=True)
    if wanted.language:
        yield catalogue_entries.taught_in(wanted.language)
    if wanted.level is not None:
        yield entry.eqf_level == wanted.level
    if wanted.field:
        yield entry.field == wanted.field
    if wanted.country:
        yield entry.country == wanted.country
    if wanted.body:
        yield Organisation.slug == wanted.body
    least, most = wanted.hours
    if least is not None:
        yield entry.hours >= least
    if most is not None:
        yield entry.hours <= most


def _order(wanted: Wanted) -> tuple[Any, ...]:
    version = MicroCredentialVersion
    newest = version.published_at.desc()
    stable = newest, Organisation.slug, MicroCredentialSeries.code, version.id
    words = catalogue_entry.terms(wanted.query)
    if not words:
        return stable
    in_title = sa.and_(*(CatalogueEntry.titles.contains(word, autoescape=True) for word in words))
    return sa.case((in_title, 0), else_=1), *stable
