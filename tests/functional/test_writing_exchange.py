"""Definitions brought in and taken along: files, tables, the preview, what is kept of a writer."""

import csv
import html
import inspect
import io
import json
import re
import time
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from badges import definition as definitions
from badges import definition_values, drafting, json_reader, samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import DefinitionDraft
from lti_tool.web.writing import checking, sheets
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import SAFETY, begin, check, content, edit, fill, press

OWN = definitions.dump(samples.welding())
del OWN["awarding_body"]  # nobody else's


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
    cells += "\t\tSkill\tsecures the edge\nMounting\t\tSkill\tmounts two panels\n"
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
    cells += "Third,1,,does it\n"
    page = table(begin(teacher)).submit("table", table=cells)
    assert page.status == 400
    for words in (
        "Row 2, Hours: “many” is no number.",
        "Row 3, Kind:",
        "Row 3, Outcome:",
        "Row 4, Kind: Use one of these: Knowledge, Skill, Responsibility and autonomy.",
    ):
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
    needed, *elective = content(visits)["units"]
    assert needed["hours"] == 8
    assert len(needed["outcomes"]) == 2
    codes = [unit["code"] for unit in elective]
    assert content(visits)["choices"] == [
        {"units": codes, "count": 1, "title": {"en": "Kinds of roofs"}}
    ]


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


@pytest.mark.parametrize("admin_language", ["en", "de"])
def test_the_preview_is_shown_in_each_language_of_the_draft(
    visits: Visits, teacher: Visit, admin_language: str
) -> None:
    page = begin(teacher)
    welding = samples.welding()
    fill(visits, definitions.dump(welding))
    unit = welding.units[1]
    shown = check(page).follow("Preview")
    teacher.get(f"drafts?lang={admin_language}")
    missing = re.search(r"([0-9]+) texts missing", shown.text)
    assert missing, "Ukrainian is not complete, and says so"
    for tag, words in (("de", "Einheiten und Lernergebnisse"), ("en", "Units and learning")):
        found = teacher.get(f"{shown.path}?language={tag}")
        article = found.html.partition("<article")[2].partition("</article>")[0]
        assert article.startswith(f' lang="{tag}"')
        for said in (welding.title, unit.title, unit.outcomes[0].text):
            assert html.escape(said[tag]) in article
        assert f'<table class="cards" role="table" lang="{tag}">' in article
        assert words in article
        assert f'<html lang="{admin_language}"' in found.html
    found = teacher.get(f"{shown.path}?language=uk")
    article = found.html.partition("<article")[2].partition("</article>")[0]
    assert article.startswith(f' lang="{admin_language}"')
    assert f'<span lang="uk">{welding.title["uk"]}</span>' in article
    assert welding.title["en"] not in article
    assert welding.units[0].outcomes[0].text[admin_language] in article, "there is none in it"
    assert '<table class="cards" role="table" lang="uk">' in article
    assert teacher.get(f"{shown.path}?language=xx").status == 200


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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": 5}, 'Title: A text for each language is expected here, such as {"en"'),
        ({"description": "Welding"}, "Description: A text for each language"),
        ({"title": {"en": 5}}, "Title (English): A text in quotation marks is expected"),
        ({"languages": "uk"}, "Languages of instruction: A list in square brackets"),
        ({"hours": "ninety"}, "Hours of work in all: A number is expected here"),
        ({"validity_months": "3"}, "Months of validity: A whole number is expected"),
        ({"assessment": 1}, "Type of assessment: An object in curly brackets"),
        ({"prior_learning": {"allowed": 1}}, "true or false is expected here. $.prior_learning.al"),
        ({"units": [{"title": 1}]}, "Unit 1, Title: A text for each language"),
        ({"eqf_level": {"level": 3}, "hours": "x"}, "What does this level rest on: Say what the"),
        ({"prior_learning": {"allowed": True, "max_share_percent": 150}}, "from 0 to 100"),
        ({"confirmations": 3}, "People who confirm each award: Use a number from 1 to 2."),
        ({"hours": 0}, "Use a number above 0, at most 100000."),
    ],
)
def test_a_value_of_a_wrong_type_is_told_with_its_element_and_what_is_expected(
    teacher: Visit, wrong: dict[str, Any], said: str
) -> None:
    file = definitions.dump(samples.welding()) | wrong
    refused = upload(teacher.get("drafts/import"), "import", json.dumps(file).encode())
    assert refused.status == 400
    assert said in refused.text


def test_every_type_that_the_reader_expects_has_words() -> None:
    sources = (definition_values, json_reader)
    found = {
        detail
        for one in sources
        for detail in re.findall(r'refuse\("type", "([^"]+)"\)', inspect.getsource(one))
    }
    assert found == set(checking.EXPECTED)


def test_a_hostile_file_of_deep_json_leaves_the_server_up(teacher: Visit) -> None:
    data = json.dumps({"format": definitions.FORMAT, "title": {"en": "x" * 200_000}}).encode()
    page = upload(teacher.get("drafts/import"), "import", data)
    assert page.status == 400


@pytest.mark.parametrize("tag", ["zz", "zz-Latn", "uri"])
def test_a_language_without_a_name_here_breaks_no_page(teacher: Visit, tag: str) -> None:
    named = OWN | {
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
    made = OWN | {
        "units": [],
        "stack": {"parts": ["school/A", "school/B"]},
    }
    page = upload(teacher.get("drafts/import"), "import", json.dumps(made).encode())
    shown = teacher.get(page.path.partition("?")[0] + "/preview")
    assert shown.status == 200
    assert "school/A" in shown.text


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADER = ("Unit", "Hours", "Kind", "Outcome")


def test_a_workbook_becomes_units_with_outcomes(visits: Visits, teacher: Visit) -> None:
    data = workbook(
        HEADER,
        ("Safety; first of all", 8.0, "Knowledge", "names; hazards; on; a; roof"),
        (None, None, "Skill", "secures\nthe edge"),
        ("Mounting", 7.5, "Skill", "mounts two panels"),
    )
    upload(table(begin(teacher)), "table", data)
    units = content(visits)["units"]
    assert [unit["title"]["en"] for unit in units] == ["Safety; first of all", "Mounting"]
    assert [unit["hours"] for unit in units] == [8, 7.5]
    assert units[0]["outcomes"][1]["text"] == {"en": "secures the edge"}


def test_a_wrong_cell_of_a_workbook_is_named_by_row_and_column(
    visits: Visits, teacher: Visit
) -> None:
    data = workbook(HEADER, ("Safety", "many", "Skill", "x"), (), ("Other", 1, "Magic", None))
    page = upload(table(begin(teacher)), "table", data)
    assert page.status == 400
    for words in ("Row 2, Hours: “many” is no number.", "Row 4, Kind:", "Row 4, Outcome:"):
        assert words in page.text
    assert content(visits)["units"] == []


def changed(data: bytes, name: str, part: bytes) -> bytes:
    """Return a workbook in which one part is another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for one in old.namelist():
            new.writestr(one, part if one == name else old.read(one))
        if name not in old.namelist():
            new.writestr(name, part)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + b"\0" * 100,
        workbook()[:200],
        workbook(HEADER),
        workbook(HEADER, *[("U", 1, "Skill", "x")] * 2000),
        changed(workbook(HEADER), "bomb.xml", b"\0" * 20_000_000),
        changed(workbook(HEADER), SHEET, LAUGHS),
        changed(workbook(HEADER), SHEET, FAR),
        changed(workbook(HEADER), SHEET, b"<worksheet>" * 10_000),
        changed(workbook(HEADER), "xl/workbook.xml", b"<nothing/>"),
        changed(workbook(HEADER), "[Content_Types].xml", b"x"),
    ],
    ids=["no zip", "cut", "empty", "long", "bomb", "laughs", "far", "deep", "no book", "no types"],
)
def test_a_workbook_that_is_none_or_costs_too_much_adds_nothing(
    visits: Visits, teacher: Visit, data: bytes
) -> None:
    started = time.monotonic()
    page = upload(table(begin(teacher)), "table", data)
    assert page.status == 400
    assert content(visits)["units"] == []
    assert time.monotonic() - started < 10


NS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPES = (
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    b'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="'
    b'application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


def sheet(content: bytes) -> bytes:
    return changed(workbook(), SHEET, b"<worksheet " + NS + b">" + content + b"</worksheet>")


def words(content: bytes) -> bytes:
    found = changed(workbook(HEADER), "[Content_Types].xml", TYPES)
    return changed(found, "xl/sharedStrings.xml", b"<sst " + NS + b">" + content + b"</sst>")


@pytest.mark.parametrize(
    "data",
    [
        changed(workbook(HEADER), "xl/styles.xml", b"<styleSheet>" + b"<xf/>" * 80_000),
        words(b"<si/>" * 80_000),
        words(b"<si/>" * 29_000),
        words(b"<si>" + b"<r><t/></r>" * 7_000 + b"</si>"),
        words(b"<si><r><rPr>" + b"<b/>" * 29_000 + b"</rPr><t/></r></si>"),
        sheet(b"<sheetData><row>" + b"<c/>" * 59_000 + b"</row></sheetData>"),
        sheet(b"<sheetData><row>" + b"<c/>" * 400_000 + b"</row></sheetData>"),
        sheet(b'<sheetData><row><c t="inlineStr"><is>' + b"<r><t/></r>" * 14_000),
        changed(workbook(), "xl/workbook.xml", b"<sheet/>" * 80_000),
        changed(workbook(), SHEET, LAUGHS.decode().encode("utf-16")),
        changed(workbook(), SHEET, b'<?xml version="1.0" encoding="cp037"?>' + b"\x4c" * 9000),
    ],
)
def test_a_small_workbook_of_many_parts_is_read_or_refused_at_once(data: bytes) -> None:
    started = time.thread_time()  # of the processor: whatever else the machine does
    sheets.as_text(data, 1000, 4)
    assert time.thread_time() - started < 6


def test_a_large_table_with_styles_is_read() -> None:
    book = Workbook()
    for number in range(900):
        book.active.append((f"Unit {number}", 8, "Skill", "names the hazards on a roof"))
        for cell in book.active[number + 1]:
            cell.font = Font(bold=number % 2 == 0)
    book.save(out := io.BytesIO())
    text = sheets.as_text(out.getvalue(), 1000, 4)
    assert text is not None
    assert text.count("\n") == 900


def test_only_hours_are_numbers_in_a_workbook(visits: Visits, teacher: Visit) -> None:
    cells = "Unit\tHours\tKind\tOutcome\n007\t8\tSkill\t1984\n"
    page = table(begin(teacher)).submit("table", table=cells)
    file = check(page).follow("Download the units (Excel)").response.data
    rows = list(load_workbook(io.BytesIO(file)).active.values)
    assert rows[1] == ("007", 8, "Skill", "1984", None, None)


def test_a_definition_with_a_byte_order_mark_is_read(visits: Visits, teacher: Visit) -> None:
    file = b"\xef\xbb\xbf" + json.dumps(OWN).encode()
    assert upload(teacher.get("drafts/import"), "import", file).status == 200
    assert content(visits)["units"]


def test_a_definition_without_a_title_is_refused_on_its_page(
    visits: Visits, teacher: Visit
) -> None:
    file = OWN | {"title": {"en": ""}}
    page = upload(teacher.get("drafts/import"), "import", json.dumps(file).encode())
    assert page.status == 400
    assert "Nothing was added." in page.text
    with visits.school.transaction() as db:
        assert db.query(DefinitionDraft).count() == 0


def test_what_was_downloaded_as_a_workbook_can_be_brought_back(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    before, tag = content(visits)["units"], drafting.original(content(visits))
    data = check(page).follow("Download the units (Excel)").response.data
    upload(table(page), "table", data)
    after = content(visits)["units"][len(before) :]
    assert [unit["title"][tag] for unit in after] == [unit["title"][tag] for unit in before]
    for old, new in zip(before, after, strict=True):
        assert new["hours"] == old["hours"]
        assert [(one["kind"], one["text"][tag]) for one in new["outcomes"]] == [
            (one["kind"], one["text"][tag]) for one in old["outcomes"]
        ]


def test_no_cell_of_a_workbook_is_a_formula(visits: Visits, teacher: Visit) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = press(page, "units.0.add", **{"units.0.title": '=HYPERLINK("http://x")'})
    data = check(page).follow("Download the units (Excel)").response.data
    cell = load_workbook(io.BytesIO(data)).active["A2"]
    assert cell.data_type == "s"
    assert cell.value == '=HYPERLINK("http://x")'


def test_the_example_as_a_workbook_can_be_brought_back(visits: Visits, teacher: Visit) -> None:
    page = table(begin(teacher))
    upload(page, "table", page.follow("Download an example (Excel)").response.data)
    assert content(visits)["units"][0]["title"] == {"en": "Working safely at height"}


def test_why_a_unit_is_not_for_prior_learning_is_written_and_goes_through_tables(
    visits: Visits, teacher: Visit
) -> None:
    cells = "Unit\tHours\tKind\tOutcome\tChoice\tNo prior learning, because\n"
    cells += "Safety\t8\tSkill\tsecures the edge\t\tWe have to see it ourselves.\n"
    cells += "Mounting\t8\tSkill\tmounts panels\n"
    page = begin(teacher)
    table(page).submit("table", table=cells)
    safety, mounting = content(visits)["units"]
    assert safety["no_prior_learning"] == {"en": "We have to see it ourselves."}
    assert "no_prior_learning" not in mounting
    step = edit(page, "assessment")
    assert "We have to see it ourselves." in step.html
    step.submit("step", **{"units.0.no_prior_learning": "", "units.1.no_prior_learning": "By law."})
    safety, mounting = content(visits)["units"]
    assert "no_prior_learning" not in safety
    assert mounting["no_prior_learning"] == {"en": "By law."}
    shown = check(step)
    file = shown.follow("Download the units (CSV)").response.data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))
    assert [row[5] for row in rows] == ["No prior learning, because", "", "By law."]
    file = shown.follow("Download the units (Excel)").response.data
    sheet = load_workbook(io.BytesIO(file)).active
    assert [row[5] or "" for row in sheet.values] == [row[5] for row in rows]
    wrong = cells + "\t\tSkill\tmore\t\tBy law.\n"
    assert "Row 4, No prior learning, because" in table(page).submit("table", table=wrong).text
