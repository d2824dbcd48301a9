"""Keys take turns: published before they sign, and for long enough after."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from config.secrets import make_encryption_key
from lti_tool.db import Database
from lti_tool.encryption import Encryption
from lti_tool.errors import Conflict
from lti_tool.lti import tool_keys as keys
from lti_tool.lti.tool_keys import KEPT_PUBLISHED, PUBLISHED_AHEAD, KeyState
from lti_tool.models import ToolKey
from lti_tool.services.connections import tool_keys

MOMENT = timedelta(seconds=1)


@pytest.fixture
def encryption() -> Encryption:
    return Encryption([make_encryption_key()])


def states(database: Database, now: datetime) -> list[KeyState]:
    """Return the states of all keys, oldest first."""
    with database.transaction(read_only=True) as db:
        return [each.state(now) for each in keys.all_keys(db)]


def signer(database: Database, encryption: Encryption, now: datetime) -> str:
    with database.transaction() as db:
        return keys.current(db, encryption, now).kid


def published(database: Database, now: datetime) -> list[str]:
    with database.transaction(read_only=True) as db:
        return [each["kid"] for each in keys.key_set(db, now)["keys"]]


def test_a_new_key_is_published_a_day_before_it_signs(
    each_database: Database, encryption: Encryption, now: datetime
) -> None:
    old = signer(each_database, encryption, now)
    with each_database.transaction() as db:
        made = tool_keys.rotate(db, encryption, now)
        assert made is not None
        new = made.key.kid
    assert published(each_database, now) == [new, old]
    assert states(each_database, now) == [KeyState.CURRENT, KeyState.NEXT]
    turn = now + PUBLISHED_AHEAD
    assert signer(each_database, encryption, turn - MOMENT) == old
    assert signer(each_database, encryption, turn) == new
    assert states(each_database, turn) == [KeyState.RETIRING, KeyState.CURRENT]
    over = turn + KEPT_PUBLISHED
    assert published(each_database, over - MOMENT) == [new, old]
    assert published(each_database, over) == [new]
    assert states(each_database, over) == [KeyState.WITHDRAWN, KeyState.CURRENT]


def test_a_second_rotation_waits_for_the_first(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    with database.transaction() as db:
        tool_keys.rotate(db, encryption, now)
        with pytest.raises(Conflict) as caught:
            tool_keys.rotate(db, encryption, now + timedelta(hours=1))
    assert caught.value.code == "rotation_under_way"
    assert len(states(database, now)) == 2


def test_in_an_emergency_the_new_key_signs_at_once(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    old = signer(database, encryption, now)
    with database.transaction() as db:
        tool_keys.rotate(db, encryption, now + MOMENT, at_once=True)
    new = signer(database, encryption, now + MOMENT)
    assert new != old
    assert published(database, now + MOMENT) == [new, old]


def test_the_key_that_waits_can_be_let_in_early(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    signer(database, encryption, now)
    later = now + timedelta(hours=1)
    with database.transaction() as db:
        waiting = tool_keys.rotate(db, encryption, now)
        assert waiting is not None
        kid = waiting.key.kid
        tool_keys.rotate(db, encryption, later, at_once=True)
    assert signer(database, encryption, later) == kid
    assert states(database, later) == [KeyState.RETIRING, KeyState.CURRENT]


def test_a_stolen_key_is_published_no_more(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    old = signer(database, encryption, now)
    with database.transaction() as db:
        tool_keys.rotate(db, encryption, now, at_once=True, withdraw_old=True)
    assert published(database, now) == [signer(database, encryption, now)]
    assert old not in published(database, now)
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(ToolKey.kid)).all() != [old]


def test_by_the_clock_a_young_key_stays(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    signer(database, encryption, now)
    quarter = timedelta(days=90)
    with database.transaction() as db:
        early = now + quarter - MOMENT
        assert tool_keys.rotate(db, encryption, early, if_older_than=quarter) is None
        assert tool_keys.rotate(db, encryption, now + quarter, if_older_than=quarter) is not None
        late = now + quarter + timedelta(hours=1)
        assert tool_keys.rotate(db, encryption, late, if_older_than=quarter) is None


def test_keys_that_are_over_are_deleted_at_the_next_rotation(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    old = signer(database, encryption, now)
    with database.transaction() as db:
        tool_keys.rotate(db, encryption, now)
        tool_keys.rotate(db, encryption, now + PUBLISHED_AHEAD + KEPT_PUBLISHED)
        assert old not in db.scalars(sa.select(ToolKey.kid)).all()
        assert len(keys.all_keys(db)) == 2


def test_a_key_of_the_first_release_signs_since_it_was_made(
    database: Database, encryption: Encryption, now: datetime
) -> None:
    kid = signer(database, encryption, now)
    with database.transaction() as db:
        db.execute(sa.update(ToolKey).values(signs_from=None))
    assert signer(database, encryption, now) == kid
    assert states(database, now) == [KeyState.CURRENT]
