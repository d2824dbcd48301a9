"""What a demo LMS is told when it starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_bytes
from urllib.parse import urlsplit

import requests

from lti_tool import clock

from .manners import MOODLE, Manners

Clock = Callable[[], datetime]
Fetch = Callable[[str], bytes]

ID_TOKEN_LIFE = timedelta(seconds=60)
MAX_KEY_SET_BYTES = 65_536


def fetch_over_http(url: str) -> bytes:
    """Return the body at `url`; redirects are not followed.

    Raises:
        OSError: unreachable, an error status, a redirect, or too large (requests' own errors
            are `OSError`s).
    """
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=(3, 5), allow_redirects=False)
        answer.raise_for_status()
        if answer.is_redirect or len(answer.content) > MAX_KEY_SET_BYTES:
            raise OSError(f"{url} is no key set")
        return answer.content


@dataclass(frozen=True, slots=True, kw_only=True)
class LmsConfig:
    """`issuer`: origin without a slash at the end: the base of every address, and `iss` unless the
    LMS that is played calls itself otherwise.

    `fetch(url)` gets the tool's key set and raises `OSError` when it cannot. `storage_target`: what
    keeps values for tools (LTI Platform Storage), a frame of this name beside the tool's or, as
    `_parent`, the page itself; Moodle 4.5 has none.
    """

    issuer: str
    name: str = "Demo LMS"
    manners: Manners = MOODLE
    locale: str = "en"
    token_life: timedelta = timedelta(seconds=3600)
    storage_target: str | None = None
    clock: Clock = clock.now
    fetch: Fetch = fetch_over_http
    secret_key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)

    @property
    def iss(self) -> str:
        return self.manners.iss or self.issuer

    def line_items(self, course_id: str) -> str:
        """Return the address of a course's columns."""
        return self.services + self.manners.line_items.format(course=course_id)

    @property
    def services(self) -> str:
        """Where services lie: the base of their addresses."""
        host = urlsplit(self.issuer).hostname or ""
        return self.issuer.replace(host, self.manners.service_host or host, 1)

    @property
    def token_audience(self) -> str:
        return self.manners.token_audience or self.token_url

    @property
    def auth_url(self) -> str:
        return f"{self.issuer}/lms/auth"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/lms/token"

    @property
    def registration_url(self) -> str:
        return f"{self.issuer}/lms/register"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/lms/jwks"
