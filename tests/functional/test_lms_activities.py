"""Activities of the LMS's own: a quiz passed there completes the unit, and no mark is typed twice.

Over HTTP against the demo LMS, which answers as Moodle's web services do.
"""

import pytest

from lti_tool.demo.lms import Endpoint, Fault, Role
from lti_tool.models import Platform
from lti_tool.services.lms import activity_checks
from tests.factories.databases import on_each_database
from tests.factories.moodle import OTHER_UNITS, UNIT, Moodle

# What counts


@pytest.mark.parametrize(
    ("criterion", "minimum", "points", "counts"),
    [
        ("passed", "", 79.9, False),
        ("passed", "", 80, True),
        ("completed", "", 79.9, False),
        ("completed", "", 80, True),
        ("grade", "60", 59.99, False),
        ("grade", "60", 60, True),
        ("grade", "100", 100, True),
    ],
)
def test_a_result_counts_from_what_the_teacher_asked_for(
    site: Moodle, criterion: str, minimum: str, points: float, counts: bool
) -> None:
    ana = site.learner("Ana")
    site.choose(criterion=criterion, minimum=minimum)
    site.lms.grade_quiz(ana, site.quiz, points)
    site.read()
    assert len(site.records(ana)) == counts


def test_a_hidden_grade_counts_once_it_is_shown(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose(criterion="grade", minimum="60")
    site.lms.grade_quiz(ana, site.quiz, 90, is_hidden=True)
    site.read()
    assert site.records(ana) == []
    site.lms.grade_quiz(ana, site.quiz, 90)
    site.look().submit("look-up")
    site.read()
    assert len(site.records(ana)) == 1
    assert "90 of 100" in site.look().text


@on_each_database
def test_asking_again_records_nothing_twice(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose(criterion="grade", minimum="60")
    site.lms.grade_quiz(ana, site.quiz, 90)
    for _ in range(3):
        site.look().submit("look-up")
        site.read()
        site.wait(hours=1)
        site.lms.grade_quiz(ana, site.quiz, 90)  # the same grade, entered again
    assert len(site.records(ana)) == 1
    assert len(site.results(ana)) == 1


def test_a_lowered_grade_asks_the_teacher_and_takes_nothing_by_itself(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose(criterion="grade", minimum="60")
    site.lms.grade_quiz(ana, site.quiz, 90)
    site.read()
    site.lms.grade_quiz(ana, site.quiz, 20)
    site.look().submit("look-up")
    site.read()
    page = site.look()
    assert "now says less" in page.text
    assert [row.points for row in site.results(ana)] == [90, 20]
    assert "You have completed this unit" in site.open(ana).get().text
    page.follow("Take back").submit("retract", reason="the quiz was graded wrongly")
    assert "now says less" not in site.look().text
    assert "You have completed this unit" not in site.open(ana).get().text
    site.lms.grade_quiz(ana, site.quiz, 70)
    site.open(ana)
    site.wait(minutes=1)
    site.open(ana)
    site.read()
    assert "You have completed this unit" in site.open(ana).get().text


def test_a_lowered_grade_can_be_left_until_the_lms_says_something_new(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose(criterion="grade", minimum="60")
    for points in (90, 20):
        site.lms.grade_quiz(ana, site.quiz, points)
        site.look().submit("look-up")
        site.read()
    left = site.look().submit("settle")
    assert "Left as it is." in left.text
    assert "now says less" not in left.text
    assert "You have completed this unit" in site.open(ana).get().text
    site.look().submit("look-up")
    site.read()
    assert "now says less" not in site.look().text
    site.lms.grade_quiz(ana, site.quiz, 10)
    site.look().submit("look-up")
    site.read()
    assert "now says less" in site.look().text


def test_a_course_emptied_for_the_next_year_takes_nothing_away(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    site.lms.grade_quiz(ana, site.quiz, None)
    site.look().submit("look-up")
    site.read()
    assert [row.state for row in site.results(ana)] == ["passed", "incomplete"]
    assert "now says less" not in site.look().text
    assert "You have completed this unit" in site.open(ana).get().text


def test_what_a_teacher_took_back_is_not_recorded_again_for_the_same_result(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    person = site.look().follow("Ana")
    person.follow("Take back").submit("retract", reason="somebody else took the quiz")
    for _ in range(2):
        site.look().submit("look-up")
        site.read()
    assert [row.retracts_id is None for row in site.records(ana)] == [True, False]


def test_another_activity_chosen_later_leaves_what_was_recorded(site: Moodle) -> None:
    ana, bo = site.learner("Ana"), site.learner("Bo")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.wait(seconds=1)  # one of the two is asked about half a second later
    site.read()
    second = site.lms.add_quiz(site.course, "Second", question="?", answers=["a"], right=0)
    site.lms.grade_quiz(ana, second, 10)
    site.lms.pass_quiz(bo, second)
    site.choose(activity=second.module_id)
    site.wait(seconds=1)
    site.read()
    assert len(site.records(ana)) == 1
    (record,) = site.records(bo)
    assert "Second" in site.look().text
    assert record.route == "lms_activity"


# Who is asked about, and when


def test_only_learners_who_were_here_are_asked_about(site: Moodle) -> None:
    ana = site.learner("Ana")
    stranger = site.lms.add_user("Never", "Here")
    site.lms.enrol(stranger, site.course, Role.LEARNER)
    site.lms.pass_quiz(stranger, site.quiz)
    site.choose()
    site.read()
    with site.school.transaction() as db:
        person = site.school.person(db, ana.id).id
    assert [check.person_id for check in site.checks()] == [person]


def test_a_teacher_in_a_students_role_earns_tests_only(site: Moodle) -> None:
    site.choose()
    trying = site.lms.add_user("Try", "Out")
    site.lms.enrol(trying, site.course, Role.LEARNER)
    site.lms.pass_quiz(trying, site.quiz)
    site.open(trying, teacher=True)
    site.open(trying)
    site.read()
    assert len(site.records(trying)) == 1
    assert "Try" not in site.look().text
    assert site.school.award(trying.id, site.visits.mc.code) is None


def test_a_launch_asks_soon_and_others_by_the_clock(site: Moodle) -> None:
    site.choose()
    ana = site.learner("Ana")
    assert site.read() == 1
    site.lms.pass_quiz(ana, site.quiz)
    assert site.read() == 0
    site.wait(hours=3, minutes=1)
    assert site.read() == 1
    assert len(site.records(ana)) == 1


def test_launches_that_follow_each_other_ask_once_more_soon_and_not_each(site: Moodle) -> None:
    site.choose()
    ana = site.learner("Ana")
    site.read()
    site.lms.pass_quiz(ana, site.quiz)
    for _ in range(3):
        site.open(ana)
    assert site.read() == 0
    site.wait(seconds=20)
    assert site.read() == 1
    assert len(site.records(ana)) == 1


def test_a_launch_of_another_unit_asks_as_well(site: Moodle) -> None:
    site.choose()
    ana = site.learner("Ana", unit=OTHER_UNITS[0])
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    assert len(site.records(ana)) == 1


def test_a_course_that_uses_no_activity_is_never_asked_about(site: Moodle) -> None:
    site.learner("Ana")
    assert site.checks() == []
    assert site.read() == 0


def test_a_large_course_is_asked_about_two_a_second(site: Moodle) -> None:
    for number in range(5):
        site.learner(f"Learner {number}")
    site.choose()
    assert site.read() == 1
    site.wait(seconds=1)
    assert site.read() == 2
    site.wait(seconds=1)
    assert site.read() == 2
    assert "5 of 5 learners" in site.look().text


def test_at_most_two_thousand_learners_are_asked_about(
    site: Moodle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_checks, "MOST_LEARNERS", 2)
    for number in range(3):
        site.learner(f"Learner {number}")
    site.choose()
    assert len(site.checks()) == 2


def test_a_worker_that_was_killed_leaves_its_learner_due_again(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    with site.school.transaction() as db:
        assert activity_checks.lease(db, site.school.now) is not None
    assert site.read() == 0
    site.wait(minutes=3)
    site.read()
    assert len(site.records(ana)) == 1


def test_a_disabled_platform_is_not_asked(site: Moodle) -> None:
    site.learner("Ana")
    site.choose()
    with site.school.transaction() as db:
        db.query(Platform).one().disabled_at = site.school.now
    assert site.read() == 0


# When the LMS does not answer


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"views_reports": False}, "may not see completion and grades"),
        ({"courses": frozenset()}, "does not see this course"),
    ],
)
def test_what_the_web_service_may_not_see_is_said_to_the_teacher_and_asked_less_often(
    site: Moodle, change: dict[str, object], words: str
) -> None:
    ana, bo = site.learner("Ana"), site.learner("Bo")
    site.choose()
    site.lms.service_accounts.change(site.token, **change)
    assert site.read() == 1, "the other learner of the course is left alone too"
    assert words in site.look().text
    assert words in site.teacher.get("course").text
    site.lms.service_accounts.change(site.token, views_reports=True, courses=None)
    site.lms.pass_quiz(ana, site.quiz)
    site.lms.pass_quiz(bo, site.quiz)
    assert site.read() == 0
    site.wait(minutes=6)
    site.read()
    assert len(site.records(ana)) == len(site.records(bo)) == 1
    assert words not in site.look().text


def test_a_revoked_token_stops_everything_until_a_new_one_is_connected(site: Moodle) -> None:
    site.learner("Ana")
    site.choose()
    site.lms.service_accounts.revoke(site.token)
    assert site.read() == 1
    assert "no longer accepts the token" in site.look().text
    assert "credlet moodle connect" in site.look().text
    pauses = []
    for _ in range(4):
        connection = site.connection()
        assert connection.paused_until is not None
        pauses.append(connection.paused_until - site.school.now)
        site.wait(seconds=pauses[-1].total_seconds() + 121)
        site.read()
    assert pauses == sorted(set(pauses))
    assert site.token not in site.look().html


def test_a_service_that_is_down_for_a_while_loses_nothing(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.lms.faults.add(Endpoint.WEB_SERVICES, Fault(status=503), times=2)
    site.read()
    assert "could not be reached (HTTP 503)" in site.look().text
    site.wait(minutes=3)
    site.read()
    site.wait(minutes=5)
    site.read()
    assert len(site.records(ana)) == 1
    assert "could not be reached" not in site.look().text
    assert site.connection().failures == 0


def test_a_teacher_who_asks_does_not_wait_for_the_pause(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.lms.faults.add(Endpoint.WEB_SERVICES, Fault(status=503))
    site.read()
    site.look().submit("look-up")
    site.read()
    assert len(site.records(ana)) == 1


@pytest.mark.parametrize(("criterion", "minimum"), [("passed", ""), ("grade", "50")])
def test_an_activity_that_the_lms_no_longer_tells_of_is_said_to_the_teacher(
    site: Moodle, criterion: str, minimum: str
) -> None:
    ana = site.learner("Ana")
    site.choose(criterion=criterion, minimum=minimum)
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    site.lms.remove_quiz(site.quiz)
    site.look().submit("look-up")
    site.read()
    assert "Moodle says nothing about the chosen activity" in site.look().text
    assert "Moodle says nothing about the chosen activity" in site.teacher.get("course").text
    assert len(site.records(ana)) == 1
    assert len(site.results(ana)) == 1


def test_a_list_that_cannot_be_had_says_why_and_can_be_asked_for_again(site: Moodle) -> None:
    site.lms.service_accounts.change(site.token, courses=frozenset())
    site.look().submit("list")
    site.read()
    page = site.look()
    assert "does not see this course" in page.text
    site.lms.service_accounts.change(site.token, courses=None)
    page.submit("list")
    site.read()
    assert "Safety & fire" in site.look().text


def test_somebody_who_left_the_course_is_counted_and_holds_up_nobody(site: Moodle) -> None:
    ana, gone = site.learner("Ana"), site.learner("Gone")
    site.choose()
    site.lms.enrol(gone, site.course, Role.TEACHER)
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    site.wait(seconds=1)
    site.read()
    assert len(site.records(ana)) == 1
    assert "1 learner is unknown in the course there" in site.look().text


def test_a_course_that_no_moodle_could_have_numbered_is_said_so(site: Moodle) -> None:
    teacher = site.visits.open("1", teacher=True, course="no-number", unit=UNIT, link="odd")
    teacher.get(site.page).submit("list")
    site.read()
    assert "does not see this course" in teacher.get(site.page).text


def test_what_is_kept_is_told_to_the_learner_and_is_no_name(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    assert "1 result of its own activities" in site.open(ana).get("data").text
    (result,) = site.results(ana)
    kept = {value for key, value in vars(result).items() if isinstance(value, str)}
    assert kept == {UNIT, "Safety & fire", "passed"}
