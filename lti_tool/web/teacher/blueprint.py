"""The blueprint that the modules of this package fill."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, request, url_for

from lti_tool.errors import Conflict, NotFound
from lti_tool.models import Placement
from lti_tool.services.completing import assessors
from lti_tool.services.courses import placements
from lti_tool.web.launch_session import Visit

blueprint = Blueprint("teacher", __name__, url_prefix="/launches/<uuid:launch_id>")


def chosen_placement(visit: Visit) -> Placement:
    """Return the micro-credential of the course that the page is about: `?placement=`, or that of
    the link.

    Raises:
        NotFound: `unknown_placement`.
        Conflict: `link_not_placed`.
    """
    asked = request.args.get("placement")
    if asked is not None:
        try:
            return placements.find(visit.db, visit.launch.course, uuid.UUID(asked))
        except ValueError as error:
            raise NotFound("unknown_placement") from error
    if visit.launch.link.placement is None:
        raise Conflict("link_not_placed")
    return visit.launch.link.placement


def address(endpoint: str, visit: Visit, placement: Placement, **values: object) -> str:
    """Return the address of a page about `placement`."""
    own = visit.launch.link.placement_id
    about = None if placement.id == own else placement.id
    return url_for(
        f"teacher.{endpoint}",
        launch_id=visit.launch.id,
        placement=about,
        _external=False,
        **values,  # type: ignore[arg-type]
    )


def may_judge(visit: Visit, placement: Placement) -> None:
    """Refuse who may not sign off in the course, where they decide how that happens.

    Raises:
        Forbidden: `not_an_assessor`.
    """
    person, course = visit.launch.person_id, placement.course_id
    assessors.check(visit.db, course, placement.version_id, {person}, visit.now)


def may_set_up(visit: Visit, placement: Placement) -> None:
    """Refuse who may not decide what the course offers and how its units are completed.

    Raises:
        Forbidden: `not_an_assessor`, `teachers_lead`.
    """
    person, course = visit.launch.person_id, placement.course_id
    assessors.check_decides(visit.db, course, placement.version_id, person, visit.now)


def actor(visit: Visit) -> str:
    return f"person:{visit.launch.person_id}"


def told_number(args: Mapping[str, str], name: str) -> int:
    """Return a number that the page before put into the address; 0 for what is none."""
    told = args.get(name, "")[:6]
    return int(told) if told.isascii() and told.isdigit() else 0
