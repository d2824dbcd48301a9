"""Outgoing HTTP, against servers on loopback that misbehave."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lti_tool import outbound
from lti_tool.outbound import MAX_BYTES, Outbound, OutboundError, Response, is_public
from tests.factories.platform import Answer, PlatformDouble, rsa_key, serving_platform

LOOPBACK = Outbound(("127.0.0.1", "localhost"))
PUBLIC = Outbound()


@pytest.fixture
def server() -> Iterator[PlatformDouble]:
    with serving_platform() as served:
        yield served


@contextmanager
def _raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection by hand; the block's end waits for nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                try:
                    talk(connection)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(OutboundError) as caught:
        act()
    return caught.value.code


def test_an_answer_has_status_reason_headers_and_body(server: PlatformDouble) -> None:
    server.answers["/x"] = Answer(409, b"[]", {"X-One": "1"}, reason="Refusing score")
    response = LOOPBACK.post(f"{server.url}/x", json={"a": 1})
    assert (response.status, response.reason, response.content) == (409, "Refusing score", b"[]")
    assert response.headers["x-one"] == "1"
    assert not response.is_success
    sent = server.requests[0]
    assert sent.body == b'{"a": 1}'
    assert sent.headers["User-Agent"].startswith("Credlet/")


def test_a_form_is_sent_as_one(server: PlatformDouble) -> None:
    server.answers["/x"] = Answer()
    LOOPBACK.post(f"{server.url}/x", data={"scope": "a b"})
    assert server.requests[0].form == {"scope": "a b"}


def test_fetch_gives_the_body_of_success_only(server: PlatformDouble) -> None:
    server.answers["/x"] = Answer(body=b"document")
    assert LOOPBACK.fetch(f"{server.url}/x") == b"document"
    assert _code(lambda: LOOPBACK.fetch(f"{server.url}/missing")) == "status"


def test_a_redirect_is_refused(server: PlatformDouble) -> None:
    server.answers["/x"] = Answer(302, headers={"Location": f"{server.url}/y"})
    assert _code(lambda: LOOPBACK.get(f"{server.url}/x")) == "redirect"
    assert server.hits("/y") == 0


@pytest.mark.parametrize(("size", "fits"), [(MAX_BYTES, True), (MAX_BYTES + 1, False)])
def test_size_is_limited(server: PlatformDouble, size: int, fits: bool) -> None:
    server.answers["/x"] = Answer(body=b"x" * size)
    if fits:
        assert len(LOOPBACK.get(f"{server.url}/x").content) == size
    else:
        assert _code(lambda: LOOPBACK.get(f"{server.url}/x")) == "too_large"


def test_a_body_without_end_is_cut_off() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with _raw_server(talk) as url:
        assert _code(lambda: LOOPBACK.get(url)) == "too_large"


def _trickling_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def _trickling_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def _silence(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize("talk", [_trickling_headers, _trickling_body, _silence])
def test_the_whole_exchange_is_bounded(
    monkeypatch: pytest.MonkeyPatch, talk: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.6)
    started = time.monotonic()
    with _raw_server(talk) as url:
        assert _code(lambda: LOOPBACK.get(url)) == "timeout"
    assert time.monotonic() - started < 2


def test_the_bounds_free_a_worker_within_eight_seconds() -> None:
    assert outbound.TOTAL_SECONDS < 8


def test_a_slow_resolver_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "RESOLVE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    started = time.monotonic()
    assert _code(lambda: PUBLIC.get("https://lms.example/")) == "timeout"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("talk", [lambda c: c.sendall(b"nonsense\r\n\r\n"), lambda c: c.close()])
def test_no_answer_is_unreachable(talk: Any) -> None:
    with _raw_server(talk) as url:
        assert _code(lambda: LOOPBACK.get(url)) == "unreachable"


def test_a_closed_port_is_unreachable() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    assert _code(lambda: LOOPBACK.get(f"http://127.0.0.1:{port}/")) == "unreachable"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "0.0.0.0",
        "[::]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fc00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "255.255.255.255",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
    ],
)
def test_private_addresses_are_never_connected_to(server: PlatformDouble, host: str) -> None:
    port = server.url.rpartition(":")[2]
    assert _code(lambda: PUBLIC.get(f"https://{host}:{port}/")) == "refused_address"
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://lms.example/", "refused_address"),
        ("file:///etc/passwd", "bad_url"),
        ("file://lms.example/etc/passwd", "refused_address"),
        ("ftp://lms.example/", "refused_address"),
        ("https://lms.example:22/", "refused_address"),
        ("https://lms.example:99999/", "bad_url"),
        ("https://user@lms.example/", "bad_url"),
        ("https://user:word@lms.example/", "bad_url"),
        ("https://", "bad_url"),
        ("", "bad_url"),
        ("https://[::1/", "bad_url"),
        ("https://lms.example/a b", "bad_url"),
        ("https://lms.example/\n", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
    ],
)
def test_other_addresses_are_refused_before_anything_is_resolved(
    monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    assert _code(lambda: PUBLIC.get(url)) == code


def test_a_name_that_answers_twice_is_connected_to_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch, server: PlatformDouble
) -> None:
    """DNS rebinding: a public address for the check, a private one for the connection."""
    port = int(server.url.rpartition(":")[2])
    answers = iter(["203.0.113.9", "127.0.0.1", "127.0.0.1"])
    asked, connected = [], []

    def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "203.0.113.9")
    assert _code(lambda: PUBLIC.get(f"https://lms.example:{port}/")) == "unreachable"
    assert asked == ["lms.example"]
    assert connected == [("203.0.113.9", port)]
    assert server.requests == []


def test_of_several_addresses_only_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [("10.0.0.1", 443), ("93.184.216.34", 443), ("127.0.0.1", 443)]
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", place) for place in found]
    )
    monkeypatch.setattr(socket, "create_connection", connect)
    assert _code(lambda: PUBLIC.get("https://lms.example/")) == "unreachable"
    assert connected == [("93.184.216.34", 443)]


def test_the_name_not_the_address_is_what_tls_and_host_speak_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate for the name is accepted, though the connection is made to its address."""
    context, authority = _certificate(tmp_path, "lms.example")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        received: list[bytes] = []

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        received.append(secure.recv(65536))
                        secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                except OSError:
                    continue

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))]
        )
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(authority))
        good = Outbound(("lms.example", "other.example"))
        assert good.get(f"https://lms.example:{port}/").content == b"ok"
        assert _code(lambda: good.get(f"https://other.example:{port}/")) == "unreachable"
    assert asked == ["lms.example", "other.example"]
    assert f"Host: lms.example:{port}".encode() in received[0]


def _certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    key, name = rsa_key(4), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return context, chain


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), timedelta(minutes=5)),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), timedelta()),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 50, timedelta(seconds=10**8)),
    ],
)
def test_retry_after(value: str, wait: timedelta | None) -> None:
    assert Response("", 429, "", {"Retry-After": value}, b"").retry_after(NOW) == wait


@pytest.mark.parametrize("content", [b"", b"<html>", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json(content: bytes) -> None:
    assert _code(lambda: Response("", 200, "", {}, content).json()) == "not_json"
