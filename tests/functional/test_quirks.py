"""Each named deviation of a platform, played over HTTP, and what the tool makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import sqlalchemy as sa
from flask import Flask

from badges import samples
from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import CANVAS, MOODLE, OPEN_EDX, Manners
from lti_tool.demo.serving import free_port
from lti_tool.demo.world import PARTICIPATION, World, running
from lti_tool.lti import grades
from lti_tool.lti.quirks import QUIRKS, TRIES_OF_A_CRASH
from lti_tool.models import CourseMember, Deployment, LaunchSession, Person, ResourceLink
from tests.factories.gradebooks import failures, score_of, states, teaching
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import serving_platform
from tests.factories.visits import landed

WLD = samples.welding()
U1, U2, *_ = (unit.code for unit in WLD.units)


@contextmanager
def world_of(folder: Path, manners: Manners) -> Iterator[World]:
    ports = {"tool_port": free_port(), "lms_port": free_port()}
    with running(folder, worker=False, manners=manners, **ports) as world:
        yield world


def test_every_quirk_has_a_test_of_its_name() -> None:
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    names = [quirk.name for quirk in QUIRKS]
    assert len(names) == len(set(names))
    assert set(names) - tested == set()


# Moodle 4.5


def test_custom_keys_come_twice(visitor: Visitor, database: Database) -> None:
    page = landed(
        visitor.client, visitor.launch(custom={"MC": "x", "mc": "x", "Unit": "", "u": None})
    )
    assert page.status == 200


def test_unknown_variables_come_as_they_are(visitor: Visitor, database: Database) -> None:
    given = {"mc": "$User.image", "unit": "$ResourceLink.available.startDateTime"}
    visitor.launch(custom=given)
    with database.transaction(read_only=True) as db:
        link = db.scalars(sa.select(ResourceLink)).one()
        assert (link.placement_id, link.unknown_parameter) == (None, None)


def test_refusals_are_posted(visitor: Visitor, database: Database) -> None:
    begun = visitor.begin()
    told = {"error": "access_denied", "error_description": "<b>you</b>", "state": begun.state}
    refused = visitor.post(told)
    assert refusal_code(refused) == "platform_error"
    assert "access_denied" in refused.text
    assert "you</b>" not in refused.text
    late = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert refusal_code(late) == "state_unknown"


def test_states_are_cleaned_of_tags(visitor: Visitor) -> None:
    states_seen = {visitor.begin().state for _ in range(20)}
    assert len(states_seen) == 20
    assert all(state.replace("-", "").replace("_", "").isalnum() for state in states_seen)


def test_anything_not_fully_graded_erases(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        course.assess(ana, U1, points=90)
        course.deliver()
        course.wait(seconds=5)
        course.assess(ana, U1, points=40)  # a resit below what is needed
        course.deliver()
        assert {sent.body["gradingProgress"] for sent in course.log if sent.body} == {"FullyGraded"}
        assert score_of(course) == 40


def test_scores_of_one_second_conflict(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        for points in (85, 86):
            course.assess(ana, U1, points=points)
            course.deliver()
        course.deliver_until(course.school.now + timedelta(seconds=10))
        assert course.statuses == [200, 200]
        assert score_of(course) == 86


def test_results_crash_on_a_limit(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        course.assess(ana, U1, points=90)
        course.deliver()
        target = grades.LineItem(course.school.registration_id, course.line_item(U1), frozenset())
        courier = course.courier
        found = grades.read_result(
            courier.database, courier.outbound, courier.encryption, target, ana.id, now
        )
        assert found is not None
        assert found.score == 90


def test_reviews_name_anybody(tmp_path: Path) -> None:
    with world_of(tmp_path, MOODLE) as world, Browser(world.lms_url) as browser:
        ana, ben = world.people.learners[:2]
        link = world.links[PARTICIPATION]
        browser.launch(link.id, ana.id)
        browser.login(ben.id)
        browser.get(f"{world.lms_url}/lms/review/{link.id}?user={ana.id}")
        assert browser.settle().status == 403
        assert ana.name not in browser.page.text


# Open edX


def test_there_is_one_deployment(tmp_path: Path) -> None:
    with world_of(tmp_path, OPEN_EDX) as world, Browser(world.lms_url) as browser:
        page = browser.launch(world.links[PARTICIPATION].id, world.people.learners[0].id)
        assert "Unit 2 of 5" in page.text
        with world.tool.database.transaction(read_only=True) as db:
            assert db.scalars(sa.select(Deployment.deployment_id)).all() == ["1"]


def test_stale_scores_are_bad_requests(database: Database, now: datetime) -> None:
    later = now + timedelta(hours=1)
    with teaching(database, now, manners=OPEN_EDX) as course:
        ana = course.learner("Ana")
        item = course.lms.line_item_of(course.links[U1])
        assert item is not None
        progress = {"activityProgress": "Completed", "gradingProgress": "FullyGraded"}
        newer = {"userId": ana.id, "scoreGiven": 1, "scoreMaximum": 100, **progress}
        course.lms.gradebook.post(item, {**newer, "timestamp": later.isoformat()}, lambda _: True)
        course.assess(ana, U1, points=90)
        course.deliver()
        assert course.log[0].status == 400
        assert states(course) == [("pending", "conflict")]
        course.deliver_until(later + timedelta(hours=2))
        assert states(course) == [("delivered", None)]
        assert score_of(course) == 90


def test_scores_of_strangers_crash(database: Database, now: datetime) -> None:
    with teaching(database, now, manners=OPEN_EDX) as course:
        stranger = course.learner("Ana", is_enrolled=False)
        course.assess(stranger, U1, points=90)
        course.deliver_until(now + timedelta(hours=12))
        assert course.statuses == [500] * TRIES_OF_A_CRASH
        assert failures(course) == ["not_gradable"]


def test_a_crash_elsewhere_is_waited_out(database: Database, now: datetime) -> None:
    stubborn = Manners(product_family="other", unknown_person=(500, "Internal Server Error"))
    with teaching(database, now, manners=stubborn) as course:
        course.assess(course.learner("Ana", is_enrolled=False), U1, points=90)
        course.deliver_until(now + timedelta(hours=12))
        assert len(course.statuses) > TRIES_OF_A_CRASH
        assert states(course) == [("pending", "http_500")]


def test_maxima_are_whole(tmp_path: Path) -> None:
    with world_of(tmp_path, OPEN_EDX) as world, Browser(world.lms_url) as teacher:
        teacher.login(world.people.teacher.id)
        teacher.get(f"{world.lms_url}/lms/course/{world.empty_course.id}/add")
        teacher.follow("Select content")
        teacher.get(teacher.page.frames[0])
        teacher.settle()
        teacher.follow(world.mc.title.best("en"))
        page = teacher.submit("select", {"columns": "units"})
        answer = next(one.value for one in page.form("answer").fields if one.name == "JWT")

        sent = jwt.decode(answer, options={"verify_signature": False})
        columns = [
            item["lineItem"]
            for item in sent["https://purl.imsglobal.org/spec/lti-dl/claim/content_items"]
            if "lineItem" in item
        ]
        assert columns
        assert all(type(column["scoreMaximum"]) is int for column in columns)
        assert all(len(column["tag"]) <= OPEN_EDX.longest_tag for column in columns)


# Canvas


def test_colleagues_are_instructors(tmp_path: Path) -> None:
    with world_of(tmp_path, CANVAS) as world, Browser(world.lms_url) as browser:
        page = browser.launch(world.links[PARTICIPATION].id, world.people.learners[0].id)
        assert "Unit 2 of 5" in page.text
        with world.tool.database.transaction(read_only=True) as db:
            assert [session.is_teacher for session in db.scalars(sa.select(LaunchSession))] == [
                False
            ]
            assert [member.is_tester for member in db.scalars(sa.select(CourseMember))] == [False]


def test_each_course_is_a_deployment(tmp_path: Path) -> None:
    with world_of(tmp_path, CANVAS) as world, Browser(world.lms_url) as browser:
        other = world.lms.add_link(world.empty_course, "Overview", world.overview.custom)
        for link in (world.overview, other):
            assert browser.launch(link.id, world.people.teacher.id).status == 200
        with world.tool.database.transaction(read_only=True) as db:
            found = set(db.scalars(sa.select(Deployment.deployment_id)))
        assert {f"1:{world.course.id}", f"1:{world.empty_course.id}"} <= found


def test_all_schools_are_one_issuer(
    app: Flask, database: Database, tool_settings: Settings
) -> None:
    """Self-hosted Canvas sites share even client ids."""
    with serving_platform(key=1) as one, serving_platform(key=2) as two:
        schools = []
        for slug, platform in (("one", one), ("two", two)):
            platform.issuer = "https://canvas.instructure.com"
            registration_id = platform.register(database, clock.now(), slug=slug)
            client = app.test_client()
            schools.append(Visitor(client, platform, registration_id, tool_settings.public_url))
        for school in schools:
            assert school.launch().status_code == 303
        with database.transaction(read_only=True) as db:
            assert len(db.scalars(sa.select(Person).filter_by(sub="7")).all()) == 2
        begun = schools[0].begin()
        forged = schools[1].platform.sign(schools[0].payload(begun))
        assert refusal_code(schools[0].send(begun, forged)) == "kid_unknown"


def test_scores_are_new_submissions(database: Database, now: datetime) -> None:
    with teaching(database, now, manners=CANVAS) as course:
        course.assess(course.learner("Ana"), U1, points=90)
        course.deliver()
        assert states(course) == [("delivered", None)]
        (sent,) = course.log
        assert sent.body is not None
        told = sent.body["https://canvas.instructure.com/lti/submission"]
        assert told == {"new_submission": False}


def test_no_other_platform_hears_of_submissions(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        course.assess(course.learner("Ana"), U1, points=90)
        course.deliver()
        assert not any("canvas" in name for name in course.log[0].body or {})
