"""Files that show prior learning: added and removed by learners, seen by assessors, handed on."""

import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.models import (
    CompletionRecord,
    EvidenceBytes,
    EvidenceContent,
    EvidenceFile,
    PriorLearningApplication,
)
from tests.factories import files
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_prior_learning_pages import (
    LIST,
    PATH,
    UNIT,
    assessor,
    judge,
    outcomes,
    waiting,
)

File = tuple[str, bytes]
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(minutes=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=UNIT)


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana", unit=UNIT)


@pytest.fixture
def asta(app: Flask, database: Database, visits: Visits) -> SignedIn:
    return assessor(app, database, visits, "Asta")


def send(visits: Visits, ana: Visit, *sent: File, field: str = "file", **changes: str) -> Page:
    """Fill in the form as a browser does, say yes to everything, and send it with files."""
    said = {f"says:{code}": "yes" for code in outcomes(visits)}
    page = ana.get(PATH)
    path, data = page.filled("apply", **({"do": "hand_in"} | said | changes))
    return ana.upload(path, data, *sent, field=field)


def kept(database: Database) -> list[EvidenceFile]:
    with database.transaction(read_only=True) as db:
        return list(db.scalars(sa.select(EvidenceFile).order_by(EvidenceFile.name)))


def linked(page: str) -> list[str]:
    return re.findall(rf'href="({LIST}/[\w-]+/files/[\w-]+)"', page)


@on_each_database
def test_a_file_alone_shows_it_and_goes_with_what_is_recognised(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    whole = send(visits, ana, ("Свідоцтво.JPG", files.photo()), ("report.pdf", files.PDF))
    assert "It is handed in" in whole.text
    assert whole.follow("report.pdf").response.data == files.PDF
    page = asta.get(f"{LIST}/{waiting(database)}").text
    addresses = linked(page)
    assert len(addresses) == 2
    for address in addresses:
        saved = asta.get(address)
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in saved.headers["Content-Security-Policy"]
        assert saved.headers["X-Content-Type-Options"] == "nosniff"
        assert b"Camera of Ana" not in saved.data
    assert "report.pdf" not in teacher.get(f"course/people/{ana.person_id}").text
    assert judge(asta, visits, waiting(database), "not_recognised", "recognised") == 303
    assert asta.get(addresses[0]).status_code == 200  # who judged may still correct it
    person = teacher.get(f"course/people/{ana.person_id}")
    assert person.text.count("report.pdf") == len(outcomes(visits)) - 1
    assert person.follow("report.pdf").response.data == files.PDF
    with database.transaction(read_only=True) as db:
        records = set(db.scalars(sa.select(CompletionRecord.id)))
        assert db.query(EvidenceContent).count() == 2
    assert {one.record_id for one in kept(database)} == {*records, None}


def test_a_file_of_one_outcome_goes_with_that_one(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first, second, *_ = outcomes(visits)
    send(visits, ana, ("first.txt", b"First"), field=f"file:{first}", do="save")
    send(visits, ana, ("second.txt", b"Second"), field=f"file:{second}", text="Five years")
    assert judge(asta, visits, waiting(database), "recognised", "not_recognised") == 303
    text = teacher.get(f"course/people/{ana.person_id}").text
    assert ("first.txt" in text, "second.txt" in text) == (True, False)
    assert "second.txt" in ana.get(PATH).text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([("me.heic", HEIC)], "“me.heic” is in the format HEIC"),
        ([("me.heic", HEIC)], "Most Compatible"),
        ([("certificate.pdf", files.PROGRAM)], "“certificate.pdf” is no PDF"),
        ([("big.txt", b"x" * (8 * 2**20 + 1))], "“big.txt” is too large: at most 8 MB"),
        ([(f"{n}.txt", b"x") for n in range(4)], "too many files: at most 3"),
    ],
)
def test_a_bad_file_is_named_and_nothing_typed_is_lost(
    visits: Visits, ana: Visit, database: Database, sent: list[File], words: str
) -> None:
    refused = send(visits, ana, *sent, text="Typed with care")
    assert refused.status == 400
    assert words in refused.text
    assert "Files have to be chosen again" in refused.text
    assert refused.filled("apply")[1]["text"] == ["Typed with care"]
    assert kept(database) == []


def test_what_is_missing_otherwise_keeps_the_files_that_came(
    visits: Visits, ana: Visit, database: Database
) -> None:
    (first, *_) = outcomes(visits)
    refused = send(visits, ana, ("a.txt", b"A"), field=f"file:{first}")
    assert (refused.status, "Evidence is missing" in refused.text) == (400, True)
    assert "chosen again" not in refused.text
    assert "a.txt" in refused.text
    assert len(kept(database)) == 1
    assert "It is handed in" in refused.submit("apply", text="Five years", do="hand_in").text


def test_more_files_are_added_later_and_some_removed(
    visits: Visits, ana: Visit, database: Database
) -> None:
    send(visits, ana, ("a.txt", b"A"), ("b.txt", b"B"), do="save")
    send(visits, ana, ("b.txt", b"B"), ("c.txt", b"C"), do="save")  # the second is there already
    assert [one.name for one in kept(database)] == ["a.txt", "b.txt", "c.txt"]
    page = send(visits, ana, do="save", remove=str(kept(database)[0].id))
    assert "a.txt" not in page.text
    assert [one.name for one in kept(database)] == ["b.txt", "c.txt"]
    assert "b.txt" in ana.get("data").text
    with database.transaction(read_only=True) as db:
        assert db.query(EvidenceBytes).count() == 2


def test_a_form_that_is_sent_twice_keeps_its_files_once(
    visits: Visits, ana: Visit, database: Database
) -> None:
    said = {f"says:{code}": "yes" for code in outcomes(visits)}
    path, data = ana.get(PATH).filled("apply", **said, do="hand_in")
    for _ in range(2):
        assert "handed-in" in ana.upload(path, data, ("once.pdf", files.PDF)).path
    assert len(kept(database)) == 1


def test_there_are_no_more_files_than_somebody_can_look_through(
    visits: Visits, ana: Visit, database: Database
) -> None:
    for number in range(20):
        send(visits, ana, (f"{number}.txt", f"{number}".encode()), do="save")
    refused = send(visits, ana, ("more.txt", b"More"), do="save", text="Typed")
    assert (refused.status, "too many files: at most 20" in refused.text) == (400, True)
    assert refused.filled("apply")[1]["text"] == ["Typed"]
    assert len(kept(database)) == 20


def test_nobody_else_gets_a_file(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    bo = visits.open("bo", unit=UNIT)
    send(visits, ana, ("a.txt", b"About Ana"), do="save")
    (file,) = kept(database)
    row = waiting(database)
    assert asta.get(f"{LIST}/{row}/files/{file.id}").status_code == 404  # a draft is the learner's
    send(visits, ana)
    assert asta.get(f"{LIST}/{row}/files/{file.id}").status_code == 200
    assert asta.get(f"{LIST}/{row}/files/{uuid.uuid4()}").status_code == 404
    for visit in (bo, teacher):
        assert visit.get(f"evidence/{file.id}").status == 404
    assert teacher.get(f"course/evidence/{file.id}").status == 404
    assert bo.get(f"course/evidence/{file.id}").status == 403
    herself = assessor(app, database, visits, "ANA")
    assert herself.get(f"{LIST}/{row}/files/{file.id}").status_code == 403


def test_what_an_assessor_has_is_not_changed_by_a_page_that_was_open(
    visits: Visits, ana: Visit, database: Database
) -> None:
    send(visits, ana, ("a.txt", b"A"), do="save", text="Five years")
    path, data = ana.get(PATH).filled("apply", do="save")
    send(visits, ana, text="Five years")
    refused = ana.upload(path, data, ("late.txt", b"Late"))
    assert refused.status == 409
    assert [one.name for one in kept(database)] == ["a.txt"]


def test_deleting_what_one_wrote_deletes_the_files_too(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("draft.txt", b"Draft"), do="save").submit("erase")
    assert kept(database) == []
    send(visits, ana, ("a.txt", b"A"))
    assert judge(asta, visits, waiting(database), "not_recognised", "recognised") == 303
    again = ana.get(f"{PATH}?again=1")
    ana.upload(*again.filled("apply", do="save"), ("b.txt", b"B"))
    assert {one.name for one in kept(database)} == {"a.txt", "b.txt"}
    assert "What you wrote is deleted" in ana.get(PATH).submit("erase").text
    assert kept(database) == []
    assert "a.txt" not in teacher.get(f"course/people/{ana.person_id}").text
    with database.transaction(read_only=True) as db:
        assert db.query(EvidenceBytes).count() == 0
        assert db.query(CompletionRecord).count() == len(outcomes(visits)) - 1
        assert db.query(PriorLearningApplication).one().erased_at is not None


def test_room_and_limits_are_said_before(visits: Visits, ana: Visit) -> None:
    text = ana.get(PATH).text
    assert "at most 8 MB each and 3 at once" in text
    assert "You have used 0 kB of 100 MB" in text
    send(visits, ana, ("a.txt", b"x" * 2048), do="save")
    assert "You have used 2 kB" in ana.get(PATH).text


def untouched(database: Database, days: int) -> None:
    with database.transaction() as db:
        moment = clock.now() - timedelta(days=days)
        db.execute(sa.update(PriorLearningApplication).values(updated_at=moment))


@on_each_database
def test_files_of_an_untouched_draft_go_on_the_day_that_its_page_says(
    app: Flask, visits: Visits, ana: Visit, database: Database
) -> None:
    tool = app.extensions["credlet"]
    assert "do not change for 90 days are deleted" in ana.get("prior-learning").text
    send(visits, ana, ("a.txt", b"A"), do="save", text="Half a thought")
    untouched(database, 91)
    page = ana.get(PATH)
    assert "its files are deleted on" in page.text
    assert "Your draft is kept" in page.submit("apply", do="save").text  # as it was
    worker.forget_prior_files(tool)
    assert len(kept(database)) == 1
    untouched(database, 89)
    worker.forget_prior_files(tool)
    assert len(kept(database)) == 1
    untouched(database, 91)
    worker.forget_prior_files(tool)
    assert kept(database) == []
    told = "were deleted, because you did not change it"
    page = ana.get("units")
    assert told in page.text
    page = page.follow("Go on with the draft")
    assert "Your files were deleted, because you did not change this draft for 90 days" in page.text
    assert "Half a thought" in page.html
    assert told not in ana.get("units").text
    assert "Your files were deleted" not in ana.get(PATH).text


@on_each_database
def test_what_waits_or_was_taken_back_today_keeps_its_files(
    app: Flask, visits: Visits, ana: Visit, database: Database
) -> None:
    send(visits, ana, ("a.txt", b"A"))
    untouched(database, 400)
    worker.forget_prior_files(app.extensions["credlet"])
    assert len(kept(database)) == 1
    ana.get(PATH).submit("withdraw")
    worker.forget_prior_files(app.extensions["credlet"])
    assert len(kept(database)) == 1
    untouched(database, 91)
    worker.forget_prior_files(app.extensions["credlet"])
    assert kept(database) == []


@on_each_database
def test_a_draft_that_nobody_touches_leaves_records_what_they_rest_on(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("a.txt", b"A"), ("b.txt", b"B"))
    judge(asta, visits, waiting(database), "more", "recognised")
    ana.get(PATH).submit("apply", text="Five years, and a reference", do="hand_in")
    assert "are deleted on" in ana.get(PATH).submit("withdraw").text
    untouched(database, 91)
    worker.forget_prior_files(app.extensions["credlet"])
    with database.transaction(read_only=True) as db:
        records = list(db.scalars(sa.select(CompletionRecord.id)))
    assert len(records) == len(outcomes(visits)) - 1
    files_of_records = sorted((one.name, one.record_id) for one in kept(database))
    assert files_of_records == sorted((name, one) for name in ("a.txt", "b.txt") for one in records)
    person = teacher.get(f"course/people/{ana.person_id}")
    assert person.follow("a.txt").response.data == b"A"
    assert "Your files were deleted" in ana.get(PATH).text
    worker.forget_prior_files(app.extensions["credlet"])
    assert len(kept(database)) == 2 * len(records)
