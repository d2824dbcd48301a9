"""A course is moved at the moment at which others launch and record in it."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    LaunchSession,
    MicroCredentialVersion,
    Placement,
    PriorLearningApplication,
)
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import carried, completions, prior_corrections
from lti_tool.services.completing.completions import Judgement
from lti_tool.services.courses import moving
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.courses import School
from tests.factories.judgements import passing
from tests.factories.threads import at_one_moment, somebody_waits
from tests.unit.services.test_prior_learning import UNIT, Applying, assessor

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
        acts: list[Callable[[], object]]
        acts = [moving_of(school), partial(record, "p0"), partial(record, f"p{number}")]
        launches = [partial(school.launch, sub, mc=CODE, unit=U1) for sub in ("p0", "p1", "p7")]
        at_one_moment([partial(unless_refused, act) for act in (*acts, *launches, acts[0])])
        with school.transaction() as db:
            offered = db.scalars(sa.select(Placement)).one().version_id
            every = set(db.scalars(sa.select(CompletionRecord.person_id)))
            here = sa.select(CompletionRecord.person_id).filter_by(version_id=offered)
            assert set(db.scalars(here)) == every


def test_an_assessor_who_corrects_after_a_move_waits_for_nobody_in_a_circle(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    applying = Applying(school, school.launch("ana", mc=CODE, unit=U1))
    asta = signing_in.account(school.database, now, "Asta", Role.ASSESSOR, WLD.awarding_body.slug)
    applying.judge(row := applying.hand_in(), asta)
    ids = [version_of(school)]
    while ids[-1] <= ids[0]:  # so that the record that is carried on is locked second
        school.tick()
        school.publish(replace(WLD, version=f"{len(ids) + 1}.0"))
        ids.append(version_of(school))
    school.tick()
    moving_of(school)()

    def correct() -> None:
        with school.transaction() as db:
            found = db.get_one(PriorLearningApplication, row)
            why = {UNIT.outcomes[0].code: "I took one for another"}
            by = assessor(db, asta)
            prior_corrections.correct(db, found, by, why, revision=found.revision, now=school.now)

    with ThreadPoolExecutor() as pool:
        with school.transaction() as db:
            ana = school.person(db, "ana")
            enrolments.lock(db, ana, db.get_one(MicroCredentialVersion, ids[0]), school.now)
            correction = pool.submit(correct)
            while not somebody_waits(school.database) and not correction.done():
                time.sleep(0.01)
            enrolments.lock(db, ana, db.get_one(MicroCredentialVersion, ids[-1]), school.now)
        correction.result()
    with school.transaction() as db:
        undone = sa.select(CompletionRecord.version_id).filter(
            CompletionRecord.retracts_id.is_not(None)
        )
        assert set(db.scalars(undone)) == {ids[0], ids[-1]}


def test_two_courses_of_one_learner_are_moved_at_one_moment(
    postgres_database: Database, now: datetime
) -> None:
    """While both record, one takes back, and somebody of B comes to A."""
    school = School.open(postgres_database, now)
    school.publish(WLD)
    teachers = {}
    for course in "AB":
        launch = partial(school.launch, course=course, link=course, mc=CODE, unit=U1)
        teachers[course] = launch(f"teacher {course}", teacher=True)
        for sub in ("ana", f"only {course}"):
            launch(sub)
            school.assess(teachers[course], sub, CODE, U1, points=90)

    def act(course: str, key: str) -> None:
        with school.transaction() as db:
            launch = db.get_one(LaunchSession, teachers[course])
            version = placed_in(db, course).version
            made = completions.record(
                db,
                school.person(db, "ana"),
                version,
                Judgement(unit=U1, points=Decimal(85)),
                course=launch.course,
                assessor=launch.person,
                key=key,
                now=school.now,
            )
            if key.endswith("taken back"):
                completions.retract(
                    db,
                    made,
                    course=launch.course,
                    assessor=launch.person,
                    reason="mixed up",
                    now=school.now,
                )

    for number in range(8):
        school.tick()
        school.publish(replace(WLD, version=f"{number + 2}.0"))
        school.tick()
        newcomer = f"late {number}"
        school.launch(newcomer, course="B", link="B", mc=CODE, unit=U1)
        with school.transaction() as db:
            completions.record(
                db,
                school.person(db, newcomer),
                placed_in(db, "B").version,
                Judgement(unit=U1, points=Decimal(90)),
                course=placed_in(db, "B").course,
                assessor=school.person(db, "teacher B"),
                key=newcomer,
                now=school.now,
            )
        visit = partial(school.launch, newcomer, course="A", link="A", mc=CODE, unit=U1)
        acts: list[Callable[[], object]] = [
            moving_of(school, "A"),
            moving_of(school, "B"),
            visit,
        ]
        acts += [partial(act, one, f"{number} {one}") for one in "AB"]
        acts += [partial(act, "B", f"{number} taken back")]
        at_one_moment([partial(unless_refused, one) for one in acts])
        for course in "AB":  # whoever was refused, as somebody recorded meanwhile, does it again
            with school.transaction() as db:
                wants = placed_in(db, course).version.version != f"{number + 2}.0"
            if wants:
                moving_of(school, course)()
        visit()
        with school.transaction() as db:
            late = school.person(db, newcomer).id
            there = placed_in(db, "A").version_id
            mine = sa.select(CompletionRecord).filter_by(person_id=late, version_id=there)
            assert len(db.scalars(mine).all()) == 1, "brought along, once"
            rows_of_all = db.scalars(sa.select(CompletionRecord)).all()
            judged = [row for row in rows_of_all if row.retracts_id is None]
            origins = carried.origins(db, judged)
            named = [(origins[row.id], row.version_id) for row in judged]
            assert len(named) == len(set(named)), "carried twice"
            undone = {row.retracts_id for row in rows_of_all}
            states: dict[uuid.UUID, set[bool]] = {}
            for row in judged:
                states.setdefault(origins[row.id], set()).add(row.id in undone)
            assert all(len(one) == 1 for one in states.values()), "taken back in part"


def test_who_gets_the_award_while_they_come_brings_nothing(
    postgres_database: Database, now: datetime
) -> None:
    """The last unit is recorded in B, in a transaction that a launch in A waits for."""
    school = School.open(postgres_database, now)
    school.publish(WLD)
    for course in "AB":
        launch = partial(school.launch, course=course, link=course, mc=CODE, unit=U1)
        teacher = launch(f"teacher {course}", teacher=True)
    school.launch("ana", course="A", link="A", mc=CODE, unit=U1)
    school.launch("zoe", course="B", link="B", mc=CODE, unit=U1)
    with school.transaction() as db:
        old = placed_in(db, "A").version_id
    school.complete(teacher, "zoe", replace(WLD, units=WLD.units[:-1]))
    school.tick()
    school.publish(replace(WLD, version="2.0"))
    school.tick()
    moving_of(school, "A")()
    with ThreadPoolExecutor() as pool:
        with school.transaction() as db:
            zoe = school.person(db, "zoe")
            version = db.get_one(MicroCredentialVersion, old)
            enrolments.lock(db, zoe, version, school.now)
            coming = pool.submit(school.launch, "zoe", course="A", link="A", mc=CODE, unit=U1)
            while not somebody_waits(school.database) and not coming.done():
                time.sleep(0.01)
            for judgement in passing(WLD.units[-1]):
                completions.record(
                    db,
                    zoe,
                    version,
                    judged(WLD.units[-1].code, **judgement),
                    course=placed_in(db, "B").course,
                    assessor=school.person(db, "teacher B"),
                    key=f"last {judgement.get('part')}",
                    now=school.now,
                )
        coming.result()
    with school.transaction() as db:
        given = sa.select(Award.version_id).filter_by(withdrawn_at=None)
        assert db.scalars(given).all() == [old]


def judged(
    unit: str,
    *,
    points: float | None = None,
    part: str | None = None,
    signed_off: bool = False,
) -> Judgement:
    number = None if points is None else Decimal(str(points))
    return Judgement(unit=unit, points=number, part=part, signed_off=signed_off)


def placed_in(db: Session, course: str) -> Placement:
    return db.scalars(sa.select(Placement).join(Course).filter(Course.context_id == course)).one()


def version_of(school: School) -> uuid.UUID:
    with school.transaction() as db:
        return school.version(db, CODE).id


def moving_of(school: School, course: str = "course") -> Callable[[], object]:
    """Return what moves the course as its teacher was told now."""
    with school.transaction() as db:
        placement = placed_in(db, course)
        newest = moving.newer(db, placement, school.now)[0].id
        seen = moving.outlook(db, placement, newest, school.now).seen

    def move() -> None:
        with school.transaction() as db:
            placement = placed_in(db, course)
            moving.move(db, placement, newest, seen=seen, actor="teacher", now=school.now)

    return move


def unless_refused(act: Callable[[], object]) -> None:
    with suppress(Conflict, NotFound):
        act()
