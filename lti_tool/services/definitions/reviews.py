"""Review a definition that was handed in: approve it, which publishes it, or return it.

Author and reviewer are different people. A reviewer works for an organisation: the author's own, or
a partner where the author's organisation has named partners; then its own reviewers do not count.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.changes import Difference, differences
from badges.definition_values import MAX_PROSE
from lti_tool.errors import Conflict, Forbidden, NotFound, ToolError
from lti_tool.models import (
    DefinitionDraft,
    DefinitionStep,
    MicroCredentialVersion,
)
from lti_tool.services import audit
from lti_tool.services.definitions import catalogue, drafts, review_partners
from lti_tool.services.definitions.drafts import Kind, State
from lti_tool.services.staff.accounts import Access

LONGEST_NOTE = MAX_PROSE
MOST_COMMENTS = 300
LATELY = 20

_ELEMENT = re.compile(r"\$(\.[a-z_]{1,40}|\[\d{1,3}\]){1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """`actor`: `account:<id>`."""

    actor: str
    access: Access


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says of the draft as it was at `revision`. `comments`: by element, a
    JSONPath such as `$.units[0].hours`. `is_independent`: they had no part in writing it."""

    revision: int
    note: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    is_independent: bool = False


def waiting(db: Session, reviewer: Reviewer) -> Sequence[DefinitionDraft]:
    """Return what waits for this reviewer, oldest first."""
    reviewed = review_partners.reviewed(db, reviewer.access)
    found = db.scalars(
        sa.select(DefinitionDraft)
        .options(joinedload(DefinitionDraft.organisation))
        .filter(
            DefinitionDraft.state == State.SUBMITTED,
            DefinitionDraft.organisation_id.in_(reviewed),
            DefinitionDraft.author != reviewer.actor,
            ~sa.exists().where(
                DefinitionStep.draft_id == DefinitionDraft.id,
                DefinitionStep.action == State.SUBMITTED,
                DefinitionStep.actor == reviewer.actor,
            ),
        )
        .order_by(DefinitionDraft.updated_at, DefinitionDraft.id)
    )
    return found.all()


def lately(db: Session, reviewer: Reviewer) -> Sequence[DefinitionStep]:
    """Return what this reviewer decided last, newest first."""
    return db.scalars(
        sa.select(DefinitionStep)
        .options(joinedload(DefinitionStep.draft).joinedload(DefinitionDraft.organisation))
        .filter(
            DefinitionStep.actor == reviewer.actor,
            DefinitionStep.draft_id.is_not(None),
            DefinitionStep.action.in_([State.APPROVED, State.RETURNED]),
        )
        .order_by(DefinitionStep.at.desc(), DefinitionStep.id)
        .limit(LATELY)
    ).all()


def find(db: Session, reviewer: Reviewer, draft_id: uuid.UUID) -> DefinitionDraft:
    """Return a draft that waits for this reviewer.

    Raises:
        NotFound: `unknown_review`: it is none, or not theirs to review.
        Conflict: `review_over`: somebody has decided about it, or its author took it back.
    """
    draft = db.get(DefinitionDraft, draft_id)
    if draft is None or draft.state == State.DISCARDED or not _was_handed_in(db, draft):
        raise NotFound("unknown_review")
    if draft.organisation_id not in review_partners.reviewed(db, reviewer.access):
        raise NotFound("unknown_review")
    if draft.state != State.SUBMITTED:
        raise Conflict("review_over")
    return draft


def is_own(db: Session, draft: DefinitionDraft, actor: str) -> bool:
    """Whether somebody wrote or handed in a draft, so that somebody else has to review it."""
    handed_in = sa.select(DefinitionStep.actor).filter_by(draft_id=draft.id, action=State.SUBMITTED)
    return actor in {draft.author, *db.scalars(handed_in)}


def _was_handed_in(db: Session, draft: DefinitionDraft) -> bool:
    return any(one.action == State.SUBMITTED for one in drafts.steps(db, draft))


def changed(draft: DefinitionDraft) -> tuple[Difference, ...]:
    """Return what a draft changes of the version that it goes on with; nothing for a new series."""
    mc = drafts.definition(draft)
    if mc is None or draft.based_on is None or draft.kind == Kind.NEW:
        return ()
    return differences(catalogue.definition(draft.based_on), mc)


def give_back(
    db: Session, draft: DefinitionDraft, reviewer: Reviewer, opinion: Opinion, now: datetime
) -> None:
    """Return a draft to its author, who reads what is to be changed.

    Raises:
        ToolError: `comment_missing`: it says nothing; `comment_too_long`, `unknown_element`.
        Conflict, Forbidden: as `approve`.
    """
    place = _take(db, draft, reviewer, opinion)
    comments = _comments(opinion)
    if not comments and not opinion.note.strip():
        raise ToolError("comment_missing")
    draft.returned = draft.content
    _move(db, draft, State.RETURNED, reviewer, place, opinion, now)
    _note(db, draft, reviewer, "definition.returned", now)


def approve(
    db: Session,
    draft: DefinitionDraft,
    reviewer: Reviewer,
    opinion: Opinion,
    *,
    public_url: str,
    review_by: datetime | None = None,
    now: datetime,
) -> MicroCredentialVersion:
    """Approve a draft and publish it at once; return the version that came of it.

    `review_by`: from when on no new course begins with it unless it was looked at again; an
    editorial revision keeps that of its version.

    Raises:
        Conflict: `review_over`; `review_outdated`: it is another text than the reviewer read; as
            `drafts.check_place`, and `version_exists`.
        Forbidden: `own_definition`: the reviewer wrote or handed it in, or belongs to its
            organisation where a partner reviews; `independence_missing`: they did not declare it.
        ToolError: `comment_too_long`, `unknown_element`; IncompleteDefinition,
            `unsignable_definition`: as `catalogue.check`.
    """
    place = _take(db, draft, reviewer, opinion)
    if not opinion.is_independent:
        raise Forbidden("independence_missing")
    _move(db, draft, State.APPROVED, reviewer, place, opinion, now)
    draft.published = _publish(db, draft, public_url, review_by, now)
    db.flush()
    drafts.move(db, draft, State.PUBLISHED, reviewer.actor, draft.organisation_id, now)
    _note(db, draft, reviewer, "definition.approved", now)
    return draft.published


def _publish(
    db: Session,
    draft: DefinitionDraft,
    public_url: str,
    review_by: datetime | None,
    now: datetime,
) -> MicroCredentialVersion:
    mc = drafts.definition(draft)
    if mc is None:
        raise Conflict("draft_incomplete")
    catalogue.check(mc, public_url=public_url, now=now)
    if draft.kind == Kind.EDITORIAL:  # so that nobody publishes another wording meanwhile
        of = {"key_share": True, "of": MicroCredentialVersion}
        db.refresh(draft.based_on, with_for_update=of)
    drafts.check_place(db, draft, mc)
    if draft.kind == Kind.EDITORIAL:
        assert draft.based_on is not None
        catalogue.reword(db, draft.based_on, mc, now)
        return draft.based_on
    version, _ = catalogue.add(db, mc, draft.organisation, now)
    version.review_by = review_by
    if draft.kind == Kind.VERSION and draft.based_on is not None:
        version.moderated_one_in = draft.based_on.moderated_one_in
        version.moderation_key = draft.based_on.moderation_key
    draft.organisation.country = draft.organisation.country or mc.awarding_body.country
    return version


def _take(db: Session, draft: DefinitionDraft, reviewer: Reviewer, opinion: Opinion) -> uuid.UUID:
    """Lock a draft and return for which organisation the reviewer decides about it."""
    db.refresh(draft, with_for_update=True)
    if draft.state != State.SUBMITTED:
        raise Conflict("review_over")
    if draft.revision != opinion.revision:
        raise Conflict("review_outdated")
    if is_own(db, draft, reviewer.actor):
        raise Forbidden("own_definition")
    place = review_partners.reviewed(db, reviewer.access).get(draft.organisation_id)
    if place is None:
        raise NotFound("unknown_review")
    return place


def _comments(opinion: Opinion) -> list[dict[str, str]]:
    found = {element: text.strip() for element, text in opinion.comments.items()}
    if any(len(text) > LONGEST_NOTE for text in (*found.values(), opinion.note.strip())):
        raise ToolError("comment_too_long", maximum=str(LONGEST_NOTE))
    kept = {element: text for element, text in found.items() if text}
    if len(kept) > MOST_COMMENTS or any(_ELEMENT.fullmatch(one) is None for one in kept):
        raise ToolError("unknown_element")
    return [{"element": element, "text": text} for element, text in kept.items()]


def _move(
    db: Session,
    draft: DefinitionDraft,
    state: State,
    reviewer: Reviewer,
    place: uuid.UUID,
    opinion: Opinion,
    now: datetime,
) -> None:
    drafts.move(
        db,
        draft,
        state,
        reviewer.actor,
        place,
        now,
        note=opinion.note,
        comments=_comments(opinion),
    )


def _note(
    db: Session, draft: DefinitionDraft, reviewer: Reviewer, action: str, now: datetime
) -> None:
    subject = f"definition_draft:{draft.id}"
    audit.note_in(db, draft.organisation_id, reviewer.actor, action, subject, now)
