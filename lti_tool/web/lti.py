"""The addresses that a platform knows: login, launch and key set of one registration."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog
from flask import (
    Blueprint,
    Response,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)

from lti_tool import clock
from lti_tool.errors import Conflict
from lti_tool.lti import launch, login_states, tool_configuration, tool_keys
from lti_tool.lti.claims import AnyClaims
from lti_tool.lti.errors import LaunchRefused
from lti_tool.lti.tool_configuration import ToolAddresses
from lti_tool.models import LaunchSession
from lti_tool.services.connections import refused_launches, waiting_deployments
from lti_tool.services.connections import tool_keys as key_turns
from lti_tool.services.launching import launches
from lti_tool.web import launch_session, proving
from lti_tool.web.context import current_tool, public_url
from lti_tool.web.http import caching, framed_cookies, static_files
from lti_tool.web.http.caching import cacheable
from lti_tool.web.http.compression import compress
from lti_tool.web.http.negotiation import wants_page
from lti_tool.web.learner import home

MAX_FORM_BYTES = 256 * 1024
# Security Framework 1.0, section 5.1.1.1; LTI 1.3 core, section 4.1.
LOGIN_PARAMETERS = (
    "iss",
    "login_hint",
    "target_link_uri",
    "lti_message_hint",
    "lti_deployment_id",
    "client_id",
)
# In English: an LMS stores it once and shows it to everybody.
DESCRIPTION = "Complete units of micro-credentials and earn Open Badges."

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
    params, now = request.form if request.method == "POST" else request.args, clock.now()
    with _noting_refusals(registration_id, now):
        begun = launch.begin(
            current_tool().database,
            registration_id,
            params.to_dict(),
            launch_url=launch_url(registration_id),
            now=now,
        )
    # A plain 302: from a page of ours, Moodle first has to post the form to itself once more.
    response = (
        _redirect(begun.redirect_url, 302)
        if proving.keeps_cookies()
        else proving.keep_proof(begun, _login_again(registration_id, params))
    )
    framed_cookies.keep_login(
        response, begun.cookie_name, begun.browser_secret, login_states.LIFETIME
    )
    return response


@blueprint.post("/launch")
def accept(registration_id: uuid.UUID) -> Response:
    """Security Framework 1.0, section 5.1.1.3 and 5.1.3: the platform's answer, posted by the
    browser. What is proven opens a launch session. (Last step of the launch.)
    """
    tool, now = current_tool(), clock.now()
    form = request.form.to_dict()
    with _noting_refusals(registration_id, now):
        accepted = launch.accept(
            tool.database,
            tool.outbound,
            registration_id,
            form,
            framed_cookies.logins(),
            launch_url=launch_url(registration_id),
            encryption=tool.encryption,
            now=now,
        )
    if not accepted.is_confirmed:
        address = url_for("lti.confirm", registration_id=registration_id)
        return proving.ask_for_proof(accepted, form["state"], address)
    session, token = _open(registration_id, accepted.claims, now)
    log.info("launch_accepted", registration_id=str(registration_id), launch_id=str(session.id))
    response = _redirect(url_for("learner.home", launch_id=session.id), 303)
    framed_cookies.end_login(response, form.get("state", ""))
    return launch_session.carry(response, session.id, token)


@blueprint.post("/confirm")
def confirm(registration_id: uuid.UUID) -> Response:
    """The browser's proof, where it keeps no cookie, for the launch that waits for it. The answer
    is the bearer of the launch session, with its first page, which would otherwise take one more
    round trip. (An own step after the launch, for our script alone.)
    """
    tool, now = current_tool(), clock.now()
    state, proof = request.form.get("state", ""), request.form.get("proof", "")
    with _noting_refusals(registration_id, now):
        claims = launch.confirm(
            tool.database, tool.encryption, registration_id, state, proof, now=now
        )
    session, token = _open(registration_id, claims, now, by_script=True)
    log.info("launch_confirmed", registration_id=str(registration_id), launch_id=str(session.id))
    request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"  # as the next request would have it
    first = make_response(home.home(launch_id=session.id))
    response = jsonify(
        launch=f"{launch_session.path(session.id)}/",
        bearer=token,
        address=first.location or url_for("learner.home", launch_id=session.id),
        page=None if first.location else first.get_data(as_text=True),
    )
    response.cache_control.no_store = True
    return compress(response)


@contextmanager
def _noting_refusals(registration_id: uuid.UUID, now: datetime) -> Iterator[None]:
    """Let administrators see what was refused, and which deployment waits for them."""
    try:
        yield
    except LaunchRefused as refused:
        deployment_id = refused.params.get("deployment_id")
        if refused.code in refused_launches.NOTED:
            with current_tool().database.transaction() as db:
                refused_launches.note(db, registration_id, refused.code, now)
                if deployment_id:
                    waiting_deployments.note(db, registration_id, deployment_id, now)
        raise


def _login_again(registration_id: uuid.UUID, params: Mapping[str, str]) -> str:
    """Return the address at which the same login begins anew, in a window of its own."""
    known = {name: params[name] for name in LOGIN_PARAMETERS if name in params}
    return f"{url_for('lti.login', registration_id=registration_id)}?{urlencode(known)}"


def _open(
    registration_id: uuid.UUID,
    claims: AnyClaims,
    now: datetime,
    *,
    by_script: bool = False,
) -> tuple[LaunchSession, str]:
    """Open a launch session of the kind that the message asks for.

    `by_script`: its secret is a bearer, since the browser keeps no cookie.
    """
    g.way_back = claims.return_url
    try:
        return _opened(registration_id, claims, now, by_script)
    except Conflict as conflict:
        if conflict.code != "version_changed":
            raise
        return _opened(registration_id, claims, now, by_script)  # with what the teacher has chosen


def _opened(
    registration_id: uuid.UUID, claims: AnyClaims, now: datetime, by_script: bool
) -> tuple[LaunchSession, str]:
    tool = current_tool()
    lifetime = timedelta(hours=tool.settings.launch_session_hours)
    with tool.database.transaction() as db:
        session, token = launches.open_message(
            db, registration_id, claims, encryption=tool.encryption, lifetime=lifetime, now=now
        )
        if by_script:
            launches.carry_by_script(session, now)
        return session, token


def addresses(registration_id: uuid.UUID) -> ToolAddresses:
    """Return what a platform must know of this tool for one registration."""
    return ToolAddresses(
        public_url(), registration_id, public_url() + static_files.asset("icon.svg")
    )


# What follows answers for any id: a platform is told these addresses, and may try them, before
# its registration is stored. They hold nothing but this tool's public side.


@blueprint.get("/jwks")
def jwks(registration_id: uuid.UUID) -> Response:
    """Security Framework 1.0, section 6.3: the keys that our messages are signed with."""
    tool, now = current_tool(), clock.now()
    with tool.database.transaction(read_only=True) as db:
        keys = tool_keys.key_set(db, now)
    if not keys["keys"]:
        with tool.database.transaction() as db:
            tool_keys.current(db, tool.encryption, now)
            keys = tool_keys.key_set(db, now)
    return caching.readable_anywhere(cacheable(jsonify(keys), caching.KEYS))


@blueprint.get("/public-key.pem")
def public_key(registration_id: uuid.UUID) -> Response:
    """The key that signs now, for platforms that cannot fetch a key set; to people with a word
    on what they have to do when it changes.
    """
    tool, now = current_tool(), clock.now()
    with tool.database.transaction() as db:
        given = key_turns.show_as_text(db, tool.encryption, registration_id, now)
    answer = Response(given.pem, mimetype="text/plain")
    if wants_page():
        answer = make_response(
            render_template(
                "public/key_as_text.html", given=given, is_scheduled=tool.settings.tool_key_days
            )
        )
    return cacheable(answer, caching.KEYS, varies=caching.PAGE_VARIES)


@blueprint.get("/config.json")
def configuration(registration_id: uuid.UUID) -> Response:
    """The JSON from which Canvas makes a developer key (method "Enter URL")."""
    return cacheable(
        jsonify(tool_configuration.canvas(addresses(registration_id), DESCRIPTION)), caching.KEYS
    )


def _redirect(location: str, status: int) -> Response:
    """Return a redirect that leaves no trace in caches and referrers."""
    response = Response(status=status)
    response.location = location
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
