"""The grid of learners and units: found quickly, and at the same cost for five as for hundreds."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CourseMember, LaunchSession
from tests.factories import crowds
from tests.factories.databases import on_each_database
from tests.factories.statements import recorded
from tests.factories.visits import Page, Visit, Visits

MC = crowds.eight_units()
SAFETY, SIGN_OFF, PARTS = MC.units[0].code, MC.units[2].code, MC.units[3].code


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    visits = Visits.at(app, database, clock.now() - timedelta(days=30))
    visits.school.publish(MC)
    return visits


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    visits.school.now = clock.now() - timedelta(minutes=5)
    return visits.open("olha", teacher=True, mc=f"{MC.awarding_body.slug}/{MC.code}", unit=SAFETY)


def fill(visits: Visits, teacher: Visit, size: int) -> None:
    with visits.school.transaction() as db:
        course_id = db.get_one(LaunchSession, teacher.id).course.id
        start = db.query(CourseMember).filter_by(is_tester=False).count()
    crowds.fill(visits.school.database, course_id, MC, size, start)


def names(page: Page) -> list[str]:
    return [one.text for one in page.read.anchors if "/course/people/" in one.href]


@on_each_database
def test_the_grid_asks_the_database_as_often_for_hundreds_as_for_five(
    visits: Visits, teacher: Visit
) -> None:
    for address in ("course", f"course/units/{SAFETY}", "course?show=stuck&sort=least&q=a"):
        teacher.get(address)
    counts = []
    for more in (5, 300):
        fill(visits, teacher, more)
        for address in ("course", f"course/units/{SAFETY}", "course?show=stuck&sort=least&q=a"):
            with recorded(visits.school.database) as asked:
                assert teacher.get(address).status == 200
            counts.append(len(asked))
    assert counts[:3] == counts[3:]


def test_it_is_narrowed_by_state_unit_and_name_and_turned_page_by_page(
    visits: Visits, teacher: Visit
) -> None:
    fill(visits, teacher, 120)
    page = teacher.get("course")
    assert len(names(page)) == 50
    assert "1 to 50 of 120" in page.text
    assert "51 to 100 of 120" in page.follow("More").text
    assert "101 to 120 of 120" in page.follow("More").follow("More").text
    stuck = page.follow("Stuck")
    assert "not enough yet" in stuck.text
    assert 0 < len(names(stuck)) < 120
    said = next(one.text for one in page.read.anchors if one.text.startswith("Not started"))
    assert len(names(page.follow("Not started"))) == int(said.split()[-1]) == 33
    found = teacher.get(f"course?q=cigdem+0002&unit={SAFETY}")
    assert names(found) == ["Çiğdem Learner 0002"]
    assert "Reading a welding" not in found.html.partition("<thead")[2].partition("</thead")[0]
    assert "Nobody is found." in teacher.get("course?q=nobody-of-this-name").text


def test_what_an_address_misspells_is_passed_over(visits: Visits, teacher: Visit) -> None:
    fill(visits, teacher, 5)
    for query in ("show=nonsense", "sort=", "page=-1", "page=9999999", "unit=x", "q=++"):
        page = teacher.get(f"course?{query}")
        assert page.status == 200
        assert len(names(page)) == 5, query


def test_a_column_opens_the_unit_for_the_learners_that_were_shown(
    visits: Visits, teacher: Visit
) -> None:
    fill(visits, teacher, 120)
    page = teacher.get("course?q=Learner+000").follow(str(MC.units[0].title.best("en")))
    assert len(names(page)) == 10
    saved = page.submit("record", **{next(iter(points_fields(page))): "100"})
    assert "Recorded for 1 learner." in saved.text
    assert len(names(saved)) == 10, "the page stays narrowed"


def test_marks_of_parts_are_named(visits: Visits, teacher: Visit) -> None:
    fill(visits, teacher, 5)
    assert "Test piece in position PA: 70" in teacher.get("course").text


def points_fields(page: Page) -> list[str]:
    fields = page.form("record").fields
    return [one.name for one in fields if one.name and one.name.startswith("points-")]


def test_those_ticked_in_the_grid_are_recorded_for_one_unit(visits: Visits, teacher: Visit) -> None:
    fill(visits, teacher, 20)
    page = teacher.get("course?show=open")
    ids = rows(page)[:3]
    unit = page.submit("choose", row=ids, unit=SIGN_OFF)
    assert len(names(unit)) == 3
    assert unit.filled("record")[1]["person"] == ids, "they are ticked"
    saved = unit.submit("record", evidence="seen at https://school.example/log?a=1&b=2.")
    assert "Recorded for 3 learners." in saved.text
    person = teacher.get(f"course/people/{ids[0]}")
    assert 'href="https://school.example/log?a=1&amp;b=2"' in person.html
    assert "Tick at least one learner" not in unit.text
    assert page.submit("choose", row=ids, unit="x").status == 404


def test_who_ticked_nobody_is_asked_and_takes_all_only_by_choice(
    visits: Visits, teacher: Visit
) -> None:
    fill(visits, teacher, 20)
    page = teacher.get("course?show=open")
    asked = page.submit("choose", unit=SIGN_OFF)
    assert (asked.status, asked.has_form("record")) == (400, False)
    assert "Nobody is ticked" in asked.text
    every = asked.submit("all")
    assert rows(every) == rows(page)
    assert every.filled("record")[1]["person"] == rows(page)
    assert rows(asked.follow("Back, to tick some")) == rows(page)


def test_all_on_a_page_are_ticked_by_a_link(visits: Visits, teacher: Visit) -> None:
    fill(visits, teacher, 20)
    ticked = teacher.get("course?show=open").follow("Tick all on this page")
    assert ticked.filled("choose")[1]["row"] == rows(ticked) != []
    assert "row" not in ticked.follow("Tick nobody").filled("choose")[1]


def test_a_whole_column_is_signed_off_after_a_question_and_undone_in_one_go(
    visits: Visits, teacher: Visit
) -> None:
    fill(visits, teacher, 120)
    page = teacher.get(f"course/units/{SIGN_OFF}?show=open")
    ask = page.follow("on every page")
    many = len(ask.filled("record")[1]["person"])
    assert f"Sign off {many} learners at once?" in ask.text
    assert many > 50
    saved = ask.submit("record", evidence="workshop of 3 March")
    assert f"Recorded for {many} learners." in saved.text
    assert "Nobody is left" in teacher.get(f"course/units/{SIGN_OFF}/whole?show=open").text
    undo = saved.follow("Undo")
    asked = [name for name in listed(ask) if name]
    assert listed(undo) == asked == sorted(asked, key=str.casefold), "as the grid sorts them"
    assert undo.submit("undo", reason=" ").status == 400
    undone = undo.submit("undo", reason="wrong class")
    assert "The results were taken back." in undone.text
    again = teacher.get(f"course/units/{SIGN_OFF}/whole?show=open")
    assert f"Sign off {many} learners at once?" in again.text
    assert undo.submit("undo", reason="wrong class").status == 404, "there is nothing left of it"


def test_only_ones_own_form_is_undone_and_points_are_no_column(
    visits: Visits, teacher: Visit
) -> None:
    fill(visits, teacher, 5)
    unit = teacher.get("course").submit("choose", row=rows(teacher.get("course")), unit=SIGN_OFF)
    saved = unit.submit("record", person=rows(unit)[:1])
    address = next(one.href for one in saved.read.anchors if one.text == "Undo")
    colleague = visits.open("petro", teacher=True, mc=f"{MC.awarding_body.slug}/{MC.code}")
    own = address.replace(str(teacher.id), str(colleague.id))
    assert teacher.get(address).has_form("undo")
    assert not colleague.get(own).has_form("undo")
    assert not teacher.get(f"course/units/{SIGN_OFF}/batch?batch={'0' * 32}").has_form("undo")
    assert MC.units[0].title.best("en") in teacher.get(f"course/units/{SAFETY}/whole").text


def listed(page: Page) -> list[str]:
    """Return the names that stand under "Who they are"."""
    return re.findall(
        "<li>([^<]*)</li>", page.html.split('<ul class="names">')[1].split("</ul>")[0]
    )


def rows(page: Page) -> list[str]:
    form = "choose" if page.has_form("choose") else "record"
    return [one.value for one in page.form(form).fields if one.name == "row"]
