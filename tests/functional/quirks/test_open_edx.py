"""Deviations of Open edX."""

from datetime import datetime, timedelta
from pathlib import Path

import jwt
import sqlalchemy as sa

from lti_tool.db import Database
from lti_tool.demo.browser import Browser
from lti_tool.demo.lms import OPEN_EDX, Manners
from lti_tool.demo.world import PARTICIPATION
from lti_tool.lti.quirks import TRIES_OF_A_CRASH
from lti_tool.models import Deployment
from tests.factories.gradebooks import SAFETY, failures, score_of, states, teaching
from tests.factories.quirks import world_of


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
        item = course.lms.line_item_of(course.links[SAFETY])
        assert item is not None
        progress = {"activityProgress": "Completed", "gradingProgress": "FullyGraded"}
        newer = {"userId": ana.id, "scoreGiven": 1, "scoreMaximum": 100, **progress}
        course.lms.gradebook.post(item, {**newer, "timestamp": later.isoformat()}, lambda _: True)
        course.assess(ana, SAFETY, points=90)
        course.deliver()
        assert course.log[0].status == 400
        assert states(course) == [("pending", "conflict")]
        course.deliver_until(later + timedelta(hours=2))
        assert states(course) == [("delivered", None)]
        assert score_of(course) == 90


def test_scores_of_strangers_crash(database: Database, now: datetime) -> None:
    with teaching(database, now, manners=OPEN_EDX) as course:
        stranger = course.learner("Ana", is_enrolled=False)
        course.assess(stranger, SAFETY, points=90)
        course.deliver_until(now + timedelta(hours=12))
        assert course.statuses == [500] * TRIES_OF_A_CRASH
        assert failures(course) == ["not_gradable"]


def test_a_crash_elsewhere_is_waited_out(database: Database, now: datetime) -> None:
    stubborn = Manners(product_family="other", unknown_person=(500, "Internal Server Error"))
    with teaching(database, now, manners=stubborn) as course:
        course.assess(course.learner("Ana", is_enrolled=False), SAFETY, points=90)
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
