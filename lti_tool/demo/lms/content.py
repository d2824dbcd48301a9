"""Content that a teacher selects in a tool: the frame, the tool's answer, and what is saved.

Platform side of LTI Deep Linking 2.0, section 4. As in Moodle 4.5 the answer comes back inside the
frame, is confirmed by the teacher, and its items become links, with a column of the gradebook only
where the item has a `lineItem`. Stricter than Moodle: each answer is taken once (`jti`).
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from . import signed, visits
from .errors import OAuthError
from .gradebook import number
from .grants import Selection
from .records import Course, Role, Tool
from .visits import find_course, lms, visit

bp = Blueprint("content", __name__, url_prefix="/lms")

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MAX_ITEMS = 50
LONGEST_LIFE = 600
CUSTOM_NAME = re.compile(r"[A-Za-z0-9_.]+")

Item = Mapping[str, Any]


@bp.context_processor
def shared() -> dict[str, object]:
    return {"lms_name": lms().config.name, "visit": visit(), "Role": Role}


@bp.get("/course/<course_id>/content")
def select(course_id: str) -> str:
    """The tool in a frame, in which a teacher selects content for the course."""
    course = find_course(course_id)
    visits.teacher(course)
    tool = lms().tool(request.args.get("tool", ""))
    if tool is None:
        abort(404)
    return render_template("content.html", course=course, tool=tool)


@bp.post("/content/return")
def take() -> str | tuple[str, int]:
    """The tool's answer, posted by the browser from inside the frame."""
    if "visit" not in session and "repost" not in request.form:
        # The cookie stays behind on a post from the tool's site: a form of ours fetches it.
        fields = {"JWT": request.form.get("JWT", ""), "repost": "true"}
        action = request.full_path
        return render_template("auto_submit.html", name="autopostme", action=action, fields=fields)
    course = _own_course()
    try:
        tool, items = _checked(request.form.get("JWT", ""), course)
    except OAuthError as error:
        return render_template("content_refused.html", course=course, reason=str(error)), 400
    kept = Selection(
        visit=visit().id, course_id=course.id, client_id=tool.client_id, items=tuple(items)
    )
    key = lms().grants.keep_selection(kept) if items else ""
    return render_template("content_confirm.html", course=course, items=items, key=key)


@bp.post("/content/save")
def save() -> Response:
    """Make the links that the teacher saw; once."""
    visits.check_form()
    kept = lms().grants.take_selection(request.form.get("selection", ""), visit().id)
    if kept is None:
        abort(404)
    course = find_course(kept.course_id)
    visits.teacher(course)
    for item in kept.items:
        _add(course, kept.client_id, item)
    return redirect(url_for("pages.course", course_id=course.id), 303)


def _own_course() -> Course:
    """Return the course that the return address names, if its form key is this visit's."""
    course = find_course(request.args.get("course", ""))
    if request.args.get("sesskey") != visit().session_key:
        abort(403)
    visits.teacher(course)
    return course


def _checked(message: str, course: Course) -> tuple[Tool, list[Item]]:
    tool, claims = signed.read(message)
    audience = claims.get("aud")
    if audience not in (lms().config.iss, [lms().config.iss]):
        raise OAuthError("invalid_request", "aud must be this platform")
    if request.args.get("id") != tool.deployment_id:
        raise OAuthError("invalid_request", "Another tool was asked")
    expected = {
        LTI + "deployment_id": lms().deployment_of(tool, course),
        LTI + "message_type": "LtiDeepLinkingResponse",
        LTI + "version": "1.3.0",
    }
    for name, value in expected.items():
        if claims.get(name) != value:
            raise OAuthError("invalid_request", f"{name.rpartition('/')[2]} is wrong")
    if not isinstance(claims.get("nonce"), str) or not claims["nonce"]:
        raise OAuthError("invalid_request", "nonce is required")
    if DL + "data" in claims:
        raise OAuthError("invalid_request", "data was not sent and cannot come back")
    items = _items(claims, tool)
    signed.check_once(claims, tool)
    if claims["exp"] - claims["iat"] > LONGEST_LIFE:
        raise OAuthError("invalid_request", "The message lives too long")
    return tool, items


def _items(claims: Mapping[str, Any], tool: Tool) -> list[Item]:
    """Return the items; none at all cancel."""
    items = claims.get(DL + "content_items", [])
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        raise OAuthError("invalid_request", "content_items must be a list")
    for item in items:
        if not isinstance(item, dict) or item.get("type") != "ltiResourceLink":
            raise OAuthError("invalid_request", "Only ltiResourceLink is accepted")
        if item.get("url", tool.target_link_uri) != tool.target_link_uri:
            raise OAuthError("invalid_request", "url must be the registered target")
        if not _is_line(item.get("title")) or not item["title"]:
            raise OAuthError("invalid_request", "Each item needs a title")
        _check_custom(item.get("custom", {}))
        _check_column(item.get("lineItem"))
    return items


def _check_custom(custom: object) -> None:
    is_plain = isinstance(custom, dict) and all(
        isinstance(name, str) and CUSTOM_NAME.fullmatch(name) and _is_line(value)
        for name, value in custom.items()
    )
    if not is_plain:
        raise OAuthError("invalid_request", "custom must hold single lines of text")


def _check_column(column: object) -> None:
    if column is None:
        return
    maximum = number(column.get("scoreMaximum")) if isinstance(column, dict) else None
    if maximum is None or maximum <= 0:
        raise OAuthError("invalid_request", "scoreMaximum must be greater than 0")


def _is_line(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 255 and "\n" not in value


def _add(course: Course, client_id: str, item: Item) -> None:
    """Make a link; its column is called as the link is, whatever the item's label says."""
    column = item.get("lineItem") or {}
    lms().add_link(
        course,
        item["title"],
        item.get("custom", {}),
        description=str(item.get("text") or ""),
        client_id=client_id,
        gradable=bool(column),
        maximum=float(column.get("scoreMaximum", 100)),
        resource_id=str(column.get("resourceId") or ""),
        tag=str(column.get("tag") or ""),
    )
