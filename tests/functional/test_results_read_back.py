"""Grades that a teacher typed into the LMS's gradebook, read back: what they lead to here.

Spec: LTI Assignment and Grade Services 2.0, section 3.3. The LMS behaves as Moodle 4.5 does.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from badges import samples
from badges.rules import EachPartAtLeast
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, Role
from lti_tool.lti.grades import RESULT_SCOPE
from lti_tool.models import CompletionRecord, Delivery, GradebookResult, LaunchSession, ResourceLink
from lti_tool.services.lms import gradebook_results, results
from lti_tool.services.lms.gradebook_results import Question, Verdict
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import Teaching, states, teaching
from tests.factories.threads import at_one_moment

WLD = samples.welding()
U1, U2, U3, *_ = (unit.code for unit in WLD.units)  # 80 of 100 points; …; a sign-off


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        yield served


def records(course: Teaching) -> list[CompletionRecord]:
    with course.school.transaction() as db:
        rows = db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).all()
        for row in rows:
            _ = row.result
        return rows


def questions(course: Teaching, *names: str) -> list[Question]:
    seen = [user for user in course.lms.users() if user.given_name in names]
    standing = {user.id: course.standing(user) for user in seen}
    with course.school.transaction() as db:
        placement = db.get_one(LaunchSession, course.teacher).link.placement
        assert placement is not None
        complete = {course.school.person(db, sub).id: units for sub, units in standing.items()}
        return gradebook_results.questions(db, placement, complete)


def link_of(course: Teaching, unit: str) -> ResourceLink:
    with course.school.transaction() as db:
        return db.query(ResourceLink).filter_by(resource_link_id=course.links[unit].id).one()


# A grade that completes


@on_each_database
def test_a_grade_typed_in_the_lms_completes_the_unit_after_the_next_launch(
    course: Teaching,
) -> None:
    ana = course.learner("Ana", U1)
    course.read()
    course.grade_by_hand(ana, U1, 87.5)
    course.wait(minutes=2)
    course.launch(ana, U1)
    assert course.standing(ana) == set()
    assert course.read() == 1
    assert course.standing(ana) == {U1}
    (record,) = records(course)
    assert (record.route, record.points, record.assessor_id) == ("graded", 87.5, None)
    assert record.result is not None
    assert (record.result.score, record.result.maximum) == (87.5, 100)
    assert (record.result.read_by, record.result.read_at) == ("launch", course.school.now)


def test_the_column_is_read_with_the_media_type_and_scope_of_results_and_no_limit(
    course: Teaching,
) -> None:
    course.learner("Ana", U1)
    assert course.read() == 1
    (request,) = course.lms.token_log
    assert request.scopes == (RESULT_SCOPE,)
    assert link_of(course, U1).results_failure is None


def test_a_grade_is_measured_on_the_scale_of_its_column(course: Teaching) -> None:
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    course.lms.gradebook.change(item, maximum=15)
    ana, ben = course.learner("Ana", U1), course.learner("Ben", U1)
    course.grade_by_hand(ana, U1, 12)
    course.grade_by_hand(ben, U1, 11.99)
    course.read()
    assert (course.standing(ana), course.standing(ben)) == ({U1}, set())
    (record,) = records(course)
    assert record.points == 80


def test_a_full_grade_stands_for_a_sign_off_and_less_does_not(course: Teaching) -> None:
    ana, ben = course.learner("Ana", U3), course.learner("Ben", U3)
    course.grade_by_hand(ana, U3, 100)
    course.grade_by_hand(ben, U3, 99)
    course.read()
    assert (course.standing(ana), course.standing(ben)) == ({U3}, set())
    assert records(course)[0].points is None


def test_a_unit_marked_in_parts_is_not_completed_by_one_grade_and_its_teacher_is_told(
    database: Database, now: datetime
) -> None:
    mc, unit = next(
        (mc, unit.code)
        for mc in samples.all()
        for unit in mc.units
        if isinstance(unit.rule, EachPartAtLeast)
    )
    with teaching(database, now, mc) as course:
        ana = course.learner("Ana", unit)
        course.grade_by_hand(ana, unit, 100)
        course.read()
        assert course.standing(ana) == set()
        (question,) = questions(course, "Ana")
        assert question.verdict is Verdict.UNSUITED


def test_a_comment_without_a_grade_is_no_grade(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    item = course.lms.line_item_of(course.links[U1])
    assert item is not None
    score = {
        "userId": ana.id,
        "timestamp": course.school.now.isoformat(),
        "activityProgress": "Completed",
        "gradingProgress": "PendingManual",
        "comment": "see me",
    }
    course.lms.gradebook.post(item, score, lambda _user: True)
    course.read()
    assert records(course) == []
    assert link_of(course, U1).results_failure is None


# Idempotent, append-only


@on_each_database
def test_an_unchanged_grade_is_recorded_once_however_often_and_by_how_many_it_is_read(
    course: Teaching,
) -> None:
    ana = course.learner("Ana", U1)
    course.grade_by_hand(ana, U1, 85)
    course.read()
    link = link_of(course, U1)
    at_one_moment(
        [lambda: results.read_now(course.courier, link.course_id, "person:x", timedelta(hours=1))]
        * 3
    )
    assert len(records(course)) == 1
    with course.school.transaction() as db:
        assert db.query(GradebookResult).count() == 1


def test_readers_at_one_moment_record_a_new_grade_once(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    course.grade_by_hand(ana, U1, 85)
    link = link_of(course, U1)
    at_one_moment(
        [lambda: results.read_now(course.courier, link.course_id, "person:x", timedelta(hours=1))]
        * 4
    )
    assert len(records(course)) == 1


def test_a_corrected_grade_is_a_record_beside_the_first(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    course.grade_by_hand(ana, U1, 85)
    course.read()
    course.grade_by_hand(ana, U1, 95)
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    assert [record.points for record in records(course)] == [85, 95]


def test_a_record_that_was_taken_back_does_not_return_with_the_same_grade(
    course: Teaching,
) -> None:
    ana = course.learner("Ana", U1)
    course.grade_by_hand(ana, U1, 85)
    course.read()
    course.school.retract(course.teacher, records(course)[0].id)
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    assert course.standing(ana) == set()
    course.grade_by_hand(ana, U1, 90)
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    assert course.standing(ana) == {U1}


# No circle


def test_a_score_sent_from_here_comes_back_as_nothing_new(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    record = course.assess(ana, U1, points=86.666)
    course.deliver()
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    assert [one.route for one in records(course)] == ["assessed"]
    course.school.retract(course.teacher, record)
    course.launch(ana, U1)
    course.wait(hours=2)
    course.read()  # the retraction has not arrived: the LMS still shows our own 86.666
    assert course.standing(ana) == set()
    with course.school.transaction() as db:
        assert db.query(GradebookResult).count() == 0


def test_a_score_whose_answer_was_lost_is_still_known_as_ours(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(status=None, accept=True))
    ana = course.learner("Ana", U1)
    course.assess(ana, U1, points=85)
    course.deliver()
    course.read()
    assert [one.route for one in records(course)] == ["assessed"]


def test_a_score_sent_under_another_address_of_the_column_is_still_known_as_ours(
    course: Teaching,
) -> None:
    """Moodle writes the registration into the address: connected anew, a column has another."""
    ana, ben = course.learner("Ana", U1), course.learner("Ben", U1)
    course.assess(ben, U1, points=85)
    course.deliver()
    with course.school.transaction() as db:
        for row in db.query(Delivery):
            row.line_item_url = row.line_item_url.replace("type_id=", "type_id=7")
    course.launch(ana, U1)
    course.wait(hours=2)
    course.launch(ana, U1)
    assert course.read() == 1
    assert [one.route for one in records(course)] == ["assessed"]
    with course.school.transaction() as db:
        assert db.query(GradebookResult).count() == 0


# A teacher's override is respected


def test_nothing_is_sent_over_a_teachers_grade(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    course.assess(ana, U1, points=85)
    course.deliver()
    course.grade_by_hand(ana, U1, 95)
    course.read()
    course.wait(seconds=2)
    course.assess(ana, U1, points=90)
    course.school.retract(course.teacher, course.assess(ana, U1, points=91))
    course.deliver()
    assert len(course.log) == 1
    assert course.grade(ana, U1).score == 95  # type: ignore[union-attr]


def test_a_score_that_waits_is_not_sent_once_a_teacher_graded(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(503))
    ana = course.learner("Ana", U1)
    course.assess(ana, U1, points=85)
    course.deliver()
    course.grade_by_hand(ana, U1, 40)
    course.read()
    course.wait(hours=1)
    course.deliver()
    assert course.statuses == [503]
    assert states(course)[0][0] == "superseded"


def test_when_the_teacher_lifts_the_grade_what_was_held_back_is_sent(course: Teaching) -> None:
    course.lms.faults.add(Endpoint.SCORES, Fault(503))
    ana = course.learner("Ana", U1)
    course.assess(ana, U1, points=85)
    course.deliver()
    course.grade_by_hand(ana, U1, 40)
    course.read()
    course.grade_by_hand(ana, U1, None)
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    course.deliver()
    assert course.statuses == [503, 200]
    assert course.grade(ana, U1).score == 85  # type: ignore[union-attr]


@pytest.mark.parametrize(("later", "verdict"), [(40, Verdict.BELOW), (None, Verdict.GONE)])
def test_a_grade_that_was_lowered_takes_nothing_away_and_asks_the_teacher(
    course: Teaching, later: float | None, verdict: Verdict
) -> None:
    ana = course.learner("Ana", U1)
    course.grade_by_hand(ana, U1, 85)
    course.read()
    assert questions(course, "Ana") == []
    course.grade_by_hand(ana, U1, later)
    course.wait(hours=2)
    course.launch(ana, U1)
    course.read()
    assert course.standing(ana) == {U1}
    (question,) = questions(course, "Ana")
    assert (question.unit_code, question.verdict) == (U1, verdict)
    with course.school.transaction() as db:
        found = db.get_one(LaunchSession, course.teacher).course
        gradebook_results.settle(
            db, found, question.result.id, actor="person:tea", now=course.school.now
        )
    assert questions(course, "Ana") == []


def test_a_lowered_grade_is_no_question_any_more_once_the_record_was_taken_back(
    course: Teaching,
) -> None:
    ana = course.learner("Ana", U1)
    record = course.assess(ana, U1, points=85)
    course.deliver()
    course.grade_by_hand(ana, U1, 40)
    course.read()
    assert [one.verdict for one in questions(course, "Ana")] == [Verdict.BELOW]
    course.school.retract(course.teacher, record)
    assert questions(course, "Ana") == []


# Tests and strangers


def test_what_a_teacher_was_graded_with_is_not_read(course: Teaching) -> None:
    tea = course.lms.add_user("Tea", "Marin")
    course.lms.enrol(tea, course.course, Role.LEARNER)
    course.launch(tea, U1)
    course.school.launch(
        tea.id, link=course.links[U1].id, course=course.course.id, teacher=True, line_item=None
    )
    course.launch(tea, U1)
    course.grade_by_hand(tea, U1, 100)
    course.read()
    assert records(course) == []


def test_somebody_who_was_never_here_is_left_out(course: Teaching) -> None:
    course.learner("Ana", U1)
    stranger = course.lms.add_user("Sam", "Stranger")
    course.grade_by_hand(stranger, U1, 100)
    course.read()
    assert records(course) == []
