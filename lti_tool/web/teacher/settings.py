"""What the teacher sets for the micro-credential in this course, on one page."""

import uuid
from datetime import date

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from badges.choices import Asked
from badges.micro_credential import MicroCredential
from lti_tool.errors import Forbidden, ToolError
from lti_tool.models import Placement
from lti_tool.services.awarding import award_gate
from lti_tool.services.completing import assessors, course_dates
from lti_tool.services.completing.course_dates import Dates
from lti_tool.services.courses import confirming, course_settings, placements
from lti_tool.services.courses.course_settings import CourseSettings
from lti_tool.services.definitions import catalogue
from lti_tool.web.errors import what_happened
from lti_tool.web.i18n import LANGUAGES
from lti_tool.web.i18n import language as page_language
from lti_tool.web.launch_session import Visit, visiting
from lti_tool.web.teacher import rights, setting_changes
from lti_tool.web.teacher.blueprint import address, blueprint, chosen_placement
from lti_tool.web.teacher.setting_changes import LEFT_OUT, NEEDED, Moved
from lti_tool.web.words import time_zones

_CHOSEN = {
    "assessors": {"", "all", "named"},
    "proposes_name": {"", "yes", "no"},
    "offers_email": {"", "1"},
    "assistants_lead": {"", "1"},
}
"""What each of these fields may say; nothing: what it begins with."""


@blueprint.get("/course/settings")
@visiting(teacher=True)
def settings(visit: Visit) -> ResponseReturnValue:
    placement = chosen_placement(visit)
    return _page(visit, placement, _filled(course_settings.of(visit.db, placement)))


@blueprint.post("/course/settings")
@visiting(teacher=True, writes=True)
def save_settings(visit: Visit) -> ResponseReturnValue:
    """Keep what was set, all of it or nothing; what another window set meanwhile is shown first."""
    placement = chosen_placement(visit)
    mc = catalogue.definition(placement.version)
    try:
        wished = _read(mc, request.form)
        if moved := _moved(visit, placement, wished):
            return _page(visit, placement, moved.form, moved=moved), 409
        course_settings.change(visit.db, placement, wished, by=visit.launch.person, now=visit.now)
    except ToolError as error:
        if isinstance(error, Forbidden):
            raise
        return _page(visit, placement, request.form, what_happened(error)), error.status
    return redirect(address("settings", visit, placement, done="settings"), 303)


def _moved(visit: Visit, placement: Placement, wished: CourseSettings) -> Moved | None:
    """Return what was set since the page was made, where saving it would undo that."""
    seen = request.form.get("seen")
    if not seen or _refusal(visit, placement):
        return None
    course_id, person_id = placement.course_id, visit.launch.person_id
    is_assistant = assessors.is_assistant(visit.db, course_id, person_id)
    return setting_changes.compare(
        seen,
        _filled(course_settings.held(visit.db, placement)),
        _filled(wished),
        catalogue.definition(placement.version),
        assessors.teachers(visit.db, visit.launch.course),
        passed_over=frozenset({"assistants_lead"} if is_assistant else ()),
    )


def _read(mc: MicroCredential, form: "MultiDict[str, str]") -> CourseSettings:
    """Return what the form says.

    Raises:
        ToolError: `wrong_setting`, `wrong_day`, `unknown_teacher`.
    """
    count, language = form.get("confirmations", ""), form.get("language", "")
    if count not in {"0", "1", "2"} or language not in {"", *_languages(mc)}:
        raise ToolError("wrong_setting")
    if any(form.get(name, "") not in known for name, known in _CHOSEN.items()):
        raise ToolError("wrong_setting")
    units = {unit.code: _dates(form, f"-{unit.code}") for unit in mc.units}
    chosen = form.getlist("assessor") if form.get("assessors") == "named" else []
    if form.get("assessors") == "named" and not chosen:
        raise ToolError("unknown_teacher")
    return CourseSettings(
        confirmations=int(count),
        dates=_dates(form, ""),
        units={code: dates for code, dates in units.items() if dates != Dates()},
        assessors=frozenset(_id(one) for one in chosen),
        language=language or None,
        proposes_name=form.get("proposes_name") != "no",
        offers_email=form.get("offers_email") == "1",
        asked=_asked(mc, form),
        assistants_lead=form.get("assistants_lead") == "1",
        time_zone=form.get("time_zone") or None,
    )


def _asked(mc: MicroCredential, form: "MultiDict[str, str]") -> Asked:
    """Return what the form asks for of each choice of units; untouched, what the definition does.

    Raises:
        ToolError: `wrong_setting`.
    """
    said = {
        code: form.get(f"elective-{code}", "") for choice in mc.choices for code in choice.units
    }
    if not {"", NEEDED, LEFT_OUT}.issuperset(said.values()):
        raise ToolError("wrong_setting")
    counts = {}
    for position, choice in enumerate(mc.choices):
        text = form.get(f"count-{position}", str(choice.count))
        if text not in {str(number) for number in range(choice.count, len(choice.units) + 1)}:
            raise ToolError("wrong_setting")
        if int(text) > choice.count:
            counts[position] = int(text)
    return Asked(
        needed=frozenset(code for code, one in said.items() if one == NEEDED),
        counts=counts,
        left_out=frozenset(code for code, one in said.items() if one == LEFT_OUT),
    )


def _dates(form: "MultiDict[str, str]", suffix: str) -> Dates:
    return Dates(_day(form, f"opens{suffix}"), _day(form, f"due{suffix}"))


def _day(form: "MultiDict[str, str]", name: str) -> date | None:
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ToolError("wrong_day") from error


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ToolError("unknown_teacher") from error


def _filled(known: CourseSettings) -> "MultiDict[str, str]":
    """Return the form as it stands for these settings."""
    form = MultiDict(
        [
            ("confirmations", str(known.confirmations)),
            ("assessors", "named" if known.assessors else "all"),
            ("language", known.language or ""),
            ("proposes_name", "yes" if known.proposes_name else "no"),
            ("offers_email", "1" if known.offers_email else ""),
            ("assistants_lead", "1" if known.assistants_lead else ""),
            ("time_zone", known.time_zone or ""),
            *(("assessor", str(one)) for one in known.assessors),
            *((f"elective-{code}", NEEDED) for code in known.asked.needed),
            *((f"elective-{code}", LEFT_OUT) for code in known.asked.left_out),
            *((f"count-{position}", str(one)) for position, one in known.asked.counts.items()),
        ]
    )
    units = ((f"-{code}", dates) for code, dates in known.units.items())
    for suffix, dates in (("", known.dates), *units):
        form[f"opens{suffix}"] = dates.opens_on.isoformat() if dates.opens_on else ""
        form[f"due{suffix}"] = dates.due_on.isoformat() if dates.due_on else ""
    return form


def _languages(mc: MicroCredential) -> list[str]:
    """Return the languages that the pages or the texts of the badge have."""
    return list(dict.fromkeys((*LANGUAGES, *mc.text_languages)))


def _refusal(visit: Visit, placement: Placement) -> str:
    """Return why this person cannot change the settings, as a code; "": they can."""
    try:
        assessors.check_sets(visit.db, placement, visit.launch.person_id, visit.now)
    except Forbidden as error:
        return error.code
    return ""


def _page(
    visit: Visit,
    placement: Placement,
    form: "MultiDict[str, str]",
    problem: str = "",
    moved: Moved | None = None,
) -> str:
    known = setting_changes.packed(_filled(course_settings.of(visit.db, placement)))
    mc = catalogue.definition(placement.version)
    return render_template(
        "teacher/settings.html",
        visit=visit,
        placement=placement,
        mc=mc,
        form=form,
        demanded=award_gate.demanded(placement.version),
        has_unit_dates=any(
            form.get(f"{name}-{unit.code}") for unit in mc.units for name in ("opens", "due")
        ),
        routes={unit.code: placements.route_of(placement, unit.code) for unit in mc.units},
        teachers=assessors.teachers(visit.db, visit.launch.course),
        has_too_few=confirming.has_too_few(visit.db, placement, visit.now),
        deciders=assessors.deciders(visit.db, visit.launch.course, placement.version_id, visit.now),
        is_assistant=assessors.is_assistant(visit.db, placement.course_id, visit.launch.person_id),
        refusal=_refusal(visit, placement),
        rights=rights.of(visit, placement.version_id),
        course_languages=_languages(mc),
        zone=course_dates.zone(placement.course),
        zones=time_zones.choices(page_language()),
        has_versions=len(placement.version.series.versions) > 1,
        problem=problem,
        moved=moved,
        seen=known if moved else request.form.get("seen", known),
        address=address,
    )
