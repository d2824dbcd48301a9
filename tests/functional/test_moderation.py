"""A share of the results is looked at again by a second person, who agrees or disagrees."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import Award, CompletionRecord, ModerationSample
from lti_tool.services import people
from lti_tool.services.completing import moderation
from lti_tool.services.completing.moderation import Verdict
from lti_tool.services.definitions import catalogue
from lti_tool.services.definitions.reviews import Reviewer
from lti_tool.services.staff.accounts import Access, Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.threads import at_one_moment
from tests.factories.visits import Visits

MC = samples.welding()
BODY = MC.awarding_body.slug
FIRST_UNIT = MC.units[0]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


def somebody(visits: Visits, database: Database, role: Role, slug: str = BODY) -> SignedIn:
    made = signing_in.account(database, clock.now(), f"{role} {uuid.uuid4()}", role, slug)
    return signing_in.signed_in(visits.app, database, made, clock.now())


def version_id(visits: Visits) -> uuid.UUID:
    with visits.school.transaction() as db:
        return catalogue.find(db, MC.code).id


def ask(visits: Visits, one_in: int = 1) -> None:
    with visits.school.transaction() as db:
        version = catalogue.find(db, MC.code)
        moderation.ask(db, version, one_in or None, by="account:x", now=clock.now())


def complete(visits: Visits, sub: str = "ana") -> None:
    at = {"mc": MC.code, "unit": FIRST_UNIT.code}
    teacher = visits.school.launch("olha", teacher=True, link="olha", **at)
    visits.school.launch(sub, link=f"link {sub}", **at)
    visits.school.complete(teacher, sub, MC)


def drawn(visits: Visits) -> list[uuid.UUID]:
    with visits.school.transaction() as db:
        rows = db.query(ModerationSample).join(CompletionRecord)
        return [row.id for row in rows.order_by(CompletionRecord.recorded_at)]


def award(visits: Visits) -> Award:
    with visits.school.transaction() as db:
        return db.query(Award).one()


def judge(who: SignedIn, sample: uuid.UUID, verdict: str, reason: str = "", **more: str) -> str:
    sent = {"verdict": verdict, "reason": reason, "independent": "1", **more}
    answer = who.post(f"/admin/moderation/{sample}", **sent)
    assert answer.status_code == 303, answer.text
    return who.get(answer.location).text


def test_nothing_is_drawn_unless_it_is_asked_for(visits: Visits) -> None:
    complete(visits)
    ask(visits, 1)
    assert drawn(visits) == []


def test_the_awarding_body_chooses_the_share_and_reads_what_came_of_it(
    visits: Visits, database: Database
) -> None:
    boss = somebody(visits, database, Role.ADMINISTRATOR)
    rita = somebody(visits, database, Role.REVIEWER)
    page = f"/admin/definitions/{version_id(visits)}"
    done = boss.post(f"{page}/moderation", one_in="1")
    assert "Saved." in boss.get(done.location).text
    for odd in ("3", "x", "1e99"):
        assert boss.code("POST", f"{page}/moderation", one_in=odd) == (400, "unknown_share")
    complete(visits)
    first, second, *rest = drawn(visits)
    judge(rita, first, "agreed")
    judge(rita, second, "disagreed", "The weld is too thin")
    with visits.school.transaction() as db:
        body = catalogue.find(db, MC.code).series.organisation_id
    said = f"{len(rest) + 2} results drawn: 1 agreed, 1 disagreed, {len(rest)} waiting"
    assert said in boss.get(page).text
    assert said in boss.get(f"/admin/organisations/{body}").text
    log = boss.get("/admin/audit-log").text
    assert "looked at a result again and disagreed" in log
    assert "chose how many results are looked at again" in log


def test_the_moderator_sees_the_work_and_nobody_s_name(visits: Visits, database: Database) -> None:
    ask(visits)
    complete(visits)
    rita = somebody(visits, database, Role.REVIEWER)
    assert "wait to be looked at again" in rita.get("/admin").text
    page = rita.get("/admin/reviews").text
    assert "Results to look at again" in page
    for sample in drawn(visits):
        assert f"/admin/moderation/{sample}" in page
        shown = rita.get(f"/admin/moderation/{sample}").text
        assert "Would you have judged it so?" in shown
        assert "Ana" not in shown
        assert "Olha" not in shown


def test_reviewers_of_other_schools_see_nothing_of_it(visits: Visits, database: Database) -> None:
    ask(visits)
    complete(visits)
    other = somebody(visits, database, Role.REVIEWER, "school")
    assert "Results to look at again" not in other.get("/admin/reviews").text
    sample = drawn(visits)[0]
    assert other.code("GET", f"/admin/moderation/{sample}") == (404, "unknown_sample")


def test_no_award_waits_and_a_disagreement_flags_it(visits: Visits, database: Database) -> None:
    ask(visits)
    complete(visits)
    assert award(visits).flagged_at is None
    rita = somebody(visits, database, Role.REVIEWER)
    judge(rita, drawn(visits)[0], "disagreed", "The weld is too thin")
    assert award(visits).flagged_reason == "moderation"
    learner = visits.open("ana", unit=FIRST_UNIT.code, link="link ana").get()
    assert "A second person looked at one of your results." in learner.text
    course = visits.open("olha", teacher=True, unit=FIRST_UNIT.code, link="olha").get("course")
    assert "came to another judgement" in course.text
    page = course.follow("Decide")
    assert "The weld is too thin" in page.text
    page.submit("keep", reason="It is thick enough")
    assert award(visits).flagged_at is None
    assert award(visits).kept_reason == "It is thick enough"


def test_the_awarding_body_decides_as_well(visits: Visits, database: Database) -> None:
    ask(visits)
    complete(visits)
    judge(somebody(visits, database, Role.REVIEWER), drawn(visits)[0], "disagreed", "Too thin")
    boss = somebody(visits, database, Role.ADMINISTRATOR)
    assert "1 award waits for your decision" in boss.get("/admin").text
    page = f"/admin/awards/{award(visits).id}"
    assert "Too thin" in boss.get(page).text
    assert "Ana" not in boss.get(page).text
    assert boss.post(f"{page}/revoke", reason="Too thin", sure="1").status_code == 303
    assert award(visits).withdrawn_reason == "Too thin"
    assert boss.code("GET", page) == (404, "unknown_award")


def test_a_disagreement_before_the_award_flags_it_when_it_is_granted(
    visits: Visits, database: Database
) -> None:
    ask(visits)
    at = {"mc": MC.code, "unit": FIRST_UNIT.code}
    teacher = visits.school.launch("olha", teacher=True, link="olha", **at)
    visits.school.launch("ana", link="link ana", **at)
    visits.school.assess(teacher, "ana", MC.code, FIRST_UNIT.code, points=90)
    judge(somebody(visits, database, Role.REVIEWER), drawn(visits)[0], "disagreed", "Too thin")
    visits.school.complete(teacher, "ana", MC)
    assert award(visits).flagged_reason == "moderation"


def test_a_disagreement_with_a_result_that_does_not_count_flags_nothing(
    visits: Visits, database: Database
) -> None:
    ask(visits)
    at = {"mc": MC.code, "unit": FIRST_UNIT.code}
    teacher = visits.school.launch("olha", teacher=True, link="olha", **at)
    visits.school.launch("ana", link="link ana", **at)
    visits.school.assess(teacher, "ana", MC.code, FIRST_UNIT.code, points=10)
    visits.school.tick(minutes=1)
    visits.school.complete(teacher, "ana", MC)
    judge(somebody(visits, database, Role.REVIEWER), drawn(visits)[0], "disagreed", "Not so bad")
    assert award(visits).flagged_at is None


def test_a_disagreement_outlasts_a_result_that_was_missing_for_a_while(
    visits: Visits, database: Database
) -> None:
    ask(visits)
    complete(visits)
    teacher = visits.open("olha", teacher=True, unit=FIRST_UNIT.code, link="olha")
    learner = visits.open("ana", unit=FIRST_UNIT.code, link="link ana").get("claim")
    learner.submit("claim")
    with visits.school.transaction() as db:
        last = db.query(CompletionRecord).filter_by(unit_code=MC.units[2].code).one().id
    visits.school.retract(teacher.id, last)
    assert award(visits).flagged_reason == "no_longer_complete"
    judge(somebody(visits, database, Role.REVIEWER), drawn(visits)[0], "disagreed", "Too thin")
    visits.school.tick(minutes=1)
    visits.school.assess(teacher.id, "ana", MC.code, MC.units[2].code, signed_off=True)
    assert award(visits).flagged_reason == "moderation"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"verdict": "disagreed", "independent": "1"}, 400, "Say why you disagree."),
        ({"verdict": "agreed"}, 403, "you had no part in this assessment"),
        ({"verdict": "agreed", "independent": "1", "reason": "x" * 1001}, 400, "at most 1000"),
        ({"independent": "1"}, 400, "Say why you disagree."),
    ],
)
def test_what_is_refused_loses_nothing(
    visits: Visits, database: Database, sent: dict[str, str], status: int, said: str
) -> None:
    ask(visits)
    complete(visits)
    rita = somebody(visits, database, Role.REVIEWER)
    sample = drawn(visits)[0]
    answer = rita.post(f"/admin/moderation/{sample}", **sent)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert sent.get("reason", "") in answer.text
    judge(rita, sample, "agreed")
    assert rita.code("GET", f"/admin/moderation/{sample}") == (409, "already_moderated")


def test_one_that_was_taken_back_waits_no_more(visits: Visits, database: Database) -> None:
    ask(visits)
    at = {"mc": MC.code, "unit": FIRST_UNIT.code}
    teacher = visits.school.launch("olha", teacher=True, link="olha", **at)
    visits.school.launch("ana", link="link ana", **at)
    record = visits.school.assess(teacher, "ana", MC.code, FIRST_UNIT.code, points=90)
    (sample,) = drawn(visits)
    visits.school.retract(teacher, record)
    rita = somebody(visits, database, Role.REVIEWER)
    assert rita.code("GET", f"/admin/moderation/{sample}") == (404, "unknown_sample")
    assert drawn(visits) == [sample]


def test_what_a_teacher_tries_out_is_not_looked_at(visits: Visits, database: Database) -> None:
    ask(visits)
    complete(visits, "olha")
    rita = somebody(visits, database, Role.REVIEWER)
    assert "Results to look at again" not in rita.get("/admin/reviews").text


def test_learners_read_how_many_of_their_results_were_drawn(visits: Visits) -> None:
    ask(visits)
    complete(visits)
    number = len(drawn(visits))
    page = visits.open("ana", unit=FIRST_UNIT.code, link="link ana").get("data")
    assert f"{number} of your results were drawn" in page.text
    with visits.school.transaction() as db:
        assert people.held(db, visits.school.person(db, "ana")).moderated == number


@on_each_database
def test_of_two_at_one_moment_one_is_told_of_the_other(visits: Visits) -> None:
    ask(visits)
    complete(visits)
    sample = drawn(visits)[0]
    with visits.school.transaction() as db:
        body = catalogue.find(db, MC.code).series.organisation_id
    access = Access(False, frozenset(), frozenset({body}))

    def decide(verdict: Verdict) -> str:
        who = Reviewer(f"account:{verdict}", access)
        try:
            with visits.school.transaction() as db:
                moderation.decide(
                    db,
                    db.get_one(ModerationSample, sample),
                    who,
                    verdict,
                    reason="Seen",
                    is_independent=True,
                    now=clock.now(),
                )
        except Conflict as refused:
            return refused.code
        return "kept"

    told = at_one_moment([lambda one=one: decide(one) for one in Verdict])  # type: ignore[misc]
    assert sorted(map(str, told)) == ["already_moderated", "kept"]
