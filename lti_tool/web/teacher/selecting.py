"""Choose what new links of the course shall stand for, and send the choice back to the LMS.

Deep Linking 2.0, section 4: these pages lie between the platform's request and our response.
"""

import uuid
from dataclasses import dataclass, replace

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from badges.micro_credential import LearningUnit, MicroCredential
from lti_tool.errors import ToolError
from lti_tool.lti.deep_linking import Link
from lti_tool.lti.origins import origin
from lti_tool.models import MicroCredentialVersion
from lti_tool.services.courses import deep_linking, placements
from lti_tool.services.courses.deep_linking import OVERVIEW, Asked, Choice, Columns, Words
from lti_tool.services.definitions import catalogue, versions
from lti_tool.web import lti
from lti_tool.web.context import current_tool
from lti_tool.web.http import security
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import searching
from lti_tool.web.teacher.blueprint import blueprint
from lti_tool.web.teacher.choosing import version_of
from lti_tool.web.words.wording import best


@dataclass(frozen=True, slots=True)
class Ticked:
    """What the form shows as chosen."""

    units: frozenset[str]
    columns: Columns


@blueprint.get("/select")
@visiting(teacher=True, selects=True)
def select(visit: Visit) -> ResponseReturnValue:
    """Search the catalogue; what the course already offers comes first."""
    _asked(visit)
    course = visit.launch.given_course
    found = searching.search(visit, course, request.args, one_of_each=True)

    def address(version: MicroCredentialVersion) -> str:
        return url_for("teacher.select_units", launch_id=visit.launch.id, version_id=version.id)

    return render_template("teacher/select.html", visit=visit, found=found, address=address)


@blueprint.get("/select/<uuid:version_id>")
@visiting(teacher=True, selects=True)
def select_units(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Offer everything ticked; `?tick=none` nothing; the overview where one link is taken."""
    version, asked = version_of(visit, version_id), _asked(visit)
    units = placements.offered_units(visit.db, visit.launch.given_course, version)
    chosen = {OVERVIEW, *(unit.code for unit in units)} if asked.accept_multiple else {OVERVIEW}
    if request.args.get("tick") == "none":
        chosen = set()
    return _page(visit, version, asked, Ticked(frozenset(chosen), Columns.WHOLE))


@blueprint.post("/select/<uuid:version_id>")
@visiting(teacher=True, writes=True, selects=True)
def answer(visit: Visit, version_id: uuid.UUID) -> ResponseReturnValue:
    """Answer the request with what is ticked, once."""
    version, asked = version_of(visit, version_id), _asked(visit)
    ticked = _read_form()
    units = placements.offered_units(visit.db, visit.launch.given_course, version)
    if not units:  # it is made of others alone, and has one link, whatever is ticked
        ticked = replace(ticked, units=frozenset({OVERVIEW}))
    if unknown := ticked.units - {OVERVIEW, *(unit.code for unit in units)}:
        raise ToolError("unknown_unit", unit=min(unknown))
    if not ticked.units:
        return _page(visit, version, asked, ticked, problem=True), 400
    links = deep_linking.links(
        Choice(version=version, units=tuple(ticked.units), columns=ticked.columns),
        asked,
        course=visit.launch.given_course,
        launch_url=lti.launch_url(visit.launch.registration_id),
        say=_words,
    )
    if visit.launch.given_course is not None:
        versions.select(visit.db, visit.launch.given_course.id, version, visit.now)
    message = ngettext("%(num)d activity chosen.", "%(num)d activities chosen.", len(links))
    return _send_back(visit, links, message)


@blueprint.post("/select/cancel")
@visiting(teacher=True, writes=True, selects=True)
def cancel_selection(visit: Visit) -> ResponseReturnValue:
    """Answer the request with nothing: the LMS then adds nothing."""
    return _send_back(visit, [], None)


def _asked(visit: Visit) -> Asked:
    return deep_linking.asked(visit.launch, current_tool().encryption)


def _read_form() -> Ticked:
    try:
        columns = Columns(request.form.get("columns", Columns.NONE))
    except ValueError as error:
        raise ToolError("wrong_kind") from error
    return Ticked(frozenset(request.form.getlist("unit")), columns)


def _page(
    visit: Visit,
    version: MicroCredentialVersion,
    asked: Asked,
    ticked: Ticked,
    *,
    problem: bool = False,
) -> str:
    units = placements.offered_units(visit.db, visit.launch.given_course, version)
    return render_template(
        "teacher/select_units.html",
        visit=visit,
        version=version,
        mc=catalogue.definition(version),
        units=units,
        asked=asked,
        ticked=ticked,
        problem=problem,
        whole=deep_linking.WHOLE_MAXIMUM,
        all_units=deep_linking.sum_of_columns(units),
    )


def _send_back(visit: Visit, links: list[Link], message: str | None) -> Response:
    """Return a page whose form posts the signed message to the platform.

    It goes by itself where scripts run, else by its button, and nowhere but to the platform.
    """
    made = deep_linking.answer(
        visit.db,
        visit.launch,
        links,
        encryption=current_tool().encryption,
        now=visit.now,
        message=message,
    )
    target = origin(made.return_url)
    assert target is not None  # the launch was refused otherwise
    security.send_forms_to(target)
    return Response(
        render_template("teacher/answer.html", visit=visit, answer=made, count=len(links))
    )


def _words(mc: MicroCredential, unit: LearningUnit | None) -> Words:
    title = best(mc.title)
    if unit is None:
        return Words(
            gettext("%(title)s: overview and badge", title=title),
            gettext("See where you stand in “%(title)s” and claim your badge.", title=title),
        )
    position = [one.code for one in mc.units].index(unit.code) + 1
    text = gettext(
        "Unit %(number)s of %(total)s of “%(title)s”.",
        number=position,
        total=len(mc.units),
        title=title,
    )
    return Words(best(unit.title), text)
