"""Which micro-credential a course offers, which unit a link is, and how units are completed."""

import uuid
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from badges.award import RESTS_ON_LMS
from badges.completion import Route
from badges.micro_credential import LearningUnit
from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import (
    Course,
    MicroCredentialSeries,
    MicroCredentialVersion,
    PlacedUnit,
    Placement,
    Platform,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.definitions import (
    catalogue,
    electives,
    grants,
    lifecycle,
    stack_holders,
    versions,
)

LONGEST_BASIS = 500
LONGEST_PARAMETER = 300
CHOSEN_ROUTES = (Route.ASSESSED, Route.UNLOCKED, Route.LMS_ACTIVITY, Route.PARTICIPATION)
"""What a teacher chooses between; a grade in the LMS counts beside each."""


def place(
    db: Session,
    link: ResourceLink,
    version: MicroCredentialVersion,
    unit_code: str | None,
    *,
    actor: str,
    now: datetime,
) -> Placement:
    """Say that `link` is this unit of this version, or with `unit_code` None its overview.

    Raises:
        ToolError: `unknown_unit`.
        Conflict: `closed_to_new_courses`, `not_granted`: the course does not offer it yet, and may
            not begin.
    """
    if unit_code is not None:
        _check_unit(version, unit_code)
    check_choice(db, link.platform_id, link.course_id, version, now)
    db.refresh(link, with_for_update={"key_share": True})  # link first, as launches lock them
    placement, was_added = get_or_add(
        db,
        Placement,
        {"course_id": link.course_id, "version_id": version.id},
        id=uuid.uuid4(),
        created_at=now,
    )
    if was_added:
        stack_holders.want_in_course(db, link.course_id, version, now)
    if (link.placement_id, link.unit_code) != (placement.id, unit_code):
        link.placement = placement
        link.unit_code = unit_code
        details = {"version": str(version.id), "unit": unit_code or ""}
        audit.note(db, actor, "link.placed", f"resource_link:{link.id}", now, **details)
    return placement


def check_choice(
    db: Session,
    platform_id: uuid.UUID,
    course_id: uuid.UUID | None,
    version: MicroCredentialVersion,
    now: datetime,
) -> None:
    """Refuse a version that is closed to new courses, or that its awarding body does not let the
    school of this platform award, unless this course offers it already or it was selected for it.

    Raises:
        Conflict: `closed_to_new_courses`; `not_granted`.
    """
    offered = db.execute(
        sa.select(Placement.version_id)
        .join(MicroCredentialVersion, Placement.version_id == MicroCredentialVersion.id)
        .filter(
            Placement.course_id == course_id,
            MicroCredentialVersion.series_id == version.series_id,
        )
    ).scalars()
    known = set(offered)
    if version.id in known or versions.was_selected(db, course_id, version, now):
        return
    if not lifecycle.is_open(version, now):
        raise Conflict("closed_to_new_courses")
    school = db.get_one(Platform, platform_id).organisation_id
    if not known and not grants.may_offer(db, school, version.series, now):
        raise Conflict("not_granted", body=version.series.organisation.name)


def place_by_custom_parameters(
    db: Session,
    link: ResourceLink,
    custom: Mapping[str, str],
    now: datetime,
    *,
    only_offer: catalogue.Names | None = None,
) -> bool:
    """Place `link` as its custom parameters `mc` and `unit` say, if they name anything.

    A reference without a version means the one that the course already offers, else what
    `versions.first` says. Parameters that name nothing leave the link as it was: its teacher is
    asked, and told what was not found.

    `only_offer`: what the link stands for, if its course is known to offer nothing else.
    """
    mc, unit_code = custom["mc"], custom.get("unit") or None
    if _stands_for(link, only_offer, mc, unit_code):
        return True
    offered = _offered(db, link.course_id, mc)
    if offered is not None and (link.placement, link.unit_code) == (offered, unit_code):
        return True
    try:
        first = versions.First(offered.version) if offered else _first(db, link, custom, now)
        placement = place(db, link, first.version, unit_code, actor="custom_parameters", now=now)
    except ToolError as error:
        link.unknown_parameter = _unknown(error, mc, unit_code)
        return False
    link.unknown_parameter = None
    if offered is None and first.asks:
        placement.asks_since, placement.original_version_id = now, first.original_id
    return True


def _stands_for(
    link: ResourceLink, only_offer: catalogue.Names | None, mc: str, unit_code: str | None
) -> bool:
    if link.placement is None or only_offer is None or not only_offer.include(mc):
        return False
    return (link.placement.course_id, link.unit_code) == (link.course_id, unit_code)


def _first(
    db: Session, link: ResourceLink, custom: Mapping[str, str], now: datetime
) -> versions.First:
    return versions.first(db, link.course, catalogue.find(db, custom["mc"]), custom, now)


def why_unknown(db: Session, link: ResourceLink, now: datetime) -> ToolError | None:
    """Return why what the custom parameters of `link` name cannot be had, if that is so."""
    if link.unknown_parameter is None:
        return None
    kind, _, named = link.unknown_parameter.partition("=")
    if kind == "unit":
        return ToolError("unknown_unit", unit=named)
    try:
        check_choice(db, link.platform_id, link.course_id, catalogue.find(db, named), now)
    except ToolError as error:
        return error
    return None


def _unknown(error: ToolError, mc: str, unit_code: str | None) -> str:
    found = f"unit={unit_code}" if error.code == "unknown_unit" else f"mc={mc}"
    return " ".join(found.split())[:LONGEST_PARAMETER]


_PLACEMENTS = (
    sa.select(Placement)
    .join(Placement.version)
    .join(MicroCredentialVersion.series)
    .join(MicroCredentialSeries.organisation)
    .options(contains_eager(Placement.version))
    .order_by(Placement.created_at.desc())
)


def _offered(db: Session, course_id: uuid.UUID, reference: str) -> Placement | None:
    """Return the latest placement of the course that a reference names; None where it offers none,
    or such a code of several awarding bodies."""
    named, course = catalogue.named(reference), Placement.course_id == course_id
    found = db.scalars(_PLACEMENTS.filter(course, named)).all()
    is_one = len({placement.version.series_id for placement in found}) == 1
    return found[0] if is_one else None


def set_route(
    db: Session,
    placement: Placement,
    unit_code: str,
    route: Route,
    basis: str | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    """Choose how a unit is completed in this course.

    `basis`: what a unit rests on that the LMS completes: of an unlocked one in the teacher's words
    ("quiz passed with 80 %"), else the name of the activity.

    Raises:
        ToolError: `unknown_unit`, `wrong_kind` (of a route), `participation_not_allowed`,
            `basis_missing`, `basis_too_long`.
    """
    if route not in CHOSEN_ROUTES:
        raise ToolError("wrong_kind")
    unit = _check_unit(placement.version, unit_code)
    basis = (basis or "").strip() if route in RESTS_ON_LMS else None
    if route is Route.PARTICIPATION and not unit.allows_participation:
        raise ToolError("participation_not_allowed", unit=unit_code)
    if basis is not None and not basis:
        raise ToolError("basis_missing", unit=unit_code)
    if basis is not None and len(basis) > LONGEST_BASIS:
        raise ToolError("basis_too_long", maximum=str(LONGEST_BASIS))
    placed, _ = get_or_add(
        db,
        PlacedUnit,
        {"placement_id": placement.id, "unit_code": unit_code},
        route=Route.ASSESSED.value,
    )
    if (placed.route, placed.basis) == (route.value, basis):
        return
    placed.route, placed.basis = route.value, basis
    db.flush()
    db.expire(placement, ["units"])
    subject = f"placement:{placement.id}"
    audit.note(db, actor, "unit.route_chosen", subject, now, unit=unit_code, route=route.value)


def route_of(placement: Placement, unit_code: str) -> tuple[Route, str | None]:
    """Return how a unit is completed in this course, and what it rests on in the LMS."""
    for placed in placement.units:
        if placed.unit_code == unit_code:
            return Route(placed.route), placed.basis
    return Route.ASSESSED, None


def of_course(db: Session, course: Course) -> list[Placement]:
    """Return what a course offers, oldest first."""
    found = sa.select(Placement).filter_by(course_id=course.id).order_by(Placement.created_at)
    return list(db.scalars(found))


def offered_units(
    db: Session, course: Course | None, version: MicroCredentialVersion
) -> tuple[LearningUnit, ...]:
    """Return the units of a version that a course offers: those that it does not leave out."""
    mc = catalogue.definition(version)
    if course is None or not mc.choices:
        return mc.units
    found = sa.select(Placement).filter_by(course_id=course.id, version_id=version.id)
    placement = db.scalar(found)
    left_out = electives.asked(placement).left_out if placement is not None else frozenset()
    return tuple(unit for unit in mc.units if unit.code not in left_out)


def links(db: Session, placement: Placement) -> list[ResourceLink]:
    """Return the activities of the course that stand for a placement: the overview, then units in
    the definition's order."""
    order = [None, *(unit.code for unit in catalogue.definition(placement.version).units)]
    found = db.scalars(sa.select(ResourceLink).filter_by(placement_id=placement.id))
    known = [link for link in found if link.unit_code in order]
    return sorted(known, key=lambda link: (order.index(link.unit_code), link.created_at))


def find(db: Session, course: Course, placement_id: uuid.UUID) -> Placement:
    """Return a placement of this course.

    Raises:
        NotFound: `unknown_placement`: there is none, or it is another course's.
    """
    placement = db.get(Placement, placement_id)
    if placement is None or placement.course_id != course.id:
        raise NotFound("unknown_placement")
    return placement


def _check_unit(version: MicroCredentialVersion, unit_code: str) -> LearningUnit:
    try:
        return catalogue.definition(version).unit(unit_code)
    except KeyError as error:
        raise ToolError("unknown_unit", unit=unit_code) from error
