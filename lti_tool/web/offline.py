"""The page that a teacher takes along to where there is no network, and the worker that keeps it.

The page is the same for everybody and holds nobody's data: those come with the form that opens it
(`teacher.offline`), and lie in the browser once somebody wants to take them along.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool.services.courses import queued
from lti_tool.web.http import security, static_files
from lti_tool.web.i18n import language

SCRIPT, WORKER, STYLES, ICON = "offline.js", "offline_worker.js", "credlet.css", "icon.svg"
DAYS_KEPT = queued.LIST_KEPT.days
"""For so long the names of a course lie on a phone; of what was not sent, `queued.OLDEST`."""

blueprint = Blueprint("offline", __name__, url_prefix="/offline")


@blueprint.get("/")
def page() -> ResponseReturnValue:
    return shell()


@blueprint.get("/worker.js")
def worker() -> ResponseReturnValue:
    """Return the service worker, here, so that it is in charge of this page and of no other."""
    security.allow_fetching()
    text = (files("lti_tool.web") / "static" / WORKER).read_text()
    response = Response(text, content_type="text/javascript; charset=utf-8")
    response.cache_control.no_cache = True
    return response


def shell(brought: dict[str, Any] | None = None) -> Response:
    """Return the page. `brought`: the list of learners that it was opened with."""
    security.allow_fetching()
    security.allow_worker()
    shown = render_template(
        "offline.html",
        brought=brought,
        script=SCRIPT,
        kept={
            "page": url_for("offline.page"),
            "worker": url_for("offline.worker"),
            "files": [static_files.asset(name) for name in (SCRIPT, STYLES, ICON)],
            "name": f"offline-{release()}-{language()}",
            "days": DAYS_KEPT,
            "oldest": queued.OLDEST.days,
        },
        script_words=_words(),
    )
    response = make_response(shown)
    response.cache_control.no_store = True
    return response


@cache
def release() -> str:
    """Return a name for this state of the page and its files; another release has another."""
    folder = files("lti_tool.web") / "templates"
    texts = [(folder / name).read_bytes() for name in ("base.html", "offline.html")]
    digests = [static_files.digest(name).encode() for name in (SCRIPT, WORKER, STYLES, ICON)]
    parts = [version("credlet").encode(), *texts, *digests]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()[:12]


def _words() -> dict[str, str]:
    """Return what the script says; `{}` is filled in by it."""
    return {
        "again": gettext(
            "Not sent: your visit has ended. Open the course in your learning platform again and "
            "press “Sign off without network” there. What waits here is then sent."
        ),
        "cannot": gettext(
            "This browser cannot keep the page without network: it is too old, blocks storage, or "
            "is in a private window. Use another browser, or print a sheet in the course."
        ),
        "complete": gettext("Completed"),
        "dismiss": gettext("Dismiss"),
        "failed": gettext("The server could not take it just now. Everything is still here."),
        "full": gettext(
            "This phone could not store it: there may be no room left. It was not noted: {}"
        ),
        "gone": gettext("Removed from this phone."),
        "later": gettext("No network. Everything stays on this phone and is sent later."),
        "number": gettext("A number from 0 to {}"),
        "nobody": gettext("Nobody is found."),
        "noted": gettext("Noted, not sent yet"),
        "open": gettext("Not started"),
        "points": gettext("Points (0 to {})"),
        "recorded": gettext("Sent: {} recorded."),
        "refused": gettext("Not recorded: {}. The reasons stand below."),
        "renewed": gettext("The list was brought up to date."),
        "retry": gettext("Try again"),
        "sending": gettext("Sending …"),
        "sent": gettext("Recorded"),
        "signed": gettext("signed off"),
        "started": gettext("Started"),
        "taken": gettext(
            "It is on this phone now. Bookmark this page or add it to the home screen, and open it "
            "there without network."
        ),
        "tried": gettext("Sent, but no answer came: this is asked again"),
        "undo": gettext("Undo"),
        "unsent": gettext("Not sent yet: {}"),
    }
