"""The conditions of a unit: what is needed, what is there, and since when it is enough.

Records are handed in oldest first, and only those that stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from badges.completion_record import Completion
from badges.micro_credential import LearningUnit
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs


class ConditionCode(StrEnum):
    """With the parameters of each, all strings; `points` is empty while there is no mark."""

    POINTS = "points"  # minimum, maximum, points (the best mark)
    PART = "part"  # part, minimum, maximum, points
    SIGN_OFF = "sign_off"
    SIGN_OFFS = "sign_offs"  # count, have
    PRIOR_LEARNING = "prior_learning"  # count, have (outcomes); limit: what stops it, in percent
    GRADED = "graded"  # as POINTS where the rule counts points
    UNLOCKED = "unlocked"
    LMS_ACTIVITY = "lms_activity"
    PARTICIPATION = "participation"


MENTOR = "mentor"
"""The parameter of a met or begun sign-off that says for how many an assessor vouches who did not
see it: a mentor at the workplace did."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One reason. `records`: ids of the records it rests on; while unmet, of those that count."""

    code: ConditionCode
    unit: str
    is_met: bool
    params: Mapping[str, str] = field(default_factory=dict)
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One condition and the moment at which it was met."""

    condition: Condition
    met_at: datetime | None


def evaluate_rule(unit: LearningUnit, records: list[Completion]) -> list[Evaluated]:
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
            return [_evaluate_sign_off(unit, records)]
        case SignOffs(count=count):
            return [_evaluate_sign_offs(unit, records, count)]


def evaluate_graded(unit: LearningUnit, records: list[Completion]) -> Evaluated:
    """A grade counts where it reaches what the rule asks for; a sign-off asks for a full one."""
    if isinstance(unit.rule, PointsAtLeast):
        rule = unit.rule
        return _evaluate_points(ConditionCode.GRADED, unit, records, rule.minimum, rule.maximum)
    return evaluate_any(ConditionCode.GRADED, unit, records)


def evaluate_any(code: ConditionCode, unit: LearningUnit, records: list[Completion]) -> Evaluated:
    ids = tuple(record.id for record in records)
    return Evaluated(
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
) -> Evaluated:
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
    return Evaluated(
        Condition(code, unit.code, bool(enough), params, ids), enough[0].at if enough else None
    )


def _evaluate_sign_off(unit: LearningUnit, records: list[Completion]) -> Evaluated:
    """`MENTOR` stands where no assessor has seen it."""
    found = evaluate_any(ConditionCode.SIGN_OFF, unit, records)
    if not records or not all(record.for_mentor for record in records):
        return found
    return replace(found, condition=replace(found.condition, params={MENTOR: "1"}))


def _evaluate_sign_offs(unit: LearningUnit, records: list[Completion], count: int) -> Evaluated:
    first_by_assessor: dict[str, datetime] = {}
    for record in records:
        if record.by is not None:
            first_by_assessor.setdefault(record.by, record.at)
    moments = list(first_by_assessor.values())
    is_met = len(moments) >= count
    params = {"count": str(count), "have": str(len(moments))}
    seen_themselves = {record.by for record in records if not record.for_mentor} - {None}
    vouched = min(len(moments), count) - len(seen_themselves)
    if vouched > 0:
        params[MENTOR] = str(vouched)
    ids = tuple(record.id for record in records)
    return Evaluated(
        Condition(ConditionCode.SIGN_OFFS, unit.code, is_met, params, ids),
        moments[count - 1] if is_met else None,
    )


def plain(number: Decimal) -> str:
    """Return `number` as people write it: `70`, not `70.00` or `7E+1`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
