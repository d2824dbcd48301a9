"""A Moodle with a quiz, connected to the tool, and people who visit both.

with moodle(app, database, now) as site:
    ana = site.learner("Ana")
    site.choose(criterion="passed")
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from badges import samples
from lti_tool.db import Database
from lti_tool.demo.lms import Course, LmsConfig, LmsState, Quiz, Role, User, create_lms
from lti_tool.demo.serving import free_port, serving
from lti_tool.lti.moodle_web_services import Site
from lti_tool.models import (
    ActivityCheck,
    ActivityResult,
    CompletionRecord,
    MoodleConnection,
    Registration,
)
from lti_tool.outbound import Outbound
from lti_tool.services.lms import moodle as connections
from lti_tool.services.lms import moodle_reading
from lti_tool.services.outbox.scores import Courier
from tests.factories.courses import School
from tests.factories.visits import Page, Visit, Visits

UNIT, *OTHER_UNITS = (unit.code for unit in samples.welding().units)


@dataclass
class Moodle:
    """`visits.school.now` is the clock of both sides; a test sets `lti_tool.clock` by it too."""

    visits: Visits
    lms: LmsState
    course: Course
    quiz: Quiz
    teacher: Visit
    token: str

    @property
    def school(self) -> School:
        return self.visits.school

    @property
    def courier(self) -> Courier:
        return Courier(
            database=self.school.database,
            outbound=Outbound(("127.0.0.1",)),
            encryption=self.school.encryption,
            clock=lambda: self.school.now,
        )

    def learner(self, name: str, *, unit: str = UNIT) -> User:
        """Enrol somebody in the LMS, who opens a unit."""
        user = self.lms.add_user(name, "Learner")
        self.lms.enrol(user, self.course, Role.LEARNER)
        self.open(user, unit=unit)
        return user

    def open(self, user: User, *, unit: str | None = UNIT, teacher: bool = False) -> Visit:
        return self.visits.open(
            user.id,
            teacher=teacher,
            course=self.course.id,
            unit=unit,
            link=f"link {unit}",
            name=user.given_name,
        )

    @property
    def page(self) -> str:
        return f"course/units/{UNIT}/activity"

    def look(self) -> Page:
        """Return the teacher's page about the activity of the unit."""
        return self.teacher.get(self.page)

    def choose(self, **fields: Any) -> Page:
        """Get the list as a teacher does, and choose the quiz."""
        self.look().submit("list")
        self.read()
        given = {"activity": self.quiz.module_id, "criterion": "passed", **fields}
        return self.look().submit("activity", **given)

    def read(self, most: int = 50) -> int:
        """Do all that is due; return how many steps that were."""
        for steps in range(most):
            if not moodle_reading.read_next(self.courier):
                return steps
        return most

    def wait(self, **by: float) -> None:
        self.school.now += timedelta(**by)

    def records(self, user: User) -> list[CompletionRecord]:
        with self.school.transaction() as db:
            person = self.school.person(db, user.id)
            found = db.query(CompletionRecord).filter_by(person_id=person.id)
            return found.order_by(CompletionRecord.recorded_at).all()

    def results(self, user: User) -> list[ActivityResult]:
        with self.school.transaction() as db:
            person = self.school.person(db, user.id)
            found = db.query(ActivityResult).filter_by(person_id=person.id)
            return found.order_by(ActivityResult.sequence).all()

    def checks(self) -> list[ActivityCheck]:
        with self.school.transaction() as db:
            return db.query(ActivityCheck).all()

    def connection(self) -> MoodleConnection:
        with self.school.transaction() as db:
            return db.query(MoodleConnection).one()


@contextmanager
def moodle(app: Flask, database: Database, now: datetime) -> Iterator[Moodle]:
    port = free_port()
    config = LmsConfig(issuer=f"http://127.0.0.1:{port}", clock=lambda: school.now)
    lms = LmsState(config)
    course = lms.add_course("Welding")
    quiz = lms.add_quiz(course, "Safety & fire", question="?", answers=["a", "b"], right=1)
    school = School.open(database, now, issuer=config.issuer)
    school.encryption = app.extensions["credlet"].encryption
    school.publish(samples.welding())
    visits = Visits(app, school)
    token = lms.service_accounts.add()
    with database.transaction() as db:
        connections.connect(
            db,
            db.get_one(Registration, school.registration_id).platform_id,
            Site(config.issuer, token),
            encryption=school.encryption,
            actor="operator",
            now=now,
        )
    teacher = visits.open("1", teacher=True, course=course.id, unit=UNIT, link="teaching")
    with serving(create_lms(config, lms), port=port):
        yield Moodle(visits, lms, course, quiz, teacher, token)
