"""Larger micro-credentials: which others they are made of, and when enough of them are earned.

A part counts if it stood and had not expired at the moment when enough had been earned; what
expires later takes nothing away. One that is itself a part of another that counts adds no hours,
points or number of its own. Whether a part still stands is the caller's to say: an award that was
withdrawn is not among the earned.

>>> from datetime import UTC, datetime
>>> at = datetime(2026, 3, 2, tzinfo=UTC)
>>> stack = Stack(parts=("school/A", "school/B", "school/C"), count=2)
>>> one = Earned(award="1", reference="school/A", at=at)
>>> evaluate(stack, [one], at).met_at is None
True
>>> two = Earned(award="2", reference="school/C", at=at)
>>> [part.award for part in evaluate(stack, [one, two], at).counted]
['1', '2']
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """`parts`: series as `awarding-body/CODE`, any version of which counts. At most one of the
    others is given: how many are needed, how many hours, or how many credit points; none: all."""

    parts: tuple[str, ...]
    count: int | None = None
    hours: Decimal | None = None
    points: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """A standing award of a part. `contains`: the awards that it was itself stacked of, and that
    those were.

    `hours`, `points`: of its definition; None where it states none. `expires_at`: None: never.
    """

    award: str
    reference: str
    at: datetime
    expires_at: datetime | None = None
    hours: Decimal | None = None
    points: Decimal | None = None
    contains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StackProgress:
    """`met_at`: when enough had been earned. `counted`: what it rests on then, else what counts
    so far, in the order of the parts. `have` of `need`: in the stack's own measure. `standing`:
    all awards of parts, also those that do not count."""

    stack: Stack
    met_at: datetime | None
    counted: tuple[Earned, ...]
    have: Decimal
    need: Decimal
    standing: frozenset[str] = frozenset()

    @property
    def is_met(self) -> bool:
        return self.met_at is not None

    def of(self, part: str) -> Earned | None:
        """Return what counts for a part, if anything does."""
        return next((one for one in self.counted if one.reference == part), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A series as a part, before anybody has earned it. `hours`, `points`: the most that it gives.
    `rests_on`: the series without which nobody earns it."""

    hours: Decimal = NOTHING
    points: Decimal = NOTHING
    rests_on: frozenset[str] = frozenset()


def contained(stack: Stack, offers: Mapping[str, Offer]) -> dict[str, str]:
    """Return the parts that do not count beside another part, which is made of them: each with
    the first such part."""
    below = {part: _below(part, offers) for part in stack.parts}
    found = {part: [one for one in stack.parts if part in below[one]] for part in stack.parts}
    return {part: holders[0] for part, holders in found.items() if holders}


def most(stack: Stack, offers: Mapping[str, Offer]) -> Decimal:
    """Return how much of what a stack asks for its parts can give together; never too little.

    Of a part and those that it contains counts what gives more: it, or they.

    >>> offers = {"A": Offer(hours=Decimal(30)), "B": Offer(hours=Decimal(20))}
    >>> offers["M"] = Offer(hours=Decimal(40), rests_on=frozenset("AB"))
    >>> most(Stack(parts=("A", "B", "M"), hours=Decimal(60)), offers)
    Decimal('50')
    """
    below = {part: _below(part, offers) & {*stack.parts} - {part} for part in stack.parts}
    inside = {part: frozenset[str]().union(*(below[one] for one in below[part])) for part in below}

    @cache
    def gives(part: str) -> Decimal:
        own = _have(stack, [offers.get(part, Offer())])
        return max(own, sum((gives(one) for one in below[part] - inside[part]), NOTHING))

    held = frozenset[str]().union(*below.values())
    return sum((gives(part) for part in stack.parts if part not in held), NOTHING)


def _below(part: str, offers: Mapping[str, Offer]) -> set[str]:
    """Return what a part rests on in the end."""
    waiting, found = [part], set[str]()
    while waiting:
        more = offers.get(waiting.pop(), Offer()).rests_on - found
        found |= more
        waiting += more
    return found


def evaluate(stack: Stack, earned: Iterable[Earned], now: datetime) -> StackProgress:
    """Return whether the awards of one person are enough, and since when."""
    known = sorted(
        (one for one in earned if one.reference in stack.parts and one.at <= now),
        key=lambda one: (one.at, one.award),
    )
    needed = need(stack)
    standing = frozenset(one.award for one in known)
    for moment in dict.fromkeys(one.at for one in known):
        counted = _counted(stack, known, moment)
        have = _have(stack, counted)
        if have >= needed:
            return StackProgress(stack, moment, counted, have, needed, standing)
    counted = _counted(stack, known, now)
    return StackProgress(stack, None, counted, _have(stack, counted), needed, standing)


def _counted(stack: Stack, known: Sequence[Earned], moment: datetime) -> tuple[Earned, ...]:
    """Return the earliest valid award of each part, without those inside another of them."""
    valid = [one for one in known if one.at <= moment and _is_valid(one, moment)]
    first: dict[str, Earned] = {}
    for one in valid:
        first.setdefault(one.reference, one)
    inside = {award for one in first.values() for award in one.contains}
    return tuple(
        first[part] for part in stack.parts if part in first and first[part].award not in inside
    )


def _is_valid(one: Earned, moment: datetime) -> bool:
    return one.expires_at is None or moment < one.expires_at


def need(stack: Stack) -> Decimal:
    """Return how much is needed, in the stack's own measure."""
    asked = (stack.hours, stack.points, stack.count)
    return next((Decimal(one) for one in asked if one is not None), Decimal(len(stack.parts)))


def _have(stack: Stack, counted: Sequence[Earned | Offer]) -> Decimal:
    if stack.hours is not None:
        return sum((one.hours or NOTHING for one in counted), NOTHING)
    if stack.points is not None:
        return sum((one.points or NOTHING for one in counted), NOTHING)
    return Decimal(len(counted))
