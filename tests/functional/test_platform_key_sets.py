"""Launches while the platform's key set rotates, fails, hangs, grows or lies."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.lti import key_sets
from lti_tool.models import PlatformKeySet
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import Answer, Request, jwk_of, rsa_key, serving_platform
from tests.factories.threads import at_one_moment

JWKS = "/jwks"
STALE = key_sets.FRESH + timedelta(minutes=1)


def _later(by: timedelta) -> time_machine.travel:
    return time_machine.travel(clock.now() + by, tick=True)


def _with_unknown_kid(visitor: Visitor, kid: str) -> Any:
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), header={"kid": kid})
    return visitor.send(begun, id_token)


def test_keys_are_fetched_once_an_hour(visitor: Visitor) -> None:
    for _ in range(5):
        assert visitor.launch().status_code == 303
    assert visitor.platform.hits(JWKS) == 1
    with _later(STALE):
        assert visitor.launch().status_code == 303
    assert visitor.platform.hits(JWKS) == 2


def test_a_rotation_is_accepted_at_its_first_launch(visitor: Visitor) -> None:
    assert visitor.launch().status_code == 303
    visitor.platform.rotate(2)
    assert visitor.launch().status_code == 303
    assert visitor.launch().status_code == 303
    assert visitor.platform.hits(JWKS) == 2


def test_a_key_that_the_platform_withdrew_no_longer_counts(visitor: Visitor) -> None:
    assert visitor.launch().status_code == 303
    old_kid, old_key = visitor.platform.kid, visitor.platform.key
    visitor.platform.rotate(2)
    assert visitor.launch().status_code == 303
    begun = visitor.begin()
    id_token = visitor.platform.sign(visitor.payload(begun), header={"kid": old_kid}, key=old_key)
    assert refusal_code(visitor.send(begun, id_token)) == "kid_unknown"


def test_a_flood_of_unknown_kids_costs_one_fetch_per_cooldown(visitor: Visitor) -> None:
    assert visitor.launch().status_code == 303
    for number in range(100):
        assert refusal_code(_with_unknown_kid(visitor, f"invented-{number}")) == "kid_unknown"
    assert visitor.platform.hits(JWKS) == 2
    assert visitor.launch().status_code == 303
    with _later(key_sets.COOLDOWN + timedelta(seconds=1)):
        assert refusal_code(_with_unknown_kid(visitor, "invented")) == "kid_unknown"
    assert visitor.platform.hits(JWKS) == 3


def test_a_flood_before_the_first_good_launch_costs_one_fetch(visitor: Visitor) -> None:
    for number in range(10):
        assert refusal_code(_with_unknown_kid(visitor, f"invented-{number}")) == "kid_unknown"
    assert visitor.platform.hits(JWKS) == 1
    assert visitor.launch().status_code == 303


@on_each_database
def test_many_first_launches_at_once_fetch_once_and_all_succeed(visitor: Visitor) -> None:
    visitor.platform.answers[JWKS] = Answer.json(
        {"keys": [jwk_of(visitor.platform.key, visitor.platform.kid)]}, hang=0.3
    )
    app = visitor.client.application

    def launch() -> int:
        own = Visitor(
            app.test_client(), visitor.platform, visitor.registration_id, visitor.tool_url
        )
        return own.launch().status_code

    assert at_one_moment([launch] * 8) == [303] * 8
    assert visitor.platform.hits(JWKS) == 1


FAULTS: dict[str, Answer] = {
    "503 with JSON": Answer.json({"error": "down"}, 503),
    "503 with keys of another": Answer.json({"keys": [jwk_of(rsa_key(3), "kid-1")]}, 503),
    "an HTML page": Answer(body=b"<html>Maintenance</html>", headers={"Content-Type": "text/html"}),
    "nothing": Answer(body=b""),
    "JSON without keys": Answer.json({}),
    "an empty key set": Answer.json({"keys": []}),
    "keys that are none": Answer.json({"keys": [1, None, [], {"kty": "oct"}]}),
    "a list": Answer.json([]),
    "5 MB": Answer(body=b'{"keys": [' + b" " * 5_000_000 + b"]}"),
    "deep nesting": Answer(body=b"[" * 100_000),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_changes_no_key_that_is_known(visitor: Visitor, fault: Answer) -> None:
    assert visitor.launch().status_code == 303
    good = visitor.platform.answers[JWKS]
    visitor.platform.answers[JWKS] = fault
    with _later(STALE):
        assert visitor.launch().status_code == 303
        assert visitor.platform.hits(JWKS) == 2
        visitor.platform.answers[JWKS] = good
        assert visitor.launch().status_code == 303


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_at_the_first_launch_is_not_remembered(
    visitor: Visitor, database: Database, fault: Answer
) -> None:
    good = visitor.platform.answers[JWKS]
    visitor.platform.answers[JWKS] = fault
    assert refusal_code(visitor.launch()) == "keys_unavailable"
    with database.transaction(read_only=True) as db:
        assert db.get_one(PlatformKeySet, visitor.registration_id).key_set is None
    visitor.platform.answers[JWKS] = good
    with _later(key_sets.COOLDOWN):
        assert visitor.launch().status_code == 303


def test_a_redirect_is_not_followed(visitor: Visitor) -> None:
    with serving_platform(key=3) as hostile:
        visitor.platform.answers[JWKS] = Answer(302, headers={"Location": f"{hostile.url}/jwks"})
        assert refusal_code(visitor.launch()) == "keys_unavailable"
        assert hostile.requests == []


def test_a_hanging_key_server_frees_the_worker(visitor: Visitor) -> None:
    assert visitor.launch().status_code == 303
    visitor.platform.answers[JWKS] = Answer(hang=60)
    with _later(STALE):
        started = time.monotonic()
        assert visitor.launch().status_code == 303  # with the keys of before
        assert time.monotonic() - started < 8


def test_no_transaction_is_open_while_keys_are_fetched(visitor: Visitor) -> None:
    """The platform's own answer comes only after somebody else could write to the database."""
    keys = visitor.platform.answers[JWKS]
    assert isinstance(keys, Answer)
    app = visitor.client.application

    def answer(_: Request) -> Answer:
        other = Visitor(
            app.test_client(), visitor.platform, visitor.registration_id, visitor.tool_url
        )
        other.begin()
        return keys

    visitor.platform.answers[JWKS] = answer
    started = time.monotonic()
    assert visitor.launch().status_code == 303
    assert time.monotonic() - started < 4


UNUSABLE: dict[str, Any] = {
    "for encryption": lambda key, kid: jwk_of(key, kid, use="enc"),
    "for another algorithm": lambda key, kid: jwk_of(key, kid, alg="RS512"),
    "for wrapping": lambda key, kid: jwk_of(key, kid, key_ops=["wrapKey"]),
    "of another type": lambda key, kid: jwk_of(key, kid, kty="EC"),
    "without a modulus": lambda key, kid: {**jwk_of(key, kid), "n": None},
    "of exponent 1": lambda key, kid: jwk_of(key, kid, e="AQ"),
    "with a huge modulus": lambda key, kid: jwk_of(key, kid, n="A" * 100_000),
    "with a kid that is a number": lambda key, kid: jwk_of(key, kid) | {"kid": 1},
}


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_key_proves_nothing(visitor: Visitor, make: Any) -> None:
    platform = visitor.platform
    platform.serve_keys(make(platform.key, platform.kid), jwk_of(rsa_key(5), "another"))
    begun = visitor.begin()
    assert refusal_code(visitor.send(begun, platform.sign(visitor.payload(begun)))) == "kid_unknown"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_key_of_1024_bits_proves_nothing(visitor: Visitor) -> None:
    platform, short = visitor.platform, rsa_key(9, 1024)
    platform.serve_keys(jwk_of(short, platform.kid), jwk_of(rsa_key(5), "another"))
    begun = visitor.begin()
    id_token = platform.sign(visitor.payload(begun), key=short)
    assert refusal_code(visitor.send(begun, id_token)) == "kid_unknown"


def test_a_key_that_says_little_is_usable(visitor: Visitor) -> None:
    full = jwk_of(visitor.platform.key, visitor.platform.kid)
    visitor.platform.serve_keys({name: full[name] for name in ("kty", "kid", "n", "e")})
    assert visitor.launch().status_code == 303


# Others who wait for a fetch.


def test_a_slow_key_server_and_forged_launches_hold_up_nobody_for_long(visitor: Visitor) -> None:
    """Eight threads, as many as a process has: forged launches, then one whose key is known."""
    assert visitor.launch().status_code == 303
    slow = Answer.json({"keys": [jwk_of(visitor.platform.key, visitor.platform.kid)]}, hang=4)
    visitor.platform.answers[JWKS] = slow
    waits: list[float] = []
    codes: list[str] = []

    def forge() -> None:
        own = replace(visitor, client=visitor.client.application.test_client())
        begun = own.begin()
        forged = own.platform.sign(own.payload(begun), header={"kid": "invented"})
        begin = time.monotonic()
        answer = own.send(begun, forged)
        code = "keys_slow" if answer.status_code == 503 else refusal_code(answer)
        codes.append(code)
        waits.append(time.monotonic() - begin)

    def come() -> None:
        time.sleep(0.7)  # while the fetch is under way
        own = replace(visitor, client=visitor.client.application.test_client())
        begin = time.monotonic()
        assert own.launch().status_code == 303
        assert time.monotonic() - begin < 2.5

    with time_machine.travel(clock.now() + timedelta(hours=2)):
        at_one_moment([*[forge] * 7, come])
    assert sorted(codes) == ["keys_slow"] * 6 + ["kid_unknown"]
    assert len([one for one in waits if one > key_sets.PATIENCE + 1.5]) == 1
    assert visitor.platform.hits(JWKS) == 2
