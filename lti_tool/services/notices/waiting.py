"""What waits for an account, in every role that it has: kinds, how many, and of which definitions.

Asked on every page of somebody signed in, so it is as many statements for a hundred things as for
one, and a few for each definition of which awards wait that nobody in a course can confirm. Nothing
is counted that the account's own lists would not show.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.models import Account, DefinitionDraft
from lti_tool.services.awarding import stack_awards
from lti_tool.services.completing import moderation, prior_assessment
from lti_tool.services.completing.prior_assessment import Assessor
from lti_tool.services.courses import confirming_here
from lti_tool.services.definitions import lifecycle, review_partners
from lti_tool.services.definitions.drafts import State
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Access


class Kind(StrEnum):
    """In the order in which they are said."""

    REVIEWS = "reviews"  # definitions that somebody handed in
    SAMPLES = "samples"  # results to be looked at again
    APPLICATIONS = "applications"  # prior learning to be judged
    AWARDS = "awards"  # to be decided about
    RETURNED = "returned"  # own definitions that came back with comments
    PUBLISHED = "published"  # own ones that were approved since one last looked
    OVERDUE = "overdue"  # published ones whose date for another review is over
    DUE = "due"  # and those whose date is near


@dataclass(frozen=True, slots=True)
class Item:
    """`key` changes when the same thing waits anew. One of the two ids is there."""

    key: str
    draft_id: uuid.UUID | None = None
    version_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    kind: Kind
    items: Sequence[Item]


def of(db: Session, account: Account, access: Access, now: datetime) -> list[Waiting]:
    """Return what waits for an account; kinds of which nothing waits are left out."""
    reviewed = review_partners.reviewed(db, access) if access.reviews else {}
    found = _of_drafts(db, account, access, reviewed)
    if reviewed:
        found[Kind.SAMPLES] = [
            Item(f"{sample}", version_id=version)
            for sample, version in moderation.waiting_ids(db, reviewed, account.id)
        ]
    if access.assesses:
        found[Kind.APPLICATIONS] = [
            Item(f"{one.id}:{one.revision}:{one.submitted_at}", version_id=one.version_id)
            for one in prior_assessment.waiting(db, Assessor(account, access))
        ]
    if access.is_administrator:
        within = None if access.is_operator else access.administers
        found[Kind.AWARDS] = [
            Item(f"{award}:{since}", version_id=version)
            for award, version, since in stack_awards.waiting_ids(db, within)
        ] + [
            Item(f"{one.pending.person_id}:{version}:{one.pending.since}", version_id=version)
            for one in confirming_here.listed(db, within, now)
            if one.is_open_to(account)
            for version in [one.pending.version_id]
        ]
    if access.is_administrator or access.reviews:
        for version, by in lifecycle.due_ids(db, answers_for(access, reviewed), now):
            kind = Kind.OVERDUE if by <= now else Kind.DUE
            found.setdefault(kind, []).append(Item(f"{version}:{by}", version_id=version))
    return [Waiting(kind, found[kind]) for kind in Kind if found.get(kind)]


def answers_for(access: Access, reviewed: Iterable[uuid.UUID]) -> frozenset[uuid.UUID] | None:
    """Return whose published definitions somebody answers for, in any role; None: all.

    `reviewed`: of `review_partners.reviewed`.
    """
    return None if access.is_operator else access.administers | access.reviews | {*reviewed}


def have_seen(db: Session, account_id: uuid.UUID, now: datetime) -> None:
    """Keep that an account has looked at what was published of its own definitions."""
    db.execute(sa.update(Account).filter_by(id=account_id).values(published_seen_at=now))


def _of_drafts(
    db: Session, account: Account, access: Access, reviewed: Collection[uuid.UUID]
) -> dict[Kind, list[Item]]:
    """Return what waits of definitions that are being written, to be reviewed and own ones."""
    actor, draft = accounts.actor(account), DefinitionDraft
    since = account.published_seen_at or account.created_at
    is_news = sa.and_(draft.state == State.PUBLISHED.value, draft.updated_at > since)
    is_own = sa.and_(
        draft.author == actor,
        sa.true() if access.is_operator else draft.organisation_id.in_(access.administers),
        sa.or_(draft.state == State.RETURNED.value, is_news),
    )
    is_to_review = sa.and_(
        draft.author != actor,
        draft.organisation_id.in_(reviewed),
        draft.state == State.SUBMITTED.value,
    )
    rows = sa.select(draft.id, draft.state, draft.updated_at).filter(sa.or_(is_own, is_to_review))
    kinds = {State.SUBMITTED: Kind.REVIEWS, State.RETURNED: Kind.RETURNED}
    found: dict[Kind, list[Item]] = {}
    for draft_id, state, at in db.execute(rows.order_by(draft.updated_at, draft.id)):
        kind = kinds.get(State(state), Kind.PUBLISHED)
        found.setdefault(kind, []).append(Item(f"{draft_id}:{at}", draft_id=draft_id))
    return found
