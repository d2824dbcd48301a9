"""A larger micro-credential: its parts earned anywhere, then earned itself, claimed, verified."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import definition as definitions
from badges import samples
from badges.micro_credential import MicroCredential
from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import Award, Delivery, StackCheck
from lti_tool.services.awarding import awards, credentials, enrolments
from lti_tool.services.completing import completions
from lti_tool.services.definitions import catalogue
from lti_tool.web.http.security import csrf_token
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.threads import at_one_moment
from tests.factories.visits import Visits

FIRST, SECOND = samples.welding(), next(mc for mc in samples.all() if mc.code == "BEM-S-CNC1")


def reference(mc: MicroCredential) -> str:
    return f"{mc.awarding_body.slug}/{mc.code}"


def larger(code: str = "METAL", *parts: str, **more: Any) -> MicroCredential:
    """A micro-credential without units of its own."""
    content = definitions.dump(FIRST) | {
        "code": code,
        "title": {"en": f"Metal worker {code}"},
        "units": [],
        "hours": 60,
        "stack": {"parts": list(parts or (reference(FIRST), reference(SECOND))), **more},
    }
    return definitions.load(content)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    found.school.publish(SECOND)
    found.school.publish(larger())
    return found


def complete(visits: Visits, mc: MicroCredential, sub: str = "ana") -> None:
    """Everything of `mc` is signed off, in a course of its own."""
    course = f"course of {mc.code}"
    link = f"{mc.code} {sub}"
    at = {"course": course, "mc": mc.code, "unit": mc.units[0].code}
    teacher = visits.school.launch("olha", teacher=True, link=f"{mc.code} olha", **at)
    visits.school.launch(sub, link=link, **at)
    visits.school.complete(teacher, sub, mc)


def judge(visits: Visits) -> None:
    while worker.stack_checks.judge_next(visits.school.database, clock.now):
        pass


def awards_of(visits: Visits, code: str = "METAL") -> list[Award]:
    with visits.school.transaction() as db:
        rows = db.query(Award).order_by(Award.granted_at).all()
        return [row for row in rows if row.version.series.code == code]


def test_the_larger_one_is_earned_when_its_last_part_falls_into_place(visits: Visits) -> None:
    page = visits.open("ana", mc="METAL", unit="", link="metal").get()
    assert "0 of 2 micro-credentials earned" in page.text
    complete(visits, FIRST)
    judge(visits)
    assert awards_of(visits) == []
    page = visits.open("ana", mc="METAL", unit="", link="metal").get()
    assert "1 of 2 micro-credentials earned" in page.text
    complete(visits, SECOND)
    judge(visits)
    (award,) = awards_of(visits)
    assert [part["reference"].rpartition("/")[0] for part in award.parts or ()] == [
        reference(FIRST),
        reference(SECOND),
    ]
    page = visits.open("ana", mc="METAL", unit="", link="metal").get()
    assert "Claim your badge" in page.text


def test_it_is_claimed_and_its_badge_lists_its_parts(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    home = visits.open("ana", mc="METAL", unit="", link="metal").get()
    badge = home.follow("Claim your badge").submit("claim", name="Ana Learner")
    assert badge.status == 200
    with visits.school.transaction() as db:
        (credential,) = db.query(credentials.Credential).all()
        document = json.loads(credential.document)
    names = [one["name"] for one in document["evidence"]]
    assert f"Part: {FIRST.title['en']}" in names
    assert f"Part: {SECOND.title['en']}" in names
    narrative = document["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert "Made of: all of" in narrative


def test_a_person_who_never_opened_the_larger_one_has_it_all_the_same(visits: Visits) -> None:
    complete(visits, FIRST, "borys")
    complete(visits, SECOND, "borys")
    judge(visits)
    assert len(awards_of(visits)) == 1


def revoke(visits: Visits, mc: MicroCredential) -> None:
    with visits.school.transaction() as db:
        part = next(one for one in db.query(Award) if one.version.series.code == mc.code)
        credentials.revoke_award(
            db,
            part,
            reason="mistaken",
            signing=visits.school.signing,
            actor="person:x",
            now=clock.now(),
        )


def test_one_that_is_retired_is_earned_by_those_who_began_it_only(visits: Visits) -> None:
    visits.open("ana", mc="METAL", unit="", link="metal")
    with visits.school.transaction() as db:
        version = catalogue.find(db, "METAL")
        enrolments.lock(db, visits.school.person(db, "ana"), version, clock.now())
        version.retired_at = clock.now()
    for sub in ("ana", "borys"):
        complete(visits, FIRST, sub)
        complete(visits, SECOND, sub)
    judge(visits)
    with visits.school.transaction() as db:
        holders = [
            award.person.sub for award in db.query(Award) if award.version.series.code == "METAL"
        ]
    assert holders == ["ana"]


def test_what_a_part_loses_the_larger_one_loses(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    revoke(visits, FIRST)
    judge(visits)
    (award,) = awards_of(visits)
    assert award.withdrawn_reason == "no_longer_complete"


def test_a_part_that_is_taken_back_is_stated_no_longer_where_the_others_are_enough(
    visits: Visits,
) -> None:
    visits.school.publish(larger("ONE", reference(FIRST), reference(SECOND), count=1))
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    (before,) = awards_of(visits, "ONE")
    (stated,) = [part["reference"].split("/")[1] for part in before.parts or ()]
    revoke(visits, FIRST if stated == FIRST.code else SECOND)
    judge(visits)
    (anew,) = [award for award in awards_of(visits, "ONE") if award.withdrawn_at is None]
    (left,) = [part["reference"].split("/")[1] for part in anew.parts or ()]
    assert {stated, left} == {FIRST.code, SECOND.code}


def test_what_a_teacher_tries_out_makes_nobody_earn_it(visits: Visits) -> None:
    complete(visits, FIRST, "olha")
    complete(visits, SECOND, "olha")
    judge(visits)
    assert [award.is_test for award in awards_of(visits)] == [True]


def test_a_test_one_goes_with_its_test_part_at_once(visits: Visits) -> None:
    complete(visits, FIRST, "olha")
    complete(visits, SECOND, "olha")
    judge(visits)
    revoke(visits, FIRST)
    judge(visits)
    (award,) = awards_of(visits)
    assert award.is_test
    assert award.withdrawn_at is not None


def take_away(visits: Visits, code: str = "METAL") -> None:
    """The awarding body revokes the larger one."""
    with visits.school.transaction() as db:
        found = [one for one in db.query(Award) if one.version.series.code == code]
        (award,) = [one for one in found if one.withdrawn_at is None]
        credentials.revoke_award(
            db,
            award,
            reason="mistaken",
            signing=visits.school.signing,
            actor="account:x",
            now=clock.now(),
        )


def earn_anew(visits: Visits, mc: MicroCredential, sub: str = "ana") -> None:
    """The award of a part is revoked, and earned again by a new judgement."""
    revoke(visits, mc)
    visits.school.now = clock.now()
    complete(visits, mc, sub)


def test_one_that_was_revoked_is_not_earned_by_what_stood_before(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    take_away(visits)
    third = next(mc for mc in samples.all() if mc.code == "BEM-S-PV1")
    visits.school.publish(third)
    visits.school.now = clock.now()
    complete(visits, third)
    judge(visits)
    visits.open("ana", mc="METAL", unit="", link="metal")
    assert [award.withdrawn_reason for award in awards_of(visits)] == ["mistaken"]


def test_one_that_was_revoked_is_earned_again_with_a_part_that_is_earned_anew(
    visits: Visits,
) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    take_away(visits)
    earn_anew(visits, FIRST)
    judge(visits)
    first, second = awards_of(visits)
    assert (first.withdrawn_reason, second.withdrawn_at) == ("mistaken", None)


def publish_next(visits: Visits, *parts: str) -> None:
    mc = definitions.load(definitions.dump(larger("METAL", *parts)) | {"version": "2.0"})
    visits.school.tick()
    visits.school.publish(mc)


def versions_held(visits: Visits) -> list[str]:
    return [one.version.version for one in awards_of(visits) if one.withdrawn_at is None]


def test_of_a_series_the_newest_version_is_earned_and_no_other_beside_it(visits: Visits) -> None:
    complete(visits, FIRST)
    judge(visits)
    publish_next(visits)
    complete(visits, SECOND)
    judge(visits)
    with visits.school.transaction() as db:
        person = visits.school.person(db, "ana")
        completions.reevaluate_person(db, person, clock.now())
    assert versions_held(visits) == ["2.0"]


def test_who_holds_a_version_earns_the_next_only_where_a_course_offers_it(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    publish_next(visits)
    earn_anew(visits, FIRST)
    judge(visits)
    assert len(versions_held(visits)) == 1
    held = versions_held(visits)[0]
    visits.open("ana", mc="METAL", unit="", link="metal two", course="another")
    assert sorted({*versions_held(visits)}) == sorted({held, "2.0"})


def test_a_revoked_one_is_not_earned_by_its_next_version(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    take_away(visits)
    publish_next(visits)
    visits.open("ana", mc="METAL", unit="", link="metal two", course="another")
    assert versions_held(visits) == []


def test_teachers_of_a_part_s_course_cannot_decide_about_the_larger_one(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    (award,) = awards_of(visits)
    unit = SECOND.units[0].code
    at = {"mc": SECOND.code, "course": f"course of {SECOND.code}"}
    teacher = visits.open("olha", teacher=True, link=f"{SECOND.code} olha", unit=unit, **at)
    assert teacher.get(f"course/awards/{award.id}").status == 404
    with visits.app.app_context():
        form = {"csrf_token": [csrf_token(teacher.id)], "sure": ["1"], "reason": ["no"]}
    for act in ("keep", "revoke"):
        assert teacher.post(f"course/awards/{award.id}/{act}", form).status == 404
    assert awards_of(visits)[0].withdrawn_at is None


def test_teachers_of_a_course_that_offers_it_to_the_learner_decide(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    visits.open("ana", mc="METAL", unit="", link="metal")
    course = visits.open("olha", teacher=True, mc="METAL", unit="", link="metal").get("course")
    page = course.follow("Ana").follow("how to withdraw")
    page = page.submit("revoke", reason="mistaken", sure="1")
    assert page.status == 200
    assert awards_of(visits)[0].withdrawn_reason == "mistaken"


def test_the_larger_one_is_found_and_claimed_from_the_page_of_a_part(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    at = {"mc": SECOND.code, "course": f"course of {SECOND.code}", "unit": SECOND.units[0].code}
    home = visits.open("ana", link=f"{SECOND.code} ana", **at).get()
    assert "You can now claim “Metal worker METAL” as well" in home.text
    badge = home.follow("Claim the larger badge").submit("claim", name="Ana Learner")
    assert badge.status == 200
    public = badge.submit("publicity", public="on")
    assert "Public: everybody" in public.text
    units = public.follow("Back to the units")
    assert "2 of 2 micro-credentials earned" in units.text
    home = units.follow("Back to the units")
    assert "whose badge you have, too" in home.text
    assert SECOND.title["en"] in home.text
    with visits.school.transaction() as db:
        (credential,) = db.query(credentials.Credential).all()
        assert credential.award.version.series.code == "METAL"


def test_what_is_earned_and_adds_nothing_is_shown_as_earned(visits: Visits) -> None:
    third = next(mc for mc in samples.all() if mc.code == "BEM-S-PV1")
    visits.school.publish(third)
    visits.school.publish(
        larger("TWO-OF", reference(FIRST), reference(SECOND), reference(third), count=2)
    )
    for mc in (FIRST, SECOND, third):
        visits.school.tick()
        complete(visits, mc)
    judge(visits)
    page = visits.open("ana", mc="TWO-OF", unit="", link="two").get()
    assert "At least 2 of these micro-credentials:" in page.text
    assert page.text.count("adds nothing more here") == 1
    assert "not earned yet" not in page.text


def test_the_larger_one_of_somebody_else_is_not_there(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    (award,) = awards_of(visits)
    other = visits.open("borys", mc=SECOND.code, unit=SECOND.units[0].code, link="other")
    for path in ("units", "claim", "badge", "badge.json"):
        for named in (award.id, "x", ""):
            assert other.get(f"{path}?of={named}").status == 404, path


def test_a_worker_that_stopped_halfway_goes_on_where_it_was(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    with visits.school.transaction() as db:
        worker.stack_checks._lease(db, clock.now())
        worker.stack_checks._lease(db, clock.now())
    judge(visits)
    assert awards_of(visits) == []
    later = clock.now() + timedelta(minutes=2)
    while worker.stack_checks.judge_next(visits.school.database, lambda: later):
        pass
    assert len(awards_of(visits)) == 1
    with visits.school.transaction() as db:
        assert db.query(StackCheck).count() == 0


@on_each_database
def test_many_workers_at_one_moment_grant_it_once(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    database = visits.school.database
    at_one_moment([lambda: worker.stack_checks.judge_next(database, clock.now)] * 6)
    judge(visits)
    assert len(awards_of(visits)) == 1


def test_a_larger_one_of_a_larger_one_is_earned_too(visits: Visits) -> None:
    third = next(mc for mc in samples.all() if mc.code == "BEM-S-PV1")
    visits.school.publish(third)
    visits.school.publish(larger("MASTER", f"{FIRST.awarding_body.slug}/METAL", reference(third)))
    for part in (FIRST, SECOND, third):
        complete(visits, part)
    judge(visits)
    assert len(awards_of(visits, "MASTER")) == 1


def test_a_part_inside_a_part_of_a_part_counts_once(visits: Visits) -> None:
    """40 hours are no 80 because they stand in the larger one as well, however deep."""
    own = FIRST.awarding_body.slug
    third, fourth = (mc for mc in samples.all() if mc.code in ("BEM-S-PV1", "BEM-S-IT1"))
    for mc in (third, fourth):
        visits.school.publish(mc)
    visits.school.publish(larger("MASTER", f"{own}/METAL", reference(third)))
    parts = (f"{own}/MASTER", reference(FIRST), reference(fourth))
    visits.school.publish(larger("TOP", *parts, count=2))
    for part in (FIRST, SECOND, third):
        complete(visits, part)
    judge(visits)
    assert len(awards_of(visits, "MASTER")) == 1
    assert awards_of(visits, "TOP") == []


def test_nothing_unknown_and_nothing_in_a_circle_is_published(visits: Visits) -> None:
    school: School = visits.school
    with pytest.raises(NotFound, match="unknown_stack_part"):
        school.publish(larger("X", reference(FIRST), "nobody/NOTHING"))
    own = FIRST.awarding_body.slug
    school.publish(larger("INNER", reference(FIRST), f"{own}/METAL", count=1))
    circular = definitions.dump(larger("METAL", reference(FIRST), f"{own}/INNER"))
    with pytest.raises(Conflict, match="stack_in_circle"):
        school.publish(definitions.load(circular | {"version": "2.0"}))


def test_its_public_page_names_its_parts(visits: Visits) -> None:
    page = visits.app.test_client().get(
        f"/definitions/{FIRST.awarding_body.slug}/METAL/{larger().version}",
        headers={"Accept": "text/html"},
    )
    assert page.status_code == 200
    assert "All of these micro-credentials:" in page.text
    assert SECOND.title["en"] in page.text


def test_the_teacher_sees_who_has_it(visits: Visits) -> None:
    visits.open("ana", mc="METAL", unit="", link="metal")
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    course = visits.open("olha", teacher=True, mc="METAL", unit="", link="metal").get("course")
    assert course.status == 200
    assert "Earned" in course.text


def test_one_that_was_kept_is_flagged_again_when_another_part_goes(visits: Visits) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    home = visits.open("ana", mc="METAL", unit="", link="metal").get()
    home.follow("Claim your badge").submit("claim", name="Ana Learner")
    revoke(visits, FIRST)
    judge(visits)
    (flagged,) = awards_of(visits)
    with visits.school.transaction() as db:
        award = db.get_one(Award, flagged.id)
        awards.keep(db, award, actor="person:x", reason="enough", now=clock.now())
    visits.open("ana", mc="METAL", unit="", link="metal")
    assert awards_of(visits)[0].flagged_at is None
    revoke(visits, SECOND)
    judge(visits)
    assert awards_of(visits)[0].flagged_at is not None


def test_its_column_is_told_where_its_parts_have_none(visits: Visits) -> None:
    visits.open("ana", mc="METAL", unit="", link="metal")
    for mc in (FIRST, SECOND):
        course, unit = f"course of {mc.code}", mc.units[0].code
        teacher = visits.school.launch(
            "olha", teacher=True, link=course, course=course, mc=mc.code, unit=unit, line_item=None
        )
        visits.school.launch(
            "ana", link=course, course=course, mc=mc.code, unit=unit, line_item=None
        )
        visits.school.complete(teacher, "ana", mc)
    judge(visits)
    with visits.school.transaction() as db:
        (score,) = db.query(Delivery)
        assert (score.points, score.maximum) == (1, 1)


def test_one_that_cannot_be_judged_holds_up_no_other(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(visits, FIRST)
    complete(visits, SECOND)
    right = completions.reevaluate
    failing = iter([RuntimeError("broken")])

    def fails_once(*given: Any) -> None:
        for error in failing:
            raise error
        right(*given)

    monkeypatch.setattr(completions, "reevaluate", fails_once)
    judge(visits)
    assert len(awards_of(visits)) == 1
    with visits.school.transaction() as db:
        assert db.query(StackCheck).count() == 1


def test_one_without_units_offers_no_list_to_take_along(visits: Visits) -> None:
    teacher = visits.open("olha", teacher=True, mc="METAL", unit="", link="metal")
    assert "Sign off without network" not in teacher.get("course").text
    page = teacher.get("course/offline")
    assert "there is nothing to sign off here" in page.text
    assert not page.has_form("take")
    assert "Sheet to print" not in page.text
