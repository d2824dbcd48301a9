"""The learner's badge: see it, take it along, and decide who else sees it."""

from io import BytesIO

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound
from lti_tool.models import Credential
from lti_tool.services.awarding import credentials
from lti_tool.web import badge_files
from lti_tool.web.context import public_url
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.learner.blueprint import blueprint
from lti_tool.web.learner.standing import standing


@blueprint.get("/badge")
@visiting()
def badge(visit: Visit) -> ResponseReturnValue:
    found = standing(visit)
    if found.credential is None:
        endpoint = "learner.units" if found.award is None else "learner.claim"
        return redirect(url_for(endpoint, launch_id=visit.launch.id), 303)
    return render_template(
        "learner/badge.html",
        visit=visit,
        standing=found,
        credential=found.credential,
        summary=badge_files.summary(found.credential),
        address=f"{public_url()}/credentials/{found.credential.id}",
    )


@blueprint.get("/badge.json")
@visiting()
def badge_json(visit: Visit) -> ResponseReturnValue:
    """Hand out the signed bytes as they are stored."""
    credential = _claimed(visit)
    return send_file(
        BytesIO(credential.document),
        mimetype=badge_files.CREDENTIAL_TYPE,
        as_attachment=True,
        download_name=badge_files.file_name(credential, "json"),
    )


@blueprint.get("/badge.png")
@visiting()
def badge_png(visit: Visit) -> ResponseReturnValue:
    """Hand out the emblem with the signed bytes baked in; `?view` shows it in the page."""
    credential = _claimed(visit)
    return send_file(
        BytesIO(badge_files.baked_png(credential)),
        mimetype="image/png",
        as_attachment="view" not in request.args,
        download_name=badge_files.file_name(credential, "png"),
    )


@blueprint.get("/badge.svg")
@visiting()
def badge_svg(visit: Visit) -> ResponseReturnValue:
    """Hand out the emblem as SVG with the signed bytes baked in."""
    credential = _claimed(visit)
    return send_file(
        BytesIO(badge_files.baked_svg(credential)),
        mimetype="image/svg+xml",
        as_attachment=True,
        download_name=badge_files.file_name(credential, "svg"),
    )


@blueprint.post("/badge/publicity")
@visiting(writes=True)
def publicity(visit: Visit) -> ResponseReturnValue:
    """Switch the public page on or off; off takes effect at once."""
    credentials.set_public(
        visit.db,
        _claimed(visit),
        public=request.form.get("public") == "on",
        actor=f"person:{visit.launch.person_id}",
        now=visit.now,
    )
    return redirect(url_for("learner.badge", launch_id=visit.launch.id) + "#public", 303)


def _claimed(visit: Visit) -> Credential:
    credential = standing(visit).credential
    if credential is None:
        raise NotFound("not_awarded")
    return credential
