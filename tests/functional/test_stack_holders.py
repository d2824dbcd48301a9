"""Who holds the parts already when a larger micro-credential is published, or offered."""

import pytest

from lti_tool import clock, worker
from lti_tool.services.definitions import catalogue, stack_holders
from tests.factories.visits import Visits
from tests.functional.test_stacked_micro_credentials import (
    FIRST,
    SECOND,
    awards_of,
    complete,
    judge,
    larger,
    publish_next,
    versions_held,
    visits,
)

__all__ = ["visits"]


def enrol(visits: Visits, *people: str) -> None:
    """They hold both parts, of which nothing larger is made yet."""
    for sub in people:
        for mc in (FIRST, SECOND):
            complete(visits, mc, sub)
    judge(visits)


def look(visits: Visits) -> int:
    with visits.school.transaction() as db:
        return stack_holders.want_unjudged(db, clock.now())


def test_who_holds_all_parts_earns_what_is_published_afterwards(visits: Visits) -> None:
    enrol(visits, "ana")
    visits.school.publish(larger("LATER"))
    judge(visits)
    assert awards_of(visits, "LATER") == []
    assert look(visits) == 1
    assert look(visits) == 0  # it waits already
    judge(visits)
    assert len(awards_of(visits, "LATER")) == 1
    assert look(visits) == 0  # and was judged


def test_many_holders_are_looked_at_some_at_a_time(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_holders, "BATCH", 2)
    enrol(visits, "ana", "borys", "olena")
    visits.school.publish(larger("LATER"))
    assert (look(visits), look(visits), look(visits)) == (2, 1, 0)
    judge(visits)
    assert len(awards_of(visits, "LATER")) == 3


def test_nobody_is_asked_for_one_that_is_retired(visits: Visits) -> None:
    enrol(visits, "ana")
    visits.school.publish(larger("LATER"))
    with visits.school.transaction() as db:
        catalogue.find(db, "LATER").retired_at = clock.now()
    assert look(visits) == 0


def test_a_course_that_begins_to_offer_one_lets_its_members_be_judged(visits: Visits) -> None:
    enrol(visits, "ana")
    publish_next(visits)
    look(visits)
    judge(visits)
    assert versions_held(visits) == ["1.0"]
    course = f"course of {FIRST.code}"
    visits.open("olha", teacher=True, mc="METAL", unit="", link="metal two", course=course)
    judge(visits)
    assert sorted(versions_held(visits)) == ["1.0", "2.0"]


def test_the_worker_looks_for_holders_by_the_clock() -> None:
    assert "want_larger" in [job.name for job in worker.JOBS]
