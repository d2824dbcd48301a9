"""Administrators are told of awards that nobody in a course can confirm, at one cost for many."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Course, EvidenceFile, PendingAward
from lti_tool.services.staff.accounts import Role
from tests.factories import files, signing_in
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded
from tests.factories.visits import Visit, Visits

SIGNED = "BEM-S-WLD1-U3"
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
        assert ("Awards to confirm" in boss.get("/admin/awards").text) is (confirmations == 2)
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


@dataclass(frozen=True)
class Named:
    """An award that waits, as addresses and forms name it."""

    person: str
    version: str

    @property
    def page(self) -> str:
        return f"/admin/awards/waiting/{self.person}/{self.version}"

    @property
    def fields(self) -> dict[str, str]:
        return {"person": self.person, "version": self.version}


def named(visits: Visits, sub: str) -> Named:
    with visits.school.transaction() as db:
        person, version = visits.school.person(db, sub), visits.school.version(db, visits.mc.code)
        return Named(str(person.id), str(version.id))


def sign_off(teacher: Visit, learner: Visit, **fields: str) -> None:
    """Sign a unit off with a text, a link and a file, as a browser does."""
    page = teacher.get(f"course/units/{SIGNED}")
    path, data = page.filled("record", person=[str(learner.person_id)], **fields)
    assert teacher.upload(path, data, ("report.pdf", files.PDF)).status == 200


def admin(
    app: Flask, database: Database, name: str, organisation: str | None
) -> signing_in.SignedIn:
    role = Role.OPERATOR if organisation is None else Role.ADMINISTRATOR
    made = signing_in.account(database, clock.now(), name, role, organisation)
    return signing_in.signed_in(app, database, made, clock.now())


def file_of(database: Database, name: str) -> str:
    with database.transaction(read_only=True) as db:
        return str(db.query(EvidenceFile).filter_by(name=name).one().id)


@on_each_database
def test_administrators_read_what_the_teachers_of_the_course_read_as_long_as_they_decide(
    app: Flask, visits: Visits, database: Database, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    stranger = admin(app, database, "Stranger", "elsewhere")
    namesake = admin(app, database, "ANA", "school")
    ana = visits.open("ana")
    link = "https://portfolio.example/ana"
    sign_off(teacher, ana, evidence="Two clean beads", link=link)
    case = named(visits, "ana")
    file = f"{case.page}/files/{file_of(database, 'report.pdf')}"
    assert boss.code("GET", case.page) == (404, "unknown_award")
    assert boss.code("GET", file) == (404, "unknown_award")  # nothing waits for anybody
    ask_for(teacher, 2)
    wait(visits, teacher, "ana")
    assert case.page in boss.get("/admin/awards").text
    page = boss.get(case.page).text
    for said in ("Two clean beads", link, file, "of 100 points", "signed off", "by a teacher"):
        assert said in page, said
    assert "Olha" not in page
    answer = boss.get(file)
    assert (answer.status_code, answer.data) == (200, files.PDF)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert stranger.code("GET", case.page) == (404, "unknown_award")
    assert stranger.code("GET", file) == (404, "unknown_award")
    assert "Two clean beads" not in namesake.get(case.page).text
    assert namesake.code("GET", file) == (404, "unknown_evidence")
    assert boss.post("/admin/awards/confirm", **case.fields).status_code == 303
    assert boss.get(file).status_code == 200  # it waits for the teacher, and can be taken back
    teacher.get("course/confirmations").submit("confirm")
    assert boss.code("GET", file) == (404, "unknown_award")


@on_each_database
def test_what_another_course_recorded_is_shown_to_those_who_decide_in_the_place_of_all(
    app: Flask, visits: Visits, database: Database, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    """Administrators for a course read of others that something was recorded, like its teachers;
    those of the awarding body, whom no course stands between, all of it."""
    ana = visits.open("ana")
    visits.open("ana", course="other", link="other", unit=SIGNED)
    there = visits.open("petra", teacher=True, course="other", link="other", unit=SIGNED)
    sign_off(there, ana, evidence="Seen in the other course")
    visits.school.tick(minutes=1)
    ask_for(teacher, 2)
    wait(visits, teacher, "ana")
    case = named(visits, "ana")
    file = f"{case.page}/files/{file_of(database, 'report.pdf')}"
    page = boss.get(case.page).text
    assert "in another course" in page
    assert "Seen in the other course" not in page
    assert boss.code("GET", file) == (404, "unknown_evidence")
    body = admin(app, database, "Body", visits.mc.awarding_body.slug)
    assert body.code("GET", case.page) == (404, "unknown_award")
    visits.open("ana", course="third", link="third", mc="")
    with visits.school.transaction() as db:
        pending = db.query(PendingAward).one()
        pending.course_id = db.query(Course).filter_by(title="Course third").one().id
    page = body.get(case.page).text
    assert "No course offers it to the learner" in page
    assert "Seen in the other course" in page
    assert "in the course “Course other”" in page
    assert body.get(file).status_code == 200
    assert boss.code("GET", case.page) == (404, "unknown_award")
