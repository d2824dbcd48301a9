"""How a browser proves that it began a login: by a cookie, else by what its storage kept.

In the frame of an LMS many browsers keep no cookie. Such a login goes through a page whose script
keeps the proof; the launch is answered by a page whose script sends it, and gets the bearer of the
launch session. Both scripts stand in their page: another round trip would be felt.
"""

import uuid

from flask import Flask, Response, json, make_response, render_template, request
from flask_babel import gettext

from lti_tool.lti.claims import DeepLinkingClaims
from lti_tool.lti.launch import Accepted, Login
from lti_tool.lti.origins import origin
from lti_tool.web.http import security
from lti_tool.web.http.compression import compress
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.words.sentences import sentence

MARK = "kept"
MARK_SECONDS = 90 * 24 * 3600


def init_app(app: Flask) -> None:
    app.jinja_env.globals["frame_words"] = frame_words


def keeps_cookies() -> bool:
    """Return whether a cookie that is set now will come back with the launch.

    The mark of an earlier login arrived here, in this frame of this site; or this is a window of
    its own, where no cookie is anybody's third party.
    """
    return MARK in request.cookies or request.headers.get("Sec-Fetch-Dest") == "document"


def keep_proof(begun: Login, elsewhere: str) -> Response:
    """Return the page that keeps the proof and goes on to the platform, or, where nothing can be
    kept, offers to begin the login `elsewhere`, in a tab of its own."""
    security.allow_framing(security.FRAMED_BY_ANYBODY)  # as any redirect may be
    page = render_template("proving/begin.html", begun=begun, elsewhere=elsewhere)
    response = make_response(page)
    response.cache_control.no_store = True
    response.set_cookie(
        MARK,
        "1",
        max_age=MARK_SECONDS,
        path="/lti",
        secure=True,
        httponly=False,  # the page's script looks whether it was kept; it says nothing else
        samesite="None",
        partitioned=True,
    )
    return compress(response)


def ask_for_proof(accepted: Accepted, state: str, address: str) -> Response:
    """Return the page whose script sends the proof to `address`, and then becomes the launch's."""
    claims = accepted.claims
    security.allow_framing(" ".join(accepted.frame_origins) or security.FRAMED_BY_NOBODY)
    security.allow_fetching()
    if isinstance(claims, DeepLinkingClaims):
        let_answer_leave(claims.settings.return_url)
    unproven = sentence("browser_unknown", 400)
    page = render_template(
        "proving/confirm.html",
        storage=accepted.storage,
        state=state,
        address=address,
        unproven=gettext(unproven.title),
        next_step=gettext(unproven.next_step),
    )
    response = make_response(page)
    response.cache_control.no_store = True
    return compress(response)


def resumes(code: str) -> str | None:
    """Return the launch whose page a script may fetch again, where no cookie came with it."""
    launch_id = (request.view_args or {}).get("launch_id")
    is_page = request.method == "GET" and not wants_json()
    if code != "session_missing" or not is_page or not isinstance(launch_id, uuid.UUID):
        return None
    security.allow_fetching()
    return f"/launches/{launch_id}/"


def frame_words() -> str:
    """Return what the script says, as JSON."""
    return json.dumps(
        {
            "working": gettext("One moment …"),
            "failed": gettext("The connection was interrupted. What you entered is still here."),
            "again": gettext("Try again"),
        }
    )


def let_answer_leave(return_url: str) -> None:
    """Let the answer to a deep linking request go to the platform from this same document."""
    security.send_forms_to(f"{security.OWN_FORMS} {origin(return_url)}")
