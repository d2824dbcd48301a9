"""Choices: units of which a learner completes as many as are needed, and picks which.

A definition says of each choice how many of its units are needed; of 0 all are extra. A course may
ask for more of them, never for fewer. What was completed counts wherever it was completed, also in
a course that does not offer that unit.

>>> from datetime import UTC, datetime
>>> at = datetime(2026, 3, 2, tzinfo=UTC)
>>> two_of_three = Choice(units=("U2", "U3", "U4"), count=2)
>>> found, = evaluate([two_of_three], {"U4": at})
>>> found.have, found.need, found.open
(1, 2, ('U2', 'U3'))
>>> found, = evaluate([two_of_three], {"U3": at, "U4": at}, Asked(needed=frozenset({"U2"})))
>>> found.have, found.need, found.open
(1, 2, ('U2',))
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from badges.errors import BadgeError
from badges.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`units`: codes, of which any `count` are needed; fewer than there are."""

    units: tuple[str, ...]
    count: int
    title: Text | None = None

    @property
    def is_optional(self) -> bool:
        """Whether none of them is needed."""
        return self.count == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a course asks for beyond the definition. `needed`: units of choices that each of its
    learners completes. `counts`: how many of a choice (by its position: 0, 1, ...) are needed.
    `left_out`: units of choices that it does not offer."""

    needed: frozenset[str] = frozenset()
    counts: Mapping[int, int] = field(default_factory=dict, hash=False)
    left_out: frozenset[str] = frozenset()


NOTHING_MORE = Asked()


class InvalidAsked(BadgeError, ValueError):
    """What a course cannot ask for.

    Codes: `not_elective` (a unit in no choice), `unknown_choice`, `fewer_than_definition`,
    `needed_and_left_out`, `too_few_offered`.
    """


@dataclass(frozen=True, slots=True)
class ChoiceProgress:
    """How far a learner is in a choice, and so the reason why it is met or not.

    `need`: how many units are needed, by the definition or by the course. `must`: those of them
    that the course names. `left_out`: those that it does not offer. `done`: those completed. All
    in the order of the choice. `met_at`: since when enough are completed; None also where none is
    needed.
    """

    choice: Choice
    need: int
    must: tuple[str, ...]
    left_out: tuple[str, ...]
    done: tuple[str, ...]
    met_at: datetime | None

    @property
    def have(self) -> int:
        """How many of the `need`ed ones are completed; more than are needed add nothing."""
        named = sum(code in self.must for code in self.done)
        return named + min(len(self.done) - named, self.need - len(self.must))

    @property
    def is_met(self) -> bool:
        return self.have == self.need

    @property
    def open(self) -> tuple[str, ...]:
        """The units that bring it nearer once one of them is completed."""
        named = [code for code in self.must if code not in self.done]
        has_room = self.need - self.have > len(named)
        return tuple(
            code
            for code in self.choice.units
            if code in named or (has_room and code not in (*self.done, *self.must, *self.left_out))
        )


def evaluate(
    choices: Sequence[Choice], completed: Mapping[str, datetime], asked: Asked = NOTHING_MORE
) -> tuple[ChoiceProgress, ...]:
    """Return how far a learner is in each choice.

    `completed`: units by code, with the moment. Never raises for what a course asks for: what does
    not fit to the choices, or is less than they say, says nothing.
    """
    return tuple(
        _evaluate(choice, completed, asked, asked.counts.get(position, 0))
        for position, choice in enumerate(choices)
    )


def check(choices: Sequence[Choice], asked: Asked) -> None:
    """Refuse what a course cannot ask for.

    Raises:
        InvalidAsked: the first of its codes that fits.
    """
    elective = {code for choice in choices for code in choice.units}
    for code in sorted(asked.needed | asked.left_out):
        if code not in elective:
            raise InvalidAsked("not_elective", code)
        if code in asked.needed & asked.left_out:
            raise InvalidAsked("needed_and_left_out", code)
    for position, count in asked.counts.items():
        if not 0 <= position < len(choices):
            raise InvalidAsked("unknown_choice", str(position))
        if count < choices[position].count:
            raise InvalidAsked("fewer_than_definition", str(count))
    for position, choice in enumerate(choices):
        offered = len(set(choice.units) - asked.left_out)
        if max(choice.count, asked.counts.get(position, 0)) > offered:
            raise InvalidAsked("too_few_offered", str(offered))


def _evaluate(
    choice: Choice, completed: Mapping[str, datetime], asked: Asked, count: int
) -> ChoiceProgress:
    left_out = _listed(choice, asked.left_out - asked.needed)
    if len(choice.units) - len(left_out) < choice.count:
        left_out = ()
    must = _listed(choice, asked.needed)
    offered = len(choice.units) - len(left_out)
    need = max(choice.count, min(count, offered), len(must))
    done = _listed(choice, completed)
    return ChoiceProgress(
        choice=choice,
        need=need,
        must=must,
        left_out=left_out,
        done=done,
        met_at=_met_at(need, must, {code: completed[code] for code in done}),
    )


def _listed(choice: Choice, codes: Mapping[str, datetime] | frozenset[str]) -> tuple[str, ...]:
    return tuple(code for code in choice.units if code in codes)


def _met_at(need: int, must: Sequence[str], completed: Mapping[str, datetime]) -> datetime | None:
    others = sorted(at for code, at in completed.items() if code not in must)
    free = need - len(must)
    if need == 0 or len(others) < free or any(code not in completed for code in must):
        return None
    return max([*(completed[code] for code in must), *others[:free]])
