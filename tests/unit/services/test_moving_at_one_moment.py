"""A course is moved at the moment at which others launch and record in it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

import sqlalchemy as sa

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import CompletionRecord, LaunchSession, Placement
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import moving
from tests.factories.courses import School
from tests.unit.services.test_concurrency import at_one_moment

WLD = samples.welding()
CODE, U1 = WLD.code, WLD.units[0].code


def test_moving_waits_for_nobody_in_a_circle_and_leaves_nothing_behind(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    for number in range(8):
        school.launch(f"p{number}", mc=CODE, unit=U1)
    school.assess(teacher, "p0", CODE, U1, points=90)

    def record(sub: str) -> None:
        with school.transaction() as db:
            launch = db.get_one(LaunchSession, teacher)
            version = db.scalars(sa.select(Placement)).one().version
            completions.record(
                db,
                school.person(db, sub),
                version,
                Judgement(unit=U1, points=Decimal(85)),
                course=launch.course,
                assessor=launch.person,
                key=f"{sub}:{version.version}",
                now=school.now,
            )

    for number in range(8):
        school.tick()
        school.publish(replace(WLD, version=f"{number + 2}.0"))
        school.tick()
        acts = [moving_of(school), partial(record, "p0"), partial(record, f"p{number}")]
        launches = [partial(school.launch, sub, mc=CODE, unit=U1) for sub in ("p0", "p1", "p7")]
        at_one_moment([partial(unless_refused, act) for act in (*acts, *launches, acts[0])])
        with school.transaction() as db:
            offered = db.scalars(sa.select(Placement)).one().version_id
            every = set(db.scalars(sa.select(CompletionRecord.person_id)))
            here = sa.select(CompletionRecord.person_id).filter_by(version_id=offered)
            assert set(db.scalars(here)) == every


def moving_of(school: School) -> Callable[[], object]:
    """Return what moves the course as its teacher was told now."""
    with school.transaction() as db:
        placement = db.scalars(sa.select(Placement)).one()
        newest = moving.newer(db, placement, school.now)[0].id
        seen = moving.outlook(db, placement, newest, school.now).seen

    def move() -> None:
        with school.transaction() as db:
            placement = db.scalars(sa.select(Placement)).one()
            moving.move(db, placement, newest, seen=seen, actor="teacher", now=school.now)

    return move


def unless_refused(act: Callable[[], object]) -> None:
    with suppress(Conflict, NotFound):
        act()
