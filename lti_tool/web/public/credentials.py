"""Badges that their holders made public; all others look as if they did not exist."""

import uuid

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.services.awarding import credentials
from lti_tool.services.definitions import catalogue
from lti_tool.web import badge_files, verification
from lti_tool.web.http import caching
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.public.blueprint import blueprint, reading
from lti_tool.web.public.definitions import PICTURE_POLICY

ADDRESS = "/credentials/<uuid:credential_id>"


@blueprint.get(ADDRESS)
def credential(credential_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is proven, by whom, and the checks as they come out at this moment."""
    now = clock.now()
    with reading() as db:
        found = credentials.find_public(db, credential_id)
        if wants_json():
            answer: ResponseReturnValue = _signed(found.document)
        else:
            answer = render_template(
                "public/credential.html",
                credential=found,
                summary=badge_files.summary(found),
                mc=catalogue.definition(found.award.version),
                report=verification.report(db, found, now),
                check_words=verification.words,
                now=now,
            )
    return caching.cacheable(answer, caching.ASK_EACH_TIME, varies=caching.PAGE_VARIES)


@blueprint.get(f"{ADDRESS}.json")
def credential_json(credential_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out the signed bytes as they are stored."""
    with reading() as db:
        found = credentials.find_public(db, credential_id)
        response = _signed(found.document)
        _name_file(response, badge_files.file_name(found, "json"))
    return caching.cacheable(response, caching.ASK_EACH_TIME)


@blueprint.get(f"{ADDRESS}.png")
def credential_png(credential_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out the emblem with the signed bytes in it."""
    with reading() as db:
        found = credentials.find_public(db, credential_id)
        response = caching.readable_anywhere(
            Response(badge_files.baked_png(found), mimetype="image/png")
        )
        _name_file(response, badge_files.file_name(found, "png"))
    return caching.cacheable(response, caching.ASK_EACH_TIME)


@blueprint.get(f"{ADDRESS}.svg")
def credential_svg(credential_id: uuid.UUID) -> ResponseReturnValue:
    """Hand out the emblem as SVG with the signed bytes in it."""
    with reading() as db:
        found = credentials.find_public(db, credential_id)
        response = caching.readable_anywhere(
            Response(badge_files.baked_svg(found), mimetype="image/svg+xml")
        )
        response.headers["Content-Security-Policy"] = PICTURE_POLICY
        _name_file(response, badge_files.file_name(found, "svg"))
    return caching.cacheable(response, caching.ASK_EACH_TIME)


def _signed(document: bytes) -> Response:
    return caching.readable_anywhere(Response(document, mimetype=badge_files.CREDENTIAL_TYPE))


def _name_file(response: Response, name: str) -> None:
    """Let `?download` save the file; without it, it is shown."""
    if "download" in request.args:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
