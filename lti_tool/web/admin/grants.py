"""Who may award the micro-credentials of a school in its name: list, let, withdraw."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound, ToolError
from lti_tool.models import MicroCredentialSeries, Organisation
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue, grants
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.errors import what_happened
from lti_tool.web.words import time_zones

EVERYBODY = "everybody"


@blueprint.get("/organisations/<uuid:organisation_id>/grants")
@signed_in(For.ADMINISTRATORS)
def grants_of(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    return _page(visit, scope.organisation(visit, organisation_id))


def _page(visit: AccountVisit, body: Organisation, problem: str = "") -> str:
    return render_template(
        "admin/grants.html",
        visit=visit,
        organisation=body,
        grants=grants.of_body(visit.db, body.id, visit.now),
        titles={
            one.series: catalogue.definition(one).title
            for one in catalogue.newest_of(visit.db, body.id)
        },
        others=[one for one in organisations.listed(visit.db, None) if one.id != body.id],
        everybody=EVERYBODY,
        a_minute=timedelta(minutes=1),
        problem=problem,
        form=request.form,
        done=request.args.get("done", ""),
    )


@blueprint.post("/organisations/<uuid:organisation_id>/grants")
@signed_in(For.ADMINISTRATORS, writes=True)
def make_grant(visit: AccountVisit, organisation_id: uuid.UUID) -> ResponseReturnValue:
    body = scope.organisation(visit, organisation_id)
    try:
        grants.grant(
            visit.db,
            _series(visit, body),
            _receiver(visit),
            by=visit.actor,
            now=visit.now,
            ends_at=_end(request.form.get("until", "")),
        )
    except ToolError as error:
        return _page(visit, body, what_happened(error)), error.status
    return redirect(url_for("admin.grants_of", organisation_id=body.id, done="made"), 303)


@blueprint.post("/grants/<uuid:definition_grant_id>/withdrawal")
@signed_in(For.ADMINISTRATORS, writes=True)
def withdraw_grant(visit: AccountVisit, definition_grant_id: uuid.UUID) -> ResponseReturnValue:
    made = scope.definition_grant(visit, definition_grant_id)
    grants.withdraw(visit.db, made, by=visit.actor, now=visit.now)
    body_id = made.series.organisation_id
    return redirect(url_for("admin.grants_of", organisation_id=body_id, done="withdrawn"), 303)


def _series(visit: AccountVisit, body: Organisation) -> MicroCredentialSeries:
    found = visit.db.get(MicroCredentialSeries, _uuid(request.form.get("series", "")))
    if found is None or found.organisation_id != body.id:
        raise NotFound("unknown_micro_credential")
    return found


def _receiver(visit: AccountVisit) -> Organisation | None:
    chosen = request.form.get("organisation", "")
    return None if chosen == EVERYBODY else organisations.get(visit.db, _uuid(chosen))


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ToolError("wrong_kind") from error


def _end(text: str) -> datetime | None:
    """Return the end of a day where the reader is; None where none was chosen."""
    if not text.strip():
        return None
    try:
        begins = datetime.combine(date.fromisoformat(text.strip()), time.min)
        there = time_zones.of_reader() or UTC
        return (begins + timedelta(days=1)).replace(tzinfo=there).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ToolError("malformed_day") from error
