"""Requests are counted in windows, each of which ends."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import TimeMachineFixture

from lti_tool.web.http.request_counts import SWEPT_EVERY, RequestCounts

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def counts(time_machine: TimeMachineFixture) -> RequestCounts:
    time_machine.move_to(NOW, tick=False)
    return RequestCounts()


def test_each_key_is_counted_for_itself(counts: RequestCounts) -> None:
    assert [counts.incr("one", 10) for _ in range(3)] == [1, 2, 3]
    assert counts.incr("other", 10, amount=2) == 2
    assert (counts.get("one"), counts.get("other"), counts.get("nobody")) == (3, 2, 0)


def test_a_window_ends_where_its_first_request_said(
    counts: RequestCounts, time_machine: TimeMachineFixture
) -> None:
    counts.incr("one", 10)
    time_machine.move_to(NOW + timedelta(seconds=9), tick=False)
    assert counts.incr("one", 10) == 2
    assert counts.get_expiry("one") == (NOW + timedelta(seconds=10)).timestamp()
    time_machine.move_to(NOW + timedelta(seconds=10), tick=False)
    assert counts.get("one") == 0
    assert counts.incr("one", 10) == 1


def test_windows_that_ended_are_forgotten(
    counts: RequestCounts, time_machine: TimeMachineFixture
) -> None:
    for number in range(100):
        counts.incr(f"address {number}", 10)
    time_machine.move_to(NOW + timedelta(seconds=10 + SWEPT_EVERY), tick=False)
    counts.incr("one", 10)
    assert counts.reset() == 1


def test_what_is_cleared_begins_anew(counts: RequestCounts) -> None:
    counts.incr("one", 10)
    counts.clear("one")
    assert (counts.incr("one", 10), counts.check()) == (1, True)
