"""A course whose awards wait for a teacher: who waits, who confirms, and what learners read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    AuditEntry,
    Award,
    CompletionRecord,
    Organisation,
    PendingAward,
    Person,
)
from lti_tool.services import people
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.visits import Page, Visit, Visits

SAFETY, READING = "BEM-S-WLD1-U1", "BEM-S-WLD1-U2"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def complete(visits: Visits, teacher: Visit, *subs: str) -> None:
    for sub in subs:
        visits.school.complete(teacher.id, sub, visits.mc)
        visits.school.tick(minutes=1)


def ask_for(teacher: Visit, count: int) -> Page:
    page = teacher.get("course").follow("Settings of this course")
    return page.submit("settings", confirmations=str(count))


def award(visits: Visits, sub: str) -> Award | None:
    return visits.school.award(sub, visits.mc.code)


@on_each_database
def test_an_untouched_course_gives_awards_at_once(visits: Visits, teacher: Visit) -> None:
    visits.open("ana")
    complete(visits, teacher, "ana")
    assert award(visits, "ana") is not None
    page = teacher.get("course/settings")
    assert page.filled("settings")[1]["confirmations"] == ["0"]
    assert "gives awards at once" in teacher.get("course/confirmations").text


@on_each_database
def test_the_award_waits_and_one_act_confirms_many(visits: Visits, teacher: Visit) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    assert "The settings are saved." in ask_for(teacher, 1).text
    complete(visits, teacher, "ana", "ben")
    assert award(visits, "ana") is None
    assert "your award waits for your teacher" in ana.get().text
    assert ana.get("claim").status == 404
    course = teacher.get("course")
    assert "2 awards wait for a confirmation." in course.text
    assert "To be confirmed" in course.text
    assert (
        "The award waits for a confirmation" in teacher.get(f"course/people/{ben.person_id}").text
    )
    done = course.follow("See who is waiting").submit("confirm")
    assert "2 learners have got the award." in done.text
    assert "Claim your badge" in ana.get().text
    given = award(visits, "ana")
    assert given is not None
    assert [one["person"] for one in given.confirmed_by or ()] == [str(teacher.person_id)]
    assert given.awarded_at == given.granted_at  # the day on which it was decided
    page = teacher.get(f"course/awards/{given.id}")
    assert "Confirmed by Olha on" in page.text
    with visits.school.transaction() as db:
        assert db.query(PendingAward).count() == 0
        actions = {row.action for row in db.query(AuditEntry)}
    assert {"placement.settings_changed", "award.confirmed", "award.granted"} <= actions


def test_a_second_teacher_must_be_another_person(visits: Visits, teacher: Visit) -> None:
    ana, second = visits.open("ana"), visits.open("petra", teacher=True)
    ask_for(teacher, 2)
    complete(visits, teacher, "ana")
    for _ in range(2):
        page = teacher.get("course/confirmations")
        half = page.submit("confirm", person=str(ana.person_id))
        assert "1 award waits for another teacher." in half.text
    assert award(visits, "ana") is None
    assert "a second one has to look at it" in ana.get().text
    page = second.get("course/confirmations")
    assert "confirmed by Olha" in page.text
    assert "1 learner has got the award." in page.submit("confirm").text
    assert award(visits, "ana") is not None


def test_whoever_confirmed_takes_their_own_word_back_and_no_other(
    visits: Visits, teacher: Visit
) -> None:
    ana, second = visits.open("ana"), visits.open("petra", teacher=True)
    ask_for(teacher, 2)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert not second.get("course/confirmations").has_form("unconfirm")
    path, data = page.filled("unconfirm", person=str(ana.person_id), reason="Not mine to take")
    base = f"/launches/{teacher.id}/"
    token = second.get("course/confirmations").filled("confirm")[1]["csrf_token"]
    foreign = path.replace(base, f"/launches/{second.id}/")
    assert "waits again" not in second.post(foreign, data | {"csrf_token": token}).text
    assert "a second one has to look at it" in ana.get().text
    undone = page.submit("unconfirm", person=str(ana.person_id), reason="Mistaken for Anna")
    assert "1 award waits again." in undone.text
    assert "Olha took the confirmation back on" in second.get("course/confirmations").text
    assert "a second one has to look at it" not in ana.get().text
    second.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert award(visits, "ana") is None  # Olha's word is gone
    again = teacher.get("course/confirmations")
    assert "Mistaken for Anna" in again.text
    assert "person" not in again.filled("confirm")[1]  # nobody is confirmed unseen
    last = again.submit("confirm", person=str(ana.person_id))
    assert "1 learner has got the award." in last.text
    given = award(visits, "ana")
    assert given is not None
    assert len(given.confirmed_by or ()) == 2
    with visits.school.transaction() as db:
        done = [row.action for row in db.query(AuditEntry).order_by(AuditEntry.at)]
    assert done.count("award.confirmed") == 3
    assert done.count("award.confirmation_undone") == 1


@on_each_database
def test_a_course_without_a_second_teacher_says_so_to_all_who_wait(
    visits: Visits, teacher: Visit
) -> None:
    ana, few = visits.open("ana"), "Too few people can confirm awards in this course"
    page = teacher.get("course/settings")
    assert "So far nobody else can confirm awards in this course." in page.text
    assert few not in page.text
    ask_for(teacher, 2)
    assert few in teacher.get("course/settings").text
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert few in page.text
    assert "So far too few teachers in your course can confirm the award" in ana.get().text
    visits.open("tina", teacher=True)
    assert few not in teacher.get("course/confirmations").text
    assert few not in teacher.get("course/settings").text
    assert "a second one has to look at it" in ana.get().text


@on_each_database
def test_an_administrator_is_the_second_person_where_the_course_has_none(
    app: Flask, database: Database, visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 2)
    complete(visits, teacher, "ana")
    assert "An administrator of" not in ana.get().text
    own, other = (
        signing_in.signed_in(
            app,
            database,
            signing_in.account(database, clock.now(), name, Role.ADMINISTRATOR, slug),
            clock.now(),
        )
        for name, slug in (("Boss", "school"), ("Stranger", "elsewhere"))
    )
    with visits.school.transaction() as db:
        school = db.query(Organisation).filter_by(slug="school").one().name
    assert f"An administrator of {school} can also confirm it." in ana.get().text
    assert "Ana" not in other.get("/admin/awards").text
    page = own.get("/admin/awards").text
    assert "has too few people who can confirm it" in page
    with visits.school.transaction() as db:
        version = str(db.query(PendingAward).one().version_id)
    named = {"person": str(ana.person_id), "version": version}
    assert other.code("POST", "/admin/awards/confirm", **named) == (404, "unknown_award")
    assert own.code("POST", "/admin/awards/confirm", person="x") == (404, "unknown_award")
    for _ in range(2):
        assert own.post("/admin/awards/confirm", **named).location.endswith("done=halfway")
    assert award(visits, "ana") is None
    assert "You have confirmed it." in own.get("/admin/awards").text
    assert "An administrator of your school has confirmed it" in ana.get().text
    asked = teacher.get("course/confirmations")
    assert "confirmed by an administrator" in asked.text
    assert "1 learner has got the award." in asked.submit("confirm").text
    given = award(visits, "ana")
    assert given is not None
    assert "Confirmed by an administrator on" in teacher.get(f"course/awards/{given.id}").text
    with visits.school.transaction() as db:
        entries = db.query(AuditEntry).filter_by(action="award.confirmed").all()
        assert {one.actor.partition(":")[0] for one in entries} == {"account", "person"}
    assert "confirmed an award" in own.get("/admin/audit-log").text


@on_each_database
def test_administrators_add_to_teachers_and_override_none(
    app: Flask, database: Database, visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 2)
    complete(visits, teacher, "ana")
    first, second, namesake = (
        signing_in.signed_in(
            app,
            database,
            signing_in.account(database, clock.now(), name, Role.ADMINISTRATOR, "school"),
            clock.now(),
        )
        for name in ("Boss", "Chief", "Learner, Ana")
    )
    with visits.school.transaction() as db:
        db.get_one(Person, ana.person_id).name = "Ana Learner"
        version = str(db.query(PendingAward).one().version_id)
    named = {"person": str(ana.person_id), "version": version}
    confirmation = "/admin/awards/confirm"
    assert "This learner has your name" in namesake.get("/admin/awards").text
    assert namesake.post(confirmation, **named).status_code == 409
    assert first.post(confirmation, **named).location.endswith("done=halfway")
    assert "It waits for a teacher of the course." in second.get("/admin/awards").text
    refused = second.post(confirmation, **named)
    assert refused.status_code == 409
    assert "As many administrators as the course lacks teachers" in refused.text
    page = teacher.get("course/confirmations")
    page.submit("confirm", person=str(ana.person_id), act="decline", reason="Not yet")
    assert "Ana Learner" not in first.get("/admin/awards").text
    assert first.code("POST", confirmation, **named) == (404, "unknown_award")
    assert award(visits, "ana") is None


def test_no_is_said_with_a_reason_that_the_learner_reads(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations")
    wordless = page.submit("confirm", person=str(ana.person_id), act="decline")
    assert (wordless.status, "Give a reason." in wordless.text) == (400, True)
    long = wordless.submit("confirm", act="decline", reason="x" * 501)
    assert long.status == 400
    assert "x" * 501 in long.html  # what was typed is still there
    said = long.submit("confirm", act="decline", reason="Bring your test piece, please.")
    assert "1 award was not confirmed." in said.text
    assert "Bring your test piece, please." in ana.get().text
    assert "not confirmed: Bring your test piece" in held(visits)
    assert "1 award waits" not in teacher.get("course").text
    after_all = teacher.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert "1 learner has got the award." in after_all.text


def held(visits: Visits) -> str:
    with visits.school.transaction() as db:
        found = people.held(db, visits.school.person(db, "ana"))
        return " ".join(f"not confirmed: {one.declined_reason}" for one in found.waiting)


def test_a_new_result_lets_it_wait_again_after_a_no(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations")
    page.submit("confirm", person=str(ana.person_id), act="decline", reason="No")
    visits.school.tick(hours=2)
    visits.school.assess(teacher.id, "ana", visits.mc.code, SAFETY, points=99)
    assert "1 award waits" in teacher.get("course").text


def test_a_confirmation_is_taken_back_until_the_badge_is_claimed(
    visits: Visits, teacher: Visit
) -> None:
    ana, ben = visits.open("ana"), visits.open("ben")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana", "ben")
    page = teacher.get("course/confirmations").submit("confirm")
    ana.get("claim").submit("claim")
    assert page.form("unconfirm")
    both = [str(ana.person_id), str(ben.person_id)]
    wordless = page.submit("unconfirm", person=both, reason=" ")
    assert (wordless.status, "Give a reason." in wordless.text) == (400, True)
    late = page.submit("unconfirm", person=both, reason="Wrong course")
    assert "1 award waits again." in late.text
    assert "1 badge was claimed already, so its confirmation stays." in late.text
    assert "Olha took the confirmation back on" in late.text
    assert "Wrong course" in late.text
    assert award(visits, "ana") is not None
    assert award(visits, "ben") is None
    assert "your award waits for your teacher" in ben.get().text
    assert "To be confirmed" in teacher.get("course").text
    page = teacher.get("course/confirmations")
    assert "person" not in page.filled("confirm")[1]  # what was taken back is not ticked
    again = page.submit("confirm", person=str(ben.person_id))
    assert "1 learner has got the award." in again.text


def test_where_nobody_is_asked_any_more_taking_back_is_refused_in_words(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    teacher.get("course/confirmations").submit("confirm")
    given = award(visits, "ana")
    ask_for(teacher, 0)
    page = teacher.get("course/confirmations")
    refused = page.submit("unconfirm", person=str(ana.person_id), reason="Mistaken for Anna")
    assert (refused.status, "Nothing was saved." in refused.text) == (409, True)
    assert "withdraw it on the learner's page" in refused.text
    assert "Mistaken for Anna" in refused.html
    kept = award(visits, "ana")
    assert given is not None
    assert kept is not None
    assert kept.id == given.id


@pytest.mark.parametrize("who", ["olha", "karl"])
def test_of_two_who_confirmed_an_award_the_right_one_is_named(
    visits: Visits, teacher: Visit, who: str
) -> None:
    """Karl has confirmed nothing; what he takes back is others'."""
    ana, petra = visits.open("ana"), visits.open("petra", teacher=True)
    karl = visits.open("karl", teacher=True)
    ask_for(teacher, 2)
    complete(visits, teacher, "ana")
    for one in (teacher, petra):
        one.get("course/confirmations").submit("confirm", person=str(ana.person_id))
    assert award(visits, "ana") is not None
    undoing = {"olha": teacher, "karl": karl}[who].get("course/confirmations")
    page = undoing.submit("unconfirm", person=str(ana.person_id), reason="Too early").text
    assert award(visits, "ana") is None
    assert "Karl took the confirmation back" not in page
    assert "Petra took" not in page
    if who == "olha":
        assert "confirmed by Petra · Olha took the confirmation back on" in page
        teacher.get("course/confirmations").submit("confirm", person=str(ana.person_id))
        assert award(visits, "ana") is not None
    else:
        for name in ("Olha", "Petra"):
            assert f"what {name} had confirmed: Too early" in page
        assert "confirmed by" not in page.replace("had confirmed", "")


def test_teachers_of_another_course_learn_neither_who_said_no_nor_why(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    visits.open("ana", course="other", link="other")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    elsewhere = visits.open("petra", teacher=True, course="other", link="other")
    at = f"course/people/{ana.person_id}"
    assert "is decided in another course of the learner" in elsewhere.get(at).text
    page = teacher.get("course/confirmations")
    page.submit("confirm", person=str(ana.person_id), act="decline", reason="Bring it, please.")
    assert "Olha did not confirm it: Bring it, please." in teacher.get(at).text
    page = elsewhere.get(at)
    assert "Bring it, please." not in page.text
    assert "Olha did not" not in page.text
    assert "See who is waiting" not in page.text
    kept = visits.open("ana", course="other", link="other").get("data").text
    assert "not confirmed: Bring it, please." in kept  # what is kept about her is hers


def test_an_award_without_confirmation_and_a_result_says_both_in_words(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations").submit("confirm")
    page.submit("unconfirm", person=str(ana.person_id), reason="Too early")
    assert "waiting since" in ana.get("data").text
    with visits.school.transaction() as db:
        record = db.query(CompletionRecord).filter_by(unit_code=SAFETY).first()
        assert record is not None
        found = record.id
    visits.school.retract(teacher.id, found)
    page = teacher.get(f"course/people/{ana.person_id}").text
    assert "not_confirmed" not in page
    assert "Its confirmation was taken back." in page
    page = ana.get().text
    assert "because its confirmation was taken back" in page
    assert "Ask your teacher why" not in page


def test_asking_for_less_gives_those_who_wait_their_award(visits: Visits, teacher: Visit) -> None:
    visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    with visits.school.transaction() as db:
        before = db.query(CompletionRecord).count()
    ask_for(teacher, 0)
    assert award(visits, "ana") is not None
    ask_for(teacher, 2)
    assert award(visits, "ana") is not None  # what was given stays
    with visits.school.transaction() as db:
        assert db.query(CompletionRecord).count() == before


def test_a_no_holds_when_the_course_asks_nobody_any_more(visits: Visits, teacher: Visit) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations")
    page.submit("confirm", person=str(ana.person_id), act="decline", reason="No")
    ask_for(teacher, 0)
    assert award(visits, "ana") is None
    visits.school.tick(hours=2)
    visits.school.assess(teacher.id, "ana", visits.mc.code, SAFETY, points=99)
    assert award(visits, "ana") is not None


@on_each_database
@pytest.mark.parametrize("is_declined", [False, True])
def test_a_learner_gets_round_nobody_in_another_course(
    visits: Visits, teacher: Visit, is_declined: bool
) -> None:
    """What learners do themselves in a course without confirmations moves nothing there."""
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    if is_declined:
        page = teacher.get("course/confirmations")
        page.submit("confirm", person=str(ana.person_id), act="decline", reason="No")
    visits.school.tick(minutes=5)
    there = visits.open("petra", teacher=True, unit=READING, course="other", link="there")
    visits.school.set_route(there.id, READING, Route.PARTICIPATION)
    elsewhere = visits.open("ana", unit=READING, course="other", link="there")
    visits.school.confirm(elsewhere.id, READING)
    assert award(visits, "ana") is None
    assert "course/awards" not in there.get("course").html


def test_a_result_taken_back_meanwhile_is_not_confirmed_over(
    visits: Visits, teacher: Visit
) -> None:
    ana = visits.open("ana")
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations")
    with visits.school.transaction() as db:
        record = db.query(CompletionRecord).filter_by(unit_code=SAFETY).first()
        assert record is not None
        found = record.id
    visits.school.retract(teacher.id, found)
    page.submit("confirm")
    assert award(visits, "ana") is None
    visits.school.tick(hours=2)
    visits.school.assess(teacher.id, "ana", visits.mc.code, SAFETY, points=99)
    assert award(visits, "ana") is None  # the confirmation was older than the completion
    assert "waits for your teacher" in ana.get().text


def test_what_is_no_setting_is_refused_and_nobody_ticked_is_said(
    visits: Visits, teacher: Visit
) -> None:
    visits.open("ana")
    assert ask_for(teacher, 3).status == 400
    ask_for(teacher, 1)
    complete(visits, teacher, "ana")
    page = teacher.get("course/confirmations")
    nobody = page.submit("confirm", person=[])
    assert (nobody.status, "Nobody is ticked." in nobody.text) == (400, True)
    strangers = page.submit("confirm", person=["x", "0" * 32])
    assert "waits for a confirmation" in strangers.follow("Back to the course").text


def test_no_course_asks_for_less_than_the_definition(app: Flask, database: Database) -> None:
    visits = Visits.at(app, database, clock.now() - timedelta(hours=1))
    mc = replace(visits.mc, code="CONFIRMED", confirmations=2)
    visits.school.publish(mc)
    olha = visits.open("olha", teacher=True, mc=mc.code)
    petra, ana = visits.open("petra", teacher=True, mc=mc.code), visits.open("ana", mc=mc.code)
    page = olha.get("course/settings")
    assert "2 different people confirm each award" in page.text
    path, data = page.filled("settings")
    assert data["confirmations"] == ["2"]
    refused = olha.post(path, data | {"confirmations": ["0"]})
    assert (refused.status, "asks that more people confirm" in refused.text) == (400, True)
    visits.school.complete(olha.id, "ana", mc)
    assert visits.school.award("ana", mc.code) is None
    assert "waits for your teacher" in ana.get().text
    olha.get("course/confirmations").submit("confirm")
    assert visits.school.award("ana", mc.code) is None
    petra.get("course/confirmations").submit("confirm")
    assert visits.school.award("ana", mc.code) is not None
    claimed = ana.get("claim")
    assert "Before the award all results are confirmed: by two different people" in claimed.text
    definition = visits.app.test_client().get(
        f"/definitions/{mc.awarding_body.slug}/{mc.code}/{mc.version}"
    )
    assert "2 different people confirm each award before it is given" in definition.text


def test_what_a_teacher_tries_out_waits_for_nobody(visits: Visits, teacher: Visit) -> None:
    ask_for(teacher, 1)
    complete(visits, teacher, "olha")
    assert visits.school.award("olha", visits.mc.code, is_test=True) is not None
