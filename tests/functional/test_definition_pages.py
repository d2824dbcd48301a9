"""Published definitions: listed, looked at again, retired; and who in a course is told."""

import html
import uuid
from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import MicroCredentialVersion
from lti_tool.services import lifecycle
from lti_tool.services.accounts import Role
from tests.factories import handing_in, signing_in
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Visits


@pytest.fixture
def version(database: Database) -> uuid.UUID:
    return handing_in.publish(database, "school", clock.now())


def somebody(app: Flask, database: Database, role: Role) -> SignedIn:
    made = signing_in.account(database, clock.now(), role.value, role, "school")
    return signing_in.signed_in(app, database, made, clock.now())


def review_by(database: Database, version: uuid.UUID, **later: float) -> None:
    with database.transaction() as db:
        found = db.get_one(MicroCredentialVersion, version)
        found.review_by = clock.now() + timedelta(**later)


def test_a_review_that_is_due_is_announced_and_given(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    boss = somebody(app, database, Role.ADMINISTRATOR)
    assert "to be reviewed again" not in rita.get("/admin").text
    review_by(database, version, days=-1)
    for who in (rita, boss):
        assert "1 published definition is to be reviewed again" in who.get("/admin").text
        assert "closed to new courses" in who.get("/admin/definitions").text
    page = f"/admin/definitions/{version}"
    assert "Confirm it" in rita.get(page).text
    assert "Confirm it" not in boss.get(page).text
    assert "PV-0" not in rita.client.get("/definitions/").text
    assert boss.code("POST", f"{page}/confirm", years="2") == (403, "reviewers_only")
    done = rita.post(f"{page}/confirm", years="2")
    assert "Confirmed. Courses can begin with it." in rita.get(done.location).text
    assert "reviewed again and confirmed" in rita.get(page).text
    assert "PV-0" in rita.client.get("/definitions/").text


def test_an_administrator_retires_a_version_for_a_reason(
    app: Flask, database: Database, version: uuid.UUID
) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    boss = somebody(app, database, Role.ADMINISTRATOR)
    page = f"/admin/definitions/{version}"
    assert "Retire …" in boss.get(page).text
    assert "Retire …" not in rita.get(page).text
    assert rita.code("GET", f"{page}/retire") == (403, "administrators_only")
    refused = boss.post(f"{page}/retire", reason=" ", series="1")
    assert refused.status_code == 400
    assert "Give a reason." in refused.text
    assert "checked" in refused.text
    done = boss.post(f"{page}/retire", reason="The <b>law</b> changed")
    assert "Retired. Running courses go on" in boss.get(done.location).text
    public = rita.client.get("/definitions/school/PV-0/1.0").text
    assert "no new course begins with it" in public
    assert "The <b>law</b> changed" in html.unescape(public)
    assert "<b>law</b>" not in public
    assert boss.code("GET", f"{page}/retire") == (409, "already_retired")
    assert "retired a micro-credential" in boss.get("/admin/audit-log").text


def test_where_nothing_is_published_the_list_says_so(app: Flask, database: Database) -> None:
    rita = somebody(app, database, Role.REVIEWER)
    assert "Nothing is published yet." in rita.get("/admin/definitions").text


def test_teachers_and_learners_of_running_courses_are_told(app: Flask, database: Database) -> None:
    visits = Visits.at(app, database, clock.now() - timedelta(hours=1))
    teacher, learner = visits.open("olha", teacher=True), visits.open("ana")
    assert "retired" not in teacher.get("course").text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        found.review_by = clock.now() + timedelta(days=30)
    assert "is to be reviewed by" in teacher.get("course").text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        found.review_by = clock.now() - timedelta(days=1)
    assert "should have been reviewed by" in teacher.get("course").text
    assert "No new course begins" not in learner.get().text
    with database.transaction() as db:
        found = visits.school.version(db, "BEM-S-WLD1")
        lifecycle.retire(db, found, reason="Replaced", by="account:boss", now=clock.now())
    assert "was retired on" in teacher.get("course").text
    assert "You can complete it as before" in learner.get().text
