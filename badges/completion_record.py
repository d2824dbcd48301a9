"""One append-only record about one learner and one unit, and which records are refused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from badges.errors import BadgeError
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, SignOff, SignOffs


class Route(StrEnum):
    """How a unit is completed; the order is that of weight."""

    ASSESSED = "assessed"
    PRIOR_LEARNING = "prior_learning"  # an assessor recognised what was learnt elsewhere
    GRADED = "graded"  # a teacher's grade in the gradebook of the LMS
    UNLOCKED = "unlocked"  # the LMS signed a launch of a link it had restricted
    LMS_ACTIVITY = "lms_activity"  # the LMS says that an activity of its own was completed
    PARTICIPATION = "participation"  # opened and confirmed by the learner


class InvalidCompletion(BadgeError):
    """A record that says nothing this unit could count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One record about one learner; exactly one of

    points, part with points, sign-off (all three by route ASSESSED), recognised as prior learning
    (`part` is the learning outcome), graded (with points where the rule counts them, on its scale),
    unlocked, completed in an activity of the LMS, participation, or the retraction of another
    record. `at`: aware UTC. `by`: opaque id of the assessor; None for the LMS and the learner.
    `for_mentor`: the assessor did not see it, but vouches for a mentor at the workplace who did.
    """

    id: str
    unit: str
    at: datetime
    route: Route = Route.ASSESSED
    by: str | None = None
    part: str | None = None
    points: Decimal | None = None
    signed_off: bool = False
    for_mentor: bool = False
    retracts: str | None = None


def check(
    mc: MicroCredential, completion: Completion, history: Iterable[Completion] | None = None
) -> None:
    """Refuse a record that must not be kept.

    With `history` (the learner's records in `mc`) the target of a retraction is checked too.

    Raises:
        InvalidCompletion: `unknown_unit`, `naive_time`, `wrong_kind` (not exactly one kind, or
            one that the unit's rule has no use for), `points_out_of_range`, `unknown_part`,
            `unknown_outcome`, `assessor_missing`, `participation_not_allowed`,
            `prior_learning_not_allowed`, `prior_learning_not_in_unit`, `retracts_itself`,
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
    elif completion.route is Route.PRIOR_LEARNING:
        _check_recognised(mc, unit, completion)
    elif completion.route is Route.GRADED:
        _check_graded(unit, completion)
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


def _check_recognised(mc: MicroCredential, unit: LearningUnit, completion: Completion) -> None:
    if mc.prior_learning is None or not mc.prior_learning.allowed:
        raise InvalidCompletion("prior_learning_not_allowed", mc.code)
    if unit.no_prior_learning is not None:
        raise InvalidCompletion("prior_learning_not_in_unit", unit.code)
    if completion.points is not None or completion.signed_off or completion.part is None:
        raise InvalidCompletion("wrong_kind", completion.id)
    if completion.part not in {outcome.code for outcome in unit.outcomes}:
        raise InvalidCompletion("unknown_outcome", completion.part)
    if not completion.by:
        raise InvalidCompletion("assessor_missing", completion.id)


def _check_graded(unit: LearningUnit, completion: Completion) -> None:
    """One grade says nothing of several parts, and stands for one assessor, not for several."""
    match unit.rule:
        case PointsAtLeast(maximum=maximum):
            _check_points(completion, maximum, has_part=False)
        case SignOff():
            if _says_something_assessed(completion):
                raise InvalidCompletion("wrong_kind", completion.id)
        case EachPartAtLeast() | SignOffs():
            raise InvalidCompletion("wrong_kind", completion.id)


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
