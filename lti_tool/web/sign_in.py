"""The way in for people without an LMS: the sign-in page, and the page behind a one-time link.

Opening a link changes nothing, because programs that look through mail open links too; its button
uses it up.
"""

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool import clock
from lti_tool.errors import NotFound
from lti_tool.services.notices import digests
from lti_tool.services.staff import email_proofs, passkeys, sign_in, sign_in_mail
from lti_tool.web import account_session
from lti_tool.web.account_session import Stranger, own_page
from lti_tool.web.context import current_tool
from lti_tool.web.http import security

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
    party = account_session.relying_party()
    shown = render_template(
        "sign_in/page.html",
        visit=stranger,
        is_possible=party.has_passkeys,
        sends_mail=bool(current_tool().settings.smtp_url),
        options=passkeys.sign_in_options(party, stranger.secret, clock.now()),
        why=why if why in WHY else "",
        next_page=own_page(request.args.get("next", "")),
    )
    return stranger.keep(make_response(shown))


@blueprint.post("/email")
def ask_for_link() -> ResponseReturnValue:
    """Say the same to everybody; a link goes out if an account has that address."""
    tool = current_tool()
    if not tool.settings.smtp_url:
        raise NotFound("no_mail")
    with tool.database.transaction() as db:
        sign_in_mail.ask(
            db,
            request.form.get("email", ""),
            gettext("Your link to sign in to Credlet"),
            _letter(),
            encryption=tool.encryption,
            now=clock.now(),
        )
    return render_template("sign_in/asked.html")


def _letter() -> str:
    return "\n\n".join(
        (
            gettext("Somebody, most likely you, asked for a link to sign in to Credlet:"),
            sign_in_mail.LINK,
            gettext("It works once, for 20 minutes. If it was not you, do nothing."),
            "",
        )
    )


@blueprint.post("/passkey")
def use_passkey() -> Response:
    now, answer = clock.now(), request.form.get("credential", "")
    with current_tool().database.transaction() as db:
        account = passkeys.authenticate(
            db, answer, account_session.relying_party(), Stranger.here().secret, now
        )
        session, secret = sign_in.open_session(db, account, now, way="passkey")
    log.info("signed_in", account_id=str(session.account_id), way="passkey")
    return account_session.carry(_go_on(request.form.get("next", "")), secret)


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
        session, secret = sign_in.use_link(db, token, current_tool().encryption, clock.now())
        has_passkey = bool(passkeys.listed(db, session.account))
    log.info("signed_in", account_id=str(session.account_id), way="link")
    can_have = account_session.relying_party().has_passkeys
    first = "" if has_passkey or not can_have else url_for("admin.new_passkey")
    return account_session.carry(_go_on(first), secret)


@blueprint.get("/digest/<token>")
def digest(token: str) -> Response:
    """Ask whether no more mails are wanted; opening the link changes nothing."""
    tool = current_tool()
    with tool.database.transaction(read_only=True) as db:
        account = digests.find(db, token, tool.encryption, tool.settings.secret_key)
        is_off = not account.wants_digest
    stranger = Stranger.here()
    shown = render_template("sign_in/digest.html", visit=stranger, is_off=is_off)
    return stranger.keep(make_response(shown))


@blueprint.post("/digest/<token>")
def digest_off(token: str) -> ResponseReturnValue:
    """Switch the mails of an account off: who has the link may do that, and nothing else."""
    tool = current_tool()
    with tool.database.transaction() as db:
        account = digests.find(db, token, tool.encryption, tool.settings.secret_key)
        digests.switch(db, account, wanted=False, way="link", now=clock.now())
    return redirect(url_for("sign_in.digest", token=token), 303)


@blueprint.get("/address/<token>")
def address(token: str) -> Response:
    """Ask whether the address is one's own; opening the link changes nothing."""
    tool = current_tool()
    with tool.database.transaction(read_only=True) as db:
        email_proofs.find(db, token, tool.encryption, clock.now())
    stranger = Stranger.here()
    shown = render_template("sign_in/address.html", visit=stranger, is_proved=False)
    return stranger.keep(make_response(shown))


@blueprint.post("/address/<token>")
def prove_address(token: str) -> ResponseReturnValue:
    """Keep that the address is its account's: who has the link may do that, and nothing else."""
    tool = current_tool()
    with tool.database.transaction() as db:
        email_proofs.use(db, token, tool.encryption, clock.now())
    return render_template("sign_in/address.html", visit=Stranger.here(), is_proved=True)


def _go_on(wish: str) -> Response:
    return make_response(redirect(own_page(wish) or url_for("admin.home"), 303))
