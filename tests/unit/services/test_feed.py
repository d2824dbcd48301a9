"""What changed in the catalogue, on both databases: order, tombstones, walking while it changes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from badges import samples
from lti_tool.db import Database
from lti_tool.models import MicroCredentialVersion, Organisation
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue, feed, history, lifecycle, settling
from lti_tool.services.definitions.history import Act
from tests.factories.statements import recorded

MC = samples.welding()
Told = list[tuple[str, str | None]]
"""Code and version, None for a tombstone."""


@pytest.fixture
def filled(each_database: Database, now: datetime) -> Database:
    for position in range(3):
        add(each_database, f"S{position}", "1", now + timedelta(hours=position))
    return each_database


def add(database: Database, code: str, version: str, at: datetime) -> None:
    with database.transaction() as db:
        body: Organisation = organisations.get_or_add_organisation(db, "b", "B", "DE", at)
        catalogue.add(db, replace(MC, code=code, version=version), body, at)


def told(database: Database, now: datetime, since: datetime | None = None) -> Told:
    with database.transaction(read_only=True) as db:
        found = feed.page(db, now, since=since)
        assert found.onward is None
        return [(one.series.code, one.version and one.version.version) for one in found.items]


def version(database: Database, code: str, **columns: datetime | None) -> None:
    with database.transaction() as db:
        found = next(v for v in db.query(MicroCredentialVersion) if v.series.code == code)
        for name, value in columns.items():
            setattr(found, name, value)


def test_what_changed_last_is_told_last(filled: Database, now: datetime) -> None:
    later = now + timedelta(days=1)
    assert told(filled, later) == [("S0", "1"), ("S1", "1"), ("S2", "1")]
    add(filled, "S0", "2", now + timedelta(hours=5))
    assert told(filled, later) == [("S1", "1"), ("S2", "1"), ("S0", "2")]
    version(filled, "S1", revised_at=now + timedelta(hours=6))
    assert told(filled, later) == [("S2", "1"), ("S0", "2"), ("S1", "1")]
    assert told(filled, later, since=now + timedelta(hours=6)) == [("S1", "1")]
    assert told(filled, later, since=later) == []


def test_what_is_retired_or_overdue_is_told_as_gone(filled: Database, now: datetime) -> None:
    version(filled, "S1", retired_at=now + timedelta(hours=3))
    version(filled, "S0", review_by=now + timedelta(hours=8))
    assert told(filled, now + timedelta(hours=7)) == [("S0", "1"), ("S2", "1"), ("S1", None)]
    assert told(filled, now + timedelta(hours=9)) == [("S2", "1"), ("S1", None), ("S0", None)]


def test_what_was_confirmed_is_told_again(filled: Database, now: datetime) -> None:
    with filled.transaction() as db:
        found = next(v for v in db.query(MicroCredentialVersion) if v.series.code == "S0")
        history.note(db, found, Act.CONFIRMED, "account:x", None, now + timedelta(hours=9))
    assert told(filled, now + timedelta(days=1))[-1] == ("S0", "1")


def test_where_the_newest_is_retired_none_before_it_is_told(
    filled: Database, now: datetime
) -> None:
    add(filled, "S0", "2", now + timedelta(hours=5))
    with filled.transaction() as db:
        newest = catalogue.find(db, "b/S0/2").id
    with filled.transaction() as db:
        found = db.get_one(MicroCredentialVersion, newest)
        at = now + timedelta(hours=6)
        lifecycle.retire(db, found, reason="wrong", by="account:x", now=at)
    assert told(filled, now + timedelta(days=1))[-1] == ("S0", None)


def test_what_may_still_be_on_its_way_waits(filled: Database, now: datetime) -> None:
    at = now + timedelta(hours=2)
    assert ("S2", "1") not in told(filled, at + settling.SETTLED - timedelta(seconds=1))
    assert ("S2", "1") in told(filled, at + settling.SETTLED)


def test_nobody_walks_past_what_takes_long_to_be_published(
    postgres_database: Database, now: datetime
) -> None:
    hour = timedelta(hours=1)
    with postgres_database.transaction() as db:  # a long import
        body = organisations.get_or_add_organisation(db, "b", "B", "DE", now)
        catalogue.add(db, replace(MC, code="LONG"), body, now + hour)
        with postgres_database.transaction() as other:
            quick = organisations.get_or_add_organisation(other, "c", "C", "DE", now)
            catalogue.add(other, replace(MC, code="BEFORE"), quick, now)
            catalogue.add(other, replace(MC, code="AFTER"), quick, now + 2 * hour)
        assert told(postgres_database, now + 3 * hour) == [("BEFORE", MC.version)]
    codes = [code for code, _ in told(postgres_database, now + 3 * hour, since=now + hour)]
    assert codes == ["LONG", "AFTER"]


def test_a_walk_misses_nothing_that_changes_meanwhile(
    filled: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE_SIZE", 2)
    later = now + timedelta(days=1)
    for number in range(3, 9):  # several at one moment
        add(filled, f"S{number}", "1", now + timedelta(hours=3))
    seen: Told = []
    place, pages = None, 0
    while pages == 0 or place:
        with filled.transaction(read_only=True) as db, recorded(filled) as asked:
            found = feed.page(db, later, after=place)
        assert len(asked) == (4 if filled.engine.dialect.name == "postgresql" else 3)
        seen += [(one.series.code, one.version and one.version.version) for one in found.items]
        place, pages = found.onward, pages + 1
        if pages == 2:
            add(filled, "S0", "2", now + timedelta(hours=9))
            add(filled, "S9", "1", now + timedelta(hours=9))
            version(filled, "S8", retired_at=now + timedelta(hours=9))
    assert pages == 6
    assert ("S0", "1") in seen
    assert {("S0", "2"), ("S9", "1"), ("S8", None)} <= set(seen[-3:])
    assert {code for code, _ in seen} == {f"S{number}" for number in range(10)}
