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

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from badges import prior_learning
from badges.choices import Choice
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
    room = _Room.of(mc)
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
    left = room.most - sum(room.shares[code] for code in taken)
    for code in sorted(later, key=lambda code: (recognised[code], room.position[code])):
        if room.shares[code] <= left:
            taken.add(code)
            left -= room.shares[code]
    return frozenset(taken)


def _until(moments: Moments, at: datetime) -> dict[str, datetime]:
    return {code: moment for code, moment in moments.items() if moment <= at}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit that may be taken. `steps`: 1 if it does a step, else 0. `rank`: 1 if it is to be
    preferred where equally many steps are done, else 0."""

    code: str
    share: int
    steps: int
    rank: int


@dataclass(frozen=True, slots=True)
class _Room:
    """`shares` and `most` in the same whole numbers. `required`: those in no choice."""

    mc: MicroCredential
    shares: Mapping[str, int]
    most: int
    position: Mapping[str, int]
    choices: Mapping[str, Choice]
    required: frozenset[str]

    @classmethod
    def of(cls, mc: MicroCredential) -> "_Room":
        shares, most = prior_learning.shares(mc), prior_learning.most(mc)
        whole = 10 ** max([0, *(-int(one.as_tuple().exponent) for one in shares.values())])
        choices = {code: choice for choice in mc.choices for code in choice.units}
        return cls(
            mc,
            {code: int(share * whole) for code, share in shares.items()},
            int(most * whole),
            {unit.code: number for number, unit in enumerate(mc.units)},
            choices,
            frozenset(unit.code for unit in mc.units if unit.code not in choices),
        )

    def is_enough_for(self, codes: Iterable[str]) -> bool:
        return sum(self.shares[code] for code in codes) <= self.most

    def is_complete(self, recognised: Moments, otherwise: Moments, at: datetime) -> bool:
        """Whether everything that is needed can be done with what there is at a moment."""
        done, able = {*_until(otherwise, at)}, {*_until(recognised, at)}
        missing = self.required - done
        share = sum(self.shares[code] for code in missing)
        for choice in self.mc.choices:
            needed = max(0, choice.count - len(done.intersection(choice.units)))
            if needed > len((able - done).intersection(choice.units)):
                return False
            share += needed * self.shares[choice.units[0]]
        return missing <= able and share <= self.most

    def best(self, recognised: Moments, otherwise: Moments) -> set[str]:
        """Return the best choice; as the course completes one unit after the other, it changes
        only where more steps are done so."""
        done: set[str] = set()
        inside = sorted(recognised, key=lambda code: self.position[code])
        taken = _take(self._units(inside, done, ()), self.most)
        for code in sorted(otherwise, key=lambda code: (otherwise[code], self.position[code])):
            done.add(code)
            choice = self.choices.get(code)
            if code in taken if choice is None else not recognised.keys().isdisjoint(choice.units):
                taken = _take(self._units(inside, done, taken), self.most)
        return taken

    def _units(
        self, recognised: Sequence[str], done: Collection[str], kept: Collection[str]
    ) -> list[_Unit]:
        """Return what may be taken, those first that are to be preferred among equals.
        `recognised`: in the order of the definition. `kept`: what is taken already."""
        order = [code for code in recognised if code in kept and code not in done]
        order += [code for code in recognised if code not in kept and code not in done]
        order += [code for code in recognised if code in kept and code in done]
        order += [code for code in recognised if code not in kept and code in done]
        needed = {
            choice.units[0]: choice.count - sum(code in done for code in choice.units)
            for choice in self.mc.choices
        }
        found = []
        for code in order:
            choice = self.choices.get(code)
            steps = int(code not in done)
            if choice is not None and steps:
                steps = int(needed[choice.units[0]] > 0)
                needed[choice.units[0]] -= 1
            is_preferred = code in kept if kept else choice is None
            rank = int(is_preferred and code not in done)
            found.append(_Unit(code, self.shares[code], steps, rank))
        return found


def _take(units: Sequence[_Unit], most: int) -> set[str]:
    """Return the codes of what brings most steps, and of those most ranks; of equals, what comes
    first."""
    behind = _Behind(units)
    steps = behind.most_steps(most)
    rank = behind.most_ranks(steps, most)
    taken, left = set(), most
    preferred = [one for one in units if one.rank]
    if len(preferred) == rank:  # all of them
        taken = {one.code for one in preferred}
        steps -= sum(one.steps for one in preferred)
        left -= sum(one.share for one in preferred)
        units, rank = [one for one in units if not one.rank], 0
        behind = _Behind(units)
    for one in units:
        if steps or rank:
            behind.pass_by(one)
            fits = behind.has(steps - one.steps, rank - one.rank, left - one.share)
        else:
            fits = not one.steps and not one.rank and one.share <= left
        if fits:
            taken.add(one.code)
            steps, rank, left = steps - one.steps, rank - one.rank, left - one.share
    return taken


class _Behind:
    """What comes after a position, by what it brings; the shares of each kind from the least on.
    Of units that bring the same the least ones are to be had first: so it takes no search."""

    def __init__(self, units: Iterable[_Unit]) -> None:
        self._shares: dict[tuple[int, int], list[int]] = {
            (1, 1): [],
            (1, 0): [],
            (0, 1): [],
            (0, 0): [],
        }
        for one in units:
            self._shares[one.steps, one.rank].append(one.share)
        for shares in self._shares.values():
            shares.sort()
        self._sums = {kind: _sums(shares) for kind, shares in self._shares.items()}

    def pass_by(self, one: _Unit) -> None:
        shares = self._shares[one.steps, one.rank]
        del shares[bisect_left(shares, one.share)]
        self._sums[one.steps, one.rank] = _sums(shares)

    def most_steps(self, most: int) -> int:
        sums = _sums(sorted(self._shares[1, 1] + self._shares[1, 0]))
        return bisect_right(sums, most) - 1

    def most_ranks(self, steps: int, most: int) -> int:
        both, only, rank = (self._sums[kind] for kind in ((1, 1), (1, 0), (0, 1)))
        return max(
            number + bisect_right(rank, most - both[number] - only[steps - number]) - 1
            for number in range(max(0, steps - len(only) + 1), min(steps, len(both) - 1) + 1)
            if both[number] + only[steps - number] <= most
        )

    def has(self, steps: int, ranks: int, most: int) -> bool:
        """Whether so many steps and ranks are to be had within a share."""
        if min(steps, ranks, most) < 0:
            return False
        both, only, rank = (self._sums[kind] for kind in ((1, 1), (1, 0), (0, 1)))
        first = max(0, steps - len(only) + 1, ranks - len(rank) + 1)
        last = min(steps, ranks, len(both) - 1)
        return any(
            both[number] + only[steps - number] + rank[ranks - number] <= most
            for number in range(last, first - 1, -1)
        )


def _sums(shares: Sequence[int]) -> list[int]:
    """Return the sums of the first none, one, two and so on."""
    return list(accumulate(shares, initial=0))
