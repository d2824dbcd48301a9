"""Where everybody arrives who has signed in."""

from flask import render_template
from flask.typing import ResponseReturnValue

from lti_tool.web.account_session import AccountVisit, signed_in
from lti_tool.web.admin.blueprint import blueprint


@blueprint.get("")
@signed_in()
def home(visit: AccountVisit) -> ResponseReturnValue:
    return render_template("admin/home.html", visit=visit)
