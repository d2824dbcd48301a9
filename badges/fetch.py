"""How a verifier asks for what a credential only names: DID documents and status lists."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlsplit

from badges.errors import BadgeError

Fetch = Callable[[str], bytes]  # raises FetchFailed and nothing else

MAX_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 10.0
_CHUNK = 65536


class FetchFailed(BadgeError):
    """The resource is not to be had: what depends on it stays undecided."""


def https(url: str) -> bytes:
    """Fetch `url` over https: at most 1 MiB, within 10 s a step, no redirect to another host.

    Raises:
        FetchFailed: `address_refused`, `unreachable`, `too_large`, `too_slow`.
    """
    try:
        _check(url)
        opener = urllib.request.build_opener(_SameHost)
        headers = {"Accept": "application/json, */*;q=0.5"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - https only, see above
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return _read(response)
    except (OSError, HTTPException, ValueError) as error:
        raise FetchFailed("unreachable", type(error).__name__) from None


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise FetchFailed("address_refused")


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


class _SameHost(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check(newurl)
        if urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            raise FetchFailed("address_refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
