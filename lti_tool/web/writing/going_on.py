"""What an author does after handing in: take it back, see what was published, go on with that."""

import uuid

from flask import redirect, request
from flask.typing import ResponseReturnValue

from lti_tool.errors import Conflict
from lti_tool.services.definitions import draft_kinds, drafts, lifecycle
from lti_tool.services.definitions.drafts import Kind
from lti_tool.web.errors import in_words, what_happened
from lti_tool.web.writing import views
from lti_tool.web.writing.seat import Seat


def take_back(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Go on with what was handed in; if it was decided meanwhile, show that."""
    draft = seat.own(draft_id)
    try:
        drafts.take_back(seat.db, draft, actor=seat.actor, now=seat.now)
    except Conflict as error:
        return views.check_page(seat, draft, what_happened(error)), error.status
    return redirect(seat.address("check_draft", draft, done="taken_back"), 303)


def turn(seat: Seat, draft_id: uuid.UUID) -> ResponseReturnValue:
    """Make a revision of the wording a new version, or a version with other words a revision."""
    draft = seat.own(draft_id)
    kind = Kind.EDITORIAL if request.form.get("kind") == Kind.EDITORIAL else Kind.VERSION
    try:
        draft_kinds.turn(seat.db, draft, kind, seat.now)
    except Conflict as error:
        return views.check_page(seat, draft, in_words(error)), error.status
    return redirect(seat.address("check_draft", draft, done="turned"), 303)


def go_on(seat: Seat, version_id: uuid.UUID) -> ResponseReturnValue:
    """Begin the next version of a published definition, or another wording of it."""
    found = lifecycle.find(seat.db, [one.id for one in seat.organisations], version_id)
    kind = Kind.EDITORIAL if request.form.get("kind") == Kind.EDITORIAL else Kind.VERSION
    writer = seat.writer(found.series.organisation_id)
    try:
        draft = drafts.start_from(seat.db, writer, found, kind, seat.now)
    except Conflict as error:
        return views.list_page(seat, what_happened(error)), error.status
    return redirect(seat.address("edit_draft", draft), 303)
