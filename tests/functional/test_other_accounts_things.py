"""Who signed in reaches what the role and the organisation allow, and nothing else.

The table below says of each endpoint of the pages of accounts whom it is for. A route that is
missing from it fails in `test_other_peoples_things.py`.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.routing import Rule

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.services.accounts import Role
from lti_tool.web.account_session import For
from tests.factories import signing_in
from tests.factories.signing_in import SignedIn

ADMIN_ROUTES: Mapping[str, For] = {
    "admin.home": For.ANYBODY,
    "admin.me": For.ANYBODY,
    "admin.save_me": For.ANYBODY,
    "admin.sign_out": For.ANYBODY,
    "admin.sign_out_everywhere": For.ANYBODY,
    "admin.new_passkey": For.ANYBODY,
    "admin.add_passkey": For.ANYBODY,
    "admin.passkey_removal": For.ANYBODY,
    "admin.remove_passkey": For.ANYBODY,
    "admin.audit_log": For.ADMINISTRATORS,
    "admin.self_tests": For.ADMINISTRATORS,
    "admin.test_server": For.OPERATORS,
    "admin.test_platform": For.ADMINISTRATORS,
}


def admin_rules(app: Flask) -> Iterator[tuple[Rule, For]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ADMIN_ROUTES:
            yield rule, ADMIN_ROUTES[rule.endpoint]


def methods(rule: Rule) -> list[str]:
    return sorted(set(rule.methods or ()) & {"GET", "POST"})


def address(rule: Rule) -> str:
    return re.sub(r"<uuid:(\w+)>", lambda _: str(uuid.uuid4()), rule.rule)


def person(app: Flask, database: Database, role: Role | None, body: str | None) -> SignedIn:
    now = clock.now()
    made = signing_in.account(database, now, f"{role} {body}", role, body)
    return signing_in.signed_in(app, database, made, now)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REVIEWER, None])
def test_pages_of_other_roles_are_refused(
    app: Flask, database: Database, role: Role | None
) -> None:
    visitor = person(app, database, role, "one" if role else None)
    refused = 0
    for rule, who in admin_rules(app):
        may = who is For.ANYBODY or (who is For.ADMINISTRATORS and role is Role.ADMINISTRATOR)
        if may:
            continue
        for method in methods(rule):
            code = "operators_only" if who is For.OPERATORS else "administrators_only"
            assert visitor.code(method, address(rule)) == (403, code), rule
            refused += 1
    assert refused or role is Role.ADMINISTRATOR


def test_a_form_with_the_token_of_another_session_changes_nothing(
    app: Flask, database: Database
) -> None:
    first, second = (person(app, database, Role.OPERATOR, None) for _ in range(2))
    for rule, _ in admin_rules(app):
        if "POST" in (rule.methods or ()):
            for token in ("", "x", second.token):
                answer = first.client.post(
                    address(rule),
                    data={"csrf_token": token},
                    headers={"Accept": "application/json"},
                )
                assert answer.json is not None
                assert (answer.status_code, answer.json["code"]) == (403, "own_form_token"), rule
    assert first.get("/admin").status_code == 200


def test_a_session_that_is_over_opens_nothing(app: Flask, database: Database) -> None:
    now = clock.now() - timedelta(hours=13)
    made = signing_in.account(database, now)
    visitor = signing_in.signed_in(app, database, made, now)
    for rule, _ in admin_rules(app):
        for method in methods(rule):
            if method == "POST":
                assert visitor.code("POST", address(rule)) == (403, "signed_out"), rule
            else:
                assert visitor.get(address(rule)).location.startswith("/sign-in?"), rule


def test_every_own_page_opens(app: Flask, database: Database) -> None:
    operator = person(app, database, Role.OPERATOR, None)
    for rule, _ in admin_rules(app):
        if "GET" in (rule.methods or ()) and not rule.arguments:
            assert operator.get(address(rule)).status_code == 200, rule
