"""What a course sets for units between which learners choose, and where it offers them."""

from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, Placement
from lti_tool.services.courses import deep_linking
from tests.factories.awards import chosen
from tests.factories.databases import on_each_database
from tests.factories.judgements import passing
from tests.factories.visits import Page, Visit, Visits

# The first and the last are needed, one of the third and fourth, the second is extra.
MC = chosen()
NEEDED, EXTRA, THIRD, FOURTH, LAST = (unit.code for unit in MC.units)
TITLES = {unit.code: unit.title["en"] for unit in MC.units}


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    found.school.publish(MC)
    return found


@pytest.fixture
def olha(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, mc=MC.code, unit=NEEDED)


def save(teacher: Visit, **fields: str) -> Page:
    names = {name.replace("_", "-"): value for name, value in fields.items()}
    return teacher.get("course/settings").submit("settings", **names)


def kept(visits: Visits) -> object:
    with visits.school.transaction() as db:
        return db.query(Placement).one().electives


def elective(code: str, value: str) -> dict[str, str]:
    return {f"elective-{code}": value}


@on_each_database
def test_saving_the_page_as_it_stands_changes_nothing(visits: Visits, olha: Visit) -> None:
    page = save(olha)
    assert "The settings are saved." in page.text
    assert "The definition asks for 1 of these 2 units." in page.text
    assert "The definition needs none of these units: they are extra." in page.text
    assert kept(visits) is None
    with visits.school.transaction() as db:
        assert "placement.settings_changed" not in {row.action for row in db.query(AuditEntry)}


@on_each_database
def test_a_course_asks_for_more_and_leaves_out_and_its_pages_say_so(
    visits: Visits, olha: Visit
) -> None:
    visits.open("ana", mc=MC.code)
    page = save(olha, **elective(THIRD, "needed"), **elective(EXTRA, "left_out"), count_0="2")
    assert "The settings are saved." in page.text
    assert kept(visits) == {"needed": [THIRD], "counts": {"0": 2}, "left_out": [EXTRA]}
    again = olha.get("course/settings").form("settings").fields
    sent = {one.name: one.value for one in again if one.is_sent}
    assert (sent[f"elective-{THIRD}"], sent[f"elective-{EXTRA}"]) == ("needed", "left_out")
    assert (sent[f"elective-{FOURTH}"], sent["count-0"]) == ("", "2")
    heads = olha.get("course").text
    assert f"{TITLES[THIRD]} needed in this course" in heads
    assert f"{TITLES[EXTRA]} not offered in this course" in heads
    assert f"{TITLES[FOURTH]} Choice A" in heads
    back = {**elective(THIRD, ""), **elective(EXTRA, ""), "count_0": "1"}
    assert "The settings are saved." in save(olha, **back).text
    assert kept(visits) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {**elective(THIRD, "left_out"), **elective(FOURTH, "left_out")},
            "The course offers fewer units of a choice than are needed.",
        ),
        (
            {**elective(THIRD, "left_out"), "count_0": "2"},
            "The course offers fewer units of a choice than are needed.",
        ),
        ({"count_0": "0"}, "Choose one of the settings that are shown."),
        ({"count_0": "3"}, "Choose one of the settings that are shown."),
        ({"count_0": "x"}, "Choose one of the settings that are shown."),
        (elective(THIRD, "never"), "Choose one of the settings that are shown."),
    ],
)
def test_what_a_course_cannot_ask_for_is_refused_and_stays_chosen(
    visits: Visits, olha: Visit, fields: dict[str, str], said: str
) -> None:
    page = save(olha, due="2027-01-31", **fields)
    assert (page.status, said in page.text) == (400, True)
    assert 'value="2027-01-31"' in page.html
    assert kept(visits) is None


def test_a_unit_that_everybody_needs_cannot_be_left_out(visits: Visits, olha: Visit) -> None:
    path, data = olha.get("course/settings").filled("settings")
    page = olha.post(path, data | {f"elective-{NEEDED}": ["left_out"]})
    assert page.status == 200
    assert kept(visits) is None


def test_links_are_offered_for_units_that_the_course_offers_only(
    visits: Visits, olha: Visit
) -> None:
    save(olha, **elective(FOURTH, "left_out"))
    chooser = visits.open("petra", teacher=True, mc=MC.code, link="new", custom={})
    with visits.school.transaction() as db:
        version_id = db.query(Placement).one().version_id
    assert _offered(chooser.get(f"choose/{version_id}"), "choose") == [NEEDED, EXTRA, THIRD, LAST]
    selecting = visits.select("petra")
    page = selecting.get(f"select/{version_id}")
    assert _offered(page, "select") == [NEEDED, EXTRA, THIRD, LAST]
    offered = [MC.unit(code) for code in (NEEDED, EXTRA, THIRD, LAST)]
    assert f"grows by {deep_linking.sum_of_columns(offered):.0f} points" in page.text
    path, data = page.filled("select")
    assert selecting.post(path, data | {"unit": [FOURTH]}).status == 400


def _offered(page: Page, form: str) -> list[str]:
    return [one.value for one in page.form(form).fields if one.name == "unit" and one.value]


def test_a_learner_of_two_courses_reads_in_each_what_is_still_to_do(visits: Visits) -> None:
    teachers = {
        course: visits.open(
            "olha", teacher=True, mc=MC.code, unit=NEEDED, course=course, link=course
        )
        for course in ("course", "there")
    }
    save(teachers["course"], count_0="2")
    save(teachers["there"], **elective(EXTRA, "needed"))
    for course, code in (("course", NEEDED), ("there", THIRD), ("there", LAST)):
        for judgement in passing(MC.unit(code)):
            visits.open("ana", mc=MC.code, unit=NEEDED, course=course, link=course)
            visits.school.assess(teachers[course].id, "ana", MC.code, code, **judgement)
    assert visits.school.award("ana", MC.code) is None
    missing = {"course": TITLES[FOURTH], "there": TITLES[EXTRA]}
    for course, unit in missing.items():
        page = visits.open("ana", mc=MC.code, unit=NEEDED, course=course, link=course).get()
        assert f"Next, open this unit in your course: {unit}" in page.text
        assert "waits" not in page.text


def test_a_course_that_names_the_one_to_choose_says_so_and_leaves_no_choice_open(
    visits: Visits, olha: Visit
) -> None:
    save(olha, **elective(THIRD, "needed"))
    text = visits.open("ana", mc=MC.code, unit=NEEDED).get("units").text
    assert f"This course asks for this one of 2 units: {TITLES[THIRD]}. 1 is still missing." in text
    assert "not asked for in this course" in text
    assert "not needed any more" not in text
    assert "units are needed" not in text


def test_who_waits_in_one_course_reads_so_in_the_stricter_one(visits: Visits, olha: Visit) -> None:
    at = {"mc": MC.code, "unit": NEEDED, "course": "there", "link": "there"}
    visits.open("ana", mc=MC.code, unit=NEEDED)
    save(olha, confirmations="1")
    save(visits.open("petra", teacher=True, **at), count_0="2")
    for code in (NEEDED, THIRD, LAST):
        for judgement in passing(MC.unit(code)):
            visits.school.assess(olha.id, "ana", MC.code, code, **judgement)
    waits = "there your award waits for a confirmation"
    page = visits.open("ana", **at).get().text
    assert waits in page
    assert "Next, open this unit in your course" in page
    save(olha, count_0="2")
    page = visits.open("ana", **at).get().text
    assert waits not in page
    assert "Next, open this unit in your course" in page


@on_each_database
def test_what_a_course_asks_for_later_is_further_work_of_who_holds_the_award(
    visits: Visits, olha: Visit
) -> None:
    ana = visits.open("ana", mc=MC.code, unit=NEEDED)
    for code in (NEEDED, THIRD, LAST):
        for judgement in passing(MC.unit(code)):
            visits.school.assess(olha.id, "ana", MC.code, code, **judgement)
    save(olha, count_0="2", **elective(EXTRA, "left_out"))
    for page in (ana.get(), olha.get(f"course/people/{ana.person_id}")):
        said = f"This course asks for 1 more unit, beyond what the award needs: {TITLES[FOURTH]}."
        assert said in page.text
        assert "further work in this course" in page.text
        assert "not offered in this course" in page.text
    page = ana.get().text
    assert "3 of 3 units completed" in page
    assert "Claim your badge" in page
