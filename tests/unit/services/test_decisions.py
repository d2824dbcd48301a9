"""What a person decided about an award stands until something new is recorded."""

import uuid

import pytest

from badges import samples
from lti_tool.errors import Conflict
from lti_tool.models import Award, CompletionRecord, Credential
from lti_tool.services.awarding import awards, credentials
from lti_tool.services.awarding.credentials import Claim
from tests.factories.courses import School
from tests.factories.databases import on_each_database
from tests.factories.judgements import passing

WLD = samples.welding()
CODE = WLD.code
U1 = WLD.units[0].code


@pytest.fixture
def claimed(school: School, teacher: uuid.UUID) -> School:
    """Ana has completed everything and claimed her badge."""
    school.launch("ana", mc=CODE, unit=U1)
    school.complete(teacher, "ana", WLD)
    claim(school)
    school.tick()
    return school


def claim(school: School) -> None:
    with school.transaction() as db:
        credentials.claim(
            db,
            db.query(Award).filter_by(withdrawn_at=None).one(),
            Claim(name="Ana", language="en"),
            signing=school.signing,
            actor="person:ana",
            now=school.now,
        )


def retract(school: School, teacher: uuid.UUID, unit: str) -> None:
    with school.transaction() as db:
        (record,) = db.query(CompletionRecord).filter_by(
            unit_code=unit, part=None, retracts_id=None
        )
    school.retract(teacher, record.id)
    school.tick()


def keep(school: School) -> None:
    with school.transaction() as db:
        award = db.query(Award).one()
        awards.keep(db, award, actor="person:teacher", reason="a typing error", now=school.now)
    school.tick()


def revoke(school: School) -> None:
    with school.transaction() as db:
        credentials.revoke_award(
            db,
            db.query(Award).filter_by(withdrawn_at=None).one(),
            reason="somebody else's work",
            signing=school.signing,
            actor="person:teacher",
            now=school.now,
        )
    school.tick()


def is_flagged(school: School) -> bool:
    award = school.award("ana", CODE)
    assert award is not None
    return award.flagged_at is not None


def test_an_award_that_was_kept_is_not_flagged_again_by_the_next_launch(
    claimed: School, teacher: uuid.UUID
) -> None:
    retract(claimed, teacher, U1)
    assert is_flagged(claimed)
    keep(claimed)
    claimed.launch("ana", mc=CODE, unit=U1)
    assert not is_flagged(claimed)


def test_an_award_that_was_kept_is_flagged_again_by_the_next_retraction(
    claimed: School, teacher: uuid.UUID
) -> None:
    retract(claimed, teacher, U1)
    keep(claimed)
    retract(claimed, teacher, WLD.units[1].code)
    assert is_flagged(claimed)


def test_a_revoked_award_is_not_granted_again_by_the_next_launch(claimed: School) -> None:
    revoke(claimed)
    claimed.launch("ana", mc=CODE, unit=U1)
    assert claimed.award("ana", CODE) is None


def test_a_revoked_award_is_granted_again_on_a_new_judgement(
    claimed: School, teacher: uuid.UUID
) -> None:
    revoke(claimed)
    retract(claimed, teacher, U1)
    claimed.launch("ana", mc=CODE, unit=U1)
    assert claimed.award("ana", CODE) is None
    claimed.assess(teacher, "ana", CODE, U1, points=90)
    assert claimed.award("ana", CODE) is not None
    claim(claimed)


def test_a_revoked_badge_cannot_be_claimed_anew(claimed: School) -> None:
    with claimed.transaction() as db:
        credentials.revoke(
            db,
            db.query(Credential).one(),
            reason="the key was lost",
            signing=claimed.signing,
            actor="operator",
            now=claimed.now,
        )
    with pytest.raises(Conflict, match="credential_revoked"):
        claim(claimed)


def test_a_replaced_badge_leaves_its_award_claimed(claimed: School) -> None:
    with claimed.transaction() as db:
        new = credentials.replace(
            db,
            db.query(Credential).one(),
            Claim(name="Ana Müller", language="en"),
            signing=claimed.signing,
            actor="person:ana",
            now=claimed.now,
        )
    claim(claimed)
    with claimed.transaction() as db:
        assert credentials.current(db, db.query(Award).one()) == db.get(Credential, new.id)


def mark(school: School) -> str | None:
    """Return the mark that ana's award states of the first unit."""
    award = school.award("ana", CODE)
    assert award is not None
    return str(award.results[0]["points"])


def retract_best(school: School, teacher: uuid.UUID) -> None:
    with school.transaction() as db:
        rows = db.query(CompletionRecord).filter_by(unit_code=U1, retracts_id=None)
        best = max(rows, key=lambda row: row.points or 0).id
    school.tick()
    school.retract(teacher, best)


def marks(school: School, teacher: uuid.UUID, *points: int) -> None:
    """Ana has these marks in the first unit, and then completes everything."""
    school.launch("ana", mc=CODE, unit=U1)
    for one in points:
        school.assess(teacher, "ana", CODE, U1, points=one)
    for unit in WLD.units[1:]:
        for judgement in passing(unit):
            school.assess(teacher, "ana", CODE, unit.code, **judgement)


@on_each_database
def test_a_mark_that_is_taken_back_makes_it_another_award(
    school: School, teacher: uuid.UUID
) -> None:
    marks(school, teacher, 99, 81)
    assert mark(school) == "99"
    retract_best(school, teacher)
    assert mark(school) == "81"
    with school.transaction() as db:
        reasons = db.query(Award.withdrawn_reason).order_by(Award.granted_at).all()
    assert [one for (one,) in reasons] == ["no_longer_complete", None]


def test_a_better_mark_makes_no_other_award(school: School, teacher: uuid.UUID) -> None:
    marks(school, teacher, 81)
    school.tick()
    school.assess(teacher, "ana", CODE, U1, points=99)
    assert mark(school) == "81"
    retract_best(school, teacher)
    assert mark(school) == "81"
    with school.transaction() as db:
        assert db.query(Award).count() == 1


def test_a_signed_mark_that_is_taken_back_puts_the_award_in_question(
    school: School, teacher: uuid.UUID
) -> None:
    marks(school, teacher, 81, 99)
    claim(school)
    retract_best(school, teacher)
    assert is_flagged(school)
    school.tick()
    school.assess(teacher, "ana", CODE, U1, points=99)
    assert not is_flagged(school)
