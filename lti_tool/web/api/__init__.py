"""The interface for other systems of a school: tokens, reported completions, its description."""

from lti_tool.web.api import completions, description, tokens
from lti_tool.web.api.blueprint import blueprint

__all__ = ["blueprint", "completions", "description", "tokens"]
