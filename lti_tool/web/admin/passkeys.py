"""One's own passkeys: added, listed, removed."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool.services.staff import passkeys
from lti_tool.web.account_session import AccountVisit, relying_party, signed_in
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.http.security import ADMIN_BLUEPRINT, own_secret


@blueprint.get("/account/passkeys/new")
@signed_in(fresh=True)
def new_passkey(visit: AccountVisit) -> ResponseReturnValue:
    party = relying_party()
    return render_template(
        "admin/new_passkey.html",
        visit=visit,
        is_possible=party.has_passkeys,
        options=passkeys.registration_options(
            visit.db, visit.account, party, own_secret(ADMIN_BLUEPRINT), visit.now
        ),
        name=_next_name(visit),
    )


@blueprint.post("/account/passkeys")
@signed_in(writes=True, fresh=True)
def add_passkey(visit: AccountVisit) -> ResponseReturnValue:
    passkeys.register(
        visit.db,
        visit.account,
        request.form.get("credential", ""),
        request.form.get("name", "").strip() or _next_name(visit),
        relying_party(),
        own_secret(ADMIN_BLUEPRINT),
        visit.now,
    )
    return redirect(url_for("admin.me", done="passkey"), 303)


def _next_name(visit: AccountVisit) -> str:
    number = len(passkeys.listed(visit.db, visit.account)) + 1
    return gettext("Passkey %(number)s", number=number)


@blueprint.get("/account/passkeys/<uuid:passkey_id>/remove")
@signed_in(fresh=True)
def passkey_removal(visit: AccountVisit, passkey_id: uuid.UUID) -> ResponseReturnValue:
    return render_template(
        "admin/remove_passkey.html",
        visit=visit,
        passkey=passkeys.find(visit.db, visit.account, passkey_id),
        is_last=len(passkeys.listed(visit.db, visit.account)) == 1,
    )


@blueprint.post("/account/passkeys/<uuid:passkey_id>/remove")
@signed_in(writes=True, fresh=True)
def remove_passkey(visit: AccountVisit, passkey_id: uuid.UUID) -> ResponseReturnValue:
    passkeys.remove(visit.db, visit.account, passkey_id, visit.now)
    return redirect(url_for("admin.me", done="removed"), 303)
