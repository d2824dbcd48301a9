"""Files that records of this course rest on: hand one out, add some later, remove one for good."""

import uuid

from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lti_tool.errors import NotFound, ToolError
from lti_tool.models import CompletionRecord, EvidenceFile, Placement
from lti_tool.services.completing import carried, completions, evidence
from lti_tool.services.courses import placements
from lti_tool.services.definitions import catalogue
from lti_tool.web.context import current_tool
from lti_tool.web.errors import in_words
from lti_tool.web.http import uploads
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
    file = _changeable(visit, evidence_id)
    placement = _placement(visit, file)
    may_judge(visit, placement)
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
    file = _changeable(visit, evidence_id)
    placement, person_id = _placement(visit, file), file.person_id
    may_judge(visit, placement)
    evidence.remove(visit.db, file, actor=actor(visit), now=visit.now)
    return redirect(address("person", visit, placement, person_id=person_id, done="removed"), 303)


@blueprint.get("/course/records/<uuid:record_id>/files")
@visiting(teacher=True)
def addition(visit: Visit, record_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for files that a result rests on and that come later than it."""
    record = _own_record(visit, record_id)
    may_judge(visit, people.placement_of(visit, record))
    return _addition(visit, record)


@blueprint.post("/course/records/<uuid:record_id>/files")
@uploads.receiving
@visiting(teacher=True, writes=True)
def add_files(visit: Visit, record_id: uuid.UUID) -> ResponseReturnValue:
    """Add files to a record, whatever it rests on already; sent twice, they are there once."""
    record = _own_record(visit, record_id)
    placement = people.placement_of(visit, record)
    may_judge(visit, placement)
    received = uploads.received()
    if received.problem or not received.documents:
        problem = received.problem or gettext("Choose a file.")
        return _addition(visit, record, problem), 400
    try:
        with visit.db.begin_nested():
            evidence.add(
                visit.db,
                record,
                received.documents,
                by=actor(visit),
                keeping=current_tool().keeping,
                now=visit.now,
            )
    except ToolError as error:
        return _addition(visit, record, in_words(error)), error.status
    return redirect(
        address("person", visit, placement, person_id=record.person_id, done="added"), 303
    )


def _changeable(visit: Visit, evidence_id: uuid.UUID) -> EvidenceFile:
    file = evidence.find_in_course(visit.db, visit.launch.course, evidence_id)
    assert file.record is not None
    completions.check_teachers_own(file.record)
    return file


def _own_record(visit: Visit, record_id: uuid.UUID) -> CompletionRecord:
    record = people.own_record(visit, record_id)
    completions.check_teachers_own(record)
    return record


def _addition(visit: Visit, record: CompletionRecord, problem: str = "") -> str:
    placement = people.placement_of(visit, record)
    return render_template(
        "teacher/add_files.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        record=record,
        files=evidence.of_records(visit.db, [record]).get(record.id),
        problem=problem,
        address=address,
    )


def _placement(visit: Visit, file: EvidenceFile) -> Placement:
    """Return what the file is shown for: also of a record that was carried over since."""
    assert file.record is not None
    versions = carried.versions_of(visit.db, [file.record])
    for offered in placements.of_course(visit.db, visit.launch.course):
        if offered.version in versions:
            return offered
    raise NotFound("unknown_record")
