"""Other systems of a school that report completions: add, new secret, switch off and on."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import ToolError
from lti_tool.models import ApiClient, Organisation
from lti_tool.services.connections import api_clients
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import public_url
from lti_tool.web.errors import what_happened


@blueprint.get("/organisations/<uuid:organisation_id>/systems")
@signed_in(For.ADMINISTRATORS)
def systems(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, scope.organisation(visit, organisation_id))


def _page(visit: AccountVisit, organisation: Organisation, problem: str = "") -> str:
    return render_template(
        "admin/systems.html",
        visit=visit,
        organisation=organisation,
        clients=api_clients.of_organisation(visit.db, organisation.id),
        problem=problem,
        name=request.form.get("name", ""),
        done=request.args.get("done", ""),
    )


@blueprint.post("/organisations/<uuid:organisation_id>/systems")
@signed_in(For.ADMINISTRATORS, writes=True)
def add_system(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Show the secret of a new system; it stands on this answer and nowhere else."""
    found = scope.organisation(visit, organisation_id)
    name = request.form.get("name", "")
    try:
        client, secret = api_clients.add(visit.db, found, name, by=visit.actor, now=visit.now)
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return _shown_once(visit, client, secret)


@blueprint.post("/systems/<uuid:client_id>/secret")
@signed_in(For.ADMINISTRATORS, writes=True)
def replace_secret(visit: AccountVisit, client_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.client(visit, client_id)
    secret = api_clients.replace_secret(visit.db, found, by=visit.actor, now=visit.now)
    return _shown_once(visit, found, secret)


def _shown_once(visit: AccountVisit, client: ApiClient, secret: str) -> str:
    return render_template(
        "admin/system_secret.html",
        visit=visit,
        client=client,
        secret=secret,
        base=public_url(),
        back=url_for("admin.systems", organisation_id=client.organisation_id),
    )


@blueprint.post("/systems/<uuid:client_id>/state")
@signed_in(For.ADMINISTRATORS, writes=True)
def switch_system(visit: AccountVisit, client_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.client(visit, client_id)
    disabled = request.form.get("disabled") == "1"
    try:
        api_clients.switch(
            visit.db,
            found,
            disabled=disabled,
            is_operator=visit.access.is_operator,
            by=visit.actor,
            now=visit.now,
        )
    except ToolError as error:
        return _page(visit, found.organisation, what_happened(error)), error.status
    done = "off" if disabled else "on"
    return redirect(url_for("admin.systems", organisation_id=found.organisation_id, done=done), 303)
