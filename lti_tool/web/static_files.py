"""Style sheet, script, templates: their folder, and addresses that change with the content."""

import hashlib
from functools import cache
from importlib.resources import files

from flask import Blueprint, Flask, Response, request, url_for
from markupsafe import Markup

SECONDS_IMMUTABLE = 365 * 24 * 3600

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


@blueprint.after_request
def cache_for_ever(response: Response) -> Response:
    if response.status_code in {200, 304} and "v" in request.args:
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = SECONDS_IMMUTABLE
        response.cache_control.immutable = True
    return response
