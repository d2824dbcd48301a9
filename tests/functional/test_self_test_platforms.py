"""The self-test of a connected LMS, over HTTP: each thing that goes wrong in schools has its name.

Facts on Moodle were seen on 4.5; the demo LMS words its refusals as that does.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.wrappers import Response

from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Endpoint, Fault
from lti_tool.lti import service_tokens, tool_keys
from lti_tool.models import LaunchSession, Platform, Registration, ToolKey
from lti_tool.outbound import Outbound
from lti_tool.services import platform_test
from lti_tool.services.self_test import Finding, Verdict
from lti_tool.tool import Tool
from lti_tool.web.words.self_test import words_for
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import LOOPBACK, Teaching, teaching

Serve = Callable[..., AbstractContextManager[Teaching]]
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class Between:
    """Stands between tool and LMS, and answers in its place where told."""

    instead: dict[str, Response] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def __call__(self, lms: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            self.seen.append(path)
            found = next((self.instead[end] for end in self.instead if path.endswith(end)), None)

            return (found or lms)(environ, start)

        return application


@pytest.fixture
def now() -> datetime:
    """Servers say the real time, and it is compared."""
    return clock.now()


@pytest.fixture
def serve(database: Database, now: datetime) -> Serve:
    return lambda **how: teaching(database, now, **how)


@pytest.fixture
def course(serve: Serve) -> Iterator[Teaching]:
    with serve() as served:
        yield served


@pytest.fixture
def look(database: Database, tool_settings: Settings) -> Callable[..., dict[str, Finding]]:
    def look(
        course: Teaching,
        private_hosts: tuple[str, ...] = LOOPBACK,
        off: timedelta = timedelta(),
    ) -> dict[str, Finding]:
        tool = Tool(tool_settings, database, course.school.encryption, Outbound(private_hosts))
        now = clock.now() + off
        found = platform_test.of_registration(tool, course.school.registration_id, now)
        return {finding.check: finding for finding in found}

    return look


Look = Callable[..., dict[str, Finding]]


def said(finding: Finding) -> tuple[Verdict, str]:
    return finding.verdict, finding.reason


def key_set(key: rsa.RSAPrivateKey, kid: str) -> bytes:
    return json.dumps({"keys": [tool_keys.public_jwk(key.public_key()) | {"kid": kid}]}).encode()


@on_each_database
def test_where_all_is_well_everything_says_so(course: Teaching, look: Look) -> None:
    course.learner("Ana")
    course.teach()
    found = look(course)
    assert {check: finding.verdict for check, finding in found.items()} == {
        "launches": Verdict.OK,
        "cookies": Verdict.OK,
        "clock": Verdict.OK,
        "key_set": Verdict.OK,
        "token": Verdict.OK,
        "grades": Verdict.OK,
        "roster": Verdict.OK,
    }
    assert found["grades"].reason == "ok", "the column was read"
    assert course.lms.roster_log[-1].endswith("&limit=1"), "one member was asked for"


def test_visits_without_a_cookie_are_counted(
    course: Teaching, look: Look, database: Database, now: datetime
) -> None:
    course.learner("Ana")
    visits = int(look(course)["cookies"].params["count"])
    assert look(course)["cookies"].params["kept"] == str(visits)
    with database.transaction() as db:
        db.query(LaunchSession).first().bearer_expires_at = now  # type: ignore[union-attr]
    assert look(course)["cookies"].params == {"count": str(visits), "kept": str(visits - 1)}


def test_two_clients_on_one_issuer_never_use_each_others_tokens(
    course: Teaching, database: Database, now: datetime
) -> None:
    """Every hosted Canvas shares one issuer. Asked of the LMS, whose each bearer is."""
    (first,) = course.lms.tools()
    second, deployment_id = course.lms.register_tool(
        initiate_login_url=first.initiate_login_url,
        redirect_uris=first.redirect_uris,
        jwks_url=first.jwks_url,
        target_link_uri=first.target_link_uri,
    )
    with database.transaction() as db:
        one = db.get_one(Registration, course.school.registration_id)
        other = Registration(
            platform=one.platform,
            issuer=one.issuer,
            client_id=second,
            auth_login_url=one.auth_login_url,
            auth_token_url=one.auth_token_url,
            key_set_url=one.key_set_url,
            created_at=now,
        )
        db.add(other)
        db.flush()
        owners = {one.id: first.client_id, other.id: second}
    assert deployment_id
    for _ in range(2):  # the second time from the store
        for registration_id, client_id in owners.items():
            bearer = service_tokens.bearer(
                database,
                Outbound(LOOPBACK),
                course.school.encryption,
                registration_id,
                [platform_test.SENDS_SCORES],
                now,
            )
            found = course.lms.grants.access_token(bearer, now)
            assert found is not None
            assert found.client_id == client_id
    assert len(course.lms.token_log) == 2


def test_nothing_is_kept_and_nothing_personal_told(course: Teaching, look: Look) -> None:
    course.learner("Ana Perović")
    found = look(course)
    assert "Ana" not in repr(found)
    assert course.log == []
    (request,) = course.lms.token_log
    assert request.claims["jti"] not in repr(found)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("gone", 404), "platform_status"),
        (Response("", 302, {"Location": "http://127.0.0.1/elsewhere"}), "platform_redirect"),
        (Response("<h1>Sign in</h1>", 200), "key_set_unusable"),
        (Response('{"keys": []}', 200), "key_set_unusable"),
        (Response(key_set(WEAK, "weak"), 200), "key_set_unusable"),
    ],
    ids=["404", "redirect", "a page", "empty", "1024 bits"],
)
def test_a_key_set_that_serves_no_launch_is_named(
    serve: Serve, look: Look, answer: Response, reason: str
) -> None:
    with serve(before=Between({"/jwks": answer, "/certs": answer, "/keys": answer})) as course:
        assert said(look(course)["key_set"]) == (Verdict.FAILED, reason)


def test_an_lms_that_is_down_is_named_at_each_step(serve: Serve, look: Look) -> None:
    with serve() as course:
        pass
    found = look(course)
    for check in ("key_set", "token"):
        assert said(found[check]) == (Verdict.FAILED, "platform_unreachable")
        assert found[check].params["code"] == "unreachable"
    assert said(found["grades"]) == said(found["roster"]) == (Verdict.NOT_TRIED, "after_token")


def test_a_private_address_that_nobody_allowed_is_named(course: Teaching, look: Look) -> None:
    found = look(course, ())
    assert said(found["key_set"]) == (Verdict.FAILED, "private_address")
    assert found["key_set"].params["host"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (timedelta(seconds=10), (Verdict.OK, "ok")),
        (timedelta(seconds=-35), (Verdict.WARNING, "platform_ahead")),
        (timedelta(seconds=35), (Verdict.WARNING, "platform_behind")),
        (timedelta(seconds=90), (Verdict.FAILED, "platform_behind")),
    ],
)
def test_two_clocks_are_compared(
    course: Teaching, look: Look, off: timedelta, expected: tuple[Verdict, str]
) -> None:
    assert said(look(course, off=off)["clock"]) == expected


def unreachable(_url: str) -> bytes:
    raise ConnectionError("blocked host")


def test_an_lms_that_cannot_fetch_our_keys_is_told_where_to_allow_it(
    serve: Serve, look: Look, database: Database
) -> None:
    """Moodle says so by a page about `fix_jwks_alg`; launches work all the same."""
    with serve(fetch=unreachable) as course:
        finding = look(course)["token"]
        with database.transaction() as db:
            registration = db.get_one(Registration, course.school.registration_id)
            assert platform_test.family_of(registration) == ""
            registration.product_family = "moodle"
            assert platform_test.family_of(registration) == "moodle"
    assert said(finding) == (Verdict.FAILED, "token_key_set_unreachable")
    advice = words_for(finding, "moodle").next_step % finding.params
    assert "curlsecurityblockedhosts" in advice
    assert "curlsecurityallowedport" in advice
    assert f"/lti/{course.school.registration_id}/public-key.pem" in advice
    assert "curl" not in words_for(finding).next_step


def test_services_that_are_switched_off_are_named(serve: Serve, look: Look) -> None:
    with serve(ags=AgsSetting.NONE) as course:
        found = look(course)
        assert said(found["grades"]) == (Verdict.WARNING, "scores_not_allowed")
        assert said(found["roster"]) == (Verdict.NOT_TRIED, "no_roster_yet")
        (tool,) = course.lms.tools()
        course.lms.update_tool(tool.client_id, shares_roster=False)
        finding = look(course)["token"]
    assert said(finding) == (Verdict.FAILED, "token_no_scope")
    assert "Services" in words_for(finding, "moodle").next_step


def test_an_lms_that_lives_in_the_past_is_named(serve: Serve, look: Look, now: datetime) -> None:
    with serve(clock=lambda: now - timedelta(minutes=10)) as course:
        assert said(look(course)["token"]) == (Verdict.FAILED, "token_clock")


def test_an_lms_that_lacks_our_key_is_named(serve: Serve, look: Look) -> None:
    with serve(fetch=lambda _url: b'{"keys": []}') as course:
        assert said(look(course)["token"]) == (Verdict.FAILED, "token_key_unknown")


def test_an_lms_that_has_another_key_of_that_name_is_named(
    serve: Serve, look: Look, database: Database
) -> None:
    def other_key(_url: str) -> bytes:
        with database.transaction(read_only=True) as db:
            return key_set(OTHER, db.query(ToolKey).one().kid)

    with serve(fetch=other_key) as course:
        assert said(look(course)["token"]) == (Verdict.FAILED, "token_signature")


def test_a_tool_that_the_lms_forgot_is_named(course: Teaching, look: Look) -> None:
    (tool,) = course.lms.tools()
    course.lms.remove_tool(tool.client_id)
    assert said(look(course)["token"]) == (Verdict.FAILED, "token_client_unknown")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("<h1>Not found. Has your session expired?</h1>", 404), "token_wrong_address"),
        (Response("<h1>Sign in</h1>", 200), "token_malformed"),
        (Response('{"access_token": ["a"]}', 200), "token_malformed"),
        (Response("no", 403), "token_refused"),
        (Response("", 401), "token_client_unknown"),
        (Response("", 303, {"Location": "http://127.0.0.1/login"}), "platform_redirect"),
    ],
    ids=["404", "a page", "a list", "403", "401", "redirect"],
)
def test_what_is_no_token_is_named(serve: Serve, look: Look, answer: Response, reason: str) -> None:
    with serve(before=Between({"/token": answer})) as course:
        assert said(look(course)["token"]) == (Verdict.FAILED, reason)


def test_an_lms_with_an_error_is_named(course: Teaching, look: Look) -> None:
    course.lms.faults.add(Endpoint.TOKENS, Fault(503))
    assert said(look(course)["token"]) == (Verdict.FAILED, "token_platform_error")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, (Verdict.FAILED, "authorization_dropped")),
        (404, (Verdict.WARNING, "service_gone")),
        (500, (Verdict.FAILED, "service_refused")),
    ],
)
def test_a_gradebook_that_does_not_answer_is_named(
    serve: Serve, look: Look, status: int, expected: tuple[Verdict, str]
) -> None:
    with serve(before=Between({"/lineitem": Response("[]", status)})) as course:
        course.learner("Ana")
        finding = look(course)["grades"]
    assert said(finding) == expected
    assert "?" not in finding.params["url"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, (Verdict.FAILED, "authorization_dropped")),
        (404, (Verdict.WARNING, "service_gone")),
        (400, (Verdict.FAILED, "service_refused")),
    ],
)
def test_a_roster_that_does_not_come_is_named(
    course: Teaching, look: Look, status: int, expected: tuple[Verdict, str]
) -> None:
    course.teach()
    course.lms.faults.add(Endpoint.MEMBERS, Fault(status))
    assert said(look(course)["roster"]) == expected


def test_a_roster_that_is_not_shared_is_named(course: Teaching, look: Look) -> None:
    (tool,) = course.lms.tools()
    course.lms.update_tool(tool.client_id, shares_roster=False)
    assert said(look(course)["roster"]) == (Verdict.WARNING, "roster_not_allowed")


def test_without_a_column_nothing_is_read(course: Teaching, look: Look) -> None:
    assert said(look(course)["grades"]) == (Verdict.NOT_TRIED, "no_column_yet")


def test_one_that_is_not_confirmed_or_off_is_not_asked(
    serve: Serve, look: Look, database: Database, now: datetime
) -> None:
    between = Between()
    with serve(before=between) as course:
        with database.transaction() as db:
            registration = db.get_one(Registration, course.school.registration_id)
            registration.pending_since = now
        assert said(look(course)["registration"]) == (Verdict.NOT_TRIED, "registration_pending")
        with database.transaction() as db:
            registration = db.get_one(Registration, course.school.registration_id)
            registration.pending_since = None
            db.get_one(Platform, registration.platform_id).disabled_at = now
        assert said(look(course)["registration"]) == (Verdict.NOT_TRIED, "platform_disabled")
    assert between.seen == []


def test_a_platform_is_asked_for_each_thing_once(serve: Serve, look: Look) -> None:
    between = Between()
    with serve(before=between) as course:
        course.learner("Ana")
        look(course)
    assert len(between.seen) == 3, between.seen
