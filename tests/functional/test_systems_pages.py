"""An administrator lets another system report completions; so does the command line."""

import re
from pathlib import Path

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import ApiClient
from lti_tool.services import organisations
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.reporting import System, rows
from tests.factories.signing_in import SignedIn
from tests.functional.test_command_line import Operator


@pytest.fixture
def administrator(app: Flask, database: Database) -> SignedIn:
    now = clock.now()
    made = signing_in.account(database, now, "Campus IT", Role.ADMINISTRATOR, "my-school")
    return signing_in.signed_in(app, database, made, now)


def systems(database: Database) -> str:
    with database.transaction() as db:
        return f"/admin/organisations/{organisations.find(db, 'my-school').id}/systems"


def add(administrator: SignedIn, database: Database, name: str = "Student register") -> str:
    answer = administrator.post(systems(database), name=name)
    assert answer.status_code == 200
    return answer.text


def shown(page: str, field: str) -> str:
    (value,) = re.findall(rf'id="{field}"[^>]*value="([^"]+)"', page)
    return str(value)


def test_a_system_is_added_and_its_secret_works_and_is_shown_once(
    app: Flask, administrator: SignedIn, database: Database
) -> None:
    assert "None yet. Add one below" in administrator.get(systems(database)).text
    page = add(administrator, database)
    made = System(app, shown(page, "client"), shown(page, "secret"))
    assert made.token().status_code == 200
    listed = administrator.get(systems(database)).text
    assert "Student register" in listed
    assert made.secret not in listed


def test_a_system_is_switched_off_and_on_and_gets_a_new_secret(
    app: Flask, administrator: SignedIn, database: Database
) -> None:
    page = add(administrator, database)
    made = System(app, shown(page, "client"), shown(page, "secret"))
    for disabled, status in (("1", 401), ("0", 200)):
        path = f"/admin/systems/{made.client_id}/state"
        assert administrator.post(path, disabled=disabled).status_code == 303
        assert made.token().status_code == status
    renewed = administrator.post(f"/admin/systems/{made.client_id}/secret").text
    assert made.token().status_code == 401
    assert System(app, made.client_id, shown(renewed, "secret")).token().status_code == 200


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\u202eb"])
def test_a_name_that_is_none_is_refused_and_stays_in_the_form(
    administrator: SignedIn, database: Database, name: str
) -> None:
    answer = administrator.post(systems(database), name=name)
    assert answer.status_code == 400
    assert "A name is needed" in answer.text
    assert rows(database, ApiClient) == []


def test_the_command_line_does_the_same(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    assert operator.run("db", "upgrade").exit_code == 0
    operator.run("platform", "invite", "--organisation", "my-school")
    assert "No system yet" in operator.run("system", "list").stdout
    added = operator.run("system", "add", "Register", "--organisation", "my-school")
    assert added.exit_code == 0, added.stderr
    (client,) = re.findall(r"client_id +(\S+)", added.stdout)
    assert re.search(r"client_secret +\S{43}", added.stdout)
    assert "switched off" in operator.run("system", "disable", client).stdout
    assert "(switched off)" in operator.run("system", "list").stdout
    assert "may report again" in operator.run("system", "enable", client).stdout
    renewed = operator.run("system", "new-secret", client, "--yes")
    assert "client_secret" in renewed.stdout
    assert operator.run("system", "add", "X", "--organisation", "none").exit_code != 0
