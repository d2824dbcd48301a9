"""Outgoing HTTP with bounds: which addresses, how long, how much, and no redirects.

Every address that a platform names is fetched through here. A host name is resolved once and
the address that was checked is the one connected to, so a name cannot answer twice. The whole
exchange ends within `TOTAL_SECONDS`, whatever the other side does.
"""

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as TransferTimeout

from lti_tool.errors import ToolError

RESOLVE_SECONDS = 2.0
CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
TOTAL_SECONDS = 7.0
MAX_BYTES = 1024 * 1024
USER_AGENT = f"Credlet/{version('credlet')}"

_PORTS_BELOW_1024 = {443}
_TIMEOUTS = (requests.Timeout, TransferTimeout, TimeoutError)
# Unicast addresses that lead back to private ones through a translator or a tunnel.
_TRANSLATED = tuple(
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.88.99.0/24")
)

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundError(ToolError):
    """The exchange failed; `code` says how.

    bad_url, refused_address, timeout, unreachable, redirect, too_large, status, not_json.
    """

    status = 502


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is not a redirect. `headers` ignores the case of names."""

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise OutboundError("not_json") from error

    def retry_after(self, now: datetime) -> timedelta | None:
        """Return how long the server asks to wait (RFC 9110, section 10.2.3), never negative."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return timedelta(seconds=min(int(value[:9]), 10**8))
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(moment - now, timedelta())


class Outbound:
    """HTTP to hosts on the public internet, over TLS.

    `private_hosts` may resolve to any address and may be spoken to without TLS: for
    development, tests, and an LMS in the same private network.
    """

    def __init__(self, private_hosts: tuple[str, ...] = ()) -> None:
        self.private_hosts = frozenset(host.lower() for host in private_hosts)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Response:
        return self._exchange("GET", url, headers=headers)

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | Mapping[str, str] | None = None,
        json: object = None,
    ) -> Response:
        return self._exchange("POST", url, headers=headers, data=data, json=json)

    def put(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes) -> Response:
        return self._exchange("PUT", url, headers=headers, data=data)

    def fetch(self, url: str) -> bytes:
        """Return the body of a successful answer.

        Raises:
            OutboundError: also for any status but 2xx.
        """
        response = self.get(url)
        if not response.is_success:
            raise OutboundError("status", status=str(response.status))
        return response.content

    def check_address(self, url: str) -> None:
        """Refuse an address that could never be connected to, without asking for its name.

        Raises:
            OutboundError: bad_url, refused_address
        """
        if self._check_url(url):
            return
        try:
            address = ipaddress.ip_address(urlsplit(url).hostname or "")
        except ValueError:
            return
        if not is_public(address):
            raise OutboundError("refused_address")

    def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, **body: Any
    ) -> Response:
        call = _Call(is_private=self._check_url(url))
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
        with requests.Session() as session, call.watched():
            session.trust_env = False  # no proxy and no .netrc of the machine
            session.mount("https://", _Adapter(call))
            session.mount("http://", _Adapter(call))
            try:
                with session.request(
                    method,
                    url,
                    headers=sent,
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                    **body,
                ) as answer:
                    return _read(answer, call)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise call.outcome_of(error) from error

    def _check_url(self, url: str) -> bool:
        """Return whether the host is one of the private ones.

        Raises:
            OutboundError: bad_url, refused_address
        """
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise OutboundError("bad_url") from error
        if not host or not url.isprintable() or " " in url:
            raise OutboundError("bad_url")
        if parts.username is not None or parts.password is not None:
            raise OutboundError("bad_url")
        is_private = host in self.private_hosts
        if is_private and parts.scheme in {"http", "https"}:
            return True
        if parts.scheme != "https":
            raise OutboundError("refused_address")
        if port is not None and port < 1024 and port not in _PORTS_BELOW_1024:
            raise OutboundError("refused_address")
        return False


class _Call:
    """The time and the address rules of one exchange."""

    def __init__(self, *, is_private: bool) -> None:
        self.is_private = is_private
        self.has_expired = False
        self.refusal: OutboundError | None = None
        self._deadline = time.monotonic() + TOTAL_SECONDS
        self._socket: socket.socket | None = None

    @property
    def remaining(self) -> float:
        return max(self._deadline - time.monotonic(), 0.01)

    def watched(self) -> "_Watchdog":
        return _Watchdog(self.remaining, self._expire)

    def holds(self, sock: socket.socket) -> None:
        self._socket = sock
        if self.has_expired:
            self._expire()

    def _expire(self) -> None:
        # Per-read time-outs start anew with every byte that trickles in; closing does not wait.
        self.has_expired = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a socket to an address of `host` that was checked."""
        addresses = [a for a in self._resolve(host, port) if self.is_private or is_public(a)]
        if not addresses:
            self.refusal = OutboundError("refused_address")
            raise OSError("no address of this host may be connected to")
        failure: OSError | None = None
        for address in addresses[:3]:
            try:
                limit = min(CONNECT_SECONDS, self.remaining)
                sock = socket.create_connection((str(address), port), timeout=limit)
                sock.settimeout(min(CONNECT_SECONDS, self.remaining))  # for the TLS handshake
                return sock
            except OSError as error:
                failure = error
            if self.has_expired:
                break
        raise failure or OSError("no connection")

    def _resolve(self, host: str, port: int) -> list[IpAddress]:
        """Return the addresses of `host`; the system's resolver has no time-out of its own."""
        found: list[IpAddress] = []

        def look_up() -> None:
            try:
                answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError):
                return
            texts = dict.fromkeys(str(a[4][0]).partition("%")[0] for a in answers)
            found.extend(ipaddress.ip_address(text) for text in texts)

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(RESOLVE_SECONDS)
        if thread.is_alive():
            self.refusal = OutboundError("timeout")
        elif not found:
            self.refusal = OutboundError("unreachable")
        if self.refusal:
            raise OSError("the host name was not resolved")
        return found

    def outcome_of(self, error: Exception) -> OutboundError:
        if isinstance(error, requests.exceptions.InvalidURL | UnicodeError):
            return OutboundError("bad_url")
        if self.refusal:
            return self.refusal
        if self.has_expired or isinstance(error, _TIMEOUTS):
            return OutboundError("timeout")
        return OutboundError("unreachable")


class _Watchdog:
    """Call `act` after `seconds`, unless the block has ended by then."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self._timer = threading.Timer(seconds, act)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def is_public(address: IpAddress) -> bool:
    """Return whether anybody on the internet may be meant by this address."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address.version == net.version and address in net for net in _TRANSLATED)


def _read(answer: requests.Response, call: _Call) -> Response:
    if 300 <= answer.status_code < 400:
        raise OutboundError("redirect")
    # Undecoded: a compressed body is not what was asked for, and could be any size.
    content = answer.raw.read(MAX_BYTES + 1, decode_content=False)
    if call.has_expired:
        raise OutboundError("timeout")
    if len(content) > MAX_BYTES:
        raise OutboundError("too_large")
    return Response(
        url=str(answer.url),
        status=answer.status_code,
        reason=str(answer.reason or ""),
        headers=CaseInsensitiveDict(answer.headers),
        content=content,
    )


class _Adapter(HTTPAdapter):
    """Let every connection of one exchange be made by its `_Call`."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        connection = _SecureConnection if pool.scheme == "https" else _PlainConnection
        pool.ConnectionCls = partial(connection, self._call)
        return pool


class _PlainConnection(HTTPConnection):
    def __init__(self, call: _Call, *args: Any, **kwargs: Any) -> None:
        self._call = call
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return self._call.connect(self.host, self.port)

    def connect(self) -> None:
        super().connect()
        self._call.holds(self.sock)


class _SecureConnection(HTTPSConnection):
    def __init__(self, call: _Call, *args: Any, **kwargs: Any) -> None:
        self._call = call
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return self._call.connect(self.host, self.port)

    def connect(self) -> None:
        super().connect()
        self._call.holds(self.sock)
