"""What a learner does by themselves counts in each course where it is done."""

import uuid

from badges import samples
from badges.completion import Route
from lti_tool.models import CompletionRecord, Person, Placement
from lti_tool.services.completing import completions
from lti_tool.services.courses import placements
from tests.factories.courses import School

WLD = samples.welding()
CODE = WLD.code
U1, U2 = WLD.units[0].code, WLD.units[1].code


def real_units(school: School, sub: str) -> set[str]:
    """Return the units that count for a real award."""
    with school.transaction() as db:
        person = db.query(Person).filter_by(sub=sub).one()
        found = completions.standing(db, person, school.version(db, CODE), school.now).real
        return {unit.unit for unit in found.units if unit.is_complete}


def open_in_every_course(school: School) -> None:
    """Unlock the first unit wherever it is placed."""
    with school.transaction() as db:
        for placement in db.query(Placement):
            placements.set_route(
                db, placement, U1, Route.UNLOCKED, "a quiz", actor="teacher", now=school.now
            )


def test_what_a_teacher_tried_out_does_not_count_against_them_where_they_learn(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("other", teacher=True, course="other", link="l1", mc=CODE, unit=U1)
    open_in_every_course(school)
    school.launch("teacher", mc=CODE, unit=U1)
    school.confirm(school.launch("teacher", link="l2", mc=CODE, unit=U2), U2)
    assert real_units(school, "teacher") == set()
    school.launch("teacher", course="other", link="l1", mc=CODE, unit=U1)
    there = school.launch("teacher", course="other", link="l3", mc=CODE, unit=U2)
    school.confirm(there, U2)
    assert real_units(school, "teacher") == {U1, U2}


def test_each_course_takes_back_its_own_records_only(school: School, teacher: uuid.UUID) -> None:
    school.confirm(school.launch("ana", link="l2", mc=CODE, unit=U2), U2)
    there = school.launch("ana", course="other", link="l3", mc=CODE, unit=U2)
    school.confirm(there, U2)
    with school.transaction() as db:
        here = db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).first()
        assert here is not None
    school.tick()
    school.retract(teacher, here.id)
    assert real_units(school, "ana") == {U2}
    school.confirm(there, U2)
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 3, "confirmed there before"


def test_an_unlocked_launch_that_was_taken_back_does_not_count_again_in_its_course(
    school: School, teacher: uuid.UUID
) -> None:
    open_in_every_course(school)
    school.launch("ana", mc=CODE, unit=U1)
    with school.transaction() as db:
        record = db.query(CompletionRecord).one().id
    school.tick()
    school.retract(teacher, record)
    school.launch("ana", mc=CODE, unit=U1)
    assert real_units(school, "ana") == set()
