"""Which learners of a course a teacher wants to see: who is stuck, in what order, which page.

Pure: it arranges what `roster.learners` returns. A learner is *stuck* who has begun and is not
complete, while a unit has a result that is not enough, or nothing was recorded for `SILENCE`; and
who lacks a unit whose day has passed, whether begun or not.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from badges.completion import UnitProgress
from badges.stacking import NOTHING
from lti_tool.services.courses.roster import Learner

SILENCE = timedelta(days=14)
PAGE_SIZE = 50


class Show(StrEnum):
    """`LEFT`: those whom the roster no longer names; they are in `ALL`, and in no other."""

    ALL = "all"
    STUCK = "stuck"
    STARTED = "started"
    OPEN = "open"
    COMPLETE = "complete"
    LEFT = "left"


class Sort(StrEnum):
    NAME = "name"
    LEAST = "least"  # the fewest first of what is needed
    SILENT = "silent"  # whose last record is oldest first; behind them those without any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`words`: parts of a name. `unit`: judge by this unit alone; "": by all. `page`: 1, 2, ..."""

    show: Show = Show.ALL
    sort: Sort = Sort.NAME
    words: str = ""
    unit: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Stuck:
    """`units`: have a result that is not enough. `since`: when the last was recorded, if that is
    longer ago than `SILENCE`. `late`: their day has passed."""

    units: tuple[str, ...]
    since: datetime | None
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """`rows`: one page of `matching`. `counts`: how many of those found by name each `Show` has.
    `is_listed`: its learners were named, not filtered."""

    wish: Wish
    rows: Sequence[Learner]
    matching: Sequence[Learner]
    counts: Mapping[Show, int]
    is_listed: bool = False

    @property
    def pages(self) -> int:
        """How many there are; who were named are all on one."""
        if self.is_listed:
            return 1
        return max(-(-len(self.matching) // PAGE_SIZE), 1)

    @property
    def first(self) -> int:
        """The number of the first row: 1, 51, ...; 0 where there is none."""
        return (self.wish.page - 1) * PAGE_SIZE + 1 if self.rows else 0


def arrange(learners: Sequence[Learner], wish: Wish, now: datetime) -> Grid:
    """Return the page that was wished for; one behind the last is the last."""
    found = [one for one in learners if _is_called(one, wish.words)]
    kinds = {one.person.id: kind_of(one, wish.unit, now) for one in found}
    matching = [one for one in found if wish.show is Show.ALL or kinds[one.person.id] is wish.show]
    if wish.sort is not Sort.NAME:
        matching.sort(key=_least if wish.sort is Sort.LEAST else _silent)
    counts = Counter(kinds.values())
    counts[Show.ALL] = len(found)
    last = max(-(-len(matching) // PAGE_SIZE), 1)
    page = min(max(wish.page, 1), last)
    wish = Wish(show=wish.show, sort=wish.sort, words=wish.words, unit=wish.unit, page=page)
    rows = matching[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return Grid(wish=wish, rows=rows, matching=matching, counts=counts)


def listed(learners: Sequence[Learner], wish: Wish) -> Grid:
    """Return a page of exactly these learners."""
    return Grid(wish=wish, rows=learners, matching=learners, counts={}, is_listed=True)


def kind_of(learner: Learner, unit: str, now: datetime) -> Show:
    """Return what a learner is shown under, besides `ALL`; by one unit, or "" for all."""
    if learner.left_at is not None:
        return Show.LEFT
    units = [learner.progress.unit(unit)] if unit else list(learner.progress.units)
    needed = units if unit else learner.progress.open
    stack = None if unit else learner.progress.stack
    is_complete = all(one.is_complete for one in needed) and (stack is None or stack.is_met)
    if is_complete or (not unit and learner.holds_other):
        return Show.COMPLETE
    if unit in learner.late or (not unit and learner.late):
        return Show.STUCK
    if not any(one.is_started for one in units) and not (stack and stack.counted):
        return Show.OPEN
    if unit or stuck(learner, now) is not None:
        return Show.STUCK
    return Show.STARTED


def stuck(learner: Learner, now: datetime) -> Stuck | None:
    """Return why a learner is stuck, or None: nobody is who lacks only what is earned elsewhere,
    or holds the award of another version."""
    if not learner.progress.open or learner.progress.is_complete or learner.left_at is not None:
        return None
    if learner.holds_other:
        return None
    units = tuple(one.unit for one in learner.progress.open if _is_short(one))
    last = last_record(learner)
    since = last if last is not None and now - last > SILENCE else None
    late = tuple(one.unit for one in learner.progress.units if one.unit in learner.late)
    return Stuck(units, since, late) if units or since or late else None


def last_record(learner: Learner) -> datetime | None:
    """Return when something that stands was last recorded, or a part that counts was earned."""
    times = [one.latest.at for one in learner.progress.units if one.latest is not None]
    stack = learner.progress.stack
    times += [one.at for one in stack.counted] if stack else []
    return max(times, default=None)


def _is_short(unit: UnitProgress) -> bool:
    return unit.is_started and not unit.is_complete


def _is_called(learner: Learner, words: str) -> bool:
    """Whether a name has every word somewhere; accents and upper case make no difference."""
    name = _plain(learner.person.name or learner.person.short_id)
    return all(word in name for word in _plain(words).split())


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def _least(learner: Learner) -> tuple[bool, int, Decimal]:
    done, stack = learner.progress.have, learner.progress.stack
    return learner.left_at is not None, done, stack.have if stack else NOTHING


def _silent(learner: Learner) -> tuple[bool, bool, float]:
    last = last_record(learner)
    return learner.left_at is not None, last is None, last.timestamp() if last else 0.0
