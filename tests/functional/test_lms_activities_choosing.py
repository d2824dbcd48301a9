"""From a teacher's choice of an LMS's own activity to the learner's unit.

Over HTTP against the demo LMS, which answers as Moodle's web services do.
"""

import pytest
from flask import Flask

from badges.completion import Route
from lti_tool.models import AuditEntry, MoodleConnection
from tests.factories.databases import on_each_database
from tests.factories.moodle import UNIT, Moodle

# From the teacher's choice to the learner's unit


@on_each_database
def test_a_quiz_passed_in_the_lms_completes_the_unit_without_anybody_typing(site: Moodle) -> None:
    ana = site.learner("Ana")
    chosen = site.choose(criterion="passed")
    assert "Chosen." in chosen.text
    assert "Safety & fire (quiz)" in chosen.text
    assert "it is passed" in chosen.text
    assert "Complete this in your course: “Safety & fire”" in site.open(ana).get().text
    site.read()
    assert site.records(ana) == []
    site.lms.grade_quiz(ana, site.quiz, 85)
    site.wait(minutes=10)
    site.open(ana)
    assert site.read() == 1
    (record,) = site.records(ana)
    assert (record.route, record.unit_code, record.assessor_id) == ("lms_activity", UNIT, None)
    page = site.open(ana).get()
    assert "You have completed this unit" in page.text
    assert "Completed in an activity of the learning platform" in page.text
    person = site.look().follow("Ana")
    assert "“Safety & fire” in the learning platform: passed" in person.text


def test_the_award_names_the_activity_that_a_unit_rests_on(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose(criterion="passed")
    site.lms.pass_quiz(ana, site.quiz)
    site.read()
    for unit in site.visits.mc.units:
        if unit.code != UNIT:
            site.school.set_route(site.teacher.id, unit.code, Route.UNLOCKED, "exam")
            site.open(ana, unit=unit.code)
    badge = site.open(ana, unit=None).get("claim").submit("claim")
    entries = badge.visit.get("badge.json").response.json["evidence"]
    narrative = entries[0]["narrative"]
    assert "it reported that the learner completed an activity of its own" in narrative
    assert narrative.endswith("Safety & fire")


def test_the_page_leads_from_nothing_to_a_list_by_way_of_a_question(site: Moodle) -> None:
    unit = site.teacher.get(f"course/units/{UNIT}")
    page = unit.follow("Let a quiz or assignment of your learning platform complete it")
    assert "Credlet asks your learning platform which activities" in page.text
    assert not page.has_form("activity")
    asked = page.submit("list")
    assert "is being asked for its activities" in asked.text
    site.read()
    shown = asked.follow("Show the list")
    assert "Safety & fire" in shown.text
    assert "quiz · General" in shown.text


def test_a_course_without_activities_says_what_to_do(site: Moodle, app: Flask) -> None:
    other = site.lms.add_course("Empty")
    teacher = site.visits.open("1", teacher=True, course=other.id, unit=UNIT, link="elsewhere")
    teacher.get(site.page).submit("list")
    site.read()
    page = teacher.get(site.page)
    assert "This course has no activity of its own yet" in page.text
    assert page.has_form("list")


def test_an_lms_that_is_not_connected_says_who_can_connect_it(site: Moodle) -> None:
    with site.school.transaction() as db:
        db.delete(db.query(MoodleConnection).one())
    page = site.look()
    assert "Your learning platform is not connected yet" in page.text
    assert not page.has_form("list")


@pytest.mark.parametrize(
    "fields",
    [
        {"criterion": "grade", "minimum": ""},
        {"criterion": "grade", "minimum": "0"},
        {"criterion": "grade", "minimum": "101"},
        {"criterion": "grade", "minimum": "many"},
        {"activity": "999999"},
        {"activity": "x" * 400},
    ],
)
def test_a_choice_that_makes_no_sense_is_said_above_the_form(
    site: Moodle, fields: dict[str, str]
) -> None:
    refused = site.choose(**fields)
    assert refused.status in {400, 404}
    assert refused.has_form("activity")
    assert 'role="alert"' in refused.html
    assert "Assessed here" in site.teacher.get(f"course/units/{UNIT}").text
    assert site.checks() == []


def test_a_choice_is_in_the_audit_log_with_ids_and_no_names(site: Moodle) -> None:
    site.choose(criterion="grade", minimum="62,5 %")
    with site.school.transaction() as db:
        (entry,) = db.query(AuditEntry).filter_by(action="unit.activity_chosen").all()
    assert entry.actor == f"person:{site.teacher.person_id}"
    assert entry.details == {
        "unit": UNIT,
        "activity": site.quiz.module_id,
        "criterion": "grade",
        "minimum": "62.5",
    }


def test_the_teacher_may_go_back_to_assessing_and_to_the_activity_again(site: Moodle) -> None:
    ana = site.learner("Ana")
    site.choose()
    unit = site.teacher.get(f"course/units/{UNIT}")
    unit.submit("route", route="assessed")
    site.lms.pass_quiz(ana, site.quiz)
    site.wait(hours=4)
    assert site.read() == 0
    assert site.records(ana) == []
    again = site.teacher.get(f"course/units/{UNIT}").submit("route", route="lms_activity")
    assert "Changed." in again.text
    site.read()
    assert len(site.records(ana)) == 1


def test_an_activity_that_was_never_chosen_cannot_be_the_way(site: Moodle) -> None:
    unit = site.teacher.get(f"course/units/{UNIT}")
    assert 'value="lms_activity"' not in unit.html
    assert unit.submit("route", route="lms_activity").status == 404


def test_marks_that_say_completed_are_never_all_that_a_learner_has_to_show(site: Moodle) -> None:
    """Such a mark can be the learner's own tick: one unit at least is assessed."""
    assert "Chosen." in site.choose(criterion="completed").text
    asking = [one.code for one in site.visits.mc.units if not one.allows_participation]
    *others, last = [code for code in asking if code != UNIT]
    given = {"activity": str(site.quiz.module_id)}
    for code in others:
        page = site.teacher.get(f"course/units/{code}/activity")
        assert "Chosen." in page.submit("activity", criterion="completed", **given).text
    page = site.teacher.get(f"course/units/{last}/activity")
    refused = page.submit("activity", criterion="completed", **given)
    assert refused.status == 400
    assert "nobody would assess anything" in refused.text
    assert "Chosen." in page.submit("activity", criterion="passed", **given).text
    first = site.look().submit("activity", criterion="passed", **given)
    assert "Chosen." in first.text
