"""The grid as a spreadsheet: written without harm, read with every error, recorded after a look."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges.rules import SignOffs
from badges.text import Text
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
    for sub, name in (("ana", "Ana"), ("ben", "=1+1"), ("cem", 'Çem; "C"')):
        visits.open(sub, name=name)
    return teacher


def table(teacher: Visit, query: str = "") -> list[dict[str, str]]:
    answer = teacher.client.get(f"/launches/{teacher.id}/course/results.csv{query}")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="BEM-S-WLD1.csv"'
    text = answer.data.decode("utf-8-sig")
    rows = csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ",")
    header = [cell.split()[0] for cell in next(rows)]
    return [dict(zip(header, row, strict=True)) for row in rows]


def records(visits: Visits) -> int:
    with visits.school.transaction() as db:
        return db.query(CompletionRecord).count()


def send(teacher: Visit, text: str) -> Page:
    return teacher.get("course/import").submit("table", content=text)


def test_the_table_holds_marks_and_sign_offs_and_no_formula(visits: Visits, teacher: Visit) -> None:
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SAFETY, points=92.5)
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SIGN_OFF, signed_off=True)
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", PARTS, part="PA", points=75)
    rows = {row["name"]: row for row in table(teacher)}
    assert set(rows) == {"Ana", "'=1+1", 'Çem; "C"'}
    ana = rows["Ana"]
    assert (ana[SAFETY], ana[SIGN_OFF], ana[f"{PARTS}/PA"]) == ("92.5", "x", "75")
    assert (ana[READING], ana[f"{PARTS}/PB"], ana["completed"]) == ("", "", "2")
    assert [row["name"] for row in table(teacher, "?q=ana")] == ["Ana"]
    assert [row["name"] for row in table(teacher, "?lang=de&q=em")] == ['Çem; "C"']


def test_what_was_completed_without_a_mark_is_in_the_table_too(
    visits: Visits, teacher: Visit
) -> None:
    teacher.get(f"course/units/{READING}").submit("route", route="participation")
    visits.open("ana", unit=READING).get().submit("participate")
    text = teacher.client.get(f"/launches/{teacher.id}/course/results.csv").data.decode("utf-8-sig")
    assert "Test piece in position PA" in text.splitlines()[0]
    (ana,) = table(teacher, "?q=ana")
    assert (ana[READING], ana["completed"]) == ("x", "1")
    assert "there is nothing to do" in send(teacher, text).text


@pytest.mark.parametrize(("tag", "mark"), [("en", "59.5"), ("de", "59,5")])
def test_what_was_exported_changes_nothing(
    visits: Visits, teacher: Visit, tag: str, mark: str
) -> None:
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SAFETY, points=59.5)
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", PARTS, part="PA", points=62.25)
    address = f"/launches/{teacher.id}/course/results.csv?lang={tag}"
    text = teacher.client.get(address).data.decode("utf-8-sig")
    assert {row["name"]: row[SAFETY] for row in table(teacher, f"?lang={tag}")}["Ana"] == mark
    teacher.get("?lang=en")
    assert "there is nothing to do" in send(teacher, text).text
    other = text.replace(mark, mark.translate(str.maketrans(",.", ".,")))
    if tag == "de":  # where the comma parts cells, it cannot stand in them unquoted
        assert "there is nothing to do" in send(teacher, other).text
    better = send(teacher, text.replace(mark, mark.replace("59", "88")))
    assert "One result would be recorded" in better.text
    better.submit("import")
    assert {row["name"]: row[SAFETY] for row in table(teacher, "?lang=en")}["Ana"] == "88.5"


def test_numbers_that_can_be_misread_are_refused_with_the_reason(
    visits: Visits, teacher: Visit
) -> None:
    text = f"name;{SAFETY}\nAna;1.234,5\n'=1+1;60.000001\n"
    refused = send(teacher, text)
    assert refused.status == 400
    assert "Leave out the marks of thousands" in refused.text
    assert "at most three decimals" in refused.text
    teacher.get("?lang=de")
    german = " ".join(send(teacher, text).html.split())
    assert "„<bdi>1.234,5</bdi>“:" in german
    assert records(visits) == 0


def test_changes_are_shown_before_they_are_recorded(visits: Visits, teacher: Visit) -> None:
    ids = {row["name"]: row["learner"] for row in table(teacher)}
    text = (
        f"learner;name;{SAFETY} Workshop safety;{SIGN_OFF};{PARTS}/PA\r\n"
        f'{ids["Ana"]};whoever;92,5;X;70\r\n;çem; "C";;;\r\n'
    )
    text = text.replace(';çem; "C";;;', ';"çem; ""C""";80;;')
    seen = send(teacher, text)
    assert "4 results would be recorded" in seen.text
    assert records(visits) == 0
    form = seen.filled("import")
    saved = teacher.post(*form)
    assert "Recorded for 2 learners." in saved.text
    teacher.post(*form)
    assert records(visits) == 4, "sent twice, recorded once"
    assert {row["name"]: row[SAFETY] for row in table(teacher)}["Ana"] == "92.5"
    undo = saved.follow("Undo")
    assert "Take back the results of 2 learners?" in undo.text
    assert undo.submit("undo", reason=" ").status == 400
    done = undo.submit("undo", reason="wrong table").text
    assert "The results were taken back. The teachers of this course still see them" in done
    ana = visits.open("ana", unit=SAFETY)
    assert "wrong table" not in ana.get("units").text + ana.get("data").text
    assert {row["name"]: row[SAFETY] for row in table(teacher)}["Ana"] == ""
    assert undo.submit("undo", reason="again").status == 404


def test_every_cell_that_cannot_be_used_is_named_and_nothing_is_recorded(
    visits: Visits, teacher: Visit
) -> None:
    wrong = send(
        teacher,
        f"name,{SAFETY},{SIGN_OFF},{PARTS}/PA\n"
        f"Ana,101,,\nNobody,50,,\n'=1+1,80,maybe,1e3\nAna,1,,\n",
    )
    assert wrong.status == 400
    assert "5 cells cannot be used, so nothing was saved." in wrong.text
    said = " ".join(wrong.text.split())
    for words in (
        f"2 Ana Workshop safety and protective equipment {SAFETY} “ 101 ”: This is no number",
        "3 Nobody name “ Nobody ”: Nobody in this course is meant by that",
        f"4 =1+1 Preparing workpieces and equipment {SIGN_OFF} “ maybe ”: An x signs off",
        f"4 =1+1 Fillet welds in positions PA and PB: Test piece in position PA {PARTS}/PA “ 1e3 ”",
        "5 Ana learner This learner is there twice.",
    ):
        assert words in said, said
    assert "Nobody,50" in wrong.html, "what was sent is kept"
    assert records(visits) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose a file, or paste the cells."),
        ("name,knitting\nAna,1", "There is no such column."),
        (f"name,{SAFETY},{SAFETY}\nAna,1,1", "This column is there twice."),
        (f"{SAFETY}\n1", "A column “learner” or “name” is needed."),
        (f'name,{SAFETY}\n"Ana,1', "a quotation mark is open"),
        ("x" * 400_001, "This table is too large"),
    ],
)
def test_a_table_that_is_none_is_refused_with_the_reason(
    visits: Visits, teacher: Visit, text: str, words: str
) -> None:
    refused = send(teacher, text)
    assert refused.status == 400
    assert words in refused.text
    assert records(visits) == 0


def test_a_file_is_read_and_one_that_is_no_text_refused(visits: Visits, teacher: Visit) -> None:
    path, data = teacher.get("course/import").filled("table")
    for content, words in (
        (f"\ufeffname\t{SAFETY}\r\nAna\t95\r\n".encode(), "One result would be recorded"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
    ):
        file = (io.BytesIO(content), "results.csv")
        fields = {name: values[0] for name, values in data.items() if name != "file"}
        answer = teacher.client.post(path, data={**fields, "file": file})
        assert words in answer.text


def test_a_file_mends_what_stands_beside_the_mistakes_of_another(
    visits: Visits, teacher: Visit
) -> None:
    seen = send(teacher, f"name,{SAFETY}\nAna,much")
    path, data = seen.filled("table")
    fields = {name: values[0] for name, values in data.items() if name != "file"}
    assert "much" in fields["content"]
    file = (io.BytesIO(f"name,{SAFETY}\nAna,95\n".encode()), "results.csv")
    answer = teacher.client.post(path, data={**fields, "file": file})
    assert "One result would be recorded" in answer.text


def test_a_table_that_no_longer_fits_records_nothing(visits: Visits, teacher: Visit) -> None:
    seen = send(teacher, f"name,{SAFETY}\nAna,90")
    refused = seen.submit("import", content=f"name,{SAFETY}\nAna,900")
    assert refused.status == 400
    assert records(visits) == 0


def test_what_would_change_nothing_is_counted_apart(visits: Visits, teacher: Visit) -> None:
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SAFETY, points=92.5)
    visits.school.assess(teacher.id, "ana", "BEM-S-WLD1", SIGN_OFF, signed_off=True)
    visits.school.assess(teacher.id, "ben", "BEM-S-WLD1", SAFETY, points=85)
    seen = send(teacher, f"name,{SAFETY},{SIGN_OFF}\nAna,92.50,X\n'=1+1,70,x\n")
    assert "One result would be recorded." in seen.text
    assert "2 more cells say what is recorded already." in seen.text
    assert "One mark is lower than the one that is recorded, and is left out" in seen.text
    before = records(visits)
    seen.submit("import")
    assert records(visits) == before + 1
    nothing = send(teacher, f"name,{SAFETY}\nAna,60\n'=1+1,85\n")
    assert "There is nothing to record." in nothing.text
    assert "One more cell says what is recorded already." in nothing.text
    assert not nothing.has_form("import")


def test_two_of_one_name_are_told_apart_by_their_numbers(visits: Visits, teacher: Visit) -> None:
    for sub in ("jo1", "jo2"):
        visits.school.tick()
        visits.open(sub, name="Jörg Müller")
    rows = [row for row in table(teacher) if row["name"] == "Jörg Müller"]
    numbers = sorted(row["number"] for row in rows)
    assert numbers == ["5", "6"]
    grid = teacher.get("course").text
    assert all(f"Jörg Müller (no. {number})" in grid for number in numbers)
    assert "Ana (no." not in grid
    assert "Jörg Müller (no. 6)" in teacher.get(f"course/units/{SIGN_OFF}/sheet").text
    assert "Jörg Müller (Nr. 6)" in teacher.get("course?lang=de").text
    teacher.get("course?lang=en")
    unclear = send(teacher, f"name,{SAFETY}\njörg müller,80")
    assert (unclear.status, "or the column “number”" in unclear.text) == (400, True)
    for number in ("2", "7", "x"):
        assert send(teacher, f"name,number,{SAFETY}\nJörg Müller,{number},80").status == 400
    seen = send(teacher, f"name,number,{SAFETY}\nJörg Müller,6,80\nAna,,81")
    assert "2 results would be recorded" in seen.text
    seen.submit("import")
    marks = {row["number"]: row[SAFETY] for row in table(teacher)}
    assert (marks["5"], marks["6"]) == ("", "80")


def test_an_assessor_of_several_signs_off_once(visits: Visits) -> None:
    unit = visits.mc.unit(SIGN_OFF)
    twice = replace(unit, rule=SignOffs(Text({"en": "It was done."}), 2))
    others = [one for one in visits.mc.units if one.code != SIGN_OFF]
    visits.school.publish(replace(visits.mc, code="TWICE", units=(twice, *others)))
    olha, oleg = (
        visits.open(sub, teacher=True, mc="TWICE", unit=SIGN_OFF) for sub in ("olha", "oleg")
    )
    visits.open("ana", name="Ana", mc="TWICE", unit=SIGN_OFF)
    text = f"name,{SIGN_OFF}\nAna,x\n"
    assert send(olha, text).submit("import").status == 200
    again = send(olha, text)
    assert "The table says what is recorded already" in again.text
    assert "One cell says so." in again.text
    assert "One result would be recorded" in send(oleg, text).text
