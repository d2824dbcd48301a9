"""Say what a link of the LMS stands for: a unit of a micro-credential, or its overview."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict, NotFound
from lti_tool.models import MicroCredentialVersion
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import searching
from lti_tool.web.teacher.blueprint import actor, blueprint


@blueprint.get("/choose")
@visiting(teacher=True)
def choose(visit: Visit) -> ResponseReturnValue:
    """Search the catalogue; what the course already offers comes first."""
    found = searching.search(visit, visit.launch.course, request.args)
    why = placements.why_unknown(visit.db, visit.launch.link, visit.now)

    def address(version: MicroCredentialVersion) -> str:
        return url_for("teacher.choose_unit", launch_id=visit.launch.id, version_id=version.id)

    return render_template(
        "teacher/choose.html", visit=visit, found=found, address=address, why=why
    )


@blueprint.get("/choose/<uuid:version_id>")
@visiting(teacher=True)
def choose_unit(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    version = version_of(visit, version_id)
    return render_template(
        "teacher/choose_unit.html",
        visit=visit,
        version=version,
        mc=catalogue.definition(version),
        units=placements.offered_units(visit.db, visit.launch.course, version),
    )


@blueprint.post("/choose/<uuid:version_id>")
@visiting(teacher=True, writes=True)
def place(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the choice for this link; choosing the same again changes nothing.

    What the custom parameters of the link say cannot be changed here: the next launch says it anew.
    """
    if visit.launch.link.is_placed_by_platform:
        raise Conflict("link_placed_by_platform")
    placements.place(
        visit.db,
        visit.launch.link,
        version_of(visit, version_id),
        request.form.get("unit") or None,
        actor=actor(visit),
        now=visit.now,
    )
    return redirect(url_for("teacher.course", launch_id=visit.launch.id, done="placed"), 303)


def version_of(visit: Visit, version_id: uuid.UUID) -> MicroCredentialVersion:
    """Return a version of the catalogue that the course offers, or may begin with.

    Raises:
        NotFound: `unknown_micro_credential`. Conflict: `closed_to_new_courses`, `not_granted`.
    """
    version = visit.db.get(MicroCredentialVersion, version_id)
    if version is None:
        raise NotFound("unknown_micro_credential")
    launch = visit.launch
    platform_id = launch.registration.platform_id
    placements.check_choice(visit.db, platform_id, launch.course_id, version, visit.now)
    return version
