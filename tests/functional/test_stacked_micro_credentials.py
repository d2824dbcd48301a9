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
from lti_tool.services import awards, catalogue, completions, credentials
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
        completions.enrol(db, visits.school.person(db, "ana"), version, clock.now())
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


def test_what_a_teacher_tries_out_makes_nobody_earn_it(visits: Visits) -> None:
    complete(visits, FIRST, "olha")
    complete(visits, SECOND, "olha")
    judge(visits)
    assert [award for award in awards_of(visits) if not award.is_test] == []


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


def test_nothing_unknown_and_nothing_in_a_circle_is_published(visits: Visits) -> None:
    school: School = visits.school
    with pytest.raises(NotFound, match="unknown_stack_part"):
        school.publish(larger("X", reference(FIRST), "nobody/NOTHING"))
    own = FIRST.awarding_body.slug
    school.publish(larger("INNER", reference(FIRST), f"{own}/METAL"))
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
