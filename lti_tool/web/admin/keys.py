"""The tool's own keys, with which it proves itself to LMSs."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict
from lti_tool.lti.tool_keys import all_keys
from lti_tool.services.connections import tool_keys
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened


@blueprint.get("/keys")
@signed_in(For.OPERATORS)
def keys(visit: AccountVisit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: AccountVisit, problem: str = "") -> str:
    return render_template(
        "admin/keys.html",
        visit=visit,
        keys=[(one, one.state(visit.now)) for one in reversed(all_keys(visit.db))],
        left_behind=tool_keys.left_behind(visit.db),
        problem=problem,
        done=request.args.get("done", ""),
    )


@blueprint.post("/keys")
@signed_in(For.OPERATORS, writes=True)
def rotate_key(visit: AccountVisit) -> ResponseReturnValue:
    """Publish the next key; it signs a day later, so nothing breaks meanwhile."""
    try:
        tool_keys.rotate(visit.db, current_tool().encryption, visit.now, actor=visit.actor)
    except Conflict as error:
        return _page(visit, what_happened(error)), error.status
    return redirect(url_for("admin.keys", done="rotated"), 303)
