"""The command's own way to the web, before a real TLS server on loopback."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from badges import fetch
from badges.fetch import FetchFailed, https


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        port = self.server.server_address[1]
        redirects = {
            "/near": "/did.json",
            "/far": f"https://127.0.0.1:{port}/did.json",
            "/plain": f"http://localhost:{port}/did.json",
            "/round": "/round",
        }
        if self.path in redirects:
            self._answer(302, b"", {"Location": redirects[self.path]})
        elif self.path == "/large":
            self._answer(200, b"x" * (fetch.MAX_BYTES + 1), {})
        elif self.path == "/did.json":
            self._answer(200, b'{"id": "did:web:localhost"}', {})
        else:
            self._answer(404, b"no", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


def make_certificate(folder: Path) -> Path:
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    file = folder / "localhost.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        listening.socket = context.wrap_socket(
            listening.socket, server_side=True, do_handshake_on_connect=False
        )
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"https://localhost:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def code(url: str) -> str:
    with pytest.raises(FetchFailed) as failure:
        https(url)
    return failure.value.code


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("path", ["/did.json", "/near"])
def test_a_document_is_fetched_over_https(server: str, path: str) -> None:
    assert https(server + path) == b'{"id": "did:web:localhost"}'


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/far", "address_refused"),
        ("/plain", "address_refused"),
        ("/round", "unreachable"),
        ("/large", "too_large"),
        ("/none", "unreachable"),
    ],
)
def test_what_is_not_to_be_had_there_fails(server: str, path: str, expected: str) -> None:
    assert code(server + path) == expected


def test_a_certificate_that_nobody_vouches_for_is_refused(server: str) -> None:
    assert code(server + "/did.json") == "unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/did.json",
        "file:///etc/hostname",
        "data:,x",
        "ftp://localhost/x",
        "https:///x",
        "https://user:word@localhost/x",
        "did:web:a",
    ],
)
def test_other_addresses_are_not_asked(url: str) -> None:
    assert code(url) == "address_refused"


@pytest.mark.parametrize(
    "url", ["https://[::1/x", "https://localhost:x/", "https://a b/", "\ud800"]
)
def test_a_malformed_address_fails(url: str) -> None:
    assert code(url) in ("address_refused", "unreachable")
