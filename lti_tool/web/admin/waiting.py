"""What waits for the person who signed in, said on each of their pages."""

from dataclasses import dataclass

from flask import Response, g, request
from flask_babel import ngettext

from lti_tool import clock
from lti_tool.services.notices import waiting
from lti_tool.services.notices.waiting import Kind
from lti_tool.web.account_session import AccountVisit
from lti_tool.web.admin.blueprint import blueprint
from lti_tool.web.context import current_tool
from lti_tool.web.words.waiting import phrase

ENDPOINTS = {
    Kind.REVIEWS: "admin.review_list",
    Kind.SAMPLES: "admin.review_list",
    Kind.APPLICATIONS: "admin.prior_learning_list",
    Kind.AWARDS: "admin.awards_to_decide",
    Kind.RETURNED: "admin.drafts",
    Kind.PUBLISHED: "admin.drafts",
    Kind.OVERDUE: "admin.definitions",
    Kind.DUE: "admin.definitions",
}


@dataclass(frozen=True, slots=True)
class Notice:
    kind: Kind
    endpoint: str
    words: str


@blueprint.context_processor
def notices() -> dict[str, object]:
    return {"waiting_for": waiting_for}


def waiting_for(visit: AccountVisit) -> list[Notice]:
    """Return what waits elsewhere than on the page at hand; nothing on one that is written after
    its transaction has ended."""
    if not visit.db.in_transaction():
        return []
    found = waiting.of(visit.db, visit.account, visit.access, visit.now)
    g.has_news = any(one.kind is Kind.PUBLISHED for one in found)
    return [
        Notice(one.kind, ENDPOINTS[one.kind], phrase(one.kind, len(one.items), ngettext))
        for one in found
        if ENDPOINTS[one.kind] != request.endpoint
    ]


@blueprint.after_request
def keep_seen(response: Response) -> Response:
    """Keep that an author has looked at the list that shows what was published of theirs."""
    if request.endpoint == ENDPOINTS[Kind.PUBLISHED] and g.get("has_news"):
        with current_tool().database.transaction() as db:
            waiting.have_seen(db, g.account_visit.session.account_id, clock.now())
    return response
