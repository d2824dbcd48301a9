"""Definitions that wait for a review: the list, one of them, and the decision about it."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from badges.changes import Difference
from badges.micro_credential import MicroCredential
from lti_tool.errors import NotFound, ToolError
from lti_tool.models import DefinitionDraft, MicroCredentialVersion
from lti_tool.services.awarding import stacks
from lti_tool.services.completing import moderation
from lti_tool.services.definitions import artworks, catalogue, drafts, returned, reviews
from lti_tool.services.definitions.drafts import Kind, State
from lti_tool.services.definitions.reviews import Opinion, Reviewer
from lti_tool.web import badge_files
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import public_url
from lti_tool.web.errors import what_happened
from lti_tool.web.writing import checking

YEARS = (1, 2, 3, 5)
USUAL_YEARS = 3
COMMENT = "comment:"
_OWN_PLACE = ".outcomes["


def reviewer(visit: AccountVisit) -> Reviewer:
    return Reviewer(visit.actor, visit.access)


def in_years(now: datetime, years: int) -> datetime:
    """Return the same day some years later (28 February for a leap day)."""
    day = 28 if (now.month, now.day) == (2, 29) else now.day
    return now.replace(year=now.year + years, day=day)


@blueprint.get("/reviews")
@signed_in(For.REVIEWERS)
def review_list(visit: AccountVisit) -> ResponseReturnValue:
    return render_template(
        "admin/reviews.html",
        visit=visit,
        waiting=reviews.waiting(visit.db, reviewer(visit)),
        samples=moderation.waiting(visit.db, reviewer(visit)),
        definition=catalogue.definition,
        lately=reviews.lately(visit.db, reviewer(visit)),
        done=request.args.get("done", ""),
    )


@blueprint.get("/reviews/<uuid:draft_id>")
@signed_in(For.REVIEWERS)
def review(visit: AccountVisit, draft_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, reviews.find(visit.db, reviewer(visit), draft_id))


@blueprint.get("/reviews/<uuid:draft_id>/picture.png")
@signed_in(For.REVIEWERS)
def review_picture(visit: AccountVisit, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show the picture that badges would have."""
    mc = drafts.definition(reviews.find(visit.db, reviewer(visit), draft_id))
    if mc is None or not _has_picture(visit, mc):
        raise NotFound("artwork_missing")
    return Response(badge_files.emblem_png(visit.db, mc), mimetype="image/png")


def _has_picture(visit: AccountVisit, mc: MicroCredential) -> bool:
    return mc.artwork is None or artworks.of(visit.db, mc) is not None


def _former(
    visit: AccountVisit, draft: DefinitionDraft, mc: MicroCredential | None
) -> MicroCredential | None:
    """Return what a draft goes on with, where badges would have another picture than there."""
    if mc is None or draft.based_on is None or draft.kind == Kind.NEW:
        return None
    old = catalogue.definition(draft.based_on)
    both = [badge_files.emblem_svg(visit.db, one) for one in (old, mc)]
    return old if both[0] != both[1] else None


def _is_changed(changes: Sequence[Difference], path: str) -> bool:
    """Whether an element changed, or something in it that has no place of its own."""
    below = [one.path.removeprefix(path) for one in changes if one.path.startswith(path)]
    return any(not rest.startswith(_OWN_PLACE) and rest[:1] in ("", ".", "[") for rest in below)


def _page(visit: AccountVisit, draft: DefinitionDraft, problem: str = "") -> str:
    changes = reviews.changed(draft)
    taken = list(reversed(drafts.steps(visit.db, draft)))
    asked = returned.asked(visit.db, draft)
    handed_in = next(one for one in taken if one.action == State.SUBMITTED)
    mc = drafts.definition(draft)
    return render_template(
        "admin/review.html",
        visit=visit,
        draft=draft,
        mc=mc,
        parts=stacks.titles(visit.db, mc) if mc else {},
        has_picture=mc is not None and _has_picture(visit, mc),
        former=_former(visit, draft, mc),
        changes=changes,
        is_changed=partial(_is_changed, changes),
        asked=asked,
        is_changed_since=partial(_is_changed, asked.changes or () if asked else ()),
        note=handed_in.note,
        years=YEARS,
        shares=moderation.SHARES,
        share=_share(draft),
        usual=request.form.get("years", USUAL_YEARS, type=int),
        is_own=reviews.is_own(visit.db, draft, visit.actor),
        unplanned=checking.unplanned(mc),
        problem=problem,
        form=request.form,
    )


@blueprint.post("/reviews/<uuid:draft_id>")
@signed_in(For.REVIEWERS, writes=True)
def decide(visit: AccountVisit, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Approve, which publishes, or return; whatever was typed stays where it is refused."""
    who = reviewer(visit)
    draft = reviews.find(visit.db, who, draft_id)
    is_approved = request.form.get("decision") == "approve"
    try:
        with visit.db.begin_nested():
            if is_approved:
                years = request.form.get("years", 0, type=int)
                version = reviews.approve(
                    visit.db,
                    draft,
                    who,
                    _opinion(),
                    public_url=public_url(),
                    review_by=in_years(visit.now, years) if years in YEARS else None,
                    now=visit.now,
                )
                _ask_moderation(visit, draft, version)
            else:
                reviews.give_back(visit.db, draft, who, _opinion(), visit.now)
    except ToolError as error:
        return _page(visit, draft, what_happened(error)), error.status
    done = "approved" if is_approved else "returned"
    return redirect(url_for("admin.review_list", done=done), 303)


def _ask_moderation(
    visit: AccountVisit, draft: DefinitionDraft, version: MicroCredentialVersion
) -> None:
    """Let as many of its results be looked at again as was chosen, from the first one on."""
    if draft.kind != Kind.EDITORIAL and "one_in" in request.form:
        moderation.ask(visit.db, version, asked_share(), by=visit.actor, now=visit.now)


def asked_share() -> int | None:
    """Return the share of results that a form asks for; None: none.

    Raises:
        ToolError: `unknown_share`.
    """
    try:
        return int(request.form.get("one_in", "0")) or None
    except ValueError as error:
        raise ToolError("unknown_share") from error


def _share(draft: DefinitionDraft) -> int:
    """Return the share of results to begin with: that of the version before; 0: none."""
    before = draft.based_on if draft.kind == Kind.VERSION else None
    usual = before.moderated_one_in if before is not None else None
    return request.form.get("one_in", usual or 0, type=int)


def _opinion() -> Opinion:
    return Opinion(
        revision=request.form.get("revision", 0, type=int),
        note=request.form.get("note", ""),
        comments={
            name.removeprefix(COMMENT): text
            for name, text in request.form.items()
            if name.startswith(COMMENT)
        },
        is_independent="independent" in request.form,
    )
