"""An LMS connected by hand: what to paste there, and what it shows in return."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict, ToolError
from lti_tool.models import Invitation, Organisation, Registration
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import MOODLE_ADDRESSES, PlatformDetails
from lti_tool.web import lti, pasting
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened

AUDIENCE = "auth_token_audience"
FIELDS = ("name", "moodle", "issuer", *MOODLE_ADDRESSES, AUDIENCE, "client_id", "deployment_id")


@blueprint.get("/organisations/<uuid:organisation_id>/by-hand")
@signed_in(For.ADMINISTRATORS)
def by_hand(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    """The addresses of a new registration stand in the page's own, so it can be left and opened
    again."""
    found = scope.organisation(visit, organisation_id)
    registration_id = _chosen_id()
    if registration_id is None:
        own = url_for("admin.by_hand", organisation_id=found.id, id=uuid.uuid4())
        return redirect(own, 303)
    return _page(visit, found, registration_id)


def _chosen_id() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("id", ""))
    except ValueError:
        return None


def _page(
    visit: AccountVisit, found: Organisation, registration_id: uuid.UUID, problem: str = ""
) -> str:
    return render_template(
        "admin/by_hand.html",
        visit=visit,
        organisation=found,
        registration_id=registration_id,
        addresses=lti.addresses(registration_id),
        pasting=pasting,
        problem=problem,
        form={field: request.form.get(field, "") for field in FIELDS},
    )


@blueprint.post("/organisations/<uuid:organisation_id>/by-hand")
@signed_in(For.ADMINISTRATORS, writes=True)
def connect_by_hand(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.organisation(visit, organisation_id)
    registration_id = _chosen_id() or uuid.uuid4()
    try:
        _refuse_taken(visit, registration_id)
        made = platforms.add(
            visit.db,
            found,
            _details(),
            allow_http=current_tool().settings.environment == "development",
            now=visit.now,
            registration_id=registration_id,
            actor=visit.actor,
            is_operator=visit.access.is_operator,
        )
    except ToolError as error:
        return _page(visit, found, registration_id, what_happened(error)), error.status
    return redirect(url_for("admin.registration", registration_id=made.id, done="confirmed"), 303)


def _refuse_taken(visit: AccountVisit, registration_id: uuid.UUID) -> None:
    """Refuse an id that stands in the addresses of another registration, or is kept for one.

    Raises:
        Conflict: `registration_id_taken`.
    """
    kept = visit.db.query(Invitation).filter_by(registration_id=registration_id).first()
    if kept is not None or visit.db.get(Registration, registration_id) is not None:
        raise Conflict("registration_id_taken")


def _details() -> PlatformDetails:
    given = {field: request.form.get(field, "").strip() for field in FIELDS}
    if moodle := given["moodle"]:
        known = platforms.moodle_addresses(moodle)
        given = {**given, **{field: given[field] or known[field] for field in known}}
    return PlatformDetails(
        name=given["name"],
        issuer=given["issuer"],
        client_id=given["client_id"],
        auth_login_url=given["auth_login_url"],
        auth_token_url=given["auth_token_url"],
        key_set_url=given["key_set_url"],
        auth_token_audience=given[AUDIENCE] or None,
        deployment_ids=[given["deployment_id"]] if given["deployment_id"] else [],
    )
