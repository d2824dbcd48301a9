"""Dynamic Registration over HTTP: what a platform says of itself and answers, in any shape.

LTI Dynamic Registration 1.0, sections 2.2 and 3.
"""

from datetime import timedelta
from typing import Any

import pytest

from lti_tool import clock
from lti_tool.web.words.sentences import SENTENCES
from tests.factories.platform import Answer
from tests.factories.registering import CONFIGURATION, TOOL, Registrar, code_of

# the platform's configuration


CONFIGURATIONS: list[tuple[dict[str, Any], str]] = [
    ({"issuer": None}, "configuration_incomplete"),
    ({"issuer": 7}, "configuration_incomplete"),
    ({"issuer": "https://victim.example"}, "configuration_issuer"),
    ({"issuer": "https://127.0.0.1.evil.example"}, "configuration_issuer"),
    ({"id_token_signing_alg_values_supported": None}, "configuration_algorithm"),
    ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "configuration_algorithm"),
    ({"id_token_signing_alg_values_supported": "RS256"}, "configuration_algorithm"),
    *(
        ({field: value}, "configuration_incomplete")
        for field in (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "registration_endpoint",
        )
        for value in (
            None,
            [],
            "",
            "javascript:alert(1)",
            "//lms.example/x",
            "http://lms.example/x",
            "https://user:pw@lms.example/x",
            "https://lms.example:22/x",
            "https://10.0.0.7/x",
            "https://[fc00::1]/x",
            "https://lms.example/x#fragment",
            "https://lms.example/" + "x" * 3000,
        )
    ),
]


@pytest.mark.parametrize(("changes", "code"), CONFIGURATIONS)
def test_a_configuration_that_lacks_something_is_refused(
    registrar: Registrar, changes: dict[str, Any], code: str
) -> None:
    registrar.offers(**changes)
    assert code_of(registrar.arrive()) == code
    registrar.offers()
    assert registrar.register().status_code == 200


ANSWERS: list[tuple[Answer, str]] = [
    (Answer(404), "configuration_unavailable"),
    (Answer(500, b"{}"), "configuration_unavailable"),
    (Answer(204), "configuration_unavailable"),
    (Answer(302, headers={"Location": "https://lms.example/"}), "configuration_redirect"),
    (Answer(200, b"<html>"), "configuration_malformed"),
    (Answer(200, b"[]"), "configuration_malformed"),
    (Answer(200, b"[" * 100_000), "configuration_malformed"),
    (Answer(200, b" " * (256 * 1024 + 1)), "configuration_too_large"),
    (Answer(200, b" " * (2 * 1024 * 1024)), "configuration_too_large"),
]


@pytest.mark.parametrize(("answer", "code"), ANSWERS)
def test_an_answer_that_is_no_configuration_is_refused(
    registrar: Registrar, answer: Answer, code: str
) -> None:
    registrar.platform.answers[CONFIGURATION] = answer
    assert code_of(registrar.arrive()) == code


def test_a_configuration_that_does_not_come_is_refused_in_time(registrar: Registrar) -> None:
    registrar.platform.answers[CONFIGURATION] = Answer(hang=30)
    started = clock.now()
    assert code_of(registrar.arrive()) == "configuration_unavailable"
    assert clock.now() - started < timedelta(seconds=9)


def test_a_link_opened_without_a_platform_says_where_to_paste_it(registrar: Registrar) -> None:
    answer = registrar.client.get(registrar.path)
    assert code_of(answer) == "configuration_missing"
    assert "Manage tools" in answer.text


@pytest.mark.parametrize("token", ["a b", "ä", "a\nb", "x" * 9000])
def test_a_token_that_cannot_be_one_is_refused(registrar: Registrar, token: str) -> None:
    assert code_of(registrar.arrive(token=token)) == "registration_token"
    assert registrar.platform.requests == []


# the platform's answer

REFUSALS: list[tuple[object, int, str]] = [
    ({}, 201, "platform_answer"),
    ([], 201, "platform_answer"),
    ({"client_id": 7}, 201, "platform_answer"),
    ({"client_id": ""}, 201, "platform_answer"),
    ({"client_id": "x" * 256}, 201, "platform_answer"),
    ({"client_id": "a\x00b"}, 201, "platform_answer"),
    ({"client_id": "c"}, 202, "platform_refused"),
    ({"client_id": "c"}, 400, "platform_refused"),
    ({"client_id": "c"}, 401, "platform_refused"),
    ({"client_id": "c"}, 500, "platform_refused"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSALS)
def test_a_failed_registration_leaves_the_link_usable(
    registrar: Registrar, body: object, status: int, code: str
) -> None:
    registrar.answers(body, status)
    failed = registrar.register()
    assert (failed.status_code, code_of(failed)) == (502, code)
    assert registrar.stored() == []
    registrar.answers({"client_id": "c-2", TOOL: {"deployment_id": "7"}})
    assert registrar.register().status_code == 200
    first, second = registrar.sent
    assert first["redirect_uris"] == second["redirect_uris"]


def test_a_registration_that_is_not_answered_leaves_the_link_usable(registrar: Registrar) -> None:
    registrar.platform.answers["/register"] = Answer(302, headers={"Location": "https://x.example"})
    assert code_of(registrar.register()) == "platform_unavailable"
    registrar.platform.answers["/register"] = Answer(body=b"x" * (2 * 1024 * 1024))
    assert code_of(registrar.register()) == "platform_answer"
    registrar.answers({"client_id": "c-2"})
    assert registrar.register().status_code == 200


def test_the_platforms_own_word_is_shown_if_it_is_one(registrar: Registrar) -> None:
    registrar.platform.answers["/register"] = Answer(401, b"token_already_used")
    assert "token_already_used" in registrar.register().text
    registrar.platform.answers["/register"] = Answer(400, b"<script>alert(1)</script>")
    shown = registrar.register().text
    assert "alert(1)" not in shown
    assert "(400)" in shown


def test_every_refusal_has_a_sentence_of_its_own() -> None:
    codes = {code for _, code in CONFIGURATIONS} | {code for _, code in ANSWERS}
    codes |= {code for *_, code in REFUSALS}
    codes |= {"invitation_unknown", "invitation_used", "invitation_expired", "registration_form"}
    codes |= {"configuration_missing", "configuration_address", "registration_exists"}
    codes |= {"registration_token", "registration_pending", "platform_unavailable"}
    assert codes <= set(SENTENCES)
