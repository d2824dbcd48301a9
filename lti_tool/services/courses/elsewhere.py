"""What a course sees of work done in another course: that and when, never the mark.

Marks are taken out before anything is shown: what a page is not given, it cannot show.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from badges import completion as rules
from badges.completion import Completion, Condition, Progress, UnitProgress
from badges.micro_credential import MicroCredential
from badges.stacking import Earned

ELSEWHERE = "elsewhere"
"""The parameter of a condition that says when something was recorded in another course."""


def progress(
    mc: MicroCredential,
    records: Sequence[tuple[uuid.UUID, Completion]],
    course_id: uuid.UUID,
    now: datetime,
    earned: Sequence[Earned] = (),
) -> Progress:
    """Return what `records` (course and record, of one learner) amount to, as `course_id` sees it.

    Its conditions hold the marks of that course alone. One that another course's records meet, or
    add a mark to, has the parameter `ELSEWHERE`: the ISO 8601 time of that record.
    """
    whole = rules.progress(mc, [one for _, one in records], now, earned)
    foreign = [one for course, one in records if course != course_id]
    if not foreign:
        return whole
    own = rules.progress(mc, [one for course, one in records if course == course_id], now)
    others = rules.progress(mc, foreign, now)
    at = {one.id: one.at for one in foreign}
    return replace(
        whole,
        units=tuple(
            _unit(unit, own.unit(unit.unit), others.unit(unit.unit), at) for unit in whole.units
        ),
    )


def _unit(
    whole: UnitProgress, own: UnitProgress, others: UnitProgress, at: Mapping[str, datetime]
) -> UnitProgress:
    if others.latest is None:
        return whole
    mine, theirs = _by_kind(own), _by_kind(others)
    latest = whole.latest
    if latest is not None and latest.id in at:
        latest = replace(latest, points=None)
    conditions = tuple(
        _condition(one, mine.get(kind), theirs.get(kind), others.latest.at, at)
        for kind, one in _by_kind(whole).items()
    )
    return replace(whole, conditions=conditions, latest=latest)


def _by_kind(unit: UnitProgress) -> dict[tuple[str, str], Condition]:
    return {(one.code.value, one.params.get("part", "")): one for one in unit.conditions}


def _condition(
    whole: Condition,
    own: Condition | None,
    others: Condition | None,
    last: datetime,
    at: Mapping[str, datetime],
) -> Condition:
    """`last`: when another course recorded something of this unit for the last time."""
    if others is None or (own is not None and own.is_met):
        return own or whole
    if others.is_met:
        since = at[others.records[0]]
        hidden = {"points": ""} if "points" in whole.params else {}
        return replace(whole, params={**whole.params, **hidden, ELSEWHERE: since.isoformat()})
    if own is not None and others.params.get("points"):
        return replace(own, params={**own.params, ELSEWHERE: last.isoformat()})
    return whole
