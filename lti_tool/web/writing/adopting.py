"""Begin a definition with another's: its address, a look at what it says, the draft."""

from flask import json, redirect, render_template, request
from flask.typing import ResponseReturnValue

from badges import definition as definitions
from badges.definition import InvalidDefinition
from lti_tool.errors import ToolError
from lti_tool.services.definitions import adoption
from lti_tool.services.definitions.adoption import Address, Source
from lti_tool.web.context import current_tool, public_url
from lti_tool.web.errors import in_words
from lti_tool.web.launch_session import Afterwards
from lti_tool.web.writing import exchange
from lti_tool.web.writing.seat import Seat


def look_up(seat: Seat) -> ResponseReturnValue | Afterwards:
    """Show what is at an address; another server is asked once the transaction has ended."""
    try:
        address = Address.of(request.form.get("address", ""))
        found = adoption.here(seat.db, address, public_url())
    except ToolError as error:
        return exchange.import_page(seat, [in_words(error)]), error.status
    if found is not None:
        return _preview(seat, found)

    def ask() -> ResponseReturnValue:
        try:
            source = adoption.fetch(current_tool().outbound, address)
        except ToolError as error:
            with seat.again() as here:
                return exchange.import_page(here, [in_words(error)]), error.status
        with seat.again() as here:
            return _preview(here, source)

    return Afterwards(ask)


def _preview(seat: Seat, source: Source, problem: str = "") -> str:
    return render_template(
        "writing/adopt.html",
        visit=seat.visit,
        seat=seat,
        mc=source.mc,
        uri=source.uri,
        is_free=all(
            adoption.is_free(seat.db, one.id, source, public_url()) for one in seat.organisations
        ),
        content=json.dumps(definitions.public(source.mc), ensure_ascii=False),
        problem=problem,
    )


def begin(seat: Seat) -> ResponseReturnValue:
    """Begin a draft with what was shown, which the form brings back."""
    try:
        mc = definitions.loads(request.form.get("definition", ""))
        source = Source(mc, Address.of(request.form.get("address", "")).uri)
    except (InvalidDefinition, ToolError):
        problem = in_words(ToolError("no_definition_address"))
        return exchange.import_page(seat, [problem]), 400
    is_allowed = "allowed" in request.form
    try:
        with seat.db.begin_nested():  # a refusal leaves nothing of it
            draft = adoption.begin(
                seat.db,
                seat.writer(seat.chosen_organisation()),
                source,
                public_url=public_url(),
                is_allowed=is_allowed,
                now=seat.now,
            )
    except ToolError as error:
        return _preview(seat, source, in_words(error)), error.status
    return redirect(seat.address("check_draft", draft), 303)
