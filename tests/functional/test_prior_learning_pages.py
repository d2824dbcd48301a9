"""From "I can do this already" to a unit that counts: the learner's and the assessor's pages."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges.completion import Route
from badges.rules import SignOffs
from badges.text import Text
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, CompletionRecord, Organisation, PriorLearningApplication
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Page, Visit, Visits

UNIT = "BEM-S-WLD1-U3"
PATH = f"prior-learning/{UNIT}"
LIST = "/admin/prior-learning"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(minutes=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=UNIT)


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana", unit=UNIT)


@pytest.fixture
def asta(app: Flask, database: Database, visits: Visits) -> SignedIn:
    return assessor(app, database, visits, "Asta")


def assessor(app: Flask, database: Database, visits: Visits, name: str) -> SignedIn:
    now, body = clock.now(), visits.mc.awarding_body.slug
    made = signing_in.account(database, now, name, Role.ASSESSOR, body)
    return signing_in.signed_in(app, database, made, now)


def outcomes(visits: Visits) -> list[str]:
    return [one.code for one in visits.mc.unit(UNIT).outcomes]


def apply(visits: Visits, ana: Visit, **changes: str) -> Page:
    """Say yes to everything and hand it in."""
    page = ana.get("units").follow("I can do this already").follow(f"{title(visits)}")
    said = {f"says:{code}": "yes" for code in outcomes(visits)}
    more = {"text": "Five years at Dock Welding", "do": "hand_in"}
    return page.submit("apply", **said | more | changes)


def title(visits: Visits) -> str:
    return visits.mc.unit(UNIT).title.best("en")


def waiting(database: Database) -> uuid.UUID:
    with database.transaction(read_only=True) as db:
        return db.query(PriorLearningApplication).one().id


def judge(asta: SignedIn, visits: Visits, row: uuid.UUID, *verdicts: str, **changes: str) -> int:
    """Judge the outcomes in their order; the last verdict is for all that follow."""
    page = asta.get(f"{LIST}/{row}").text
    revision = page.partition('name="revision" value="')[2].partition('"')[0]
    fields = {"revision": revision, "independent": "1", **changes}
    for number, code in enumerate(outcomes(visits)):
        fields[f"verdict:{code}"] = verdicts[min(number, len(verdicts) - 1)]
        fields[f"reason:{code}"] = f"Reason {number}"
    return asta.post(f"{LIST}/{row}", **fields).status_code


def test_what_a_learner_can_do_is_recognised_and_counts(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    advice = ana.get("units").follow("I can do this already")
    assert "An assessor of Dnipro" in advice.text
    assert "units 1 and 4 always assessed" in advice.text
    page = apply(visits, ana)
    assert "It is handed in" in page.text
    assert "1 application waits for your judgement" in asta.get("/admin").text
    assert "Ana" in asta.get(LIST).text
    row = waiting(database)
    shown = asta.get(f"{LIST}/{row}").text
    assert "Five years at Dock Welding" in shown
    assert judge(asta, visits, row, "recognised") == 303
    assert "Your judgement is recorded" in asta.get(f"{LIST}?done=judged").text
    page = ana.get(PATH)
    assert "Everything is recognised" in page.text
    assert "Prior learning recognised" in ana.get("units").text
    person = teacher.get(f"course/people/{ana.person_id}").text
    assert "prior learning recognised" in person
    assert "by Asta" in person
    assert "Dock Welding" not in person
    with database.transaction(read_only=True) as db:
        routes = {one.route for one in db.query(CompletionRecord)}
        assert routes == {Route.PRIOR_LEARNING.value}
        done = {one.action for one in db.query(AuditEntry)}
        assert {"prior_learning.submitted", "prior_learning.judged"} <= done


def test_whom_to_ask_before_is_named_without_unfolding_anything(
    visits: Visits, ana: Visit, asta: SignedIn
) -> None:
    page = ana.get("prior-learning")
    before, _, _ = page.html.partition("<details")
    assert "Ask first if you are not sure:" in before
    assert "Olha, who teaches this course, tells you" in page.text
    led = ana.get(PATH).follow("Whom to ask first")
    assert 'id="advice"' in led.html


def test_a_draft_is_kept_and_goes_on_later(visits: Visits, ana: Visit, asta: SignedIn) -> None:
    page = apply(visits, ana, do="save", text="Half a thought")
    assert "Your draft is kept" in page.text
    assert "Half a thought" in ana.get(PATH).html
    assert "A draft that you have not handed in" in ana.get("prior-learning").text
    assert "Nothing waits for you" in asta.get(LIST).text


def test_a_school_without_an_assessor_is_told_and_so_is_the_learner(
    app: Flask, visits: Visits, ana: Visit, database: Database
) -> None:
    body, now = visits.mc.awarding_body, clock.now()
    boss = signing_in.account(database, now, "Boss", Role.ADMINISTRATOR, body.slug)
    with visits.school.transaction() as db:
        school = db.query(Organisation).filter_by(slug=body.slug).one().id
    page = signing_in.signed_in(app, database, boss, now)
    assert "waits for an assessor" not in page.get(f"/admin/organisations/{school}").text
    assert "has no assessor yet" in ana.get(PATH).text
    assert "has no assessor yet" in apply(visits, ana).text
    assert (
        "1 application for prior learning waits" in page.get(f"/admin/organisations/{school}").text
    )
    assessor(app, database, visits, "Asta")
    assert "waits for an assessor" not in page.get(f"/admin/organisations/{school}").text
    assert "has no assessor yet" not in ana.get(PATH).text


def test_an_appeal_that_only_the_first_assessor_could_judge_says_that_it_waits(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    judge(asta, visits, waiting(database), "not_recognised", "recognised")
    page = ana.get(PATH).submit("appeal", reason="I did it every day")
    assert "has no other assessor yet" in page.text
    assessor(app, database, visits, "Bela")
    assert "Another assessor looks at it" in ana.get(PATH).text


def test_what_is_missing_is_said_and_what_was_typed_stays(visits: Visits, ana: Visit) -> None:
    page = apply(visits, ana, text="")
    assert page.status == 400
    assert "Evidence is missing" in page.text
    page = apply(visits, ana, text="Typed with care", link="no address")
    assert page.status == 400
    assert "Typed with care" in page.html
    assert "What you typed is still here" in page.text


def test_a_partial_result_says_what_is_left_and_can_be_appealed(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    row = waiting(database)
    assert judge(asta, visits, row, "not_recognised", "recognised") == 303
    page = ana.get(PATH)
    number = len(outcomes(visits))
    assert f"{number - 1} of {number} learning outcomes are recognised" in page.text
    assert "What is left, you do in the course" in page.text
    assert "Reason 0" in page.text
    assert page.submit("appeal", reason="").status == 400
    page = ana.get(PATH).submit("appeal", reason="I did it every day")
    assert "Your appeal is handed in" in page.text
    assert asta.get(f"{LIST}/{row}").status_code == 403
    bela = assessor(app, database, visits, "Bela")
    shown = bela.get(f"{LIST}/{row}").text
    assert "I did it every day" in shown
    assert "First judgement" in shown
    assert judge(bela, visits, row, "recognised") == 303
    assert "Everything is recognised" in ana.get(PATH).text


def test_more_evidence_is_asked_for_and_handed_in(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    assert judge(asta, visits, waiting(database), "more") == 303
    page = ana.get(PATH)
    assert "The assessor wants more evidence" in page.text
    assert "Reason 0" in page.text
    page = page.submit("apply", text="Five years, and a reference", do="hand_in")
    assert "It is handed in" in page.text
    assert judge(asta, visits, waiting(database), "recognised") == 303
    assert "Everything is recognised" in ana.get(PATH).text


def test_what_was_handed_in_is_taken_back_and_deleted(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    page = apply(visits, ana).submit("withdraw")
    assert "You have taken it back" in page.text
    assert asta.get(f"{LIST}/{waiting(database)}").status_code == 409
    page = page.submit("erase")
    assert "What you wrote is deleted" in page.text
    assert "Dock Welding" not in ana.get(PATH).html


def test_an_assessor_still_sees_what_its_learner_deleted_when_more_was_wanted(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    assert judge(asta, visits, waiting(database), "more") == 303
    assert "What you wrote is deleted" in ana.get(PATH).submit("erase").text
    assert "decided on" in asta.get(LIST).text
    with database.transaction() as db:
        row = db.query(PriorLearningApplication).one()
        assert row.decided_at is not None
        row.decided_at = None  # as earlier releases left it
    assert "decided on" in asta.get(LIST).text


def test_nobody_judges_what_they_handed_in_themselves(
    app: Flask, visits: Visits, ana: Visit, database: Database
) -> None:
    apply(visits, ana)
    herself = assessor(app, database, visits, "ANA")
    assert "Nothing waits for you" in herself.get(LIST).text
    page = herself.get(f"{LIST}/{waiting(database)}")
    assert page.status_code == 403
    assert "The learner has your name" in page.text


def test_what_one_of_two_assessors_judged_is_not_taken_back(
    app: Flask, visits: Visits, asta: SignedIn, database: Database
) -> None:
    unit = visits.mc.unit(UNIT)
    twice = replace(unit, rule=SignOffs(Text({"en": "It was done."}), 2))
    others = [one for one in visits.mc.units if one.code != UNIT]
    visits.school.publish(replace(visits.mc, code="TWICE", units=(twice, *others)))
    ana = visits.open("ana", mc="TWICE", unit=UNIT)
    page = apply(visits, ana)
    assert page.has_form("withdraw")
    late = page.filled("withdraw")
    assert judge(asta, visits, waiting(database), "recognised") == 303
    assert not ana.get(PATH).has_form("withdraw")
    refused = ana.post(*late)
    assert (refused.status, "One assessor has judged it already" in refused.text) == (409, True)
    assert judge(assessor(app, database, visits, "Bela"), visits, waiting(database), "more") == 303
    page = ana.get(PATH).submit("apply", text="A reference, too", do="hand_in")
    assert page.has_form("withdraw")  # what was judged before is no obstacle


def test_a_judgement_is_refused_without_reason_or_independence(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    row = waiting(database)
    assert asta.post(f"{LIST}/{row}", revision="1").status_code == 403
    assert asta.code("POST", f"{LIST}/{row}", revision="9", independent="1")[0] == 409
    page = asta.post(f"{LIST}/{row}", revision="1", independent="1")
    assert page.status_code == 400
    assert "Judge every learning outcome" in page.text
    fields = {f"verdict:{code}": "more" for code in outcomes(visits)}
    page = asta.post(f"{LIST}/{row}", revision="1", independent="1", **fields)
    assert "Give a reason" in page.text
    assert 'value="more" required checked' in page.text


def test_a_teacher_looks_and_hands_nothing_in(visits: Visits, teacher: Visit) -> None:
    page = apply(visits, teacher)
    assert page.status == 403
    assert "You teach this course" in page.text
    assert "Dock Welding" in page.html


def test_what_is_kept_says_so(visits: Visits, ana: Visit) -> None:
    assert "application for recognition" not in ana.get("data").text
    apply(visits, ana)
    assert "1 application for recognition" in ana.get("data").text


def test_a_unit_that_does_not_exist_is_not_found(ana: Visit) -> None:
    assert ana.get("prior-learning/NONE").status == 404
    missing = ana.post(f"{PATH}/withdraw", {"csrf_token": ana_token(ana)})
    assert missing.status == 404


def ana_token(ana: Visit) -> str:
    (field,) = [one for one in ana.get(PATH).form("apply").fields if one.name == "csrf_token"]
    return field.value


def test_a_unit_that_cannot_be_recognised_says_why(
    visits: Visits, app: Flask, database: Database, asta: SignedIn
) -> None:
    reason = "We have to see it ourselves."
    units = [
        replace(one, no_prior_learning=Text({"en": reason})) if one.code != UNIT else one
        for one in visits.mc.units
    ]
    closed = replace(visits.mc, code="CLOSED", units=tuple(units))
    visits.school.publish(closed)
    reference = f"{closed.awarding_body.slug}/{closed.code}"
    visits.open("olha", teacher=True, unit=UNIT, mc=reference, course="closed")
    ana = visits.open("ana", unit=UNIT, mc=reference, course="closed")
    advice = ana.get("prior-learning")
    assert advice.text.count(reason) == len(units) - 1
    first = closed.units[0].code
    assert f"prior-learning/{first}" not in advice.html
    page = ana.get(f"prior-learning/{first}")
    assert (page.status, "cannot be recognised in this unit" in page.text) == (400, True)
    apply(visits, ana)
    shown = asta.get(f"{LIST}/{waiting(database)}").text
    assert f"Not in: {closed.units[0].title.best('en')}; " in shown
    public = app.test_client().get(f"/definitions/{reference}/{closed.version}")
    assert reason in public.text
