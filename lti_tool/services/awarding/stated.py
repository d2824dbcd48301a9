"""What an award states, and whether it is still true: a result or a part may be taken back, and
enough be left all the same."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from badges.completion import ConditionCode, Progress, Route, UnitProgress
from badges.conditions import plain
from lti_tool.models import Award

_MARKS: dict[Route, tuple[ConditionCode, ...]] = {
    Route.ASSESSED: (ConditionCode.POINTS, ConditionCode.PART),
    Route.GRADED: (ConditionCode.GRADED,),
}
"""The conditions that hold the marks of a unit, by the route that completed it."""


def bears(progress: Progress, award: Award, *, is_claimed: bool) -> bool:
    """Whether it is complete, and nothing that an award states was taken back."""
    if not progress.is_complete:
        return False
    standing = progress.stack.standing if progress.stack else frozenset()
    units = {unit.unit: unit for unit in progress.units}
    return all(part["award"] in standing for part in award.parts or ()) and all(
        entry["unit"] in units and _bears_result(units[entry["unit"]], entry, is_claimed=is_claimed)
        for entry in award.results
    )


def _is_beyond_limit(unit: UnitProgress) -> bool:
    """Whether all of a unit is recognised, and others take the share that it needs."""
    return any(
        one.code is ConditionCode.PRIOR_LEARNING and "limit" in one.params
        for one in unit.conditions
    )


def _bears_result(unit: UnitProgress, entry: dict[str, Any], *, is_claimed: bool) -> bool:
    """Whether a unit's mark is still as good as it was stated and, before that is signed, it was
    completed as early: neither a better mark nor a later one changes that, only what is taken
    back. What was earned anew after the claim puts the badge in question no longer. Nor is a
    recognition taken back because others now count in its place."""
    if entry["route"] == Route.PRIOR_LEARNING and _is_beyond_limit(unit):
        return True
    if unit.completed_at is None:
        return False
    if not is_claimed and unit.completed_at > datetime.fromisoformat(entry["completed_at"]):
        return False
    if entry["points"] is None:
        return True
    points, _ = best_mark(unit, Route(entry["route"]))
    return points is not None and Decimal(points) >= Decimal(entry["points"])


def best_mark(unit: UnitProgress, route: Route) -> tuple[str | None, str | None]:
    """Return points and maximum by a route; of a unit marked in parts, those of its lowest part.

    None of both where there are none, or they are not enough by that route.
    """
    marked = [one for one in unit.conditions if one.code in _MARKS.get(route, ())]
    marks = [
        (Decimal(one.params["points"]), one.params["maximum"])
        for one in marked
        if one.params.get("points")
    ]
    if not marks or not all(one.is_met for one in marked):
        return None, None
    points, maximum = min(marks)
    return plain(points), maximum
