"""What the application refuses, each with a stable code; the sentence for people lives in `web`."""

from collections.abc import Mapping


class ToolError(Exception):
    """A refusal with a stable `code` and the `params` that a sentence about it needs.

    `status` is the HTTP status a page or API answers with.
    """

    status = 400

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, str] = params


class NotFound(ToolError):
    """The thing does not exist, or not for this person: both look the same from outside."""

    status = 404


class Forbidden(ToolError):
    """The person is known and may not do this."""

    status = 403


class Conflict(ToolError):
    """The thing is no longer in the state that the request assumed."""

    status = 409
