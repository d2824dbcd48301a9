"""Whatever anybody sends to whatever address: a decent answer, and nothing of anybody else.

The addresses come from the application's own url map, so a new route is attacked the day it is
made. They are attacked without a session, with a learner's and with a teacher's.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.web import badge_files, launch_session
from lti_tool.web.http import framed_cookies
from lti_tool.web.http.security import csrf_token
from tests.factories import neighbours
from tests.factories.databases import on_each_database
from tests.factories.neighbours import CourseOfOthers, Neighbourhood
from tests.factories.raw_requests import RawAnswer, RawRequest, send

VISITORS = ("nobody", "learner", "teacher")
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "ä b")
FORM = "application/x-www-form-urlencoded"

# As they stand in a request line, escaped or not.
HOSTILE = (
    b"%00",
    b"%ff%fe",
    b"\xff\xfe",
    b"%ED%A0%80",  # a lone surrogate
    b"\xed\xa0\x80",
    b"%E2%80%AE%F0%9F%92%A9",
    b"..%2f..%2f..%2fetc%2fpasswd",
    b"%27%20OR%201%3D1--",
    b"%3Cscript%3Ealert(1)%3C/script%3E",
    b"%0d%0aSet-Cookie:%20a%3Db",
    b"-1",
    b"1e999",
    b"%D9%A3%D9%A3",
    b"x" * 4000,
    b"{{7*7}}",
    b"",
)
HOSTILE_TEXTS = (
    b"a%00b",
    b"%ED%A0%80",
    b"%E2%80%AE%E2%81%A6",
    b"%F0%9F%92%A9" * 1500,
    b"9" * 30,
    b"999999.9999",
    b"",
)
HEADERS: tuple[tuple[str, bytes], ...] = (
    ("Accept", b"application/json"),
    ("Accept", b"*/*;q=nan,text/html;q=-1,\xff/\xfe,application/json;q=1e999"),
    ("Accept", b"," * 3000),
    ("Accept-Language", b"de-DE-x-\xff;q=1,%%,\x00,zz;q=,*"),
    ("Accept-Language", b"a" * 6000),
    ("Content-Type", b"multipart/form-data; boundary=\xff"),
    ("Content-Type", b"multipart/form-data; boundary="),
    ("Content-Type", b"application/json; charset=utf-99"),
    ("Content-Length", b"-5"),
    ("Content-Length", b"abc"),
    ("Content-Length", b"99999999999999999999"),
    ("Cookie", b"launch=\xff\xfe; lang=\xed\xa0\x80; =; ;;"),
    ("Cookie", b'launch="\\377\\000"; lang="\\"; launch=b'),
    ("Cookie", b"launch=" + b"a" * 7000),
    ("Host", b"evil.example"),
    ("Host", b"\xff:99999999"),
    ("Host", b"a b/../?x"),
    ("Host", b""),
    ("X-Forwarded-Host", b"evil.example"),
    ("X-Forwarded-For", b"\xff, ,127.0.0.1"),
    ("X-Forwarded-Proto", b"javascript"),
    ("X-Forwarded-Prefix", b"//evil.example"),
    ("If-None-Match", b'W/"\xff", *, "'),
    ("If-Modified-Since", b"Mon, 99 Foo 99999 99:99:99 +99999999999999"),
    ("If-Range", b'"\xff"'),
    ("Range", b"bytes=9999999999999999999-1,-0,a-b"),
    ("Range", b"bytes=0-0,1-1"),
    ("Authorization", b"Basic \xff"),
    ("Authorization", b"Bearer " + b"x" * 2000),
    ("Transfer-Encoding", b"chunked"),
)
BODIES: tuple[tuple[bytes, bytes], ...] = (
    (FORM.encode(), b"\xff\xfe=\xff&%00=%00"),
    (FORM.encode(), b"reason=%00&evidence=%00&basis=%00&unit=%00&name=%00&state=%00&q=%00"),
    (FORM.encode(), b"state=%ED%A0%80&id_token=%ED%A0%80&iss=%ED%A0%80&reason=%ED%A0%80"),
    (FORM.encode(), b"&".join(b"reason=a" for _ in range(2000))),
    (FORM.encode(), b"id_token=" + b"a" * 200_000 + b"&state=x"),
    (FORM.encode(), b"x" * (1024 * 1024)),
    (FORM.encode(), b"x" * (1024 * 1024 + 1)),
    (b"application/json", b'{"a":' * 3000),
    (b"application/json", b"[" * 100_000),
    (b"application/octet-stream", bytes(range(256)) * 40),
    (
        b"multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\n\x00\xff\r\n--b--\r\n',
    ),
    (
        b"multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="\xff"\r\n'
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"\x00" * 5000,
    ),
    (
        b"multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1500 + b"--b--",
    ),
)


@pytest.fixture
def neighbourhood(app: Flask, database: Database) -> Neighbourhood:
    return neighbours.settle(app, database, clock.now())


def rules(app: Flask) -> list[Rule]:
    return sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))
    )


def filled(rule: Rule, values: dict[str, bytes]) -> bytes:
    """Return an address of the rule with these raw values in its places."""
    parts = re.split(r"<(?:[^:<>]+:)?(\w+)>", rule.rule)
    pieces = [part.encode() if i % 2 == 0 else values[part] for i, part in enumerate(parts)]
    return b"".join(pieces)


def in_the_address(rule: Rule) -> list[str]:
    """Return the arguments that stand in an address; a rule can give others by itself."""
    return sorted(rule.arguments - set(rule.defaults or ()))


def own_values(rule: Rule, course: CourseOfOthers, launch: uuid.UUID) -> dict[str, bytes]:
    """Return values that lead somewhere."""
    words = {
        "body": "dnipro-sample-lyceum",
        "code": "BEM-S-WLD1" if rule.endpoint.startswith("public") else "BEM-S-WLD1-U2",
        "version": "1.0",
        "kind": "png",
        "number": "1",
        "filename": "credlet.css",
        **{name: str(value) for name, value in course.ids.items()},
        "launch_id": str(launch),
        "invitation": course.invitation,
        "token": "x" * 43,
    }
    # What belongs to accounts leads nowhere for a visitor of a course.
    of_accounts = {"passkey_id", "account_id", "grant_id", "client_id", "definition_grant_id"}
    of_accounts |= {"organisation_id", "platform_id", "application_id", "judged_id", "sample_id"}
    of_accounts |= {"learner_id", "definition_id", "file_id"}
    words |= dict.fromkeys(of_accounts, str(uuid.uuid4()))
    return {name: words[name].encode() for name in in_the_address(rule)}


def as_visitor(app: Flask, course: CourseOfOthers, visitor: str, request: RawRequest) -> RawRequest:
    """Give the request the cookie and the form token of its visitor."""
    if visitor == "nobody":
        return request
    visit = course.teacher if visitor == "teacher" else course.learner
    cookie = visit.client.get_cookie(framed_cookies.LAUNCH, path=launch_session.path(visit.id))
    assert cookie is not None
    with app.test_request_context():
        token = csrf_token(visit.id).encode()
    headers = {"Cookie": b"launch=" + cookie.value.encode(), **request.headers}
    body = request.body
    if request.headers.get("Content-Type", b"").startswith(FORM.encode()):
        body = b"csrf_token=" + token + b"&" + body
    return replace(request, headers=headers, body=body)


def launch_of(course: CourseOfOthers, visitor: str) -> uuid.UUID:
    return (course.learner if visitor == "learner" else course.teacher).id


def check_answer(answer: RawAnswer, request: RawRequest, secrets: tuple[str, ...]) -> None:
    """Hold an answer against what every answer must be."""
    what = (request.method, request.path[:200], request.query[:100], dict(request.headers))
    assert 200 <= answer.status < 500, (answer.status, what, answer.body[:2000])
    policy = answer.headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy, what
    assert "frame-ancestors" in policy, what
    assert "unsafe" not in policy, what
    assert answer.headers.get("X-Content-Type-Options") == "nosniff", what
    assert answer.headers.get("Referrer-Policy") == "no-referrer", what
    assert len(answer.headers.getlist("Content-Security-Policy")) == 1, what
    for name, value in answer.headers:
        assert not re.search(r"[\r\n\x00]", name + value), what
    location = answer.headers.get("Location", "")
    assert "evil.example" not in location, (what, location)
    if b"/launches/" in request.path[:10]:
        assert (
            "no-store" in answer.headers.get("Cache-Control", "")
            or answer.status
            in (
                301,
                308,
            )
            or request.method == "OPTIONS"
        ), (what, answer.headers)
    text = answer.body.decode("utf-8", "replace")
    assert "Traceback" not in text, what
    assert "lti_tool/" not in text, what
    assert "sqlalchemy" not in text.lower(), what
    assert "<script>alert" not in text, what
    for secret in secrets:
        assert secret not in text, (secret, what)


def secrets_kept_from(neighbourhood: Neighbourhood, visitor: str) -> tuple[str, ...]:
    """Return what a visitor of course one may see nowhere."""
    others = [course for name, course in neighbourhood.courses.items() if name != "one"]
    kept = [secret for course in others for secret in course.secrets]
    if visitor == "nobody":
        kept.extend(neighbourhood.courses["one"].secrets)
    return tuple(kept)


def hostile_places(rule: Rule, own: dict[str, bytes]) -> Iterator[RawRequest]:
    """Put hostile values into each place of an address, into its query and its body."""
    plain = filled(rule, own)
    methods = sorted(rule.methods or ())
    for name in in_the_address(rule):
        for value in HOSTILE:
            yield RawRequest(path=filled(rule, {**own, name: value}), method=methods[0])
    for value in HOSTILE:
        query = b"&".join(name + b"=" + value for name in (b"q", b"lang", b"placement", b"v"))
        yield RawRequest(path=plain, query=query, method=methods[0])
    yield RawRequest(path=plain, query=b"\xff\xfe&%00&=&&;", method=methods[0])
    if "POST" in methods:
        for kind, body in BODIES:
            yield RawRequest("POST", plain, headers={"Content-Type": kind}, body=body)


def hostile_manners(rule: Rule, own: dict[str, bytes]) -> Iterator[RawRequest]:
    """Ask for an address that exists, with every odd method and header."""
    plain = filled(rule, own)
    for header, value in HEADERS:
        yield RawRequest(path=plain, headers={header: value}, method=sorted(rule.methods or ())[0])
    for method in METHODS:
        yield RawRequest(path=plain, method=method)


def attack_every_route(
    neighbourhood: Neighbourhood,
    visitor: str,
    requests: Callable[[Rule, dict[str, bytes]], Iterator[RawRequest]],
) -> int:
    """Send them all and return how many they were."""
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    secrets = secrets_kept_from(neighbourhood, visitor)
    sent = 0
    for rule in rules(app):
        own = own_values(rule, course, launch_of(course, visitor))
        for request in requests(rule, own):
            dressed = as_visitor(app, course, visitor, request)
            check_answer(send(app, dressed), dressed, secrets)
            sent += 1
    return sent


@on_each_database
def test_hostile_values_in_any_place_are_answered_decently(neighbourhood: Neighbourhood) -> None:
    assert attack_every_route(neighbourhood, "teacher", hostile_places) > 1500


def test_hostile_values_of_learners_and_strangers_are_answered_decently(
    neighbourhood: Neighbourhood,
) -> None:
    for visitor in ("nobody", "learner"):
        assert attack_every_route(neighbourhood, visitor, hostile_places) > 1500


@pytest.mark.parametrize("visitor", VISITORS)
def test_odd_methods_and_headers_are_answered_decently(
    neighbourhood: Neighbourhood, visitor: str
) -> None:
    assert attack_every_route(neighbourhood, visitor, hostile_manners) > 1000


@on_each_database
def test_a_hostile_field_of_any_form_is_answered_decently(neighbourhood: Neighbourhood) -> None:
    """The other fields are as they should be, so that this one is reached."""
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    secrets = secrets_kept_from(neighbourhood, "teacher")
    forms = [rule for rule in rules(app) if "POST" in (rule.methods or ())]
    assert len(forms) >= 10
    for rule in forms:
        visitor = "learner" if rule.endpoint.startswith("learner") else "teacher"
        own = own_values(rule, course, launch_of(course, visitor))
        for body in hostile_forms(str(course.ids["person_id"])):
            kind = {"Content-Type": FORM.encode()}
            request = RawRequest("POST", filled(rule, own), headers=kind, body=body)
            dressed = as_visitor(app, course, visitor, request)
            check_answer(send(app, dressed), dressed, secrets)


def hostile_forms(person: str) -> Iterator[bytes]:
    """Yield forms in which one field is hostile."""
    good = {
        "reason": b"because",
        "evidence": b"seen",
        "basis": b"quiz",
        "route": b"unlocked",
        "unit": b"BEM-S-WLD1-U1",
        "naming": b"named",
        "name": b"Ana",
        "language": b"en",
        "public": b"off",
        "key": b"k",
        "person": person.encode(),
        f"points-{person}": b"80",
        "revision": b"1",
        "act": b"units.add",
        "title": b"Solar panels",
        "hours": b"30",
        "participation": b"Blended",
        "units.0.code": b"U1",
        "units.0.rule.type": b"points",
        "units.0.rule.minimum": b"60",
        "units.0.outcomes.0.code": b"LO1",
        "skills": b"weld http://data.europa.eu/esco/skill/x",
        "table": b"Unit,8,Skill,can",
    }
    for field in good:
        for value in HOSTILE_TEXTS:
            fields = {**good, field: value}
            yield b"&".join(quote(name).encode() + b"=" + text for name, text in fields.items())


@pytest.mark.parametrize("visitor", VISITORS)
def test_random_requests_are_answered_decently(neighbourhood: Neighbourhood, visitor: str) -> None:
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    secrets = secrets_kept_from(neighbourhood, visitor)
    every_rule = rules(app)
    pool = [
        str(one).encode() for other in neighbourhood.courses.values() for one in other.ids.values()
    ]
    piece = st.one_of(
        st.sampled_from(HOSTILE),
        st.sampled_from(pool),
        st.binary(max_size=40).map(lambda raw: quote(raw).encode()),
    )
    headers = st.lists(st.sampled_from(HEADERS), max_size=3).map(dict)
    loose = st.dictionaries(
        st.sampled_from(["Accept", "Cookie", "Host", "Accept-Language", "X-Forwarded-For"]),
        st.binary(max_size=60).map(lambda raw: re.sub(rb"[\r\n\x00]", b"", raw)),
        max_size=2,
    )

    @settings(max_examples=200, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        rule = data.draw(st.sampled_from(every_rule))
        own = own_values(rule, course, launch_of(course, visitor))
        values = {name: data.draw(st.one_of(st.just(value), piece)) for name, value in own.items()}
        kind, body = data.draw(
            st.one_of(st.sampled_from(BODIES), st.tuples(st.just(FORM.encode()), st.binary()))
        )
        method = data.draw(st.sampled_from([*sorted(rule.methods or ()), *METHODS]))
        request = RawRequest(
            method,
            filled(rule, values),
            data.draw(st.lists(piece, max_size=4).map(b"&".join)),
            {"Content-Type": kind, **data.draw(headers), **data.draw(loose)},
            body if method not in {"GET", "HEAD"} else b"",
        )
        dressed = as_visitor(app, course, visitor, request)
        check_answer(send(app, dressed), dressed, secrets)

    attack()


@pytest.mark.parametrize("visitor", VISITORS)
def test_addresses_that_do_not_exist_are_answered_decently(
    neighbourhood: Neighbourhood, visitor: str
) -> None:
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    secrets = secrets_kept_from(neighbourhood, visitor)
    paths: list[Any] = [b"/" + value for value in HOSTILE]
    paths += [b"//evil.example/", b"/launches", b"/launches/" + str(uuid.uuid4()).encode()]
    paths += [f"/launches/{launch_of(course, visitor)}".encode(), b"/lti/", b"/definitions"]
    for path in paths:
        for method in METHODS:
            request = as_visitor(app, course, visitor, RawRequest(method, path))
            check_answer(send(app, request), request, secrets)


@pytest.mark.parametrize("path", [b"/definitions", b"/definitions///x/y"])
def test_the_host_that_a_stranger_names_is_never_where_one_is_sent(app: Flask, path: bytes) -> None:
    answer = send(app, RawRequest(path=path, headers={"Host": b"evil.example"}))
    assert answer.status == 308
    assert re.fullmatch(r"/[^/\\].*", answer.headers["Location"])


def test_an_address_that_is_wrong_in_two_ways_is_refused_once(app: Flask) -> None:
    """Two slashes alone lead elsewhere; a NUL character leads nowhere."""
    assert send(app, RawRequest(path=b"/definitions//x/y%00")).status == 404


def test_what_is_drawn_for_a_stranger_is_drawn_once(neighbourhood: Neighbourhood) -> None:
    """An emblem takes 20 ms of a processor: asked for again, it is there."""
    request = RawRequest(path=b"/definitions/dnipro-sample-lyceum/BEM-S-WLD1/1.0/emblem.png")
    first = send(neighbourhood.app, request)
    drawn = badge_files.drawn.cache_info().misses
    for _ in range(5):
        assert send(neighbourhood.app, request).body == first.body
    assert badge_files.drawn.cache_info().misses == drawn
