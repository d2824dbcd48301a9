"""What a teacher sets for a micro-credential in their course; untouched, everything has a default.

Nothing here takes away what was recorded or awarded, and nothing asks for less than the definition.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.choices import NOTHING_MORE, Asked
from lti_tool.db import get_or_add
from lti_tool.errors import ToolError
from lti_tool.models import CourseMember, Enrolment, Person, PlacedUnit, Placement
from lti_tool.services import audit, school_time
from lti_tool.services.awarding import award_gate
from lti_tool.services.completing import assessors, course_dates, judging
from lti_tool.services.completing.course_dates import Dates
from lti_tool.services.courses import confirming
from lti_tool.services.definitions import catalogue, electives

CONFIRMATIONS = (0, 1, 2)
"""By how many different teachers an award can be confirmed before it is given."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSettings:
    """`confirmations`: how many teachers confirm an award; 0: it is given by itself.

    `dates`: of the whole; `units`: of single units, without those that have none. `assessors`: who
    may sign off; nobody: all teachers. `language`: BCP 47, of the learner's pages and proposed for
    the badge; None: as the LMS says. `assistants_lead`: teaching assistants, too, change these
    settings and decide about awards. `proposes_name`: a claim begins with the learner's name, not
    without; `offers_email`: it offers a fingerprint of the address. The learner decides both.
    `time_zone`: IANA name, of the whole course; None: as the school says.
    `asked`: of the choices that the definition leaves.
    """

    confirmations: int = 0
    dates: Dates = field(default_factory=Dates)
    units: Mapping[str, Dates] = field(default_factory=dict)
    assessors: frozenset[uuid.UUID] = frozenset()
    language: str | None = None
    proposes_name: bool = True
    offers_email: bool = True
    asked: Asked = NOTHING_MORE
    assistants_lead: bool = False
    time_zone: str | None = None


def of(db: Session, placement: Placement) -> CourseSettings:
    """Return what is set."""
    units = catalogue.definition(placement.version).units
    own = {unit.code: course_dates.own(placement, unit.code) for unit in units}
    return CourseSettings(
        confirmations=award_gate.needed(placement),
        dates=course_dates.of_whole(placement),
        units={code: dates for code, dates in own.items() if dates != Dates()},
        assessors=assessors.named(db, placement),
        language=placement.language,
        proposes_name=placement.proposes_name,
        offers_email=placement.offers_email,
        asked=electives.asked(placement),
        assistants_lead=placement.assistants_lead,
        time_zone=placement.course.time_zone,
    )


def held(db: Session, placement: Placement) -> CourseSettings:
    """Return what is set, which nobody else changes until this transaction ends."""
    db.refresh(placement.course, with_for_update={"key_share": True})  # it has the time zone
    db.refresh(placement, with_for_update=True)
    return of(db, placement)


def change(
    db: Session, placement: Placement, wished: CourseSettings, *, by: Person, now: datetime
) -> None:
    """Keep what is wished for, all of it or nothing.

    Awards already given stay; whoever waits and is confirmed by enough now gets theirs.

    Raises:
        ToolError: `wrong_setting`, `definition_asks_for_more`, `unknown_unit`, `wrong_day`,
            `due_before_opening`, `unknown_teacher`, `unknown_time_zone`, and those of
            `electives.check`.
        Forbidden: `not_an_assessor`, `teachers_lead`: an assistant, see `assessors.check_sets`.
    """
    assessors.check_sets(db, placement, by.id, now)
    known = held(db, placement)
    if assessors.is_assistant(db, placement.course_id, by.id):  # teachers alone let assistants lead
        wished = replace(wished, assistants_lead=known.assistants_lead)
    _check(db, placement, known, wished)
    changed = [
        one.name for one in fields(known) if getattr(known, one.name) != getattr(wished, one.name)
    ]
    if not changed:
        return
    placement.confirmations = wished.confirmations
    placement.opens_on, placement.due_on = wished.dates.opens_on, wished.dates.due_on
    placement.language = wished.language
    placement.proposes_name, placement.offers_email = wished.proposes_name, wished.offers_email
    electives.keep(placement, wished.asked)
    placement.assistants_lead = wished.assistants_lead
    placement.course.time_zone = wished.time_zone
    _keep_unit_dates(db, placement, known.units, wished.units)
    assessors.name(db, placement, wished.assessors)
    db.flush()
    subject, details = f"placement:{placement.id}", {one: _said(wished, one) for one in changed}
    audit.note(db, f"person:{by.id}", "placement.settings_changed", subject, now, **details)
    if wished.asked != known.asked:
        _judge_everybody(db, placement, now)
    elif wished.confirmations < known.confirmations:
        confirming.judge_waiting(db, placement, now)


def _check(
    db: Session, placement: Placement, known: CourseSettings, wished: CourseSettings
) -> None:
    if wished.confirmations not in CONFIRMATIONS:
        raise ToolError("wrong_setting")
    if wished.confirmations < award_gate.demanded(placement.version):
        raise ToolError("definition_asks_for_more")
    for dates in (wished.dates, *wished.units.values()):
        for day in (dates.opens_on, dates.due_on):
            if day is not None and not FIRST_DAY <= day <= LAST_DAY:
                raise ToolError("wrong_day")
    school_time.checked(wished.time_zone)
    electives.check(placement, wished.asked)
    codes = {unit.code for unit in catalogue.definition(placement.version).units}
    if not codes.issuperset(wished.units):
        raise ToolError("unknown_unit")
    for code in ("", *codes):
        dates = wished.units.get(code, Dates())
        opens_on = dates.opens_on or wished.dates.opens_on
        due_on = dates.due_on or wished.dates.due_on
        if opens_on and due_on and due_on < opens_on:
            raise ToolError("due_before_opening")
    teaching = {one.person_id for one in assessors.teachers(db, placement.course)}
    if wished.assessors and not teaching & wished.assessors:
        raise ToolError("unknown_teacher")
    if not (teaching | known.assessors).issuperset(wished.assessors):
        raise ToolError("unknown_teacher")


def _judge_everybody(db: Session, placement: Placement, now: datetime) -> None:
    """Judge all who have begun here: what is enough, and so their score, may be another now."""
    begun = (
        sa.select(Enrolment.person_id)
        .join(CourseMember, CourseMember.person_id == Enrolment.person_id)
        .filter(
            CourseMember.course_id == placement.course_id,
            Enrolment.version_id == placement.version_id,
        )
    )
    judging.judge_all(db, db.scalars(begun).all(), placement.version, now)


def _keep_unit_dates(
    db: Session, placement: Placement, known: Mapping[str, Dates], wished: Mapping[str, Dates]
) -> None:
    for code in sorted({*known, *wished}):
        if known.get(code) == wished.get(code):
            continue
        key = {"placement_id": placement.id, "unit_code": code}
        placed, _ = get_or_add(db, PlacedUnit, key, route="assessed")
        dates = wished.get(code, Dates())
        placed.opens_on, placed.due_on = dates.opens_on, dates.due_on
    db.flush()
    db.expire(placement, ["units"])


def _said(settings: CourseSettings, name: str) -> str:
    """Return a setting as the log keeps it: ids and codes."""
    value = getattr(settings, name)
    if isinstance(value, frozenset):
        return " ".join(sorted(str(one) for one in value))
    if isinstance(value, Dates):
        return _said_dates(value)
    if isinstance(value, Asked):
        return _said_asked(value)
    if isinstance(value, Mapping):
        return " ".join(f"{code}:{_said_dates(one)}" for code, one in sorted(value.items()))
    return str(value)


def _said_asked(asked: Asked) -> str:
    counts = [f"{position}:{count}" for position, count in sorted(asked.counts.items())]
    kinds = (sorted(asked.needed), counts, sorted(asked.left_out))
    return "/".join(" ".join(kind) for kind in kinds)


def _said_dates(dates: Dates) -> str:
    return f"{dates.opens_on or ''}/{dates.due_on or ''}"
