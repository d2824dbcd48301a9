"""Administrators are told of awards that nobody in a course can confirm, at one cost for many."""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, Course, EvidenceFile, PendingAward, Placement, ResourceLink
from lti_tool.services.staff.accounts import Role
from tests.factories import files, signing_in
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded
from tests.factories.threads import at_one_moment
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


@on_each_database
def test_an_administrator_takes_an_own_confirmation_back_while_it_waits(
    app: Flask, visits: Visits, database: Database, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    ana, other = visits.open("ana"), admin(app, database, "Chief", "school")
    ask_for(teacher, 2)
    wait(visits, teacher, "ana")
    case, at = named(visits, "ana"), "/admin/awards/confirm"
    undo = {**case.fields, "act": "take_back"}
    assert boss.post(at, reason="x", **undo).status_code == 409
    assert boss.post(at, **case.fields).location.endswith("done=halfway")
    assert other.post(at, reason="Not mine", **undo).status_code == 409
    wordless = boss.post(at, **undo)
    assert (wordless.status_code, "Give a reason." in wordless.text) == (400, True)
    assert boss.post(at, reason="Another Ana", **undo).location.endswith("done=taken_back")
    said = "An administrator took the confirmation back on"
    assert said in other.get(case.page).text
    assert "Another Ana" in boss.get(case.page).text
    assert "an administrator took the confirmation back" in (
        teacher.get("course/confirmations").text
    )
    assert "Another Ana" in ana.get("data").text
    teacher.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert visits.school.award("ana", visits.mc.code) is None  # one of two
    assert boss.post(at, **case.fields).status_code == 303
    given = visits.school.award("ana", visits.mc.code)
    assert given is not None
    assert {one.keys() - {"at"} == {"account"} for one in given.confirmed_by or ()} == {True, False}
    with database.transaction(read_only=True) as db:
        entry = db.query(AuditEntry).filter_by(action="award.confirmation_undone").one()
        assert entry.actor == f"account:{boss.account_id}"
        assert "Another" not in str(entry.details)
    late = boss.post(at, reason="Too late", **undo)
    assert f"done=given&award={given.id}" in late.location
    page = boss.get(late.location).text
    assert "cannot be taken back any more" in page
    assert "Teachers of the course can withdraw it" in page
    assert boss.get(case.page).location == late.location
    assert other.code("GET", case.page) == (404, "unknown_award")


@on_each_database
def test_what_administrators_alone_confirmed_they_withdraw(
    app: Flask, visits: Visits, database: Database
) -> None:
    """Nobody in a course would take it away: that no course offers it is why they were asked."""
    mc = replace(visits.mc, code="CONFIRMED", confirmations=1)
    visits.school.publish(mc)
    olha = visits.open("olha", teacher=True, mc=mc.code, link="confirmed", course="confirmed")
    visits.open("ana", mc=mc.code, link="confirmed", course="confirmed")
    visits.school.complete(olha.id, "ana", mc)
    body, other = (
        admin(app, database, name, slug)
        for name, slug in (("Body", mc.awarding_body.slug), ("Other", "school"))
    )
    with visits.school.transaction() as db:
        pending = db.query(PendingAward).one()
        case = Named(str(pending.person_id), str(pending.version_id))
        placement = db.query(Placement).filter_by(version_id=pending.version_id).one()
        for link in db.query(ResourceLink).filter_by(placement_id=placement.id):
            link.placement = None
        db.flush()
        db.delete(placement)
    page = body.get(body.post("/admin/awards/confirm", **case.fields).location).text
    given = visits.school.award("ana", mc.code)
    assert given is not None
    assert "Confirmed: the learner has got the award." in page
    assert f"/admin/awards/{given.id}" in page
    assert other.code("GET", f"/admin/awards/{given.id}") == (404, "unknown_award")
    gone = body.post(f"/admin/awards/{given.id}/revoke", sure="1", reason="Another person's work")
    assert gone.location.endswith("done=revoked")
    assert visits.school.award("ana", mc.code) is None


@on_each_database
def test_confirming_and_taking_back_at_one_moment_gives_no_award_with_one_word(
    app: Flask, visits: Visits, database: Database, teacher: Visit, boss: signing_in.SignedIn
) -> None:
    ask_for(teacher, 2)
    at = "/admin/awards/confirm"
    for number in range(6):
        learner = visits.open(f"learner{number}")
        visits.school.complete(teacher.id, f"learner{number}", visits.mc)
        case = named(visits, f"learner{number}")
        assert boss.post(at, **case.fields).status_code == 303
        page = teacher.get("course/confirmations")
        filled = page.filled("confirm", person=str(learner.person_id))
        undo = {**case.fields, "act": "take_back", "reason": "Wait"}
        at_one_moment([partial(teacher.post, *filled), partial(boss.post, at, **undo)])
        award = visits.school.award(f"learner{number}", visits.mc.code)
        with database.transaction(read_only=True) as db:
            pending = db.get(PendingAward, (learner.person_id, uuid.UUID(case.version)))
            left = [one for one in pending.confirmed_by if "reason" not in one] if pending else []
        assert (award is None) is (pending is not None)
        if award is not None:
            assert len(award.confirmed_by or ()) == 2
        else:
            assert [one.get("person") for one in left] == [str(teacher.person_id)]
