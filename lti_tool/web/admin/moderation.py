"""Look at a result again that was drawn, and say how much is to be drawn of a definition."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.documents import ENDINGS
from lti_tool.errors import ToolError
from lti_tool.models import ModerationSample
from lti_tool.services.completing import moderation
from lti_tool.services.completing.moderation import Verdict
from lti_tool.services.definitions import catalogue, lifecycle
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.admin.definitions import places
from lti_tool.web.admin.reviews import asked_share, reviewer
from lti_tool.web.errors import what_happened
from lti_tool.web.http import uploads


@blueprint.get("/moderation/<uuid:sample_id>")
@signed_in(For.REVIEWERS)
def moderate(visit: AccountVisit, sample_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, moderation.find(visit.db, reviewer(visit), sample_id))


@blueprint.post("/moderation/<uuid:sample_id>/evidence")
@signed_in(For.REVIEWERS, writes=True)
def moderation_evidence(visit: AccountVisit, sample_id: uuid.UUID) -> ResponseReturnValue:
    """Show what the result rests on, and note that it was looked at; what was typed stays."""
    sample = moderation.find(visit.db, reviewer(visit), sample_id)
    moderation.show_evidence(visit.db, sample, reviewer(visit), visit.now)
    return _page(visit, sample, is_shown=True)


@blueprint.post("/moderation/<uuid:sample_id>/files/<uuid:evidence_id>")
@signed_in(For.REVIEWERS, writes=True)
def moderation_file(
    visit: AccountVisit, sample_id: uuid.UUID, evidence_id: uuid.UUID
) -> ResponseReturnValue:
    """Hand out a file under a name that says nothing of anybody."""
    sample = moderation.find(visit.db, reviewer(visit), sample_id)
    file = moderation.open_file(visit.db, sample, reviewer(visit), evidence_id, visit.now)
    number = [one.id for one in moderation.files(visit.db, sample)].index(file.id) + 1
    return uploads.hand_out(visit.db, file, name=f"{number}{ENDINGS[file.content.media_type]}")


def _page(
    visit: AccountVisit, sample: ModerationSample, problem: str = "", *, is_shown: bool = False
) -> str:
    mc = catalogue.definition(sample.record.version)
    return render_template(
        "admin/moderation.html",
        visit=visit,
        sample=sample,
        record=sample.record,
        mc=mc,
        unit=mc.unit(sample.record.unit_code),
        files=moderation.files(visit.db, sample),
        is_shown=is_shown,
        longest=moderation.LONGEST_REASON,
        problem=problem,
        form=request.form,
    )


@blueprint.post("/moderation/<uuid:sample_id>")
@signed_in(For.REVIEWERS, writes=True)
def keep_verdict(visit: AccountVisit, sample_id: uuid.UUID) -> ResponseReturnValue:
    """Agree, or disagree for a reason."""
    sample = moderation.find(visit.db, reviewer(visit), sample_id)
    agrees = request.form.get("verdict") == Verdict.AGREED
    verdict = Verdict.AGREED if agrees else Verdict.DISAGREED
    try:
        moderation.decide(
            visit.db,
            sample,
            reviewer(visit),
            verdict,
            reason=request.form.get("reason", ""),
            is_independent="independent" in request.form,
            now=visit.now,
        )
    except ToolError as error:
        is_shown = "shown" in request.form
        return _page(visit, sample, what_happened(error), is_shown=is_shown), error.status
    return redirect(url_for("admin.review_list", done=verdict.value), 303)


@blueprint.post("/definitions/<uuid:version_id>/moderation")
@signed_in(For.QUALITY, writes=True)
def ask_moderation(visit: AccountVisit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Choose how much is drawn from now on."""
    found = lifecycle.find(visit.db, places(visit), version_id)
    moderation.ask(visit.db, found, asked_share(), by=visit.actor, now=visit.now)
    return redirect(url_for("admin.definition", version_id=found.id, done="moderation"), 303)
