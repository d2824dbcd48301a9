"""A definition as an open educational resource: one file with all of it, taken elsewhere."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyld import jsonld

from badges import definition as definitions
from badges import picture as pictures
from badges import samples
from badges.micro_credential import Artwork, EqfLevel, LevelBasis, Origin
from badges.text import Text
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, DefinitionDraft, StoredArtwork
from lti_tool.services.definitions import artworks
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing_exchange import upload

BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"
SCHEMA = "https://schema.org/"
SUN = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">
<circle cx="4" cy="4" r="4" fill="#fd3"/></svg>"""
ORIGIN = Origin(
    uri="https://other.example/definitions/b/C/1",
    title=Text({"en": "The first one"}),
    awarding_body=Text({"en": "Other school"}),
    licence="https://creativecommons.org/licenses/by/4.0/",
)
MC = replace(
    samples.welding(),
    version="2.0",
    licence=BY_SA,
    derived_from=ORIGIN,
    eqf_level=EqfLevel(level=3, basis=LevelBasis.INDICATIVE),
)
PATH = f"/definitions/{MC.awarding_body.slug}/{MC.code}/2.0"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    visits.school.tick(days=0, minutes=5)
    with visits.school.transaction() as db:
        digest = artworks.keep(db, pictures.clean(SUN), visits.school.now)
    visits.school.publish(replace(MC, artwork=Artwork(digest=digest, alt=Text({"en": "a sun"}))))
    return visits.open("olha", teacher=True)


def download(client: FlaskClient, path: str = PATH) -> dict[str, Any]:
    answer = client.get(f"{path}/resource.jsonld")
    assert answer.status_code == 200
    assert answer.mimetype == "application/ld+json"
    assert f'<{BY_SA}>; rel="license"' in answer.headers.getlist("Link")
    found: dict[str, Any] = json.loads(answer.data)
    return found


def bring(teacher: Visit, document: dict[str, Any]) -> Page:
    return upload(teacher.get("drafts/import"), "import", json.dumps(document).encode())


def test_an_independent_processor_understands_all_of_it(
    teacher: Visit, client: FlaskClient, visits: Visits
) -> None:
    dropped: list[str] = []
    document = download(client)
    (found,) = jsonld.expand(document, on_property_dropped=dropped.append)
    assert dropped == []
    assert found["@type"] == [f"{SCHEMA}LearningResource"]
    assert found[f"{SCHEMA}license"] == [{"@id": BY_SA}]
    assert found[f"{SCHEMA}timeRequired"] == [{"@value": f"PT{MC.hours}H"}]
    assert {"@value": "uk"} in found[f"{SCHEMA}inLanguage"]
    assert found[f"{SCHEMA}educationalLevel"][0]["@id"] == "http://data.europa.eu/snb/eqf/3"
    assert found[f"{SCHEMA}isBasedOn"][0]["@id"] == ORIGIN.uri
    outcomes = [one for unit in MC.units for one in unit.outcomes]
    assert len(found[f"{SCHEMA}teaches"]) >= len(outcomes)
    line = document["creditText"]["en"]
    assert line.startswith(f"{MC.title['en']} (2.0) · {MC.awarding_body.name['en']} · http")
    assert line.endswith(f"{PATH} · CC BY-SA 4.0")


def test_it_holds_the_definition_and_its_picture_and_no_target_groups(
    teacher: Visit, client: FlaskClient
) -> None:
    content = download(client)["definition"]
    assert MC.target_groups
    assert "target_groups" not in content
    public = client.get(f"{PATH}/definition.json").json or {}
    assert content | {"artwork": public["artwork"]} == public
    assert content["artwork"]["data"]
    assert definitions.load(content).title == MC.title


def test_the_file_brings_picture_and_origin_to_another_server(
    visits: Visits, teacher: Visit, client: FlaskClient
) -> None:
    document = download(client)
    document["id"] = f"https://other.example{PATH}"
    with visits.school.transaction() as db:
        db.query(StoredArtwork).delete()
    page = bring(teacher, document)
    assert page.status == 200
    with visits.school.transaction() as db:
        found = db.query(DefinitionDraft).one().content
        assert artworks.find(db, found["artwork"]["digest"]) is not None
        entry = db.query(AuditEntry).filter_by(action="draft.derived").one()
        assert entry.details == {"origin": document["id"], "by": "licence"}
    assert found["derived_from"]["uri"] == document["id"]
    assert found["derived_from"]["licence"] == found["licence"] == BY_SA
    assert found["awarding_body"]["slug"] == "school"


def test_a_file_that_says_no_open_licence_or_source_adds_nothing(
    visits: Visits, teacher: Visit, client: FlaskClient
) -> None:
    document = download(client)
    closed = {**document["definition"]}
    del closed["licence"]
    hostile = {**document["definition"], "artwork": {**document["definition"]["artwork"]}}
    hostile["artwork"]["data"] = "R0lGODlh"
    for changed, said in (
        (
            {"definition": closed, "id": f"https://other.example{PATH}"},
            "Its licence does not let you change it.",
        ),
        ({"id": "https://other.example/"}, "not the address of a definition"),
        ({"definition": {"format": "credlet-definition/1"}}, "$.title"),
        ({"definition": hostile}, "neither a PNG nor an SVG"),
    ):
        page = bring(teacher, {**document, **changed})
        assert page.status == 400
        assert said in page.text
        assert "Nothing was added." in page.text
    with visits.school.transaction() as db:
        assert db.query(DefinitionDraft).count() == 0


def test_the_page_states_licence_and_source_and_offers_the_file(
    teacher: Visit, client: FlaskClient
) -> None:
    page = client.get(PATH).text
    assert f'<link rel="license" href="{BY_SA}">' in page
    assert f'href="{PATH}/resource.jsonld"' in page
    assert "CC BY-SA 4.0</blockquote>" in page
    for ending in (".json", "/definition.json", "/history.json", "/wordings/1.json", "/emblem.png"):
        links = client.get(f"{PATH}{ending}").headers.getlist("Link")
        assert f'<{BY_SA}>; rel="license"' in links, ending


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        (None, "no licence is stated"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "not known to let everybody change"),
    ],
)
def test_without_an_open_licence_page_and_address_say_why_there_is_no_file(
    visits: Visits, client: FlaskClient, licence: str | None, said: str
) -> None:
    visits.school.publish(replace(MC, licence=licence))
    page = client.get(PATH).text
    assert said in page
    assert "/resource.jsonld" not in page
    asked = {"Accept": "application/json"}
    answer = client.get(f"{PATH}/resource.jsonld", headers=asked)
    assert answer.status_code == 403
    assert (answer.json or {})["code"] == "no_open_licence"
