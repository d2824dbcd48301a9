"""Where a launch arrives, the learner's units, and confirming to have taken part."""

import uuid

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from badges.completion import Route
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import LaunchSession, Person
from lti_tool.services import people
from lti_tool.services.awarding import joining, joints
from lti_tool.services.completing import completions, moderation, prior_recognitions
from lti_tool.services.courses import confirming_here, placements
from lti_tool.services.courses.confirming_here import Case
from lti_tool.services.definitions import catalogue
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.learner import evidence_files
from lti_tool.web.learner.blueprint import blueprint
from lti_tool.web.learner.standing import standing


@blueprint.get("/")
@visiting(selects=None)
def home(visit: Visit) -> ResponseReturnValue:
    """Show what this person is here for: their units, or for teachers the course; or the
    catalogue, where the course asks for activities to be chosen."""
    launch = visit.launch
    if launch.is_privacy:
        return redirect(url_for("learner.data", launch_id=launch.id), 303)
    if launch.is_deep_linking:
        return redirect(url_for("teacher.select", launch_id=launch.id), 303)
    if launch.is_teacher:
        return redirect(url_for(_way_in(launch), launch_id=launch.id), 303)
    if launch.link.placement is None:
        return render_template("learner/wait.html", visit=visit)
    return _units_page(visit)


def _units_page(visit: Visit) -> str:
    under_way = joining.under_way(visit.db, visit.launch.person, visit.now)
    return render_template(
        "learner/units.html", visit=visit, standing=standing(visit), joining=under_way
    )


def _way_in(launch: LaunchSession) -> str:
    """Return where a teacher begins: at what has to be decided first, else at the course."""
    placement = launch.link.placement
    if placement is None:
        return "teacher.choose"
    if launch.is_review:
        return "teacher.review"
    return "teacher.course" if placement.asks_since is None else "teacher.version"


@blueprint.get("/units")
@visiting()
def units(visit: Visit) -> ResponseReturnValue:
    """Show the units to whoever is here: for teachers it is the preview of the learner's page."""
    return _units_page(visit)


@blueprint.post("/participation")
@visiting(writes=True)
def participate(visit: Visit) -> ResponseReturnValue:
    """Record that the person confirms to have worked through the unit of this link.

    Sending the form twice changes nothing.
    """
    link = visit.launch.link
    if link.placement is None or link.unit_code is None:
        raise Conflict("link_not_placed")
    route, _ = placements.route_of(link.placement, link.unit_code)
    if route is not Route.PARTICIPATION:
        raise ToolError("participation_not_allowed", unit=link.unit_code)
    completions.record_participation(visit.db, visit.launch, link.unit_code, visit.now)
    return redirect(url_for("learner.units", launch_id=visit.launch.id), 303)


@blueprint.get("/data")
@visiting(selects=None)
def data(visit: Visit) -> ResponseReturnValue:
    """Show what is kept about the person who is here, or whom a data privacy launch is about."""
    if visit.launch.is_deep_linking:
        raise NotFound("other_launch")
    if visit.launch.is_privacy:
        return _data_of(visit, visit.launch.about)
    link = visit.launch.link
    records = (
        completions.records_of(visit.db, visit.launch.person, link.placement.version)
        if link.placement
        else ()
    )
    return render_template(
        "learner/data.html",
        visit=visit,
        records=prior_recognitions.shown(visit.db, records),
        mc=catalogue.definition(link.placement.version) if link.placement else None,
        given=evidence_files.given(visit, records),
        moderated=moderation.count(visit.db, visit.launch.person),
        waiting=people.waiting(visit.db, visit.launch.person),
        cases=_cases(visit, visit.launch.person),
        others=joints.others(visit.db, visit.launch.person),
        definition=catalogue.definition,
        mentors=people.mentors(visit.db, visit.launch.person),
        told=people.told(visit.db, visit.launch.person),
        applications=people.applications(visit.db, visit.launch.person) if link.placement else (),
        drafts_kept=len(people.drafts(visit.db, visit.launch.person)),
    )


def _data_of(visit: Visit, subject: Person | None) -> str:
    return render_template(
        "learner/held.html",
        visit=visit,
        subject=subject,
        is_own=subject is visit.launch.person,
        held=people.held(visit.db, subject) if subject else None,
        cases=_cases(visit, subject) if subject else {},
        definition=catalogue.definition,
    )


def _cases(visit: Visit, subject: Person) -> dict[uuid.UUID, Case]:
    """Return what a person waits for, or was refused, by the version."""
    found = confirming_here.of_person(visit.db, subject, visit.now)
    return {one.pending.version_id: one for one in found}
