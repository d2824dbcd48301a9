"""Definitions brought in and taken along: files, tables, the preview, what is kept of a writer."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import definition as definitions
from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import SAFETY, begin, check, content, edit, fill, press


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def table(page: Page) -> Page:
    return edit(page, "units").follow("Add units from a table")


def upload(page: Page, form: str, data: bytes, **fields: str) -> Page:
    """Send a file with a form, as a browser does."""
    path, filled = page.filled(form)
    values: dict[str, Any] = {name: found[0] for name, found in filled.items()} | fields
    values["file"] = (io.BytesIO(data), "file")
    return page.visit._page(page.visit.client.post(path, data=values))


def test_cells_of_a_spreadsheet_become_units_with_outcomes(visits: Visits, teacher: Visit) -> None:
    cells = "Unit\tHours\tKind\tOutcome\nSafety\t8,5\tKnowledge\tnames hazards\n"
    cells += "\t\tSkill\tsecures the edge\nMounting\t\t\tmounts two panels\n"
    page = press(edit(begin(teacher), "units"), "units.add")
    table(page).submit("table", table=cells)
    units = content(visits)["units"][1:]
    assert [unit["title"]["en"] for unit in units] == ["Safety", "Mounting"]
    assert units[0]["hours"] == 8.5
    assert [one["kind"] for one in units[0]["outcomes"]] == ["knowledge", "skill"]
    codes = [unit["code"] for unit in content(visits)["units"]]
    assert len(set(codes)) == 3


def test_a_wrong_cell_is_named_by_row_and_column_and_nothing_is_added(
    visits: Visits, teacher: Visit
) -> None:
    cells = "Unit,Hours,Kind,Outcome\nSafety,many,Knowledge,names hazards\nOther,1,Magic,\n"
    page = table(begin(teacher)).submit("table", table=cells)
    assert page.status == 400
    for words in ("Row 2, Hours: “many” is no number.", "Row 3, Kind:", "Row 3, Outcome:"):
        assert words in page.text
    assert "Safety,many" in page.html
    assert content(visits)["units"] == []


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xfe\x00", b"\x89PNG\r\n\x1a\n\x00\x00", b'"open', b"a,b\n" * 2000),
        *(b"x" * 450_000, b"a\x00b,1,Skill,x"),
    ],
)
def test_a_file_that_is_no_table_is_refused_whole(
    visits: Visits, teacher: Visit, data: bytes
) -> None:
    page = upload(table(begin(teacher)), "table", data)
    assert page.status == 400
    assert "Nothing was added." in page.text
    assert content(visits)["units"] == []


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_of_an_export_is_a_formula_and_it_comes_back_as_it_was(
    visits: Visits, teacher: Visit, start: str
) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = page.submit("step", **{"units.0.title": start, "units.0.outcomes.0.text": f"{start} do"})
    text = check(page).follow("Download the units").html.removeprefix("\ufeff")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    table(page).submit("table", table=text)
    first, second = content(visits)["units"]
    assert first["title"] == second["title"]
    assert first["outcomes"][0]["text"] == second["outcomes"][0]["text"]


def test_the_example_can_be_sent_as_it_is(visits: Visits, teacher: Visit) -> None:
    page = table(begin(teacher))
    example = page.follow("Download an example").response.data
    upload(page, "table", example)
    (unit,) = content(visits)["units"]
    assert unit["hours"] == 8
    assert len(unit["outcomes"]) == 2


def test_a_definition_is_taken_along_and_brought_in_as_an_own_draft(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    exported = check(page).follow("Download (JSON)").response.data
    assert definitions.loads(exported)
    before = content(visits)
    come = upload(teacher.get("drafts").follow("Bring a definition along"), "import", exported)
    assert "Everything is there." in come.text
    made = content(visits)
    assert made["code"] != before["code"]
    assert made["awarding_body"]["slug"] == "school"
    for own in ("code", "awarding_body"):
        del made[own], before[own]
    assert made == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"format": "credlet-definition/1"}',
        b'{"format": "credlet-definition/1", "title": "x"}',
        b'{"format": "credlet-definition/1", "title": {"en": "x"}, "hours": "many"}',
        b'{"format": "credlet-definition/1", "title": {"en": "x"}, "units": {"a": 1}}',
        b'{"a":' * 5000,
        b"\xff" * 100,
    ],
)
def test_a_file_that_is_no_definition_is_refused(
    visits: Visits, teacher: Visit, data: bytes
) -> None:
    page = upload(teacher.get("drafts/import"), "import", data)
    assert page.status == 400
    assert "Nothing was added." in page.text
    assert "Start writing" in teacher.get("drafts").html
    assert teacher.get("drafts").html.count("card-link") == 0


def test_the_preview_shows_the_page_and_the_badge_and_says_it_is_not_public(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    early = check(page).follow("Preview")
    assert "The preview appears once these are written" in early.text
    fill(visits, definitions.dump(samples.welding()))
    shown = check(page).follow("Preview")
    assert "This is not public." in shown.text
    assert "European standard elements" in shown.text
    assert "The badge of somebody who completed everything" in shown.text
    for group in samples.welding().target_groups:
        assert group.label.best("en") not in shown.text
    code = content(visits)["code"]
    assert teacher.client.get(f"/definitions/school/{code}/1.0").status_code == 404


def test_an_open_licence_is_chosen_and_goes_along(visits: Visits, teacher: Visit) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    licence = "https://creativecommons.org/licenses/by-sa/4.0/"
    edit(page, "quality").submit("step", licence=licence)
    assert definitions.loads(check(page).follow("Download (JSON)").response.data).licence == licence
    assert "CC BY-SA 4.0" in check(page).follow("Preview").text


def test_a_writer_sees_that_drafts_are_kept(visits: Visits, teacher: Visit) -> None:
    assert "Definitions written here" not in teacher.get("data").text
    begin(teacher)
    assert "1 draft, and when you handed it in." in teacher.get("data").text


def test_a_hostile_file_of_deep_json_leaves_the_server_up(teacher: Visit) -> None:
    data = json.dumps({"format": definitions.FORMAT, "title": {"en": "x" * 200_000}}).encode()
    page = upload(teacher.get("drafts/import"), "import", data)
    assert page.status == 400


@pytest.mark.parametrize("tag", ["zz", "zz-Latn", "uri"])
def test_a_language_without_a_name_here_breaks_no_page(teacher: Visit, tag: str) -> None:
    named = definitions.dump(samples.welding()) | {
        "title": {tag: "Welding", "en": "Welding"},
        "languages": ["en", tag],
    }
    page = upload(teacher.get("drafts/import"), "import", json.dumps(named).encode())
    draft = page.path.partition("?")[0]
    for path in ("", "/edit?step=basics", "/preview", f"/translation?language={tag}"):
        assert teacher.get(draft + path).status == 200, path
    begun = teacher.get("drafts").submit("start", title="Welding", language=tag)
    assert begun.status == 200


def test_what_is_made_of_others_is_previewed_with_their_references(teacher: Visit) -> None:
    made = definitions.dump(samples.welding()) | {
        "units": [],
        "stack": {"parts": ["school/A", "school/B"]},
    }
    page = upload(teacher.get("drafts/import"), "import", json.dumps(made).encode())
    shown = teacher.get(page.path.partition("?")[0] + "/preview")
    assert shown.status == 200
    assert "school/A" in shown.text
