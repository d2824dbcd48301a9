"""Which version of the micro-credential the course offers: asked once in a copied course; and
moving a course whose learners have begun to a newer one."""

import uuid

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from badges.completion import Route
from lti_tool.errors import NotFound
from lti_tool.services.courses import moving as moves
from lti_tool.services.definitions import catalogue, versions
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement, may_set_up


@blueprint.get("/course/version")
@visiting(teacher=True)
def version(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    return render_template(
        "teacher/version.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        choices=[
            (row, catalogue.definition(row))
            for row in versions.choices(visit.db, placement, visit.now)
        ],
        has_begun=versions.has_begun(visit.db, placement),
        newer=moves.newer(visit.db, placement, visit.now),
        definition=catalogue.definition,
        rights=rights.of(visit, placement.version_id),
        address=address,
    )


@blueprint.post("/course/version")
@visiting(teacher=True, writes=True)
def choose_version(visit: Visit) -> ResponseReturnValue:
    """Keep the answer; it can be changed until a learner has begun."""
    placement = chosen_placement(visit)
    may_set_up(visit, placement)
    try:
        wanted = uuid.UUID(request.form.get("version", ""))
    except ValueError as error:
        raise NotFound("unknown_micro_credential") from error
    versions.choose(visit.db, placement, wanted, actor=actor(visit), now=visit.now)
    return redirect(address("course", visit, placement, done="version"), 303)


@blueprint.get("/course/version/<uuid:version_id>")
@visiting(teacher=True)
def moving(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Say what moving the course to a newer version means for its learners."""
    placement = chosen_placement(visit)
    return render_template(
        "teacher/moving.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        outlook=moves.outlook(visit.db, placement, version_id, visit.now),
        unlocked={row.unit_code for row in placement.units if row.route == Route.UNLOCKED.value},
        rights=rights.of(visit, placement.version_id),
        address=address,
    )


@blueprint.post("/course/version/<uuid:version_id>")
@visiting(teacher=True, writes=True)
def move(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Move it, if it still means what the teacher was told; sent twice, it is moved once."""
    placement = chosen_placement(visit)
    may_set_up(visit, placement)
    if placement.version_id != version_id:
        moves.move(
            visit.db,
            placement,
            version_id,
            seen=request.form.get("seen", ""),
            actor=actor(visit),
            now=visit.now,
        )
    return redirect(address("course", visit, placement, done="moved"), 303)
