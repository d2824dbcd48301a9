"""What a learner has done so far, unit by unit, as pages show it to learners and teachers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from badges.completion import Progress, Route, UnitProgress
from badges.micro_credential import LearningUnit, MicroCredential
from lti_tool.models import Placement
from lti_tool.services import placements
from lti_tool.web.conditions import Reason, reasons


class UnitState(StrEnum):
    """Said in words and shown by shape."""

    OPEN = "open"
    STARTED = "started"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """`position`: 1, 2, ... `basis`: what an unlocked unit rests on, in the teacher's words."""

    position: int
    unit: LearningUnit
    progress: UnitProgress
    state: UnitState
    route: Route
    basis: str | None
    reasons: tuple[Reason, ...]
    is_launched: bool

    @property
    def can_be_confirmed(self) -> bool:
        """Whether the learner's own word completes it."""
        return self.route is Route.PARTICIPATION and not self.progress.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsView:
    """`launched`: the unit this visit is for; None from a link to the overview."""

    mc: MicroCredential
    units: tuple[UnitView, ...]
    launched: UnitView | None
    is_complete: bool

    @property
    def done(self) -> int:
        return sum(view.state is UnitState.COMPLETE for view in self.units)

    @property
    def total(self) -> int:
        return len(self.units)

    @property
    def next_open(self) -> UnitView | None:
        """The first unit that is not complete, the launched one first."""
        if self.launched is not None and not self.launched.progress.is_complete:
            return self.launched
        return next((view for view in self.units if not view.progress.is_complete), None)


def state(progress: UnitProgress) -> UnitState:
    if progress.is_complete:
        return UnitState.COMPLETE
    return UnitState.STARTED if progress.is_started else UnitState.OPEN


def view(
    mc: MicroCredential, progress: Progress, placement: Placement, launched_unit: str | None = None
) -> UnitsView:
    """Return the units of `placement` as a learner with this progress sees them."""
    units = tuple(
        _unit_view(position, unit, mc, progress, placement, launched_unit)
        for position, unit in enumerate(mc.units, start=1)
    )
    launched = _first([unit for unit in units if unit.is_launched])
    return UnitsView(mc=mc, units=units, launched=launched, is_complete=progress.is_complete)


def _unit_view(
    position: int,
    unit: LearningUnit,
    mc: MicroCredential,
    progress: Progress,
    placement: Placement,
    launched_unit: str | None,
) -> UnitView:
    route, basis = placements.route_of(placement, unit.code)
    return UnitView(
        position=position,
        unit=unit,
        progress=progress.unit(unit.code),
        state=state(progress.unit(unit.code)),
        route=route,
        basis=basis,
        reasons=reasons(mc, progress, unit.code),
        is_launched=unit.code == launched_unit,
    )


def _first(units: Sequence[UnitView]) -> UnitView | None:
    return units[0] if units else None
