"""The style sheet, which a learner's first page holds within itself: asking for it would be felt.

The page also has it fetched, without waiting, and a cookie says so for the next time. In a document
that stays while a script puts pages in place, the sheet comes beside the script's first request.
"""

import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files

from flask import Flask, Response, g, request
from markupsafe import Markup

from lti_tool.web.http import compression, security, static_files

FILE = "credlet.css"
COOKIE = "sheet"
COOKIE_SECONDS = 90 * 24 * 3600


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(sheet=sheet, sheet_within=sheet_within)
    app.after_request(note)


def sheet_within() -> bool:
    """Return whether the page being written holds the sheet, which its policy then allows."""
    if "sheet_within" not in g:
        is_fetched = request.cookies.get(COOKIE) == static_files.digest(FILE)
        is_put_in_place = "Authorization" in request.headers
        g.sheet_within = compression.is_wanted() and not is_fetched and not is_put_in_place
        if g.sheet_within:
            security.allow_style(_source())
    return bool(g.sheet_within)


@cache
def sheet() -> Markup:
    """Return the sheet as it stands within a page, without comments and indents."""
    text = (files("lti_tool.web") / "static" / FILE).read_text()
    lines = (line.strip() for line in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).splitlines())
    return Markup("\n".join(filter(None, lines)))  # noqa: S704 - our own file


@cache
def _source() -> str:
    return "sha256-" + b64encode(hashlib.sha256(sheet().encode()).digest()).decode("ascii")


def note(response: Response) -> Response:
    """Let the browser say next time that it has the sheet; the cookie says nothing of anybody."""
    if g.get("sheet_within"):
        response.set_cookie(
            COOKIE,
            static_files.digest(FILE),
            max_age=COOKIE_SECONDS,
            path="/launches",
            secure=True,
            httponly=True,
            samesite="None",
            partitioned=True,
        )
    return response
