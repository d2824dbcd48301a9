"""The course at a glance: learners and units, what waits for a decision, what did not arrive."""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges.completion import Route
from badges.micro_credential import LearningUnit, MicroCredential
from lti_tool.models import CourseActivities, Placement
from lti_tool.services.awarding import award_gate, stack_awards
from lti_tool.services.awarding import stacks as parts
from lti_tool.services.courses import confirming, given_meanwhile, grid, placements, roster
from lti_tool.services.courses.confirming import Waiting
from lti_tool.services.courses.grid import Grid
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import catalogue, electives, lifecycle
from lti_tool.services.lms import activities as lms_activities
from lti_tool.services.lms import gradebook_results, moodle
from lti_tool.services.outbox import deliveries
from lti_tool.web import stacks, units
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import activities, memberships, narrowing, rights
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement
from lti_tool.web.words import conditions, elements


@blueprint.get("/course")
@visiting(teacher=True)
def course(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    version = placement.version
    mc = catalogue.definition(version)
    learners = roster.learners(visit.db, visit.launch.course, version, visit.now)
    shown = grid.arrange(learners, narrowing.wish(request.args, mc), visit.now)
    routes = {unit.code: placements.route_of(placement, unit.code)[0] for unit in mc.units}
    launched = visit.launch.link.unit_code if placement == visit.launch.link.placement else None
    return render_template(
        "teacher/course.html",
        visit=visit,
        placement=placement,
        offered=[
            (row, catalogue.definition(row.version))
            for row in placements.of_course(visit.db, visit.launch.course)
        ],
        mc=mc,
        standing=lifecycle.standing(version, visit.now),
        has_versions=len(version.series.versions) > 1,
        learners=learners,
        totals=roster.totals(visit.db, visit.launch.course, version),
        flagged=roster.flagged(visit.db, visit.launch.course, version),
        decides=partial(stack_awards.decides, visit.db, visit.launch.course),
        failed=deliveries.failed(visit.db, visit.launch.course),
        questions=gradebook_results.questions(visit.db, placement, _complete(learners)),
        rights=rights.of(visit, placement.version_id),
        needed=award_gate.needed(placement),
        waiting=_waiting(visit, placement, learners),
        given=given_meanwhile.listed(visit.db, placement),
        roster_changes=memberships.told(request.args),
        main_unit=_main_unit(mc, shown.wish.unit, launched, routes),
        routes=routes,
        letter=elements.letter,
        elective={code: _elective(mc, placement, code) for code in routes},
        trouble=_trouble(visit) if Route.LMS_ACTIVITY in routes.values() else [],
        address=address,
        **_table(visit, placement, shown),
    )


def _elective(mc: MicroCredential, placement: Placement, code: str) -> str:
    """Return what is to be said of a unit between which and others learners choose; "" for one
    that the definition needs."""
    choice, asked = mc.choice_of(code), electives.asked(placement)
    if choice is None:
        return ""
    if code in asked.left_out:
        return gettext("not offered in this course")
    if code in asked.needed:
        return gettext("needed in this course")
    return elements.choice_name(mc, mc.choices.index(choice))


def _main_unit(
    mc: MicroCredential, wanted: str, launched: str | None, routes: Mapping[str, Route]
) -> LearningUnit | None:
    """Return the unit to record results of: the one that is asked for, else the launched one or
    the first that a teacher records; None where there are only parts earned elsewhere."""
    if wanted:
        return mc.unit(wanted)
    recorded = [unit for unit in mc.units if routes[unit.code] is Route.ASSESSED] or mc.units
    here = [unit for unit in recorded if unit.code == launched]
    return next(iter([*here, *recorded]), None)


def _table(visit: Visit, placement: Placement, shown: Grid) -> dict[str, Any]:
    """Return what the table of learners and units is made of."""
    people = [one.person.id for one in shown.rows]
    mc, unit = catalogue.definition(placement.version), shown.wish.unit
    titles = {} if unit else parts.titles(visit.db, mc)
    return {
        "titles": titles,
        "stacked": {
            one.person.id: stacks.view(
                one.progress.stack, titles, one.parts.real, one.parts.lent, visit.now
            )
            for one in shown.rows
            if titles
        },
        "grid": shown,
        "columns": [one for one in mc.units if unit in ("", one.code)],
        "position": {one.code: number for number, one in enumerate(mc.units, start=1)},
        "earned": roster.earned(visit.db, visit.launch.course, people, placement.version),
        "here": narrowing.addresses("course", visit, placement, shown.wish, unit=unit or None),
        "narrowed": {**narrowing.query(shown.wish), "page": None},
        "stuck": {one.person.id: grid.stuck(one, visit.now) for one in shown.rows},
        "state": units.state,
        "own_marks": conditions.own_marks,
        "elsewhere": conditions.elsewhere,
    }


def _waiting(visit: Visit, placement: Placement, learners: list[Learner]) -> list[Waiting]:
    """Return whose award waits for a confirmation and was not declined."""
    found = confirming.waiting(visit.db, placement, learners)
    return [one for one in found if not one.is_declined]


def _trouble(visit: Visit) -> list[str]:
    course = visit.launch.course
    connection = moodle.of_platform(visit.db, course.platform_id)
    row = visit.db.get(CourseActivities, course.id)
    is_untold = lms_activities.looked(visit.db, course).untold > 0
    return activities.trouble(connection, row, is_untold=is_untold)


def _complete(learners: list[Learner]) -> dict[uuid.UUID, set[str]]:
    """Return the units that each learner has completed."""
    return {
        one.person.id: {unit.unit for unit in one.progress.units if unit.is_complete}
        for one in learners
    }
