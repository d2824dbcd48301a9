"""When a unit counts as completed by assessment."""

from dataclasses import dataclass
from decimal import Decimal

from badges.text import Text


@dataclass(frozen=True, slots=True)
class PointsAtLeast:
    """One mark of at least `minimum` out of `maximum` (0 < minimum <= maximum)."""

    minimum: Decimal
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """One of several things that are marked apart, such as a test piece."""

    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class EachPartAtLeast:
    """In each of `parts` (two or more) a mark of at least `minimum` out of `maximum`."""

    parts: tuple[Part, ...]
    minimum: Decimal
    maximum: Decimal

    def part(self, code: str) -> Part | None:
        return next((part for part in self.parts if part.code == code), None)


@dataclass(frozen=True, slots=True)
class SignOff:
    """One assessor confirms `statement`."""

    statement: Text


@dataclass(frozen=True, slots=True)
class SignOffs:
    """`count` different assessors (two or more) confirm `statement`."""

    statement: Text
    count: int


Rule = PointsAtLeast | EachPartAtLeast | SignOff | SignOffs
