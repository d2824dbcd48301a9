"""Serve an application on loopback from a thread, quietly."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


class _QuietHandler(WSGIRequestHandler):
    """Addresses of launches and services carry secrets, so no request is logged."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    app: Flask, *, host: str = "127.0.0.1", port: int, certificate: Path | None = None
) -> Iterator[str]:
    """Serve `app` with a thread per request until the block ends; yields its base address.

    `certificate`: a PEM file with a certificate and its key, to serve over https.

    Raises:
        OSError: the port is in use.
    """
    with socket.socket() as probe:  # werkzeug would print advice and exit
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    context = _tls(certificate) if certificate else None
    server = make_server(
        host, port, app, threaded=True, request_handler=_QuietHandler, ssl_context=context
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://{host}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
