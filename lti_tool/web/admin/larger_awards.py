"""Awards that wait for a decision of an organisation: of larger micro-credentials, those on which a
second person came to another judgement, and those that nobody in a course can confirm (each has
its page, see `confirming`).

Nobody is named but who is to be confirmed: of others, what was earned, when and of what is enough
to decide.
"""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound, ToolError
from lti_tool.models import Award
from lti_tool.services import reasons
from lti_tool.services.awarding import awards, credentials, stack_awards
from lti_tool.services.completing import moderation
from lti_tool.services.courses import confirming_here
from lti_tool.services.definitions import catalogue
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened


@blueprint.get("/awards")
@signed_in(For.ADMINISTRATORS)
def awards_to_decide(visit: AccountVisit) -> ResponseReturnValue:
    within = scope.within(visit)
    return render_template(
        "admin/awards.html",
        visit=visit,
        waiting=stack_awards.to_decide(visit.db, within),
        cases=confirming_here.listed(visit.db, within, visit.now),
        declined=confirming_here.declined(visit.db, within, visit.now),
        definition=catalogue.definition,
        done=request.args.get("done", ""),
        given=_given(visit),
    )


def _given(visit: AccountVisit) -> Award | None:
    """Return the award that was given just now, if these bodies decide about it."""
    try:
        named = uuid.UUID(request.args.get("award", ""))
        return stack_awards.find(visit.db, scope.within(visit), named)
    except (ValueError, NotFound):
        return None


@blueprint.get("/awards/<uuid:award_id>")
@signed_in(For.ADMINISTRATORS)
def award(visit: AccountVisit, award_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, stack_awards.find(visit.db, scope.within(visit), award_id))


def _page(visit: AccountVisit, found: Award, problem: str = "") -> str:
    return render_template(
        "admin/award.html",
        visit=visit,
        award=found,
        parts=stack_awards.parts(visit.db, found),
        definition=catalogue.definition,
        disputes=moderation.disputes(visit.db, found.person, found.version),
        mc=catalogue.definition(found.version),
        credential=credentials.current(visit.db, found),
        longest_reason=reasons.LONGEST,
        problem=problem,
        form=request.form,
    )


@blueprint.post("/awards/<uuid:award_id>/keep")
@signed_in(For.ADMINISTRATORS, writes=True)
def keep_award(visit: AccountVisit, award_id: uuid.UUID) -> ResponseReturnValue:
    """Decide that a flagged award stands."""
    found = stack_awards.find(visit.db, scope.within(visit), award_id)
    reason = request.form.get("reason", "")
    try:
        awards.keep(visit.db, found, actor=visit.actor, reason=reason, now=visit.now)
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.awards_to_decide", done="kept"), 303)


@blueprint.post("/awards/<uuid:award_id>/revoke")
@signed_in(For.ADMINISTRATORS, writes=True)
def revoke_award(visit: AccountVisit, award_id: uuid.UUID) -> ResponseReturnValue:
    """Withdraw the award and revoke its badge, for good."""
    found = stack_awards.find(visit.db, scope.within(visit), award_id)
    try:
        if request.form.get("sure") != "1":
            raise ToolError("not_confirmed")
        credentials.revoke_award(
            visit.db,
            found,
            reason=request.form.get("reason", ""),
            signing=current_tool().signing,
            actor=visit.actor,
            now=visit.now,
        )
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.awards_to_decide", done="revoked"), 303)
