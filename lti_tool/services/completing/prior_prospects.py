"""What recognition of prior learning in a unit would bring a learner, before they apply for it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from badges import prior_learning as rules
from badges.choices import NOTHING_MORE, Asked
from badges.completion import Completion, Progress
from badges.micro_credential import LearningUnit
from lti_tool.models import MicroCredentialVersion, Person
from lti_tool.services.completing import completions
from lti_tool.services.definitions import catalogue


class Prospect(StrEnum):
    """`TOGETHER`: it counts by itself, but not if what waits for a judgement is recognised, too."""

    COUNTS = "counts"
    NOT_NEEDED = "not_needed"
    TOGETHER = "together"
    BEYOND = "beyond"
    COMPLETE = "complete"
    CLOSED = "closed"


def of(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    now: datetime,
    *,
    waiting: Collection[str] = (),
    asked: Asked = NOTHING_MORE,
) -> Mapping[str, Prospect]:
    """Return the prospect of each unit, by code. `waiting`: the units that wait for a judgement.
    `asked`: by the course, beyond the definition."""
    mc = catalogue.definition(version)
    open_units = [one for one in mc.units if rules.is_allowed(mc, one)]
    awaited = {code: rules.if_recognised(mc.unit(code), now) for code in waiting}
    tried: list[tuple[Completion, ...]] = [()]
    for unit in open_units:
        own = rules.if_recognised(unit, now)
        others = [one for code, more in awaited.items() if code != unit.code for one in more]
        tried += [own, tuple(others), (*others, *own)]
    is_now, *then = completions.standings_with(db, person, version, tried, now)
    found = dict.fromkeys((one.code for one in mc.units), Prospect.CLOSED)
    found |= {one.unit: Prospect.COMPLETE for one in is_now.units if one.is_complete}
    for number, unit in enumerate(open_units):
        if not is_now.unit(unit.code).is_complete:
            found[unit.code] = _prospect(unit, is_now, then[3 * number : 3 * number + 3], asked)
    return found


def _prospect(unit: LearningUnit, is_now: Progress, then: list[Progress], asked: Asked) -> Prospect:
    alone, others, together = then
    if not _gains(unit, is_now, alone):
        return Prospect.BEYOND
    if not is_now.under(asked).is_open(unit.code):
        return Prospect.NOT_NEEDED
    return Prospect.COUNTS if _gains(unit, others, together) else Prospect.TOGETHER


def _gains(unit: LearningUnit, before: Progress, after: Progress) -> bool:
    """Whether a unit counts, and not merely in the place of another."""
    if not after.unit(unit.code).is_complete:
        return False
    kept = {one.unit for one in before.stated} <= {one.unit for one in after.stated}
    return kept or after.have > before.have
