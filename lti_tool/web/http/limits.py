"""How often one address may ask: who asks too often waits, and nobody else does.

A whole school often shares one address and opens a unit in one minute, so addresses are counted
generously where learners come, and what one launch or one LMS asks for is counted apart. Where a
secret could be guessed, or a request makes the server work for a stranger, few is enough. What
no line of `BY_ENDPOINT` or `BY_BLUEPRINT` names gets the strictest rule.

Addresses are personal data: they are counted under a keyed digest and never logged.
"""

import hashlib
import hmac
import ipaddress
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from flask_babel import format_timedelta
from flask_limiter import Limit, Limiter, RateLimitExceeded
from limits import parse_many
from limits.errors import StorageError
from werkzeug.exceptions import HTTPException

from config.settings import Settings
from lti_tool import clock, counting
from lti_tool.errors import ToolError
from lti_tool.web import errors
from lti_tool.web.context import current_tool
from lti_tool.web.http import request_counts

LOGGED_EVERY = timedelta(seconds=10)
MAX_COUNTED_BYTES = 256 * 1024
"""Of a form that is looked into for counting."""
IN_MEMORY = "memory:"
NOWHERE = "nowhere"
"""Counts requests for addresses that do not exist."""

_LOGIN = ("login_hint", "lti_message_hint", "state")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` within `seconds`."""

    requests: int
    seconds: int

    def scaled(self, percent: int) -> str:
        """Return it as the library writes rates."""
        return f"{max(self.requests * percent // 100, 1)} per {self.seconds} second"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one address may ask of the endpoints that share a rule.

    `each`: of these, how many for one launch or one registration (the id in the path).
    `own`: of these, how many for one login or one state, which somebody sends again and again.
    The narrowest is counted first: what it refuses takes nothing away from the others behind the
    same address.
    `is_per_endpoint`: each endpoint is counted on its own, so that a flood of logins keeps
    nobody from a launch that is under way.
    """

    name: str
    address: tuple[Rate, ...]
    each: tuple[Rate, ...] = ()
    own: tuple[Rate, ...] = ()
    is_per_endpoint: bool = False


LAUNCHES = Rule("lti", (Rate(2000, 10),), (Rate(1000, 10),), is_per_endpoint=True)
ARRIVALS = replace(LAUNCHES, own=(Rate(100, 10),))
"""A class of 35 that comes twice in ten seconds stays below, also where an LMS announces nobody by
name and all its logins look the same."""
LAUNCHED = Rule("launches", (Rate(2000, 10),), (Rate(100, 10),))
PUBLIC = Rule("public", (Rate(300, 10),))
SIGNED_IN = Rule("admin", (Rate(300, 10),))
WAITING = Rule("waiting", (Rate(60, 60),), (Rate(6, 60),))
"""Of what makes a thread wait for an LMS, which may be slow on purpose."""
ASKING = Rule("asking", (Rate(120, 60),), (Rate(20, 60),))
"""Of requests for which another server is asked, which `count_asking` counts besides."""
JOINING = Rule("joining", (Rate(120, 60), Rate(1000, 3600)), (Rate(10, 60),))
"""Of codes that learners make and enter, a class at a time; wrong ones are counted for each person
besides."""
REPORTS = Rule("reports", (Rate(300, 60),))
"""Of what other systems of schools send, a hundred completions at a time."""
STRICT = Rule("strict", (Rate(20, 60), Rate(200, 3600)))
REGISTRATIONS, SIGN_INS, MENTORS, TOKENS = (
    replace(STRICT, name=name) for name in ("registration", "sign_in", "mentors", "tokens")
)
"""Each counted on its own: a system with a wrong secret keeps nobody behind its address out."""

BY_BLUEPRINT: Mapping[str, Rule] = {
    "lti": LAUNCHES,
    "learner": LAUNCHED,
    "teacher": LAUNCHED,
    "public": PUBLIC,
    "offline": PUBLIC,
    "registration": REGISTRATIONS,
    "sign_in": SIGN_INS,
    "mentor": MENTORS,
    "admin": SIGNED_IN,
    "api": REPORTS,
}
BY_ENDPOINT: Mapping[str, Rule] = {
    NOWHERE: PUBLIC,
    "lti.login": ARRIVALS,
    "lti.accept": ARRIVALS,
    "lti.confirm": ARRIVALS,
    "learner.make_join_code": JOINING,
    "learner.enter_join_code": JOINING,
    "teacher.read_results": WAITING,
    "teacher.read_roster": WAITING,
    "teacher.repair_column": WAITING,
    "admin.test_server": WAITING,
    "admin.test_platform": WAITING,
    "api.token": TOKENS,
    "api.described": PUBLIC,
}
# Answering costs less than counting: a file that browsers keep for ever, and a probe.
UNLIMITED = frozenset({"web.static", "health.health"})


class ReadOnce(Limit):
    """A limit whose rates are read once: the library reads their text anew at every request, which
    takes longer than counting does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._read: dict[str, tuple[Any, ...]] = {}

    def __iter__(self) -> Iterator[Any]:
        assert callable(self.limit_provider)
        text = self.limit_provider()
        if text not in self._read:
            self._read[text] = tuple(super().__iter__())
        return iter(self._read[text])


class TooOften(ToolError):
    """Too many requests; `wait`: in words."""

    status = 429


class Refusals:
    """Logs the first refusal at once, then how many came, so that a flood fills no disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent_until = datetime.min.replace(tzinfo=UTC)
        self._count = 0

    def count(self, now: datetime) -> None:
        with self._lock:
            self._count += 1
            if now < self._silent_until:
                return
            count, self._count = self._count, 0
            self._silent_until = now + LOGGED_EVERY
        log.warning("requests_refused", code="too_often", count=count)


def init_app(app: Flask) -> None:
    settings: Settings = app.extensions["credlet"].settings
    Limiter(
        _by_address,
        app=app,
        default_limits=[
            ReadOnce(_own_rates, _by_address_and_login, scope=_scope, shared=True),
            ReadOnce(_each_rates, _by_address_and_id, scope=_scope, shared=True),
            ReadOnce(_address_rates, scope=_scope, shared=True),
        ],
        request_identifier=_endpoint,
        storage_uri=_storage(settings.rate_limit_storage_url),
        storage_options=counting.options(settings.rate_limit_storage_url),
        strategy="fixed-window",  # the one that can say exactly when to come back
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        enabled=settings.rate_limit_percent > 0,
    )
    app.extensions["credlet_refusals"] = Refusals()
    app.register_error_handler(RateLimitExceeded, refuse)


def rule_of(endpoint: str) -> Rule | None:
    """Return what an endpoint is counted by; None: not at all."""
    if endpoint in UNLIMITED:
        return None
    blueprint = endpoint.rpartition(".")[0]
    return BY_ENDPOINT.get(endpoint) or BY_BLUEPRINT.get(blueprint, STRICT)


def refuse(error: RateLimitExceeded) -> Response:
    """Say when to come back. Nothing was looked at, so what was sent can be sent again."""
    seconds = _seconds_left()
    current_app.extensions["credlet_refusals"].count(clock.now())
    response = errors.answer(TooOften("too_often", wait=_in_words(seconds)))
    response.headers["Retry-After"] = str(seconds)
    return response


def count_asking() -> None:
    """Count that another server is asked, whatever it answers.

    Raises:
        TooOften: `too_often`.
    """
    if not current_tool().settings.rate_limit_percent:
        return
    limiter = _limiter()
    counted = ((ASKING.each, _by_address_and_id()), (ASKING.address, _by_address()))
    for rates, key in counted:
        for limit in parse_many(_as_text(rates)):
            with suppress(StorageError):  # as for all other limits
                if limiter.limiter.hit(limit, key, ASKING.name):
                    continue
                window = limiter.limiter.get_window_stats(limit, key, ASKING.name)
                left = math.ceil(window.reset_time - clock.now().timestamp())
                raise TooOften("too_often", wait=_in_words(max(left, 1)))


def _limiter() -> Limiter:
    limiters: set[Limiter] = current_app.extensions["limiter"]
    return next(iter(limiters))


def _seconds_left() -> int:
    reached = _limiter().current_limit
    assert reached is not None
    try:
        left = reached.window.reset_time - clock.now().timestamp()
    except StorageError:  # the store went away between counting and asking
        left = reached.limit.get_expiry()
    return max(math.ceil(left), 1)


def _in_words(seconds: int) -> str:
    """Return a time that is not too short, rounded to what people would say."""
    if seconds <= 90:
        return str(format_timedelta(timedelta(seconds=seconds), threshold=90))
    return str(format_timedelta(timedelta(minutes=math.ceil(seconds / 60)), threshold=1))


def _endpoint() -> str:
    return request.endpoint or NOWHERE


def _scope(_: str) -> str:
    endpoint = _endpoint()
    rule = rule_of(endpoint)
    return endpoint if rule is None or rule.is_per_endpoint else rule.name


def _address_rates() -> str:
    return _as_text(rule.address if (rule := rule_of(_endpoint())) else ())


def _each_rates() -> str:
    return _as_text(rule.each if (rule := rule_of(_endpoint())) else ())


def _own_rates() -> str:
    return _as_text(rule.own if (rule := rule_of(_endpoint())) else ())


def _as_text(rates: tuple[Rate, ...]) -> str:
    return _scaled(rates, current_tool().settings.rate_limit_percent)


@cache
def _scaled(rates: tuple[Rate, ...], percent: int) -> str:
    return "; ".join(rate.scaled(percent) for rate in rates)


def _by_address() -> str:
    return _digest(_network(request.remote_addr or ""))


def _by_address_and_id() -> str:
    """The id of a launch or of a registration is the first in its path."""
    first = next(iter((request.view_args or {}).values()), "")
    return _digest(f"{_network(request.remote_addr or '')} {first}")


def _by_address_and_login() -> str:
    """What repeats when one person's browser or script repeats itself: whom the LMS announced, or
    the state of the launch that it sends."""
    sent = [request.args.get(name, "") for name in _LOGIN]
    if 0 < (request.content_length or 0) <= MAX_COUNTED_BYTES:
        with suppress(HTTPException):  # it cannot be read, and will be refused for that
            sent += [request.form.get(name, "") for name in _LOGIN]
    return _digest(" ".join((_network(request.remote_addr or ""), *sent)))


def _network(address: str) -> str:
    """Return what stands for one line: of IPv6 the first half, of which one has them all.

    A server that listens on both writes IPv4 as `::ffff:203.0.113.9`: whose first half is the same
    for everybody.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _digest(text: str) -> str:
    key = current_tool().settings.secret_key.encode()
    return hmac.new(key, b"limits:" + text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _storage(url: str) -> str:
    return f"{request_counts.SCHEME}://" if url.startswith(IN_MEMORY) else url
