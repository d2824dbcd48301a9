"""Write a definition: start, save, check, submit, discard.

A draft belongs to an organisation and is edited by its author alone. What happens to it after
`submit` is `services.definitions.reviews`.
"""

import re
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import changes, drafting
from badges import definition as definitions
from badges.changes import Difference
from badges.definition import InvalidDefinition, Problem
from badges.micro_credential import MicroCredential, MissingElement, missing_elements
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    DefinitionDraft,
    DefinitionStep,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
)
from lti_tool.services.definitions import artworks, stack_parts

LARGEST_CONTENT = 512 * 1024
"""Characters of a draft as JSON."""
MOST_LISTED = 200
MOST_PUBLISHED = 20
FIRST_VERSION = "1.0"


class Kind(StrEnum):
    """What comes of a draft: a new series, its next version, or a dated revision of a version
    that changes its wording only."""

    NEW = "new"
    VERSION = "version"
    EDITORIAL = "editorial"


class State(StrEnum):
    DRAFT = "draft"  # also of one that its author took back
    SUBMITTED = "submitted"
    RETURNED = "returned"  # with comments; its author goes on
    APPROVED = "approved"
    PUBLISHED = "published"
    DISCARDED = "discarded"


EDITABLE = (State.DRAFT, State.RETURNED)
OVER = (State.PUBLISHED, State.DISCARDED)


class MoreThanWording(Conflict):
    """A revision of the wording changes what makes another version; `differences` says what."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        super().__init__("more_than_wording")
        self.differences = differences


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, for which organisation. `actor`: `person:<id>` or `account:<id>`."""

    actor: str
    organisation_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Checklist:
    """What stands between a draft and its publication: nothing, if `mc` is there and both lists
    are empty. `mc` is None while the draft cannot be read as a definition; `problems` of one that
    can be are those of `drafting.doubts` and of `stack_parts.problems`."""

    mc: MicroCredential | None
    problems: tuple[Problem, ...]
    missing: tuple[MissingElement, ...]

    @property
    def is_complete(self) -> bool:
        return self.mc is not None and not self.missing and not self.problems


def start(
    db: Session, writer: Writer, *, title: str, language: str, now: datetime
) -> DefinitionDraft:
    """Return a new draft with a code of its own, and its first unit to be filled in.

    Raises:
        ToolError: `malformed_title`.
    """
    title = " ".join(title.split())
    if not title or len(title) > 200 or not title.isprintable():
        raise ToolError("malformed_title")
    organisation = db.get_one(Organisation, writer.organisation_id)
    code = _free_code(db, organisation, title)
    content: dict[str, Any] = {
        "format": definitions.FORMAT,
        "code": code,
        "version": FIRST_VERSION,
        "title": {language: title},
        "awarding_body": awarding_body(organisation, language),
        "original_language": language,
        "languages": [language],
        "units": [],
    }
    return _add(db, writer, Kind.NEW, content, None, now)


def start_from(
    db: Session, writer: Writer, version: MicroCredentialVersion, kind: Kind, now: datetime
) -> DefinitionDraft:
    """Return a new draft with the content of a version of the writer's organisation.

    `kind`: `VERSION` or `EDITORIAL`; `adoption` begins an own one with anybody's.

    Raises:
        NotFound: `unknown_micro_credential`: it is another organisation's.
        Conflict: `already_being_written`: somebody writes the next one of the series.
    """
    if version.series.organisation_id != writer.organisation_id:
        raise NotFound("unknown_micro_credential")
    # The series is locked, so that of two begun at one moment one finds the other.
    locked = sa.select(MicroCredentialSeries.id).filter_by(id=version.series_id)
    db.execute(locked.with_for_update(key_share=True))
    db.expire(version.series, ["versions"])
    db.refresh(version)
    if _is_being_written(db, version):
        raise Conflict("already_being_written")
    content = dict(version.definition)
    if kind is Kind.VERSION:
        content["version"] = next_version(version)
    return _add(db, writer, kind, content, version, now)


def awarding_body(organisation: Organisation, language: str) -> dict[str, Any]:
    """Return how a definition names the organisation that a draft belongs to."""
    named: dict[str, Any] = {"slug": organisation.slug, "name": {language: organisation.name}}
    return named | ({"country": organisation.country} if organisation.country else {})


def save(
    db: Session, draft: DefinitionDraft, content: dict[str, Any], *, revision: int, now: datetime
) -> int:
    """Keep what was written and return the new revision; repeating what is kept changes nothing.

    `revision`: the one that the writer's page was made from.

    Raises:
        Conflict: `draft_not_editable`; `draft_changed_elsewhere`: another page saved meanwhile.
        ToolError: `draft_too_large`.
    """
    db.refresh(draft, with_for_update=True)
    if draft.state not in EDITABLE:
        raise Conflict("draft_not_editable")
    if content == draft.content:
        return draft.revision
    if revision != draft.revision:
        raise Conflict("draft_changed_elsewhere")
    if len(repr(content)) > LARGEST_CONTENT:
        raise ToolError("draft_too_large")
    draft.content, draft.updated_at = content, now
    draft.revision += 1
    db.flush()
    return draft.revision


def checklist(db: Session, draft: DefinitionDraft) -> Checklist:
    """Return what is wrong and what is missing, all at once; other words for what is published
    are not held up by an address that it has already, nor by what it is made of."""
    return checklist_of(db, draft, draft.content)


def checklist_of(db: Session, draft: DefinitionDraft, content: dict[str, Any]) -> Checklist:
    """Return the same for what is not saved yet."""
    former = _published_as(draft)
    own = f"{draft.organisation.slug}/{content.get('code')}"
    stack = drafting.stack(content)
    is_kept = former is not None and former.get("stack") == content.get("stack")
    amiss = tuple(stack_parts.problems(db, own, stack)) if stack and not is_kept else ()
    try:
        mc = definitions.load(content)
    except InvalidDefinition as error:
        return Checklist(None, (*error.problems, *amiss), ())
    found = drafting.doubts(content, former)
    doubts = tuple(Problem(path, code) for path, code in found)
    return Checklist(mc, (*doubts, *amiss), missing_elements(mc))


def definition(draft: DefinitionDraft) -> MicroCredential | None:
    """Return what a draft says, None while it cannot be read as a definition."""
    try:
        return definitions.load(draft.content)
    except InvalidDefinition:
        return None


def _published_as(draft: DefinitionDraft) -> dict[str, Any] | None:
    """Return the definition that an editorial draft says in other words; None for other drafts."""
    former = draft.based_on if draft.kind == Kind.EDITORIAL else None
    return former.definition if former else None


def submit(
    db: Session, draft: DefinitionDraft, *, actor: str, now: datetime, note: str = ""
) -> None:
    """Hand a complete draft to the reviewers; from now on it is not edited.

    Raises:
        Conflict: `draft_not_editable`; `draft_incomplete`; as `check_place`.
    """
    db.refresh(draft, with_for_update=True)
    if draft.state not in EDITABLE:
        raise Conflict("draft_not_editable")
    found = checklist(db, draft)
    if found.mc is None or not found.is_complete:
        raise Conflict("draft_incomplete")
    check_place(db, draft, found.mc)
    move(db, draft, State.SUBMITTED, actor, draft.organisation_id, now, note=note)


def check_place(db: Session, draft: DefinitionDraft, mc: MicroCredential) -> None:
    """Refuse a definition that does not belong where its draft does.

    Raises:
        Conflict: `foreign_awarding_body`: it names another than the draft's organisation;
            `artwork_missing`: it names a picture that is not here;
            `code_taken`: a new series, or version, of that code is there already;
            `code_changed`: the next of a series has another code;
            `nothing_changed`; MoreThanWording: `more_than_wording`;
            `reworded_meanwhile`: it would undo what was published since it was begun.
    """
    body, ours = mc.awarding_body, draft.organisation
    is_ours = body.slug == ours.slug and ours.name in body.name.values()
    if not is_ours or (ours.country or body.country) != body.country:
        raise Conflict("foreign_awarding_body", name=ours.name)
    if mc.artwork and artworks.of(db, mc) is None:
        raise Conflict("artwork_missing")
    series = sa.select(MicroCredentialSeries).filter_by(organisation_id=ours.id, code=mc.code)
    known = db.scalar(series)
    if draft.kind == Kind.NEW:
        if known is not None:
            raise Conflict("code_taken", wanted=mc.code)
        return
    assert draft.based_on is not None  # the next of something
    if known is not draft.based_on.series:
        raise Conflict("code_changed", wanted=draft.based_on.series.code)
    if draft.kind == Kind.VERSION and mc.version in {one.version for one in known.versions}:
        raise Conflict("code_taken", wanted=f"{mc.code} {mc.version}")
    if draft.kind == Kind.EDITORIAL and mc.version != draft.based_on.version:
        raise Conflict("code_changed", wanted=draft.based_on.version)
    revised_at = draft.based_on.revised_at
    if draft.kind == Kind.EDITORIAL and revised_at is not None and revised_at > draft.created_at:
        raise Conflict("reworded_meanwhile")
    found = changes.differences(definitions.load(draft.based_on.definition), mc)
    if not found:
        raise Conflict("nothing_changed")
    more = tuple(one for one in found if one.is_substantive)
    if draft.kind == Kind.EDITORIAL and more:
        raise MoreThanWording(more)


def discard(db: Session, draft: DefinitionDraft, *, actor: str, now: datetime) -> None:
    """Give up a draft that is not published; its steps stay.

    Raises:
        Conflict: `draft_not_editable`.
    """
    db.refresh(draft, with_for_update=True)
    if draft.state not in EDITABLE:
        raise Conflict("draft_not_editable")
    move(db, draft, State.DISCARDED, actor, draft.organisation_id, now)


def take_back(db: Session, draft: DefinitionDraft, *, actor: str, now: datetime) -> None:
    """Let the author go on with what was handed in and nobody has decided about yet.

    Raises:
        Conflict: `decided_meanwhile`: it does not wait any more.
    """
    db.refresh(draft, with_for_update=True)
    if draft.state != State.SUBMITTED:
        raise Conflict("decided_meanwhile")
    move(db, draft, State.DRAFT, actor, draft.organisation_id, now)


def move(
    db: Session,
    draft: DefinitionDraft,
    state: State,
    actor: str,
    organisation_id: uuid.UUID | None,
    now: datetime,
    *,
    note: str = "",
    comments: Sequence[dict[str, str]] = (),
) -> DefinitionStep:
    """Bring a draft, whose row is locked, into a state and keep who did it, for which
    organisation, and what they said."""
    taken = sa.select(sa.func.max(DefinitionStep.sequence)).filter_by(draft_id=draft.id)
    step = DefinitionStep(
        draft=draft,
        version_id=draft.published_id,
        sequence=(db.scalar(taken) or 0) + 1,
        action=state.value,
        actor=actor,
        organisation_id=organisation_id,
        at=now,
        note=note.strip() or None,
        comments=list(comments),
    )
    draft.state, draft.updated_at = state.value, now
    draft.returned = None if state in OVER else draft.returned
    db.add(step)
    db.flush()
    return step


def find(db: Session, draft_id: uuid.UUID) -> DefinitionDraft:
    """Return a draft, whosever it is: the caller checks whose.

    Raises:
        NotFound: `unknown_draft`.
    """
    draft = db.get(DefinitionDraft, draft_id)
    if draft is None or draft.state == State.DISCARDED:
        raise NotFound("unknown_draft")
    return draft


def of_author(db: Session, writer: Writer) -> Sequence[DefinitionDraft]:
    """Return the drafts that this author has not finished, what was touched last first."""
    return db.scalars(
        sa.select(DefinitionDraft)
        .filter_by(author=writer.actor, organisation_id=writer.organisation_id)
        .filter(DefinitionDraft.state.not_in(OVER))
        .order_by(DefinitionDraft.updated_at.desc(), DefinitionDraft.id)
    ).all()


def published_by(db: Session, writer: Writer) -> Sequence[DefinitionDraft]:
    """Return what this author wrote and was published, newest first."""
    return db.scalars(
        sa.select(DefinitionDraft)
        .filter_by(author=writer.actor, organisation_id=writer.organisation_id)
        .filter_by(state=State.PUBLISHED.value)
        .order_by(DefinitionDraft.updated_at.desc(), DefinitionDraft.id)
        .limit(MOST_PUBLISHED)
    ).all()


def of_organisations(db: Session, ids: Collection[uuid.UUID]) -> Sequence[DefinitionDraft]:
    """Return the drafts of whole organisations that are not over, what was touched last first."""
    return db.scalars(
        sa.select(DefinitionDraft)
        .filter(DefinitionDraft.organisation_id.in_(ids), DefinitionDraft.state.not_in(OVER))
        .order_by(DefinitionDraft.updated_at.desc(), DefinitionDraft.id)
        .limit(MOST_LISTED)
    ).all()


def steps(db: Session, draft: DefinitionDraft) -> Sequence[DefinitionStep]:
    """Return what happened to a draft, oldest first."""
    return db.scalars(
        sa.select(DefinitionStep).filter_by(draft_id=draft.id).order_by(DefinitionStep.sequence)
    ).all()


def _add(
    db: Session,
    writer: Writer,
    kind: Kind,
    content: dict[str, Any],
    based_on: MicroCredentialVersion | None,
    now: datetime,
) -> DefinitionDraft:
    draft = DefinitionDraft(
        organisation_id=writer.organisation_id,
        author=writer.actor,
        kind=kind.value,
        state=State.DRAFT.value,
        content=content,
        revision=1,
        based_on=based_on,
        created_at=now,
        updated_at=now,
    )
    db.add(draft)
    db.flush()
    return draft


def _is_being_written(db: Session, version: MicroCredentialVersion) -> bool:
    others = [one.id for one in version.series.versions]
    open_ = sa.select(DefinitionDraft.id).filter(
        DefinitionDraft.based_on_id.in_(others),
        DefinitionDraft.kind != Kind.NEW,
        DefinitionDraft.state.not_in(OVER),
    )
    return db.scalar(sa.select(open_.exists())) or False


def _free_code(db: Session, organisation: Organisation, title: str) -> str:
    """Return a code made of the Latin letters of a title, and four characters of chance, so that
    two drafts never meet in one."""
    letters = re.sub(r"[^A-Z0-9]+", "-", title.upper()).strip("-")[:24].strip("-")
    return f"{letters or 'MC'}-{secrets.token_hex(2).upper()}"


def next_version(version: MicroCredentialVersion) -> str:
    """Return `2.0` after `1.4`, and a version with a count behind it for any other manner."""
    taken = {one.version for one in version.series.versions}
    first = re.match(r"\d{1,6}", version.version)
    count = int(first.group()) + 1 if first else 2
    while (name := f"{count}.0") in taken:
        count += 1
    return name
