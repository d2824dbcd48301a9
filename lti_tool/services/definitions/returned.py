"""What a reviewer asked for when a draft came back: where that stands now, what was done since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from badges import changes, drafting
from badges import definition as definitions
from badges.changes import Difference
from badges.definition import InvalidDefinition
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import drafts
from lti_tool.services.definitions.drafts import State

_BESIDE = {
    "$.hours": "$.credit",
    "$.eqf_level": "$.national_level",
    "$.participation": "$.activities",
}
"""What a reviewer reads under the same heading."""


@dataclass(frozen=True, slots=True)
class Remark:
    """`element`: JSONPath into the text as it is now; where it was, if it `is_gone`. `changes`:
    what was changed there since."""

    element: str
    text: str
    is_gone: bool
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """`changes`: all that was changed since; None if that is not known: the text of then was not
    kept (before migration 0047), or that of now cannot be read yet."""

    at: datetime
    note: str
    remarks: tuple[Remark, ...]
    changes: tuple[Difference, ...] | None


def asked(db: Session, draft: DefinitionDraft) -> Asked | None:
    """Return what was asked for when a draft was returned last; None if it never was."""
    last = [one for one in drafts.steps(db, draft) if one.action == State.RETURNED][-1:]
    for step in last:
        since = _since(draft)
        remarks = tuple(_remark(draft, one, since or ()) for one in step.comments)
        return Asked(step.at, step.note or "", remarks, since)
    return None


def is_within(path: str, element: str) -> bool:
    """Whether a place is an element of a definition or lies in it."""
    return path.startswith(element) and path[len(element) :][:1] in ("", ".", "[")


def _since(draft: DefinitionDraft) -> tuple[Difference, ...] | None:
    try:
        before = definitions.load(draft.returned)
    except InvalidDefinition:
        return None
    now = drafts.definition(draft)
    return changes.differences(before, now) if now is not None else None


def _remark(draft: DefinitionDraft, comment: dict[str, str], since: Iterable[Difference]) -> Remark:
    was = comment["element"]
    now = drafting.followed(was, draft.returned, draft.content) if draft.returned else was
    if now is None:
        return Remark(was, comment["text"], True, ())
    places = {now, _BESIDE.get(now, now)}
    found = [one for one in since if any(is_within(one.path, place) for place in places)]
    return Remark(now, comment["text"], False, tuple(found))
