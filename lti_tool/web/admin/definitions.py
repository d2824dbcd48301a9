"""Published definitions: whether courses may begin with them, looked at again, retired."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict, ToolError
from lti_tool.models import MicroCredentialVersion
from lti_tool.services import reasons
from lti_tool.services.completing import moderation
from lti_tool.services.definitions import catalogue, history, lifecycle, review_partners
from lti_tool.services.notices import waiting
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.admin.reviews import USUAL_YEARS, YEARS, in_years, reviewer
from lti_tool.web.errors import what_happened


def places(visit: AccountVisit) -> frozenset[uuid.UUID] | None:
    """Return whose definitions the person answers for, in any role; None: all."""
    return waiting.answers_for(visit.access, review_partners.reviewed(visit.db, visit.access))


@blueprint.get("/definitions")
@signed_in(For.QUALITY)
def definitions(visit: AccountVisit) -> ResponseReturnValue:
    here = places(visit)
    due = lifecycle.due(visit.db, here, visit.now)
    every = lifecycle.of_organisations(visit.db, here)
    rest = [one for one in every if one not in due]
    entries = [
        (one, catalogue.definition(one), lifecycle.standing(one, visit.now))
        for one in (*due, *rest)
    ]
    done = request.args.get("done", "")
    return render_template(
        "admin/definitions.html",
        visit=visit,
        entries=entries,
        superseded=lifecycle.superseded(every),
        done=done,
    )


@blueprint.get("/definitions/<uuid:version_id>")
@signed_in(For.QUALITY)
def definition(visit: AccountVisit, version_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, lifecycle.find(visit.db, places(visit), version_id))


def _page(visit: AccountVisit, found: MicroCredentialVersion) -> str:
    place = found.series.organisation_id
    return render_template(
        "admin/definition.html",
        visit=visit,
        version=found,
        mc=catalogue.definition(found),
        standing=lifecycle.standing(found, visit.now),
        is_superseded=found.id in lifecycle.superseded(reversed(found.series.versions)),
        events=history.of_version(visit.db, found),
        may_confirm=place in review_partners.reviewed(visit.db, visit.access),
        is_own=lifecycle.is_written_by(visit.db, found, reviewer(visit).actor),
        may_administer=visit.access.may_administer(place),
        moderated=moderation.figures(visit.db, found),
        shares=moderation.SHARES,
        years=YEARS,
        usual=USUAL_YEARS,
        done=request.args.get("done", ""),
    )


@blueprint.post("/definitions/<uuid:version_id>/confirm")
@signed_in(For.REVIEWERS, writes=True)
def confirm_definition(visit: AccountVisit, version_id: uuid.UUID) -> ResponseReturnValue:
    found = lifecycle.find(visit.db, places(visit), version_id)
    years = request.form.get("years", 0, type=int)
    until = in_years(visit.now, years) if years in YEARS else None
    is_independent = "independent" in request.form
    lifecycle.confirm(
        visit.db, found, reviewer(visit), until, is_independent=is_independent, now=visit.now
    )
    return redirect(url_for("admin.definition", version_id=found.id, done="confirmed"), 303)


@blueprint.get("/definitions/<uuid:version_id>/retire")
@signed_in(For.ADMINISTRATORS)
def retirement(visit: AccountVisit, version_id: uuid.UUID) -> ResponseReturnValue:
    found = lifecycle.find(visit.db, scope.within(visit), version_id)
    if found.retired_at is not None:
        raise Conflict("already_retired")
    return _ask(visit, found)


def _ask(visit: AccountVisit, version: MicroCredentialVersion, problem: str = "") -> str:
    return render_template(
        "admin/retire.html",
        visit=visit,
        version=version,
        mc=catalogue.definition(version),
        problem=problem,
        form=request.form,
        longest=reasons.LONGEST,
    )


@blueprint.post("/definitions/<uuid:version_id>/retire")
@signed_in(For.ADMINISTRATORS, writes=True)
def retire(visit: AccountVisit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Retire a version, or all of its series, for a reason that everybody reads."""
    found = lifecycle.find(visit.db, scope.within(visit), version_id)
    reason = request.form.get("reason", "")
    try:
        if "series" in request.form:
            series = found.series
            lifecycle.retire_series(visit.db, series, reason=reason, by=visit.actor, now=visit.now)
        else:
            lifecycle.retire(visit.db, found, reason=reason, by=visit.actor, now=visit.now)
    except ToolError as error:
        return _ask(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.definition", version_id=found.id, done="retired"), 303)
