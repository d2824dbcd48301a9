"""Deviations of Canvas."""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from config import Settings
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import CANVAS
from lti_tool.demo.world import PARTICIPATION
from lti_tool.models import CourseMember, Deployment, LaunchSession, Person
from tests.factories.gradebooks import SAFETY, states, teaching
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import serving_platform
from tests.factories.quirks import world_of


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
        course.assess(course.learner("Ana"), SAFETY, points=90)
        course.deliver()
        assert states(course) == [("delivered", None)]
        (sent,) = course.log
        assert sent.body is not None
        told = sent.body["https://canvas.instructure.com/lti/submission"]
        assert told == {"new_submission": False}


def test_no_other_platform_hears_of_submissions(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        course.assess(course.learner("Ana"), SAFETY, points=90)
        course.deliver()
        assert not any("canvas" in name for name in course.log[0].body or {})


def test_logins_call_the_deployment_otherwise(visitor: Visitor) -> None:
    begun = visitor.begin(lti_deployment_id=None, deployment_id="another")
    launch = visitor.send(begun, visitor.platform.sign(visitor.payload(begun)))
    assert launch.status_code == 303
    begun = visitor.begin(lti_deployment_id=None, deployment_id="1")
    claims = visitor.payload(begun, deployment_id="another")
    assert refusal_code(visitor.send(begun, visitor.platform.sign(claims))) == "deployment_unknown"
