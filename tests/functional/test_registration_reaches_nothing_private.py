"""Whatever address a registration names: a canary on this machine is never connected to."""

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from flask import Flask

from config import Settings
from lti_tool import clock, create_app, outbound
from lti_tool.db import Database
from lti_tool.lti import roster
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.service_calls import Caller
from lti_tool.tool import Tool
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import Answer, PlatformDouble
from tests.factories.registering import CONFIGURATION, TOOL, Registrar, code_of
from tests.unit.lti.conftest import grant_tokens


class Canary:
    """Listens on IPv4 and IPv6 loopback, at one port; `hits` counts connections."""

    def __init__(self, stack: ExitStack) -> None:
        self.hits = 0
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port: int = first.getsockname()[1]
        six = socket.create_server(("::1", self.port), family=socket.AF_INET6)
        for listener in (first, stack.enter_context(six)):
            threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.hits += 1
            connection.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    with ExitStack() as stack:
        yield Canary(stack)


def served_with(settings: Settings, hosts: tuple[str, ...]) -> Flask:
    changes: dict[str, Any] = {"environment": "production", "outbound_private_hosts": hosts}
    return create_app(settings.model_copy(update=changes))


@pytest.fixture
def production(tool_settings: Settings) -> Iterator[Flask]:
    """The tool as it runs for a school: no private host is allowed."""
    app = served_with(tool_settings, ())
    yield app
    app.extensions["credlet"].database.close()


@pytest.fixture
def intranet(tool_settings: Settings) -> Iterator[Flask]:
    """The tool beside an LMS of the same network, whose host alone is allowed."""
    app = served_with(tool_settings, ("127.0.0.1",))
    yield app
    app.extensions["credlet"].database.close()


def registrar_of(app: Flask, database: Database, platform: PlatformDouble) -> Registrar:
    return Registrar.invited(app.test_client(), database, platform, clock.now())


HOSTILE = (
    "https://127.0.0.1:{port}/c",
    "http://127.0.0.1:{port}/c",
    "https://localhost:{port}/c",
    "https://LOCALHOST:{port}/c",
    "https://127.1:{port}/c",
    "https://[::1]:{port}/c",
    "https://[::ffff:127.0.0.1]:{port}/c",
    "https://[0:0:0:0:0:0:0:1]:{port}/c",
    "https://[64:ff9b::7f00:1]:{port}/c",
    "https://0.0.0.0:{port}/c",
    "https://[::]:{port}/c",
    "https://0:{port}/c",
    "https://2130706433:{port}/c",
    "https://0x7f000001:{port}/c",
    "https://0177.0.0.1:{port}/c",
    "https://127.0.0.1.:{port}/c",
    "https://user@127.0.0.1:{port}/c",
    "https://user:pw@127.0.0.1:{port}/c",
    "https://lms.example@127.0.0.1:{port}/c",
    "https://127.0.0.1:{port}\\@lms.example/c",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/c",
    "https://172.16.0.1/c",
    "https://192.168.0.1/c",
    "https://[fc00::1]/c",
    "https://[fe80::1]/c",
    "https://127.0.0.1:22/c",
    "https://lms.example:22/c",
    "http://lms.example/c",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/c",
    "gopher://127.0.0.1:{port}/_",
    "//127.0.0.1:{port}/c",
    "/etc/passwd",
    "https:///c",
    "https://127.0.0.1:99999/c",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("address", HOSTILE)
def test_a_configuration_at_a_private_address_is_never_fetched(
    production: Flask, database: Database, platform: PlatformDouble, canary: Canary, address: str
) -> None:
    registrar = registrar_of(production, database, platform)
    answer = registrar.arrive(address.format(port=canary.port))
    assert code_of(answer) in {"configuration_address", "configuration_unavailable"}
    assert canary.hits == 0
    assert registrar.stored() == []


def test_a_redirect_is_not_followed(
    intranet: Flask, database: Database, platform: PlatformDouble, canary: Canary
) -> None:
    registrar = registrar_of(intranet, database, platform)
    for status in (301, 302, 303, 307, 308):
        where = {"Location": f"https://localhost:{canary.port}/c"}
        platform.answers[CONFIGURATION] = Answer(status, headers=where)
        assert code_of(registrar.arrive()) == "configuration_redirect"
    assert canary.hits == 0


ENDPOINTS = ("registration_endpoint", "token_endpoint", "jwks_uri", "authorization_endpoint")
LITERAL = ("https://127.0.0.2:{port}/r", "https://[::1]:{port}/r", "https://10.0.0.1/r")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("address", LITERAL)
def test_a_private_address_in_a_configuration_is_refused(
    intranet: Flask,
    database: Database,
    platform: PlatformDouble,
    canary: Canary,
    endpoint: str,
    address: str,
) -> None:
    registrar = registrar_of(intranet, database, platform)
    registrar.offers(**{endpoint: address.format(port=canary.port)})
    assert code_of(registrar.arrive()) == "configuration_incomplete"
    assert canary.hits == 0


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
def test_a_name_that_leads_to_a_private_address_gets_no_registration(
    intranet: Flask, database: Database, platform: PlatformDouble, canary: Canary, host: str
) -> None:
    registrar = registrar_of(intranet, database, platform)
    registrar.offers(registration_endpoint=f"https://{host}:{canary.port}/register")
    assert code_of(registrar.register()) == "platform_unavailable"
    assert canary.hits == 0
    registrar.offers()
    registrar.answers({"client_id": "c", TOOL: {"deployment_id": "7"}})
    assert registrar.register().status_code == 200


# What is asked again and again, once a registration is stored.


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "[::1]"])
def test_keys_at_a_private_address_are_never_fetched(
    production: Flask, database: Database, platform: PlatformDouble, canary: Canary, host: str
) -> None:
    where = f"https://{host}:{canary.port}/jwks"
    registration_id = platform.register(database, clock.now(), key_set_url=where)
    public_url = production.extensions["credlet"].settings.public_url
    visitor = Visitor(production.test_client(), platform, registration_id, public_url)
    assert refusal_code(visitor.launch()) == "keys_unavailable"
    assert canary.hits == 0


def caller_of(app: Flask, registration_id: uuid.UUID) -> Caller:
    tool: Tool = app.extensions["credlet"]
    return Caller(tool.database, tool.outbound, tool.encryption, registration_id, clock.now())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "0x7f.1"])
def test_a_private_address_gets_neither_an_assertion_nor_a_bearer(
    intranet: Flask, database: Database, platform: PlatformDouble, canary: Canary, host: str
) -> None:
    """Token address and services; the platform itself lies on the one host that is allowed."""
    grant_tokens(platform)
    there = f"https://{host}:{canary.port}"
    elsewhere = platform.register(database, clock.now(), auth_token_url=f"{there}/token")
    here = platform.register(database, clock.now(), slug="b", auth_login_url=f"{there}/auth")
    for registration_id, address in ((elsewhere, platform.url), (here, there)):
        service = roster.Service(registration_id, f"{address}/members")
        with pytest.raises(ServiceError) as caught:
            roster.read(caller_of(intranet, registration_id), service)
        assert caught.value.code in {"token_refused_address", "refused_address"}
    assert canary.hits == 0


@pytest.mark.parametrize(
    "target",
    ["https://localhost:{port}/m?p=2", "//127.0.0.2:{port}/m", "http://127.0.0.1:{port}/m?p=2"],
)
def test_the_next_page_is_asked_for_where_the_first_was(
    intranet: Flask, database: Database, platform: PlatformDouble, canary: Canary, target: str
) -> None:
    """Another port of the same host is another server."""
    grant_tokens(platform)
    link = f'<{target.format(port=canary.port)}>; rel="next"'
    body = {"members": [{"user_id": "7", "roles": ["Learner"]}]}
    platform.answers["/m"] = Answer.json(body, headers={"Link": link})
    registration_id = platform.register(database, clock.now())
    with suppress(ServiceError):
        roster.read(
            caller_of(intranet, registration_id),
            roster.Service(registration_id, f"{platform.url}/m"),
        )
    assert platform.hits("/m") > 0
    assert canary.hits == 0


def test_a_name_that_answers_twice_leads_nowhere(
    production: Flask,
    database: Database,
    platform: PlatformDouble,
    canary: Canary,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: a public address for the check, a private one for the connection."""
    registrar = registrar_of(production, database, platform)
    answers = iter(["203.0.113.9", *["127.0.0.1"] * 9])
    connected: list[object] = []

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), canary.port))]

    def connect(address: object, **_: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "203.0.113.9")
    code = code_of(registrar.arrive(f"https://lms.example:{canary.port}/c"))
    assert code == "configuration_unavailable"
    assert connected == [("203.0.113.9", canary.port)]
    assert canary.hits == 0


def test_the_canary_sings(canary: Canary) -> None:
    """What proves that the others could fail."""
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, canary.port), timeout=2) as connection:
            assert connection.recv(1) == b""
    assert canary.hits == 2
