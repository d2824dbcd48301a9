"""Files are kept encrypted, once, within limits, and go for good."""

import sys
import uuid
from dataclasses import replace

import pytest
import sqlalchemy as sa

from badges import samples
from lti_tool import documents
from lti_tool.db import Database
from lti_tool.encryption import Encryption, Undecryptable
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    CompletionRecord,
    EvidenceBytes,
    EvidenceContent,
    EvidenceFile,
    LaunchSession,
)
from lti_tool.scanner import NotScanned
from lti_tool.services.completing import evidence
from lti_tool.services.completing.evidence import Keeping, Limits
from tests.factories import files
from tests.factories.courses import School
from tests.factories.databases import on_each_database

WLD = samples.welding()
SIGN_OFF = WLD.units[2].code
ROOM = Limits(file=2000, files=3, person=4000, course=6000, organisation=7000)


@pytest.fixture
def keeping(school: School) -> Keeping:
    return Keeping(school.encryption, ROOM)


def recorded(school: School, teacher: uuid.UUID, *people: str) -> list[uuid.UUID]:
    for sub in people:
        school.launch(sub, mc=WLD.code)
    return [school.assess(teacher, sub, WLD.code, SIGN_OFF, signed_off=True) for sub in people]


def keep_with(school: School, keeping: Keeping, data: bytes, *records: uuid.UUID) -> None:
    document = evidence.accept(data, "seen.txt", keeping)
    with school.transaction() as db:
        rows = [db.get_one(CompletionRecord, one) for one in records]
        evidence.keep_with(db, [document], rows, by="person:x", keeping=keeping, now=school.now)


def count(database: Database, table: type) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(sa.select(sa.func.count()).select_from(table)).one()


@on_each_database
def test_one_content_serves_many_and_goes_with_the_last(
    database: Database, school: School, teacher: uuid.UUID, keeping: Keeping
) -> None:
    records = recorded(school, teacher, "ana", "bo")
    for _ in range(2):
        keep_with(school, keeping, b"Seen in the workshop", *records)
    with school.transaction() as db:
        ana, bo = db.scalars(sa.select(EvidenceFile).order_by(EvidenceFile.record_id)).all()
        assert evidence.read(db, ana, keeping.encryption) == b"Seen in the workshop"
        sealed = db.scalars(sa.select(EvidenceBytes)).one().sealed
        assert b"workshop" not in sealed
        evidence.remove(db, ana, actor="person:x", now=school.now)
        assert evidence.read(db, bo, keeping.encryption) == b"Seen in the workshop"
        evidence.remove(db, bo, actor="person:x", now=school.now)
    for table in (EvidenceFile, EvidenceContent, EvidenceBytes):
        assert count(database, table) == 0


def test_a_file_needs_no_completion_and_is_found_by_its_person_only(
    database: Database, school: School, teacher: uuid.UUID, keeping: Keeping
) -> None:
    school.launch("ana", mc=WLD.code)
    school.launch("bo", mc=WLD.code)
    document = evidence.accept(files.PDF, "Certificate.PDF", keeping)
    with school.transaction() as db:
        course = db.get_one(LaunchSession, teacher).course
        ana = school.person(db, "ana")
        file = evidence.keep(
            db, document, ana, course=course, by="person:x", keeping=keeping, now=school.now
        )
        assert file.name == "Certificate.pdf"
        with pytest.raises(NotFound):
            evidence.find_in_course(db, course, file.id)  # no completion rests on it
        assert evidence.find_own(db, ana, file.id) is file
        assert list(evidence.of_person(db, ana)) == [file]
        with pytest.raises(NotFound):
            evidence.find_own(db, school.person(db, "bo"), file.id)


def test_a_file_that_serves_several_results_of_a_person_counts_once(
    school: School, teacher: uuid.UUID, keeping: Keeping
) -> None:
    school.launch("ana", mc=WLD.code)
    rows = [
        school.assess(teacher, "ana", WLD.code, SIGN_OFF, signed_off=True, key=key)
        for key in ("1", "2", "3")
    ]
    keep_with(school, keeping, b"a" * 1500, *rows)
    keep_with(school, keeping, b"b" * 1500, rows[0])


def test_what_is_full_is_said(school: School, teacher: uuid.UUID, keeping: Keeping) -> None:
    ana, bo, cy, dee = recorded(school, teacher, "ana", "bo", "cy", "dee")
    keep_with(school, keeping, b"a" * 2000, ana)
    keep_with(school, keeping, b"b" * 1900, ana)
    with pytest.raises(Conflict, match="evidence_person_full"):
        keep_with(school, keeping, b"c" * 200, ana)
    keep_with(school, keeping, b"d" * 2000, bo, cy)
    with pytest.raises(Conflict, match="evidence_course_full"):
        keep_with(school, keeping, b"e" * 200, dee)
    larger = replace(keeping, limits=replace(ROOM, course=100_000))
    with pytest.raises(Conflict, match="evidence_organisation_full"):
        keep_with(school, larger, b"f" * 1200, dee)
    with pytest.raises(ToolError, match="file_too_large"):
        keep_with(school, keeping, b"g" * 2001, dee)


def test_what_a_teacher_gives_to_a_whole_column_takes_no_room_of_its_learners(
    school: School, teacher: uuid.UUID, keeping: Keeping
) -> None:
    ana, bo = recorded(school, teacher, "ana", "bo")
    keep_with(school, keeping, b"a" * 1900, ana, bo)
    keep_with(school, keeping, b"b" * 1900, ana)
    with school.transaction() as db:
        person = school.person(db, "ana")
        assert evidence.used(db, person) == 0
        course = db.get_one(CompletionRecord, ana).course
        larger = replace(keeping, limits=replace(ROOM, course=100_000, organisation=100_000))
        document = documents.read(b"c" * 1500, "mine.txt")
        by = f"person:{person.id}"
        evidence.keep(db, document, person, course=course, by=by, keeping=larger, now=school.now)
        assert evidence.used(db, person) == 1500


def test_bytes_that_were_changed_or_exchanged_are_not_handed_out(
    school: School, teacher: uuid.UUID, keeping: Keeping
) -> None:
    (ana,) = recorded(school, teacher, "ana")
    keep_with(school, keeping, b"one", ana)
    with school.transaction() as db:
        row = db.scalars(sa.select(EvidenceBytes)).one()
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        db.flush()
        with pytest.raises(Undecryptable):
            evidence.read(db, db.scalars(sa.select(EvidenceFile)).one(), keeping.encryption)


def test_bytes_are_bound_to_what_they_are_about() -> None:
    encryption = Encryption(["4D1BSL4xHWXTAZ9Fv7nuKLUrSnBmeTUkCR8tdSVKPEk="])
    key, sealed = encryption.seal(b"content", b"one")
    assert encryption.unseal(key, sealed, b"one") == b"content"
    with pytest.raises(Undecryptable):
        encryption.unseal(key, sealed, b"two")


@pytest.mark.parametrize(("code", "error"), [(0, None), (1, "file_infected"), (2, "not_scanned")])
def test_the_operators_scanner_decides_and_silence_lets_nothing_in(
    keeping: Keeping, code: int, error: str | None
) -> None:
    program = f"import sys; sys.exit({code} if sys.stdin.buffer.read() == b'hello' else 9)"
    scanned = replace(keeping, scan_command=f'{sys.executable} -c "{program}"')
    if error is None:
        assert evidence.accept(b"hello", "x.txt", scanned).data == b"hello"
    else:
        with pytest.raises(ToolError, match=error):
            evidence.accept(b"hello", "x.txt", scanned)
    with pytest.raises(NotScanned):
        evidence.accept(b"hello", "x.txt", replace(keeping, scan_command="/no/such/program"))


@pytest.mark.parametrize(
    "text",
    [
        "https://school.example/a?b=c#d",
        "https://school.example:8443",
        "https://школа.укр/звіт",
        "  https://a.b/ ",
    ],
)
def test_a_link_is_a_whole_https_address(text: str) -> None:
    assert evidence.link(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "http://school.example/",
        "javascript:alert(1)",
        "https://user:word@school.example/",
        "https://bank.example@evil.example/",
        "https://localhost/",
        "https:///nothing",
        "https://school.example:99999/",
        "https://school.example/a b",
        'https://school.example/"onclick="x',
        "https://school.example\\@evil.example/",
        "https://[::1]/",
        "school.example",
        "https://school.example/\u202e",
    ],
)
def test_anything_else_is_no_link(text: str) -> None:
    with pytest.raises(ToolError, match="evidence_link_invalid"):
        evidence.link(text)


def test_no_link_is_fine_and_an_endless_one_is_not() -> None:
    assert evidence.link("  ") is None
    with pytest.raises(ToolError, match="link_too_long"):
        evidence.link("https://school.example/" + "a" * 1000)
