"""What the LMS refuses, and how it says so."""


class LmsError(Exception):
    """Base of this package's errors."""


class KeySetError(LmsError):
    """The tool's key set could not be fetched or is none."""


class OAuthError(LmsError):
    """An error with a code of RFC 6749: told in JSON by the token endpoint, by form in a launch."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class ToolUnreachable(OAuthError):
    """The tool's key set could not be had, so nothing that it signed can be believed."""

    def __init__(self) -> None:
        super().__init__("invalid_client", "The tool's key set cannot be read")


class ServiceError(LmsError):
    """A refused service request; the reason goes into the HTTP status line."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RegistrationError(LmsError):
    """A refused registration of a tool; the reason is the plain text of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
