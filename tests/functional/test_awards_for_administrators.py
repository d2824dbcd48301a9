"""Administrators are told of awards that nobody in a course can confirm, at one cost for many."""

from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded
from tests.factories.visits import Visit, Visits

PAGES = ("/admin", "/admin/awards", "/admin/account")


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True)


@pytest.fixture
def boss(app: Flask, database: Database, visits: Visits) -> signing_in.SignedIn:
    now = clock.now()
    made = signing_in.account(database, now, "Boss", Role.ADMINISTRATOR, "school")
    return signing_in.signed_in(app, database, made, now)


def wait(visits: Visits, teacher: Visit, *subs: str) -> None:
    for sub in subs:
        visits.open(sub)
        visits.school.complete(teacher.id, sub, visits.mc)


def ask_for(teacher: Visit, count: int) -> None:
    page = teacher.get("course").follow("Settings of this course")
    page.submit("settings", confirmations=str(count))


@on_each_database
@pytest.mark.parametrize("confirmations", [1, 2])
def test_pages_ask_as_much_whoever_waits(
    app: Flask,
    visits: Visits,
    teacher: Visit,
    boss: signing_in.SignedIn,
    confirmations: int,
) -> None:
    """One is confirmed by the teacher who is there; for two the course has too few."""
    ask_for(teacher, confirmations)
    counts = []
    for more in (("ana",), ("ben", "cy", "dee", "eva")):
        wait(visits, teacher, *more)
        for page in PAGES:
            boss.get(page)  # the definition is read
            with recorded(app.extensions["credlet"].database) as asked:
                text = boss.get(page).text
            counts.append(len(asked))
        assert ("Confirm the award" in boss.get("/admin/awards").text) is (confirmations == 2)
    assert counts[:3] == counts[3:], counts
    assert all(counts)
    assert ("5 awards to decide about" in text) is (confirmations == 2)


@on_each_database
def test_many_teachers_cost_no_more(
    app: Flask, visits: Visits, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    ask_for(teacher, 1)
    wait(visits, teacher, "ana")
    counts = []
    for more in ((), ("tina", "timo", "tom")):
        for sub in more:
            visits.open(sub, teacher=True)
        boss.get("/admin")
        with recorded(app.extensions["credlet"].database) as asked:
            boss.get("/admin")
        counts.append(len(asked))
    assert counts[0] == counts[1] > 0


@on_each_database
def test_an_administrator_is_told_until_they_have_confirmed_it(
    app: Flask, visits: Visits, database: Database, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    now = clock.now()
    other = signing_in.account(database, now, "Other", Role.ADMINISTRATOR, "elsewhere")
    stranger = signing_in.signed_in(app, database, other, now)
    ask_for(teacher, 2)
    wait(visits, teacher, "ana")
    said = "1 award to decide about"
    assert said in boss.get("/admin/account").text
    assert said not in stranger.get("/admin/account").text
    boss.get("/admin/awards")
    with visits.school.transaction() as db:
        person, version = visits.school.person(db, "ana"), visits.school.version(db, visits.mc.code)
        named = {"person": str(person.id), "version": str(version.id)}
    assert boss.post("/admin/awards/confirm", **named).status_code == 303
    assert said not in boss.get("/admin/account").text
