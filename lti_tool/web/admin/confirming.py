"""One award that waits for administrators: what it rests on, and their decision.

Those who confirm for a course read what its teachers read; those who decide where no course offers
it, all that it rests on. Who may not decide about it reads nothing of it. People who recorded or
confirmed something are said by their part.
"""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound, ToolError
from lti_tool.services import reasons
from lti_tool.services.completing import completions, prior_recognitions
from lti_tool.services.courses import confirming_here
from lti_tool.services.courses.confirming_here import Case
from lti_tool.services.definitions import catalogue
from lti_tool.web import stacks, units
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.errors import what_happened
from lti_tool.web.http import uploads


@blueprint.get("/awards/waiting/<uuid:learner_id>/<uuid:definition_id>")
@signed_in(For.ADMINISTRATORS)
def waiting_award(
    visit: AccountVisit, learner_id: uuid.UUID, definition_id: uuid.UUID
) -> ResponseReturnValue:
    within = scope.within(visit)
    try:
        case = confirming_here.look(visit.db, within, learner_id, definition_id, visit.now)
    except NotFound:
        return _given(visit, learner_id, definition_id)
    return _page(visit, case)


@blueprint.get("/awards/waiting/<uuid:learner_id>/<uuid:definition_id>/files/<uuid:file_id>")
@signed_in(For.ADMINISTRATORS)
def waiting_award_file(
    visit: AccountVisit, learner_id: uuid.UUID, definition_id: uuid.UUID, file_id: uuid.UUID
) -> ResponseReturnValue:
    """Hand out a file to whoever decides, as long as they do."""
    within = scope.within(visit)
    case = confirming_here.look(visit.db, within, learner_id, definition_id, visit.now)
    if case.refusal(visit.account):
        raise NotFound("unknown_evidence")
    return uploads.hand_out(visit.db, confirming_here.find_file(visit.db, case, file_id))


@blueprint.post("/awards/confirm")
@signed_in(For.ADMINISTRATORS, writes=True)
def confirm_award(visit: AccountVisit) -> ResponseReturnValue:
    """Confirm an award that nobody in a course can confirm, say no with a reason, or take an own
    confirmation back."""
    within, person_id, version_id = scope.within(visit), _named("person"), _named("version")
    act = request.form.get("act")
    try:
        case = confirming_here.find(visit.db, within, person_id, version_id, visit.now)
    except NotFound:
        return _given(visit, person_id, version_id)
    try:
        if act == "take_back":
            reason = request.form.get("reason", "")
            confirming_here.take_back(
                visit.db, case, by=visit.account, reason=reason, now=visit.now
            )
            done = "taken_back"
        elif act == "decline":
            reason = request.form.get("reason", "")
            confirming_here.decline(visit.db, case, by=visit.account, reason=reason, now=visit.now)
            done = "declined"
        else:
            is_awarded = confirming_here.confirm(visit.db, case, by=visit.account, now=visit.now)
            done = "awarded" if is_awarded else "halfway"
    except ToolError as error:
        return _page(visit, case, what_happened(error)), error.status
    award = confirming_here.given(visit.db, visit.account, person_id, version_id)
    return redirect(url_for("admin.awards_to_decide", done=done, award=award and award.id), 303)


def _given(visit: AccountVisit, person_id: uuid.UUID, version_id: uuid.UUID) -> ResponseReturnValue:
    """Go to the list, which says of an award that this account confirmed how it is withdrawn.

    Raises:
        NotFound: `unknown_award`.
    """
    award = confirming_here.given(visit.db, visit.account, person_id, version_id)
    if award is None:
        raise NotFound("unknown_award")
    return redirect(url_for("admin.awards_to_decide", done="given", award=award.id), 303)


def _named(field: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(field, ""))
    except ValueError as error:
        raise NotFound("unknown_award") from error


def _page(visit: AccountVisit, case: Case, problem: str = "") -> str:
    person, version = case.pending.person, case.pending.version
    mc = catalogue.definition(version)
    progress = confirming_here.progress_of(visit.db, case, visit.now)
    records = prior_recognitions.shown(visit.db, completions.records_of(visit.db, person, version))
    return render_template(
        "admin/waiting_award.html",
        visit=visit,
        case=case,
        mc=mc,
        refusal=case.refusal(visit.account),
        view=units.view(mc, progress, case.placement, visit.now),
        stack=stacks.of_person(visit.db, person, version, progress, visit.now),
        records=records[::-1],
        retracted={row.retracts_id for row in records if row.retracts_id},
        files=confirming_here.files(visit.db, case),
        longest_reason=reasons.LONGEST,
        problem=problem,
        form=request.form,
    )
