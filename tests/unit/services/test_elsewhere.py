"""What a course sees of marks and sign-offs that another course recorded."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from badges import samples
from badges.completion import Completion, Condition, Progress, Route
from lti_tool.services.courses import elsewhere
from lti_tool.services.courses.elsewhere import ELSEWHERE

WLD = samples.welding()
SAFETY, _, SIGN_OFF, PARTS, _ = (unit.code for unit in WLD.units)
HERE, THERE = uuid.uuid4(), uuid.uuid4()


def made(unit: str, at: datetime, **said: Any) -> Completion:
    if "points" in said:
        said["points"] = Decimal(said["points"])
    known = {"id": uuid.uuid4().hex, "by": "assessor", "route": Route.ASSESSED}
    return Completion(unit=unit, at=at, **(known | said))


def seen(*records: tuple[uuid.UUID, Completion], now: datetime) -> Progress:
    return elsewhere.progress(WLD, records, HERE, now)


def conditions(progress: Progress, unit: str) -> tuple[Condition, ...]:
    return progress.unit(unit).conditions


def test_a_mark_of_another_course_completes_without_being_handed_out(now: datetime) -> None:
    found = seen((THERE, made(SAFETY, now, points="92")), now=now)
    (condition,) = conditions(found, SAFETY)
    assert found.unit(SAFETY).is_complete
    assert condition.is_met
    assert condition.params[ELSEWHERE] == now.isoformat()
    assert "'92'" not in repr(found)


def test_a_mark_that_is_not_enough_says_only_that_and_when(now: datetime) -> None:
    records = [
        (THERE, made(SAFETY, now - timedelta(days=1), points="71")),
        (HERE, made(SAFETY, now, points="64")),
    ]
    found = seen(*records, now=now)
    (condition,) = conditions(found, SAFETY)
    assert not condition.is_met
    assert condition.params["points"] == "64"
    assert condition.params[ELSEWHERE] == (now - timedelta(days=1)).isoformat()
    assert "'71'" not in repr(found)


def test_ones_own_mark_is_enough_to_hear_nothing_of_others(now: datetime) -> None:
    found = seen(
        (THERE, made(SAFETY, now, points="99")), (HERE, made(SAFETY, now, points="85")), now=now
    )
    (condition,) = conditions(found, SAFETY)
    assert condition.params["points"] == "85"
    assert ELSEWHERE not in condition.params


def test_what_another_course_took_back_is_not_mentioned(now: datetime) -> None:
    mark = made(SAFETY, now, points="92")
    undo = made(SAFETY, now, retracts=mark.id)
    (condition,) = conditions(seen((THERE, mark), (THERE, undo), now=now), SAFETY)
    assert not condition.is_met
    assert ELSEWHERE not in condition.params


def test_parts_are_told_apart(now: datetime) -> None:
    found = seen(
        (HERE, made(PARTS, now, part="PA", points="75")),
        (THERE, made(PARTS, now, part="PB", points="88")),
        now=now,
    )
    own, foreign = conditions(found, PARTS)
    assert found.unit(PARTS).is_complete
    assert own.params["points"] == "75"
    assert ELSEWHERE not in own.params
    assert foreign.params["points"] == ""
    assert foreign.params[ELSEWHERE] == now.isoformat()


def test_a_sign_off_of_another_course_is_said_to_be_one(now: datetime) -> None:
    found = seen((THERE, made(SIGN_OFF, now, signed_off=True)), now=now)
    (condition,) = conditions(found, SIGN_OFF)
    assert condition.is_met
    assert ELSEWHERE in condition.params
