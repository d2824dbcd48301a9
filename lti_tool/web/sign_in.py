"""The way in for people without an LMS: the sign-in page, and the page behind a one-time link.

Opening a link changes nothing, because programs that look through mail open links too; its button
uses it up.
"""

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from lti_tool import clock
from lti_tool.services import sign_in
from lti_tool.web import account_session, security
from lti_tool.web.account_session import Stranger, own_page
from lti_tool.web.context import current_tool

blueprint = Blueprint(security.SIGN_IN_BLUEPRINT, __name__, url_prefix="/sign-in")

WHY = frozenset({"signed_out", "sign_in_again", "left"})

log = structlog.get_logger(__name__)


@blueprint.after_request
def keep_nothing(response: Response) -> Response:
    response.cache_control.no_store = True
    return response


@blueprint.get("")
def page() -> Response:
    why = request.args.get("why", "")
    if why != "sign_in_again" and account_session.is_signed_in():
        return _go_on(request.args.get("next", ""))
    stranger = Stranger.here()
    shown = render_template(
        "sign_in/page.html",
        visit=stranger,
        why=why if why in WHY else "",
        next_page=own_page(request.args.get("next", "")),
    )
    return stranger.keep(make_response(shown))


@blueprint.get("/links/<token>")
def link(token: str) -> Response:
    """Show whose link it is, and a button."""
    with current_tool().database.transaction(read_only=True) as db:
        account = sign_in.find_link(db, token, clock.now()).account
    stranger = Stranger.here()
    shown = render_template("sign_in/link.html", visit=stranger, account=account)
    return stranger.keep(make_response(shown))


@blueprint.post("/links/<token>")
def use_link(token: str) -> Response:
    with current_tool().database.transaction() as db:
        session, secret = sign_in.use_link(db, token, clock.now())
    log.info("signed_in", account_id=str(session.account_id), way="link")
    return account_session.carry(_go_on(""), secret)


def _go_on(wish: str) -> Response:
    return make_response(redirect(own_page(wish) or url_for("admin.home"), 303))
