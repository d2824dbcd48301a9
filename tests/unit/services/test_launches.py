"""Launch sessions: who is kept, which unit a link is, who gets in again."""

import hashlib
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Forbidden
from lti_tool.models import Course, CourseMember, LaunchSession, Person, ResourceLink
from lti_tool.services.connections import platforms
from lti_tool.services.courses import placements
from lti_tool.services.launching import launches
from tests.factories.courses import School
from tests.factories.threads import at_one_moment

WLD = samples.welding()
CODE = WLD.code
U1, U2 = (unit.code for unit in WLD.units[:2])


def placed(school: School, launch: uuid.UUID) -> tuple[str | None, str | None]:
    with school.transaction() as db:
        link = db.get_one(LaunchSession, launch).link
        version = link.placement.version.reference if link.placement else None
        return version, link.unit_code


def test_custom_parameters_say_which_unit_a_link_is(school: School) -> None:
    launch = school.launch("ana", mc=f"dnipro-sample-lyceum/{CODE}", unit=U1)
    reference, unit = placed(school, launch)
    assert reference is not None
    assert reference.endswith(f"/{CODE}/{WLD.version}")
    assert unit == U1


def test_a_link_without_a_unit_is_the_overview(school: School) -> None:
    _, unit = placed(school, school.launch("ana", mc=CODE))
    assert unit is None


@pytest.mark.parametrize("mc", ["NOTHING", "x/y/z/w", "", "$Custom.mc"])
def test_parameters_that_name_nothing_leave_the_choice_to_the_teacher(
    school: School, mc: str
) -> None:
    assert placed(school, school.launch("ana", mc=mc, unit=U1)) == (None, None)


def test_an_unknown_unit_leaves_the_choice_to_the_teacher(school: School) -> None:
    assert placed(school, school.launch("ana", mc=CODE, unit="NO-SUCH-UNIT")) == (None, None)


def test_a_teachers_choice_is_kept_for_the_link(school: School) -> None:
    launch = school.launch("teacher", teacher=True)
    with school.transaction() as db:
        session = db.get_one(LaunchSession, launch)
        version = school.version(db, CODE)
        placements.place(db, session.link, version, U2, actor="teacher", now=school.now)
    assert placed(school, school.launch("ana"))[1] == U2


def test_a_link_that_moved_to_another_course_stands_for_nothing_there(school: School) -> None:
    launch = school.launch("teacher", teacher=True)
    with school.transaction() as db:
        session = db.get_one(LaunchSession, launch)
        placements.place(
            db, session.link, school.version(db, CODE), U2, actor="teacher", now=school.now
        )
    assert placed(school, school.launch("ana", course="copy")) == (None, None)


def test_a_course_keeps_its_version_when_a_newer_one_appears(school: School) -> None:
    first, _ = placed(school, school.launch("ana", mc=CODE, unit=U1))
    school.tick(days=1)
    school.publish(replace(WLD, version="2.0"))
    again, _ = placed(school, school.launch("ben", link="other", mc=CODE, unit=U2))
    elsewhere, _ = placed(school, school.launch("cho", course="new", link="l3", mc=CODE, unit=U2))
    assert again == first
    assert elsewhere is not None
    assert elsewhere.endswith("/2.0")


def test_a_launch_without_a_context_has_a_course_of_its_own(school: School) -> None:
    school.launch("ana", course=None, link="a")
    school.launch("ana", course=None, link="b")
    with school.transaction() as db:
        assert db.query(Course).count() == 2


def test_a_person_is_known_by_platform_and_sub_only(school: School) -> None:
    school.launch("ana", name="Ana One", email="same@example.org")
    school.launch("ben", name="Ana One", email="same@example.org")
    school.launch("ana", name=None)
    with school.transaction() as db:
        people = {person.sub: person.name for person in db.query(Person)}
    assert people == {"ana": None, "ben": "Ana One"}


@pytest.mark.parametrize("name", ["a\x00b", "\u202eevil", "   "])
def test_a_name_that_cannot_be_shown_is_not_kept(school: School, name: str) -> None:
    school.launch("ana", name=name)
    with school.transaction() as db:
        assert db.query(Person).one().name is None


def test_first_launches_at_one_moment_make_one_person_and_course(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    school.publish(WLD)
    at_one_moment([lambda: school.launch("ana", mc=CODE, unit=U1)] * 8)
    with school.transaction() as db:
        assert db.query(Person).count() == 1
        assert db.query(Course).count() == 1
        assert db.query(ResourceLink).count() == 1
        assert db.query(CourseMember).count() == 1
        assert db.query(LaunchSession).count() == 8


def test_only_the_browsers_secret_opens_a_session(school: School) -> None:
    launch = school.launch("ana")
    for token in (None, "", "guess", "x" * 500):
        with school.transaction() as db, pytest.raises(Forbidden, match="session_missing"):
            launches.find(db, launch, token, school.now)
    with school.transaction() as db, pytest.raises(Forbidden, match="session_missing"):
        launches.find(db, uuid.uuid4(), "guess", school.now)


def test_the_email_address_is_encrypted_and_gone_with_the_session(school: School) -> None:
    launch = school.launch("ana", email="ana@example.org")
    with school.transaction() as db:
        session = db.get_one(LaunchSession, launch)
        assert session.email is not None
        assert b"ana" not in session.email
        assert launches.email_of(session, school.encryption) == "ana@example.org"
    school.now += timedelta(hours=9)
    with school.transaction() as db:
        launches.forget_secrets(db, school.now)
    with school.transaction() as db:
        assert db.get_one(LaunchSession, launch).email is None


def test_a_visit_is_forgotten_a_day_after_it_ended(school: School) -> None:
    ended = school.launch("ana")
    school.now += timedelta(hours=8) + launches.KEPT_AFTER_END
    at_work = school.launch("ben")
    for by, kept in ((timedelta(seconds=-1), {ended, at_work}), (timedelta(0), {at_work})):
        with school.transaction() as db:
            launches.forget_expired(db, school.now + by)
            assert set(db.scalars(sa.select(LaunchSession.id))) == kept


def test_a_disabled_platform_closes_open_sessions(school: School) -> None:
    launch = school.launch("ana")
    token = "known"
    with school.transaction() as db:
        session = db.get_one(LaunchSession, launch)
        session.token_digest = hashlib.sha256(token.encode()).hexdigest()
        assert launches.find(db, launch, token, school.now).id == launch
        with pytest.raises(Forbidden, match="session_expired"):
            launches.find(db, launch, token, school.now + timedelta(hours=8))
        platform = session.registration.platform_id
        platforms.set_disabled(db, platform, disabled=True, now=school.now)
        db.flush()
        with pytest.raises(Forbidden, match="platform_disabled"):
            launches.find(db, launch, token, school.now)
