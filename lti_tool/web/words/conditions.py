"""Why a unit counts as completed or what it still lacks: a sentence for every condition."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext
from markupsafe import Markup, escape

from badges.completion import Condition, ConditionCode, Progress, UnitProgress
from badges.conditions import MENTOR
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs
from lti_tool.services.courses.elsewhere import ELSEWHERE
from lti_tool.web.words.wording import day, number, say


@dataclass(frozen=True, slots=True)
class Reason:
    is_met: bool
    words: Markup


def reasons(mc: MicroCredential, progress: Progress, unit_code: str) -> tuple[Reason, ...]:
    """Return the reasons for the state of a unit: those that made it complete, or all it has."""
    found = progress.unit(unit_code)
    unit = mc.unit(unit_code)
    met = [condition for condition in found.conditions if condition.is_met]
    shown = met if found.is_complete else found.conditions
    return tuple(Reason(condition.is_met, explain(unit, condition)) for condition in shown)


def requirement(unit: LearningUnit) -> tuple[Markup, ...]:
    """Return what a unit asks for, before anything was recorded."""
    match unit.rule:
        case PointsAtLeast(minimum, maximum):
            return (_needed(str(minimum), str(maximum)),)
        case EachPartAtLeast(parts, minimum, maximum):
            needed = _needed(str(minimum), str(maximum))
            return tuple(Markup("{}: {}").format(say(part.title), needed) for part in parts)
        case SignOff(statement):
            return (
                _markup(gettext("A teacher signs off: “%(statement)s”"), statement=say(statement)),
            )
        case SignOffs(statement, count):
            return (
                _markup(
                    gettext("%(count)s different teachers sign off: “%(statement)s”"),
                    count=number(count),
                    statement=say(statement),
                ),
            )


def has_news(condition: Condition) -> bool:
    """Whether something was recorded about a condition that it is worth to say."""
    said = (condition.params.get(one) for one in ("points", "have", ELSEWHERE))
    by_themselves = (
        ConditionCode.PRIOR_LEARNING,
        ConditionCode.GRADED,
        ConditionCode.UNLOCKED,
        ConditionCode.LMS_ACTIVITY,
        ConditionCode.PARTICIPATION,
    )
    return any(said) or condition.code in by_themselves


def own_marks(unit: LearningUnit, progress: UnitProgress) -> tuple[tuple[Markup, str], ...]:
    """Return the marks that the conditions of a unit show, each with the part that it is of; of a
    unit without parts that is empty."""
    return tuple(
        (_part_title(unit, condition) if "part" in condition.params else Markup(""), mark)
        for condition in progress.conditions
        if (mark := condition.params.get("points"))
    )


def elsewhere(progress: UnitProgress) -> datetime | None:
    """Return when another course last recorded what a unit's conditions show, if one did."""
    times = (condition.params.get(ELSEWHERE) for condition in progress.conditions)
    return max((datetime.fromisoformat(at) for at in times if at), default=None)


def explain(unit: LearningUnit, condition: Condition) -> Markup:
    """Return one condition in words, with what was reached so far."""
    if ELSEWHERE in condition.params:
        return _elsewhere(unit, condition)
    match condition.code:
        case ConditionCode.POINTS:
            return _points(condition)
        case ConditionCode.PART:
            return Markup("{}: {}").format(_part_title(unit, condition), _points(condition))
        case ConditionCode.SIGN_OFF:
            return _sign_off(unit, condition)
        case ConditionCode.SIGN_OFFS:
            return _sign_offs(unit, condition)
        case ConditionCode.PRIOR_LEARNING:
            return _recognised(condition)
        case ConditionCode.GRADED:
            return _graded(condition)
        case ConditionCode.UNLOCKED:
            return escape(gettext("Opened by the learning platform after its own check"))
        case ConditionCode.LMS_ACTIVITY:
            return escape(gettext("Completed in an activity of the learning platform"))
        case ConditionCode.PARTICIPATION:
            return escape(gettext("Confirmed by the learner: worked through the unit"))


def _needed(minimum: str, maximum: str) -> Markup:
    return _markup(
        gettext("at least %(minimum)s of %(maximum)s points"),
        minimum=number(minimum),
        maximum=number(maximum),
    )


def _points(condition: Condition) -> Markup:
    params = {key: number(value) for key, value in condition.params.items() if key != "part"}
    if condition.is_met:
        return _markup(gettext("%(points)s of %(maximum)s points (needed: %(minimum)s)"), **params)
    if params["points"]:
        return _markup(
            gettext("%(points)s of %(maximum)s points so far, %(minimum)s are needed"), **params
        )
    return _markup(
        gettext("at least %(minimum)s of %(maximum)s points are needed, none recorded yet"),
        **params,
    )


def _elsewhere(unit: LearningUnit, condition: Condition) -> Markup:
    """Say that and when another course recorded something; its mark is not for this one."""
    at = day(datetime.fromisoformat(condition.params[ELSEWHERE]))
    if condition.is_met:
        words = _markup(gettext("Completed in another course on %(day)s"), day=at)
    else:
        own = {key: value for key, value in condition.params.items() if key != ELSEWHERE}
        words = Markup("{}; {}").format(
            _points(replace(condition, params=own))
            if own["points"]
            else _needed(own["minimum"], own["maximum"]),
            _markup(gettext("a result was recorded in another course on %(day)s"), day=at),
        )
    title = _part_title(unit, condition) if condition.code is ConditionCode.PART else ""
    return Markup("{}: {}").format(title, words) if title else words


def _graded(condition: Condition) -> Markup:
    if not condition.params.get("points"):
        return escape(gettext("Graded by a teacher in the learning platform"))
    return _markup(
        gettext(
            "%(points)s of %(maximum)s points in the gradebook of the learning platform"
            " (needed: %(minimum)s)"
        ),
        **{key: number(value) for key, value in condition.params.items()},
    )


def _recognised(condition: Condition) -> Markup:
    if condition.is_met:
        return escape(gettext("Prior learning recognised"))
    if "limit" in condition.params:
        return _markup(
            gettext(
                "Prior learning recognised, but beyond the %(limit)s percent that it may cover"
            ),
            limit=number(condition.params["limit"]),
        )
    return _markup(
        gettext("Prior learning: %(have)s of %(count)s learning outcomes recognised"),
        have=number(condition.params["have"]),
        count=number(condition.params["count"]),
    )


def _part_title(unit: LearningUnit, condition: Condition) -> Markup:
    rule = unit.rule
    part = rule.part(condition.params["part"]) if isinstance(rule, EachPartAtLeast) else None
    return say(part.title) if part else Markup("")


def _sign_off(unit: LearningUnit, condition: Condition) -> Markup:
    statement = say(unit.rule.statement) if isinstance(unit.rule, SignOff) else ""
    if not condition.is_met:
        words = gettext("A teacher still has to sign off: “%(statement)s”")
    elif MENTOR in condition.params:
        words = gettext(
            "Signed off for a mentor at the workplace, for whom a teacher vouches: “%(statement)s”"
        )
    else:
        words = gettext("Signed off by a teacher: “%(statement)s”")
    return _markup(words, statement=statement)


def _sign_offs(unit: LearningUnit, condition: Condition) -> Markup:
    statement = say(unit.rule.statement) if isinstance(unit.rule, SignOffs) else ""
    if MENTOR in condition.params:
        words = gettext(
            "Signed off by %(have)s of %(count)s different teachers, of whom %(mentor)s for a "
            "mentor at the workplace: “%(statement)s”"
        )
    else:
        words = gettext("Signed off by %(have)s of %(count)s different teachers: “%(statement)s”")
    return _markup(words, statement=statement, **condition.params)


def _markup(words: str, **values: str | Markup) -> Markup:
    """Fill a translated sentence; the values are escaped unless they are markup."""
    return Markup(words) % values  # noqa: S704 - the sentence is ours, Markup escapes the values
