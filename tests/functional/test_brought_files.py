"""Another awarding body's definition brought as a file: its origin, its licence, its address."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from badges import definition as definitions
from badges import drafting, samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, DefinitionDraft
from tests.factories.databases import on_each_database
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import begin, check, fill
from tests.functional.test_writing_exchange import upload

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"
MC = replace(samples.welding(), version="2.0", licence=BY)
PATH = f"/definitions/{MC.awarding_body.slug}/{MC.code}/2.0"
FILE = definitions.dump(MC)
ORIGIN = {
    "title": MC.title.to_json(),
    "awarding_body": MC.awarding_body.name.to_json(),
    "licence": BY,
}


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True)


def publish(visits: Visits) -> str:
    """Publish it here, and return the address of this server."""
    visits.school.tick(days=0, minutes=5)
    visits.school.publish(MC)
    return str(visits.app.extensions["credlet"].settings.public_url)


def bring(teacher: Visit, document: dict[str, Any]) -> Page:
    return upload(teacher.get("drafts/import"), "import", json.dumps(document).encode())


def send(page: Page, **more: object) -> Page:
    """Send a form as a browser does, whatever its size."""
    path, filled = page.filled("import")
    values = {name: found[0] for name, found in filled.items() if found} | more
    boundary, body = encode_multipart(values)
    kind = f"multipart/form-data; boundary={boundary}"
    return page.visit._page(page.visit.client.post(path, data=body, content_type=kind))


def contents(visits: Visits) -> list[dict[str, Any]]:
    with visits.school.transaction() as db:
        return [dict(one.content) for one in db.query(DefinitionDraft)]


def by(visits: Visits) -> list[dict[str, str]]:
    with visits.school.transaction() as db:
        return [one.details for one in db.query(AuditEntry).filter_by(action="draft.derived")]


def resource(client: FlaskClient, **changed: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get(f"{PATH}/resource.jsonld").data)
    return found | changed


@pytest.mark.parametrize(
    "address",
    [
        "https://[/definitions/b/C/1",
        "https://[::1]/definitions/b/C/1",
        'https://other.ex"><b>ample/definitions/b/C/1',
        "https://other.ex\0ample/definitions/b/C/1",
        "https://other.ex\ud800ample/definitions/b/C/1",
        "https://other.example:99999/definitions/b/C/1",
        "https://olha@other.example/definitions/b/C/1",
        "https://other.example/../definitions/b/C/1",
    ],
)
def test_a_file_of_an_address_that_is_none_adds_nothing(
    visits: Visits, teacher: Visit, client: FlaskClient, address: str
) -> None:
    publish(visits)
    page = bring(teacher, resource(client, id=address))
    assert page.status == 400
    assert "not the address of a definition" in page.text
    assert contents(visits) == []


def test_a_draft_with_half_a_character_is_downloaded_as_json(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        if db.get_bind().dialect.name == "postgresql":
            pytest.skip("keeps no half a character")
        draft.content = {**draft.content, "prerequisites": {"en": "a \ud800 b"}}
    file = check(page).follow("Download (JSON)").response.data
    assert json.loads(file)["prerequisites"] == {"en": "a \ud800 b"}


@pytest.mark.parametrize("written", ["", "upper", "http"])
def test_words_under_an_address_of_this_server_are_what_stands_here(
    visits: Visits, teacher: Visit, client: FlaskClient, written: str
) -> None:
    address = publish(visits) + PATH
    said = {"upper": address.replace("localhost", "LOCALHOST"), "": address}.get(
        written, address.replace("https:", "http:")
    )
    file = resource(client, id=said)
    others = {**file["definition"], "title": {"en": "Magic"}}
    page = bring(teacher, {**file, "definition": others})
    assert page.status == 400
    assert "something else is published there" in page.text
    assert contents(visits) == []
    assert bring(teacher, file).status == 200
    (found,) = contents(visits)
    assert found["derived_from"] == ORIGIN | {"uri": address}


def test_an_address_of_this_server_where_nothing_is_adds_nothing(
    visits: Visits, teacher: Visit, client: FlaskClient
) -> None:
    here = publish(visits)
    page = bring(teacher, resource(client, id=f"{here}/definitions/nobody/NOTHING/1"))
    assert page.status == 400
    assert "something else is published there" in page.text
    assert contents(visits) == []


@on_each_database
def test_another_bodys_definition_is_begun_with_its_origin(visits: Visits, teacher: Visit) -> None:
    own_word = {"derived_from": {"uri": "https://x.example/a", "title": {"en": "Not it"}}}
    own_word["derived_from"]["awarding_body"] = {"en": "Nobody"}
    page = bring(teacher, FILE | own_word | {"stack": {"parts": ["school/A", "school/B"]}})
    assert page.status == 200
    (found,) = contents(visits)
    assert found["derived_from"] == ORIGIN
    for left in ("stack", "quality_assurance", "target_groups"):
        assert left not in found
    assert found["awarding_body"]["slug"] == "school"
    assert by(visits) == [{"origin": "file", "by": "licence"}]
    shown = teacher.get(page.path.partition("?")[0] + "/preview").text
    assert f"Based on {MC.title.best('en')}" in " ".join(shown.split())


def test_the_file_of_what_stands_here_names_its_address(visits: Visits, teacher: Visit) -> None:
    address = publish(visits) + PATH
    file = json.loads(teacher.client.get(f"{PATH}/definition.json").data)
    bring(teacher, file)
    bring(teacher, file | {"hours": file["hours"] + 1})
    origins = [one["derived_from"] for one in contents(visits)]
    assert origins[0] == ORIGIN | {"uri": address}
    assert origins[1] == ORIGIN, "its words are not those of the address"


@pytest.mark.parametrize("licence", [None, BY_ND])
@pytest.mark.parametrize("lacks", ["", "hours", "units", "description"])
def test_without_an_open_licence_the_file_waits_for_the_permission(
    visits: Visits, teacher: Visit, licence: str | None, lacks: str
) -> None:
    file = {name: said for name, said in FILE.items() if name not in ("licence", lacks)}
    file |= {"licence": licence} if licence else {}
    file["prerequisites"] = {"en": 'Line "one" <b> & two'}
    asked = bring(teacher, file)
    assert asked.status == 200, asked.text
    assert MC.awarding_body.name.best("en") in asked.text
    assert (licence or "It says no licence") in asked.text
    assert contents(visits) == []
    again = asked.submit("import")
    assert again.status == 400
    assert "tick that it has allowed it" in again.text
    assert contents(visits) == []
    done = again.submit("import", allowed="on")
    assert done.status == 200, done.text
    (found,) = contents(visits)
    assert found["derived_from"].get("licence") == licence
    assert found["derived_from"]["awarding_body"] == ORIGIN["awarding_body"]
    assert found["prerequisites"] == file["prerequisites"]
    if lacks != "units":
        assert found["units"] == file["units"]
    assert by(visits) == [{"origin": "file", "by": "permission"}]


@pytest.mark.parametrize(
    "body",
    [
        {"slug": "other", "name": {"en": ""}, "country": "DE"},
        {"name": {"en": "Other school", "de": " "}},
    ],
)
def test_a_body_of_which_little_is_said_is_asked_about(
    visits: Visits, teacher: Visit, body: dict[str, Any]
) -> None:
    file = {name: said for name, said in FILE.items() if name != "licence"}
    file |= {"awarding_body": body, "title": {"en": "Welding"}}
    asked = bring(teacher, file)
    assert asked.status == 200
    done = asked.submit("import", allowed="on")
    assert done.status == 200, done.text
    (found,) = contents(visits)
    said = {tag: name for tag, name in body["name"].items() if name.strip()}
    assert list(found["derived_from"]["awarding_body"].values()) == [
        *(said.values() or [body.get("slug")])
    ]
    assert found["derived_from"]["title"] == {"en": "Welding"}


def test_a_large_file_waits_for_the_permission_too(visits: Visits, teacher: Visit) -> None:
    file = {name: said for name, said in FILE.items() if name != "licence"}
    words = {"uk": "ш" * 3900}
    unit = {**file["units"][0], "outcomes": []}  # type: ignore[index]
    outcome = {"kind": "skill", "text": words}
    file["units"] = [
        unit
        | {"code": f"U{n}", "hours": 0.1}
        | {"outcomes": [outcome | {"code": f"U{n}-{m}"} for m in range(8)]}
        for n in range(12)
    ]
    data = json.dumps(file, ensure_ascii=False).encode()
    assert len(data) > 700_000
    asked = send(teacher.get("drafts/import"), file=FileStorage(io.BytesIO(data), "file"))
    assert asked.status == 200
    assert send(asked, allowed="on").status == 200
    assert len(contents(visits)[0]["units"]) == 12


@on_each_database
def test_the_own_schools_definition_is_brought_as_it_is(visits: Visits, teacher: Visit) -> None:
    begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    (own,) = contents(visits)
    for known in (own, own | {"awarding_body": own["awarding_body"] | {"name": {"en": "Once"}}}):
        assert bring(teacher, known).status == 200
    stranger = own | {"code": "X-1", "awarding_body": {"slug": "school", "name": {"en": "Z"}}}
    assert "It says no licence" in bring(teacher, stranger).text
    assert len(contents(visits)) == 3
    assert not any("derived_from" in one for one in contents(visits))
    assert all(one["quality_assurance"] == own["quality_assurance"] for one in contents(visits))


@pytest.mark.parametrize("body", ["own", "other"])
def test_an_original_language_without_a_text_stays_behind(
    visits: Visits, teacher: Visit, body: str
) -> None:
    file = FILE | {"original_language": "fr"}
    if body == "own":
        del file["awarding_body"]
    assert bring(teacher, file).status == 200
    assert "original_language" not in contents(visits)[0]
    assert drafting.original(contents(visits)[0]) in MC.title


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 1_500_000, 5_000_000])
def test_a_file_that_is_too_large_is_told_so(visits: Visits, teacher: Visit, size: int) -> None:
    page = send(teacher.get("drafts/import"), file=FileStorage(io.BytesIO(b" " * size), "file"))
    assert page.status == (413 if size > 2 * 1024 * 1024 else 400)
    assert "a definition may have at most 1 MB" in page.text
    assert "Nothing was added." in page.text
