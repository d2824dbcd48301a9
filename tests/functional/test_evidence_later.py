"""Evidence after the fact: added to a result that exists, and looked at by a moderator."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, CompletionRecord, EvidenceFile, ModerationSample
from lti_tool.services.completing import moderation
from lti_tool.services.definitions import catalogue
from lti_tool.services.staff.accounts import Role
from tests.factories import files, signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Page, Visit, Visits

UNIT = "BEM-S-WLD1-U3"
REVIEWS = "/admin/moderation"


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
def rita(app: Flask, database: Database, visits: Visits) -> SignedIn:
    now, body = clock.now(), visits.mc.awarding_body.slug
    made = signing_in.account(database, now, "Rita", Role.REVIEWER, body)
    return signing_in.signed_in(app, database, made, now)


def sign_off(teacher: Visit, ana: Visit, **fields: str) -> uuid.UUID:
    page = teacher.get(f"course/units/{UNIT}")
    page.submit("record", person=[str(ana.person_id)], **fields)
    with teacher.client.application.extensions["credlet"].database.transaction() as db:
        found = sa.select(CompletionRecord.id).order_by(CompletionRecord.recorded_at.desc())
        return uuid.UUID(str(db.scalars(found).first()))


def add(teacher: Visit, ana: Visit, *sent: tuple[str, bytes]) -> Page:
    page = teacher.get(f"course/people/{ana.person_id}").follow("Add files")
    return teacher.upload(*page.filled("add"), *sent)


def acts(database: Database) -> list[str]:
    with database.transaction(read_only=True) as db:
        return [one.action for one in db.query(AuditEntry)]


def sample(visits: Visits, database: Database) -> uuid.UUID:
    with database.transaction(read_only=True) as db:
        return db.query(ModerationSample).one().id


def draw_all(visits: Visits) -> None:
    with visits.school.transaction() as db:
        moderation.ask(db, catalogue.find(db, visits.mc.code), 1, by="account:x", now=clock.now())


@on_each_database
def test_files_are_added_to_a_result_that_exists(
    teacher: Visit, ana: Visit, database: Database
) -> None:
    sign_off(teacher, ana, evidence="Seen in the workshop")
    done = add(teacher, ana, ("seam.jpg", files.photo()))
    assert "The files were added." in done.text
    done = add(teacher, ana, ("report.pdf", files.PDF), ("seam.jpg", files.photo()))
    for page in (done, ana.get("data")):
        assert "Seen in the workshop" in page.text
        assert page.follow("seam.jpg").response.content_type == "image/jpeg"
        assert page.follow("report.pdf").response.data == files.PDF
    with database.transaction(read_only=True) as db:
        assert db.query(EvidenceFile).count() == 2
        assert db.query(CompletionRecord).count() == 1
    assert acts(database).count("evidence.added") == 2
    add(teacher, ana, ("seam.jpg", files.photo()))  # is there already
    assert acts(database).count("evidence.added") == 2


def test_what_cannot_be_added_is_said(teacher: Visit, ana: Visit, database: Database) -> None:
    record = sign_off(teacher, ana)
    refused = add(teacher, ana)
    assert (refused.status, "Choose a file." in refused.text) == (400, True)
    refused = add(teacher, ana, ("seam.heic", b"\x00\x00\x00\x18ftypheic" + bytes(40)))
    assert (refused.status, "in the format HEIC" in refused.text) == (400, True)
    page = teacher.get(f"course/records/{record}/files")
    teacher.get(f"course/records/{record}/retract").submit("retract", reason="Mistaken")
    late = teacher.upload(*page.filled("add"), ("a.txt", b"A"))
    assert (late.status, "This result was taken back" in late.text) == (409, True)
    assert "Add files" not in teacher.get(f"course/people/{ana.person_id}").text
    with database.transaction(read_only=True) as db:
        assert db.query(EvidenceFile).count() == 0


@on_each_database
def test_a_moderator_sees_what_it_rests_on_when_they_ask_and_the_log_knows(
    visits: Visits, teacher: Visit, ana: Visit, rita: SignedIn, database: Database
) -> None:
    draw_all(visits)
    sign_off(teacher, ana, evidence="Ana welded it alone")
    add(teacher, ana, ("Ana certificate.pdf", files.PDF), ("seam.jpg", files.photo()))
    path = f"{REVIEWS}/{sample(visits, database)}"
    first = rita.get(path).text
    assert "Ana" not in first
    assert "There are 2 files." in first
    assert "moderation.evidence_shown" not in acts(database)
    shown = rita.post(f"{path}/evidence", reason="Typed before").text
    assert "Ana welded it alone" in shown
    assert "Typed before" in shown
    assert "Ana certificate" not in shown
    assert acts(database).count("moderation.evidence_shown") == 1
    with database.transaction(read_only=True) as db:
        one = db.query(EvidenceFile).filter_by(name="Ana certificate.pdf").one().id
    saved = rita.post(f"{path}/files/{one}")
    assert saved.data == files.PDF
    assert saved.headers["Content-Disposition"] in {
        "attachment; filename=1.pdf",
        "attachment; filename=2.pdf",
    }
    assert acts(database).count("moderation.file_opened") == 1
    refused = rita.post(path, verdict="disagreed", shown="1", independent="1")
    assert (refused.status_code, "Ana welded it alone" in refused.text) == (400, True)


def test_a_moderator_opens_no_other_file(
    visits: Visits, teacher: Visit, ana: Visit, rita: SignedIn, database: Database
) -> None:
    sign_off(teacher, ana)
    add(teacher, ana, ("a.txt", b"Of a result that was not drawn"))
    draw_all(visits)
    bo = visits.open("bo", unit=UNIT)
    sign_off(teacher, bo)
    path = f"{REVIEWS}/{sample(visits, database)}"
    assert "Nothing was written down with it" in rita.get(path).text
    with database.transaction(read_only=True) as db:
        one = db.query(EvidenceFile).one().id
    assert rita.code("POST", f"{path}/files/{one}") == (404, "unknown_evidence")
    assert "moderation.file_opened" not in acts(database)
