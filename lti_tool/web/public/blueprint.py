"""The blueprint that the modules of this package fill, and what they share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, json
from sqlalchemy.orm import Session

from lti_tool.web.context import current_tool
from lti_tool.web.http import caching

LINKED_DATA = "application/ld+json"

blueprint = Blueprint("public", __name__)


@contextmanager
def reading() -> Iterator[Session]:
    with current_tool().database.transaction(read_only=True) as db:
        yield db


def document(content: Mapping[str, Any], mimetype: str = LINKED_DATA) -> Response:
    """Return JSON with its members in the order given, for scripts of any site."""
    text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False)
    return caching.readable_anywhere(Response(text, mimetype=mimetype))
