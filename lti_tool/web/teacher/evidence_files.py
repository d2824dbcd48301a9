"""Files that records of this course rest on: hand one out, and remove one for good."""

import uuid

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from lti_tool.models import EvidenceFile, Placement
from lti_tool.services.completing import evidence
from lti_tool.services.definitions import catalogue
from lti_tool.web import uploads
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import people
from lti_tool.web.teacher.blueprint import actor, address, blueprint, may_judge


@blueprint.get("/course/evidence/<uuid:evidence_id>")
@visiting(teacher=True)
def evidence_file(visit: Visit, evidence_id: uuid.UUID) -> ResponseReturnValue:
    file = evidence.find_in_course(visit.db, visit.launch.course, evidence_id)
    return uploads.hand_out(visit.db, file)


@blueprint.get("/course/evidence/<uuid:evidence_id>/remove")
@visiting(teacher=True)
def removal(visit: Visit, evidence_id: uuid.UUID) -> ResponseReturnValue:
    """Ask before a file is removed: unlike a record, it does not come back."""
    file = evidence.find_in_course(visit.db, visit.launch.course, evidence_id)
    placement = _placement(visit, file)
    return render_template(
        "teacher/remove_file.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        file=file,
        address=address,
    )


@blueprint.post("/course/evidence/<uuid:evidence_id>/remove")
@visiting(teacher=True, writes=True)
def remove_file(visit: Visit, evidence_id: uuid.UUID) -> ResponseReturnValue:
    file = evidence.find_in_course(visit.db, visit.launch.course, evidence_id)
    placement, person_id = _placement(visit, file), file.person_id
    may_judge(visit, placement)
    evidence.remove(visit.db, file, actor=actor(visit), now=visit.now)
    return redirect(address("person", visit, placement, person_id=person_id, done="removed"), 303)


def _placement(visit: Visit, file: EvidenceFile) -> Placement:
    assert file.record is not None
    return people.placement_of(visit, file.record)
