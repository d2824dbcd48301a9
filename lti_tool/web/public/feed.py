"""The catalogue for directories: JSON-LD with paging, tombstones, and what changed since a moment.

A DataFeed of schema.org whose items hold Open Badges 3.0 achievements (section B.1); the pages are
those of a Hydra collection. Every term is defined in the bundled contexts or in `TERMS`.
"""

import base64
import binascii
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from badges.formats import open_badge_3
from badges.issuer import did_for
from badges.text import InvalidText, language_tag
from lti_tool import clock
from lti_tool.errors import ToolError
from lti_tool.services.awarding import credentials
from lti_tool.services.definitions import catalogue, feed
from lti_tool.services.definitions.feed import Item, Place
from lti_tool.web.context import public_url
from lti_tool.web.http import caching, compression
from lti_tool.web.public.blueprint import blueprint, document, reading

SCHEMA = "https://schema.org/"
HYDRA = "http://www.w3.org/ns/hydra/core#"
DUBLIN_CORE = "http://purl.org/dc/terms/"
_MOMENT = "http://www.w3.org/2001/XMLSchema#dateTime"
TERMS = {
    "DataFeed": f"{SCHEMA}DataFeed",
    "DataFeedItem": f"{SCHEMA}DataFeedItem",
    "PartialCollectionView": f"{HYDRA}PartialCollectionView",
    "dataFeedElement": {"@id": f"{SCHEMA}dataFeedElement", "@container": "@set"},
    "item": f"{SCHEMA}item",
    "about": {"@id": f"{SCHEMA}about", "@type": "@id"},
    "dateModified": {"@id": f"{SCHEMA}dateModified", "@type": _MOMENT},
    "dateDeleted": {"@id": f"{SCHEMA}dateDeleted", "@type": _MOMENT},
    "view": f"{HYDRA}view",
    "first": {"@id": f"{HYDRA}first", "@type": "@id"},
    "next": {"@id": f"{HYDRA}next", "@type": "@id"},
    "title": {"@id": f"{DUBLIN_CORE}title", "@container": "@language"},
    "abstract": {"@id": f"{DUBLIN_CORE}abstract", "@container": "@language"},
    "licence": {"@id": f"{DUBLIN_CORE}license", "@type": "@id"},
    "textLanguage": {"@id": f"{DUBLIN_CORE}language", "@container": "@set"},
    "taughtIn": {"@id": f"{SCHEMA}availableLanguage", "@container": "@set"},
}


@blueprint.get("/catalogue.jsonld")
def listed() -> ResponseReturnValue:
    """Hand out one page of the feed."""
    return answer()


def answer() -> Response:
    """Return the page that the arguments of the request ask for.

    Raises:
        ToolError: `malformed_cursor`, `malformed_moment`, `malformed_language`.
    """
    language, since = _language(), _since()
    with reading() as db:
        found = feed.page(db, clock.now(), after=_after(), since=since)
        kept = {"language": language} if language else {}
        onward = {"cursor": _cursor(found.onward), **kept} if found.onward else None
        elements = [_element(one, language or "en") for one in found.items]
        content = {
            "@context": [*open_badge_3.CONTEXTS, TERMS],
            "id": _address({}),
            "type": "DataFeed",
            "view": {
                "id": _address(request.args.to_dict()),
                "type": "PartialCollectionView",
                "first": _address(kept),
                **({"next": _address(onward)} if onward else {}),
            },
            "dataFeedElement": elements,
        }
    response = compression.compress(document(content))
    if onward:
        response.headers["Link"] = f'<{_address(onward)}>; rel="next"'
    return caching.cacheable(response, caching.CATALOGUE, varies=("Accept",))


@blueprint.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """Name the pages of everything on offer to search engines (sitemaps.org)."""
    with reading() as db:
        found = feed.on_offer(db, clock.now())
    page = render_template("public/sitemap.xml", entries=found, public_url=public_url())
    return caching.cacheable(Response(page, mimetype="application/xml"), caching.CATALOGUE)


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Lead search engines to the sitemap, and away from what opens to nobody who searches."""
    away = "".join(f"Disallow: {path}\n" for path in ("/admin", "/launches/", "/lti/"))
    text = f"User-agent: *\n{away}Sitemap: {public_url()}/sitemap.xml\n"
    return caching.cacheable(Response(text, mimetype="text/plain"), caching.ARTWORK)


def _element(item: Item, language: str) -> dict[str, Any]:
    body, code = item.series.organisation, item.series.code
    series = f"{public_url()}/definitions/{body.slug}/{code}"
    shared = {
        "id": f"{series}#catalogue",
        "type": "DataFeedItem",
        "about": series,
        "dateModified": _stamp(item.at),
    }
    if item.version is None:
        return shared | {"dateDeleted": _stamp(item.at)}
    mc = catalogue.definition(item.version)
    addresses = credentials.addresses(public_url(), item.version)
    creator = {
        "id": did_for(public_url(), body.slug),
        "type": ["Profile"],
        "name": mc.awarding_body.name.best(language),
        "url": f"{public_url()}/issuers/{body.slug}",
        "address": {"type": ["Address"], "addressCountryCode": mc.awarding_body.country},
    }
    achievement = open_badge_3.achievement(mc, addresses, language)
    return {
        **shared,
        "title": mc.title.to_json(),
        "abstract": mc.description.to_json(),
        "textLanguage": list(mc.text_languages),
        **({"taughtIn": list(mc.languages)} if mc.languages else {}),
        **({"licence": mc.licence} if mc.licence else {}),
        "item": {
            **achievement,
            "creator": creator,
            "related": [{"id": f"{addresses.version}/definition.json", "type": ["Related"]}],
        },
    }


def _address(arguments: dict[str, str]) -> str:
    asked = f"?{urlencode(arguments)}" if arguments else ""
    return f"{public_url()}/catalogue.jsonld{asked}"


def _stamp(moment: datetime) -> str:
    """To the second, cut: whoever asks from then on loses nothing."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _cursor(place: Place) -> str:
    text = f"{place.at.astimezone(UTC).isoformat()} {place.series_id.hex}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after() -> Place | None:
    told = request.args.get("cursor")
    if told is None:
        return None
    try:
        text = base64.urlsafe_b64decode(told[:200] + "==").decode("ascii")
        moment, series_id = text.split(" ")
        return Place(_aware(moment), uuid.UUID(series_id))
    except (ValueError, binascii.Error) as error:
        raise ToolError("malformed_cursor") from error


def _since() -> datetime | None:
    told = request.args.get("modifiedSince")
    if told is None:
        return None
    try:
        return _aware(told[:40].replace(" ", "+"))
    except ValueError as error:
        raise ToolError("malformed_moment") from error


def _aware(text: str) -> datetime:
    """Return a moment of ISO 8601; without a zone it is UTC.

    Raises:
        ValueError: it is none, or outside what a database keeps.
    """
    found = datetime.fromisoformat(text)
    moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    return in_utc


def _language() -> str:
    """Return the language that the achievements are asked for in; "" for none."""
    told = request.args.get("language", "")
    try:
        return language_tag(told) if told else ""
    except InvalidText as error:
        raise ToolError("malformed_language") from error
