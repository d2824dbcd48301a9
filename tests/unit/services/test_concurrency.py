"""Acts at one moment wait for each other, and never for each other in a circle."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.lti.claims import LaunchClaims
from lti_tool.lti.moodle_web_services import Concern, MoodleRefused
from lti_tool.lti.roster import Member
from lti_tool.models import (
    ActivityCheck,
    Award,
    CompletionRecord,
    LaunchSession,
    Placement,
    ResourceLink,
)
from lti_tool.services.completing import completions
from lti_tool.services.courses import placements
from lti_tool.services.definitions import versions
from lti_tool.services.launching import arrivals
from lti_tool.services.lms import activity_checks, memberships, readings
from tests.factories.courses import School
from tests.factories.threads import at_one_moment

WLD = samples.welding()
CODE = WLD.code
U1, U2 = (unit.code for unit in WLD.units[:2])


def test_launches_records_and_choices_at_one_moment_do_not_deadlock(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    school.launch("ana", mc=CODE, unit=U1)

    def choose(unit: str) -> None:
        with school.transaction() as db:
            link = db.get_one(LaunchSession, teacher).link
            version = school.version(db, CODE)
            placements.place(db, link, version, unit, actor="teacher", now=school.now)

    for _ in range(15):
        at_one_moment(
            [
                lambda: school.launch("ana", mc=CODE, unit=U1),
                lambda: school.launch("ben", mc=CODE, unit=U1),
                lambda: school.assess(teacher, "ana", CODE, U1, points=90, key=uuid.uuid4().hex),
                lambda: school.launch("teacher", teacher=True, mc=CODE, unit=U1),
                lambda: choose(U2),
            ]
        )
    with school.transaction() as db:
        assert db.query(Award).count() == 0


def test_of_launches_that_move_a_link_at_one_moment_the_second_leaves_what_was_placed(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    school.launch("ana", course="old", link="moved")
    school.launch("teacher", course="new", link="other", teacher=True)
    launch = LaunchClaims(
        issuer="https://lms.example",
        deployment_id="1",
        sub="ana",
        roles=(),
        is_teacher=False,
        is_test_user=False,
        target_link_uri="",
        context_id="new",
        context_title="Course",
        name=None,
        email=None,
        locale=None,
        custom={},
        resource_link_id="moved",
        resource_link_title="Unit",
        line_item_url=None,
        ags_scopes=frozenset(),
    )
    with school.transaction() as db:
        arrival = arrivals.of(db, school.registration_id, launch, now)
        placed = school.launch("teacher", course="new", link="moved", teacher=True)
        with school.transaction() as other:
            link = other.get_one(LaunchSession, placed).link
            version = school.version(other, CODE)
            placements.place(other, link, version, U1, actor="teacher", now=now)
        course = arrivals.course(db, arrival, launch, now)
        assert arrivals.link(db, arrival, course, launch, now).unit_code == U1


def test_who_is_wanted_anew_while_the_lms_answers_stays_due(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    launch = school.launch("ana")
    with school.transaction() as db:
        course_id, person_id = (one := db.get_one(LaunchSession, launch)).course_id, one.person_id
        db.add(ActivityCheck(course_id=course_id, person_id=person_id, due_at=now))
    with school.transaction() as worker:
        check = worker.get_one(ActivityCheck, (course_id, person_id))
        with school.transaction() as db:
            db.get_one(ActivityCheck, (course_id, person_id)).due_at = now - timedelta(hours=1)
        activity_checks.checked(worker, check, held_until=now, now=now)
    with school.transaction() as db:
        found = db.get_one(ActivityCheck, (course_id, person_id))
        assert found.due_at == now - timedelta(hours=1)


def test_checks_of_a_course_are_wanted_and_put_off_at_one_moment(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    launch = school.launch("teacher", teacher=True)
    for number in range(40):
        school.launch(f"person-{number}")
    with school.transaction() as db:
        course_id = db.get_one(LaunchSession, launch).course_id
    assert course_id is not None
    error = MoodleRefused("moodle_course", Concern.COURSE)

    def act(what: Callable[[Session], object]) -> None:
        with school.transaction() as db:
            what(db)

    def look_up(db: Session) -> None:
        activity_checks.want_all(db, course_id, now)

    def fail(db: Session) -> None:
        activity_checks.course_failed(db, course_id, error, now)

    def answer(db: Session) -> None:
        for check in db.scalars(sa.select(ActivityCheck).limit(1)):
            activity_checks.checked(db, check, held_until=now, now=now)

    for number in range(12):
        if number % 3 == 0:
            act(lambda db: db.execute(sa.delete(ActivityCheck)))
        at_one_moment([partial(act, one) for one in (look_up, look_up, fail, fail, answer)])
    with school.transaction() as db:
        assert db.query(ActivityCheck).count() == 40


def test_another_version_is_not_chosen_past_a_record_of_this_moment(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1, line_item=None)
    ana = school.launch("ana", mc=CODE, unit=U1, line_item=None)
    school.publish(replace(WLD, version="9.0"))

    def choose(db: Session) -> None:
        placement = db.get_one(LaunchSession, teacher).link.placement
        assert placement is not None
        newest = school.version(db, CODE)
        assert newest.id != placement.version_id
        db.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        versions.choose(db, placement, newest.id, actor="teacher", now=now)

    with school.transaction() as recording:
        launch = recording.get_one(LaunchSession, ana)
        assert launch.link.placement is not None
        completions.record_unlocked(recording, launch, U1, "", now)
        recording.flush()
        with pytest.raises(OperationalError, match="lock timeout"), school.transaction() as db:
            choose(db)
    with pytest.raises(Conflict, match="version_in_use"), school.transaction() as db:
        choose(db)


def test_who_read_the_old_version_before_the_choice_does_not_record_in_it(
    each_database: Database, now: datetime
) -> None:
    """On SQLite such a request has the database to itself, and the choice comes after it."""
    school = School.open(each_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1, line_item=None)
    ana = school.launch("ana", mc=CODE, unit=U1, line_item=None)
    school.publish(replace(WLD, version="9.0"))
    has_read, has_chosen = threading.Event(), threading.Event()

    def record() -> str:
        try:
            with school.transaction() as db:
                launch = db.get_one(LaunchSession, ana)
                assert launch.link.placement is not None
                assert launch.link.placement.version.version == WLD.version
                has_read.set()
                has_chosen.wait(1)
                completions.record_unlocked(db, launch, U1, "", now)
        except Conflict as conflict:
            return conflict.code
        return "recorded"

    def choose() -> str:
        has_read.wait(10)
        try:
            with school.transaction() as db:
                placement = db.get_one(LaunchSession, teacher).link.placement
                assert placement is not None
                newest = school.version(db, CODE)
                versions.choose(db, placement, newest.id, actor="teacher", now=now)
        except Conflict as conflict:
            return conflict.code
        finally:
            has_chosen.set()
        return "chosen"

    came_of_it = at_one_moment([record, choose])
    is_sqlite = each_database.engine.dialect.name == "sqlite"
    assert came_of_it == (
        ["recorded", "version_in_use"] if is_sqlite else ["version_changed", "chosen"]
    )
    school.launch("ana", mc=CODE, unit=U1, line_item=None)
    with school.transaction() as db:
        (placement,) = db.query(Placement)
        in_versions = {row.version_id for row in db.query(CompletionRecord)}
        assert in_versions <= {placement.version_id}


def test_a_teachers_launch_does_not_wait_for_other_links_of_the_course(
    postgres_database: Database, now: datetime
) -> None:
    """Two launches that held a link each and wanted the other's would wait in a circle."""
    school = School.open(postgres_database, now)
    school.publish(WLD)
    launches = [
        school.launch("teacher", teacher=True, link=one, mc=CODE, unit=unit)
        for one, unit in (("one", U1), ("two", U2))
    ]
    with school.transaction() as db:
        links = [db.get_one(LaunchSession, one).link.id for one in launches]
        for link in db.query(ResourceLink):
            link.line_item_url = f"https://lms.example/{link.id}"
            link.results_wanted_at = None
    with school.transaction() as holding, school.transaction() as db:
        holding.get_one(ResourceLink, links[1], with_for_update=True)
        db.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        own = db.get_one(ResourceLink, links[0])
        readings.want_after_launch(db, own, is_teacher=True, now=now)
        db.flush()
        assert own.results_wanted_at == now
        holding.rollback()
        later = now + timedelta(minutes=10)
        readings.want_after_launch(db, own, is_teacher=True, now=later)
        assert db.get_one(ResourceLink, links[1]).results_wanted_at == later


def test_rosters_and_launches_that_change_the_course_do_not_deadlock(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    people = [f"person-{number}" for number in range(8)]
    launch = school.launch("teacher", teacher=True)
    with school.transaction() as db:
        course_id = db.get_one(LaunchSession, launch).course_id
    assert course_id is not None

    def read_roster(subs: list[str], name: str) -> None:
        members = [
            Member(user_id=sub, is_learner=True, is_active=True, name=f"{sub} {name}")
            for sub in subs
        ]
        with school.transaction() as db:
            memberships.take_in(db, course_id, members, school.now)

    def come(sub: str, roster: str) -> None:
        school.launch(sub, teacher=True, roster=f"https://lms.example/{roster}")

    for number in range(10):
        at_one_moment(
            [
                partial(read_roster, people, str(number)),
                partial(read_roster, people[::-1], f"again {number}"),
                partial(come, people[0], str(number)),
                partial(come, people[-1], f"again-{number}"),
                partial(come, people[3], str(number)),
            ]
        )
