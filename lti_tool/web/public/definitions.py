"""Definitions of micro-credentials: a page for people, data for software, the emblem."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from badges import adoption, open_resource
from badges import definition as definitions
from badges.formats import open_badge_3
from badges.micro_credential import MicroCredential
from lti_tool import clock
from lti_tool.errors import Forbidden
from lti_tool.models import MicroCredentialVersion
from lti_tool.services.awarding import credentials, stacks
from lti_tool.services.definitions import artworks, catalogue, lifecycle
from lti_tool.web import badge_files
from lti_tool.web.context import public_url
from lti_tool.web.http import caching
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.i18n import language
from lti_tool.web.public import story
from lti_tool.web.public.blueprint import blueprint, document, reading

PICTURE_POLICY = "default-src 'none'; img-src data:; sandbox; frame-ancestors 'none'"
"""Opened by itself, a picture runs nothing and loads nothing."""

VERSION = "/definitions/<body>/<code>/<version>"


@blueprint.get("/definitions/<body>/<code>")
def series(body: str, code: str) -> ResponseReturnValue:
    """Show all versions of one micro-credential, newest first."""
    with reading() as db:
        versions = catalogue.versions_of(db, body, code)
        if wants_json():
            answer: ResponseReturnValue = document(_series(versions), "application/json")
        else:
            mc = catalogue.definition(versions[0])
            answer = render_template("public/series.html", versions=versions, mc=mc)
    return caching.cacheable(answer, caching.DEFINITION, varies=caching.PAGE_VARIES)


@blueprint.get(VERSION)
def version(body: str, code: str, version: str) -> ResponseReturnValue:
    """Show one version: the address that its badges name as `achievement.id`."""
    number = version.removesuffix(".json")
    with reading() as db:
        found = _find(db, body, code, number)
        if number != version or wants_json():
            answer: ResponseReturnValue = _licensed(
                document(_achievement(found)), catalogue.definition(found)
            )
        else:
            versions = catalogue.versions_of(db, body, code)
            answer = render_template(
                "public/definition.html",
                version=found,
                mc=catalogue.definition(found),
                newest=None if versions[0].id == found.id else versions[0],
                standing=lifecycle.standing(found, clock.now()),
                parts=stacks.titles(db, catalogue.definition(found)),
                story=story.of(db, found, versions),
                attribution=_attribution(found),
            )
    return caching.cacheable(answer, caching.DEFINITION, varies=caching.PAGE_VARIES)


@blueprint.get(f"{VERSION}/definition.json")
def definition(body: str, code: str, version: str) -> ResponseReturnValue:
    """Hand out everything the definition says, in all its languages."""
    with reading() as db:
        mc = catalogue.definition(_find(db, body, code, version))
    answer = _licensed(document(definitions.public(mc), "application/json"), mc)
    return caching.cacheable(answer, caching.DEFINITION)


@blueprint.get(f"{VERSION}/resource.jsonld")
def resource(body: str, code: str, version: str) -> ResponseReturnValue:
    """Hand out all of it as an open educational resource, picture included.

    Raises:
        Forbidden: `no_open_licence`.
    """
    with reading() as db:
        found = _find(db, body, code, version)
        mc = catalogue.definition(found)
        if not adoption.may_adapt(mc.licence):
            raise Forbidden("no_open_licence")
        content = open_resource.build(
            mc,
            catalogue.version_address(public_url(), found),
            artworks.packed(db, definitions.public(mc)),
            found.revised_at or found.published_at,
        )
    answer = _licensed(document(content), mc)
    name = re.sub(r"[^a-z0-9]+", "-", f"{body}-{code}-{found.version}".lower()).strip("-")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.jsonld"'
    return caching.cacheable(answer, caching.DEFINITION)


@blueprint.get(f"{VERSION}/history.json")
def history(body: str, code: str, version: str) -> ResponseReturnValue:
    """Hand out what happened to a version, and where each of its wordings is."""
    with reading() as db:
        found = _find(db, body, code, version)
        content, mc = story.as_json(db, found), catalogue.definition(found)
    answer = _licensed(document(content, "application/json"), mc)
    return caching.cacheable(answer, caching.DEFINITION)


@blueprint.get(f"{VERSION}/wordings/<number>.json")
def wording(body: str, code: str, version: str, number: str) -> ResponseReturnValue:
    """Hand out the definition as it was worded once."""
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    with reading() as db:
        found = catalogue.wording(db, _find(db, body, code, version), wanted)
    answer = _licensed(document(definitions.public(found.mc), "application/json"), found.mc)
    return caching.cacheable(answer, caching.DEFINITION)


@blueprint.get(f"{VERSION}/emblem.<any(png, svg):kind>", defaults={"is_test": False})
@blueprint.get(f"{VERSION}/emblem-test.<any(png, svg):kind>", defaults={"is_test": True})
def emblem(body: str, code: str, version: str, kind: str, is_test: bool) -> ResponseReturnValue:
    """Hand out the emblem; that of TEST badges says so across the picture."""
    with reading() as db:
        mc = catalogue.definition(_find(db, body, code, version))
        if kind == "png":
            image = Response(badge_files.emblem_png(db, mc, is_test=is_test), mimetype="image/png")
        else:
            drawing = badge_files.emblem_svg(db, mc, is_test=is_test)
            image = Response(drawing, mimetype="image/svg+xml")
    image.headers["Content-Security-Policy"] = PICTURE_POLICY
    return caching.cacheable(_licensed(image, mc), caching.ARTWORK)


@blueprint.get(f"{VERSION}/emblem-small.svg")
def small_emblem(body: str, code: str, version: str) -> ResponseReturnValue:
    """Hand out the emblem for lists of many."""
    with reading() as db:
        mc = catalogue.definition(_find(db, body, code, version))
        image = Response(badge_files.small_svg(db, mc), mimetype="image/svg+xml")
    image.headers["Content-Security-Policy"] = PICTURE_POLICY
    return caching.cacheable(_licensed(image, mc), caching.ARTWORK)


def _find(db: Any, body: str, code: str, version: str) -> MicroCredentialVersion:
    return catalogue.find(db, f"{body}/{code}/{version}")


def _licensed(answer: Response, mc: MicroCredential) -> Response:
    """Say the licence beside what has no place for it (RFC 8288, RFC 4946)."""
    if mc.licence:
        answer.headers.add("Link", f'<{mc.licence}>; rel="license"')
    return answer


def _attribution(version: MicroCredentialVersion) -> str:
    """Return the line that whoever uses it gives; "" where its licence lets nobody."""
    mc, uri = catalogue.definition(version), catalogue.version_address(public_url(), version)
    return open_resource.attribution(mc, uri, language()) if adoption.may_adapt(mc.licence) else ""


def _achievement(version: MicroCredentialVersion) -> dict[str, Any]:
    """Return the Achievement (Open Badges 3.0, section B.1) with the way to the full definition."""
    addresses = credentials.addresses(public_url(), version)
    mc = catalogue.definition(version)
    achievement = open_badge_3.achievement(mc, addresses, language())
    return {
        "@context": list(open_badge_3.CONTEXTS),
        **achievement,
        "related": [
            {"id": f"{addresses.version}/definition.json", "type": ["Related"]},
            {"id": f"{addresses.version}/history.json", "type": ["Related"]},
        ],
    }


def _series(versions: Sequence[MicroCredentialVersion]) -> dict[str, Any]:
    newest = credentials.addresses(public_url(), versions[0])
    return {
        "id": newest.series,
        "newest": newest.version,
        "versions": [
            {
                "id": credentials.addresses(public_url(), version).version,
                "version": version.version,
                "published": version.published_at.isoformat(timespec="seconds"),
            }
            for version in versions
        ],
    }
