"""What this package refuses, and what a platform's services refuse."""

from datetime import timedelta

from lti_tool.errors import ToolError


class LaunchRefused(ToolError):
    """A login or launch is refused; `code` names the reason, and the claim where one is at fault.

    The person is shown what to do next; nothing was opened and nothing was written. `way_back`:
    where they came from in the LMS, if that is proven; it is never logged.
    """

    def __init__(
        self, code: str, *, status: int = 400, way_back: str | None = None, **params: str
    ) -> None:
        super().__init__(code, **params)
        self.status = status
        self.way_back = way_back


class RegistrationRefused(ToolError):
    """A dynamic registration is refused; nothing was stored and the invitation is not used up."""

    def __init__(self, code: str, *, status: int = 400, **params: str) -> None:
        super().__init__(code, **params)
        self.status = status


class ServiceError(ToolError):
    """A platform's token, score or result service did not do what it was asked.

    `is_transient`: the same request may succeed later, not before `retry_after` where given.
    """

    status = 502

    def __init__(
        self, code: str, *, is_transient: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(code)
        self.is_transient = is_transient
        self.retry_after = retry_after
