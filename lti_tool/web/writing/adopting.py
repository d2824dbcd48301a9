"""Begin a definition with another's: its address, a look at what it says, the draft."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from badges import adoption as rules
from lti_tool.errors import ToolError
from lti_tool.services.definitions import adoption
from lti_tool.services.definitions.adoption import Address, Source
from lti_tool.web.context import current_tool, public_url
from lti_tool.web.errors import in_words
from lti_tool.web.http import limits
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
    try:
        limits.count_asking()
    except ToolError as error:
        return exchange.import_page(seat, [in_words(error)]), error.status

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
        source=source,
        mc=source.mc,
        is_free=all(
            adoption.is_free(seat.db, one.id, source, public_url()) for one in seat.organisations
        ),
        has_picture=source.mc.artwork is not None and rules.may_adapt(source.mc.licence),
        problem=problem,
    )


def begin(seat: Seat) -> ResponseReturnValue | Afterwards:
    """Begin a draft with what was shown, which is looked up again: what a form brings back could
    name another's address over anybody's words."""
    try:
        address = Address.of(request.form.get("address", ""))
        found = adoption.here(seat.db, address, public_url())
    except ToolError as error:
        return exchange.import_page(seat, [in_words(error)]), error.status
    if found is not None:
        return _begun(seat, found)
    try:
        limits.count_asking()
    except ToolError as error:
        return exchange.import_page(seat, [in_words(error)]), error.status

    def ask() -> ResponseReturnValue:
        outbound = current_tool().outbound
        try:
            source = adoption.with_picture(outbound, adoption.fetch(outbound, address))
        except ToolError as error:
            with seat.again() as here:
                return exchange.import_page(here, [in_words(error)]), error.status
        with seat.again(writes=True) as here:
            return _begun(here, source)

    return Afterwards(ask)


def _begun(seat: Seat, source: Source) -> ResponseReturnValue:
    if request.form.get("shown") != source.digest:
        return _preview(seat, source, gettext("It was changed meanwhile. Look at it again.")), 409
    try:
        with seat.db.begin_nested():  # a refusal leaves nothing of it
            draft = adoption.begin(
                seat.db,
                seat.writer(seat.chosen_organisation()),
                source,
                public_url=public_url(),
                is_allowed="allowed" in request.form,
                now=seat.now,
            )
    except ToolError as error:
        return _preview(seat, source, in_words(error)), error.status
    return redirect(seat.address("check_draft", draft), 303)
