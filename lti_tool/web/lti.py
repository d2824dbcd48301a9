"""The addresses that a platform knows: login, launch and key set of one registration."""

import uuid
from datetime import datetime, timedelta

import structlog
from flask import Blueprint, Response, jsonify, request, url_for

from lti_tool import clock
from lti_tool.errors import NotFound
from lti_tool.lti import launch, login_states, tool_keys
from lti_tool.lti.claims import DeepLinkingClaims, LaunchClaims
from lti_tool.models import LaunchSession, Registration
from lti_tool.services import launches
from lti_tool.web import caching, launch_session
from lti_tool.web.context import current_tool, public_url

MAX_FORM_BYTES = 256 * 1024
KEY_SET_MAX_AGE = 300

blueprint = Blueprint("lti", __name__, url_prefix="/lti/<uuid:registration_id>")

log = structlog.get_logger(__name__)


def launch_url(registration_id: uuid.UUID) -> str:
    """Return the redirect URI of a registration, as the platform must know it."""
    return f"{public_url()}/lti/{registration_id}/launch"


@blueprint.before_request
def limit_size() -> None:
    request.max_content_length = MAX_FORM_BYTES


@blueprint.route("/login", methods=["GET", "POST"])
def login(registration_id: uuid.UUID) -> Response:
    """Security Framework 1.0, section 5.1.1.1 and .2: the platform says that somebody wants to
    come; we send the browser back to it with state and nonce. (First step of the launch.)
    """
    params = request.form if request.method == "POST" else request.args
    begun = launch.begin(
        current_tool().database,
        registration_id,
        params.to_dict(),
        launch_url=launch_url(registration_id),
        now=clock.now(),
    )
    # A plain 302: from a page of ours, Moodle first has to post the form to itself once more.
    response = _redirect(begun.redirect_url, 302)
    response.set_cookie(
        begun.cookie_name,
        begun.browser_secret,
        max_age=login_states.LIFETIME,
        path="/lti",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response


@blueprint.post("/launch")
def accept(registration_id: uuid.UUID) -> Response:
    """Security Framework 1.0, section 5.1.1.3 and 5.1.3: the platform's answer, posted by the
    browser. What is proven opens a launch session. (Last step of the launch.)
    """
    tool, now = current_tool(), clock.now()
    form = request.form.to_dict()
    claims = launch.accept(
        tool.database,
        tool.outbound,
        registration_id,
        form,
        request.cookies,
        launch_url=launch_url(registration_id),
        now=now,
    )
    session, token = _open(registration_id, claims, now)
    log.info("launch_accepted", registration_id=str(registration_id), launch_id=str(session.id))
    response = _redirect(url_for("learner.home", launch_id=session.id), 303)
    name = launch.cookie_name(form.get("state", ""))
    response.delete_cookie(
        name, path="/lti", secure=True, httponly=True, samesite="None", partitioned=True
    )
    return launch_session.carry(response, session.id, token)


def _open(
    registration_id: uuid.UUID, claims: LaunchClaims | DeepLinkingClaims, now: datetime
) -> tuple[LaunchSession, str]:
    """Open a launch session of the kind that the message asks for."""
    tool = current_tool()
    lifetime = timedelta(hours=tool.settings.launch_session_hours)
    with tool.database.transaction() as db:
        if isinstance(claims, DeepLinkingClaims):
            return launches.open_deep_linking(
                db,
                registration_id,
                claims,
                encryption=tool.encryption,
                lifetime=lifetime,
                now=now,
            )
        return launches.open_session(
            db, registration_id, claims, encryption=tool.encryption, lifetime=lifetime, now=now
        )


@blueprint.get("/jwks")
def jwks(registration_id: uuid.UUID) -> Response:
    """Security Framework 1.0, section 6.3: the keys that our messages are signed with."""
    tool = current_tool()
    with tool.database.transaction(read_only=True) as db:
        if db.get(Registration, registration_id) is None:
            raise NotFound("registration_unknown")
        keys = tool_keys.key_set(db)
    if not keys["keys"]:
        with tool.database.transaction() as db:
            tool_keys.current(db, tool.encryption, clock.now())
            keys = tool_keys.key_set(db)
    response = caching.readable_anywhere(jsonify(keys))
    response.cache_control.public = True
    response.cache_control.max_age = KEY_SET_MAX_AGE
    response.add_etag()
    response.make_conditional(request)
    return response


def _redirect(location: str, status: int) -> Response:
    """Return a redirect that leaves no trace in caches and referrers."""
    response = Response(status=status)
    response.location = location
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
