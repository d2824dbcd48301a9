"""LMSs and their registrations: what was registered, confirmed or rejected, switched off or on."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Platform, Registration
from lti_tool.services.connections import platforms, registrations, waiting_deployments
from lti_tool.web import lti
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.errors import what_happened


@blueprint.get("/platforms/<uuid:platform_id>")
@signed_in(For.ADMINISTRATORS)
def platform(visit: AccountVisit, platform_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.platform(visit, platform_id)
    return render_template(
        "admin/platform.html",
        visit=visit,
        platform=found,
        registrations=registrations.of_platform(visit.db, found),
        done=request.args.get("done", ""),
    )


@blueprint.post("/platforms/<uuid:platform_id>/state")
@signed_in(For.ADMINISTRATORS, writes=True)
def switch_platform(visit: AccountVisit, platform_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.platform(visit, platform_id)
    is_off = request.form.get("to") == "off"
    platforms.set_disabled(
        visit.db,
        found.id,
        disabled=is_off,
        now=visit.now,
        actor=visit.actor,
        is_operator=visit.access.is_operator,
    )
    done = "off" if is_off else "on"
    return redirect(url_for("admin.platform", platform_id=found.id, done=done), 303)


@blueprint.get("/registrations/<uuid:registration_id>")
@signed_in(For.ADMINISTRATORS)
def registration(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, scope.registration(visit, registration_id))


def _page(visit: AccountVisit, found: Registration, problem: str = "") -> str:
    return render_template(
        "admin/registration.html",
        visit=visit,
        registration=found,
        others=_others(visit, found),
        addresses=lti.addresses(found.id),
        waiting=waiting_deployments.listed(visit.db, of=found),
        problem=problem,
        form=request.form,
        done=request.args.get("done", ""),
    )


def _others(visit: AccountVisit, found: Registration) -> list[tuple[Platform, bool]]:
    """Return the school's other LMSs that this one can be, and whether they have its issuer."""
    issuers = {one.platform_id for one in registrations.same_issuer(visit.db, found)}
    return [
        (one, one.id in issuers)
        for one in platforms.of_organisation(visit.db, found.platform.organisation)
        if one.id != found.platform_id
        and any(each.pending_since is None for each in registrations.of_platform(visit.db, one))
    ]


@blueprint.post("/registrations/<uuid:registration_id>/confirm")
@signed_in(For.ADMINISTRATORS, writes=True)
def confirm_registration(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.registration(visit, registration_id)
    try:
        with visit.db.begin_nested():
            registrations.confirm(
                visit.db,
                found,
                visit.now,
                name=request.form.get("name"),
                as_platform=_known_platform(),
                has_moved=request.form.get("moved") == "1",
                actor=visit.actor,
                is_operator=visit.access.is_operator,
            )
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.registration", registration_id=found.id, done="confirmed"), 303)


def _known_platform() -> uuid.UUID | None:
    """Return the LMS that a registration is said to belong to.

    Raises:
        NotFound: `unknown_platform`.
    """
    wish = request.form.get("as_platform", "")
    try:
        return uuid.UUID(wish) if wish else None
    except ValueError as error:
        raise NotFound("unknown_platform") from error


@blueprint.get("/registrations/<uuid:registration_id>/reject")
@signed_in(For.ADMINISTRATORS, fresh=True)
def rejection(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.registration(visit, registration_id)
    if found.pending_since is None:
        raise Conflict("registration_confirmed")
    return render_template("admin/reject.html", visit=visit, registration=found)


@blueprint.post("/registrations/<uuid:registration_id>/reject")
@signed_in(For.ADMINISTRATORS, writes=True, fresh=True)
def reject_registration(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.registration(visit, registration_id)
    school = found.platform.organisation_id
    registrations.reject(visit.db, found, visit.now, actor=visit.actor)
    return redirect(url_for("admin.organisation", organisation_id=school, done="rejected"), 303)


@blueprint.post("/registrations/<uuid:registration_id>/state")
@signed_in(For.ADMINISTRATORS, writes=True)
def switch_registration(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.registration(visit, registration_id)
    is_off = request.form.get("to") == "off"
    registrations.set_disabled(
        visit.db,
        found,
        disabled=is_off,
        now=visit.now,
        actor=visit.actor,
        is_operator=visit.access.is_operator,
    )
    done = "off" if is_off else "on"
    return redirect(url_for("admin.registration", registration_id=found.id, done=done), 303)


@blueprint.post("/registrations/<uuid:registration_id>/deployments")
@signed_in(For.ADMINISTRATORS, writes=True)
def change_deployments(visit: AccountVisit, registration_id: uuid.UUID) -> ResponseReturnValue:
    """Add or remove one deployment, or decide about one that waits."""
    found = scope.registration(visit, registration_id)
    about, who = (visit.db, found), visit.actor
    try:
        if removed := request.form.get("remove"):
            registrations.remove_deployment(*about, removed, visit.now, actor=who)
        elif "allow" in request.form:
            waiting_deployments.allow(*about, _waiting_id("allow"), visit.now, actor=who)
        elif "turn_down" in request.form:
            waiting_deployments.turn_down(*about, _waiting_id("turn_down"), visit.now, actor=who)
        else:
            added = request.form.get("add", "").strip()
            registrations.add_deployment(*about, added, visit.now, actor=who)
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return redirect(url_for("admin.registration", registration_id=found.id, done="saved"), 303)


def _waiting_id(field: str) -> uuid.UUID:
    """Return which deployment a form decides about.

    Raises:
        NotFound: `unknown_deployment`.
    """
    try:
        return uuid.UUID(request.form.get(field, ""))
    except ValueError as error:
        raise NotFound("unknown_deployment", deployment="") from error
