"""Acts at one moment wait for each other, and never for each other in a circle."""

import uuid
from datetime import datetime

from badges import samples
from lti_tool.db import Database
from lti_tool.models import Award, LaunchSession
from lti_tool.services import placements
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
