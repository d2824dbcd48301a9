"""The outbox of scores: what is queued, in which order it goes out, what failure leaves behind."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from badges import samples
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import CompletionRecord, Delivery, LaunchSession
from lti_tool.services.connections import platforms
from lti_tool.services.outbox import deliveries
from tests.factories.courses import School
from tests.factories.threads import at_one_moment

WLD = samples.welding()
CODE = WLD.code
U1, U2, U3, U4, _U5 = (unit.code for unit in WLD.units)


@pytest.fixture
def ana(school: School, teacher: uuid.UUID) -> uuid.UUID:
    return school.launch("ana", mc=CODE, unit=U1)


def queued(school: School) -> list[tuple[str, Decimal | None, Decimal | None]]:
    with school.transaction() as db:
        rows = db.query(Delivery).order_by(Delivery.sequence)
        return [(row.state, row.points, row.maximum) for row in rows]


def lease(school: School) -> uuid.UUID | None:
    with school.transaction() as db:
        row = deliveries.lease(db, school.now)
        return row.id if row else None


def test_a_completed_unit_queues_its_points(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=87.5)
    assert queued(school) == [("pending", Decimal("87.5"), Decimal(100))]


def test_points_below_the_minimum_are_not_sent(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=50)
    assert queued(school) == []


def test_a_sign_off_queues_the_full_score(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", link="l3", mc=CODE, unit=U3)
    school.assess(teacher, "ana", CODE, U3, signed_off=True)
    assert queued(school) == [("pending", Decimal(100), Decimal(100))]


def test_the_lowest_part_is_the_score_of_a_unit_marked_in_parts(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("ana", link="l4", mc=CODE, unit=U4)
    first, second = (part.code for part in WLD.unit(U4).rule.parts)  # type: ignore[union-attr]
    school.assess(teacher, "ana", CODE, U4, points=95, part=first)
    assert queued(school) == []
    school.assess(teacher, "ana", CODE, U4, points=75, part=second)
    assert queued(school) == [("pending", Decimal(75), Decimal(100))]


def of_overview(school: School) -> list[tuple[str, Decimal | None, Decimal | None]]:
    with school.transaction() as db:
        rows = db.query(Delivery).filter_by(kind=deliveries.PROGRESS).order_by(Delivery.sequence)
        return [(row.state, row.points, row.maximum) for row in rows]


def test_an_overview_queues_how_many_units_are_complete(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", link="overview", mc=CODE)
    assert of_overview(school) == []
    school.assess(teacher, "ana", CODE, U1, points=50)
    assert of_overview(school) == [], "no unit is complete yet"
    school.assess(teacher, "ana", CODE, U1, points=85)
    school.tick()
    school.assess(teacher, "ana", CODE, U3, signed_off=True)
    assert of_overview(school) == [
        ("superseded", Decimal(1), Decimal(5)),
        ("pending", Decimal(2), Decimal(5)),
    ]


def test_a_better_mark_in_a_complete_unit_says_nothing_new_about_the_whole(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("ana", link="overview", mc=CODE)
    for points in (85, 95):
        school.assess(teacher, "ana", CODE, U1, points=points)
        school.tick()
    assert of_overview(school) == [("pending", Decimal(1), Decimal(5))]


def test_an_overview_is_cleared_when_the_last_completed_unit_is_taken_back(
    school: School, teacher: uuid.UUID
) -> None:
    school.launch("ana", link="overview", mc=CODE)
    record = school.assess(teacher, "ana", CODE, U1, points=85)
    school.tick()
    school.retract(teacher, record)
    assert of_overview(school)[-1] == ("pending", None, None)


def test_an_overview_without_a_column_queues_nothing(school: School, teacher: uuid.UUID) -> None:
    school.launch("ana", link="overview", mc=CODE, line_item=None)
    school.assess(teacher, "ana", CODE, U1, points=85)
    assert of_overview(school) == []


def test_a_newer_score_supersedes_one_that_was_not_sent(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    school.tick()
    school.assess(teacher, "ana", CODE, U1, points=95)
    assert queued(school) == [
        ("superseded", Decimal(85), Decimal(100)),
        ("pending", Decimal(95), Decimal(100)),
    ]


def test_a_retraction_clears_the_grade(school: School, teacher: uuid.UUID, ana: uuid.UUID) -> None:
    record = school.assess(teacher, "ana", CODE, U1, points=85)
    delivery = lease(school)
    assert delivery
    with school.transaction() as db:
        deliveries.delivered(db, delivery, school.now)
    school.tick()
    school.retract(teacher, record)
    assert queued(school)[1:] == [("pending", None, None)]


def test_a_teacher_gets_no_score(school: School, teacher: uuid.UUID) -> None:
    colleague = school.launch("colleague", teacher=True, mc=CODE, unit=U1)
    school.assess(colleague, "teacher", CODE, U1, points=90)
    assert queued(school) == []


def test_a_unit_completed_elsewhere_is_scored_when_its_link_is_opened(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    school.launch("ana", course="other", link="other-link", mc=CODE, unit=U1)
    school.launch("ana", course="other", link="other-link", mc=CODE, unit=U1)
    assert len(queued(school)) == 2


def test_a_leased_score_is_not_handed_out_again_until_the_lease_ends(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    first = lease(school)
    assert first is not None
    assert lease(school) is None
    school.now += deliveries.LEASE
    assert lease(school) == first


def test_a_repeated_attempt_keeps_its_time_stamp(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    delivery = lease(school)
    with school.transaction() as db:
        before = db.get_one(Delivery, delivery).sent_timestamp
    school.now += deliveries.LEASE
    assert lease(school) == delivery
    with school.transaction() as db:
        assert db.get_one(Delivery, delivery).sent_timestamp == before


def test_time_stamps_increase_by_whole_seconds_and_never_run_ahead(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    stamps: list[datetime] = []
    for points in (81, 82, 83):
        school.assess(teacher, "ana", CODE, U1, points=points)
        while (delivery := lease(school)) is None:
            school.now += timedelta(milliseconds=200)
        with school.transaction() as db:
            stamp = db.get_one(Delivery, delivery).sent_timestamp
            assert stamp is not None
            assert stamp <= school.now
            assert stamp.microsecond == 0
            stamps.append(stamp)
            deliveries.delivered(db, delivery, school.now)
    assert all(later > earlier for earlier, later in pairwise(stamps))


def test_attempts_pause_longer_and_longer_and_end_visibly(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    started, attempts = school.now, 0
    while delivery := _next(school):
        attempts += 1
        with school.transaction() as db:
            deliveries.put_off(db, delivery, "http_500", school.now)
    assert timedelta(hours=72) <= school.now - started < timedelta(hours=74)
    assert 60 < attempts < 110
    with school.transaction() as db:
        launch = db.get_one(LaunchSession, teacher)
        (failed,) = deliveries.failed(db, launch.course)
        assert failed.failure == "http_500"
        deliveries.resend(db, failed.id, actor="t", now=school.now, course=launch.course)
    assert lease(school) is not None


def test_the_platforms_wish_to_wait_is_honoured(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    delivery = lease(school)
    assert delivery
    with school.transaction() as db:
        deliveries.put_off(db, delivery, "http_429", school.now, timedelta(minutes=30))
    school.tick(minutes=29)
    assert lease(school) is None
    school.tick(minutes=1)
    assert lease(school) == delivery


def test_a_failed_score_can_be_resent_by_its_own_course_only(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    delivery = lease(school)
    assert delivery
    elsewhere = school.launch("other", teacher=True, course="other", link="l9", mc=CODE, unit=U1)
    with school.transaction() as db:
        deliveries.fail(db, delivery, "not_gradable", school.now)
    with school.transaction() as db:
        other = db.get_one(LaunchSession, elsewhere).course
        assert list(deliveries.failed(db, other)) == []
        with pytest.raises(NotFound):
            deliveries.resend(db, delivery, actor="t", now=school.now, course=other)


def test_an_outdated_failure_is_neither_shown_nor_resent(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    delivery = lease(school)
    assert delivery
    with school.transaction() as db:
        deliveries.fail(db, delivery, "not_gradable", school.now)
    school.tick()
    school.assess(teacher, "ana", CODE, U1, points=95)
    with school.transaction() as db:
        assert list(deliveries.failed(db)) == []
        with pytest.raises(Conflict, match="delivery_outdated"):
            deliveries.resend(db, delivery, actor="t", now=school.now)


def test_scores_of_a_disabled_platform_wait(
    school: School, teacher: uuid.UUID, ana: uuid.UUID
) -> None:
    school.assess(teacher, "ana", CODE, U1, points=85)
    with school.transaction() as db:
        platform = db.get_one(LaunchSession, teacher).registration.platform_id
        platforms.set_disabled(db, platform, disabled=True, now=school.now)
    assert lease(school) is None
    with school.transaction() as db:
        platforms.set_disabled(db, platform, disabled=False, now=school.now)
    assert lease(school) is not None


def test_workers_side_by_side_never_hold_the_same_score(
    each_database: Database, now: datetime
) -> None:
    school = School.open(each_database, now)
    school.publish(WLD)
    teacher = school.launch("teacher", teacher=True, mc=CODE, unit=U1)
    for number in range(12):
        school.launch(f"learner-{number}", mc=CODE, unit=U1)
        school.assess(teacher, f"learner-{number}", CODE, U1, points=85)

    def drain() -> list[uuid.UUID]:
        found = []
        while (delivery := lease(school)) is not None:
            found.append(delivery)
        return found

    lists = at_one_moment([drain] * 3)
    leased = [one for found in lists for one in found]  # type: ignore[attr-defined]
    assert len(leased) == len(set(leased)) == 12
    with school.transaction() as db:
        assert db.query(CompletionRecord).count() == 12


def _next(school: School) -> uuid.UUID | None:
    """Lease the pending score when it is due, letting time pass until then."""
    with school.transaction() as db:
        row = db.query(Delivery).filter_by(state="pending").one_or_none()
        if row is None:
            return None
        school.now = max(school.now, row.due_at)
    return lease(school)
