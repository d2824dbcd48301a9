"""Prior learning: applied for by learners, judged by assessors, recorded within the limits."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import samples
from badges.completion import Route
from badges.micro_credential import PriorLearning
from badges.rules import SignOffs
from badges.text import Text
from lti_tool.db import Database
from lti_tool.errors import ToolError
from lti_tool.models import (
    Account,
    CompletionRecord,
    EvidenceContent,
    EvidenceFile,
    LaunchSession,
    MicroCredentialVersion,
    PriorLearningApplication,
    PriorLearningJudgement,
    Registration,
)
from lti_tool.services import organisations
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import (
    completions,
    prior_appeals,
    prior_assessment,
    prior_drafts,
    prior_files,
    prior_learning,
)
from lti_tool.services.completing.evidence import Keeping, Limits
from lti_tool.services.completing.prior_assessment import Assessor, Opinion
from lti_tool.services.completing.prior_learning import (
    Answer,
    Place,
    Says,
    SelfAssessment,
    Standing,
    Verdict,
)
from lti_tool.services.completing.prior_states import State
from lti_tool.services.definitions import catalogue, review_partners
from lti_tool.services.staff.accounts import Access, Role
from tests.factories import signing_in
from tests.factories.applying import hand_in
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.threads import somebody_waits

WLD = samples.welding()
BODY = WLD.awarding_body.slug
UNIT = WLD.units[2]
CODES = [one.code for one in UNIT.outcomes]
TWICE = replace(
    WLD,
    code="TWICE",
    units=(replace(UNIT, rule=SignOffs(Text({"en": "It was done."}), 2)), *WLD.units[3:]),
)


@dataclass
class Applying:
    """A learner of a school who applies for one unit, and the assessors of the awarding body."""

    school: School
    launch: uuid.UUID
    code: str = WLD.code

    def place(self, db: Session, unit: str = UNIT.code) -> Place:
        launch = db.get_one(LaunchSession, self.launch)
        version = self.school.version(db, self.code)
        found = catalogue.definition(version).unit(unit)
        return Place(launch.person, launch.course, version, found)

    def save(self, said: SelfAssessment, revision: int = 0) -> uuid.UUID:
        with self.school.transaction() as db:
            return prior_learning.save(
                db, self.place(db), said, revision=revision, now=self.school.now
            ).id

    def hand_in(self, said: SelfAssessment | None = None) -> uuid.UUID:
        row = self.save(said or claims())
        self.act(row, prior_learning.hand_in)
        return row

    def act(self, row: uuid.UUID, act: Callable[..., None], *more: object) -> None:
        self.school.tick()
        with self.school.transaction() as db:
            act(db, db.get_one(PriorLearningApplication, row), *more, self.school.now)

    def judge(self, row: uuid.UUID, account: uuid.UUID, **said: str) -> None:
        """Judge as `verdict` says, with exceptions by the number of the outcome: `at1=...`."""
        self.school.tick()
        usual = Verdict(said.get("verdict", "recognised"))
        opinions = {
            code: Opinion(Verdict(said.get(f"at{number}", usual)), "Seen in the workshop")
            for number, code in enumerate(CODES)
        }
        with self.school.transaction() as db:
            found = db.get_one(PriorLearningApplication, row)
            prior_assessment.judge(
                db,
                found,
                assessor(db, account),
                opinions,
                revision=found.revision,
                is_independent="independent" not in said,
                now=self.school.now,
            )

    def standings(self, row: uuid.UUID) -> list[Standing]:
        with self.school.transaction() as db:
            found = db.get_one(PriorLearningApplication, row)
            return [one.standing for one in prior_learning.outcomes(db, found)]

    def state(self, row: uuid.UUID) -> str:
        with self.school.transaction() as db:
            return db.get_one(PriorLearningApplication, row).state

    def route(self) -> Route | None:
        with self.school.transaction() as db:
            place = self.place(db)
            found = completions.standing(db, place.person, place.version, self.school.now)
            return found.real.unit(UNIT.code).route


def claims(**changes: object) -> SelfAssessment:
    answers = {code: Answer(Says.YES, "Five years in a workshop") for code in CODES}
    return replace(SelfAssessment(answers), **changes)  # type: ignore[arg-type]


def assessor(db: Session, account: uuid.UUID) -> Assessor:
    found = db.get_one(Account, account)
    return Assessor(found, Access.of(found))


@pytest.fixture
def applying(school: School, teacher: uuid.UUID) -> Applying:
    launch = school.launch("ana", mc=WLD.code, unit=UNIT.code)
    return Applying(school, launch)


@pytest.fixture
def asta(school: School) -> uuid.UUID:
    return signing_in.account(school.database, school.now, "Asta", Role.ASSESSOR, BODY)


@pytest.fixture
def bela(school: School) -> uuid.UUID:
    return signing_in.account(school.database, school.now, "Bela", Role.ASSESSOR, BODY)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ToolError) as refusal:
        act()
    return refusal.value.code


@on_each_database
def test_what_an_assessor_recognises_completes_the_unit(
    applying: Applying, asta: uuid.UUID
) -> None:
    row = applying.hand_in()
    with applying.school.transaction() as db:
        assert [one.id for one in prior_assessment.waiting(db, assessor(db, asta))] == [row]
    applying.judge(row, asta)
    assert applying.state(row) == State.DECIDED
    assert set(applying.standings(row)) == {Standing.RECOGNISED}
    assert applying.route() is Route.PRIOR_LEARNING
    with applying.school.transaction() as db:
        records = db.query(CompletionRecord).all()
        assert {one.assessor_account_id for one in records} == {asta}
        assert sorted(str(one.part) for one in records) == sorted(CODES)
        assert not prior_assessment.waiting(db, assessor(db, asta))
        assert prior_assessment.lately(db, assessor(db, asta))[0].id == row


def test_what_is_not_recognised_is_left_to_do_and_can_be_appealed_once(
    applying: Applying, asta: uuid.UUID, bela: uuid.UUID
) -> None:
    row = applying.hand_in()
    applying.judge(row, asta, at0="not_recognised")
    assert applying.state(row) == State.DECIDED
    assert applying.standings(row)[0] is Standing.NOT_RECOGNISED
    assert applying.route() is None
    applying.act(row, prior_appeals.appeal, "I did it every day")
    assert refused(lambda: applying.judge(row, asta)) == "prior_judged_before"
    applying.judge(row, bela)
    assert applying.route() is Route.PRIOR_LEARNING
    again = lambda: applying.act(row, prior_appeals.appeal, "Once more")  # noqa: E731
    assert refused(again) == "prior_learning_moved"


def test_reasons_that_an_earlier_release_deleted_are_not_shown_again(
    applying: Applying, asta: uuid.UUID
) -> None:
    row = applying.hand_in()
    applying.judge(row, asta, at0="not_recognised")
    applying.act(row, prior_appeals.appeal, "I did it every day")
    with applying.school.transaction() as db:
        found = db.get_one(PriorLearningApplication, row)
        found.appeal_reason, found.erased_at = "", applying.school.now
        assert [one.reason for one in prior_appeals.made(found)] == [""]


def test_more_evidence_is_asked_for_and_judged_when_it_is_there(
    applying: Applying, asta: uuid.UUID
) -> None:
    row = applying.hand_in()
    applying.judge(row, asta, at0="more")
    assert applying.state(row) == State.RETURNED
    assert applying.standings(row)[0] is Standing.MORE
    applying.school.tick()
    better = claims(link="https://portfolio.example.org/ana")
    with applying.school.transaction() as db:
        found = db.get_one(PriorLearningApplication, row)
        place, revision = applying.place(db), found.revision
        prior_learning.save(db, place, better, revision=revision, now=applying.school.now)
    applying.act(row, prior_learning.hand_in)
    with applying.school.transaction() as db:
        found = db.get_one(PriorLearningApplication, row)
        left = prior_assessment.to_judge(db, found, db.get_one(Account, asta))
        assert left == CODES[:1]
    applying.judge(row, asta)
    assert applying.route() is Route.PRIOR_LEARNING


def test_where_two_sign_off_two_different_assessors_recognise(
    school: School, asta: uuid.UUID, bela: uuid.UUID
) -> None:
    school.publish(TWICE)
    launch = school.launch("ana", mc=TWICE.code, unit=UNIT.code, link="twice")
    applying = Applying(school, launch, TWICE.code)
    row = applying.hand_in()
    applying.judge(row, asta)
    assert applying.state(row) == State.SUBMITTED
    assert applying.route() is None
    assert refused(lambda: applying.judge(row, asta)) == "prior_judged_before"
    applying.judge(row, bela, at0="not_recognised")
    assert applying.state(row) == State.DECIDED
    assert applying.standings(row)[0] is Standing.NOT_RECOGNISED
    cleo = signing_in.account(school.database, school.now, "Cleo", Role.ASSESSOR, BODY)
    applying.act(row, prior_appeals.appeal, "Please look again")
    applying.judge(row, cleo)
    assert applying.route() is Route.PRIOR_LEARNING


def test_nobody_judges_a_learner_whom_they_teach(applying: Applying, asta: uuid.UUID) -> None:
    row = applying.hand_in()
    undeclared = lambda: applying.judge(row, asta, independent="no")  # noqa: E731
    assert refused(undeclared) == "prior_independence_missing"
    applying.school.launch("asta", teacher=True, mc=WLD.code, name="ASTA")
    assert refused(lambda: applying.judge(row, asta)) == "prior_own_teacher"
    with applying.school.transaction() as db:
        assert not prior_assessment.waiting(db, assessor(db, asta))


@pytest.mark.parametrize("name", ["ANA", " Ana", "Ana  Learner"])
def test_nobody_judges_their_own_application(applying: Applying, name: str) -> None:
    school, row = applying.school, applying.hand_in()
    with school.transaction() as db:
        school.person(db, "ana").name = " ".join(name.split()).title()
    herself = signing_in.account(school.database, school.now, name, Role.ASSESSOR, BODY)
    assert refused(lambda: applying.judge(row, herself)) == "prior_own_application"


def test_only_the_awarding_body_and_partners_that_review_for_it_assess(
    applying: Applying,
) -> None:
    school, row = applying.school, applying.hand_in()
    outsider = signing_in.account(school.database, school.now, "Otto", Role.ASSESSOR, "partner")
    assert refused(lambda: applying.judge(row, outsider)) == "unknown_application"
    with school.transaction() as db:
        body, partner = (organisations.find(db, slug) for slug in (BODY, "partner"))
        review_partners.ask(db, body, frozenset({partner.id}), by="operator", now=school.now)
    applying.judge(row, outsider)
    assert applying.route() is Route.PRIOR_LEARNING


def test_a_reviewer_of_definitions_sees_no_learners(applying: Applying) -> None:
    school, row = applying.school, applying.hand_in()
    rita = signing_in.account(school.database, school.now, "Rita", Role.REVIEWER, BODY)
    assert refused(lambda: applying.judge(row, rita)) == "unknown_application"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (SelfAssessment({}), "prior_answers_missing"),
        (SelfAssessment({one: Answer(Says.NO) for one in CODES}), "prior_nothing_claimed"),
        (SelfAssessment({one: Answer(Says.YES) for one in CODES}), "prior_evidence_missing"),
        (claims(text="x" * 4001), "prior_text_too_long"),
        (claims(link="javascript:alert(1)"), "evidence_link_invalid"),
        (claims(link="http://[x"), "evidence_link_invalid"),
    ],
)
def test_what_lacks_something_is_not_handed_in(
    applying: Applying, said: SelfAssessment, code: str
) -> None:
    assert refused(lambda: applying.hand_in(said)) == code


def test_teachers_try_out_but_do_not_hand_in(school: School, teacher: uuid.UUID) -> None:
    applying = Applying(school, teacher)
    assert refused(applying.hand_in) == "prior_learning_testers"


def test_what_does_not_fit_into_the_limit_is_not_handed_in(school: School) -> None:
    small = replace(
        WLD, code="SMALL", prior_learning=PriorLearning(allowed=True, max_share_percent=10)
    )
    school.publish(small)
    applying = Applying(school, school.launch("ana", mc="SMALL", unit=UNIT.code), "SMALL")
    assert refused(applying.hand_in) == "prior_learning_not_allowed"


def test_what_was_handed_in_can_be_taken_back_and_handed_in_again(
    applying: Applying, asta: uuid.UUID
) -> None:
    row = applying.hand_in()
    with applying.school.transaction() as db:
        read = db.get_one(PriorLearningApplication, row).revision
    applying.act(row, prior_learning.withdraw)
    with applying.school.transaction() as db:
        assert not prior_assessment.waiting(db, assessor(db, asta))
    applying.act(row, prior_learning.hand_in)
    with applying.school.transaction() as db:
        assert db.get_one(PriorLearningApplication, row).revision != read


def test_a_draft_saved_by_another_page_is_not_overwritten(applying: Applying) -> None:
    applying.save(claims())
    assert applying.save(claims())  # sent twice
    assert refused(lambda: applying.save(claims(text="other"))) == "prior_learning_moved"


def test_the_learner_deletes_what_they_wrote_and_the_judgement_stays(
    applying: Applying, asta: uuid.UUID
) -> None:
    draft = applying.save(claims())
    applying.act(draft, prior_learning.erase)
    row = applying.hand_in()
    assert refused(lambda: applying.act(row, prior_learning.erase)) == "prior_learning_moved"
    applying.judge(row, asta)
    applying.act(row, prior_learning.erase)
    with applying.school.transaction() as db:
        (kept,) = db.query(PriorLearningApplication).all()
        assert "workshop" not in str(kept.answers)
        assert db.query(PriorLearningJudgement).count() == len(CODES)
    assert applying.route() is Route.PRIOR_LEARNING


def test_a_record_that_is_taken_back_is_no_longer_recognised(
    applying: Applying, asta: uuid.UUID
) -> None:
    row = applying.hand_in()
    applying.judge(row, asta)
    applying.school.tick()
    with applying.school.transaction() as db:
        record = db.query(CompletionRecord).filter_by(part=CODES[0]).one()
        account, now = db.get_one(Account, asta), applying.school.now
        completions.unrecognise(db, {record: "Mistaken"}, assessor=account, now=now)
    assert applying.standings(row)[0] is Standing.NOT_RECOGNISED
    assert applying.route() is None


def test_a_class_and_the_expiry_of_its_drafts_do_not_wait_in_a_circle(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    room = Limits(file=100, files=1, person=100, course=100, organisation=200)
    keeping = Keeping(school.encryption, room)
    with school.transaction() as db:
        platform_id = db.get_one(Registration, school.registration_id).platform_id
        version_id = school.version(db, WLD.code).id
    applications = [
        hand_in(school.database, platform_id, version_id, keeping, now, sub=sub)[0]
        for sub in ("ana", "ben")
    ]
    with school.transaction() as db:
        rows = [db.get_one(PriorLearningApplication, one) for one in applications]
        first, second = sorted(rows, key=lambda one: one.person_id)
        for one, days in ((first, 100), (second, 200)):
            prior_learning.withdraw(db, one, now - timedelta(days=days))
        people = [first.person_id, second.person_id]
    with ThreadPoolExecutor() as pool:
        with school.transaction() as db:
            version = db.get_one(MicroCredentialVersion, version_id)
            enrolments.lock_all(db, people[:1], version, now)
            expiry = pool.submit(prior_drafts.forget_untouched, school.database, now)
            while not somebody_waits(school.database) and not expiry.done():
                time.sleep(0.01)
            enrolments.lock_all(db, people, version, now)
        expiry.result()
    with school.transaction() as db:
        assert db.query(EvidenceFile).count() == 0


def test_two_who_delete_the_same_files_do_not_wait_in_a_circle(
    postgres_database: Database, now: datetime
) -> None:
    school = School.open(postgres_database, now)
    school.publish(WLD)
    keeping = Keeping(
        school.encryption, Limits(file=100, files=1, person=100, course=100, organisation=200)
    )
    with school.transaction() as db:
        platform_id = db.get_one(Registration, school.registration_id).platform_id
        version_id = school.version(db, WLD.code).id
    for sub in ("ana", "ben"):
        hand_in(school.database, platform_id, version_id, keeping, now, sub=sub)
    with school.transaction() as db:
        decided = {"state": State.DECIDED.value, "decided_at": now - timedelta(days=100)}
        db.execute(sa.update(PriorLearningApplication).values(decided))
        contents = sa.select(EvidenceContent.id).order_by(EvidenceContent.id)
        first, last = db.scalars(contents).all()
        moved = sa.update(EvidenceFile).filter_by(content_id=first)
        db.execute(moved.values(name="read last.txt"))

    def forget() -> None:
        with school.transaction() as db:
            prior_files.forget_ended(db, now)

    with ThreadPoolExecutor() as pool:
        with school.transaction() as db:
            db.get_one(EvidenceContent, first, with_for_update=True)
            expiry = pool.submit(forget)
            while not somebody_waits(school.database) and not expiry.done():
                time.sleep(0.01)
            db.get_one(EvidenceContent, last, with_for_update=True)
        expiry.result()
    with school.transaction() as db:
        assert db.query(EvidenceContent).count() == 0
