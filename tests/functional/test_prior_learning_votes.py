"""Where two assessors have to recognise, the first one's vote is read by neither side before."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges.rules import SignOffs
from badges.text import Text
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    CompletionRecord,
    EvidenceFile,
    ModerationSample,
    PriorLearningApplication,
)
from lti_tool.services import people
from lti_tool.services.completing import moderation
from lti_tool.services.staff.accounts import Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Visit, Visits
from tests.functional.test_prior_learning_files import send
from tests.functional.test_prior_learning_pages import (
    LIST,
    UNIT,
    assessor,
    judge,
    outcomes,
    waiting,
)


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    visits = Visits.at(app, database, clock.now() - timedelta(minutes=1))
    twice = replace(visits.mc.unit(UNIT), rule=SignOffs(Text({"en": "It was done."}), 2))
    units = tuple(twice if one.code == UNIT else one for one in visits.mc.units)
    visits.school.publish(replace(visits.mc, code="TWICE", units=units))
    return visits


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=UNIT, mc="TWICE")


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana", unit=UNIT, mc="TWICE")


@pytest.fixture
def asta(app: Flask, database: Database, visits: Visits) -> SignedIn:
    return assessor(app, database, visits, "Asta")


@on_each_database
def test_teachers_see_what_is_recognised_and_no_single_vote(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("reference.txt", b"Five years"))
    before, table = teacher.get("course").text, teacher.get("course/results.csv").html
    assert judge(asta, visits, waiting(database), "recognised") == 303
    person = f"course/people/{ana.person_id}"
    with database.transaction(read_only=True) as db:
        files = [one.id for one in db.query(EvidenceFile) if one.record_id is not None]
    assert files
    page = teacher.get(person).text
    for words in (
        "prior learning recognised",
        "Asta",
        "reference.txt",
        "Started",
        "outcomes recognised",
    ):
        assert words not in page, words
    assert all(teacher.get(f"course/evidence/{one}").status == 404 for one in files)
    assert teacher.get("course").text == before
    assert teacher.get("course/results.csv").html == table
    bela = assessor(app, database, visits, "Bela")
    assert judge(bela, visits, waiting(database), "recognised") == 303
    page = teacher.get(person).text
    assert "by Asta" in page
    assert "by Bela" in page
    assert "reference.txt" in page
    assert all(teacher.get(f"course/evidence/{one}").status == 200 for one in files)


def test_a_vote_that_the_second_assessor_does_not_share_stays_unseen(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("reference.txt", b"Five years"))
    judge(asta, visits, waiting(database), "recognised")
    judge(
        assessor(app, database, visits, "Bela"),
        visits,
        waiting(database),
        "not_recognised",
        "recognised",
    )
    page = teacher.get(f"course/people/{ana.person_id}").text
    shown = visits.mc.unit(UNIT).outcomes
    assert f"prior learning recognised: {shown[0].text.best('en')}" not in page
    assert page.count(f"prior learning recognised: {shown[1].text.best('en')}") == 2


def test_a_reviewer_looks_again_at_what_is_recognised_and_at_no_single_vote(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    with visits.school.transaction() as db:
        version = visits.school.version(db, "TWICE")
        moderation.ask(db, version, 1, by="account:x", now=clock.now())
    body = visits.mc.awarding_body.slug
    rita = signing_in.account(database, clock.now(), "Rita", Role.REVIEWER, body)
    rita_in = signing_in.signed_in(app, database, rita, clock.now())
    send(visits, ana, ("reference.txt", b"Five years"))
    judge(asta, visits, waiting(database), "recognised")
    with database.transaction(read_only=True) as db:
        drawn = [one.id for one in db.query(ModerationSample)]
    assert drawn
    title = visits.mc.unit(UNIT).title.best("en")
    assert title not in rita_in.get("/admin/reviews").text
    assert {rita_in.get(f"/admin/moderation/{one}").status_code for one in drawn} == {404}
    judge(assessor(app, database, visits, "Bela"), visits, waiting(database), "recognised")
    assert title in rita_in.get("/admin/reviews").text
    assert {rita_in.get(f"/admin/moderation/{one}").status_code for one in drawn} == {200}


def test_the_first_vote_is_told_to_nobody_and_its_assessor_is_told_so(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("reference.txt", b"Five years"))
    path = f"{LIST}/{waiting(database)}"
    overview, data = ana.get("units").text, ana.get("data").text
    assert "I can do this already: waits for a judgement" in overview
    said = {f"verdict:{code}": "recognised" for code in outcomes(visits)}
    with database.transaction(read_only=True) as db:
        revision = str(db.query(PriorLearningApplication).one().revision)
    fields = {"revision": revision, "independent": "1", **said}
    first = asta.post(path, **fields)
    told = asta.get(first.headers["Location"]).text
    assert "Another assessor has still to judge" in told
    assert "reads it at once" not in told
    assert ana.get("units").text == overview
    assert "learning outcomes recognised" not in ana.get("units").text
    assert ana.get("data").text == data
    bela = assessor(app, database, visits, "Bela")
    last = bela.post(path, **fields)
    assert "The learner reads it at once" in bela.get(last.headers["Location"]).text
    assert "Prior learning recognised" in ana.get("units").text


def test_what_is_kept_about_a_person_counts_no_single_vote(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("reference.txt", b"Five years"))
    before = kept(database)
    judge(asta, visits, waiting(database), "recognised")
    assert kept(database) == before
    bela = assessor(app, database, visits, "Bela")
    judge(bela, visits, waiting(database), "recognised")
    assert kept(database)[0] == [2 * len(outcomes(visits))]


def kept(database: Database) -> tuple[list[int], list[str], int]:
    """Return how many records, which files and how many judgements Ana's data name."""
    with database.transaction(read_only=True) as db:
        person = db.query(PriorLearningApplication).one().person
        held = people.held(db, person)
        records = [number for _, number in held.records]
        return records, [one.name for one in held.files], sum(held.judged.values())


def test_single_votes_hide_no_result_that_is_to_be_looked_at_again(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("reference.txt", b"Five years"))
    judge(asta, visits, waiting(database), "recognised")
    with database.transaction() as db:
        vote = db.query(CompletionRecord).first()
        assert vote is not None
        body, columns = vote.version.series.organisation_id, vote.__mapper__.column_attrs
        same = {one.key: getattr(vote, one.key) for one in columns if one.key not in ("id", "key")}
        votes = [CompletionRecord(key=f"{one}", **same) for one in range(moderation.MOST_LISTED)]
        own = same | {"unit_code": visits.mc.units[0].code, "route": "assessed", "part": None}
        own |= {"assessor_account_id": None}
        other = CompletionRecord(key="other", **own)
        for number, record in enumerate([*votes, other]):
            at = clock.now() + timedelta(seconds=number)
            db.add(ModerationSample(record=record, organisation_id=body, drawn_at=at))
        db.flush()
        expected = [(other.id, other.version_id)]
    with database.transaction(read_only=True) as db:
        found = moderation.waiting_ids(db, [body], uuid.uuid4())
        records = [db.get_one(ModerationSample, one).record_id for one, _ in found]
        assert [
            (one, version) for one, (_, version) in zip(records, found, strict=True)
        ] == expected
