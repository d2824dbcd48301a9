"""Read the audit log: pages of entries, and what the ids in them are called today."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.models import (
    Account,
    ApiClient,
    AuditEntry,
    DefinitionDraft,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    Platform,
    Registration,
)

PER_PAGE = 50


class About(StrEnum):
    """What entries are about, as people filter them."""

    PEOPLE = "people"
    PLATFORMS = "platforms"
    KEYS = "keys"
    LEARNING = "learning"


_PREFIXES: Mapping[About, tuple[str, ...]] = {
    About.PEOPLE: ("account.", "sign_in_link.", "passkey."),
    About.PLATFORMS: (
        "organisation.",
        "platform.",
        "registration.",
        "invitation.",
        "deployment.",
        "deployments.",
        "launch.",
    ),
    About.KEYS: ("tool_key.", "issuer_key."),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which entries somebody looks for. `begins`, `ends`: aware; `actions`: None for all."""

    actor: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    actions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `number` counts from 1."""

    entries: Sequence[AuditEntry]
    number: int
    has_more: bool


def page(
    db: Session,
    *,
    number: int = 1,
    about: About | None = None,
    wish: Wish | None = None,
    within: Iterable[uuid.UUID] | None = None,
) -> Page:
    """Return a page of what happened: everything, or what concerns these organisations."""
    chosen = sa.select(AuditEntry)
    if within is not None:
        chosen = chosen.filter(AuditEntry.organisation_id.in_(within))
    if about is not None:
        chosen = chosen.filter(_is_about(about))
    if wish is not None:
        chosen = chosen.filter(*_conditions(wish))
    number = max(1, min(number, 100_000))
    found = db.scalars(
        chosen.order_by(AuditEntry.at.desc(), AuditEntry.id)
        .offset((number - 1) * PER_PAGE)
        .limit(PER_PAGE + 1)
    ).all()
    return Page(found[:PER_PAGE], number, len(found) > PER_PAGE)


def _conditions(wish: Wish) -> Iterable[sa.ColumnElement[bool]]:
    if wish.actor:
        yield AuditEntry.actor == wish.actor
    if wish.begins:
        yield AuditEntry.at >= wish.begins
    if wish.ends:
        yield AuditEntry.at < wish.ends
    if wish.actions is not None:
        yield AuditEntry.action.in_(wish.actions)


def _is_about(about: About) -> sa.ColumnElement[bool]:
    def begins(prefixes: Iterable[str]) -> sa.ColumnElement[bool]:
        return sa.or_(*(AuditEntry.action.startswith(one, autoescape=True) for one in prefixes))

    if about is About.LEARNING:
        return sa.not_(begins(one for known in _PREFIXES.values() for one in known))
    return begins(_PREFIXES[about])


def names(db: Session, entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return what actors and subjects are called today, by `kind:<id>`.

    People who come from an LMS stay nameless: who runs a server need not know who learns there.
    """
    wanted: dict[str, set[uuid.UUID]] = {}
    for entry in entries:
        for reference in (entry.actor, entry.subject):
            kind, _, identifier = reference.partition(":")
            try:
                wanted.setdefault(kind, set()).add(uuid.UUID(identifier))
            except ValueError:
                continue
    sources: dict[str, sa.Select[uuid.UUID, str]] = {
        "account": sa.select(Account.id, Account.name),
        "organisation": sa.select(Organisation.id, Organisation.name),
        "platform": sa.select(Platform.id, Platform.name),
        "registration": sa.select(Registration.id, Platform.name).join(Registration.platform),
        "micro_credential_version": sa.select(
            MicroCredentialVersion.id, MicroCredentialSeries.code
        ).join(MicroCredentialVersion.series),
        "micro_credential_series": sa.select(MicroCredentialSeries.id, MicroCredentialSeries.code),
        "definition_draft": sa.select(
            DefinitionDraft.id, DefinitionDraft.content["code"].as_string()
        ),
        "api_client": sa.select(ApiClient.id, ApiClient.name),
    }
    found: dict[str, str] = {}
    for kind, source in sources.items():
        if ids := wanted.get(kind):
            rows = db.execute(source.filter(source.selected_columns.id.in_(ids)))
            found.update({f"{kind}:{key}": name for key, name in rows if name})
    return found
