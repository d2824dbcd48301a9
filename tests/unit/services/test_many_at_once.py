"""Many judged in one go: what one by one would come to, with a constant number of statements."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Forbidden, ToolError
from lti_tool.models import Award, CompletionRecord, Delivery, LaunchSession, Person
from lti_tool.services.completing import completions
from lti_tool.services.completing.completions import Judgement, Said
from tests.factories import crowds
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded

MC = samples.welding()
SIGN_OFF = MC.units[2].code
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNED = Judgement(unit=SIGN_OFF, signed_off=True)
EMPTY = Judgement(unit=SIGN_OFF)


@pytest.fixture
def school(database: Database) -> School:
    school = School.open(database, NOON)
    school.publish(MC)
    return school


@pytest.fixture
def teacher(school: School) -> uuid.UUID:
    return school.launch("olha", teacher=True, mc=MC.code, unit=SIGN_OFF)


def sign_off(
    school: School,
    teacher: uuid.UUID,
    subs: list[str],
    judge: Callable[[str], Judgement] = lambda _: SIGNED,
) -> None:
    with school.transaction() as db:
        launch = db.get_one(LaunchSession, teacher)
        people = db.query(Person).filter(Person.sub.in_(subs)).order_by(Person.sub).all()
        said = [Said(one, judge(one.sub), "form") for one in people]
        version = school.version(db, MC.code)
        completions.record_all(
            db, version, said, course=launch.course, assessor=launch.person, now=school.now
        )


@on_each_database
def test_sixty_ask_the_database_as_often_as_five(school: School, teacher: uuid.UUID) -> None:
    with school.transaction() as db:
        course_id = db.get_one(LaunchSession, teacher).course.id
    crowds.fill(school.database, course_id, MC, 65)
    counts = []
    for numbers in (range(5), range(5, 65)):
        with recorded(school.database) as asked:
            sign_off(school, teacher, [f"crowd-{number}" for number in numbers])
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_all_get_their_award_and_score_as_one_by_one(school: School, teacher: uuid.UUID) -> None:
    subs = ["ana", "ben", "cem"]
    for sub in subs:
        school.launch(sub, mc=MC.code, unit=SIGN_OFF)
        for unit in MC.units:
            if unit.code != SIGN_OFF:
                for judgement in crowds.judgements(unit, is_enough=True):
                    school.assess(
                        teacher,
                        sub,
                        MC.code,
                        unit.code,
                        points=judgement["points"],
                        part=judgement["part"],
                        signed_off=judgement["is_signed_off"],
                    )
    with school.transaction() as db:
        assert db.query(Award).count() == 0
    sign_off(school, teacher, subs)
    with school.transaction() as db:
        awards, scores = db.query(Award).all(), db.query(Delivery).all()
        assert {one.person.sub for one in awards} == set(subs)
        assert {one.person.sub for one in scores} == set(subs)
        assert {one.points for one in scores} == {100}


def test_the_same_form_sent_twice_records_once_for_each(school: School, teacher: uuid.UUID) -> None:
    for sub in ("ana", "ben"):
        school.launch(sub, mc=MC.code, unit=SIGN_OFF)
    sign_off(school, teacher, ["ana"])
    sign_off(school, teacher, ["ana", "ben"])
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 2


def test_one_that_must_not_be_kept_keeps_nobody(school: School, teacher: uuid.UUID) -> None:
    for sub in ("ana", "ben"):
        school.launch(sub, mc=MC.code, unit=SIGN_OFF)
    with pytest.raises(ToolError, match="wrong_kind"):
        sign_off(school, teacher, ["ana", "ben"], lambda sub: SIGNED if sub == "ana" else EMPTY)
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 0


def test_many_are_taken_back_with_one_reason_and_only_by_their_course(
    school: School, teacher: uuid.UUID
) -> None:
    other = school.launch("petro", teacher=True, course="other", link="other", mc=MC.code)
    for sub in ("ana", "ben"):
        school.launch(sub, mc=MC.code, unit=SIGN_OFF)
    sign_off(school, teacher, ["ana", "ben"])
    with school.transaction() as db:
        rows = db.query(CompletionRecord).all()
        elsewhere = db.get_one(LaunchSession, other)
        said = {"assessor": elsewhere.person, "reason": "mixed up", "now": school.now}
        with pytest.raises(Forbidden, match="other_course"):
            completions.retract_all(db, rows, course=elsewhere.course, **said)  # type: ignore[arg-type]
        own = db.get_one(LaunchSession, teacher).course
        completions.retract_all(db, rows, course=own, **said)  # type: ignore[arg-type]
    with school.transaction() as db:
        taken = db.query(CompletionRecord).filter(CompletionRecord.retracts_id.is_not(None)).all()
        assert [one.evidence for one in taken] == ["mixed up", "mixed up"]
        standing = completions.standing(
            db, school.person(db, "ana"), school.version(db, MC.code), school.now
        )
        assert not standing.real.unit(SIGN_OFF).is_complete
