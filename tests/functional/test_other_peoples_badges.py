"""Badges and records of other people, and one's own, through every address that names them."""

import re
import uuid

import pytest

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CourseMember, LaunchSession
from lti_tool.services.awarding import credentials
from tests.factories.databases import on_each_database
from tests.factories.neighbours import OTHER_MC, Neighbourhood
from tests.factories.visits import Visit
from tests.functional.test_other_peoples_things import (
    PRIVATE_UNTIL_SHARED,
    UNIT,
    address,
    ask,
    code,
    launch_rules,
)

LEADS_ELSEWHERE = {"teacher.moving"}  # to a version that is not on offer yet: test_moving_courses


@pytest.mark.parametrize("visitor", ["nobody", "holder", "teacher", "other"])
def test_a_badge_that_is_not_public_does_not_exist(
    neighbourhood: Neighbourhood, visitor: str
) -> None:
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    clients = {
        "nobody": app.test_client(),
        "holder": course.learner.client,
        "teacher": course.teacher.client,
        "other": neighbourhood.courses["two"].learner.client,
    }
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PRIVATE_UNTIL_SHARED:
            continue
        for wanted in (course.ids["credential_id"], uuid.uuid4()):
            path = address(rule, {"credential_id": wanted})
            answer = clients[visitor].get(path, headers={"Accept": "application/json"})
            assert (answer.status_code, code(answer)) == (404, "unknown_credential"), rule
            assert answer.headers["Cache-Control"] == "no-store"


@on_each_database
def test_a_badge_made_private_again_is_gone_at_once_also_for_who_has_it_cached(
    neighbourhood: Neighbourhood,
) -> None:
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    paths = [
        f"/credentials/{course.ids['credential_id']}{ending}" for ending in ("", ".json", ".png")
    ]
    switch(course.learner, "on")
    answers = [app.test_client().get(path) for path in paths]
    for answer in answers:
        assert answer.status_code == 200
        assert "no-cache" in answer.headers["Cache-Control"]
        assert "max-age" not in answer.headers["Cache-Control"]
    fresh = app.test_client().get(paths[0], headers={"If-None-Match": answers[0].headers["ETag"]})
    assert fresh.status_code in {200, 304}
    switch(course.learner, "off")
    for path, answer in zip(paths, answers, strict=True):
        cached = {"If-None-Match": answer.headers["ETag"]}
        assert app.test_client().get(path, headers=cached).status_code == 404
        assert app.test_client().get(path, headers={"If-None-Match": "*"}).status_code == 404


def switch(visit: Visit, public: str) -> None:
    assert visit.get("badge").submit("publicity", public=public).status == 200


def test_what_is_seen_of_a_record_made_elsewhere_is_that_and_when(
    neighbourhood: Neighbourhood, database: Database
) -> None:
    """The learner of course two comes to course one: its teacher sees no evidence, no assessor,
    and cannot take the record back."""
    app, own, theirs = (
        neighbourhood.app,
        neighbourhood.courses["one"],
        neighbourhood.courses["two"],
    )
    with database.transaction() as db:
        person = theirs.ids["person_id"]
        launch = db.get_one(LaunchSession, own.learner.id)
        db.add(
            CourseMember(
                course_id=launch.course_id,
                person_id=person,
                first_seen_at=clock.now(),
                last_seen_at=clock.now(),
            )
        )
    page = own.teacher.get(f"course/people/{person}")
    assert page.status == 200
    assert "in another course" in page.text
    assert "evidence-twoQ" not in page.html
    assert "Teacher twoQ" not in page.html
    assert not any("retract" in anchor.href for anchor in page.read.anchors)
    for path in (f"course/people/{person}", f"course/units/{UNIT}", "course"):
        shown = own.teacher.get(path)
        assert "in another course on" in shown.text, path
        row = re.split(r"<(?:tr|li)\b", shown.html)
        theirs_alone = [one for one in row if "Learner twoQ" in one or path.endswith(str(person))]
        assert theirs_alone
        assert not any("100 of 100" in one or ">100" in one for one in theirs_alone), path
    before = neighbourhood.rows()
    path = f"/launches/{own.teacher.id}/course/records/{theirs.ids['record_id']}/retract"
    for method in ("GET", "POST"):
        answer = ask(app, own.teacher.client, method, path, own.teacher.id)
        assert (answer.status_code, code(answer)) == (404, "unknown_record")
    assert neighbourhood.rows() == before


def test_every_own_thing_can_be_reached(neighbourhood: Neighbourhood) -> None:
    """The matrix above proves nothing unless the same addresses work for whom they are meant."""
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    for rule, guarded in launch_rules(app):
        visit = course.teacher if guarded.teachers else course.learner
        visit = course.selecting if guarded.selects else visit
        if "GET" not in (rule.methods or ()) or rule.endpoint in LEADS_ELSEWHERE:
            continue
        path = address(rule, course.ids, launch_id=visit.id)
        answer = visit.client.get(path)
        assert answer.status_code in {200, 303}, (rule, answer.status_code)


def test_a_record_of_the_courses_other_micro_credential_can_be_taken_back(
    neighbourhood: Neighbourhood,
) -> None:
    """Without `?placement=` the page is about the link's own micro-credential."""
    app, course = neighbourhood.app, neighbourhood.courses["one"]
    record = course.ids["other_record_id"]
    path = f"/launches/{course.teacher.id}/course/records/{record}/retract"
    page = course.teacher.get(path)
    assert page.status == 200
    assert OTHER_MC.units[0].title.best("en") in page.text
    answer = ask(app, course.teacher.client, "POST", path, course.teacher.id)
    assert answer.status_code == 303


def test_a_badge_of_another_person_is_never_handed_out_below_a_launch(
    neighbourhood: Neighbourhood, database: Database
) -> None:
    with database.transaction(read_only=True) as db:
        for course in neighbourhood.courses.values():
            stored = credentials.find(db, course.ids["credential_id"]).document
            assert course.learner.get("badge.json").response.data == stored
            others = [one for one in neighbourhood.courses.values() if one is not course]
            page = course.learner.get("badge").html
            assert not any(secret in page for one in others for secret in one.secrets)
