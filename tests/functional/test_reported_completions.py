"""Another system of a school reports completions: OAuth 2.0 client credentials, one answer each."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import ApiClient, ApiRequest, ApiToken, Award, CompletionRecord
from lti_tool.services import organisations
from lti_tool.services.connections import api_clients
from lti_tool.web.api.shapes import ITEM_CODES
from tests.factories.databases import on_each_database
from tests.factories.reporting import System, item, rows
from tests.factories.threads import at_one_moment
from tests.factories.visits import Visits

SAFETY, READING, SIGN_OFF, PARTS, LAST = (f"BEM-S-WLD1-U{number}" for number in range(1, 6))


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """Ana and Borys have opened the first unit, and Olha teaches."""
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    found.open("olha", teacher=True, unit=SAFETY)
    found.open("ana", unit=SAFETY)
    found.open("borys", unit=SAFETY)
    return found


@pytest.fixture
def system(app: Flask, visits: Visits) -> System:
    return System.of(app, visits.school).sign_in()


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json["results"])


def codes(answer: Any) -> list[str]:
    return [one["error"]["code"] if "error" in one else one["status"] for one in results(answer)]


def test_a_client_gets_a_token_by_header_or_by_form(app: Flask, visits: Visits) -> None:
    system = System.of(app, visits.school)
    by_form = system.token()
    assert by_form.status_code == 200
    assert by_form.json is not None
    assert by_form.json["token_type"] == "Bearer"
    assert by_form.json["expires_in"] == 3600
    assert by_form.headers["Cache-Control"] == "no-store"
    by_header = app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(system.client_id, system.secret),
    )
    assert by_header.status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "no-uuid"}, "invalid_client"),
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_who_does_not_prove_itself_gets_no_token(
    app: Flask, visits: Visits, changes: dict[str, str], error: str
) -> None:
    answer = System.of(app, visits.school).token(**changes)
    assert answer.json is not None
    assert answer.status_code in (400, 401)
    assert answer.json["error"] == error
    assert rows(visits.school.database, ApiToken) == []


@pytest.mark.parametrize("header", ["Basic ////", "Basic ÿ", "Basic YQ==", "Basic x", "x"])
def test_a_header_that_cannot_be_read_proves_nothing(
    app: Flask, visits: Visits, header: str
) -> None:
    answer = app.test_client().post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
    )
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "invalid_client"


def test_secret_and_token_are_nowhere_in_the_database(system: System, visits: Visits) -> None:
    kept = repr(
        [
            vars(row)
            for table in (ApiClient, ApiToken)
            for row in rows(visits.school.database, table)
        ]
    )
    assert system.secret not in kept
    assert system.bearer not in kept


def test_a_report_completes_units_and_awards(system: System, visits: Visits) -> None:
    whole = [
        item(unit=SAFETY, points=85, evidence="Test of 2 March"),
        item(unit=READING, points=90.5),
        item(unit=SIGN_OFF, signed_off=True, assessor="olha"),
        item(unit=PARTS, part="PA", points=80),
        item(unit=PARTS, part="PB", points=75),
        item(unit=LAST, signed_off=True, assessor="olha"),
    ]
    answer = system.report(*whole)
    assert codes(answer) == ["recorded"] * 6, answer.json
    assert answer.json is not None
    assert (answer.json["recorded"], answer.json["refused"]) == (6, 0)
    (award,) = rows(visits.school.database, Award)
    assert award.is_test is False
    assert "5 of 5 units completed" in visits.open("ana", unit=SAFETY).get().text
    seen = visits.open("olha", teacher=True, unit=SAFETY).get("course").follow("Ana").text
    assert "reported by Register" in seen
    assert "Test of 2 March" in seen


def test_each_completion_is_refused_by_itself(system: System) -> None:
    answer = system.report(
        item(),
        item("nobody"),
        item(unit="NO-SUCH-UNIT"),
        item(points=101),
        item(course="other"),
        item(micro_credential="NO-SUCH-MC"),
        item(unit=SIGN_OFF, signed_off=True),
        item(unit=SIGN_OFF, signed_off=True, assessor="ana"),
        item(unit=SIGN_OFF, signed_off=True, assessor="borys"),
        {**item(), "learner": {"issuer": "https://other.example", "sub": "ana"}},
        item("borys"),
    )
    assert codes(answer) == [
        "recorded",
        "unknown_learner",
        "unknown_unit",
        "points_out_of_range",
        "unknown_course",
        "not_offered",
        "assessor_missing",
        "assessor_is_learner",
        "unknown_assessor",
        "unknown_course",
        "recorded",
    ]
    assert {*codes(answer)} <= {"recorded", *ITEM_CODES}
    for one in results(answer):
        if one["status"] == "refused":
            assert one["error"]["detail"].count(".") >= 2  # what happened, and what to do


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"points": "many"}, "/points"),
        ({"points": -1}, "/points"),
        ({"points": 1e300}, "/points"),
        ({"unit": ""}, "/unit"),
        ({"unit": "a\u0000b"}, "/unit"),
        ({"learner": {"sub": "ana"}}, "/learner/issuer"),
        ({"evidence": "x" * 2001}, "/evidence"),
        ({"surprise": 1}, ""),
        ({"learner": {"issuer": "https://lms.example", "sub": "ana", "x": 1}}, "/learner"),
        ({"signed_off": True, "points": 5}, ""),
    ],
)
def test_what_cannot_be_read_is_named(system: System, wrong: dict[str, Any], path: str) -> None:
    (one, other) = results(system.report({**item(), **wrong}, item("borys")))
    assert one["error"]["code"] == "item_malformed"
    assert path in [field["path"] for field in one["error"]["fields"]]
    assert other["status"] == "recorded"


SENTENCE = re.compile(r"(?!.*(\^|valid|should|instance|input)).*\.", re.IGNORECASE)
ODD = (None, 7, -0.5, 1e9, "", "x" * 3000, "a\x00b", [], {}, True, "many")


def test_every_member_that_cannot_be_read_is_answered_in_our_words(system: System) -> None:
    members = ("learner", "course", "unit", "points", "signed_off", "evidence")
    sent = [{**item(), member: value} for member in members for value in ODD]
    refused = [one for one in results(system.report(*sent)) if one["status"] == "refused"]
    assert len(refused) > len(sent) / 2
    for one in refused:
        assert one["error"]["code"] in ITEM_CODES
        for field in one["error"].get("fields", []):
            assert SENTENCE.fullmatch(field["detail"]), field


def test_a_member_that_is_not_known_is_neither_named_nor_kept(
    system: System, visits: Visits
) -> None:
    answer = system.report({**item(), "Ana Q/born ~2008": "x"})
    (field,) = results(answer)[0]["error"]["fields"]
    assert "micro_credential" in field["detail"]
    assert "Ana Q" not in answer.text
    (kept,) = rows(visits.school.database, ApiRequest)
    assert "Ana Q" not in str(kept.answer)


def test_refusals_speak_to_who_runs_the_system_and_of_no_page(system: System) -> None:
    refused = results(
        system.report(
            item("nobody"),
            item(unit="NO-SUCH-UNIT"),
            item(points=101),
            item(unit=SIGN_OFF, points=5),
            item(unit=PARTS, part="XX", points=5),
            item(unit=SIGN_OFF, signed_off=True),
            {**item(), "evidence_link": "http://x.example"},
        )
    )
    for one in refused:
        assert "Go back" not in one["error"]["detail"], one
        assert "the page again" not in one["error"]["detail"], one
    for path in ("/api/v1/nowhere", "/api/v1/completions"):
        answer = system.app.test_client().get(path).json
        assert answer is not None
        assert "openapi.json" in answer["detail"]


def test_a_link_as_evidence_is_shown_to_the_teacher(system: System, visits: Visits) -> None:
    link = "https://register.example/tests/7"
    assert codes(system.report({**item(), "evidence_link": link})) == ["recorded"]
    seen = visits.open("olha", teacher=True, unit=SAFETY).get("course").follow("Ana")
    assert f'href="{link}"' in seen.html


def test_a_report_that_does_not_say_that_it_is_json_is_read(system: System) -> None:
    headers = {"Authorization": f"Bearer {system.bearer}", "Idempotency-Key": "a"}
    answer = system.app.test_client().post(
        "/api/v1/completions",
        data=json.dumps({"completions": [item()]}),
        headers=headers,
        content_type="application/x-www-form-urlencoded",
    )
    assert codes(answer) == ["recorded"]


def test_a_repetition_gets_the_first_answer_and_records_nothing(
    system: System, visits: Visits
) -> None:
    first = system.report(item(), item("nobody"), key="a")
    visits.open("nobody", unit=SAFETY)
    again = system.report(item(), item("nobody"), key="a")
    assert again.json == first.json
    assert len(rows(visits.school.database, CompletionRecord)) == 1
    other = system.report(item(points=90), key="a")
    assert other.status_code == 409
    assert other.json is not None
    assert other.json["code"] == "idempotency_key_reused"


def test_a_key_of_one_system_is_not_that_of_another(
    app: Flask, system: System, visits: Visits
) -> None:
    other = System.of(app, visits.school).sign_in()
    assert codes(system.report(item(), key="a")) == ["recorded"]
    assert codes(other.report(item("borys"), key="a")) == ["recorded"]


def test_a_repetition_after_the_answer_was_forgotten_makes_no_second_record(
    app: Flask, system: System, visits: Visits
) -> None:
    first = results(system.report(item(), key="a"))
    later = clock.now() + api_clients.ANSWERS_KEPT + timedelta(hours=1)
    with visits.school.transaction() as db:
        api_clients.forget_expired(db, later)
    assert rows(visits.school.database, ApiRequest) == []
    assert results(system.sign_in().report(item(), key="a")) == first
    assert len(rows(visits.school.database, CompletionRecord)) == 1


def test_a_key_that_comes_again_with_other_contents_after_that_loses_no_record(
    system: System, visits: Visits
) -> None:
    system.report(item(points=40), key="monday")
    later = clock.now() + api_clients.ANSWERS_KEPT + timedelta(hours=1)
    with visits.school.transaction() as db:
        api_clients.forget_expired(db, later)
    system.sign_in().report(item(points=90), key="monday")
    kept = rows(visits.school.database, CompletionRecord)
    assert sorted(one.points for one in kept) == [40, 90]


@on_each_database
def test_twenty_repetitions_at_one_moment_record_once(
    app: Flask, system: System, visits: Visits
) -> None:
    def once() -> bytes:
        return system.report(item(), item("borys"), key="a").get_data()

    assert len(set(at_one_moment([once] * 20))) == 1
    assert len(rows(visits.school.database, CompletionRecord)) == 2


@on_each_database
def test_two_reports_about_the_same_people_do_not_wait_in_a_circle(
    system: System, visits: Visits
) -> None:
    people = [f"learner-{number}" for number in range(6)]
    for one in people:
        visits.open(one, unit=SAFETY)

    def reporting(order: list[str]) -> Callable[[], list[str]]:
        return lambda: codes(system.report(*map(item, order)))

    for answer in at_one_moment([reporting(people), reporting(people[::-1])] * 4):
        assert answer == ["recorded"] * len(people)


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        (None, None, 400, "idempotency_key_missing"),
        ("x" * 256, None, 400, "idempotency_key_malformed"),
        ("ключ".encode().decode("latin1"), None, 400, "idempotency_key_malformed"),
        ("", b"", 400, "report_not_json"),
        ("", b"\xff", 400, "report_not_json"),
        ("", b'{"completions": 1, "completions": 2}', 400, "report_not_json"),
        ("", b"[]", 400, "report_malformed"),
        ("", b'{"completions": []}', 400, "report_malformed"),
        ("", b'{"completions": [1], "more": 1}', 400, "report_malformed"),
        ("", json.dumps({"completions": [1] * 101}).encode(), 400, "report_too_long"),
        ("", b" " * (1024 * 1024 + 1), 413, "http_413"),
    ],
)
def test_a_report_that_is_none_is_a_problem_in_json(
    system: System, key: str | None, body: bytes | None, status: int, code: str
) -> None:
    answer = system.report(item(), key=key, body=body)
    assert answer.json is not None
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


def test_without_a_good_token_nothing_is_looked_at(
    app: Flask, system: System, visits: Visits
) -> None:
    for bearer in ("", "wrong", "x" * 5000):
        answer = System(app, system.client_id, system.secret, bearer).report(item())
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert answer.json is not None
    with time_machine.travel(clock.now() + api_clients.TOKEN_LIFETIME, tick=False):
        assert system.report(item()).status_code == 401
    assert rows(visits.school.database, CompletionRecord) == []


def end(visits: Visits, act: Callable[[Any, ApiClient], object]) -> None:
    with visits.school.transaction() as db:
        act(db, db.query(ApiClient).one())


def test_a_system_that_is_switched_off_is_out_at_once(system: System, visits: Visits) -> None:
    now = clock.now()
    end(
        visits,
        lambda db, client: api_clients.switch(
            db, client, disabled=True, is_operator=True, by="operator", now=now
        ),
    )
    assert system.report(item()).status_code == 401
    assert system.token().status_code == 401


def test_a_new_secret_ends_the_old_one_and_its_tokens(system: System, visits: Visits) -> None:
    now = clock.now()
    end(visits, lambda db, one: api_clients.replace_secret(db, one, by="operator", now=now))
    assert system.report(item()).status_code == 401
    assert system.token().status_code == 401


def test_a_system_of_another_school_knows_nothing_of_this_ones_courses(
    app: Flask, visits: Visits
) -> None:
    with visits.school.transaction() as db:
        organisations.get_or_add_organisation(db, "other", "Other", "UA", visits.school.now)
    stranger = System.of(app, visits.school, "other").sign_in()
    assert codes(stranger.report(item())) == ["unknown_course"]


def test_what_a_teacher_takes_back_stays_taken_back(system: System, visits: Visits) -> None:
    system.report(item(), key="a")
    page = visits.open("olha", teacher=True, unit=SAFETY).get("course").follow("Ana")
    page.follow("Take back").submit("retract", reason="wrong person")
    assert codes(system.report(item(), key="a")) == ["recorded"]  # the first answer
    assert "Unit 1 of 5" in visits.open("ana", unit=SAFETY).get().text
    assert len(rows(visits.school.database, CompletionRecord)) == 2


def test_the_description_is_openapi_and_true(app: Flask, system: System) -> None:
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described is not None
    validate(described)
    answer = system.report(item(), item("nobody"), {})
    schema = {"$ref": "#/components/schemas/ReportAnswer", "components": described["components"]}
    jsonschema.validate(answer.json, schema)
    sent = {"$ref": "#/components/schemas/CompletionReport", "components": described["components"]}
    jsonschema.validate(item(), sent)
    signed = {**item(), "signed_off": True, "assessor": "olha"}
    del signed["points"]
    jsonschema.validate(signed, sent)
    both, neither = {**item(), "signed_off": True}, {**signed, "signed_off": False}
    for odd in (both, neither, {**signed, "points": 5}):
        assert codes(system.report(odd)) == ["item_malformed"]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(odd, sent)
    problem = System(app, "", "").report(item())
    shape = {"$ref": "#/components/schemas/Problem", "components": described["components"]}
    jsonschema.validate(problem.json, shape)
    for path, methods in described["paths"].items():
        answer = app.test_client().get(path)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
        told = methods["post"]["responses"]["405"]["content"]
        assert list(told) == [answer.content_type.partition(";")[0]]
        jsonschema.validate(answer.json, shape)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(item())) | st.text(), JSON)
def test_no_completion_however_odd_breaks_the_server(
    system: System, member: str, value: Any
) -> None:
    answer = system.report({**item(), member: value}, item("borys"), key="")
    assert answer.status_code in (200, 400), answer.text
