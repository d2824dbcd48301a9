"""How a verifier asks for what a credential only names: DID documents and status lists."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import IO
from urllib.parse import urljoin, urlsplit

from badges.errors import BadgeError

Fetch = Callable[[str], bytes]  # raises FetchFailed and nothing else

MAX_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 10.0  # of each wait; a whole answer may take twice that
MAX_REDIRECTS = 3
_CHUNK = 65536


class FetchFailed(BadgeError):
    """The resource is not to be had: what depends on it stays undecided."""


def https(url: str) -> bytes:
    """Fetch `url` over https, at most 1 MiB, following no redirect to another host.

    Raises:
        FetchFailed: `address_refused`, `unreachable`, `too_large`, `too_slow`.
    """
    try:
        for _ in range(1 + MAX_REDIRECTS):
            found = _get(url)
            if isinstance(found, bytes):
                return found
            url = _redirected(url, found)
    except (OSError, HTTPException, ValueError) as error:
        raise FetchFailed("unreachable", type(error).__name__) from None
    raise FetchFailed("unreachable", "redirects")


def _get(url: str) -> bytes | str:
    """Return the body, or the address to look at instead."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed("address_refused")
    headers = {"Accept": "application/json, */*;q=0.5"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - https only, see above
    try:
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return _read(response)
    except urllib.error.HTTPError as error:
        with error:
            location = error.headers.get("Location")
        if location is None:
            raise
        return location


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if urlsplit(target)[:2] != urlsplit(url)[:2]:
        raise FetchFailed("address_refused")
    return target


def _read(response: IO[bytes]) -> bytes:
    deadline = time.monotonic() + 2 * TIMEOUT_SECONDS
    data = b""
    while chunk := response.read(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise FetchFailed("too_large")
        if time.monotonic() > deadline:
            raise FetchFailed("too_slow")
    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        """Leave redirects to `https`, which checks them."""
