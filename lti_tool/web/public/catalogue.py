"""The catalogue: every micro-credential that a course may begin with, searched without login."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.services.definitions import catalogue, searching
from lti_tool.web import searching as asking
from lti_tool.web.http import caching
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.public import feed
from lti_tool.web.public.blueprint import blueprint, reading


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Lead whoever types the bare address to what is on offer."""
    return redirect(url_for("public.search"))


@blueprint.get("/definitions/")
def offer() -> ResponseReturnValue:
    """Lead on from the address that listed everything."""
    return redirect(url_for("public.search"), 301)


@blueprint.get("/catalogue")
def search() -> ResponseReturnValue:
    """Show one page of what is on offer: of every series the newest version; to software the feed,
    which knows no filters."""
    if wants_json():
        return feed.answer()
    wanted = asking.wanted(request.args)
    with reading() as db:
        on_offer = searching.on_offer(clock.now())
        found = searching.search(db, wanted, on_offer, asking.page(request.args))
        page = render_template(
            "public/catalogue.html",
            wanted=wanted,
            misread=asking.misread(request.args),
            found=found,
            choices=asking.choices(searching.filters(db, on_offer), wanted),
            entries=[(one, catalogue.definition(one)) for one in found.versions],
            here=asking.addresses(url_for("public.search"), wanted),
        )
    return caching.cacheable(page, caching.CATALOGUE, varies=caching.PAGE_VARIES)
