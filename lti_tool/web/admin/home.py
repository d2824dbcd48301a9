"""Where everybody arrives who has signed in."""

from flask import render_template
from flask.typing import ResponseReturnValue

from lti_tool.services import organisations, registrations
from lti_tool.web.account_session import AccountVisit, signed_in
from lti_tool.web.admin import scope
from lti_tool.web.admin.blueprint import blueprint


@blueprint.get("")
@signed_in()
def home(visit: AccountVisit) -> ResponseReturnValue:
    waiting = (
        registrations.waiting(visit.db, scope.within(visit))
        if visit.access.is_administrator
        else ()
    )
    schools = organisations.listed(visit.db, scope.within(visit))
    return render_template("admin/home.html", visit=visit, waiting=waiting, schools=schools)
