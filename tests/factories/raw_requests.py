"""Requests as strangers send them: any bytes in any place, without a client that tidies up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app


@dataclass(frozen=True, slots=True)
class RawRequest:
    """`path` and `query` are what stands in the request line; header values are bytes."""

    method: str = "GET"
    path: bytes = b"/"
    query: bytes = b""
    headers: Mapping[str, bytes] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    status: int
    headers: Headers
    body: bytes


def send(app: Flask, request: RawRequest) -> RawAnswer:
    """Answer as a server would; an exception that a server would have to catch is raised."""
    chunks: Iterable[bytes]
    chunks, status, headers = run_wsgi_app(app.wsgi_app, _environ(request), buffered=True)
    return RawAnswer(int(status.split()[0]), headers, b"".join(chunks))


def _environ(request: RawRequest) -> dict[str, Any]:
    """Return the WSGI environment (PEP 3333: bytes as latin-1 text)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(request.path),
        "QUERY_STRING": request.query.decode("latin1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_HOST": "127.0.0.1:8000",
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        prefix = "" if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else "HTTP_"
        environ[prefix + key] = value.decode("latin1")
    return environ


def _unquoted(path: bytes) -> str:
    return unquote_to_bytes(path).decode("latin1")
