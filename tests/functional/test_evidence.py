"""Text, links and files behind a result: given by teachers and mentors, seen by few, never run."""

import uuid
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, CompletionRecord, EvidenceContent, EvidenceFile
from tests.factories import files
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_mentors import PageForm, ask

UNIT, POINTS = "BEM-S-WLD1-U3", "BEM-S-WLD1-U1"
LINK = "https://portfolio.example/ana?part=1"
File = tuple[str, bytes]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(minutes=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=POINTS)


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana")


@pytest.fixture
def bo(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("bo")


def sign_off(teacher: Visit, *who: Visit, sent: tuple[File, ...] = (), **fields: str) -> Page:
    """Fill in the form of the unit as a browser does, with files."""
    page = teacher.get(f"course/units/{UNIT}")
    people = [str(one.person_id) for one in who]
    path, data = page.filled("record", person=people, **fields)
    return teacher.upload(path, data, *sent)


def kept(database: Database) -> list[EvidenceFile]:
    with database.transaction(read_only=True) as db:
        return list(db.scalars(sa.select(EvidenceFile).order_by(EvidenceFile.name)))


def test_teachers_and_the_learner_see_what_a_result_rests_on(
    visits: Visits, teacher: Visit, ana: Visit, database: Database
) -> None:
    sent = (("Шов.JPG", files.photo()), ("report.pdf", files.PDF))
    done = sign_off(teacher, ana, sent=sent, evidence="Seen in the workshop", link=LINK)
    assert "Recorded for 1 learner" in done.text
    for page in (
        teacher.get(f"course/people/{ana.person_id}"),
        ana.get("data"),
    ):
        assert "Seen in the workshop" in page.text
        assert f'href="{LINK}"' in page.html
        photo, report = (page.follow(name).response for name in ("Шов.jpg", "report.pdf"))
        assert (photo.content_type, report.content_type) == ("image/jpeg", "application/pdf")
        for saved in (photo, report):
            assert saved.headers["Content-Disposition"].startswith("attachment")
            assert "sandbox" in saved.headers["Content-Security-Policy"]
            assert saved.headers["X-Content-Type-Options"] == "nosniff"
            assert "no-store" in saved.headers["Cache-Control"]
        assert b"Camera of Ana" not in photo.data
        assert report.data == files.PDF


def test_words_from_when_only_teachers_read_them_stay_theirs(
    visits: Visits, teacher: Visit, ana: Visit
) -> None:
    sign_off(teacher, ana, evidence="Rather slow", link=LINK)
    with visits.school.transaction() as db:
        db.execute(sa.update(CompletionRecord).values(is_evidence_shared=False))
    assert "Rather slow" in teacher.get(f"course/people/{ana.person_id}").text
    page = ana.get("data")
    assert "Rather slow" not in page.text
    assert f'href="{LINK}"' in page.html


def test_nobody_else_gets_a_file(
    visits: Visits, teacher: Visit, ana: Visit, bo: Visit, database: Database
) -> None:
    sign_off(teacher, ana, sent=(("a.txt", b"About Ana"),))
    (file,) = kept(database)
    far = visits.open("mykola", teacher=True, course="far", link="far", unit=UNIT)
    assert teacher.get(f"course/evidence/{file.id}").status == 200
    assert bo.get(f"evidence/{file.id}").status == 404
    assert ana.get(f"course/evidence/{file.id}").status == 403
    assert far.get(f"course/evidence/{file.id}").status == 404
    assert far.get(f"evidence/{file.id}").status == 404
    assert "a.txt" not in bo.get("data").text
    assert visits.app.test_client().get(ana.home + f"evidence/{file.id}").status_code == 403


def test_one_file_for_several_is_stored_once_and_each_sees_it(
    teacher: Visit, ana: Visit, bo: Visit, database: Database
) -> None:
    sign_off(teacher, ana, bo, sent=(("group.txt", b"Group work"),))
    assert {file.person_id for file in kept(database)} == {ana.person_id, bo.person_id}
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(sa.func.count()).select_from(EvidenceContent)).one() == 1
    assert ana.get("data").follow("group.txt").response.data == b"Group work"


def test_a_form_that_is_sent_twice_keeps_its_files_once(
    teacher: Visit, ana: Visit, database: Database
) -> None:
    page = teacher.get(f"course/units/{UNIT}")
    path, data = page.filled("record", person=[str(ana.person_id)])
    for _ in range(2):
        assert teacher.upload(path, data, ("once.pdf", files.PDF)).status == 200
    assert len(kept(database)) == 1


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([("certificate.pdf", files.PROGRAM)], "“certificate.pdf” is no PDF"),
        ([("notes.txt", "Prüfung".encode("cp1252"))], "anew with the encoding UTF-8"),
        ([("a.jpg", files.photo()[:150])], "“a.jpg” is damaged"),
        ([("big.txt", b"x" * (8 * 2**20 + 1))], "“big.txt” is too large: at most 8 MB"),
        ([(f"{n}.txt", b"x") for n in range(4)], "too many files: at most 3"),
    ],
)
def test_a_bad_file_is_named_and_nothing_typed_is_lost(
    teacher: Visit, ana: Visit, bo: Visit, database: Database, sent: list[File], words: str
) -> None:
    refused = sign_off(teacher, ana, sent=tuple(sent), evidence="Typed at length", link=LINK)
    assert refused.status == 400
    assert words in refused.text
    assert "Nothing was saved" in refused.text
    form = refused.filled("record")[1]
    assert (form["evidence"], form["link"]) == (["Typed at length"], [LINK])
    assert form["person"] == [str(ana.person_id)]
    with database.transaction(read_only=True) as db:
        assert db.query(CompletionRecord).count() == 0
    assert kept(database) == []


def test_a_link_that_is_none_is_named_and_what_was_typed_kept(teacher: Visit, ana: Visit) -> None:
    refused = sign_off(teacher, ana, link="http://portfolio.example/", evidence="Seen")
    assert (refused.status, "begins with https://" in refused.text) == (400, True)
    assert refused.filled("record")[1]["link"] == ["http://portfolio.example/"]


def test_where_there_is_no_room_nothing_is_recorded_and_nothing_typed_is_lost(
    app: Flask, teacher: Visit, ana: Visit, database: Database
) -> None:
    tool = app.extensions["credlet"]
    small = tool.settings.model_copy(update={"evidence_course_mib": 1})
    app.extensions["credlet"] = type(tool)(small, tool.database, tool.encryption, tool.outbound)
    refused = sign_off(teacher, ana, sent=(("x.txt", b"x" * (2**20 + 1)),), evidence="Typed")
    assert (refused.status, "no room for more files in this course" in refused.text) == (409, True)
    assert refused.filled("record")[1]["evidence"] == ["Typed"]
    with database.transaction(read_only=True) as db:
        assert db.query(CompletionRecord).count() == 0


def test_a_teacher_removes_a_file_for_good_and_the_log_knows(
    teacher: Visit, ana: Visit, database: Database
) -> None:
    sign_off(teacher, ana, sent=(("wrong.txt", b"Not Ana's"),))
    page = teacher.get(f"course/people/{ana.person_id}").follow("Remove wrong.txt")
    assert "cannot be brought back" in page.text
    after = page.submit("remove")
    assert "was removed" in after.text
    assert "wrong.txt" not in after.text
    assert "wrong.txt" not in ana.get("data").text
    assert kept(database) == []
    with database.transaction(read_only=True) as db:
        noted = db.query(AuditEntry).filter_by(action="evidence.removed").one()
        assert noted.actor == f"person:{teacher.person_id}"


def test_a_mentor_adds_a_link_and_a_file(
    teacher: Visit, ana: Visit, client: FlaskClient, database: Database
) -> None:
    path = ask(teacher, ana, UNIT)
    page = client.get(path)
    token = next(one.value for one in PageForm(page.text).inputs if one.name == "csrf_token")
    typed = {"csrf_token": token, "unit": UNIT, "name": "Master Q", "link": LINK, "evidence": "Ok"}
    refused = client.post(path, data={**typed, "file": (BytesIO(files.PROGRAM), "seam.jpg")})
    assert refused.status_code == 400
    assert "“seam.jpg” is no PDF" in refused.text
    assert LINK in refused.text
    done = client.post(path, data={**typed, "file": (BytesIO(files.photo()), "seam.jpg")})
    assert done.status_code == 200
    assert "seam.jpg" in teacher.get(f"course/people/{ana.person_id}").text
    assert [file.added_by.partition(":")[0] for file in kept(database)] == ["mentor_link"]


def test_a_form_with_files_takes_a_course_of_thousands(teacher: Visit, ana: Visit) -> None:
    page = teacher.get(f"course/units/{UNIT}")
    path, data = page.filled("record", person=[str(ana.person_id)])
    data["row"] = [str(uuid.uuid4()) for _ in range(4000)] + data["row"]
    done = teacher.upload(path, data, ("x.pdf", files.PDF))
    assert "Recorded for 1 learner" in done.text


def test_a_whole_course_signed_off_gets_the_same_file(
    teacher: Visit, ana: Visit, bo: Visit, database: Database
) -> None:
    page = teacher.get(f"course/units/{UNIT}/whole")
    path, data = page.filled("record")
    data["evidence"] = ["workshop of 3 March"]
    refused = teacher.upload(path, data, ("x.pdf", files.PROGRAM))
    assert refused.status == 400
    assert "Sign off 2 learners at once?" in refused.text, "the same page"
    assert "Sign off all 2" in refused.text
    again, kept_data = refused.filled("record")
    assert (again, kept_data | {"csrf_token": 0}) == (path, data | {"csrf_token": 0}), "all is kept"
    done = teacher.upload(path, data, ("x.pdf", files.PDF))
    assert "Recorded for 2 learners" in done.text
    assert len(kept(database)) == 2
