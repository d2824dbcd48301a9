"""What a learner has done so far, unit by unit, as pages show it to learners and teachers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial

from badges.choices import ChoiceProgress
from badges.completion import Progress, Route, UnitProgress
from badges.micro_credential import LearningUnit, MicroCredential
from badges.text import Text
from lti_tool.models import Placement
from lti_tool.services.completing import course_dates
from lti_tool.services.completing.course_dates import Dates
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue, electives
from lti_tool.web.words.conditions import Reason, reasons


class Need(StrEnum):
    """Whether a unit is needed, where learners choose: of the others as many as the choice says."""

    REQUIRED = "required"
    NAMED = "named"  # by the course
    CHOICE = "choice"
    ENOUGH = "enough"  # enough others are completed
    OTHERS = "others"  # the course names as many others as are needed
    OPTIONAL = "optional"
    FURTHER = "further"  # the course asks for it, of somebody who holds the award
    LEFT_OUT = "left_out"  # not offered in the course


class UnitState(StrEnum):
    """Said in words and shown by shape."""

    OPEN = "open"
    STARTED = "started"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """`position`: 1, 2, ... `basis`: what an unlocked unit rests on, in the teacher's words.

    `opens_on`: only while that day is still to come. `is_open`: completing it still brings the
    whole nearer. `is_late`: that, and due before today.
    """

    position: int
    unit: LearningUnit
    progress: UnitProgress
    state: UnitState
    route: Route
    basis: str | None
    reasons: tuple[Reason, ...]
    need: Need
    is_open: bool
    is_launched: bool
    opens_on: date | None
    due_on: date | None
    is_late: bool

    @property
    def can_be_confirmed(self) -> bool:
        """Whether the learner's own word completes it now."""
        is_theirs = self.route is Route.PARTICIPATION and self.opens_on is None
        return is_theirs and not self.progress.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceView:
    """A choice with the units that the course offers. `need`: 0: all of them are optional.
    `named`: those of them that everybody needs in the course."""

    title: Text | None
    units: tuple[LearningUnit, ...]
    named: tuple[LearningUnit, ...]
    have: int
    need: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsView:
    """`launched`: the unit this visit is for; None from a link to the overview. `done` of `total`:
    of the units that are needed. `further`: of somebody who holds the award, how many units the
    course asks for besides."""

    mc: MicroCredential
    units: tuple[UnitView, ...]
    choices: tuple[ChoiceView, ...]
    launched: UnitView | None
    is_complete: bool
    done: int
    total: int
    further: int

    @property
    def further_units(self) -> tuple[LearningUnit, ...]:
        return tuple(one.unit for one in self.units if one.need is Need.FURTHER)

    @property
    def next_open(self) -> UnitView | None:
        """The first unit that is still needed: the launched one, then one that is open by now."""
        if self.launched is not None and not self.launched.progress.is_complete:
            return self.launched
        left = [view for view in self.units if view.is_open]
        return min(left, key=lambda view: view.opens_on or date.min, default=None)


def state(progress: UnitProgress) -> UnitState:
    if progress.is_complete:
        return UnitState.COMPLETE
    return UnitState.STARTED if progress.is_started else UnitState.OPEN


def view(
    mc: MicroCredential,
    progress: Progress,
    placement: Placement | None,
    now: datetime,
    launched_unit: str | None = None,
) -> UnitsView:
    """Return the units of `placement` as a learner with this progress sees them; None: of no
    course, so without its dates and routes."""
    dates, today = _dates(mc, placement, now)
    number, further = 0, frozenset[str]()
    if placement is not None and mc == catalogue.definition(placement.version):
        number, further = electives.further(progress, placement)
    units = tuple(
        _unit_view(position, unit, mc, progress, placement, launched_unit, dates[unit.code], today)
        for position, unit in enumerate(mc.units, start=1)
    )
    units = tuple(
        replace(one, need=Need.FURTHER) if one.unit.code in further else one for one in units
    )
    is_stacked, is_met = progress.stack is not None, progress.stack and progress.stack.is_met
    return UnitsView(
        mc=mc,
        units=units,
        choices=tuple(one for one in map(partial(_choice_view, mc), progress.choices) if one),
        launched=_first([unit for unit in units if unit.is_launched]),
        is_complete=progress.is_complete,
        done=progress.have - bool(is_met),
        total=progress.need - is_stacked,
        further=number,
    )


def _dates(
    mc: MicroCredential, placement: Placement | None, now: datetime
) -> tuple[dict[str, Dates], date]:
    """Return the days of each unit, and today, where the course is."""
    if placement is None:
        return {unit.code: Dates() for unit in mc.units}, now.date()
    dates = {unit.code: course_dates.of_unit(placement, unit.code) for unit in mc.units}
    has_dates = any(one != Dates() for one in dates.values())
    return dates, course_dates.today(placement, now) if has_dates else now.date()


def _choice_view(mc: MicroCredential, found: ChoiceProgress) -> ChoiceView | None:
    """Return a choice; None where the course leaves nothing to choose."""
    offered = _offered(found)
    if found.need == len(offered):
        return None
    return ChoiceView(
        title=found.choice.title,
        units=tuple(mc.unit(code) for code in offered),
        named=tuple(mc.unit(code) for code in found.must),
        have=found.have,
        need=found.need,
    )


def _offered(found: ChoiceProgress) -> list[str]:
    return [code for code in found.choice.units if code not in found.left_out]


def _need(progress: Progress, code: str) -> Need:
    found = progress.choice_of(code)
    if found is None:
        return Need.REQUIRED
    if code in found.left_out:
        return Need.LEFT_OUT
    if code in found.must or found.need == len(_offered(found)):
        return Need.NAMED
    if found.need == 0:
        return Need.OPTIONAL
    if code in (*found.open, *found.done):
        return Need.CHOICE
    return Need.OTHERS if found.need == len(found.must) else Need.ENOUGH


def _unit_view(
    position: int,
    unit: LearningUnit,
    mc: MicroCredential,
    progress: Progress,
    placement: Placement | None,
    launched_unit: str | None,
    dates: Dates,
    today: date,
) -> UnitView:
    route, basis = Route.ASSESSED, None
    if placement is not None:
        route, basis = placements.route_of(placement, unit.code)
    is_late = dates.due_on is not None and dates.due_on < today
    is_open = progress.is_open(unit.code)
    return UnitView(
        position=position,
        unit=unit,
        progress=progress.unit(unit.code),
        state=state(progress.unit(unit.code)),
        route=route,
        basis=basis,
        reasons=reasons(mc, progress, unit.code),
        need=_need(progress, unit.code),
        is_open=is_open,
        is_launched=unit.code == launched_unit,
        opens_on=dates.opens_on if dates.opens_on is not None and today < dates.opens_on else None,
        due_on=dates.due_on,
        is_late=is_late and is_open,
    )


def _first(units: Sequence[UnitView]) -> UnitView | None:
    return units[0] if units else None
