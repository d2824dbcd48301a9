"""Schools and awarding bodies: list, add, change, and links with which they connect an LMS."""

import uuid
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.lti.registrations import AUTOMATIC
from lti_tool.models import Organisation
from lti_tool.services import organisations, slugs
from lti_tool.services.completing import moderation, prior_assessment
from lti_tool.services.connections import invitations, platforms, registrations
from lti_tool.services.definitions import review_partners
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import public_url
from lti_tool.web.errors import what_happened
from lti_tool.web.i18n import language
from lti_tool.web.words import time_zones

HOURS = (24, 72, 168)


@blueprint.get("/organisations")
@signed_in(For.ADMINISTRATORS)
def organisations_list(visit: AccountVisit) -> ResponseReturnValue:
    return _list(visit)


def _list(visit: AccountVisit, problem: str = "", free_slug: str = "") -> str:
    return render_template(
        "admin/organisations.html",
        visit=visit,
        organisations=organisations.listed(visit.db, scope.within(visit)),
        problem=problem,
        free_slug=free_slug,
        form=request.form,
    )


@blueprint.post("/organisations")
@signed_in(For.OPERATORS, writes=True)
def add_organisation(visit: AccountVisit) -> ResponseReturnValue:
    slug, name, country = (request.form.get(one, "") for one in ("slug", "name", "country"))
    try:
        made = organisations.add(visit.db, slug.strip(), name, country, visit.now, by=visit.actor)
    except ToolError as error:
        is_about_slug = error.code in {"malformed_slug", "organisation_exists"}
        free = slugs.proposed(visit.db, name) if is_about_slug else ""
        return _list(visit, what_happened(error), free), error.status
    return redirect(url_for("admin.organisation", organisation_id=made.id), 303)


@blueprint.get("/organisations/<uuid:organisation_id>")
@signed_in(For.ADMINISTRATORS)
def organisation(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, scope.organisation(visit, organisation_id))


def _page(visit: AccountVisit, found: Organisation, problem: str = "") -> str:
    return render_template(
        "admin/organisation.html",
        visit=visit,
        organisation=found,
        platforms=[
            (one, registrations.of_platform(visit.db, one))
            for one in platforms.of_organisation(visit.db, found)
        ],
        invitations=invitations.still_open(visit.db, found, visit.now),
        moderated=moderation.figures_of_body(visit.db, found.id),
        stranded=prior_assessment.stranded(visit.db, found.id),
        has_reviewer=review_partners.has_reviewer(visit.db, found),
        policy=found.deployment_policy,
        hours=HOURS,
        zones=time_zones.choices(language()),
        problem=problem,
        form=request.form,
        done=request.args.get("done", ""),
    )


@blueprint.post("/organisations/<uuid:organisation_id>")
@signed_in(For.ADMINISTRATORS, writes=True)
def change_organisation(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.organisation(visit, organisation_id)
    try:
        organisations.change(
            visit.db,
            found,
            visit.now,
            name=request.form.get("name"),
            country=request.form.get("country", ""),
            time_zone=request.form.get("time_zone"),
            automatic=request.form.get("deployments") == AUTOMATIC,
            by=visit.actor,
            is_operator=visit.access.is_operator,
        )
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.organisation", organisation_id=found.id, done="saved"), 303)


@blueprint.post("/organisations/<uuid:organisation_id>/invitations")
@signed_in(For.ADMINISTRATORS, writes=True)
def invite(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Show a new link; it stands on this answer and nowhere else."""
    found = scope.organisation(visit, organisation_id)
    wished = request.form.get("hours", type=int)
    lifetime = timedelta(hours=wished) if wished in HOURS else invitations.LIFETIME
    invitation, token = invitations.invite(
        visit.db, found, visit.now, lifetime=lifetime, actor=visit.actor
    )
    return render_template(
        "admin/link.html",
        visit=visit,
        kind="platform",
        organisation=found,
        until=invitation.expires_at,
        link=f"{public_url()}/lti/register/{token}",
        back=url_for("admin.organisation", organisation_id=found.id),
    )
