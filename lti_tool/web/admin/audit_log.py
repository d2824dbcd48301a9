"""Who did what, and when."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.services import audit_trail
from lti_tool.services.audit_trail import About
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import acts
from lti_tool.web.admin.blueprint import blueprint


@blueprint.get("/audit-log")
@signed_in(For.ADMINISTRATORS)
def audit_log(visit: AccountVisit) -> ResponseReturnValue:
    about = next((one for one in About if one == request.args.get("about")), None)
    page = audit_trail.page(
        visit.db,
        number=request.args.get("page", 1, type=int),
        about=about,
        within=None if visit.access.is_operator else visit.access.administers,
    )
    return render_template(
        "admin/audit_log.html",
        visit=visit,
        page=page,
        about=about,
        kinds=acts.ABOUT,
        acts=acts,
        names=audit_trail.names(visit.db, page.entries),
    )
