"""Whether what goes on with a published definition is its next version or other words for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from badges import changes
from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import catalogue, drafts
from lti_tool.services.definitions.drafts import EDITABLE, Kind, MoreThanWording


def refusal(db: Session, draft: DefinitionDraft, mc: MicroCredential | None) -> Conflict | None:
    """Return why a complete draft would not be handed in as it stands; None if it would be."""
    if mc is None:
        return Conflict("draft_incomplete")
    try:
        drafts.check_place(db, draft, mc)
    except Conflict as refused:
        return refused
    return None


def better(draft: DefinitionDraft) -> Kind | None:
    """Return what a draft should be instead by what it changes, None if it is right as it is:
    a revision that changes more than words is a version, a version of other words a revision."""
    mc, former = drafts.definition(draft), draft.based_on
    if mc is None or former is None or draft.kind == Kind.NEW:
        return None
    found = changes.differences(catalogue.definition(former), mc)
    is_more = any(one.is_substantive for one in found)
    if draft.kind == Kind.EDITORIAL:
        return Kind.VERSION if is_more else None
    was_reworded = former.revised_at is not None and former.revised_at > draft.created_at
    return Kind.EDITORIAL if found and not is_more and not was_reworded else None


def turn(db: Session, draft: DefinitionDraft, kind: Kind, now: datetime) -> None:
    """Let a draft that goes on with a version become the other kind; all that was written stays.

    Raises:
        Conflict: `draft_not_editable`; `nothing_to_go_on_with`: it is a definition of its own;
            MoreThanWording: `more_than_wording`: it is no revision of the wording.
    """
    db.refresh(draft, with_for_update=True)
    if draft.state not in EDITABLE:
        raise Conflict("draft_not_editable")
    former = draft.based_on
    if former is None or Kind.NEW in (kind, draft.kind):
        raise Conflict("nothing_to_go_on_with")
    if draft.kind == kind:
        return
    mc = drafts.definition(draft) if kind is Kind.EDITORIAL else None
    if mc is not None and (more := changes.substantive(catalogue.definition(former), mc)):
        raise MoreThanWording(more)
    name = former.version if kind is Kind.EDITORIAL else drafts.next_version(former)
    draft.content = draft.content | {"version": name}
    draft.kind, draft.updated_at = kind.value, now
    draft.revision += 1
    db.flush()
