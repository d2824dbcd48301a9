"""Two LMSs act for one person at one moment: nobody waits in a circle, nothing is given twice."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import Award, Credential, JoinCode, Person
from lti_tool.services.awarding import credentials, joining
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.completing import stack_checks
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.threads import at_one_moment
from tests.factories.two_schools import FIRST, LARGER, SECOND, TwoSchools, another

ROUNDS = 8


@pytest.fixture
def two(app: Flask, database: Database) -> TwoSchools:
    return TwoSchools.at(app, database, clock.now() - timedelta(hours=1))


def person(db: Session, sub: str) -> Person:
    return db.query(Person).filter_by(sub=sub).one()


def act(two: TwoSchools, what: Callable[[Session], object]) -> object:
    """Do it in a transaction of its own; a refusal is an answer, an error is not."""
    try:
        with two.near.school.transaction() as db:
            return what(db)
    except ToolError as error:
        return error.code


def open_code(two: TwoSchools, maker: str, enterer: str) -> uuid.UUID:
    """Bring a code so far that its maker has but to confirm."""
    with two.near.school.transaction() as db:
        text = joining.make_code(db, person(db, maker), clock.now())
    with two.near.school.transaction() as db:
        code = joining.enter(db, person(db, enterer), text, clock.now())
        assert code is not None
        joining.agree(db, person(db, enterer), code.id, clock.now())
        return code.id


def confirm(two: TwoSchools, maker: str, code: uuid.UUID) -> object:
    return act(two, lambda db: joining.confirm(db, person(db, maker), code, clock.now()))


def leave(two: TwoSchools, sub: str) -> object:
    return act(two, lambda db: joining.leave(db, person(db, sub), clock.now()))


def judge(two: TwoSchools) -> object:
    return stack_checks.judge_next(two.near.school.database, clock.now)


def launch(school: School, sub: str) -> object:
    return school.launch(sub, link="metal", course="metal", mc=LARGER, unit="")


@on_each_database
def test_launches_workers_and_the_joining_at_one_moment_give_one_award(two: TwoSchools) -> None:
    two.complete(two.near, FIRST)
    two.complete(two.far, SECOND)
    for _ in range(ROUNDS):
        code = open_code(two, "ana", "a-17")
        at_one_moment(
            [
                partial(confirm, two, "ana", code),
                partial(launch, two.near.school, "ana"),
                partial(launch, two.far.school, "a-17"),
                partial(judge, two),
                partial(judge, two),
            ]
        )
        at_one_moment(
            [partial(launch, two.near.school, "ana"), partial(launch, two.far.school, "a-17")]
            + [partial(judge, two)] * 3
        )
        two.judge()
        assert len(two.standing()) == 1
        at_one_moment(
            [
                partial(leave, two, "ana"),
                partial(leave, two, "a-17"),
                partial(launch, two.near.school, "ana"),
                partial(launch, two.far.school, "a-17"),
                partial(judge, two),
            ]
        )
        two.judge()
        assert two.standing() == []


@on_each_database
def test_what_both_sides_claim_at_one_moment_is_claimed_once(two: TwoSchools) -> None:
    for visits in (two.near, two.far):
        two.complete(visits, FIRST)
        two.complete(visits, SECOND)
    two.judge()
    confirm(two, "ana", open_code(two, "ana", "a-17"))

    def claim(sub: str) -> object:
        def sign(db: Session) -> object:
            found = [
                row
                for row in db.query(Award).filter_by(withdrawn_at=None)
                if (row.person.sub, row.version.series.code) == (sub, LARGER)
            ]
            wishes = Claim(name="Ana Learner", language="en", email=None)
            signing = two.near.school.signing
            return credentials.claim(
                db, found[0], wishes, signing=signing, actor="x", now=clock.now()
            ).id

        return act(two, sign)

    answers = at_one_moment([partial(claim, "ana"), partial(claim, "a-17")])
    assert "award_claimed_elsewhere" in answers
    two.judge()
    with two.near.school.transaction() as db:
        assert db.query(Credential).count() == 1
    assert len(two.standing()) == 1


@on_each_database
def test_joining_and_leaving_in_every_direction_at_one_moment(two: TwoSchools) -> None:
    schools = {"ana": two.near.school, "a-17": two.far.school}
    schools |= {name: another(two.near.school, name) for name in ("three", "four")}
    for sub, school in schools.items():
        school.launch(sub)
    ring = list(zip(schools, [*list(schools)[1:], next(iter(schools))], strict=True))
    for _ in range(ROUNDS):
        codes = {pair: open_code(two, *pair) for pair in ring}
        answers = at_one_moment(
            [partial(confirm, two, maker, code) for (maker, _), code in codes.items()]
            + [partial(leave, two, "ana"), partial(launch, schools["four"], "four")]
        )
        refused = {one for one in answers if isinstance(one, str)}
        assert refused <= {"join_changed", "join_done"}
        with two.near.school.transaction() as db:
            joint = [one.joint_id for one in db.query(Person) if one.joint_id is not None]
            assert all(joint.count(one) > 1 for one in joint)
        for sub in schools:
            assert leave(two, sub) is None
        with two.near.school.transaction() as db:
            assert all(one.joint_id is None for one in db.query(Person))
            db.query(JoinCode).delete()


@on_each_database
def test_of_two_who_enter_a_code_at_one_moment_one_is_asked(two: TwoSchools) -> None:
    third = another(two.near.school, "third")
    two.near.school.launch("ana")
    two.far.school.launch("a-17")
    third.launch("a3")

    def enter(sub: str, text: str) -> object:
        return act(two, lambda db: joining.enter(db, person(db, sub), text, clock.now()))

    for _ in range(ROUNDS):
        with two.near.school.transaction() as db:
            db.query(joining.JoinAttempt).delete()
            text = joining.make_code(db, person(db, "ana"), clock.now())
        answers = at_one_moment([partial(enter, "a-17", text), partial(enter, "a3", text)])
        assert len([one for one in answers if isinstance(one, JoinCode)]) == 1
        assert not any(isinstance(one, Conflict | NotFound) for one in answers)
