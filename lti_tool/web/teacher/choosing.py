"""Say what a link of the LMS stands for: a unit of a micro-credential, or its overview."""

import uuid

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from badges.micro_credential import MicroCredential
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import MicroCredentialVersion
from lti_tool.services import catalogue, placements
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher.blueprint import actor, blueprint

Entry = tuple[MicroCredentialVersion, MicroCredential]


@blueprint.get("/choose")
@visiting(teacher=True)
def choose(visit: Visit) -> ResponseReturnValue:
    """Search the catalogue; what the course already offers comes first."""
    query = request.args.get("q", "").strip()
    offered = [row.version for row in placements.of_course(visit.db, visit.launch.course)]
    known = {version.series_id for version in offered}
    others = [one for one in catalogue.newest(visit.db) if one.series_id not in known]
    return render_template(
        "teacher/choose.html",
        visit=visit,
        query=query,
        offered=_matching(offered, query),
        others=_matching(others, query),
    )


@blueprint.get("/choose/<uuid:version_id>")
@visiting(teacher=True)
def choose_unit(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    version = _version(visit, version_id)
    return render_template(
        "teacher/choose_unit.html",
        visit=visit,
        version=version,
        mc=catalogue.definition(version),
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
        _version(visit, version_id),
        request.form.get("unit") or None,
        actor=actor(visit),
        now=visit.now,
    )
    return redirect(url_for("teacher.course", launch_id=visit.launch.id, done="placed"), 303)


def _version(visit: Visit, version_id: uuid.UUID) -> MicroCredentialVersion:
    version = visit.db.get(MicroCredentialVersion, version_id)
    if version is None:
        raise NotFound("unknown_micro_credential")
    return version


def _matching(versions: list[MicroCredentialVersion], query: str) -> list[Entry]:
    """Return the definitions that hold every word of the query in title, code, body or units."""
    entries = [(version, catalogue.definition(version)) for version in versions]
    words = query.casefold().split()
    return [entry for entry in entries if all(word in _searchable(entry[1]) for word in words)]


def _searchable(mc: MicroCredential) -> str:
    texts = [mc.title, mc.awarding_body.name, *(unit.title for unit in mc.units)]
    return " ".join([mc.code, *(value for text in texts for value in text.values())]).casefold()
