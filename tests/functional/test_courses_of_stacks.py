"""A course that offers a micro-credential made of others alone: its grid, links and files."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from badges import definition as definitions
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, PendingAward, Placement
from lti_tool.services.definitions import versions
from tests.factories import courses
from tests.factories.launches import Visitor
from tests.factories.platform import DL
from tests.factories.selecting import Selecting, Sent
from tests.factories.visits import Page, Visits
from tests.functional.test_stacked_micro_credentials import (
    FIRST,
    SECOND,
    complete,
    judge,
    larger,
    publish_next,
    reference,
    revoke,
    visits,
)

__all__ = ["visits"]
PARTS = [reference(FIRST), reference(SECOND)]
METAL = {"mc": "METAL", "unit": "", "link": "metal"}


def grid(visits: Visits, path: str = "course") -> Page:
    return visits.open("olha", teacher=True, **METAL).get(path)


def enter(visits: Visits, *people: str) -> None:
    for sub in people:
        visits.open(sub, **METAL)


def test_the_grid_says_which_parts_each_learner_has(visits: Visits) -> None:
    enter(visits, "ana", "borys")
    complete(visits, FIRST, "ana")
    judge(visits)
    page = grid(visits)
    assert "1 of 2 micro-credentials earned" in page.text
    assert "0 of 2 micro-credentials earned" in page.text
    assert "All of these micro-credentials:" in page.text
    assert FIRST.title["en"] in page.text
    assert page.text.count("not earned yet") == 3
    assert "Completed 1" not in page.text
    assert "Not started 1" in page.text
    assert "Started 1" in page.text
    assert [anchor.text for anchor in grid(visits, "course?show=complete").read.anchors].count(
        "Ana"
    ) == 0


def test_the_grid_says_who_has_earned_and_claimed_it(visits: Visits) -> None:
    enter(visits, "ana", "borys")
    for sub in ("ana", "borys"):
        complete(visits, FIRST, sub)
        complete(visits, SECOND, sub)
    assert "the award is being prepared" in grid(visits).text
    judge(visits)
    assert "Completed 2" in grid(visits).text
    visits.open("ana", **METAL).get().follow("Claim your badge").submit("claim", name="Ana")
    text = grid(visits).text
    assert "Badge claimed" in text
    assert "2 earned the award · 1 claimed the badge" in text
    person = grid(visits).follow("Ana")
    assert "2 of 2 micro-credentials earned" in person.text
    assert "Every record" not in person.text
    assert "units are completed" not in person.text


def test_there_is_nothing_to_record(visits: Visits) -> None:
    enter(visits, "ana", "borys")
    page = grid(visits)
    assert "There is nothing to record here" in page.text
    assert not [form for form in page.read.forms if form.name == "choose"]
    linked = [anchor.text for anchor in page.read.anchors]
    for gone in ("Sign off without network", "Results from a spreadsheet", "Tick all on this page"):
        assert gone not in linked
    offline = grid(visits, "course/offline")
    assert "there is nothing to sign off here" in offline.text
    assert not [form for form in offline.read.forms if form.name == "take"]
    assert "There is nothing to record here" in grid(visits, "course/import").text


def test_the_table_says_which_parts_are_earned_and_is_read_without_them(visits: Visits) -> None:
    enter(visits, "ana")
    complete(visits, FIRST, "ana")
    judge(visits)
    table = grid(visits, "course/results.csv").response.text
    header, row = table.strip("\ufeff").splitlines()
    assert header == f"learner,name,number,{reference(FIRST)},{reference(SECOND)},completed"
    assert re.search(r",Ana Learner,[12],x,,1$", row)  # she and the teacher came at one moment


def test_with_units_of_its_own_it_is_recorded_as_ever_and_its_table_comes_back(
    visits: Visits,
) -> None:
    content = definitions.dump(FIRST) | {"code": "BOTH", "hours": 400}
    unit = {**content["units"][0], "code": "OWN"}
    outcomes = [{**one, "code": f"OWN-{n}"} for n, one in enumerate(unit["outcomes"])]
    content |= {"units": [unit | {"outcomes": outcomes}], "stack": {"parts": PARTS}}
    mc = definitions.load({name: one for name, one in content.items() if name != "choices"})
    visits.school.publish(mc)
    at = {"mc": "BOTH", "unit": "", "link": "both", "course": "both"}
    for sub in ("ana", "borys"):
        visits.open(sub, **at)
    teacher = visits.open("olha", teacher=True, **at)
    complete(visits, FIRST, "ana")
    judge(visits)
    page = teacher.get("course")
    assert "1 of 2 micro-credentials earned" in page.text
    assert "0 of 1 units completed" in page.text
    assert "Record for those ticked" in page.text
    assert "Started 1" in page.text
    table = teacher.get("course/results.csv").response.text
    preview = teacher.get("course/import").submit("table", content=table)
    assert "there is nothing to do" in preview.text


def placed(db: Session) -> Placement:
    return next(one for one in db.query(Placement) if one.version.series.code == "METAL")


@pytest.mark.parametrize("sub", ["ana", "borys"])
def test_learners_have_begun_once_somebody_in_the_course_has_it(visits: Visits, sub: str) -> None:
    enter(visits, "ana")
    complete(visits, FIRST, sub)
    complete(visits, SECOND, sub)
    with visits.school.transaction() as db:
        assert not versions.has_begun(db, placed(db))
    judge(visits)
    with visits.school.transaction() as db:
        assert versions.has_begun(db, placed(db)) is (sub == "ana")


def test_who_waits_for_a_confirmation_has_begun(visits: Visits) -> None:
    enter(visits, "ana")
    settings = visits.open("olha", teacher=True, **METAL).get("course/settings")
    assert settings.submit("settings", confirmations="1").status == 200
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    with visits.school.transaction() as db:
        assert db.query(PendingAward).count() == 1
        assert [one for one in db.query(Award) if one.version.series.code == "METAL"] == []
        assert versions.has_begun(db, placed(db))


def test_a_course_with_holders_is_moved_and_they_keep_what_they_have(visits: Visits) -> None:
    enter(visits, "ana")
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    publish_next(visits)
    page = grid(visits, "course/version")
    assert "keep it until you move them" in page.text
    moved = page.submit("outlook") if page.has_form("outlook") else page.follow("version 2.0")
    assert "1 learner" in moved.text


def test_revoking_a_part_is_seen_in_the_grid(visits: Visits) -> None:
    enter(visits, "ana")
    complete(visits, FIRST)
    complete(visits, SECOND)
    judge(visits)
    revoke(visits, FIRST)
    judge(visits)
    text = grid(visits).text
    assert "1 of 2 micro-credentials earned" in grid(visits).follow("Ana").text
    assert "Withdrawn" in text


def test_one_link_is_offered_with_or_without_its_column(
    visitor: Visitor, published: None, app: Flask, database: Database
) -> None:
    with database.transaction() as db:
        url = app.extensions["credlet"].settings.public_url
        courses.publish(db, larger(), url, clock.now())
    page = Selecting.begin(visitor).units("Metal worker METAL")
    assert "All 0 together" not in page.text
    assert "One for each unit" not in page.text
    (only,) = [one for one in page.form("select").fields if one.name == "unit"]
    assert (only.value, only.is_sent) == ("", True)
    for columns, has_column in (("whole", True), ("none", False)):
        page = Selecting.begin(visitor).units("Metal worker METAL")
        sent = Sent(page.submit("select", columns=columns))
        (item,) = sent.verified(visitor.platform, visitor.client)[DL + "content_items"]
        assert item["custom"]["mc"] == reference(larger())
        assert "unit" not in item["custom"]
        assert ("lineItem" in item) is has_column


def test_whatever_is_ticked_of_it_the_one_link_comes(
    visitor: Visitor, published: None, app: Flask, database: Database
) -> None:
    with database.transaction() as db:
        url = app.extensions["credlet"].settings.public_url
        courses.publish(db, larger(), url, clock.now())
    page = Selecting.begin(visitor).units("Metal worker METAL")
    path, data = page.filled("select")
    sent = Sent(page.visit.post(path, {**data, "unit": []}))
    assert len(sent.verified(visitor.platform, visitor.client)[DL + "content_items"]) == 1
