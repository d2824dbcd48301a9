"""Which micro-credentials the courses of an organisation may offer: its own, and those of bodies
that let it award in their name."""

import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import DefinitionGrant, MicroCredentialSeries, Organisation
from lti_tool.services import audit


def offerable(organisation_id: uuid.UUID, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition, on `MicroCredentialSeries`, of being offered by its new courses."""
    granted = sa.select(DefinitionGrant.series_id).filter(
        sa.or_(
            DefinitionGrant.organisation_id == organisation_id,
            DefinitionGrant.organisation_id.is_(None),
        ),
        *_holds(now),
    )
    return sa.or_(
        MicroCredentialSeries.organisation_id == organisation_id,
        MicroCredentialSeries.id.in_(granted),
    )


def may_offer(
    db: Session, organisation_id: uuid.UUID, series: MicroCredentialSeries, now: datetime
) -> bool:
    """Whether new courses of the organisation may offer the series."""
    if series.organisation_id == organisation_id:
        return True
    wanted = sa.select(MicroCredentialSeries.id).filter_by(id=series.id)
    return db.scalar(wanted.filter(offerable(organisation_id, now))) is not None


def grant(
    db: Session,
    series: MicroCredentialSeries,
    organisation: Organisation | None,
    *,
    by: str,
    now: datetime,
    ends_at: datetime | None = None,
) -> DefinitionGrant:
    """Let an organisation, or with None everybody on this server, offer a series until `ends_at`.

    Raises:
        ToolError: `grant_to_oneself`; `grant_ended`: the end lies in the past.
        Conflict: `already_granted`.
    """
    if organisation is not None and organisation.id == series.organisation_id:
        raise ToolError("grant_to_oneself")
    if ends_at is not None and ends_at <= now:
        raise ToolError("grant_ended")
    organisation_id = organisation.id if organisation else None
    # The series is locked, so that of two at one moment one finds the other's.
    locked = sa.select(MicroCredentialSeries.id).filter_by(id=series.id)
    db.execute(locked.with_for_update(key_share=True))
    known = sa.select(DefinitionGrant.id).filter_by(series_id=series.id)
    if db.scalar(known.filter(_same(organisation_id), *_holds(now)).limit(1)) is not None:
        raise Conflict("already_granted")
    made = DefinitionGrant(
        series=series, organisation_id=organisation_id, granted_at=now, ends_at=ends_at
    )
    db.add(made)
    db.flush()
    _note(db, made, by, "grant.made", now)
    return made


def withdraw(db: Session, made: DefinitionGrant, *, by: str, now: datetime) -> None:
    """End a grant: no new course begins. Repeating it changes nothing."""
    db.refresh(made, with_for_update={"of": DefinitionGrant})
    if made.withdrawn_at is None:
        made.withdrawn_at = now
        _note(db, made, by, "grant.withdrawn", now)


def find(db: Session, grant_id: uuid.UUID) -> DefinitionGrant:
    """Return a grant.

    Raises:
        NotFound: `unknown_permission`.
    """
    made = db.get(DefinitionGrant, grant_id)
    if made is None:
        raise NotFound("unknown_permission")
    return made


def of_body(db: Session, organisation_id: uuid.UUID, now: datetime) -> Sequence[DefinitionGrant]:
    """Return the grants that an awarding body has made and that hold, by code, everybody first."""
    return db.scalars(
        sa.select(DefinitionGrant)
        .join(DefinitionGrant.series)
        .outerjoin(DefinitionGrant.organisation)
        .filter(MicroCredentialSeries.organisation_id == organisation_id, *_holds(now))
        .options(joinedload(DefinitionGrant.series), joinedload(DefinitionGrant.organisation))
        .order_by(
            MicroCredentialSeries.code,
            DefinitionGrant.organisation_id.is_not(None),
            Organisation.name,
            DefinitionGrant.id,
        )
    ).all()


def _holds(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DefinitionGrant.withdrawn_at.is_(None),
        sa.or_(DefinitionGrant.ends_at.is_(None), DefinitionGrant.ends_at > now),
    )


def _same(organisation_id: uuid.UUID | None) -> sa.ColumnElement[bool]:
    if organisation_id is None:
        return DefinitionGrant.organisation_id.is_(None)
    return DefinitionGrant.organisation_id == organisation_id


def _note(db: Session, made: DefinitionGrant, by: str, act: str, now: datetime) -> None:
    to = str(made.organisation_id or "everybody")
    body = made.series.organisation_id
    audit.note_in(db, body, by, act, f"micro_credential_series:{made.series_id}", now, to=to)
