"""Which recognised units count where a definition limits the share of prior learning.

Those that bring the learner furthest: as many steps of the whole as possible. Of equally good
choices it is the one with more units that everybody needs, then the one whose units come first in
the definition. So the order of recognition does not matter, and one more record never lowers how
many steps are done.

A unit that the course completes later needs no share any more: then another may take its place. It
takes none away, unless more steps are done so. From the moment on at which the whole is complete
nothing is taken away at all, for an award states it: what is recognised later counts as it fits.

>>> from datetime import UTC, datetime
>>> from badges import samples
>>> at = datetime(2026, 3, 2, tzinfo=UTC)
>>> mc = samples.welding()
>>> sorted(admitted(mc, {"BEM-S-WLD1-U2": at, "BEM-S-WLD1-U3": at}, {}))
['BEM-S-WLD1-U2', 'BEM-S-WLD1-U3']
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from badges import prior_learning
from badges.micro_credential import MicroCredential

Moments = Mapping[str, datetime]
"""Units by code, each with the moment since when it is so."""


def admitted(mc: MicroCredential, recognised: Moments, otherwise: Moments) -> frozenset[str]:
    """Return which of the recognised units count.

    `otherwise`: the units that are completed without prior learning. A unit that was so before it
    was recognised is not among the `recognised`.
    """
    if prior_learning.limit(mc) == 0:
        return frozenset()
    room = _Room(mc, prior_learning.shares(mc), prior_learning.most(mc))
    if room.is_enough_for(recognised):
        return frozenset(recognised)
    moments = sorted({*recognised.values(), *otherwise.values()})
    complete = bisect_left(
        moments, True, key=lambda at: room.is_complete(recognised, otherwise, at)
    )
    if complete == len(moments):
        return frozenset(room.best(recognised, otherwise))
    since = moments[complete]
    taken = room.best(_until(recognised, since), _until(otherwise, since))
    later = recognised.keys() - taken
    for code in sorted(later, key=lambda code: (recognised[code], room.position(code))):
        if room.is_enough_for({*taken, code}):
            taken.add(code)
    return frozenset(taken)


def _until(moments: Moments, at: datetime) -> dict[str, datetime]:
    return {code: moment for code, moment in moments.items() if moment <= at}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit that may be taken. `steps`: 1 if it does a step, else 0. `rank`: 1 if it is to be
    preferred where equally many steps are done, else 0."""

    code: str
    share: Decimal
    steps: int
    rank: int


@dataclass(frozen=True, slots=True)
class _Room:
    mc: MicroCredential
    shares: Mapping[str, Decimal]
    most: Decimal

    def position(self, code: str) -> int:
        return next(n for n, unit in enumerate(self.mc.units) if unit.code == code)

    def is_enough_for(self, codes: Iterable[str]) -> bool:
        return sum((self.shares[code] for code in codes), Decimal(0)) <= self.most

    def is_complete(self, recognised: Moments, otherwise: Moments, at: datetime) -> bool:
        """Whether everything that is needed can be done with what there is at a moment."""
        done = {*_until(otherwise, at)}
        needed = sum(unit.code not in done for unit in self.mc.required)
        needed += sum(max(0, one.count - len(done & {*one.units})) for one in self.mc.choices)
        units = self._units(_until(recognised, at), done, ())
        return any(steps == needed for steps, _ in _cheapest(units, self.most)[0])

    def best(self, recognised: Moments, otherwise: Moments) -> set[str]:
        """Return the best choice; as the course completes one unit after the other, it changes
        only where more steps are done so."""
        done: set[str] = set()
        taken = _take(self._units(recognised, done, ()), self.most)
        for code in sorted(otherwise, key=lambda code: (otherwise[code], self.position(code))):
            done.add(code)
            choice = self.mc.choice_of(code) if self.mc.choices else None
            if not recognised.keys().isdisjoint(choice.units if choice else [code]):
                taken = _take(self._units(recognised, done, taken), self.most)
        return taken

    def _units(
        self, recognised: Iterable[str], done: Collection[str], kept: Collection[str]
    ) -> list[_Unit]:
        """Return what may be taken, those first that are to be preferred among equals. `kept`: what
        is taken already."""
        order = sorted(
            recognised, key=lambda code: (code in done, code not in kept, self.position(code))
        )
        needed = {
            code: max(0, choice.count - len({*choice.units} & {*done}))
            for choice in self.mc.choices
            for code in choice.units
        }
        ahead: dict[str, int] = {}  # first unit of a choice -> how many of it are in order before
        found = []
        for code in order:
            choice = self.mc.choice_of(code) if self.mc.choices else None
            steps = int(code not in done)
            if choice is not None and steps:
                of = choice.units[0]
                steps = int(ahead.get(of, 0) < needed[code])
                ahead[of] = ahead.get(of, 0) + 1
            is_preferred = code in kept if kept else choice is None
            rank = int(is_preferred and code not in done)
            found.append(_Unit(code, self.shares[code], steps, rank))
        return found


_Cheapest = dict[tuple[int, int], Decimal]
"""Steps and ranks -> the least share by which they can be had."""


def _cheapest(units: Sequence[_Unit], most: Decimal) -> list[_Cheapest]:
    """Return what can be had from the units at each position on; its size grows with the square of
    their number, not with that of their choices."""
    tables: list[_Cheapest] = [{(0, 0): Decimal(0)}]
    for one in reversed(units):
        table = dict(tables[-1])
        for (steps, rank), share in tables[-1].items():
            key, sum_ = (steps + one.steps, rank + one.rank), share + one.share
            if sum_ <= most and sum_ < table.get(key, sum_ + 1):
                table[key] = sum_
        tables.append(table)
    return tables[::-1]


def _take(units: Sequence[_Unit], most: Decimal) -> set[str]:
    tables = _cheapest(units, most)
    steps, rank = max(tables[0])
    taken, left = set(), most
    for one, behind in zip(units, tables[1:], strict=True):
        rest = behind.get((steps - one.steps, rank - one.rank))
        if rest is not None and one.share + rest <= left:
            taken.add(one.code)
            steps, rank, left = steps - one.steps, rank - one.rank, left - one.share
    return taken
