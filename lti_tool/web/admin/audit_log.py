"""Who did what, and when."""

import uuid
from datetime import UTC, datetime, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.services import audit_trail
from lti_tool.services.audit_trail import About, Wish
from lti_tool.services.staff import accounts
from lti_tool.web.account_session import AccountVisit, For, signed_in
from lti_tool.web.admin import acts, scope
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.words import time_zones

FIELDS = ("about", "who", "since", "until", "words")


@blueprint.get("/audit-log")
@signed_in(For.ADMINISTRATORS)
def audit_log(visit: AccountVisit) -> ResponseReturnValue:
    about = next((one for one in About if one == request.args.get("about")), None)
    here = scope.within(visit)
    page = audit_trail.page(
        visit.db,
        number=request.args.get("page", 1, type=int),
        about=about,
        wish=_wish(),
        within=here,
    )
    asked = {field: request.args[field] for field in FIELDS if request.args.get(field)}
    return render_template(
        "admin/audit_log.html",
        visit=visit,
        page=page,
        about=about,
        asked=asked,
        is_searched=bool(asked.keys() - {"about"}),
        people=accounts.listed(visit.db, None if here is None else frozenset(here)),
        kinds=acts.ABOUT,
        acts=acts,
        names=audit_trail.names(visit.db, page.entries),
    )


def _wish() -> Wish:
    """Return what is looked for; a field that cannot be read counts as empty."""
    who = request.args.get("who", type=uuid.UUID)
    words = request.args.get("words", "").strip()
    begins, last = (_midnight(request.args.get(field, "")) for field in ("since", "until"))
    return Wish(
        actor=f"account:{who}" if who else "",
        begins=begins,
        ends=last + timedelta(days=1) if last else None,
        actions=acts.named(words) if words else None,
    )


def _midnight(day: str) -> datetime | None:
    """Return when a day begins where the reader is."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=time_zones.of_reader() or UTC)
    except ValueError:
        return None
    return begins if 1970 <= begins.year <= 9000 else None
