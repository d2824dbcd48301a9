"""What recognition of prior learning in a unit would bring a learner, before they apply for it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from badges import prior_learning as rules
from badges.choices import NOTHING_MORE, Asked
from badges.completion import Progress
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
    only: Collection[str] | None = None,
) -> Mapping[str, Prospect]:
    """Return the prospect of each unit, or of `only` these, by code. `waiting`: the units that wait
    for a judgement. `asked`: by the course, beyond the definition."""
    mc = catalogue.definition(version)
    (is_now,) = completions.standings_with(db, person, version, [()], now)
    wanted = [one for one in mc.units if only is None or one.code in only]
    found = dict.fromkeys((one.code for one in wanted), Prospect.CLOSED)
    found |= {code: Prospect.COMPLETE for code in found if is_now.unit(code).is_complete}
    awaited = frozenset(waiting)
    tried = {
        one.code: (frozenset({one.code}), awaited - {one.code}, awaited | {one.code})
        for one in wanted
        if found[one.code] is not Prospect.COMPLETE and rules.is_allowed(mc, one)
    }
    if not tried:
        return found
    every = list({codes for three in tried.values() for codes in three if codes})
    records = {code: rules.if_recognised(mc.unit(code), now) for code in awaited | tried.keys()}
    further = [[one for code in codes for one in records[code]] for codes in every]
    then = {frozenset[str](): is_now} | dict(
        zip(every, completions.standings_with(db, person, version, further, now), strict=True)
    )
    for code, three in tried.items():
        found[code] = _prospect(mc.unit(code), is_now, [then[one] for one in three], asked)
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
