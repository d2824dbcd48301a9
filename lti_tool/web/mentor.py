"""The page behind a mentor's one-time link: who asks what about whom, and a button.

Opening a link changes nothing, because programs that look through mail open links too.
"""

import structlog
from flask import Blueprint, Response, make_response, render_template, request

from lti_tool import clock
from lti_tool.errors import ToolError
from lti_tool.models import MentorLink
from lti_tool.services import catalogue, mentors
from lti_tool.services.mentors import Given
from lti_tool.web import security, uploads
from lti_tool.web.account_session import Stranger
from lti_tool.web.context import current_tool
from lti_tool.web.errors import what_happened
from lti_tool.web.evidence_sentences import EVIDENCE

blueprint = Blueprint(security.MENTOR_BLUEPRINT, __name__, url_prefix="/confirm")

ON_THE_PAGE = frozenset(
    {"mentor_units_missing", "mentor_name_missing", "evidence_too_long", *EVIDENCE}
)

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
    with current_tool().database.transaction(read_only=True) as db:
        link = mentors.find(db, token, clock.now())
        files = uploads.read()
        if files.problem:
            response = _page(link, files.problem)
            response.status_code = 400
            return response
    try:
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
        if error.code not in ON_THE_PAGE:
            raise
        with current_tool().database.transaction(read_only=True) as db:
            response = _page(mentors.find(db, token, clock.now()), what_happened(error))
        response.status_code = error.status
        return response
    log.info("mentor_confirmed", mentor_link_id=str(link.id))
    return make_response(shown)


def _page(link: MentorLink, problem: str = "") -> Response:
    stranger = Stranger.here(security.MENTOR_BLUEPRINT)
    mc = catalogue.definition(link.version)
    shown = render_template(
        "mentor/page.html",
        visit=stranger,
        link=link,
        mc=mc,
        units=[mc.unit(code) for code in link.unit_codes],
        form=request.form,
        problem=problem,
    )
    return stranger.keep(make_response(shown))
