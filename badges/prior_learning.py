"""Recognition of prior learning: which units it completes, and how far a definition lets it.

An outcome is recognised once as many different assessors have recognised it as sign the unit off,
one where marks or a single sign-off complete it. A unit is complete once all its outcomes are.

A definition can limit the share of the whole that prior learning covers: of the hours, or of the
number of units where one of them states no hours. Of a choice as many units belong to the whole as
are needed of it; optional ones take no share. A unit that was completed otherwise before takes no
share. `prior_limit` has which units count where not all fit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from badges import national_profiles
from badges.completion_record import Completion, Route
from badges.conditions import Condition, ConditionCode, Evaluated
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import SignOffs

WHOLE = 100
APPEAL_WITHIN = timedelta(days=30)
"""From a decision on: how long another assessor can be asked for."""
DRAFT_FILES_FOR = timedelta(days=90)
"""How long the files of a draft are kept that its learner does not touch."""


def is_allowed(mc: MicroCredential, unit: LearningUnit) -> bool:
    """Whether a unit can be recognised at all, by itself."""
    is_open = unit.no_prior_learning is None and bool(unit.outcomes)
    return is_open and limit(mc) > 0 and shares(mc)[unit.code] <= most(mc)


def limit(mc: MicroCredential) -> int:
    """Return the share of the whole that prior learning may cover: 0..100 percent."""
    prior = mc.prior_learning
    if prior is None or not prior.allowed:
        return 0
    return WHOLE if prior.max_share_percent is None else prior.max_share_percent


def must_show(mc: MicroCredential) -> bool:
    """Whether its badges say which units were recognised, because the awarding body's country asks
    for that; else whoever claims one decides."""
    profile = national_profiles.profile(mc.awarding_body.country)
    return profile is not None and profile.shows_prior_learning


def by_hours(mc: MicroCredential) -> bool:
    """Whether the limit is a share of the hours; else of the number of units."""
    return all(unit.hours or _is_extra(mc, unit) for unit in mc.units)


def assessors_needed(unit: LearningUnit) -> int:
    """Return how many different assessors have to recognise each outcome."""
    return unit.rule.count if isinstance(unit.rule, SignOffs) else 1


def without_votes(unit: LearningUnit, records: Sequence[Completion]) -> list[Completion]:
    """Return the records of a unit without what too few assessors recognise by now: nobody should
    read their votes from where a learner stands."""
    by_outcome: dict[str | None, set[str | None]] = {}
    for record in records:
        if record.route is Route.PRIOR_LEARNING:
            by_outcome.setdefault(record.part, set()).add(record.by)
    needed = assessors_needed(unit)
    few = {outcome for outcome, by in by_outcome.items() if len(by) < needed}
    return [one for one in records if one.route is not Route.PRIOR_LEARNING or one.part not in few]


def evaluate(unit: LearningUnit, records: Sequence[Completion]) -> Evaluated:
    """Return what the recognitions of a unit (standing, oldest first) come to, without the limit.

    The condition counts outcomes: `have` of `count`.
    """
    moments = [_recognised_at(unit, outcome.code, records) for outcome in unit.outcomes]
    reached = [moment for moment in moments if moment is not None]
    is_met = bool(moments) and len(reached) == len(moments)
    params = {"count": str(len(moments)), "have": str(len(reached))}
    ids = tuple(record.id for record in records)
    return Evaluated(
        Condition(ConditionCode.PRIOR_LEARNING, unit.code, is_met, params, ids),
        max(reached) if is_met else None,
    )


def if_recognised(unit: LearningUnit, now: datetime) -> tuple[Completion, ...]:
    """Return the records that a unit would have if all of it were recognised now."""
    return tuple(
        Completion(
            id=f"if:{outcome.code}:{number}",
            unit=unit.code,
            at=now,
            route=Route.PRIOR_LEARNING,
            part=outcome.code,
            by=f"assessor {number}",
        )
        for outcome in unit.outcomes
        for number in range(assessors_needed(unit))
    )


def _recognised_at(
    unit: LearningUnit, outcome: str, records: Sequence[Completion]
) -> datetime | None:
    first_by_assessor: dict[str | None, datetime] = {}
    for record in records:
        if record.part == outcome:
            first_by_assessor.setdefault(record.by, record.at)
    moments = list(first_by_assessor.values())
    needed = assessors_needed(unit)
    return moments[needed - 1] if len(moments) >= needed else None


def shares(mc: MicroCredential) -> dict[str, Decimal]:
    """Return what each unit takes of the whole: hours, or 1."""
    has_hours = by_hours(mc)
    weights = {
        unit.code: unit.hours if has_hours and unit.hours else Decimal(1) for unit in mc.units
    }
    extra = (code for choice in mc.choices if choice.is_optional for code in choice.units)
    return weights | dict.fromkeys(extra, Decimal(0))


def most(mc: MicroCredential) -> Decimal:
    """Return how much prior learning may cover, in the measure of `shares`."""
    return limit(mc) * _whole(mc, shares(mc)) / WHOLE


def _whole(mc: MicroCredential, weights: Mapping[str, Decimal]) -> Decimal:
    """Return what somebody needs: those of one choice weigh the same."""
    chosen = (choice.count * weights[choice.units[0]] for choice in mc.choices)
    return sum((weights[unit.code] for unit in mc.required), sum(chosen, Decimal(0)))


def _is_extra(mc: MicroCredential, unit: LearningUnit) -> bool:
    choice = mc.choice_of(unit.code) if mc.choices else None
    return choice is not None and choice.is_optional
