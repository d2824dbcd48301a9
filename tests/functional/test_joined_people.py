"""Somebody who learns at two schools joins what they earn there, and nobody joins strangers."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    AuditEntry,
    Award,
    BorrowedPart,
    Course,
    CourseMember,
    Credential,
    JoinCode,
    PendingAward,
    Person,
    Placement,
)
from lti_tool.services import people
from lti_tool.services.awarding import joining
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.two_schools import (
    FIRST,
    LARGER,
    SECOND,
    TwoSchools,
    another,
    enter,
    larger,
    make,
)
from tests.factories.visits import Page, Visit, Visits


@pytest.fixture
def two(app: Flask, database: Database) -> TwoSchools:
    return TwoSchools.at(app, database, clock.now() - timedelta(hours=1))


def joined(two: TwoSchools) -> list[tuple[str, ...]]:
    """Return the groups of people who are joined, by `sub`."""
    with two.near.school.transaction() as db:
        found: dict[Any, list[str]] = {}
        for person in db.query(Person).filter(Person.joint_id.is_not(None)):
            found.setdefault(person.joint_id, []).append(person.sub)
    return sorted(tuple(sorted(group)) for group in found.values())


@on_each_database
def test_a_part_of_each_school_is_enough_for_the_larger_one_which_lists_both(
    two: TwoSchools,
) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.judge()
    assert two.awards() == []
    page = two.join()
    assert "Joined. What you earn at either school now counts at both" in page.text
    assert "School far ( LMS far ) , as “A… L…”, since" in page.text
    page = two.larger_there()
    assert "2 of 2 micro-credentials earned" in page.text
    badge = page.follow("Claim your badge").submit("claim", name="Ana Learner")
    assert badge.status == 200
    with two.near.school.transaction() as db:
        (award,) = [row for row in db.query(Award) if row.version.series.code == LARGER]
        assert [part["reference"].split("/")[1] for part in award.parts or ()] == [
            FIRST.code,
            SECOND.code,
        ]
        document = db.query(Credential).one().document.decode()
    assert f"Part: {FIRST.title['en']}" in document
    assert f"Part: {SECOND.title['en']}" in document


@on_each_database
def test_a_code_counts_once_for_a_while_and_for_somebody_else(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    code = make(here)
    assert "You have made this code here" in enter(here, code).text
    for wrong in ("", "x", code[:-1], code[::-1]):
        page = enter(there, wrong)
        assert (page.status, "This code does not count" in page.text) == (400, True)
    page = enter(there, f" {code.replace('-', ' ').lower()} ")
    assert "Did you make this code yourself?" in page.text
    assert "School ( LMS ) , as “A… L…”" in page.text
    third = two.far.open("cyn")
    assert "This code does not count" in enter(third, code).text
    assert joined(two) == []


def test_an_expired_code_counts_no_more_and_is_forgotten(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    code = make(here)
    with two.near.school.transaction() as db:
        row = db.query(JoinCode).one()
        assert row.expires_at - row.created_at == timedelta(minutes=15)
        assert code.replace("-", "") not in row.code_digest
        row.expires_at = clock.now()
    assert "This code does not count" in enter(there, code).text
    with two.near.school.transaction() as db:
        joining.forget_expired(db, clock.now() + timedelta(minutes=16))
        assert db.query(JoinCode).count() == 0
        assert db.query(joining.JoinAttempt).count() == 0


def test_a_new_code_replaces_the_one_before(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    old, new = make(here), make(here)
    assert "This code does not count" in enter(there, old).text
    assert "Did you make this code yourself?" in enter(there, new).text


def test_who_enters_many_wrong_codes_waits_also_with_the_right_one(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    code = make(here)
    for number in range(joining.MOST_ATTEMPTS):
        enter(there, f"WRONG-{number}")
    page = enter(there, code)
    assert (page.status, "too many wrong codes" in page.text) == (409, True)
    assert code in page.html  # nothing typed is lost
    assert "Did you make this code yourself?" in enter(two.far.open("cyn"), code).text


def test_both_sides_have_to_say_yes_and_either_may_say_no(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    page = enter(there, make(here))
    waiting = here.get("joining")
    assert not waiting.has_form("confirm")  # the other side was not asked yet
    assert "There you still have to say that it is yours." in waiting.text
    page = page.submit("agree", answer="yes")
    assert "Now confirm it at your other school" in page.text
    assert joined(two) == []
    assert "Your code was entered at another school. Was it you?" in here.get("units").text
    asked = here.get("joining")
    assert "School far ( LMS far ) , as “A… L…”" in asked.text
    assert "Nothing was joined" in asked.submit("confirm", answer="no").text
    assert "There is no such code any more" in asked.submit("confirm", answer="yes").text
    page = enter(there, make(here))
    assert "Nothing was joined" in page.submit("agree", answer="no").text
    assert not here.get("joining").has_form("confirm")
    assert joined(two) == []


def test_nobody_answers_for_others(two: TwoSchools) -> None:
    here, there = two.here(), two.there()
    agreeing = enter(there, make(here))
    path, fields = agreeing.filled("agree", answer="yes")
    for stranger in (two.near.open("ben"), two.far.open("cyn")):
        token = stranger.get("joining").filled("enter")[1]["csrf_token"]
        theirs = {**fields, "csrf_token": token, "answer": ["yes"]}
        for answer in ("yes", "no"):
            page = stranger.post("joining/answer", {**theirs, "answer": [answer]})
            assert page.status == 404
    agreeing.submit("agree", answer="yes")
    # Who entered the code cannot confirm it in the place of who made it.
    assert there.post(path, {**fields, "answer": ["yes"]}).status == 200
    assert joined(two) == []
    here.get("joining").submit("confirm", answer="yes")
    assert joined(two) == [("a-17", "ana")]


@pytest.mark.parametrize("named", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_answer_to_nothing_is_refused(two: TwoSchools, named: str) -> None:
    here = two.here()
    token = here.get("joining").filled("enter")[1]["csrf_token"]
    for answer in ("yes", "no", "perhaps"):
        fields = {"csrf_token": token, "joining": [named], "answer": [answer]}
        assert here.post("joining/answer", fields).status == 404


def test_two_of_one_lms_are_two_people(two: TwoSchools) -> None:
    page = enter(two.near.open("ben"), make(two.here()))
    assert (page.status, "One learning platform knows the two" in page.text) == (409, True)
    two.join()
    page = enter(two.near.open("ben"), make(two.there()))
    assert (page.status, "One learning platform knows the two" in page.text) == (409, True)
    page = enter(two.there(), make(two.here()))
    assert (page.status, "joined already" in page.text) == (409, True)


@on_each_database
def test_three_schools_are_one_person_and_one_leaves(two: TwoSchools) -> None:
    third = Visits(two.near.app, another(two.near.school, "third"))
    two.join()
    two.join(third.open("a3"), two.there())
    assert joined(two) == [("a-17", "a3", "ana")]
    page = two.here().get("joining")
    assert "School far" in page.text
    assert "School third" in page.text
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.judge()
    assert len(two.standing()) == 1
    unsure = page.submit("end")
    assert (unsure.status, len(joined(two)[0])) == (400, 3)
    page = page.submit("end", sure="1")
    assert "The joining is ended." in page.text
    assert joined(two) == [("a-17", "a3")]
    third.open("a3").get("joining").submit("end", sure="1")
    assert joined(two) == []
    two.judge()
    assert two.standing() == []


def test_what_was_not_claimed_is_judged_anew_when_it_ends(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.join()
    assert two.standing() == ["a-17"]
    two.here().get("joining").submit("end", sure="1")
    two.judge()
    assert two.awards() == [("a-17", "no_longer_complete")]
    page = two.larger_there()
    assert "something it rested on no longer counts" in page.text
    two.join()
    assert two.standing() == ["a-17"]


def claim(visit: Visit) -> None:
    page = visit.get().follow("Claim your badge").submit("claim", name="Ana Learner")
    assert page.status == 200


@on_each_database
def test_a_claimed_badge_stays_and_lends_its_part_to_nobody_else(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.join()
    claim(two.larger_there().visit)
    with two.near.school.transaction() as db:
        assert db.query(BorrowedPart).count() == 1
    two.here().get("joining").submit("end", sure="1")
    two.judge()
    with two.near.school.transaction() as db:
        (award,) = [row for row in db.query(Award) if row.version.series.code == LARGER]
        assert (award.withdrawn_at, award.flagged_at) == (None, None)
    assert "Your badge is here" in two.larger_there().text
    # The first part helped to that badge; it does not help the one who lent it to another.
    two.complete(two.near, SECOND)
    two.judge()
    assert two.standing() == ["a-17"]
    page = two.larger_here().text
    assert "counts for a badge claimed in another learning platform" in page
    assert "not earned yet" not in page
    two.revoke("ana", FIRST)
    with two.near.school.transaction() as db:
        (award,) = [row for row in db.query(Award) if row.version.series.code == LARGER]
        assert award.flagged_reason == "no_longer_complete"


def test_a_part_revoked_on_the_other_side_takes_the_larger_one_along(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.join()
    two.revoke("ana", FIRST)
    assert two.awards() == [("a-17", "no_longer_complete")]


def test_a_part_earned_at_both_counts_once(two: TwoSchools) -> None:
    hours = larger(FIRST, SECOND, code="HOURS", hours=FIRST.hours * 2)
    two.near.school.publish(hours)
    two.complete(two.near, FIRST)
    two.complete(two.far, FIRST)
    two.join()
    page = two.here(mc="HOURS", unit="", link="hours", course="hours").get()
    assert f"{FIRST.hours} of {FIRST.hours * 2} hours earned" in page.text
    assert two.standing("HOURS") == []


def test_a_part_inside_another_part_counts_once_whichever_lms_it_was_earned_in(
    two: TwoSchools,
) -> None:
    """`METAL` holds what was earned there; the same part, earned here before, adds nothing."""
    third = next(mc for mc in samples.all() if mc.code not in (FIRST.code, SECOND.code))
    two.near.school.publish(third)
    two.near.school.publish(larger(FIRST, larger(), third, code="BOTH", count=2))
    two.complete(two.near, FIRST)
    for mc in (FIRST, SECOND):
        two.far.school.tick(minutes=1)
        two.complete(two.far, mc)
    two.judge()
    assert two.standing() == ["a-17"]
    two.join()
    assert two.standing("BOTH") == []


def test_what_is_claimed_on_one_side_is_not_claimed_on_the_other(two: TwoSchools) -> None:
    for visits in (two.near, two.far):
        two.complete(visits, FIRST)
        two.complete(visits, SECOND)
    two.judge()
    assert two.standing() == ["a-17", "ana"]
    here, there = two.larger_here().visit, two.larger_there().visit
    form = there.get("claim")
    claim(here)
    enter(two.there(), make(two.here())).submit("agree", answer="yes")
    two.here().get("joining").submit("confirm", answer="yes")
    page = form.submit("claim", name="Ana Learner")
    assert (page.status, "claimed this badge at your other school" in page.text) == (409, True)
    two.judge()
    assert sorted(two.awards()) == [("a-17", "held_elsewhere"), ("ana", None)]
    assert "You have this badge at your other school" in two.larger_there().text
    assert "You claimed it at School." in two.larger_there().text


def test_of_two_that_are_not_claimed_the_earlier_stays(two: TwoSchools) -> None:
    for visits in (two.near, two.far):
        two.complete(visits, FIRST)
        two.complete(visits, SECOND)
        two.judge()
    two.join()
    assert two.awards() == [("ana", None), ("a-17", "held_elsewhere")]
    assert "Claim the badge at School: open an activity there again." in two.larger_there().text
    two.here().get("joining").submit("end", sure="1")
    two.judge()
    assert two.standing() == ["a-17", "ana"]


def test_what_was_taken_away_from_one_is_taken_away_from_the_other(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    two.join()
    two.revoke("a-17", larger())
    two.larger_here()
    two.larger_there()
    two.judge()
    assert two.standing() == []


NAMES = [
    ("Ana Learner", "Ana Learner", False),
    ("Ana Learner", "LEARNER, Ána", False),
    ("Ana Learner", "Ben Learner", True),
    ("Ana Learner", "Ana M. Learner", True),
    ("Ана Ученик", "Ana Učenik", True),
    ("Ana Learner", None, True),
    (None, None, True),
]


@pytest.mark.parametrize(("name", "other", "waits"), NAMES)
def test_where_names_are_not_surely_the_same_a_teacher_confirms(
    two: TwoSchools, name: str | None, other: str | None, waits: bool
) -> None:
    two.complete(two.near, FIRST, name)
    two.complete(two.far, SECOND, other)
    two.join(two.here(name), two.there(other))
    assert (two.standing() == []) is waits
    if not waits:
        return
    page = two.larger_here(name)
    assert "your award waits for your teacher" in page.text
    assert page.visit.get("claim").status == 404
    assert "Your award waits at your other school" in two.larger_there(other).text
    teacher = two.near.open("olha", teacher=True, mc=LARGER, unit="", link="metal", course="metal")
    course = teacher.get("course")
    assert "1 award waits for a confirmation." in course.text
    asked = course.follow("See who is waiting")
    said = f"joined with “{other}” at School far" if other else "at School far that gives no name"
    assert said in asked.text
    assert "person" not in asked.filled("confirm")[1]  # nobody is confirmed unseen
    here = str(page.visit.person_id)
    assert "1 learner has got the award." in asked.submit("confirm", person=here).text
    assert two.standing() == ["ana"]


def test_a_no_at_one_school_is_said_at_the_other_without_its_reason(two: TwoSchools) -> None:
    """The two may be two people, so why stands where it was said."""
    two.complete(two.near, FIRST, "Ana Learner")
    two.complete(two.far, SECOND, "Ben Learner")
    two.join(two.here("Ana Learner"), two.there("Ben Learner"))
    page = two.larger_here("Ana Learner")
    assert "Your award waits at your other school" in two.larger_there("Ben Learner").text
    teacher = two.near.open("olha", teacher=True, mc=LARGER, unit="", link="metal", course="metal")
    asked = teacher.get("course/confirmations")
    here = str(page.visit.person_id)
    asked.submit("confirm", person=here, act="decline", reason="Two people, it seems.")
    assert "Two people, it seems." in page.visit.get().text
    there = two.larger_there("Ben Learner").text
    assert "the award was not confirmed at School" in there
    assert "Two people" not in there
    assert "Your award waits" not in there
    assert "is being prepared" not in there


@on_each_database
def test_what_no_course_offers_is_confirmed_by_the_awarding_body(
    app: Flask, database: Database, two: TwoSchools
) -> None:
    two.complete(two.near, FIRST, "Ana Learner")
    two.complete(two.far, SECOND, "A. Lerner")
    two.join(two.here("Ana Learner"), two.there("A. Lerner"))
    assert two.standing() == []
    slug = FIRST.awarding_body.slug
    boss, other = (
        signing_in.signed_in(
            app,
            database,
            signing_in.account(database, clock.now(), name, Role.ADMINISTRATOR, where),
            clock.now(),
        )
        for name, where in (("Boss", slug), ("Stranger", "elsewhere"))
    )
    assert "1 award waits for your decision" in boss.get("/admin").text
    page = boss.get("/admin/awards").text
    assert "No course offers it to the learner" in page
    assert "Metal worker METAL" not in other.get("/admin/awards").text
    with database.transaction() as db:
        pending = db.query(PendingAward).one()
        named = {"person": str(pending.person_id), "version": str(pending.version_id)}
        sub = pending.person.sub
    visit = two.here("Ana Learner") if sub == "ana" else two.there("A. Lerner")
    assert "The award waits for a confirmation by" in visit.get().text
    assert other.code("POST", "/admin/awards/confirm", **named) == (404, "unknown_award")
    wordless = boss.post("/admin/awards/confirm", act="decline", **named)
    assert wordless.status_code == 400
    no = {"act": "decline", "reason": "Two people, it seems."}
    assert boss.post("/admin/awards/confirm", **no, **named).location.endswith("done=declined")
    assert "did not confirm the award: Two people, it seems." in visit.get().text
    page = boss.get("/admin/awards").text
    assert page.index("Not confirmed") < page.index("Two people, it seems.")
    assert (
        "Confirm after all"
        in boss.get("/admin/awards/waiting/{person}/{version}".format(**named)).text
    )
    assert "Two people" not in other.get("/admin/awards").text
    done = boss.post("/admin/awards/confirm", **named).location
    assert "done=awarded" in done
    assert "See the award, or withdraw it" in boss.get(done).text
    assert two.standing() == [sub]
    assert "You can now claim “Metal worker METAL” as well" in visit.get().text


@on_each_database
def test_a_course_that_was_left_offers_nothing_any_more(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    left = two.larger_here().visit
    with two.near.school.transaction() as db:
        course = db.query(Course).filter_by(context_id="metal").one()
        db.get_one(CourseMember, (course.id, left.person_id)).left_at = clock.now()
    two.join()
    assert two.standing() == ["a-17"]


def test_what_a_teacher_declined_is_not_asked_elsewhere(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND, "Ben Friend")
    two.larger_here()
    two.join(two.here(), two.there("Ben Friend"))
    teacher = two.near.open("olha", teacher=True, mc=LARGER, unit="", link="metal", course="metal")
    page = teacher.get("course/confirmations")
    with two.near.school.transaction() as db:
        ana = str(two.near.school.person(db, "ana").id)
    page.submit("confirm", person=ana, act="decline", reason="These are two people.")
    two.larger_there("Ben Friend")
    two.there("Ben Friend").get("joining").submit("end", sure="1")
    two.join(two.here(), two.there("Ben Friend"))
    assert two.standing() == []
    assert "waits at your other school" not in two.larger_there("Ben Friend").text
    far = two.far.open("petra", teacher=True, mc=LARGER, unit="", link="metal", course="metal")
    assert "Nobody is waiting." in far.get("course/confirmations").text
    assert "These are two people." in two.larger_here().text


@on_each_database
def test_an_award_that_comes_to_rest_on_a_doubtful_part_is_granted_anew(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.near, SECOND)
    two.judge()
    two.larger_here()
    two.complete(two.far, FIRST, "Ben Friend")
    two.join(two.here(), two.there("Ben Friend"))
    assert two.awards() == [("ana", None)]
    two.revoke("ana", FIRST)
    assert two.awards() == [("ana", "no_longer_complete")]
    asked = confirmations(two)
    assert "joined with “Ben Friend” at School far" in asked.text
    with two.near.school.transaction() as db:
        ana = str(two.near.school.person(db, "ana").id)
    asked.submit("confirm", person=ana)
    assert two.standing() == ["ana"]
    with two.near.school.transaction() as db:
        assert db.query(BorrowedPart).count() == 1


def test_a_teacher_sees_no_name_of_a_school_that_the_award_does_not_rest_on(
    two: TwoSchools,
) -> None:
    two.larger_here()
    with two.near.school.transaction() as db:
        db.query(Placement).join(Placement.course).filter_by(
            context_id="metal"
        ).one().confirmations = 1
    two.join(two.here(), two.there("Ben Friend"))
    two.complete(two.near, FIRST)
    two.complete(two.near, SECOND)
    two.judge()
    asked = confirmations(two)
    assert "Ana Learner" in asked.text
    assert "Ben Friend" not in asked.text
    assert "School far" not in asked.text


def confirmations(two: TwoSchools) -> Page:
    at = {"mc": LARGER, "unit": "", "link": "metal", "course": "metal"}
    return two.near.open("olha", teacher=True, **at).get("course/confirmations")


def test_a_teacher_sees_that_a_part_is_earned_elsewhere_and_not_its_marks(
    two: TwoSchools,
) -> None:
    two.complete(two.far, SECOND, "Ana Elsewhere")
    two.larger_here()
    two.join(two.here(), two.there("Ana Elsewhere"))
    teacher = two.near.open("olha", teacher=True, mc=LARGER, unit="", link="metal", course="metal")
    page = teacher.get("course")
    person = page.follow("Ana Learner")
    for one in (page, person):
        for secret in ("Elsewhere", "a-17", "School far", f"course of {SECOND.code}"):
            assert secret not in one.html


def test_each_keeps_its_own_and_says_what_is_joined(two: TwoSchools) -> None:
    two.complete(two.far, SECOND)
    two.join()
    data = two.here().get("data").text
    assert "You said that you are one person at: School far ( LMS far ), since" in data
    make(two.here())
    with two.near.school.transaction() as db:
        held = people.held(db, two.near.school.person(db, "ana"))
        assert [one.sub for one in held.others] == ["a-17"]
        assert (held.records, held.awards, len(held.joining)) == ([], [], 1)
    two.here().get("joining").submit("end", sure="1")
    assert "Not joined with what you learn elsewhere." in two.there().get("data").text


def test_the_log_notes_it_for_each_school_without_the_other(two: TwoSchools) -> None:
    two.join()
    two.there().get("joining").submit("end", sure="1")
    with two.near.school.transaction() as db:
        entries = db.query(AuditEntry).filter(AuditEntry.action.startswith("person.")).all()
        subs = {f"person:{one.id}": one.sub for one in db.query(Person)}
        told = sorted((one.action, subs[one.subject], subs.get(one.actor)) for one in entries)
        assert len({one.organisation_id for one in entries}) == 2
    assert told == [
        ("person.joined", "a-17", None),
        ("person.joined", "ana", "ana"),
        ("person.parted", "a-17", "a-17"),
        ("person.parted", "ana", None),
    ]
