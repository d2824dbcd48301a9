"""Style sheet, script, templates: their folder, and addresses that change with the content."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files

from flask import Blueprint, Flask, Response, request, url_for
from markupsafe import Markup

SECONDS_IMMUTABLE = 365 * 24 * 3600
COMPRESSED = frozenset({"text/css", "text/javascript", "image/svg+xml"})

blueprint = Blueprint(
    "web",
    "lti_tool.web",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset=asset, source=source)


def asset(filename: str) -> str:
    """Return the address of a static file; it holds a digest, so it can be cached for ever."""
    return url_for("web.static", filename=filename, v=digest(filename))


@cache
def source(*filenames: str) -> Markup:
    """Return scripts as they stand within a page that cannot wait for another round trip.

    Indents and lines of comment are left out.
    """
    texts = ((files("lti_tool.web") / "static" / name).read_text() for name in filenames)
    lines = (line.strip() for text in texts for line in text.splitlines())
    kept = (line for line in lines if line and not line.startswith("//"))
    return Markup("\n".join(kept))  # noqa: S704 - our own files


@cache
def digest(filename: str) -> str:
    content = (files("lti_tool.web") / "static" / filename).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


@cache
def _gzipped(filename: str) -> bytes:
    content = (files("lti_tool.web") / "static" / filename).read_bytes()
    return gzip.compress(content, 9, mtime=0)


@blueprint.after_request
def compress(response: Response) -> Response:
    """Send a file compressed to who asks so; files hold nothing that its length could betray."""
    if response.mimetype not in COMPRESSED:
        return response
    response.vary.add("Accept-Encoding")
    etag, _ = response.get_etag()
    if response.status_code == 200 and request.accept_encodings["gzip"] > 0:
        response.direct_passthrough = False
        response.make_sequence()  # which closes the file
        response.set_data(_gzipped((request.view_args or {})["filename"]))
        response.content_encoding = "gzip"
        response.headers.pop("Accept-Ranges", None)
    if etag:
        response.set_etag(etag, weak=True)  # of the file, however it is sent
    return response


@blueprint.after_request
def cache_for_ever(response: Response) -> Response:
    if response.status_code in {200, 304} and "v" in request.args:
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = SECONDS_IMMUTABLE
        response.cache_control.immutable = True
    return response
