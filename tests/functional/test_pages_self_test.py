"""The self-test as administrators use it: a page that is written while the test runs."""

import re
import uuid
from collections.abc import Iterator

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.signing_in import SignedIn

SELF_TEST = "/admin/self-test"


@pytest.fixture
def course(app: Flask, database: Database) -> Iterator[Teaching]:
    with teaching(database, clock.now(), ags=AgsSetting.NONE) as served:
        (tool,) = served.lms.tools()
        served.lms.update_tool(tool.client_id, shares_roster=False)
        yield served


def somebody(app: Flask, database: Database, role: Role, school: str | None = None) -> SignedIn:
    now = clock.now()
    made = signing_in.account(database, now, role=role, organisation=school)
    return signing_in.signed_in(app, database, made, now)


def test_an_operator_tests_the_server(app: Flask, database: Database) -> None:
    operator = somebody(app, database, Role.OPERATOR)
    start = operator.get(SELF_TEST)
    assert "Test this server" in start.text
    assert "No LMS is connected yet." in start.text
    page = operator.post(f"{SELF_TEST}/server")
    assert page.status_code == 200
    assert "Worker: does not work." in page.text
    assert "No worker has ever run" in page.text
    assert "The test has ended." in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_an_administrator_tests_the_lms_of_the_own_school(
    app: Flask, database: Database, course: Teaching
) -> None:
    administrator = somebody(app, database, Role.ADMINISTRATOR, "school")
    start = administrator.get(SELF_TEST)
    assert "Test this server" not in start.text
    (path,) = re.findall(rf'action="({SELF_TEST}/[0-9a-f-]+)"', start.text)
    page = administrator.post(path)
    assert "Keys of the LMS: in order." in page.text
    assert "The LMS allows this tool no service at all." in page.text
    assert "List of participants: not tried." in page.text


def test_the_lms_of_another_school_is_out_of_reach(
    app: Flask, database: Database, course: Teaching
) -> None:
    stranger = somebody(app, database, Role.ADMINISTRATOR, "another-school")
    path = f"{SELF_TEST}/{course.school.registration_id}"
    assert str(course.school.registration_id) not in stranger.get(SELF_TEST).text
    assert stranger.code("POST", path) == (404, "unknown_registration")
    assert stranger.code("POST", f"{SELF_TEST}/{uuid.uuid4()}") == (404, "unknown_registration")
    assert course.lms.token_log == []


def test_each_line_is_sent_when_it_is_known(
    app: Flask, database: Database, course: Teaching
) -> None:
    """The first are there before the LMS was asked for a token."""
    operator = somebody(app, database, Role.OPERATOR)
    course.lms.update_tool(course.lms.tools()[0].client_id, ags=AgsSetting.SCORES)
    answer = operator.client.post(
        f"{SELF_TEST}/{course.school.registration_id}",
        data={"csrf_token": operator.token},
        buffered=False,
    )
    seen = ""
    with answer:
        for chunk in answer.iter_encoded():
            seen += chunk.decode()
            if "Keys of the LMS" in seen:
                break
        assert course.lms.token_log == []
        assert "The test has ended." not in seen
        seen += b"".join(answer.iter_encoded()).decode()
    assert len(course.lms.token_log) == 1
    assert "The test has ended." in seen
    assert answer.headers["X-Accel-Buffering"] == "no"


def test_it_is_written_in_german_too(app: Flask, database: Database) -> None:
    operator = somebody(app, database, Role.OPERATOR)
    token = operator.token
    page = operator.client.post(
        f"{SELF_TEST}/server", data={"csrf_token": token}, headers={"Accept-Language": "de"}
    )
    assert "Noch nie lief ein Worker" in page.text
    assert "Die Prüfung ist zu Ende." in page.text
