"""Requests whose query and cookies can be read whatever bytes a client sends.

Werkzeug decodes both strictly, and raises where they are not UTF-8: on every page, and again on
the page that would say so.
"""

from typing import TYPE_CHECKING

from flask import Flask, Request

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


def _readable(native: str) -> str:
    """Return bytes that are written as latin-1 (PEP 3333), now surely UTF-8."""
    return native.encode("latin1", "replace").decode(errors="replace").encode().decode("latin1")
