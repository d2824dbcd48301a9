"""Whom a school asks to review its definitions: its own reviewers, or those of partners."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound
from lti_tool.services import organisations
from lti_tool.services.definitions import review_partners
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint


@blueprint.get("/organisations/<uuid:organisation_id>/partners")
@signed_in(For.ADMINISTRATORS)
def partners(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.organisation(visit, organisation_id)
    return render_template(
        "admin/partners.html",
        visit=visit,
        organisation=found,
        others=[one for one in organisations.listed(visit.db) if one.id != found.id],
        asked={one.id for one in review_partners.partners(visit.db, found)},
        done=request.args.get("done", ""),
    )


@blueprint.post("/organisations/<uuid:organisation_id>/partners")
@signed_in(For.ADMINISTRATORS, writes=True)
def ask_partners(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.organisation(visit, organisation_id)
    try:
        wanted = frozenset(uuid.UUID(one) for one in request.form.getlist("partner"))
    except ValueError as error:
        raise NotFound("unknown_organisation") from error
    review_partners.ask(visit.db, found, wanted, by=visit.actor, now=visit.now)
    return redirect(url_for("admin.partners", organisation_id=found.id, done="saved"), 303)
