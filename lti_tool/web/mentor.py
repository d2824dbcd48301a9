"""The page behind a mentor's one-time link: who asks what about whom, and a button.

Opening a link changes nothing, because programs that look through mail open links too.
"""

import structlog
from flask import Blueprint, Response, g, make_response, render_template, request

from lti_tool import clock
from lti_tool.errors import ToolError
from lti_tool.models import MentorLink
from lti_tool.services.completing import course_dates, mentors
from lti_tool.services.completing.mentors import Given
from lti_tool.services.definitions import catalogue
from lti_tool.web.account_session import Stranger
from lti_tool.web.context import current_tool
from lti_tool.web.errors import in_words, what_happened
from lti_tool.web.http import security, uploads

blueprint = Blueprint(security.MENTOR_BLUEPRINT, __name__, url_prefix="/confirm")

log = structlog.get_logger(__name__)


@blueprint.after_request
def keep_nothing(response: Response) -> Response:
    response.cache_control.no_store = True
    return response


@blueprint.get("/<token>")
def page(token: str) -> Response:
    with current_tool().database.transaction(read_only=True) as db:
        return _page(mentors.find(db, token, clock.now()))


@blueprint.post("/<token>")
@uploads.taking
def confirm(token: str) -> Response:
    """Sign off what was ticked; the link is used up then, and only then."""
    try:
        with current_tool().database.transaction(read_only=True) as db:
            mentors.find(db, token, clock.now())
        files = uploads.read()  # between two transactions: it may take a while
        if files.problem:
            with current_tool().database.transaction(read_only=True) as db:
                return _page(mentors.find(db, token, clock.now()), files.problem, 400)
        with current_tool().database.transaction() as db:
            link = mentors.confirm(
                db,
                token,
                request.form.getlist("unit"),
                name=request.form.get("name", ""),
                given=Given(
                    request.form.get("evidence", ""), request.form.get("link"), files.documents
                ),
                keeping=current_tool().keeping,
                now=clock.now(),
            )
            shown = render_template("mentor/done.html", link=link)
    except ToolError as error:
        return _refused(token, error)
    log.info("mentor_confirmed", mentor_link_id=str(link.id))
    return make_response(shown)


def _refused(token: str, error: ToolError) -> Response:
    """Show the form again with what was typed; where the link is over, what was typed alone."""
    try:
        with current_tool().database.transaction(read_only=True) as db:
            link = mentors.find(db, token, clock.now())
            response = _page(link, what_happened(error), error.status)
    except ToolError:
        shown = render_template("mentor/over.html", problem=in_words(error), form=request.form)
        response = make_response(shown, error.status)
    log.info("mentor_refused", code=error.code, status=error.status)
    return response


def _page(link: MentorLink, problem: str = "", status: int = 200) -> Response:
    stranger = Stranger.here(security.MENTOR_BLUEPRINT)
    mc, zone = catalogue.definition(link.version), course_dates.zone(link.course)
    g.zone_of_course = lambda: zone  # as on the pages of the teacher who asks
    shown = render_template(
        "mentor/page.html",
        visit=stranger,
        link=link,
        mc=mc,
        units=[mc.unit(code) for code in link.unit_codes],
        form=request.form,
        problem=problem,
    )
    return stranger.keep(make_response(shown, status))
