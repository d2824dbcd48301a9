"""One's own account: language, time zone, and the way out."""

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool.errors import NotFound, ToolError
from lti_tool.services.notices import digests
from lti_tool.services.staff import accounts, email_proofs, passkeys, sign_in, sign_in_mail
from lti_tool.web import account_session, i18n
from lti_tool.web.account_session import AccountVisit, relying_party, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened
from lti_tool.web.http.security import ADMIN_BLUEPRINT
from lti_tool.web.words.time_zones import choices


@blueprint.get("/account")
@signed_in()
def me(visit: AccountVisit) -> ResponseReturnValue:
    return _page(visit)


def _page(visit: AccountVisit, problem: str = "") -> str:
    return render_template(
        "admin/me.html",
        visit=visit,
        zones=choices(i18n.language()),
        problem=problem,
        passkeys=passkeys.listed(visit.db, visit.account),
        can_have_passkeys=relying_party().has_passkeys,
        sends_mail=bool(current_tool().settings.smtp_url),
        email=accounts.email_of(visit.account, current_tool().encryption),
        proof=email_proofs.standing(visit.db, visit.account, current_tool().encryption, visit.now),
        sessions=sign_in.sessions(visit.db, visit.account, visit.now),
        sign_ins=sign_in.latest(visit.db, visit.account),
        done=request.args.get("done", ""),
    )


@blueprint.post("/account")
@signed_in(writes=True)
def save_me(visit: AccountVisit) -> ResponseReturnValue:
    wish = i18n.nearest([request.form.get("language", "")])
    try:
        accounts.change(
            visit.db,
            visit.account,
            visit.now,
            name=request.form.get("name", ""),
            locale=wish,
            time_zone=request.form.get("time_zone"),
        )
    except ToolError as error:
        return _page(visit, what_happened(error)), 400
    # `lang` also replaces what the browser remembers from before.
    return redirect(url_for("admin.me", done="saved", lang=wish), 303)


@blueprint.post("/account/email")
@signed_in(writes=True, fresh=True)
def save_email(visit: AccountVisit) -> ResponseReturnValue:
    """Keep where links may be sent, or forget it; whoever reads that mail gets in."""
    try:
        accounts.change_email(
            visit.db,
            visit.account,
            request.form.get("email", ""),
            encryption=current_tool().encryption,
            now=visit.now,
        )
    except ToolError as error:
        return _page(visit, what_happened(error)), 400
    return redirect(url_for("admin.me", done="saved"), 303)


@blueprint.post("/account/email/proof")
@signed_in(writes=True)
def ask_for_proof(visit: AccountVisit) -> ResponseReturnValue:
    """Let a link be sent by which the person shows that the address is theirs."""
    if not current_tool().settings.smtp_url:
        return _page(visit, what_happened(NotFound("no_mail"))), 404
    subject = gettext("Is this your e-mail address for Credlet?")
    try:
        email_proofs.ask(visit.db, visit.account, subject, _letter(), visit.now)
    except ToolError as error:
        return _page(visit, what_happened(error)), error.status
    return redirect(url_for("admin.me", done="proof", _anchor="address"), 303)


def _letter() -> str:
    return "\n\n".join(
        (
            gettext("Somebody, most likely you, has this address in their account on Credlet."),
            gettext("Open this link to show that it is yours:"),
            sign_in_mail.LINK,
            gettext(
                "It works once, for a day, and signs nobody in. If it was not you, do nothing: "
                "then no further mails about what waits come to you."
            ),
            "",
        )
    )


@blueprint.post("/account/digest")
@signed_in(writes=True)
def switch_digest(visit: AccountVisit) -> ResponseReturnValue:
    """Be told by mail what waits, or no more."""
    wanted = request.form.get("wanted") == "1"
    digests.switch(visit.db, visit.account, wanted=wanted, way="page", now=visit.now)
    return redirect(url_for("admin.me", done="saved"), 303)


@blueprint.post("/account/sign-out")
@signed_in(writes=True)
def sign_out(visit: AccountVisit) -> ResponseReturnValue:
    sign_in.sign_out(visit.db, visit.session, visit.now)
    return _left()


@blueprint.post("/account/sign-out-elsewhere")
@signed_in(writes=True)
def sign_out_elsewhere(visit: AccountVisit) -> ResponseReturnValue:
    accounts.sign_out_elsewhere(visit.db, visit.session, visit.now)
    return redirect(url_for("admin.me", done="elsewhere"), 303)


@blueprint.post("/account/sign-out-everywhere")
@signed_in(writes=True)
def sign_out_everywhere(visit: AccountVisit) -> ResponseReturnValue:
    accounts.sign_out_everywhere(visit.db, visit.account, visit.now)
    return _left()


def _left() -> ResponseReturnValue:
    response = make_response(redirect(url_for("sign_in.page", why="left"), 303))
    return account_session.forget(response, ADMIN_BLUEPRINT)
