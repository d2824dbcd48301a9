"""One unit that an activity of the LMS completes: choose it, and see what the LMS says."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges.completion import Route
from badges.micro_credential import LearningUnit
from lti_tool.errors import NotFound, ToolError
from lti_tool.lti.moodle_web_services import Concern, MoodleRefused
from lti_tool.models import CourseActivities, MoodleConnection, Placement
from lti_tool.services.courses import placements, roster
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import activities, activity_checks, moodle
from lti_tool.services.lms.activities import Criterion
from lti_tool.web.errors import what_happened
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights
from lti_tool.web.teacher.blueprint import actor, address, blueprint, chosen_placement, may_set_up
from lti_tool.web.words.sentences import sentence

LOOK_AGAIN = 4  # seconds
WAIT = timedelta(seconds=30)
PERCENT = re.compile(r"\d{1,3}([.,]\d{1,2})?")


@blueprint.get("/course/units/<code>/activity")
@visiting(teacher=True)
def activity(visit: Visit, code: str) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    response = make_response(_page(visit, placement, _unit(placement, code)))
    if look_again := _look_again(visit):
        response.headers["Refresh"] = str(look_again)
    return response


@blueprint.post("/course/units/<code>/activity")
@visiting(teacher=True, writes=True)
def choose_activity(visit: Visit, code: str) -> ResponseReturnValue:
    """Let an activity complete the unit; what was recorded stays."""
    placement = chosen_placement(visit)
    unit = _unit(placement, code)
    may_set_up(visit, placement)
    moodle.find(visit.db, visit.launch.course.platform_id)
    try:
        activities.choose(
            visit.db,
            placement,
            unit.code,
            _identifier(request.form.get("activity", "")),
            _criterion(request.form.get("criterion", "")),
            _percent(request.form.get("minimum", "")),
            actor=actor(visit),
            now=visit.now,
        )
    except ToolError as error:
        if error.code not in {"activity_not_listed", "minimum_missing", "nothing_assessed_left"}:
            raise
        return _page(visit, placement, unit, what_happened(error)), error.status
    return redirect(address("activity", visit, placement, code=code, done="activity"), 303)


@blueprint.post("/course/units/<code>/activity/list")
@visiting(teacher=True, writes=True)
def list_activities(visit: Visit, code: str) -> ResponseReturnValue:
    """Let the worker read the list of activities; the LMS may take its time."""
    placement = chosen_placement(visit)
    _unit(placement, code)
    moodle.find(visit.db, visit.launch.course.platform_id)
    activity_checks.want_list(visit.db, visit.launch.course.id, visit.now)
    return redirect(address("activity", visit, placement, code=code), 303)


@blueprint.post("/course/units/<code>/activity/look-up")
@visiting(teacher=True, writes=True)
def look_up(visit: Visit, code: str) -> ResponseReturnValue:
    """Let the worker ask about every learner of the course now."""
    placement = chosen_placement(visit)
    _unit(placement, code)
    platform_id = visit.launch.course.platform_id
    moodle.find(visit.db, platform_id)
    activity_checks.want_all(visit.db, visit.launch.course.id, visit.now)
    activity_checks.hurry(visit.db, platform_id)
    return redirect(address("activity", visit, placement, code=code, done="look-up"), 303)


@blueprint.post("/course/units/<code>/activity/results/<uuid:told_id>/settle")
@visiting(teacher=True, writes=True)
def settle_activity(visit: Visit, code: str, told_id: uuid.UUID) -> ResponseReturnValue:
    """Leave a record as it is, whatever the activity says now."""
    placement = chosen_placement(visit)
    _unit(placement, code)
    activities.settle(visit.db, visit.launch.course, told_id, actor=actor(visit), now=visit.now)
    return redirect(address("activity", visit, placement, code=code, done="settled"), 303)


def trouble(
    connection: MoodleConnection | None, row: CourseActivities | None, *, is_untold: bool
) -> list[str]:
    """Return in words why the LMS tells nothing, and what to change there; empty: it does."""
    error = moodle.failure_of(connection) if connection else None
    if error is None and row is not None and row.failure:
        error = MoodleRefused(row.failure, Concern.COURSE, row.reason or "")
    if error is None and is_untold:
        error = ToolError(activity_checks.UNTOLD)
    if error is None:
        return []
    return [what_happened(error), gettext(sentence(error.code, error.status).next_step)]


def _page(visit: Visit, placement: Placement, unit: LearningUnit, problem: str = "") -> str:
    course = visit.launch.course
    connection = moodle.of_platform(visit.db, course.platform_id)
    row = visit.db.get(CourseActivities, course.id)
    looked = activities.looked(visit.db, course)
    choice = activities.chosen(visit.db, placement, unit.code)
    is_used = placements.route_of(placement, unit.code)[0] is Route.LMS_ACTIVITY
    said = activities.latest(visit.db, choice) if choice and is_used else {}
    learners = roster.learners(visit.db, course, placement.version, visit.now) if said else []
    return render_template(
        "teacher/activity.html",
        visit=visit,
        placement=placement,
        mc=catalogue.definition(placement.version),
        unit=unit,
        connection=connection,
        trouble=trouble(connection, row, is_untold=is_used and looked.untold > 0),
        row=row,
        listed=activities.listed(row),
        choice=choice if is_used else None,
        said=[(one.person, said[one.person.id]) for one in learners if one.person.id in said],
        is_enough=activities.is_enough,
        lowered=activities.lowered(visit.db, placement, unit.code) if is_used else [],
        looked=looked,
        kind_name=_kind_name,
        form=request.form,
        problem=problem,
        rights=rights.of(visit, placement.version_id),
        look_again=_look_again(visit),
        address=address,
    )


def _look_again(visit: Visit) -> int:
    """Return after how many seconds a page that waits for the list looks for it; 0: it does not.

    Nothing is typed meanwhile. After half a minute the reader decides.
    """
    row = visit.db.get(CourseActivities, visit.launch.course.id)
    if row is None or row.wanted_at is None:
        return 0
    return LOOK_AGAIN if visit.now - row.wanted_at < WAIT else 0


def _unit(placement: Placement, code: str) -> LearningUnit:
    try:
        return catalogue.definition(placement.version).unit(code)
    except KeyError as error:
        raise NotFound("unknown_unit") from error


def _identifier(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def _criterion(text: str) -> Criterion:
    try:
        return Criterion(text)
    except ValueError as error:
        raise ToolError("wrong_kind") from error


def _percent(text: str) -> Decimal | None:
    text = text.strip().rstrip("%").rstrip()
    return Decimal(text.replace(",", ".")) if PERCENT.fullmatch(text) else None


def _kind_name(kind: str) -> str:
    """Return the kind of an activity in words; those of plugins as they call themselves."""
    return {
        "assign": gettext("assignment"),
        "book": gettext("book"),
        "choice": gettext("choice"),
        "feedback": gettext("feedback"),
        "forum": gettext("forum"),
        "h5pactivity": "H5P",
        "lesson": gettext("lesson"),
        "page": gettext("page"),
        "quiz": gettext("quiz"),
        "resource": gettext("file"),
        "scorm": "SCORM",
        "url": gettext("link"),
        "workshop": gettext("workshop"),
    }.get(kind, kind)
