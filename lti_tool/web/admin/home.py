"""Where everybody arrives who has signed in: what waits for them, and where to go."""

from flask import render_template
from flask.typing import ResponseReturnValue

from lti_tool.services import organisations
from lti_tool.services.awarding import stack_awards
from lti_tool.services.completing import moderation, prior_assessment
from lti_tool.services.connections import registrations, waiting_deployments
from lti_tool.services.courses import confirming_here
from lti_tool.services.definitions import lifecycle, reviews
from lti_tool.services.staff import email_proofs
from lti_tool.web.account_session import AccountVisit, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.admin.definitions import places
from lti_tool.web.admin.prior_learning import assessor
from lti_tool.web.admin.reviews import reviewer
from lti_tool.web.context import current_tool


@blueprint.get("")
@signed_in()
def home(visit: AccountVisit) -> ResponseReturnValue:
    here, tool = scope.within(visit), current_tool()
    due = lifecycle.due(visit.db, places(visit), visit.now)
    overdue = [one for one in due if not lifecycle.is_open(one, visit.now)]
    return render_template(
        "admin/home.html",
        visit=visit,
        proof=email_proofs.standing(visit.db, visit.account, tool.encryption, visit.now),
        sends_mail=bool(tool.settings.smtp_url),
        waiting=registrations.waiting(visit.db, here),
        deployments=waiting_deployments.listed(visit.db, here),
        schools=organisations.listed(visit.db, here),
        overdue=len(overdue),
        due=len(due) - len(overdue),
        to_decide=len(stack_awards.to_decide(visit.db, here))
        + len(confirming_here.listed(visit.db, here, visit.now)),
        to_judge=len(prior_assessment.waiting(visit.db, assessor(visit))),
        to_moderate=len(moderation.waiting(visit.db, reviewer(visit))),
        to_review=len(reviews.waiting(visit.db, reviewer(visit))),
    )
