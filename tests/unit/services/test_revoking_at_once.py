"""A claim and a withdrawal at one moment never leave a valid badge of a withdrawn award."""

from contextlib import suppress
from datetime import datetime

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import Award, Credential
from lti_tool.services.awarding import credentials
from lti_tool.services.awarding.credentials import Claim
from tests.factories.courses import School
from tests.factories.threads import at_one_moment

WLD = samples.welding()


def test_a_withdrawal_waits_for_a_claim_and_revokes_what_came_of_it(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=WLD.code, unit=WLD.units[0].code)
    for number in range(8):
        sub = f"learner-{number}"
        school.launch(sub, mc=WLD.code, unit=WLD.units[0].code)
        school.complete(teacher, sub, WLD)
        award = school.award(sub, WLD.code)
        assert award is not None
        at_one_moment([lambda a=award: claim(school, a), lambda a=award: withdraw(school, a)])
    with school.transaction() as db:
        assert db.query(Award).filter(Award.withdrawn_at.is_(None)).count() == 0
        assert db.query(Credential).filter(Credential.revoked_at.is_(None)).count() == 0


def test_a_withdrawal_that_has_read_the_award_before_a_claim_still_revokes_the_badge(
    postgres_database: Database, now: datetime
) -> None:
    """The two requests overlap as closely as the database lets them."""
    school = School.open(postgres_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=WLD.code, unit=WLD.units[0].code)
    school.launch("ana", mc=WLD.code, unit=WLD.units[0].code)
    school.complete(teacher, "ana", WLD)
    award = school.award("ana", WLD.code)
    assert award is not None
    with school.transaction() as db:
        read_before = db.get_one(Award, award.id)
        assert read_before.withdrawn_at is None
        withdraw(school, award)
        credentials.revoke_award(
            db, read_before, reason="again", signing=school.signing, actor="person:b", now=now
        )
    with school.transaction() as db:
        assert db.get_one(Award, award.id).withdrawn_reason == "cheated"


def claim(school: School, award: Award) -> None:
    with school.transaction() as db:
        wishes = Claim(name="Ana", language="en")
        with suppress(Conflict):  # withdrawn already
            credentials.claim(
                db,
                db.get_one(Award, award.id),
                wishes,
                signing=school.signing,
                actor="person:a",
                now=school.now,
            )


def withdraw(school: School, award: Award) -> None:
    with school.transaction() as db:
        credentials.revoke_award(
            db,
            db.get_one(Award, award.id),
            reason="cheated",
            signing=school.signing,
            actor="person:b",
            now=school.now,
        )
