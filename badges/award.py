"""Who earned what, when, on what evidence: the fact behind a credential, whatever its format.

An `Award` that exists is complete: every unit that is needed has its result, and the
text of the evidence can be printed. What can be refused is refused here, before the claim.
"""

import unicodedata
import uuid
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from badges import prior_learning
from badges.completion import Route
from badges.errors import BadgeError
from badges.micro_credential import LearningUnit, MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, Rule
from badges.text import Text, is_safe


class IdentityAssurance(StrEnum):
    """How it was made sure that the learner is who they say."""

    LMS_ACCOUNT = "lms_account"  # the account of the learning platform, nothing more
    SUPERVISED = "supervised"  # checked by a person when the learning was assessed


RESTS_ON_LMS = frozenset({Route.UNLOCKED, Route.LMS_ACTIVITY})
JUDGED_HERE = frozenset({Route.ASSESSED, Route.PRIOR_LEARNING})
"""The routes by which assessors judged."""


class InvalidAward(BadgeError, ValueError):
    """An award that contradicts its definition or itself.

    Codes: `id`, `awarded_at`, `results`, `completed_at`, `points`, `route`, `assessors`, `basis`,
    `parts`, and from building a credential `expired` and `test_issuer`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """`points` and `maximum` come together, and only where the rule of the unit counts points.

    Of a unit marked in parts they are the mark of its lowest part. `for_mentor`: an assessor
    vouches for a mentor at the workplace who saw it.
    """

    unit: str
    completed_at: datetime
    route: Route
    points: Decimal | None = None
    maximum: Decimal | None = None
    for_mentor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEarned:
    """A micro-credential that a larger one is made of, as it was earned. `reference`:
    `awarding-body/CODE/version`."""

    reference: str
    title: Text
    awarding_body: Text
    awarded_at: datetime
    hours: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """`id`: a UUID. `assessors`: how many different people judged. `basis`: unit to the text of
    what a unit of route UNLOCKED or LMS_ACTIVITY rests on (kept as `clean_basis` returns it).
    `parts`: the micro-credentials that it was stacked of.

    Raises:
        InvalidAward: at construction.
    """

    id: str
    mc: MicroCredential
    awarded_at: datetime
    results: tuple[UnitResult, ...]
    assessors: int
    identity: IdentityAssurance
    is_test: bool
    basis: Mapping[str, str] = field(default_factory=dict, hash=False)
    parts: tuple[PartEarned, ...] = ()

    def __post_init__(self) -> None:
        cleaned = {unit: clean_basis(text) for unit, text in self.basis.items()}
        object.__setattr__(self, "basis", MappingProxyType(cleaned))
        _check_id(self.id)
        _check_aware(self.awarded_at, "awarded_at")
        if not (self.results or self.parts) or not self._has_enough():
            raise InvalidAward("results", "not one for each unit that is needed, or no unit")
        if bool(self.parts) != (self.mc.stack is not None):
            raise InvalidAward("parts", "without a stack, or the reverse")
        for part in self.parts:
            _check_aware(part.awarded_at, "awarded_at")
        for result in self.results:
            self._check_result(result, self.mc.unit(result.unit))
        routes = {result.route for result in self.results}
        if (self.assessors > 0) == routes.isdisjoint(JUDGED_HERE):
            raise InvalidAward("assessors", "without a unit they assessed, or the reverse")
        for code in self.basis:
            if self.result(code).route not in RESTS_ON_LMS:
                raise InvalidAward("basis", f"unit {code!r} does not rest on the LMS")

    def _has_enough(self) -> bool:
        """Whether there is one result at most of each unit, and of those that are needed one."""
        earned = {result.unit for result in self.results}
        units = {unit.code for unit in self.mc.units}
        return (
            len(earned) == len(self.results)
            and {unit.code for unit in self.mc.required} <= earned <= units
            and all(len(earned.intersection(one.units)) >= one.count for one in self.mc.choices)
        )

    @property
    def units(self) -> tuple[LearningUnit, ...]:
        """The units that were completed, in the order of the definition."""
        earned = {result.unit for result in self.results}
        return tuple(unit for unit in self.mc.units if unit.code in earned)

    def result(self, unit: str) -> UnitResult:
        """Return the result of one unit.

        Raises:
            InvalidAward: it was not completed.
        """
        for result in self.results:
            if result.unit == unit:
                return result
        raise InvalidAward("results", f"no unit {unit!r}")

    @property
    def expires_at(self) -> datetime | None:
        """When the validity that the definition grants ends; None: never."""
        months = self.mc.validity_months
        return add_months(self.awarded_at, months) if months else None

    def _check_result(self, result: UnitResult, unit: LearningUnit) -> None:
        _check_aware(result.completed_at, "completed_at")
        if result.completed_at > self.awarded_at:
            raise InvalidAward("completed_at", "after the award")
        if result.route is Route.PARTICIPATION and not unit.allows_participation:
            raise InvalidAward("route", f"unit {unit.code!r} is not for participation")
        if result.route is Route.PRIOR_LEARNING and not prior_learning.is_allowed(self.mc, unit):
            raise InvalidAward("route", f"unit {unit.code!r} is not for prior learning")
        _check_points(result, unit.rule)


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same time `months` later, on the last day of a month that is too short.

    >>> add_months(datetime(2027, 8, 31), 6).date()
    datetime.date(2028, 2, 29)
    """
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def clean_basis(text: str) -> str:
    """Return what a unit rests on as a credential carries it: non-empty lines, NFC.

    Characters that cannot be seen or printed go, so that no learner's claim fails on what a
    teacher pasted. The result may be empty.
    """
    lines = ("".join(filter(is_safe, line)).strip() for line in text.splitlines())
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def _check_id(award_id: str) -> None:
    try:
        is_canonical = str(uuid.UUID(award_id)) == award_id
    except ValueError:
        is_canonical = False
    if not is_canonical:
        raise InvalidAward("id", "not a UUID")


def _check_aware(moment: datetime, code: str) -> None:
    if moment.utcoffset() != timedelta(0):
        raise InvalidAward(code, "not aware UTC")


def _check_points(result: UnitResult, rule: Rule) -> None:
    points, maximum = result.points, result.maximum
    if points is None and maximum is None:
        return
    if points is None or maximum is None or result.route not in (Route.ASSESSED, Route.GRADED):
        raise InvalidAward("points", "points and maximum come together, from an assessor")
    if not isinstance(rule, PointsAtLeast | EachPartAtLeast) or maximum != rule.maximum:
        raise InvalidAward("points", "not on the scale of the unit's rule")
    if not rule.minimum <= points <= maximum:
        raise InvalidAward("points", "not between the rule's minimum and maximum")
