"""Prior learning that waits for an assessor: the list, one application, and the judgement."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from badges import prior_learning as rules
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import PriorLearningApplication
from lti_tool.services.awarding import awards, credentials
from lti_tool.services.completing import (
    prior_appeals,
    prior_assessment,
    prior_corrections,
    prior_files,
    prior_learning,
)
from lti_tool.services.completing.completions import LONGEST_EVIDENCE
from lti_tool.services.completing.prior_assessment import Assessor, Opinion
from lti_tool.services.completing.prior_learning import Verdict
from lti_tool.services.completing.prior_states import State
from lti_tool.services.definitions import catalogue
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.errors import what_happened
from lti_tool.web.http import uploads


def assessor(visit: AccountVisit) -> Assessor:
    return Assessor(visit.account, visit.access)


@blueprint.get("/prior-learning")
@signed_in(For.ASSESSORS)
def prior_learning_list(visit: AccountVisit) -> ResponseReturnValue:
    lately = prior_assessment.lately(visit.db, assessor(visit))
    return render_template(
        "admin/prior_list.html",
        visit=visit,
        waiting=prior_assessment.waiting(visit.db, assessor(visit)),
        lately=lately,
        correctable=prior_corrections.correctable_of(visit.db, assessor(visit), lately),
        left_behind=prior_corrections.left_behind(visit.db, assessor(visit)),
        definition=catalogue.definition,
        unit_of=prior_learning.unit_of,
        done=request.args.get("done", ""),
    )


@blueprint.get("/prior-learning/<uuid:application_id>")
@signed_in(For.ASSESSORS)
def prior_learning_application(
    visit: AccountVisit, application_id: uuid.UUID
) -> ResponseReturnValue:
    return _page(visit, prior_assessment.find(visit.db, assessor(visit), application_id))


@blueprint.get("/prior-learning/<uuid:application_id>/files/<uuid:evidence_id>")
@signed_in(For.ASSESSORS)
def prior_learning_file(
    visit: AccountVisit, application_id: uuid.UUID, evidence_id: uuid.UUID
) -> ResponseReturnValue:
    """Hand out a file to whoever may judge by it, or correct what they judged, as long as they
    may."""
    try:
        row = prior_assessment.find(visit.db, assessor(visit), application_id)
        files = prior_files.of(visit.db, row)
    except Conflict:  # it waits for nobody
        row = prior_corrections.find(visit.db, assessor(visit), application_id)
        files = prior_files.judged_by(visit.db, row)
    return uploads.hand_out(visit.db, prior_files.find(files, evidence_id))


@blueprint.post("/prior-learning/<uuid:application_id>")
@signed_in(For.ASSESSORS, writes=True)
def judge_prior_learning(visit: AccountVisit, application_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the judgement; whatever was typed stays where it is refused."""
    row = prior_assessment.find(visit.db, assessor(visit), application_id)
    try:
        with visit.db.begin_nested():
            prior_assessment.judge(
                visit.db,
                row,
                assessor(visit),
                _opinions(row),
                revision=request.form.get("revision", 0, type=int),
                is_independent="independent" in request.form,
                now=visit.now,
            )
    except (Conflict, NotFound):
        raise
    except ToolError as error:
        return _page(visit, row, what_happened(error)), error.status
    done = "half-judged" if row.state == State.SUBMITTED else "judged"
    return redirect(url_for("admin.prior_learning_list", done=done), 303)


@blueprint.get("/prior-learning/<uuid:judged_id>/correct")
@signed_in(For.ASSESSORS)
def prior_learning_correction(visit: AccountVisit, judged_id: uuid.UUID) -> ResponseReturnValue:
    return _correction(visit, prior_corrections.find(visit.db, assessor(visit), judged_id))


@blueprint.post("/prior-learning/<uuid:judged_id>/correct")
@signed_in(For.ASSESSORS, writes=True)
def correct_prior_learning(visit: AccountVisit, judged_id: uuid.UUID) -> ResponseReturnValue:
    """Turn what was ticked into the contrary; whatever was typed stays where it is refused."""
    row = prior_corrections.find(visit.db, assessor(visit), judged_id)
    why = {code: request.form.get(f"reason:{code}", "") for code in request.form.getlist("turn")}
    try:
        with visit.db.begin_nested():
            prior_corrections.correct(
                visit.db,
                row,
                assessor(visit),
                why,
                revision=request.form.get("revision", 0, type=int),
                now=visit.now,
            )
    except (Conflict, NotFound):
        raise
    except ToolError as error:
        return _correction(visit, row, what_happened(error)), error.status
    return redirect(url_for("admin.prior_learning_list", done="corrected"), 303)


def _correction(visit: AccountVisit, row: PriorLearningApplication, problem: str = "") -> str:
    award = awards.standing(visit.db, row.person, row.version)
    return render_template(
        "admin/prior_correction.html",
        visit=visit,
        application=row,
        mc=catalogue.definition(row.version),
        unit=prior_learning.unit_of(row),
        outcomes=prior_learning.outcomes(visit.db, row),
        mine=prior_corrections.correctable(visit.db, row, assessor(visit)),
        said=prior_learning.content(row),
        files=prior_files.judged_by(visit.db, row),
        appeal_days=rules.APPEAL_WITHIN.days,
        is_claimed=award is not None and credentials.current(visit.db, award) is not None,
        longest=LONGEST_EVIDENCE,
        problem=problem,
        form=request.form,
    )


def _page(visit: AccountVisit, row: PriorLearningApplication, problem: str = "") -> str:
    asked = prior_assessment.to_judge(visit.db, row, visit.account)
    return render_template(
        "admin/prior_application.html",
        visit=visit,
        application=row,
        mc=catalogue.definition(row.version),
        unit=prior_learning.unit_of(row),
        said=prior_learning.content(row),
        outcomes=prior_learning.outcomes(visit.db, row),
        files=prior_files.of(visit.db, row),
        assessors_needed=rules.assessors_needed(prior_learning.unit_of(row)),
        appeal_days=rules.APPEAL_WITHIN.days,
        appeals=prior_appeals.made(row),
        asked=asked,
        longest=LONGEST_EVIDENCE,
        problem=problem,
        form=request.form,
    )


def _opinions(row: PriorLearningApplication) -> dict[str, Opinion]:
    found = {}
    for outcome in prior_learning.unit_of(row).outcomes:
        verdict = request.form.get(f"verdict:{outcome.code}", "")
        if verdict in list(Verdict):
            reason = request.form.get(f"reason:{outcome.code}", "")
            found[outcome.code] = Opinion(Verdict(verdict), reason)
    return found
