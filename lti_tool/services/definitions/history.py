"""What happened to a version of a definition, step by step, as everybody may know it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from lti_tool.models import DefinitionDraft, DefinitionStep, MicroCredentialVersion
from lti_tool.services.definitions import settling


class Act(StrEnum):
    """What the public history says; `REVISED`: published with another wording."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    REVISED = "revised"
    CONFIRMED = "confirmed"  # looked at again, and still right
    RETIRED = "retired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Event:
    """`organisation`: the name of whose person did it, "" where the server's operator did.
    `reason`: why it was retired. `by`: the version that superseded it."""

    act: Act
    at: datetime
    organisation: str = ""
    reason: str = ""
    by: str = ""


def note(
    db: Session,
    version: MicroCredentialVersion,
    act: Act,
    actor: str,
    organisation_id: uuid.UUID | None,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """Keep a step of a version that no draft takes; its row is locked, or new."""
    settling.begin(db, now)
    taken = sa.select(sa.func.max(DefinitionStep.sequence)).filter_by(
        version_id=version.id, draft_id=None
    )
    step = DefinitionStep(
        version_id=version.id,
        sequence=(db.scalar(taken) or 0) + 1,
        action=act.value,
        actor=actor,
        organisation_id=organisation_id,
        at=now,
        note=reason or None,
        comments=[],
    )
    db.add(step)
    db.flush()


def of_version(db: Session, version: MicroCredentialVersion) -> list[Event]:
    """Return what happened to a version, oldest first: no person, no comment of a review.

    Versions that are older than this record have at least the day of their publication.
    """
    found = [_event(step) for step in _steps(db, version)]
    if not any(one.act is Act.PUBLISHED for one in found):
        found.append(Event(Act.PUBLISHED, version.published_at))
    later = [one for one in version.series.versions if one.published_at > version.published_at]
    if later:
        first = min(later, key=lambda one: one.published_at)
        found.append(Event(Act.SUPERSEDED, first.published_at, by=first.version))
    return sorted(found, key=lambda one: one.at)


def _steps(db: Session, version: MicroCredentialVersion) -> Sequence[DefinitionStep]:
    of_it = sa.or_(
        DefinitionStep.version_id == version.id, DefinitionDraft.published_id == version.id
    )
    return db.scalars(
        sa.select(DefinitionStep)
        .outerjoin(DefinitionStep.draft)
        .options(joinedload(DefinitionStep.organisation), joinedload(DefinitionStep.draft))
        .filter(of_it, DefinitionStep.action.in_([one.value for one in Act]))
        .order_by(DefinitionStep.at, DefinitionStep.sequence)
    ).all()


def _event(step: DefinitionStep) -> Event:
    act = Act(step.action)
    if act is Act.PUBLISHED and step.draft is not None and step.draft.kind == "editorial":
        act = Act.REVISED
    reason = (step.note or "") if act is Act.RETIRED else ""
    return Event(act, step.at, step.organisation.name if step.organisation else "", reason)
