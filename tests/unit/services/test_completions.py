"""From judgements to awards: what a course's teacher records and what follows."""

import uuid
from datetime import datetime

import pytest

from badges import samples
from badges.completion import Route
from lti_tool.db import Database
from lti_tool.errors import Forbidden, ToolError
from lti_tool.models import Award, CompletionRecord
from tests.factories.courses import School
from tests.factories.judgements import passing
from tests.factories.threads import at_one_moment

WLD = samples.welding()
U1, U2, U3, U4, U5 = (unit.code for unit in WLD.units)
CODE = WLD.code


def test_completing_every_unit_grants_one_award(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    award = school.award("ana", CODE)
    assert award is not None
    assert not award.is_test
    assert [result["unit"] for result in award.results] == [U1, U2, U3, U4, U5]
    assert award.assessors == 1


def test_points_below_the_minimum_grant_nothing(school: School, teacher: uuid.UUID) -> None:
    school.launch("ben", mc=CODE, unit=U1)
    for unit in WLD.units[1:]:
        for judgement in __import__("tests.factories.judgements", fromlist=["passing"]).passing(
            unit
        ):
            school.assess(teacher, "ben", CODE, unit.code, **judgement)
    school.assess(teacher, "ben", CODE, U1, points=79)
    assert school.award("ben", CODE) is None
    school.assess(teacher, "ben", CODE, U1, points=80)
    assert school.award("ben", CODE) is not None


def test_a_repeated_submission_is_recorded_once(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    first = school.assess(teacher, "ana", CODE, U1, points=90, key="form-1")
    second = school.assess(teacher, "ana", CODE, U1, points=90, key="form-1")
    assert first == second
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 1


@pytest.mark.parametrize(
    ("judgement", "code"),
    [
        ({"points": 101}, "points_out_of_range"),
        ({"points": -1}, "points_out_of_range"),
        ({"signed_off": True}, "wrong_kind"),
        ({"points": 80, "part": "pa"}, "wrong_kind"),
    ],
)
def test_a_judgement_that_the_rule_cannot_use_is_refused(
    school: School, teacher: uuid.UUID, judgement: dict[str, object], code: str
) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    with pytest.raises(ToolError, match=code):
        school.assess(teacher, "ana", CODE, U1, **judgement)  # type: ignore[arg-type]


def test_a_retraction_before_the_claim_withdraws_the_award(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    with school.transaction() as db:
        first = db.query(CompletionRecord).filter_by(unit_code=U1).one().id
    extra = school.assess(teacher, "ana", CODE, U1, points=100)
    school.tick()
    school.retract(teacher, first)
    assert school.award("ana", CODE) is not None, "another record still meets the rule"
    school.retract(teacher, extra)
    assert school.award("ana", CODE) is None
    with school.transaction() as db:
        reasons = {award.withdrawn_reason for award in db.query(Award)}
        assert reasons == {"no_longer_complete"}
    school.tick()
    school.assess(teacher, "ana", CODE, U1, points=85)
    assert school.award("ana", CODE) is not None, "completed again, awarded again"


def test_only_the_course_of_a_record_can_take_it_back(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    record = school.assess(teacher, "ana", CODE, U1, points=90)
    elsewhere = school.launch("other", teacher=True, course="other", link="l2", mc=CODE, unit=U1)
    with pytest.raises(Forbidden, match="other_course"):
        school.retract(elsewhere, record)


def test_a_record_counts_in_every_course(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    school.launch("ana", mc=CODE, unit=U1, course="other", link="l2")
    elsewhere = school.launch("other", teacher=True, course="other", link="l2", mc=CODE, unit=U1)
    units = [unit.code for unit in WLD.units]
    for unit in WLD.units:
        here = teacher if units.index(unit.code) % 2 else elsewhere
        for judgement in passing(unit):
            school.assess(here, "ana", CODE, unit.code, **judgement)
    assert school.award("ana", CODE) is not None


def test_an_unlocked_launch_completes_the_unit_without_points(
    school: School, teacher: uuid.UUID
) -> None:
    school.set_route(teacher, U1, Route.UNLOCKED, "quiz passed with 80 %")
    school.launch("ana", mc=CODE, unit=U1)
    school.launch("ana", mc=CODE, unit=U1)
    with school.transaction() as db:
        record = db.query(CompletionRecord).one()
        assert (record.route, record.points, record.assessor_id) == ("unlocked", None, None)
        assert record.evidence == "quiz passed with 80 %"


def test_the_launch_of_another_unit_unlocks_nothing(school: School, teacher: uuid.UUID) -> None:
    school.set_route(teacher, U1, Route.UNLOCKED, "quiz passed")
    school.launch("ana", link="l2", mc=CODE, unit=U2)
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 0


def test_participation_counts_where_the_definition_allows_it(
    school: School, teacher: uuid.UUID
) -> None:
    school.set_route(teacher, U2, Route.PARTICIPATION)
    launch = school.launch("ana", link="l2", mc=CODE, unit=U2)
    school.confirm(launch, U2)
    school.confirm(launch, U2)
    with school.transaction() as db:
        assert db.query(CompletionRecord).one().route == "participation"
    with pytest.raises(ToolError, match="participation_not_allowed"):
        school.set_route(teacher, U1, Route.PARTICIPATION)


def test_participation_can_be_confirmed_anew_after_it_was_taken_back(
    school: School, teacher: uuid.UUID
) -> None:
    launch = school.launch("ana", link="l2", mc=CODE, unit=U2)
    school.confirm(launch, U2)
    with school.transaction() as db:
        record_id = db.query(CompletionRecord).one().id
    school.tick()
    school.retract(teacher, record_id)
    school.tick()
    school.confirm(launch, U2)
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 3


def test_a_teacher_with_a_switched_role_earns_a_test_award_only(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("teacher", mc=CODE, unit=U1)  # "switch role": a learner's role, the same sub
    colleague = school.launch("colleague", teacher=True, mc=CODE, unit=U1)
    school.complete(colleague, "teacher", WLD)
    assert school.award("teacher", CODE) is None
    assert school.award("teacher", CODE, is_test=True) is not None


def test_a_learner_who_turns_out_to_teach_loses_the_unclaimed_award(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("tutor", mc=CODE, unit=U1)
    school.complete(teacher, "tutor", WLD)
    assert school.award("tutor", CODE) is not None
    school.launch("tutor", teacher=True, mc=CODE, unit=U1)
    assert school.award("tutor", CODE) is None
    assert school.award("tutor", CODE, is_test=True) is not None


def test_a_test_user_of_the_platform_earns_a_test_award_only(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("preview", mc=CODE, unit=U1, test_user=True)
    school.complete(teacher, "preview", WLD)
    assert school.award("preview", CODE) is None
    assert school.award("preview", CODE, is_test=True) is not None


def test_records_are_append_only(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", mc=CODE, unit=U1)
    record = school.assess(teacher, "ana", CODE, U1, points=50)
    with pytest.raises(TypeError, match="append-only"), school.transaction() as db:  # noqa: PT012
        db.get_one(CompletionRecord, record).points = 100  # type: ignore[assignment]
        db.flush()
    with pytest.raises(TypeError, match="append-only"), school.transaction() as db:  # noqa: PT012
        db.delete(db.get_one(CompletionRecord, record))
        db.flush()


def test_two_sign_offs_at_one_moment_grant_exactly_one_award(
    each_database: Database, now: datetime
) -> None:
    care = next(mc for mc in samples.all() if mc.code == "BEM-S-CARE1")
    last = care.units[-1]
    school = School.open(each_database, now)
    school.publish(care)
    teachers = [
        school.launch(name, teacher=True, mc=care.code, unit=last.code) for name in ("t1", "t2")
    ]
    for attempt in range(50):
        sub = f"learner-{attempt}"
        school.launch(sub, mc=care.code, unit=last.code)
        for unit in care.units[:-1]:
            for judgement in passing(unit):
                school.assess(teachers[0], sub, care.code, unit.code, **judgement)
        at_one_moment(
            [
                lambda t=teacher, s=sub: school.assess(t, s, care.code, last.code, signed_off=True)
                for teacher in teachers
            ]
        )
        with school.transaction() as db:
            person = school.person(db, sub)
            assert db.query(Award).filter_by(person_id=person.id).count() == 1
