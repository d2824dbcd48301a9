"""What strangers send before it is text: bytes that are not UTF-8, NUL characters, host names.

Werkzeug decodes queries and cookies strictly and raises where they are not UTF-8: on every page,
and again on the page that would say so. PostgreSQL keeps no NUL characters, SQLite does: so none
gets as far as a database.
"""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import RequestRedirect

from lti_tool.web.http.security import API_BLUEPRINT, LTI_BLUEPRINT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class LenientRequest(Request):
    """Bytes that are not UTF-8 become U+FFFD."""

    def __init__(
        self, environ: "WSGIEnvironment", populate_request: bool = True, shallow: bool = False
    ) -> None:
        for name in ("QUERY_STRING", "HTTP_COOKIE"):
            if name in environ:
                environ[name] = _readable(environ[name])
        super().__init__(environ, populate_request, shallow)


def init_app(app: Flask) -> None:
    app.request_class = LenientRequest
    app.before_request(refuse_nul)
    app.after_request(redirect_here)


def refuse_nul() -> None:
    """Refuse a request with a NUL character in its address or its form.

    The LTI endpoints look at each of their parameters themselves, the interface for other systems
    at each member; reading a form would take its JSON away where it says no type.
    """
    if "\0" in request.path:
        raise NotFound
    if request.blueprint in (LTI_BLUEPRINT, API_BLUEPRINT) or request.url_rule is None:
        return
    for texts in (request.args, request.form):
        if any("\0" in text for values in texts.lists() for text in (values[0], *values[1])):
            raise BadRequest


def redirect_here(response: Response) -> Response:
    """Let a redirect to the proper form of an address name no host.

    Werkzeug takes the request's, which is whatever a stranger says.
    """
    is_redirect = isinstance(request.routing_exception, RequestRedirect)
    if is_redirect and "Location" in response.headers:  # it may have been refused before
        target = urlsplit(response.headers["Location"])
        path = "/" + target.path.lstrip("/\\")
        response.headers["Location"] = target._replace(scheme="", netloc="", path=path).geturl()
    return response


def _readable(native: str) -> str:
    """Return bytes that are written as latin-1 (PEP 3333), now surely UTF-8."""
    return native.encode("latin1", "replace").decode(errors="replace").encode().decode("latin1")
