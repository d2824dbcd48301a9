"""Signing off on paper: the sheet, and typing it back in by numbers."""

from datetime import timedelta

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import CompletionRecord
from tests.factories.visits import Page, Visit, Visits

SAFETY, READING, SIGN_OFF, PARTS = (f"BEM-S-WLD1-U{number}" for number in (1, 2, 3, 4))


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    teacher = visits.open("olha", teacher=True, unit=SAFETY)
    for sub in ("zoe", "ana", "ben"):
        visits.school.tick()
        visits.open(sub)
    return teacher


def records(visits: Visits) -> list[tuple[str, str]]:
    with visits.school.transaction() as db:
        rows = db.query(CompletionRecord).all()
        said = [(one.person.sub, str(one.points or "signed")) for one in rows]
        return sorted(said)


def typed(teacher: Visit, unit: str, text: str) -> Page:
    page = teacher.get(f"course/units/{unit}/typed")
    return page.submit("typed", typed=text, evidence="sheet of 3 March")


def test_the_sheet_keeps_a_number_for_each_learner_whatever_the_order(teacher: Visit) -> None:
    sheet = teacher.get(f"course/units/{SIGN_OFF}").follow("Sheet to print")
    for number, name in ((3, "Ana"), (4, "Ben"), (2, "Zoe")):
        assert f'<td>{number}</td><th scope="row">{name}</th>' in sheet.html
    places = [sheet.html.index(f'<th scope="row">{name}</th>') for name in ("Zoe", "Ana", "Ben")]
    assert places == sorted(places), "in the order of the numbers"
    narrowed = teacher.get(f"course/units/{SIGN_OFF}/sheet?q=ben")
    assert '<td>4</td><th scope="row">Ben</th>' in narrowed.html
    assert "Zoe" not in narrowed.text
    assert "Nobody is found." in teacher.get(f"course/units/{SIGN_OFF}/sheet?q=xyz").text


def test_numbers_and_ranges_sign_off_after_the_names_were_shown(
    visits: Visits, teacher: Visit
) -> None:
    spaced = typed(teacher, SIGN_OFF, "2 3 – 4").filled("record")[1]["person"]
    assert len(set(spaced)) == 3
    apart = typed(teacher, SIGN_OFF, f"2\n-4{' ' * 40_000}2").text  # no range over lines
    assert "the number: -4" in apart
    seen = typed(teacher, SIGN_OFF, " 2-3,\n 2 ")
    assert "Zoe" in seen.text
    assert "Ana" in seen.text
    assert "Ben" not in seen.text
    assert records(visits) == []
    assert "Recorded for 2 learners." in seen.submit("record").text
    assert records(visits) == [("ana", "signed"), ("zoe", "signed")]


def test_points_are_typed_a_line_for_each_learner(visits: Visits, teacher: Visit) -> None:
    assert (
        "Recorded for 2 learners." in typed(teacher, SAFETY, "3 92,5\n4: 64").submit("record").text
    )
    assert "Recorded for 1 learner." in typed(teacher, PARTS, "2 85 90").submit("record").text
    assert records(visits) == [
        ("ana", "92.500"),
        ("ben", "64.000"),
        ("zoe", "85.000"),
        ("zoe", "90.000"),
    ]


@pytest.mark.parametrize(
    ("unit", "text", "wrong"),
    [
        (SIGN_OFF, "2, 9, x", "9 · x"),
        (SIGN_OFF, "1", "1"),  # the teacher has a number and is no learner
        (SIGN_OFF, "3-2", "3-2"),
        (SIGN_OFF, "2-99999", "2-99999"),
        (SIGN_OFF, "٣", "٣"),
        (SAFETY, "3", "3"),
        (SAFETY, "3 85 90", "3 85 90"),
        (PARTS, "3 85 90 95", "3 85 90 95"),
        (SAFETY, "3 many", "3 many"),
    ],
)
def test_what_cannot_be_read_is_named_and_kept(
    visits: Visits, teacher: Visit, unit: str, text: str, wrong: str
) -> None:
    refused = typed(teacher, unit, text)
    assert refused.status == 400
    assert wrong in refused.text
    assert text in refused.html
    assert "sheet of 3 March" in refused.html
    assert records(visits) == []


def test_points_out_of_range_are_refused_when_they_are_saved(
    visits: Visits, teacher: Visit
) -> None:
    refused = typed(teacher, SAFETY, "3 192").submit("record")
    assert refused.status == 400
    assert 'value="192"' in refused.html
    assert "Ben" not in refused.text, "only those of the sheet are on the page"
    assert records(visits) == []
