"""Deviations of Moodle 4.5 in its gradebook, its roster and its tokens."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from badges import samples
from lti_tool.db import Database
from lti_tool.demo.lms import AgsSetting, Paging, Role
from lti_tool.lti import grades, line_items, service_tokens, token_answers
from lti_tool.lti.errors import ServiceError
from lti_tool.lti.line_items import Container
from lti_tool.lti.service_calls import Caller
from lti_tool.lti.token_answers import Meaning
from lti_tool.models import CourseMember, ResourceLink
from tests.factories.gradebooks import Teaching, failures, score_of, teaching

WLD = samples.welding()
U1, U2, *_ = (unit.code for unit in WLD.units)


@pytest.fixture
def course(database: Database, now: datetime) -> Iterator[Teaching]:
    with teaching(database, now, ags=AgsSetting.LINE_ITEMS) as served:
        served.lms.enrol(served.lms.add_user("Tea", "Cher"), served.course, Role.TEACHER)
        yield served


def caller(course: Teaching) -> Caller:
    school, courier = course.school, course.courier
    return Caller(
        school.database, courier.outbound, school.encryption, school.registration_id, school.now
    )


def container(course: Teaching) -> Container:
    scopes = frozenset(map(str, AgsSetting.LINE_ITEMS.scopes))
    return Container(course.school.registration_id, course.line_items_url, scopes)


def columns(course: Teaching, **filters: str) -> list[line_items.LineItem]:
    return line_items.find(caller(course), container(course), filters)


@pytest.mark.parametrize("accept", ["*/*", "application/json", line_items.CONTAINER_MEDIA_TYPE])
def test_media_types_are_compared_literally(course: Teaching, accept: str) -> None:
    is_ours = accept == line_items.CONTAINER_MEDIA_TYPE
    headers = {"Accept": accept}
    answer = caller(course).call("GET", course.line_items_url, line_items.SCOPE, headers)
    assert answer.status == (200 if is_ours else 400)
    assert len(columns(course)) == len(WLD.units)


def test_reasons_stand_in_the_status_line(course: Teaching) -> None:
    course.assess(course.learner("Ana", is_enrolled=False), U1, points=90)
    course.deliver()
    assert (course.log[0].status, course.log[0].reason) == (400, "Incorrect score received")
    assert failures(course) == ["not_gradable"]


def test_addresses_have_a_query(course: Teaching) -> None:
    course.assess(course.learner("Ana"), U1, points=90)
    course.deliver()
    assert course.log[0].path.endswith("/lineitem/scores?type_id=1")
    assert score_of(course) == 90


def test_grades_by_hand_win_silently(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.grade_by_hand(ana, U1, 12)
    course.wait(seconds=5)
    course.assess(ana, U1, points=90)
    course.deliver_until(course.school.now + timedelta(days=1))
    assert course.statuses == [200], "nothing is sent against it"
    assert score_of(course) == 12


def test_locked_columns_crash(course: Teaching) -> None:
    course.lms.lock(course.links[U1])
    course.assess(course.learner("Ana"), U1, points=90)
    course.deliver_until(course.school.now + timedelta(days=4))
    assert set(course.statuses) == {500}
    assert failures(course) == ["http_500"]


def test_changes_replace_columns(course: Teaching) -> None:
    link = course.links[U1].id
    (found,) = columns(course, resource_link_id=link)
    line_items.change(caller(course), found, {"tag": "unit"})
    (changed,) = columns(course, resource_link_id=link)
    assert changed.text("tag") == "unit"
    bare = {"label": "Safety", "scoreMaximum": 100}
    line_items.change(caller(course), line_items.LineItem(found.url, {}), bare)
    assert columns(course, resource_link_id=link) == [], "the LMS does cut it off"


def test_second_columns_hide_the_first(course: Teaching) -> None:
    ana = course.lms.add_user("Ana", "Learner")
    course.lms.enrol(ana, course.course, Role.LEARNER)
    course.arrive(ana, U1)
    first = course.line_item(U1)
    (tool,) = course.lms.tools()
    link = course.links[U1]
    course.lms.gradebook.add(course.course.id, tool.client_id, "More", 10, link_id=link.id)
    assert course.lms.line_item_of(link) is None, "so launches name none"
    with course.school.transaction() as db:
        row = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id=link.id)).one()
        row.own_line_item_url = first
    course.arrive(ana, U1)
    with course.school.transaction() as db:
        row = db.scalars(sa.select(ResourceLink).filter_by(resource_link_id=link.id)).one()
        assert row.line_item_url == first


def test_next_links_have_curly_quotes(course: Teaching) -> None:
    course.lms.roster_paging = Paging(2, lambda url: f"<{url.replace('&', '&amp;')}>; rel=“next”")
    for name in ("Ana", "Ben", "Cem", "Dan"):
        course.enrol(name)
    course.teach()
    assert len(course.lms.roster_log) == 3
    assert members(course) == 4


def members(course: Teaching) -> int:
    with course.school.transaction() as db:
        known = sa.select(sa.func.count()).select_from(CourseMember)
        return db.scalar(known.filter_by(is_tester=False, left_at=None)) or 0


def test_next_links_forget_the_role(course: Teaching) -> None:
    course.lms.roster_paging = Paging(1)
    for name in ("Ana", "Ben"):
        course.enrol(name)
    course.teach()
    assert not any("role=" in asked for asked in course.lms.roster_log)
    assert members(course) == 2, "the teacher among them is told by the row"


def test_suspended_people_vanish(course: Teaching) -> None:
    ana = course.learner("Ana")
    course.teach()
    course.lms.suspend(ana, course.course)
    course.wait(hours=1)
    course.teach()
    with course.school.transaction() as db:
        member = db.scalars(
            sa.select(CourseMember).join(CourseMember.person).filter_by(sub=ana.id)
        ).one()
        assert member.left_at is not None


def token(course: Teaching, *scopes: str) -> str:
    school, courier = course.school, course.courier
    return service_tokens.bearer(
        school.database,
        courier.outbound,
        school.encryption,
        school.registration_id,
        scopes,
        school.now,
    )


def test_tokens_come_as_html(course: Teaching) -> None:
    school, courier = course.school, course.courier
    answer = service_tokens.ask(
        school.database,
        courier.outbound,
        school.encryption,
        school.registration_id,
        [grades.SCORE_SCOPE],
        school.now,
    )
    assert answer.headers["Content-Type"].startswith("text/html")
    assert token_answers.read(answer).meaning is Meaning.GRANTED
    assert token(course, grades.SCORE_SCOPE)


def test_clocks_have_no_leeway(database: Database, now: datetime) -> None:
    with teaching(database, now, clock=lambda: now - timedelta(seconds=30)) as course:
        assert token(course, grades.SCORE_SCOPE)
        (given,) = course.lms.token_log
        assert given.claims["iat"] <= (now - timedelta(seconds=30)).timestamp()


def test_scopes_are_dropped_without_a_word(database: Database, now: datetime) -> None:
    with teaching(database, now, ags=AgsSetting.SCORES) as course:
        with pytest.raises(ServiceError) as refused:
            token(course, grades.SCORE_SCOPE, line_items.SCOPE)
        assert refused.value.code == "scope_refused"
        assert course.lms.token_log, "the LMS did give a token"


def test_unreachable_keys_look_like_a_crash(database: Database, now: datetime) -> None:
    def blocked(_url: str) -> bytes:
        raise ConnectionError("blocked host")

    with teaching(database, now, fetch=blocked) as course:
        school, courier = course.school, course.courier
        answer = service_tokens.ask(
            school.database,
            courier.outbound,
            school.encryption,
            school.registration_id,
            [grades.SCORE_SCOPE],
            now,
        )
        assert answer.status == 404
        assert token_answers.read(answer).meaning is Meaning.KEY_SET_UNREACHABLE


def test_anything_not_fully_graded_erases(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        course.assess(ana, U1, points=90)
        course.deliver()
        course.wait(seconds=5)
        course.assess(ana, U1, points=40)  # a resit below what is needed
        course.deliver()
        assert {sent.body["gradingProgress"] for sent in course.log if sent.body} == {"FullyGraded"}
        assert score_of(course) == 40


def test_scores_of_one_second_conflict(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        for points in (85, 86):
            course.assess(ana, U1, points=points)
            course.deliver()
        course.deliver_until(course.school.now + timedelta(seconds=10))
        assert course.statuses == [200, 200]
        assert score_of(course) == 86


def test_results_crash_on_a_limit(database: Database, now: datetime) -> None:
    with teaching(database, now) as course:
        ana = course.learner("Ana")
        course.assess(ana, U1, points=90)
        course.deliver()
        target = grades.LineItem(course.school.registration_id, course.line_item(U1), frozenset())
        courier = course.courier
        found = grades.read_result(
            courier.database, courier.outbound, courier.encryption, target, ana.id, now
        )
        assert found is not None
        assert found.score == 90
