"""Addresses for everybody, without a session: definitions, awarding bodies, badges, lists."""

from lti_tool.web.public import catalogue, credentials, definitions, feed, issuers, status_lists
from lti_tool.web.public.blueprint import blueprint

__all__ = [
    "blueprint",
    "catalogue",
    "credentials",
    "definitions",
    "feed",
    "issuers",
    "status_lists",
]
