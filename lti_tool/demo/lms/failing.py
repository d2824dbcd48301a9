"""Carry out a fault that a test has ordered."""

import socket
import time
from collections.abc import Callable

from flask import request
from werkzeug.wrappers import Response

from .faults import Endpoint, Fault
from .visits import lms

NO_ANSWER = "no answer"


def may_fail(endpoint: Endpoint, answer: Callable[[], Response]) -> Response:
    """Return `answer()`, or what the next fault ordered for the endpoint makes of it."""
    fault = lms().faults.take(endpoint)
    if fault is None:
        return answer()
    if fault.accept:
        answer()
    time.sleep(fault.hang)
    return _failed(fault)


def _failed(fault: Fault) -> Response:
    if fault.status is None:
        _hang_up()
        return Response(status=f"500 {NO_ANSWER}")
    failed = Response("[]", status=fault.status, content_type="application/json")
    if fault.retry_after is not None:
        failed.headers["Retry-After"] = str(fault.retry_after)
    return failed


def _hang_up() -> None:
    """Close the connection under the server's feet; only Werkzeug's server gives us the socket."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
