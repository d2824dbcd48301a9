"""Platform side of a launch: start it, check the tool's request, sign and post the id_token.

Spec: 1EdTech Security Framework 1.0, section 5.1 (third-party initiated login); LTI Core 1.3,
section 4. Which errors the tool is told and which end in a page is Moodle 4.5's choice.
"""

import json
import re
from collections.abc import Mapping
from secrets import token_hex

from flask import Blueprint, abort, jsonify, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from . import claims
from .errors import OAuthError
from .failing import may_fail
from .faults import Endpoint
from .grants import PendingLaunch
from .records import Course, Role, Tool
from .visits import find_course, find_link, lms, signed_in, teacher, visit

bp = Blueprint("oidc", __name__, url_prefix="/lms")

REQUIRED = ("client_id", "redirect_uri", "login_hint", "nonce", "lti_message_hint")


@bp.get("/jwks")
def jwks() -> Response:
    """The platform's key set."""
    return may_fail(Endpoint.KEYS, _key_set)


def _key_set() -> Response:
    named = lms().config.manners.names_algorithms
    return jsonify(lms().keys.key_set(names_algorithms=named))


@bp.get("/launch/<link_id>")
def launch(link_id: str) -> str:
    """Step 1: a form that posts itself to the tool's login address.

    Needs no sign-in, as in Moodle: a visit that expired sends `login_hint` 0 and is refused later.
    """
    link, course = find_link(link_id)
    current, tool = visit(), lms().tool(link.client_id)
    assert tool is not None
    if current.user and current.role(course) is None:
        abort(403)
    target = "window" if request.args.get("target") == "window" else "iframe"
    hint = {"cmid": int(link.module_id), "launchid": f"ltilaunch{link.id}_{token_hex(8)}"}
    return _begin(tool, course, hint, link_id=link.id, document_target=target)


@bp.get("/review/<link_id>")
def review(link_id: str) -> str:
    """Step 1 of a submission review: somebody clicked a grade.

    As in Moodle 4.5 nobody looks whether the person may see the grade of `user`.
    """
    link, course = find_link(link_id)
    current, tool = visit(), lms().tool(link.client_id)
    assert tool is not None
    if current.user and current.role(course) is None:
        abort(403)
    hint = {"cmid": int(link.module_id), "launchid": f"ltilaunch{link.id}_{token_hex(8)}"}
    return _begin(
        tool,
        course,
        hint,
        link_id=link.id,
        document_target="iframe",
        for_user=request.args.get("user", ""),
    )


@bp.get("/privacy/<client_id>/launch")
def ask_for_data(client_id: str) -> str:
    """Step 1 of a data privacy launch: somebody asks what a tool keeps about them.

    An administrator may ask about anybody (`user`). Moodle 4.5 has no such message.
    """
    _, user = signed_in()
    tool = lms().tool(client_id)
    about = request.args.get("user", user.id)
    if tool is None or about not in {each.id for each in lms().users()}:
        abort(404)
    if about != user.id and not lms().is_admin(user):
        abort(403)
    hint = {"launchid": f"privacy_{token_hex(8)}"}
    return _begin(tool, None, hint, link_id=None, document_target="iframe", for_user=about)


@bp.get("/content/<course_id>/launch")
def select_content(course_id: str) -> str:
    """Step 1 of a deep linking request (Deep Linking 2.0, section 4): a teacher selects content."""
    course = find_course(course_id)
    teacher(course)
    tool = lms().tool(request.args.get("tool", ""))
    if tool is None:
        abort(404)
    hint = {"courseid": int(course.id), "launchid": f"contentitem_{token_hex(8)}"}
    return _begin(tool, course, hint, link_id=None, document_target="iframe")


def _begin(
    tool: Tool,
    course: Course | None,
    hint: Mapping[str, object],
    *,
    link_id: str | None,
    document_target: str,
    for_user: str = "",
) -> str:
    config = lms().config
    current, encoded = visit(), json.dumps(hint, separators=(",", ":"))
    lms().grants.begin_launch(
        PendingLaunch(
            hint=encoded,
            visit=current.id,
            client_id=tool.client_id,
            course_id=course.id if course else "",
            link_id=link_id,
            document_target=document_target,
            for_user=for_user,
        )
    )
    fields = {
        "iss": config.iss,
        "target_link_uri": tool.target_link_uri,
        "login_hint": current.user.id if current.user else "0",
        "lti_message_hint": encoded,
        "client_id": tool.client_id,
        config.manners.login_deployment: lms().deployment_of(tool, course),
    }
    if target := config.storage_target or config.manners.storage_target:
        fields["lti_storage_target"] = target
    return _form("ltiInitiateLoginForm", tool.initiate_login_url, fields)


@bp.route("/auth", methods=["GET", "POST"])
def authorise() -> str | Response:
    """Steps 2 and 3: the tool's authentication request, answered by a form that posts itself."""
    if "visit" not in session and "repost" not in request.values:
        # The cookie stays behind when the tool's own page sent the browser here; a form of ours
        # fetches it, as Moodle does since browsers know SameSite.
        return _form("autopostme", lms().config.auth_url, {**request.values, "repost": "true"})
    pending, tool = _trusted_request()
    redirect_uri = request.values["redirect_uri"]
    # Moodle cleans the state like any text, so tags vanish from it.
    answer = {"state": re.sub(r"<[^>]*>?", "", request.values.get("state", ""))}
    try:
        _check(tool)
    except OAuthError as error:
        answer |= {"error": error.code, "error_description": error.description}
        return _form("ltiAuthForm", redirect_uri, answer)
    signed = _sign(pending)
    if isinstance(signed, Response):
        return signed
    return _form("ltiAuthForm", redirect_uri, {"id_token": signed, **answer})


def _trusted_request() -> tuple[PendingLaunch, Tool]:
    """Return the launch this request belongs to; anything doubtful ends in a page (404).

    Taking the launch uses it up, so Back and Reload are refused.
    """
    values = request.values
    if not all(values.get(key) for key in REQUIRED):
        abort(404, "Invalid request")
    if values.get("scope") != "openid" or values.get("response_type") != "id_token":
        abort(404, "Invalid request")
    pending = lms().grants.take_launch(values["lti_message_hint"], visit().id)
    tool = lms().tool(pending.client_id) if pending else None
    if pending is None or tool is None or values["redirect_uri"] not in tool.redirect_uris:
        abort(404, "Invalid request")
    return pending, tool


def _check(tool: Tool) -> None:
    values, user = request.values, visit().user
    if values["client_id"] != tool.client_id:
        raise OAuthError("unauthorized_client", "Unknown client_id")
    if user is None or values["login_hint"] != user.id:
        raise OAuthError("access_denied", "The login_hint is not the person signed in")
    if values.get("response_mode") != "form_post":
        raise OAuthError("invalid_request", "The response_mode must be form_post")
    if values.get("prompt", "none") != "none":
        raise OAuthError("invalid_request", "The prompt must be none")


def _sign(pending: PendingLaunch) -> str | Response:
    """Return the id_token, or 303 to the reason why the person may not open the link."""
    current = visit()
    if current.user is None:
        abort(403)
    role = None
    if pending.course_id:
        role = current.role(lms().course(pending.course_id))
        if role is None or (pending.link_id is None and role is not Role.TEACHER):
            abort(403)
    if pending.link_id is not None and role is not None:
        link, _ = find_link(pending.link_id)
        if not lms().can_open(current.user, link, role):
            return redirect(url_for("pages.link", link_id=link.id), 303)
    built = claims.build(
        lms(),
        pending,
        user=current.user,
        role=role,
        nonce=request.values["nonce"],
        session_key=current.session_key,
        now=lms().config.clock(),
    )
    return lms().keys.sign(built)


def _form(name: str, action: str, fields: dict[str, str]) -> str:
    return render_template("auto_submit.html", name=name, action=action, fields=fields)
