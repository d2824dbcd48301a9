"""Who has completed what: append-only records, and the progress that follows from them.

`progress` is a pure function of the set of records: their order does not matter, repeats do not
count, and the reason for every met and unmet condition comes from the same evaluation as the
result. A record that meets a rule keeps the unit completed, whatever lower mark comes later;
only a retraction takes it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from badges.errors import BadgeError
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs


class Route(StrEnum):
    """How a unit is completed; the order is that of weight."""

    ASSESSED = "assessed"
    UNLOCKED = "unlocked"  # the LMS signed a launch of a link it had restricted
    PARTICIPATION = "participation"  # opened and confirmed by the learner


class ConditionCode(StrEnum):
    """With the parameters of each, all strings; `points` is empty while there is no mark."""

    POINTS = "points"  # minimum, maximum, points (the best mark)
    PART = "part"  # part, minimum, maximum, points
    SIGN_OFF = "sign_off"
    SIGN_OFFS = "sign_offs"  # count, have
    UNLOCKED = "unlocked"
    PARTICIPATION = "participation"


class InvalidCompletion(BadgeError):  # noqa: N818 - reads as the refusal it is
    """A record that says nothing this unit could count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One record about one learner; exactly one of

    points, part with points, sign-off (all three by route ASSESSED), unlocked, participation, or
    the retraction of another record. `at`: aware UTC. `by`: opaque id of the assessor; None for
    the LMS and the learner.
    """

    id: str
    unit: str
    at: datetime
    route: Route = Route.ASSESSED
    by: str | None = None
    part: str | None = None
    points: Decimal | None = None
    signed_off: bool = False
    retracts: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One reason. `records`: ids of the records it rests on; while unmet, of those that count."""

    code: ConditionCode
    unit: str
    is_met: bool
    params: Mapping[str, str] = field(default_factory=dict)
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """`conditions`: those of the rule (all needed), then UNLOCKED and PARTICIPATION where met
    (each enough by itself).

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
    units: tuple[UnitProgress, ...]

    def unit(self, code: str) -> UnitProgress:
        """Return the progress in one unit.

        Raises:
            KeyError: there is none of that code.
        """
        for unit in self.units:
            if unit.unit == code:
                return unit
        raise KeyError(code)

    @property
    def is_complete(self) -> bool:
        return bool(self.units) and all(unit.is_complete for unit in self.units)

    @property
    def completed_at(self) -> datetime | None:
        """The moment at which the last unit was completed, once all are."""
        moments = [unit.completed_at for unit in self.units if unit.completed_at is not None]
        return max(moments) if self.is_complete else None

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The unmet conditions of the units that are not complete."""
        return tuple(
            condition
            for unit in self.units
            if not unit.is_complete
            for condition in unit.conditions
            if not condition.is_met
        )


def check(
    mc: MicroCredential, completion: Completion, history: Iterable[Completion] | None = None
) -> None:
    """Refuse a record that must not be kept.

    With `history` (the learner's records in `mc`) the target of a retraction is checked too.

    Raises:
        InvalidCompletion: `unknown_unit`, `naive_time`, `wrong_kind` (not exactly one kind, or
            one that the unit's rule has no use for), `points_out_of_range`, `unknown_part`,
            `assessor_missing`, `participation_not_allowed`, `retracts_itself`,
            `unknown_target`, `retracts_retraction`, `target_in_other_unit`.
    """
    unit = next((unit for unit in mc.units if unit.code == completion.unit), None)
    if unit is None:
        raise InvalidCompletion("unknown_unit", completion.unit)
    if completion.at.tzinfo is None:
        raise InvalidCompletion("naive_time", completion.id)
    if completion.retracts is not None:
        _check_retraction(completion, history)
    elif completion.route is Route.ASSESSED:
        _check_assessed(unit, completion)
    else:
        _check_unassessed(unit, completion)


def _says_something_assessed(completion: Completion) -> bool:
    return completion.points is not None or completion.part is not None or completion.signed_off


def _check_retraction(completion: Completion, history: Iterable[Completion] | None) -> None:
    if _says_something_assessed(completion) or not completion.retracts:
        raise InvalidCompletion("wrong_kind", completion.id)
    if completion.retracts == completion.id:
        raise InvalidCompletion("retracts_itself", completion.id)
    if history is None:
        return
    target = next((record for record in history if record.id == completion.retracts), None)
    if target is None:
        raise InvalidCompletion("unknown_target", completion.retracts)
    if target.retracts is not None:
        raise InvalidCompletion("retracts_retraction", completion.retracts)
    if target.unit != completion.unit:
        raise InvalidCompletion("target_in_other_unit", completion.retracts)


def _check_unassessed(unit: LearningUnit, completion: Completion) -> None:
    if _says_something_assessed(completion):
        raise InvalidCompletion("wrong_kind", completion.id)
    if completion.route is Route.PARTICIPATION and not unit.allows_participation:
        raise InvalidCompletion("participation_not_allowed", unit.code)


def _check_assessed(unit: LearningUnit, completion: Completion) -> None:
    match unit.rule:
        case PointsAtLeast(maximum=maximum):
            _check_points(completion, maximum, has_part=False)
        case EachPartAtLeast(maximum=maximum) as rule:
            _check_points(completion, maximum, has_part=True)
            if completion.part is None or rule.part(completion.part) is None:
                raise InvalidCompletion("unknown_part", str(completion.part))
        case SignOff() | SignOffs():
            if not completion.signed_off or completion.points is not None or completion.part:
                raise InvalidCompletion("wrong_kind", completion.id)
            if not completion.by:
                raise InvalidCompletion("assessor_missing", completion.id)


def _check_points(completion: Completion, maximum: Decimal, *, has_part: bool) -> None:
    if (
        completion.points is None
        or completion.signed_off
        or (completion.part is not None) != has_part
    ):
        raise InvalidCompletion("wrong_kind", completion.id)
    if not completion.points.is_finite() or not 0 <= completion.points <= maximum:
        raise InvalidCompletion("points_out_of_range", completion.id)


def progress(mc: MicroCredential, completions: Iterable[Completion], now: datetime) -> Progress:
    """Return what `completions` (one learner's records) amount to at `now`.

    Never raises for a record: those that `check` refuses, and those later than `now`, count for
    nothing.
    """
    standing = _standing(mc, completions, now)
    return Progress(tuple(_unit_progress(unit, standing) for unit in mc.units))


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


@dataclass(frozen=True, slots=True)
class _Evaluated:
    """One condition and the moment at which it was met."""

    condition: Condition
    met_at: datetime | None


def _unit_progress(unit: LearningUnit, standing: list[Completion]) -> UnitProgress:
    records = [record for record in standing if record.unit == unit.code]
    assessed = [record for record in records if record.route is Route.ASSESSED]
    by_rule = _evaluate_rule(unit, assessed)
    alternatives = {
        Route.UNLOCKED: _evaluate_any(
            ConditionCode.UNLOCKED, unit, [r for r in records if r.route is Route.UNLOCKED]
        ),
        Route.PARTICIPATION: _evaluate_any(
            ConditionCode.PARTICIPATION,
            unit,
            [r for r in records if r.route is Route.PARTICIPATION],
        ),
    }
    moments = {Route.ASSESSED: _met_by_all(by_rule)}
    moments |= {route: evaluated.met_at for route, evaluated in alternatives.items()}
    first = min(
        (
            (moment, weight, route)
            for weight, (route, moment) in enumerate(moments.items())
            if moment
        ),
        default=None,
    )
    conditions = [evaluated.condition for evaluated in by_rule]
    conditions += [e.condition for e in alternatives.values() if e.condition.is_met]
    counting = {record_id for condition in conditions for record_id in condition.records}
    return UnitProgress(
        unit=unit.code,
        conditions=tuple(conditions),
        route=first[2] if first else None,
        completed_at=first[0] if first else None,
        latest=records[-1] if records else None,
        records=tuple(record.id for record in records if record.id in counting),
    )


def _met_by_all(evaluated: list[_Evaluated]) -> datetime | None:
    moments = [one.met_at for one in evaluated if one.met_at is not None]
    return max(moments) if moments and len(moments) == len(evaluated) else None


def _evaluate_rule(unit: LearningUnit, records: list[Completion]) -> list[_Evaluated]:
    match unit.rule:
        case PointsAtLeast(minimum, maximum):
            return [_evaluate_points(ConditionCode.POINTS, unit, records, minimum, maximum)]
        case EachPartAtLeast(parts, minimum, maximum):
            return [
                _evaluate_points(
                    ConditionCode.PART,
                    unit,
                    [record for record in records if record.part == part.code],
                    minimum,
                    maximum,
                    part.code,
                )
                for part in parts
            ]
        case SignOff():
            return [_evaluate_any(ConditionCode.SIGN_OFF, unit, records)]
        case SignOffs(count=count):
            return [_evaluate_sign_offs(unit, records, count)]


def _evaluate_any(code: ConditionCode, unit: LearningUnit, records: list[Completion]) -> _Evaluated:
    ids = tuple(record.id for record in records)
    return _Evaluated(
        Condition(code, unit.code, bool(records), records=ids),
        records[0].at if records else None,
    )


def _evaluate_points(
    code: ConditionCode,
    unit: LearningUnit,
    records: list[Completion],
    minimum: Decimal,
    maximum: Decimal,
    part: str | None = None,
) -> _Evaluated:
    marks = [(record.points, record) for record in records if record.points is not None]
    enough = [record for points, record in marks if points >= minimum]
    best = max((points for points, _ in marks), default=None)
    params = {
        "minimum": plain(minimum),
        "maximum": plain(maximum),
        "points": "" if best is None else plain(best),
    }
    if part is not None:
        params["part"] = part
    ids = tuple(record.id for record in enough)
    return _Evaluated(
        Condition(code, unit.code, bool(enough), params, ids), enough[0].at if enough else None
    )


def _evaluate_sign_offs(unit: LearningUnit, records: list[Completion], count: int) -> _Evaluated:
    first_by_assessor: dict[str, datetime] = {}
    for record in records:
        if record.by is not None:
            first_by_assessor.setdefault(record.by, record.at)
    moments = list(first_by_assessor.values())
    is_met = len(moments) >= count
    params = {"count": str(count), "have": str(len(moments))}
    ids = tuple(record.id for record in records)
    return _Evaluated(
        Condition(ConditionCode.SIGN_OFFS, unit.code, is_met, params, ids),
        moments[count - 1] if is_met else None,
    )


def plain(number: Decimal) -> str:
    """Return `number` as people write it: `70`, not `70.00` or `7E+1`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
