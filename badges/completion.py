"""Who has completed what: append-only records, and the progress that follows from them.

`progress` is a pure function of the set of records: their order does not matter, repeats do not
count, and the reason for every met and unmet condition comes from the same evaluation as the
result. A record that meets a rule keeps the unit completed, whatever lower mark comes later;
only a retraction takes it back.

>>> from datetime import UTC, datetime
>>> from decimal import Decimal
>>> from badges import samples
>>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
>>> mark = Completion(id="1", unit="BEM-S-WLD1-U1", at=noon, points=Decimal(85), by="an assessor")
>>> found = progress(samples.welding(), [mark], noon)
>>> found.unit("BEM-S-WLD1-U1").is_complete, found.is_complete
(True, False)
>>> found.missing[-1].unit, found.missing[-1].code.value
('BEM-S-WLD1-U5', 'sign_off')
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from badges import choices, prior_learning, prior_limit
from badges.choices import Asked, ChoiceProgress
from badges.completion_record import Completion, InvalidCompletion, Route, check
from badges.conditions import (
    Condition,
    ConditionCode,
    Evaluated,
    evaluate_any,
    evaluate_graded,
    evaluate_rule,
)
from badges.micro_credential import LearningUnit, MicroCredential
from badges.stacking import Earned, StackProgress, evaluate

__all__ = [
    "Completion",
    "Condition",
    "ConditionCode",
    "InvalidCompletion",
    "Progress",
    "Route",
    "UnitProgress",
    "check",
    "progress",
]


# In order of weight, after a grade, which must reach what the rule asks for.
_ENOUGH_BY_ITSELF = {
    Route.UNLOCKED: ConditionCode.UNLOCKED,
    Route.LMS_ACTIVITY: ConditionCode.LMS_ACTIVITY,
    Route.PARTICIPATION: ConditionCode.PARTICIPATION,
}


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """`conditions`: those of the rule (all needed), then PRIOR_LEARNING where any outcome was
    recognised, and GRADED, UNLOCKED, LMS_ACTIVITY and PARTICIPATION where met (each enough by
    itself).

    `completed_at`: the earliest moment at which the standing records completed the unit.
    `route`: by which they did. `latest`: the latest standing record of any outcome.
    `records`: ids of the standing records that count towards completion.
    """

    unit: str
    conditions: tuple[Condition, ...]
    route: Route | None
    completed_at: datetime | None
    latest: Completion | None
    records: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return self.completed_at is not None

    @property
    def is_started(self) -> bool:
        return self.latest is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """`stack`: of what the micro-credential is made of, if it is made of others. `choices`: of
    the units of which only so many are needed, if there are such."""

    units: tuple[UnitProgress, ...]
    stack: StackProgress | None = None
    choices: tuple[ChoiceProgress, ...] = ()

    def unit(self, code: str) -> UnitProgress:
        """Return the progress in one unit.

        Raises:
            KeyError: there is none of that code.
        """
        for unit in self.units:
            if unit.unit == code:
                return unit
        raise KeyError(code)

    def choice_of(self, code: str) -> ChoiceProgress | None:
        """Return the progress in the choice that a unit belongs to, if it belongs to one."""
        return next((one for one in self.choices if code in one.choice.units), None)

    @property
    def required(self) -> tuple[UnitProgress, ...]:
        """Those units that are in no choice."""
        if not self.choices:
            return self.units
        return tuple(unit for unit in self.units if self.choice_of(unit.unit) is None)

    @property
    def need(self) -> int:
        """How many steps it takes: units, and what it is made of as one more."""
        needed = len(self.required) + sum(one.need for one in self.choices)
        return needed + (self.stack is not None)

    @property
    def have(self) -> int:
        """How many of the `need`ed steps are done; units beyond them add nothing."""
        done = sum(unit.is_complete for unit in self.required)
        done += sum(one.have for one in self.choices)
        return done + (self.stack is not None and self.stack.is_met)

    @property
    def is_complete(self) -> bool:
        if self.stack is not None and not self.stack.is_met:
            return False
        if not self.choices:
            is_any = self.stack is not None or bool(self.units)
            return is_any and all(unit.is_complete for unit in self.units)
        return 0 < self.need == self.have

    @property
    def completed_at(self) -> datetime | None:
        """The moment at which the last unit or part that is needed was completed, once all are."""
        moments = [unit.completed_at for unit in self.required if unit.completed_at is not None]
        moments += [one.met_at for one in self.choices if one.met_at is not None]
        if self.stack is not None and self.stack.met_at is not None:
            moments.append(self.stack.met_at)
        return max(moments) if self.is_complete else None

    @property
    def stated(self) -> tuple[UnitProgress, ...]:
        """The units that an award states: all that are completed, also beyond what is needed."""
        return tuple(unit for unit in self.units if unit.is_complete)

    @property
    def stated_at(self) -> datetime | None:
        """The moment at which the last of what an award states was completed, once enough is."""
        needed = self.completed_at
        if needed is None or not self.choices:
            return needed
        return max([needed, *_completed(self.units).values()])

    @property
    def open(self) -> tuple[UnitProgress, ...]:
        """The units that bring the whole nearer once completed: not those that are extra."""
        if not self.choices:
            return tuple(unit for unit in self.units if not unit.is_complete)
        return tuple(unit for unit in self.units if self.is_open(unit.unit))

    def is_open(self, code: str) -> bool:
        """Whether a unit brings the whole nearer once completed."""
        choice = self.choice_of(code)
        return not self.unit(code).is_complete if choice is None else code in choice.open

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The unmet conditions of the units that are still open."""
        return tuple(
            condition for unit in self.open for condition in unit.conditions if not condition.is_met
        )

    def under(self, asked: Asked) -> "Progress":
        """Return the same progress by what a course asks for beyond the definition."""
        if not self.choices:
            return self
        found = tuple(one.choice for one in self.choices)
        return replace(self, choices=choices.evaluate(found, _completed(self.units), asked))


def progress(
    mc: MicroCredential,
    completions: Iterable[Completion],
    now: datetime,
    earned: Iterable[Earned] = (),
) -> Progress:
    """Return what `completions` (one learner's records) amount to at `now`.

    `earned`: their standing awards of the parts, where `mc` is made of others. What a course asks
    for beyond the definition is `Progress.under`.

    Never raises for a record: those that `check` refuses, and those later than `now`, count for
    nothing.
    """
    by_unit = _by_unit(mc, _standing(mc, completions, now))
    recognised = _recognised(mc, by_unit)
    units = tuple(
        _unit_progress(unit, by_unit.get(unit.code, []), recognised.get(unit.code))
        for unit in mc.units
    )
    return Progress(
        units,
        evaluate(mc.stack, earned, now) if mc.stack else None,
        choices.evaluate(mc.choices, _completed(units)) if mc.choices else (),
    )


def _completed(units: Iterable[UnitProgress]) -> dict[str, datetime]:
    return {unit.unit: unit.completed_at for unit in units if unit.completed_at is not None}


def _by_unit(mc: MicroCredential, standing: list[Completion]) -> dict[str, list[Completion]]:
    found: dict[str, list[Completion]] = {}
    for record in standing:
        found.setdefault(record.unit, []).append(record)
    return {
        code: prior_learning.without_votes(mc.unit(code), records)
        for code, records in found.items()
    }


def _recognised(mc: MicroCredential, by_unit: dict[str, list[Completion]]) -> dict[str, Evaluated]:
    """Return what recognised prior learning comes to in each unit that has any, within the limit
    of the definition."""
    found = {}
    for unit in mc.units:
        if own := _by_route(by_unit.get(unit.code, []), Route.PRIOR_LEARNING):
            found[unit.code] = prior_learning.evaluate(unit, own)
    if not found:
        return found
    otherwise = _completed(_unit_progress(one, by_unit.get(one.code, []), None) for one in mc.units)
    since = {
        code: one.met_at
        for code, one in found.items()
        if one.met_at is not None and (code not in otherwise or one.met_at < otherwise[code])
    }
    for code in since.keys() - prior_limit.admitted(mc, since, otherwise):
        found[code] = _beyond(found[code], prior_learning.limit(mc))
    return found


def _beyond(one: Evaluated, limit: int) -> Evaluated:
    params = {**one.condition.params, "limit": str(limit)}
    return Evaluated(replace(one.condition, is_met=False, params=params), None)


def _standing(
    mc: MicroCredential, completions: Iterable[Completion], now: datetime
) -> list[Completion]:
    """Return the records that count, oldest first: valid, of this time, not retracted."""
    by_id: dict[str, Completion] = {}
    for record in sorted(filter(lambda record: _is_valid(mc, record), completions), key=_order):
        if record.at <= now:
            by_id.setdefault(record.id, record)
    retracted = {
        (record.unit, record.retracts) for record in by_id.values() if record.retracts is not None
    }
    return [
        record
        for record in by_id.values()
        if record.retracts is None and (record.unit, record.id) not in retracted
    ]


def _is_valid(mc: MicroCredential, record: Completion) -> bool:
    try:
        check(mc, record)
    except InvalidCompletion:
        return False
    return True


def _order(record: Completion) -> tuple[datetime, str, str]:
    # The last key decides only between records that wrongly share an id: always the same way.
    return record.at, record.id, repr(record)


def _unit_progress(
    unit: LearningUnit, records: list[Completion], recognised: Evaluated | None
) -> UnitProgress:
    """`records`: those of the unit that stand, oldest first."""
    by_rule = evaluate_rule(unit, _by_route(records, Route.ASSESSED))
    others = _by_other_routes(unit, records)
    if recognised is not None:
        others = {Route.PRIOR_LEARNING: recognised, **others}
    completed_at, route = _first(
        (_met_by_all(by_rule), Route.ASSESSED),
        *((one.met_at, route) for route, one in others.items()),
    )
    said = [one for one in others.values() if one.condition.is_met or one is recognised]
    conditions = tuple(one.condition for one in (*by_rule, *said))
    counting = {record_id for condition in conditions for record_id in condition.records}
    return UnitProgress(
        unit=unit.code,
        conditions=conditions,
        route=route,
        completed_at=completed_at,
        latest=records[-1] if records else None,
        records=tuple(record.id for record in records if record.id in counting),
    )


def _by_other_routes(unit: LearningUnit, records: list[Completion]) -> dict[Route, Evaluated]:
    """Return what the routes besides assessment come to; most learners have records of none."""
    used = {record.route for record in records}
    found = {}
    if Route.GRADED in used:
        found[Route.GRADED] = evaluate_graded(unit, _by_route(records, Route.GRADED))
    for route, code in _ENOUGH_BY_ITSELF.items():
        if route in used:
            found[route] = evaluate_any(code, unit, _by_route(records, route))
    return found


def _by_route(records: list[Completion], route: Route) -> list[Completion]:
    return [record for record in records if record.route is route]


def _first(*routes: tuple[datetime | None, Route]) -> tuple[datetime | None, Route | None]:
    """Return the earliest moment with its route; of equal moments the first given."""
    reached = [(moment, route) for moment, route in routes if moment is not None]
    return min(reached, key=lambda one: one[0], default=(None, None))


def _met_by_all(evaluated: list[Evaluated]) -> datetime | None:
    moments = [one.met_at for one in evaluated if one.met_at is not None]
    return max(moments) if moments and len(moments) == len(evaluated) else None
