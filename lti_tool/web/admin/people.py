"""Accounts of others: invited with a role, given and taken roles, let in anew, switched off."""

import uuid
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Forbidden, ToolError
from lti_tool.models import Account, Organisation
from lti_tool.services import organisations
from lti_tool.services.staff import accounts, passkeys, sign_in
from lti_tool.services.staff.accounts import Role
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import acts, scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool, public_url
from lti_tool.web.errors import what_happened


@blueprint.get("/people")
@signed_in(For.ADMINISTRATORS)
def people(visit: AccountVisit) -> ResponseReturnValue:
    return _list(visit)


def _list(visit: AccountVisit, problem: str = "") -> str:
    here = scope.within(visit)
    return render_template(
        "admin/people.html",
        visit=visit,
        people=accounts.listed(visit.db, None if here is None else frozenset(here)),
        organisations=organisations.listed(visit.db, here),
        roles=acts.ROLES,
        problem=problem,
        form=request.form,
    )


@blueprint.post("/people")
@signed_in(For.ADMINISTRATORS, writes=True)
def invite_person(visit: AccountVisit) -> ResponseReturnValue:
    """Add an account with a role, and show the link with which its person comes in first."""
    try:
        role, school = _wanted(visit)
        made = accounts.add(
            visit.db,
            request.form.get("name", ""),
            encryption=current_tool().encryption,
            now=visit.now,
            by=visit.actor,
            organisation_id=school.id if school else None,
        )
    except ToolError as error:
        return _list(visit, what_happened(error)), error.status
    accounts.grant(visit.db, made, role, school, visit.now, by=visit.actor)
    return _link(visit, made, school, sign_in.INVITATION_LIFETIME)


def _wanted(visit: AccountVisit) -> tuple[Role, Organisation | None]:
    """Return the role that a form asks for, if the visitor may give it.

    Raises:
        ToolError: `unknown_role`, `organisation_needed`, and others; Forbidden: `operators_only`.
    """
    role, _, place = request.form.get("role", "").partition(":")
    if role not in list(Role):
        raise ToolError("unknown_role")
    if role == Role.OPERATOR:
        if not visit.access.is_operator:
            raise Forbidden("operators_only")
        return Role.OPERATOR, None
    try:
        return Role(role), scope.organisation(visit, uuid.UUID(place))
    except ValueError as error:
        raise ToolError("organisation_needed") from error


def _link(
    visit: AccountVisit, account: Account, school: Organisation | None, lifetime: timedelta
) -> str:
    made, token = sign_in.make_link(
        visit.db,
        account,
        visit.now,
        by=visit.actor,
        lifetime=lifetime,
        organisation_id=school.id if school else None,
    )
    return render_template(
        "admin/link.html",
        visit=visit,
        kind="person",
        person=account,
        until=made.expires_at,
        link=f"{public_url()}/sign-in/links/{token}",
        back=url_for("admin.people"),
    )


@blueprint.get("/people/<uuid:account_id>")
@signed_in(For.ADMINISTRATORS)
def person(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, scope.account(visit, account_id))


def _page(visit: AccountVisit, found: Account, problem: str = "") -> str:
    return render_template(
        "admin/person.html",
        visit=visit,
        person=found,
        grants=[one for one in found.grants if visit.access.may_administer(one.organisation_id)],
        may_manage=visit.access.may_manage(found),
        organisations=organisations.listed(visit.db, scope.within(visit)),
        roles=acts.ROLES,
        passkeys=passkeys.listed(visit.db, found),
        problem=problem,
        done=request.args.get("done", ""),
    )


def _managed(visit: AccountVisit, account_id: uuid.UUID) -> Account:
    """Return an account that the visitor may let in or put out.

    Raises:
        Forbidden: `operators_only`: the person has roles beyond the visitor's organisations.
    """
    found = scope.account(visit, account_id)
    if not visit.access.may_manage(found):
        raise Forbidden("operators_only")
    return found


@blueprint.post("/people/<uuid:account_id>/link")
@signed_in(For.ADMINISTRATORS, writes=True)
def new_link(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    found = _managed(visit, account_id)
    school = next((one.organisation for one in found.grants if one.organisation), None)
    return _link(visit, found, school, sign_in.LINK_LIFETIME)


@blueprint.post("/people/<uuid:account_id>/state")
@signed_in(For.ADMINISTRATORS, writes=True)
def switch_person(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    found = _managed(visit, account_id)
    is_off = request.form.get("to") == "off"
    try:
        accounts.set_disabled(
            visit.db,
            found,
            disabled=is_off,
            now=visit.now,
            by=visit.actor,
            is_operator=visit.access.is_operator,
        )
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return _back(found, "off" if is_off else "on")


@blueprint.post("/people/<uuid:account_id>/roles")
@signed_in(For.ADMINISTRATORS, writes=True)
def give_role(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.account(visit, account_id)
    try:
        role, school = _wanted(visit)
        accounts.grant(visit.db, found, role, school, visit.now, by=visit.actor)
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    return _back(found, "saved")


@blueprint.post("/people/<uuid:account_id>/roles/<uuid:grant_id>/withdraw")
@signed_in(For.ADMINISTRATORS, writes=True)
def withdraw_role(
    visit: AccountVisit, account_id: uuid.UUID, grant_id: uuid.UUID
) -> ResponseReturnValue:
    found = scope.account(visit, account_id)
    accounts.check_grant(visit.access, found, grant_id)
    try:
        accounts.withdraw(visit.db, found, grant_id, visit.now, by=visit.actor)
    except ToolError as error:
        return _page(visit, found, what_happened(error)), error.status
    if not visit.access.is_operator and not found.grants:
        return redirect(url_for("admin.people"), 303)  # out of the visitor's sight
    return _back(found, "saved")


@blueprint.get("/people/<uuid:account_id>/passkeys/remove")
@signed_in(For.OPERATORS, fresh=True)
def passkeys_removal(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    found = scope.account(visit, account_id)
    return render_template("admin/remove_passkeys.html", visit=visit, person=found)


@blueprint.post("/people/<uuid:account_id>/passkeys/remove")
@signed_in(For.OPERATORS, writes=True, fresh=True)
def remove_passkeys(visit: AccountVisit, account_id: uuid.UUID) -> ResponseReturnValue:
    """Put out whoever can sign in as somebody; a new link lets the right person in again."""
    found = scope.account(visit, account_id)
    accounts.remove_passkeys(visit.db, found, visit.now, by=visit.actor)
    return _back(found, "passkeys")


def _back(found: Account, done: str) -> ResponseReturnValue:
    return redirect(url_for("admin.person", account_id=found.id, done=done), 303)
