"""Every refusal and failure as a page for people, or as a problem for software (RFC 9457)."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from http import HTTPStatus
from typing import cast

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from lti_tool.errors import ToolError
from lti_tool.lti import return_addresses
from lti_tool.lti.errors import LaunchRefused
from lti_tool.web import proving
from lti_tool.web.http import security
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.words.api import API
from lti_tool.web.words.sentences import Sentence, sentence

log = structlog.get_logger(__name__)

PROBLEM_TYPE = "application/problem+json"
# Pages below these are shown in the frame of an LMS; a refusal holds nothing worth a trick.
_FRAMED = ("/launches/", "/lti/")
_FOR_SOFTWARE = ("/api/", "/oauth/", "/catalogue.jsonld")


def init_app(app: Flask) -> None:
    app.before_request(name_request)
    app.register_error_handler(ToolError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, fail)


def name_request() -> None:
    """Give the request the id that a person can quote and an operator can find in the log."""
    g.correlation_id = uuid.uuid4().hex[:12]


def refuse(error: ToolError) -> Response:
    write = log.warning if error.status < 500 else log.error
    write("request_refused", code=error.code, status=error.status, correlation_id=_correlation_id())
    return answer(error)


def answer(error: ToolError) -> Response:
    """Return the page or problem of a refusal that is not logged."""
    if isinstance(error, LaunchRefused) and error.way_back:
        g.way_back = error.way_back
    return _answer(error.code, error.status, dict(error.params))


def refuse_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        # A redirect, not a refusal.
        return cast("Response", Response.force_type(error.get_response()))
    told = g.get("too_large") if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else None
    response = _answer(told or f"http_{error.code}", error.code, {})
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def fail(error: Exception) -> Response:
    log.error(
        "request_failed",
        kind=type(error).__name__,
        correlation_id=_correlation_id(),
        exc_info=error,
    )
    return _answer("internal_error", 500, {})


def what_happened(error: ToolError) -> str:
    """Return what a refusal says, to stand above the form that it is about."""
    return _filled(sentence(error.code, error.status).title, error.params)


def in_words(error: ToolError) -> str:
    """Return what a refusal says and what to do next."""
    return _in_words(sentence(error.code, error.status), error.params)


def for_operators(error: ToolError) -> str:
    """Return what a refusal says and what to do next, to those who run another system."""
    return _in_words(API.get(error.code) or sentence(error.code, error.status), error.params)


def _in_words(found: Sentence, params: Mapping[str, str]) -> str:
    return f"{_filled(found.title, params)} {gettext(found.next_step)}"


def _filled(title: str, params: Mapping[str, str]) -> str:
    known = defaultdict(str, params)  # a parameter that a caller forgot leaves a gap, not a crash
    return gettext(title) % known if "%(" in title else gettext(title)


def _correlation_id() -> str:
    return str(g.get("correlation_id") or "")


def _is_about_accounts() -> bool:
    return request.path.startswith(("/admin", "/sign-in"))


def _launch_id() -> uuid.UUID | None:
    """Return the launch to go back to, if this person may see its pages.

    In the frame of an LMS the browser shows no way back. A deep linking request that was answered
    has no page any more.
    """
    has_pages = "visit" in g and not g.is_answered
    return (request.view_args or {}).get("launch_id") if has_pages else None


def _way_back(title: str, code: str) -> str | None:
    """Return the address in the LMS that a refused launch came from, with what is said here."""
    if not g.get("way_back"):
        return None
    log_text = f"{code} {_correlation_id()}"
    return return_addresses.with_error(str(g.way_back), title, log_text)


def _answer(code: str, status: int, params: dict[str, str]) -> Response:
    otherwise = "launch_refused" if request.blueprint == security.LTI_BLUEPRINT else ""
    is_for_software = request.path.startswith(_FOR_SOFTWARE)
    known = API.get(code) if is_for_software else None
    found = known or sentence(code, status, otherwise)
    title = _filled(found.title, params)
    next_step = gettext(found.next_step)
    if wants_json() or is_for_software:
        response = jsonify(
            type="about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=f"{title} {next_step}",
            code=code,
            correlation_id=_correlation_id(),
        )
        response.content_type = PROBLEM_TYPE
    else:
        response = Response(
            render_template(
                "error.html",
                title=title,
                next_step=next_step,
                code=code,
                correlation_id=_correlation_id(),
                launch_id=_launch_id(),
                is_about_accounts=_is_about_accounts(),
                resumes=proving.resumes(code),
                way_back=_way_back(title, code),
            ),
            content_type="text/html; charset=utf-8",
        )
    if request.path.startswith(_FRAMED):
        # The page that says "expired" has to be seen where it happens.
        security.allow_framing(g.get("frame_ancestors") or security.FRAMED_BY_ANYBODY)
    response.status_code = status
    response.cache_control.no_store = True
    response.vary.add("Accept")
    return response
