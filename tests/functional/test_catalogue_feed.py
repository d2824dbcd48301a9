"""The catalogue for directories: JSON-LD that an independent processor understands whole."""

import gzip
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyld import jsonld

from badges import contexts, samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import MicroCredentialVersion
from tests.factories import catalogues
from tests.factories.courses import publish

FEED = "/catalogue.jsonld"
OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
SCHEMA = "https://schema.org/"


@pytest.fixture
def published(database: Database, app: Flask) -> None:
    with database.transaction() as db:
        for mc in samples.all():
            publish(db, mc, "https://badges.example", clock.now() - timedelta(hours=1))


def read(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/ld+json"
    content: dict[str, Any] = answer.json or {}
    onward = content["view"].get("next")
    assert answer.headers.get("Link") == (f'<{onward}>; rel="next"' if onward else None)
    return content


def walk(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while address:
        content = read(client, address)
        found += content["dataFeedElement"]
        onward = urlsplit(content["view"].get("next", ""))
        address = f"{onward.path}?{onward.query}" if onward.path else ""
    return found


def expanded(document: dict[str, Any]) -> Any:
    """Return what PyLD makes of it, with the bundled contexts only and nothing dropped."""

    def load(address: str, _: object) -> dict[str, Any]:
        content = {"@context": contexts.load(address)}
        return {"contextUrl": None, "documentUrl": address, "document": content}

    dropped: list[str] = []
    found = jsonld.expand(document, {"documentLoader": load}, on_property_dropped=dropped.append)
    assert dropped == []
    return found


def every_type(node: Any) -> set[str]:
    if isinstance(node, list):
        return {one for each in node for one in every_type(each)}
    if not isinstance(node, dict):
        return set()
    own = node.get("@type", [])
    return {*([own] if isinstance(own, str) else own)} | every_type(list(node.values()))


def test_every_term_is_understood_by_an_independent_processor(
    published: None, database: Database, client: FlaskClient
) -> None:
    with database.transaction() as db:
        for version in db.query(MicroCredentialVersion).limit(2):
            version.retired_at = clock.now() - timedelta(minutes=5)
    (feed,) = expanded(read(client, FEED))
    types = every_type(feed)
    assert {f"{SCHEMA}DataFeed", f"{SCHEMA}DataFeedItem", f"{OB}Achievement"} <= types
    assert all(one.startswith(("https://", "http://")) for one in types)
    items = feed[f"{SCHEMA}dataFeedElement"]
    achievements = [one for item in items for one in item.get(f"{SCHEMA}item", [])]
    assert len(items) == len(samples.all())
    assert len(achievements) == len(items) - 2
    assert all(f"{OB}creator" in one for one in achievements)
    titles = [one for item in items for one in item.get("http://purl.org/dc/terms/title", [])]
    assert {one["@language"] for one in titles} == {"en", "de", "uk"}


def test_software_that_asks_the_page_gets_the_feed(published: None, client: FlaskClient) -> None:
    asked = client.get("/catalogue", headers={"Accept": "application/ld+json"})
    assert asked.data == client.get(FEED).data
    assert "Accept" in asked.headers["Vary"]
    assert f'type="application/ld+json" href="{FEED}"' in client.get("/catalogue").text


def test_an_item_says_title_languages_and_licence_and_where_the_whole_is(
    published: None, client: FlaskClient
) -> None:
    items = {one["about"].rsplit("/", 1)[1]: one for one in walk(client, f"{FEED}?language=de")}
    mc = samples.welding()
    item = items[mc.code]
    assert item["title"] == mc.title.to_json()
    assert item["taughtIn"] == ["uk"]
    assert item["item"]["name"] == mc.title["de"]
    assert item["item"]["inLanguage"] == "de"
    assert item["item"]["creator"]["address"]["addressCountryCode"] == "UA"
    whole = client.get(urlsplit(item["item"]["related"][0]["id"]).path)
    assert (whole.json or {})["code"] == mc.code
    assert "target_groups" not in str(items)


def test_a_page_of_the_feed_travels_compressed(app: Flask, database: Database) -> None:
    catalogues.fill(database, 25, clock.now() - timedelta(hours=1))
    client = app.test_client()
    plain = client.get(FEED).data
    packed = client.get(FEED, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain
    assert len(packed.data) * 8 < len(plain)
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert client.get(FEED, headers=again).status_code == 304


def test_what_was_retired_is_a_tombstone(
    published: None, database: Database, client: FlaskClient
) -> None:
    with database.transaction() as db:
        for version in db.query(MicroCredentialVersion):
            if version.series.code == "BEM-S-WLD1":
                version.retired_at = clock.now() - timedelta(minutes=5)
    last = walk(client, FEED)[-1]
    assert last["about"].endswith("/BEM-S-WLD1")
    assert last["dateDeleted"] == last["dateModified"]
    assert "item" not in last
    changed = walk(client, f"{FEED}?modifiedSince={last['dateModified']}")
    assert [one["id"] for one in changed] == [last["id"]]


def test_a_client_walks_all_pages(app: Flask, database: Database, client: FlaskClient) -> None:
    catalogues.fill(database, 60, clock.now() - timedelta(hours=1))
    ids = [one["id"] for one in walk(client, f"{FEED}?language=de")]
    assert len(ids) == len(set(ids)) == 60
    first = read(client, FEED)
    assert len(first["dataFeedElement"]) == 25
    expanded(first)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("cursor=x", "malformed_cursor"),
        ("cursor=", "malformed_cursor"),
        ("cursor=%C3%A4%C3%B6", "malformed_cursor"),
        ("cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzowMCAw", "malformed_cursor"),
        ("modifiedSince=yesterday", "malformed_moment"),
        ("modifiedSince=0001-01-01T00:00:00%2B23:59", "malformed_moment"),
        ("modifiedSince=9999-12-31T23:59:59-12:00", "malformed_moment"),
        ("language=%22", "malformed_language"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(
    client: FlaskClient, query: str, code: str
) -> None:
    answer = client.get(f"{FEED}?{query}", headers={"Accept": "*/*"})
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert (answer.json or {})["code"] == code


@pytest.mark.parametrize(
    "since",
    ["2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00"],
)
def test_moments_are_understood_as_people_write_them(
    published: None, client: FlaskClient, since: str
) -> None:
    assert len(walk(client, f"{FEED}?modifiedSince={since}")) == len(samples.all())


def test_search_engines_find_what_is_on_offer(published: None, client: FlaskClient) -> None:
    robots = client.get("/robots.txt").text
    address = urlsplit(robots.rsplit("Sitemap: ", 1)[1].strip())
    tree = ElementTree.fromstring(client.get(address.path).data)
    pages = [
        one.text or "" for one in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert len(pages) == len(samples.all()) + 1
    for page in pages[:3]:
        assert client.get(urlsplit(page).path).status_code == 200
