"""What comes of an application: the learner is told, may appeal in time, and errors are mended."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from badges.prior_learning import APPEAL_WITHIN
from lti_tool import clock, worker
from lti_tool.db import Database
from lti_tool.errors import ToolError
from lti_tool.models import (
    Account,
    AuditEntry,
    Award,
    CompletionRecord,
    Course,
    EvidenceBytes,
    EvidenceFile,
    Person,
    PriorLearningApplication,
    PriorLearningJudgement,
)
from lti_tool.services.completing import completions, prior_appeals
from lti_tool.services.completing.prior_assessment import Assessor
from lti_tool.services.completing.prior_corrections import correctable
from lti_tool.services.staff.accounts import Access, Role
from tests.factories import signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.statements import recorded
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_prior_learning_files import linked, send
from tests.functional.test_prior_learning_pages import (
    LIST,
    PATH,
    UNIT,
    apply,
    assessor,
    judge,
    outcomes,
    title,
    waiting,
)

RECOGNISED = "What you can do already is recognised in"


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


def correct(asta: SignedIn, database: Database, *turn: str, **changes: str) -> tuple[int, str]:
    """Turn the judgements on some outcomes; return status and page."""
    path = f"{LIST}/{waiting(database)}/correct"
    page = asta.get(path)
    revision = page.text.partition('name="revision" value="')[2].partition('"')[0]
    reasons = {f"reason:{code}": "I took one for another" for code in turn}
    fields = {"revision": revision, "turn": list(turn), **reasons, **changes}
    answer = asta.post(path, **fields)  # type: ignore[arg-type]
    return answer.status_code, answer.text


def late(database: Database) -> None:
    """Let the time for an appeal be over."""
    with database.transaction() as db:
        db.execute(
            sa.update(PriorLearningApplication).values(
                decided_at=clock.now() - APPEAL_WITHIN - timedelta(minutes=1)
            )
        )


@on_each_database
def test_every_page_tells_what_was_decided_until_it_is_read(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    judge(asta, visits, waiting(database), "recognised")
    elsewhere = visits.open("ana", unit=UNIT, course="elsewhere", link="elsewhere")
    for path in ("", "units", "prior-learning", "data"):
        page = ana.get(path)
        assert f"{RECOGNISED} “{title(visits)}”" in page.text, path
        assert RECOGNISED not in teacher.get("units").text
        assert RECOGNISED not in elsewhere.get("units").text
    read = ana.get("units").follow("Read the judgement")
    assert "Everything is recognised" in read.text
    assert RECOGNISED not in read.text
    assert RECOGNISED not in ana.get("units").text


def test_what_is_still_to_do_and_the_answer_to_an_appeal_are_told(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    judge(asta, visits, waiting(database), "more")
    assert "The assessor wants more evidence for" in ana.get("units").text
    page = ana.get("units").follow("See what is wanted")
    page.submit("apply", text="Five years, and a reference", do="hand_in")
    judge(asta, visits, waiting(database), "not_recognised", "recognised")
    page = ana.get("units")
    assert "recognised in part" in page.text
    assert "something is left to do" in page.text
    page.follow("Read the judgement").submit("appeal", reason="I did it every day")
    assert "recognised in part" not in ana.get("units").text
    bela = assessor(app, database, visits, "Bela")
    judge(bela, visits, waiting(database), "not_recognised")
    page = ana.get("units")
    assert "Your appeal is decided. What you can do already is recognised in part" in page.text


def test_a_judgement_that_is_taken_back_counts_no_more_and_is_explained(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first, second, *_ = outcomes(visits)
    apply(visits, ana)
    judge(asta, visits, waiting(database), "recognised", "not_recognised")
    ana.get(PATH)
    page = asta.get(LIST).text
    assert "Correct your judgement" in page
    shown = asta.get(f"{LIST}/{waiting(database)}/correct").text
    assert "I take it back: not recognised" in shown
    assert "I recognise it after all" in shown
    assert correct(asta, database, first, second)[0] == 303
    assert "Your correction is recorded" in asta.get(f"{LIST}?done=corrected").text
    assert "An assessor has corrected a judgement" in ana.get("units").text
    page = ana.get(PATH)
    assert page.text.count("I took one for another") == 2
    assert "corrected" in page.text
    assert "a record was taken back" in teacher.get(f"course/people/{ana.person_id}").text
    with database.transaction(read_only=True) as db:
        records = db.query(CompletionRecord).order_by(CompletionRecord.recorded_at).all()
        assert [one.part for one in records] == [first, None, second]
        assert records[1].retracts_id == records[0].id
        assert records[1].assessor_account_id == asta.account_id
        corrected = {one.corrects_id for one in db.query(PriorLearningJudgement)}
        assert len(corrected) == 3
        assert db.query(AuditEntry).filter_by(action="prior_learning.corrected").count() == 1
    assert page.has_form("appeal")  # what was taken back can be appealed


@on_each_database
def test_a_badge_that_was_claimed_is_not_revoked_by_a_correction_but_flagged(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    judge(asta, visits, waiting(database), "recognised")
    complete_the_rest(visits, teacher)
    ana.get("claim").submit("claim")
    shown = asta.get(f"{LIST}/{waiting(database)}/correct").text
    assert "The learner has claimed the badge" in shown
    assert correct(asta, database, outcomes(visits)[0])[0] == 303
    with database.transaction(read_only=True) as db:
        award = db.query(Award).one()
        assert award.flagged_at is not None
        assert award.withdrawn_at is None
    assert "looking at your award" in ana.get("units").text
    assert correct(asta, database, outcomes(visits)[0])[0] == 303  # back again
    with database.transaction(read_only=True) as db:
        assert db.query(Award).one().flagged_at is None


def complete_the_rest(visits: Visits, teacher: Visit) -> None:
    rest = tuple(one for one in visits.mc.units if one.code != UNIT)
    visits.school.complete(teacher.id, "ana", replace(visits.mc, units=rest))


def test_a_correction_needs_a_choice_a_reason_and_what_was_read(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first = outcomes(visits)[0]
    apply(visits, ana)
    assert asta.get(f"{LIST}/{waiting(database)}/correct").status_code == 404  # judged nothing yet
    judge(asta, visits, waiting(database), "recognised")
    status, page = correct(asta, database)
    assert (status, "Choose what you correct" in page) == (400, True)
    status, page = correct(asta, database, first, **{f"reason:{first}": " "})
    assert (status, f'value="{first}" checked' in page) == (400, True)
    assert correct(asta, database, "NONE")[0] == 400
    assert correct(asta, database, first, revision="99")[0] == 409
    with database.transaction(read_only=True) as db:
        assert db.query(PriorLearningJudgement).count() == len(outcomes(visits))


def test_others_correct_nothing_and_nobody_during_an_appeal(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first, *_ = outcomes(visits)
    apply(visits, ana)
    judge(asta, visits, waiting(database), "not_recognised", "recognised")
    bela = assessor(app, database, visits, "Bela")
    path = f"{LIST}/{waiting(database)}/correct"
    assert bela.code("GET", path) == (404, "unknown_application")
    ana.get(PATH).submit("appeal", reason="I did it every day")
    assert asta.code("GET", path) == (409, "prior_not_decided")
    judge(bela, visits, waiting(database), "not_recognised")
    assert first not in asta.get(path).text  # the appeal has decided about it
    assert f'value="{first}"' in bela.get(path).text
    visits.open("asta", teacher=True, name="ASTA", unit=UNIT)
    assert asta.code("GET", path) == (403, "prior_own_teacher")


def test_an_appeal_is_possible_for_thirty_days(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    assert "within 30 days" in ana.get("prior-learning").text
    apply(visits, ana)
    judge(asta, visits, waiting(database), "not_recognised")
    page = ana.get(PATH)
    assert "You can do this once for each judgement, until" in page.text
    path, data = page.filled("appeal", reason="I did it every day")
    late(database)
    page = ana.get(PATH)
    assert not page.has_form("appeal")
    assert "Another assessor could be asked for until" in page.text
    refused = ana.post(path, data)
    assert (refused.status, "within 30 days of the decision" in refused.text) == (409, True)


@on_each_database
def test_files_go_when_nobody_judges_by_them_any_more(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first, second, *_ = outcomes(visits)
    send(visits, ana, ("first.txt", b"First"), field=f"file:{first}", do="save")
    send(visits, ana, ("second.txt", b"Second"), field=f"file:{second}", text="Five years")
    judge(asta, visits, waiting(database), "recognised", "not_recognised")
    worker.forget_prior_files(app.extensions["credlet"])
    assert "second.txt" in ana.get(PATH).text
    late(database)
    worker.forget_prior_files(app.extensions["credlet"])
    assert "second.txt" not in ana.get(PATH).text
    assert "first.txt" in teacher.get(f"course/people/{ana.person_id}").text
    with database.transaction(read_only=True) as db:
        assert [one.name for one in db.query(EvidenceFile)] == ["first.txt"]
        assert db.query(EvidenceBytes).count() == 1
    assert "forget_prior_files" in [job.name for job in worker.JOBS]


def apply_again(visits: Visits, ana: Visit) -> Page:
    said = {f"says:{code}": "yes" for code in outcomes(visits)}
    again = ana.get(f"{PATH}?again=1")
    return again.submit("apply", text="Better evidence", do="hand_in", **said)


def applications(database: Database) -> list[uuid.UUID]:
    """Return all of them, oldest first."""
    with database.transaction(read_only=True) as db:
        rows = db.query(PriorLearningApplication).order_by(PriorLearningApplication.created_at)
        return [one.id for one in rows]


@on_each_database
def test_what_was_applied_for_again_is_corrected_no_more(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    codes = outcomes(visits)
    apply(visits, ana)
    first = waiting(database)
    judge(asta, visits, first, "not_recognised")
    ana.get(PATH)
    with database.transaction() as db:  # corrected, and not read yet
        db.execute(sa.update(PriorLearningApplication).values(news="corrected"))
    assert "An assessor has corrected" in ana.get("units").text
    assert "It is handed in" in apply_again(visits, ana).text
    assert "An assessor has corrected" not in ana.get("units").text  # its page shows the new one
    path = f"{LIST}/{first}/correct"
    assert "Correct your judgement" not in asta.get(LIST).text
    assert asta.code("GET", path) == (409, "prior_applied_again")
    reasons = {f"reason:{code}": "I took one for another" for code in codes}
    assert asta.code("POST", path, revision="1", turn=codes, **reasons)[0] == 409
    second = applications(database)[1]
    judge(asta, visits, second, "recognised")
    assert asta.get(LIST).text.count("Correct your judgement") == 1
    assert "Everything is recognised" in ana.get(PATH).text
    with database.transaction(read_only=True) as db:
        account = db.get_one(Account, asta.account_id)
        old = db.get_one(PriorLearningApplication, first)
        assert not correctable(db, old, Assessor(account, Access.of(account)))


@on_each_database
def test_only_assessors_take_back_what_they_recognised_and_a_teacher_is_told_whom_to_ask(
    app: Flask,
    visits: Visits,
    teacher: Visit,
    ana: Visit,
    asta: SignedIn,
    database: Database,
) -> None:
    apply(visits, ana)
    judge(asta, visits, row := waiting(database), "recognised")
    with database.transaction(read_only=True) as db:
        records = db.query(CompletionRecord).all()
        path = f"course/records/{records[0].id}/retract"
    with recorded(app.extensions["credlet"].database) as asked:
        page = teacher.get(f"course/people/{ana.person_id}")
    told = "Only assessors can take this back. If it is wrong, ask: Asta"
    assert page.text.count(told) == len(outcomes(visits)) > 1
    assert sum("FROM account_grants" in one for one in asked) == 1  # for all records
    assert path not in page.html
    refused = teacher.get(path)
    assert (refused.status, "only assessors can take it back" in refused.text) == (403, True)
    with database.transaction() as db:
        course, olha = (
            db.get_one(Course, records[0].course_id),
            db.get_one(Person, teacher.person_id),
        )
        rows = [db.get_one(CompletionRecord, one.id) for one in records]
        for targets in (rows[:1], rows):
            with pytest.raises(ToolError) as refusal:
                completions.retract_all(
                    db, targets, course=course, assessor=olha, reason="No", now=clock.now()
                )
            assert refusal.value.code == "only_assessors_take_back"
    berta = assessor(app, database, visits, "Berta")
    assert berta.code("GET", f"{LIST}/{row}/correct") == (404, "unknown_application")
    with database.transaction() as db:
        db.get_one(Account, asta.account_id).disabled_at = clock.now()
    page = teacher.get(f"course/people/{ana.person_id}")
    assert "Only assessors can take this back. If it is wrong, ask: Berta" in page.text
    assert "Recognised by somebody who assesses no more" in berta.get(LIST).text
    assert correct(berta, database, outcomes(visits)[0])[0] == 303
    assert "An assessor has corrected a judgement" in ana.get("units").text
    assert "I took one for another" in ana.get(PATH).text
    with database.transaction() as db:
        db.get_one(Account, berta.account_id).disabled_at = clock.now()
    assert "there is none now" in teacher.get(f"course/people/{ana.person_id}").text


@on_each_database
def test_files_of_what_was_taken_back_go_too(
    app: Flask, visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    first, second, *_ = outcomes(visits)
    send(visits, ana, ("first.txt", b"First"), field=f"file:{first}", do="save")
    send(visits, ana, ("second.txt", b"Second"), field=f"file:{second}", text="Five years")
    judge(asta, visits, waiting(database), "recognised")
    assert correct(asta, database, first)[0] == 303
    person = f"course/people/{ana.person_id}"
    worker.forget_prior_files(app.extensions["credlet"])
    assert "first.txt" in teacher.get(person).text
    late(database)
    worker.forget_prior_files(app.extensions["credlet"])
    text = teacher.get(person).text
    assert ("first.txt" in text, "second.txt" in text) == (False, True)


def test_teachers_leave_the_files_by_which_an_assessor_judged(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    send(visits, ana, ("own.txt", b"Mine"), text="Five years")
    judge(asta, visits, waiting(database), "recognised")
    with database.transaction(read_only=True) as db:
        file = db.scalars(
            sa.select(EvidenceFile).filter(EvidenceFile.record_id.is_not(None))
        ).first()
        assert file is not None
        paths = (f"course/evidence/{file.id}/remove", f"course/records/{file.record_id}/files")
    page = teacher.get(f"course/people/{ana.person_id}")
    assert "own.txt" in page.text
    _, proof = teacher.get("course").filled("choose")
    for path in paths:
        assert path not in page.html
        for refused in (teacher.get(path), teacher.post(path, proof)):
            assert refused.status == 403
            assert "only assessors can take it back, or change what it rests on" in refused.text
    with database.transaction(read_only=True) as db:
        assert db.get(EvidenceFile, file.id) is not None


@on_each_database
def test_what_was_withdrawn_and_deleted_does_not_read_as_refused(
    visits: Visits, ana: Visit, database: Database
) -> None:
    page = apply(visits, ana).submit("withdraw").submit("erase")
    assert "Nothing could be recognised" not in page.text
    assert page.has_form("apply")
    assert applications(database) == []


@on_each_database
def test_assessors_of_other_schools_cost_the_learner_nothing(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    apply(visits, ana)
    ana.get(PATH)
    asked = app.extensions["credlet"].database
    with recorded(asked) as before:
        ana.get(PATH)
    for number in range(10):
        signing_in.account(database, clock.now(), f"Otto {number}", Role.ASSESSOR, "elsewhere")
    with recorded(asked) as after:
        ana.get(PATH)
    assert len(after) == len(before) > 0


@on_each_database
def test_each_judgement_can_be_appealed_once_and_a_new_one_again(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    berta = assessor(app, database, visits, "Berta")
    first, *others = outcomes(visits)
    advice = ana.get("prior-learning").text
    assert "another assessor within 30 days, once for each judgement" in advice
    apply(visits, ana)
    row = waiting(database)
    assert "appeal against within 30 days" in asta.get(f"{LIST}/{row}").text
    judge(asta, visits, row, "recognised", "not_recognised")
    ana.get(PATH).submit("appeal", reason="It is the same process")
    assert asta.code("GET", f"{LIST}/{row}") == (403, "prior_judged_before")
    judge(berta, visits, row, "not_recognised")
    page = ana.get(PATH)
    assert "the same judgement cannot be appealed twice" in page.text
    assert "You can apply again with other evidence" in page.text
    assert not page.has_form("appeal")
    assert "another assessor within 30 days." in asta.get(f"{LIST}/{row}/correct").text
    assert correct(asta, database, first)[0] == 303  # judged anew, and against the learner
    page = ana.get(PATH)
    assert page.has_form("appeal")
    assert "This time it is about:" in page.text
    page = page.submit("appeal", reason="It was recognised before")
    assert "Your appeal is handed in" in page.text
    shown = berta.get(f"{LIST}/{row}").text
    assert shown.count('name="verdict:') == 3  # of the one outcome, and of no other
    assert "It is the same process" in shown
    assert "It was recognised before" in shown
    assert asta.code("GET", f"{LIST}/{row}") == (403, "prior_judged_before")
    judge(berta, visits, row, "not_recognised")
    page = ana.get(PATH)
    assert "the same judgement cannot be appealed twice" in page.text
    assert not page.has_form("appeal")
    assert len(others) > 0


@on_each_database
def test_the_reasons_of_two_appeals_are_kept_and_shown_apart(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    berta = assessor(app, database, visits, "Berta")
    first, *_ = outcomes(visits)
    apply(visits, ana)
    row = waiting(database)
    judge(asta, visits, row, "recognised", "not_recognised")
    with database.transaction() as db:  # as it was kept before migration 0050
        ana_asks = "It is the same process\n\nand the same machine"
        prior_appeals.appeal(db, db.query(PriorLearningApplication).one(), ana_asks, clock.now())
        db.query(PriorLearningApplication).one().appeals = None
    assert ana_asks in berta.get(f"{LIST}/{row}").text
    judge(berta, visits, row, "not_recognised")
    assert correct(asta, database, first)[0] == 303
    page = ana.get(PATH)
    assert "Why you asked for another assessor" in page.text
    page = page.submit("appeal", reason="It was recognised before")
    shown = berta.get(f"{LIST}/{row}").text
    now, earlier = shown.index("It was recognised before"), shown.index("It is the same process")
    assert "Earlier, on" in shown[now:earlier]
    for said in ("It was recognised before", "It is the same process"):
        assert said in page.text
    with database.transaction(read_only=True) as db:
        found = prior_appeals.made(db.query(PriorLearningApplication).one())
        assert [one.reason for one in found] == [ana_asks, "It was recognised before"]
    judge(berta, visits, row, "not_recognised")
    page = ana.get(PATH).submit("erase")
    assert "It was recognised before" not in page.text
    with database.transaction(read_only=True) as db:
        kept = db.query(PriorLearningApplication).one()
        assert "process" not in f"{kept.appeals} {kept.appeal_reason}"


@on_each_database
def test_what_an_appeal_recognised_and_was_taken_back_can_be_appealed_once(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    berta, carla = (assessor(app, database, visits, name) for name in ("Berta", "Carla"))
    first, *_ = outcomes(visits)
    apply(visits, ana)
    row = waiting(database)
    judge(asta, visits, row, "not_recognised")
    ana.get(PATH).submit("appeal", reason="I did it every day")
    judge(berta, visits, row, "recognised", "not_recognised")
    assert not ana.get(PATH).has_form("appeal")
    assert correct(berta, database, first)[0] == 303
    page = ana.get(PATH)
    assert page.has_form("appeal")
    assert "This time it is about:" in page.text
    page.submit("appeal", reason="You had seen it")
    for judged in (asta, berta):
        assert judged.code("GET", f"{LIST}/{row}") == (403, "prior_judged_before")
    shown = carla.get(f"{LIST}/{row}").text
    assert shown.count('name="verdict:') == 3
    assert f'name="verdict:{first}"' in shown
    judge(carla, visits, row, "not_recognised")
    page = ana.get(PATH)
    assert not page.has_form("appeal")
    assert "the same judgement cannot be appealed twice" in page.text
    assert correct(carla, database, first)[0] == 303  # the answer itself is put right
    assert "1 of 3 learning outcomes are recognised" in ana.get(PATH).text


@on_each_database
def test_who_corrects_a_judgement_sees_what_it_was_judged_by(
    app: Flask, visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    berta = assessor(app, database, visits, "Berta")
    code = outcomes(visits)[0]
    send(visits, ana, ("own.txt", b"Mine"), field=f"file:{code}", do="save")
    send(visits, ana, ("all.txt", b"Everything"), text="Five years at Dock Welding")
    judge(asta, visits, row := waiting(database), "recognised")
    for _ in range(2):  # also once the learner's own copies are deleted
        page = asta.get(f"{LIST}/{row}/correct").text
        files = linked(page)
        assert (page.count("own.txt"), page.count("all.txt"), len(files)) == (1, 1, 2)
        assert "Five years at Dock Welding" in page
        assert {asta.get(one).data for one in files} == {b"Mine", b"Everything"}
        assert {berta.get(one).status_code for one in files} == {404}
        late(database)
        worker.forget_prior_files(app.extensions["credlet"])
    ana.get(PATH).submit("erase")
    assert {asta.get(one).status_code for one in files} == {404}
