"""The blueprint that the modules of this package fill, and the way through its pages."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext

from lti_tool.web.account_session import AccountVisit
from lti_tool.web.http.security import ADMIN_BLUEPRINT

blueprint = Blueprint(ADMIN_BLUEPRINT, __name__, url_prefix="/admin")


@blueprint.context_processor
def navigation() -> dict[str, Any]:
    return {"admin_tabs": tabs}


def tabs(visit: AccountVisit) -> list[tuple[str, str]]:
    """Return the pages that are for this person: endpoint and label."""
    found = [("admin.home", gettext("Start"))]
    if visit.access.is_administrator:
        found.append(("admin.organisations_list", gettext("Schools")))
        found.append(("admin.people", gettext("People")))
        found.append(("admin.drafts", gettext("Being written")))
    if visit.access.reviews:
        found.append(("admin.review_list", gettext("To review")))
    if visit.access.assesses:
        found.append(("admin.prior_learning_list", gettext("Prior learning")))
    if visit.access.reviews or visit.access.is_administrator:
        found.append(("admin.definitions", gettext("Published")))
    if visit.access.is_operator:
        found.append(("admin.keys", gettext("Keys")))
    if visit.access.is_administrator:
        found.append(("admin.self_tests", gettext("Self-test")))
        found.append(("admin.audit_log", gettext("Audit log")))
    found.append(("admin.me", gettext("Your account")))
    return found
