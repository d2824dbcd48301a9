"""Browsers on their way through logins and launches, over connections that are kept open."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from lti_tool import clock
from tests.factories.platform import PlatformDouble

CONNECTIONS = 4
# As from a window, or a frame whose cookies came back before: Credlet then redirects at once.
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Dest": "document"}

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a tool is reached, and what it calls its launch address.

    `mark`: the cookie of a browser that has been here before.
    """

    port: int
    login: str
    launch: str
    public_launch_url: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    cookies: str
    state: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str
    cookies: str
    body: bytes


def logins(target: Target, platform: PlatformDouble, count: int) -> list[Begun]:
    """Begin `count` logins, each in a browser of its own."""
    params = {
        "iss": platform.issuer,
        "client_id": platform.client_id,
        "login_hint": "7",
        "lti_message_hint": '{"launchid":"1"}',
        "lti_deployment_id": platform.deployment_id,
        "target_link_uri": target.public_launch_url,
    }
    body = urlencode(params)

    def begin(connection: http.client.HTTPConnection, _: int) -> Begun:
        answer = _post(connection, target.login, body, target.mark)
        query = parse_qs(urlsplit(answer.location).query)
        assert answer.status == 302, (answer.status, answer.body[:500])
        return Begun(answer.cookies, query["state"][0], query["nonce"][0])

    return _in_parallel(target.port, range(count), begin)


def tokens(
    target: Target, platform: PlatformDouble, begun: Sequence[Begun], learners: Sequence[str]
) -> list[str]:
    """Sign what the platform answers to each login: the launch of a unit that has a column."""
    unit = {"mc": "BEM-S-WLD1", "unit": "BEM-S-WLD1-U1"}
    column = {
        "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
        "lineitem": f"{platform.url}/items/1/lineitem",
    }
    return [
        platform.sign(
            platform.claims(
                clock.now(),
                sub=sub,
                nonce=one.nonce,
                target_link_uri=target.public_launch_url,
                custom=unit,
                endpoint=column,
            )
        )
        for one, sub in zip(begun, learners, strict=True)
    ]


def launches(target: Target, begun: Sequence[Begun], signed: Sequence[str]) -> None:
    """Post every token; fails unless each launch is accepted."""
    forms = [
        (one.cookies, urlencode({"state": one.state, "id_token": token}))
        for one, token in zip(begun, signed, strict=True)
    ]

    def post(connection: http.client.HTTPConnection, form: tuple[str, str]) -> None:
        answer = _post(connection, target.launch, form[1], form[0])
        assert answer.status in {200, 302, 303}, (answer.status, answer.body[:500])

    _in_parallel(target.port, forms, post)


def _post(connection: http.client.HTTPConnection, path: str, body: str, cookies: str) -> Answer:
    headers = {**FORM, "Cookie": cookies} if cookies else FORM
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    sent = response.msg.get_all("Set-Cookie") or []
    return Answer(
        response.status,
        response.getheader("Location") or "",
        "; ".join(one.partition(";")[0] for one in sent),
        response.read(),
    )


def _in_parallel(
    port: int,
    items: Sequence[Item],
    act: Callable[[http.client.HTTPConnection, Item], Made],
) -> list[Made]:
    made: list[Any] = [None] * len(items)
    failures: list[BaseException] = []

    def work(start: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            for position in range(start, len(items), CONNECTIONS):
                made[position] = act(connection, items[position])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(start,)) for start in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return made


def timed(act: Callable[[], Made]) -> tuple[float, Made]:
    start = time.perf_counter()
    made = act()
    return time.perf_counter() - start, made
