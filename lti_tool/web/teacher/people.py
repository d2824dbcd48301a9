"""One learner: why they have or lack the award, every record, and taking one back."""

import uuid
from itertools import chain

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import Forbidden, NotFound, ToolError
from lti_tool.models import CompletionRecord, Placement
from lti_tool.services.awarding import awards, credentials, stack_awards
from lti_tool.services.completing import (
    completions,
    evidence,
    moderation,
    prior_corrections,
    prior_recognitions,
)
from lti_tool.services.courses import confirming, placements, roster
from lti_tool.services.definitions import catalogue
from lti_tool.services.launching import launches
from lti_tool.web import stacks, units
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement, may_judge


@blueprint.get("/course/people/<uuid:person_id>")
@visiting(teacher=True)
def person(visit: Visit, person_id: uuid.UUID) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    member = launches.course_member(visit.db, visit.launch.course, person_id)
    version = placement.version
    mc = catalogue.definition(version)
    progress = roster.progress_of(visit.db, visit.launch.course, member.person, version, visit.now)
    waiting = confirming.of_person(
        visit.db, member.person, version, progress, visit.now, course=visit.launch.course
    )
    award = awards.shown(visit.db, member.person, version)
    records = prior_recognitions.shown(
        visit.db, completions.records_of(visit.db, member.person, version)
    )
    former = {
        other: kept
        for other, rows in roster.former_records(
            visit.db, visit.launch.course, member.person, version
        ).items()
        if (kept := prior_recognitions.shown(visit.db, rows))
    }
    everything = [*records, *chain.from_iterable(former.values())]
    return render_template(
        "teacher/person.html",
        visit=visit,
        placement=placement,
        member=member,
        view=units.view(mc, progress, placement, visit.now),
        stack=stacks.of_person(visit.db, member.person, version, progress, visit.now),
        award=award,
        disputes=moderation.disputes(visit.db, member.person, version, visit.launch.course),
        decides=award is not None and stack_awards.decides(visit.db, visit.launch.course, award),
        waiting=waiting,
        withdrawn=awards.withdrawn(visit.db, member.person, version),
        credential=credentials.current(visit.db, award) if award else None,
        of_other_versions=[
            (one.award, stack_awards.decides(visit.db, visit.launch.course, one.award))
            for one in stack_awards.of_other_versions(visit.db, member.person, version)
        ],
        records=records[::-1],
        former=former,
        definition=catalogue.definition,
        retracted={row.retracts_id for row in everything if row.retracts_id},
        files=evidence.of_records(visit.db, everything),
        rights=rights.of(visit, version.id),
        whom_to_ask=prior_corrections.whom_to_ask(visit.db, version, everything),
        address=address,
    )


@blueprint.get("/course/records/<uuid:record_id>/retract")
@visiting(teacher=True)
def retraction(visit: Visit, record_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the reason before a record is taken back."""
    record = own_record(visit, record_id)
    may_judge(visit, placement_of(visit, record))
    completions.check_teachers_own(record)
    return _retraction_page(visit, record)


@blueprint.post("/course/records/<uuid:record_id>/retract")
@visiting(teacher=True, writes=True)
def retract(visit: Visit, record_id: uuid.UUID) -> ResponseReturnValue:
    """Take a record back; sent twice, it is taken back once."""
    record = own_record(visit, record_id)
    placement = placement_of(visit, record)
    try:
        completions.retract(
            visit.db,
            record,
            course=visit.launch.course,
            assessor=visit.launch.person,
            reason=request.form.get("reason", ""),
            now=visit.now,
        )
    except ToolError as error:
        if error.code not in completions.UNFIT_REASONS:
            raise
        return _retraction_page(visit, record, what_happened(error)), error.status
    return redirect(
        address("person", visit, placement, person_id=record.person_id, done="retracted"), 303
    )


def _retraction_page(visit: Visit, record: CompletionRecord, problem: str = "") -> str:
    return render_template(
        "teacher/retract.html",
        visit=visit,
        placement=placement_of(visit, record),
        mc=catalogue.definition(record.version),
        record=record,
        problem=problem,
        form=request.form,
        address=address,
    )


def own_record(visit: Visit, record_id: uuid.UUID) -> CompletionRecord:
    """Return a record of this course; others are not to be told from ones that do not exist."""
    record = completions.find(visit.db, record_id)
    if record.course_id != visit.launch.course_id:
        raise NotFound("unknown_record")
    if record.retracts_id is not None:
        raise Forbidden("retracts_retraction")
    return record


def placement_of(visit: Visit, record: CompletionRecord) -> Placement:
    """Return what the record is about: not always the micro-credential of the launched link.

    Raises:
        NotFound: `unknown_record`: the course has moved to another version since.
    """
    for offered in placements.of_course(visit.db, visit.launch.course):
        if offered.version_id == record.version_id:
            return offered
    raise NotFound("unknown_record")
