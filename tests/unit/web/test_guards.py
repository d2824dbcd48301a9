"""Structural: no route can be forgotten by the checks that all routes share."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from lti_tool.web.http.security import (
    ADMIN_BLUEPRINT,
    API_BLUEPRINT,
    LTI_BLUEPRINT,
    OWN_COOKIES,
    REGISTRATION_BLUEPRINT,
    SAFE_METHODS,
    add_headers,
    csp_nonce,
    csrf_token,
)


def rules(app: Flask) -> Iterator[Rule]:
    return iter(app.url_map.iter_rules())


def example_path(rule: Rule) -> str:
    """Return an address that the rule matches."""
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), rule.rule)
    path = re.sub(r"<any\((\w+).*?>", r"\1", path)
    return re.sub(r"<(?:\w+:)?\w+>", "x", path)


def unsafe_methods(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - SAFE_METHODS


def is_lti(rule: Rule) -> bool:
    return rule.endpoint.startswith(f"{LTI_BLUEPRINT}.")


def is_registration(rule: Rule) -> bool:
    return rule.endpoint.startswith(f"{REGISTRATION_BLUEPRINT}.")


def is_api(rule: Rule) -> bool:
    return rule.endpoint.startswith(f"{API_BLUEPRINT}.")


def is_of_accounts(rule: Rule) -> bool:
    return rule.endpoint.partition(".")[0] in OWN_COOKIES


def refusal_of(rule: Rule) -> str:
    """A registration has no session: its form works once, and is refused by a code of its own."""
    if is_of_accounts(rule):
        return "own_form_token"
    return "registration_form" if is_registration(rule) else "form_token"


def test_every_form_outside_the_lti_endpoints_is_refused_without_its_token(
    app: Flask, client: FlaskClient
) -> None:
    checked = 0
    for rule in rules(app):
        if is_lti(rule) or is_api(rule):
            continue
        for method in unsafe_methods(rule):
            answer = client.open(
                example_path(rule), method=method, headers={"Accept": "application/json"}
            )
            assert answer.status_code == 403, (rule, answer.status_code)
            assert answer.json is not None
            assert answer.json["code"] == refusal_of(rule), rule
            checked += 1
    assert checked >= 8


def test_the_token_of_another_launch_is_refused(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        foreign = csrf_token(uuid.uuid4())
    answer = client.post(
        f"/launches/{uuid.uuid4()}/claim",
        data={"csrf_token": foreign},
        headers={"Accept": "application/json"},
    )
    assert answer.json is not None
    assert answer.json["code"] == "form_token"


@pytest.mark.parametrize("token", ["ä", "", "0" * 64, "A" * 88, "=", "A" * 87])
def test_a_made_up_token_is_refused(client: FlaskClient, token: str) -> None:
    answer = client.post(f"/launches/{uuid.uuid4()}/claim", data={"csrf_token": token})
    assert answer.status_code == 403


def test_every_page_of_a_launch_is_refused_without_the_launch(
    app: Flask, client: FlaskClient
) -> None:
    launch_pages = [rule for rule in rules(app) if "launch_id" in rule.arguments]
    assert len(launch_pages) > 15
    for rule in launch_pages:
        if "GET" not in (rule.methods or ()):
            continue
        answer = client.get(example_path(rule), headers={"Accept": "application/json"})
        assert answer.status_code == 403, rule
        assert answer.json is not None
        assert answer.json["code"] == "session_missing", rule


def test_every_page_of_accounts_leads_strangers_to_signing_in(
    app: Flask, client: FlaskClient
) -> None:
    pages = [rule for rule in rules(app) if rule.endpoint.startswith(f"{ADMIN_BLUEPRINT}.")]
    assert len(pages) >= 6
    for rule in pages:
        if "GET" in (rule.methods or ()):
            answer = client.get(example_path(rule))
            assert answer.status_code == 303, rule
            assert answer.location.startswith("/sign-in?"), rule


def test_unsafe_methods_exist_only_below_launches_accounts_lti_and_api(app: Flask) -> None:
    proving = (is_lti, is_registration, is_of_accounts, is_api)
    for rule in rules(app):
        if unsafe_methods(rule):
            assert any(proves(rule) for proves in proving) or "launch_id" in rule.arguments, rule


def test_other_systems_prove_themselves_by_a_secret_or_a_token(
    app: Flask, client: FlaskClient
) -> None:
    for rule in rules(app):
        if is_api(rule) and unsafe_methods(rule):
            for cookie in ("", "launch=x; account=y"):
                answer = client.post(example_path(rule), headers={"Cookie": cookie})
                assert answer.status_code in (400, 401), rule


def test_a_script_runs_only_under_the_nonce_of_its_own_answer(app: Flask) -> None:
    policies = []
    for _ in range(2):
        with app.test_request_context():
            nonce = csp_nonce()
            policies.append(add_headers(Response()).headers["Content-Security-Policy"])
            assert f"script-src 'nonce-{nonce}'" in policies[-1]
    assert policies[0] != policies[1]


def test_every_answer_carries_the_security_headers(app: Flask, client: FlaskClient) -> None:
    for rule in rules(app):
        answer: Any = client.get(example_path(rule))
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, rule
        assert "frame-ancestors" in policy, rule
        assert "unsafe" not in policy, rule
        assert answer.headers["X-Content-Type-Options"] == "nosniff", rule
        assert answer.headers["Referrer-Policy"] == "no-referrer", rule
        assert "X-Frame-Options" not in answer.headers, rule
