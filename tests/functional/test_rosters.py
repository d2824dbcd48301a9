"""Who is in a course, by the LMS's Names and Roles service: read whole, kept, shown with its age.

Spec: LTI Names and Role Provisioning Services 2.0, sections 2.1 to 2.4. The LMS behaves as Moodle
4.5 does.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from badges import samples
from lti_tool import worker
from lti_tool.db import Database
from lti_tool.demo.lms import Endpoint, Fault, Paging, Role, Scope
from lti_tool.models import Course, CourseMember, LaunchSession, Person
from lti_tool.services.completing import completions
from lti_tool.services.courses import roster
from lti_tool.services.courses.roster import Learner
from lti_tool.services.lms import memberships, rosters
from tests.factories.databases import on_each_database
from tests.factories.gradebooks import Teaching, teaching
from tests.factories.threads import at_one_moment

WLD = samples.welding()
U1, U2, U3, *_ = (unit.code for unit in WLD.units)


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now) as served:
        served.lms.enrol(served.lms.add_user("Tea", "Cher"), served.course, Role.TEACHER)
        yield served


def learners(course: Teaching) -> list[Learner]:
    with course.school.transaction() as db:
        launch = db.get_one(LaunchSession, course.teacher)
        version = course.school.version(db, course.mc.code)
        return roster.learners(db, launch.course, version, course.school.now)


def names(course: Teaching) -> list[str]:
    return [one.person.name or "" for one in learners(course)]


def numbered(course: Teaching) -> list[str]:
    """Return names in the order of the numbers on sheets."""
    with course.school.transaction() as db:
        launch = db.get_one(LaunchSession, course.teacher)
        numbers = roster.numbers(db, launch.course)
        assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
        return [
            db.get_one(Person, one).name or "" for one in sorted(numbers, key=numbers.__getitem__)
        ]


def here(course: Teaching) -> list[str]:
    return [one.person.name or "" for one in learners(course) if one.left_at is None]


def row(course: Teaching) -> Course:
    with course.school.transaction() as db:
        return db.get_one(LaunchSession, course.teacher).course


# The certification guide's list for Names and Roles (section 6.3)


def test_launch_with_the_names_and_roles_claim_has_the_roster_read(course: Teaching) -> None:
    course.enrol("Ana")
    course.teach()
    assert here(course) == ["Ana Learner"]


def test_a_request_is_seen_with_the_accept_header_a_bearer_and_exactly_one_scope(
    course: Teaching,
) -> None:
    course.enrol("Ana")
    course.teach()
    assert course.lms.roster_log == [f"/lms/services/{course.course.id}/members?type_id=1"]
    (token,) = course.lms.token_log
    assert token.scopes == (Scope.MEMBERSHIPS,)
    assert row(course).roster_failure is None, (
        "the LMS refuses any other Accept and any other token"
    )


# The whole roster, in pages of any shape


@pytest.mark.parametrize(
    "link",
    [
        lambda url: f'<{url}>; rel="next"',
        lambda url: f"<{url}>; rel=next",
        lambda url: f'<{url}>; title="more"; rel="next"',
        lambda url: f"<{url.replace('&', '&amp;')}>; rel=“next”",
        lambda url: f"<{url.replace('http://127.0.0.1', 'https://127.0.0.1')}>; REL=Next",
    ],
)
def test_every_page_is_read(course: Teaching, link: Callable[[str], str]) -> None:
    for number in range(7):
        course.enrol(f"Learner {number}")
    course.lms.roster_paging = Paging(3, link)
    course.teach()
    assert len(here(course)) == 7
    assert len(course.lms.roster_log) == 3


def test_half_a_roster_shows_nobody_as_gone(course: Teaching) -> None:
    for number in range(4):
        course.enrol(f"Learner {number}")
    course.teach()
    course.lms.roster_paging = Paging(2, lambda _url: '<https://evil.example/m>; rel="next"')
    course.wait(hours=1)
    course.teach()
    assert row(course).roster_failure == "next_page_foreign"
    assert len(here(course)) == 4


def test_a_page_that_names_itself_is_the_last(course: Teaching) -> None:
    course.enrol("Ana")
    first = course.roster_url
    course.lms.roster_paging = Paging(1, lambda _url: f'<{first}>; rel="next"')
    course.teach()
    assert len(course.lms.roster_log) == 1
    assert row(course).roster_failure is None


def test_pages_that_never_come_show_nobody_as_gone(course: Teaching) -> None:
    """A link that leads back says that there is more, and where it is not."""
    for number in range(4):
        course.enrol(f"Learner {number}")
    course.teach()
    first = course.roster_url
    course.lms.roster_paging = Paging(2, lambda _url: f'<{first}>; rel="next"')
    course.enrol("Zoe")
    course.wait(hours=1)
    course.teach()
    assert row(course).roster_failure is None
    assert len(here(course)) == 4
    course.lms.roster_paging = Paging()
    course.wait(hours=1)
    course.teach()
    assert len(here(course)) == 5


def test_a_roster_too_large_for_one_answer_is_asked_for_in_pages(
    course: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti_tool.outbound.MAX_BYTES", 1300)
    monkeypatch.setattr("lti_tool.lti.roster.PAGE", 5)
    for number in range(12):
        course.enrol(f"Learner {number}")
    course.teach()
    assert len(here(course)) == 12
    assert [path.partition("type_id=1")[2] for path in course.lms.roster_log] == [
        "",
        "&limit=5",
        "&limit=5&from=5",
        "&limit=5&from=10",
    ]


# People


def test_somebody_who_never_launched_is_listed_and_can_be_signed_off(course: Teaching) -> None:
    ana = course.enrol("Ana")
    course.teach()
    (learner,) = learners(course)
    assert not learner.has_launched
    course.assess(ana, U3, signed_off=True)
    assert course.standing(ana) == {U3}
    course.learner("Ben", U3)  # the column is known from his launch
    with course.school.transaction() as db:
        completions.reevaluate_person(db, course.school.person(db, ana.id), course.school.now)
    course.deliver()
    grade = course.grade(ana, U3)
    assert grade is not None
    assert grade.score == 100
    course.launch(ana, U3)
    assert all(one.has_launched for one in learners(course))


@on_each_database
def test_numbers_on_sheets_go_by_name_and_never_change(course: Teaching) -> None:
    for name in ("Mia", "zoe", "Ana", "Ben", "Öz", "Cem"):
        course.enrol(name)
    course.teach()
    first = numbered(course)
    assert first[1:] == names(course), "behind the teacher, as the grid sorts them"
    assert [name.split()[0] for name in first[1:]] == ["Ana", "Ben", "Cem", "Mia", "zoe", "Öz"]
    for name in ("Bea", "Ada"):
        course.enrol(name)
    course.wait(hours=1)
    course.teach()
    second = numbered(course)
    assert second[: len(first)] == first
    assert second[len(first) :] == ["Ada Learner", "Bea Learner"]
    with course.school.transaction() as db:
        db.query(Person).filter_by(name="Ben Learner").one().name = "Zacharias"
        for row in db.query(CourseMember):
            row.first_seen_at += timedelta(hours=2)  # as by a clock that goes ahead
    course.enrol("Aba")
    course.wait(hours=1)
    course.teach()
    assert numbered(course)[-1] == "Aba Learner", "behind all who have a number"


@on_each_database
def test_who_left_stays_in_the_records_and_comes_back(course: Teaching) -> None:
    ana, _ben = course.enrol("Ana"), course.enrol("Ben")
    course.teach()
    course.assess(ana, U3, signed_off=True)
    course.lms.suspend(ana, course.course)
    course.wait(hours=1)
    course.teach()
    assert here(course) == ["Ben Learner"]
    assert names(course) == ["Ben Learner", "Ana Learner"], "behind those who are there"
    assert learners(course)[1].left_at == course.school.now
    assert course.standing(ana) == {U3}
    course.lms.suspend(ana, course.course, is_suspended=False)
    course.wait(hours=1)
    course.teach()
    assert here(course) == ["Ana Learner", "Ben Learner"]


def test_a_launch_brings_back_at_once(course: Teaching) -> None:
    ana = course.learner("Ana", U1)
    course.lms.suspend(ana, course.course)
    course.teach()
    assert here(course) == []
    course.launch(ana, U1)
    assert here(course) == ["Ana Learner"]


def test_teachers_and_those_without_a_learners_role_are_not_listed(course: Teaching) -> None:
    course.enrol("Olha", Role.TEACHER)
    course.enrol("Ana")
    course.teach()
    assert here(course) == ["Ana Learner"]
    with course.school.transaction() as db:
        assert db.query(Person).filter(Person.name.like("Olha%")).count() == 0, "nothing is kept"


def test_a_non_editing_teacher_who_launched_as_one_is_no_learner(course: Teaching) -> None:
    """Moodle: Instructor at launch, Learner in the roster."""
    tutor = course.enrol("Tadeusz", Role.TUTOR)
    course.teach()
    assert names(course) == ["Tadeusz Learner"], "before any launch nothing tells them apart"
    course.teach(tutor.id)
    course.wait(hours=1)
    course.teach()
    assert names(course) == []


def test_a_name_that_is_not_shared_is_no_name_and_a_known_one_stays(course: Teaching) -> None:
    course.lms.enrol(course.lms.add_user("Ilse", "Q", is_private=True), course.course, Role.LEARNER)
    ben = course.learner("Ben", U1)
    course.lms.update_tool(course.links[U1].client_id, shares_name=False)
    course.teach()
    assert sorted(names(course)) == ["", "Ana Learner"]  # what the factory's launches call people
    assert ben.given_name == "Ben"


def test_nobody_is_added_twice_however_often_and_by_how_many_it_is_read(course: Teaching) -> None:
    for number in range(5):
        course.enrol(f"Learner {number}")
    course.teach()
    course_id = row(course).id
    at_one_moment([lambda: rosters.read_now(course.courier, course_id)] * 3)
    with course.school.transaction() as db:
        assert db.query(CourseMember).filter_by(has_launched=False).count() == 5


# When, and what goes wrong


def test_a_fresh_roster_is_not_read_again_and_an_old_one_is(course: Teaching) -> None:
    course.teach()
    course.wait(minutes=9)
    course.teach()
    assert len(course.lms.roster_log) == 1
    course.wait(minutes=1)
    course.teach()
    assert len(course.lms.roster_log) == 2


def test_learners_launches_read_no_roster(course: Teaching) -> None:
    course.learner("Ana", U1)
    assert not rosters.read_next(course.courier)


def test_a_failure_is_kept_and_what_was_read_before_stays(course: Teaching) -> None:
    course.enrol("Ana")
    course.teach()
    read_at = row(course).roster_read_at
    course.lms.faults.add(Endpoint.MEMBERS, Fault(503))
    course.wait(hours=1)
    course.teach()
    assert (row(course).roster_failure, row(course).roster_read_at) == ("http_503", read_at)
    assert here(course) == ["Ana Learner"]


def test_a_platform_that_withdrew_the_permission_is_named(course: Teaching) -> None:
    course.lms.update_tool(course.links[U1].client_id, shares_roster=False)
    course.teach()
    assert row(course).roster_failure == "scope_refused"


def test_an_empty_roster_is_an_error_and_not_an_empty_course(course: Teaching) -> None:
    course.enrol("Ana")
    course.teach()
    for user in course.lms.users():
        course.lms.suspend(user, course.course)
    course.wait(hours=1)
    course.teach()
    assert row(course).roster_failure == "roster_malformed"
    assert here(course) == ["Ana Learner"]


def test_a_launch_without_the_claim_by_a_teacher_ends_reading(course: Teaching) -> None:
    course.teach()
    course.school.launch("teacher", course=course.course.id, teacher=True, roster=None)
    course.wait(hours=1)
    assert row(course).roster_url is None
    assert not rosters.read_next(course.courier)


def test_of_a_launch_without_a_course_only_those_who_reach_the_link_are_asked_for(
    course: Teaching,
) -> None:
    launch = course.school.launch(
        "teacher", link="7 & 8", course=None, teacher=True, roster=f"{course.roster_url}&a=1&a=2&b="
    )
    with course.school.transaction() as db:
        found = memberships.service_of(db.get_one(LaunchSession, launch).course)
    assert found is not None
    assert found.resource_link_id == "7 & 8"
    while rosters.read_next(course.courier):
        pass
    assert course.lms.roster_log[0].endswith("?type_id=1&a=1&a=2&b=&rlid=7+%26+8")


def test_a_reader_that_died_is_followed_by_another(course: Teaching) -> None:
    course.enrol("Ana")
    course.school.launch(
        "teacher", course=course.course.id, mc=WLD.code, teacher=True, roster=course.roster_url
    )
    with course.school.transaction() as db:
        assert memberships.lease(db, course.school.now) is not None
        assert memberships.lease(db, course.school.now) is None
    course.wait(seconds=memberships.LEASE / timedelta(seconds=1))
    assert rosters.read_next(course.courier)
    assert here(course) == ["Ana Learner"]


# By the clock


def want(course: Teaching) -> int:
    with course.school.transaction() as db:
        return memberships.want_by_schedule(db, worker.WANT_ROSTERS_EVERY, course.school.now)


@on_each_database
def test_a_course_at_work_has_its_roster_read_once_a_day(course: Teaching) -> None:
    course.teach()
    course.enrol("Ana")
    course.wait(hours=23)
    assert want(course) == 0
    course.wait(hours=2)
    assert want(course) == 1
    assert want(course) == 0, "it waits already"
    while rosters.read_next(course.courier):
        pass
    assert here(course) == ["Ana Learner"]
    course.wait(hours=23)
    assert want(course) == 0


def test_a_course_that_nobody_visits_is_left_alone(course: Teaching) -> None:
    course.teach()
    course.wait(hours=31 * 24)
    assert want(course) == 0


def test_a_roster_that_cannot_be_read_is_tried_less_often(course: Teaching) -> None:
    course.teach()
    with course.school.transaction() as db:
        db.query(Course).one().roster_failure = "unreachable"
    course.wait(hours=2 * 24)
    assert want(course) == 0
    course.wait(hours=25)
    assert want(course) == 1


def test_many_courses_are_spread_and_bounded(
    course: Teaching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memberships, "MOST_PER_RUN", 4)
    course.teach()
    for number in range(5):
        course.school.launch(
            "teacher", link=f"l{number}", course=f"c{number}", roster="https://a.b"
        )
    course.wait(hours=25)
    with course.school.transaction() as db:
        db.query(Course).update({Course.roster_wanted_at: None})
    assert want(course) == 4
    with course.school.transaction() as db:
        wanted = [one.roster_wanted_at for one in db.query(Course) if one.roster_wanted_at]
    assert sorted(one - course.school.now for one in wanted) == [
        timedelta(minutes=15 * number) for number in range(4)
    ]


def test_the_worker_does_it() -> None:
    assert "want_rosters" in [job.name for job in worker.JOBS]
