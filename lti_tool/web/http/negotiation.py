"""Page or data: what the client at hand wants of an address that has both."""

from flask import request

_PAGES = frozenset({"text/html", "application/xhtml+xml"})


def wants_page() -> bool:
    """Whether the client names pages, as browsers do; programs that take anything do not."""
    return any(
        kind.split(";")[0] in _PAGES and quality for kind, quality in request.accept_mimetypes
    )


def wants_json() -> bool:
    """Whether the client names JSON, and prefers it to the page if it names that too.

    A client without a wish (`*/*`) gets the page: so do link previews, which people look at.
    """
    named = [(kind.split(";")[0], quality) for kind, quality in request.accept_mimetypes]
    data = max((quality for kind, quality in named if kind.endswith("json")), default=0)
    page = max((quality for kind, quality in named if kind in _PAGES), default=0)
    return data > page
