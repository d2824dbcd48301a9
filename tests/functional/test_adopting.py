"""An own definition begun with another's: of this server, or of one that is asked over HTTP."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from badges import definition as definitions
from badges import picture as pictures
from badges import samples
from badges.micro_credential import Artwork
from badges.text import Text
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import AuditEntry, DefinitionDraft, MicroCredentialVersion, StoredArtwork
from lti_tool.services import organisations
from lti_tool.services.definitions import artworks, catalogue, drafts, lifecycle
from lti_tool.services.staff.accounts import Role
from tests.factories import handing_in, signing_in
from tests.factories.awards import chosen
from tests.factories.visits import Page, Visit, Visits

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"
MC = replace(samples.welding(), version="2.0", licence=BY)
PATH = f"/definitions/{MC.awarding_body.slug}/{MC.code}"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    visits.school.tick(days=0, minutes=5)
    visits.school.publish(MC)
    return visits.open("olha", teacher=True)


NOTHING_THERE = "No definition could be read at that address."
SUN = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">
<circle cx="4" cy="4" r="4" fill="#fd3"/></svg>"""


def publish_with_picture(visits: Visits, **differs: Any) -> str:
    """Publish version 5.0 with a picture, and return its address on this server."""
    visits.school.tick(minutes=5)
    with visits.school.transaction() as db:
        digest = artworks.keep(db, pictures.clean(SUN), visits.school.now)
    shown = Artwork(digest=digest, alt=Text({"en": "a sun"}))
    visits.school.publish(replace(MC, version="5.0", artwork=shown, **differs))
    return f"{PATH}/5.0"


def forget_pictures(visits: Visits) -> None:
    with visits.school.transaction() as db:
        db.query(StoredArtwork).delete()


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def here(visits: Visits) -> str:
    return str(visits.app.extensions["credlet"].settings.public_url)


def look_up(teacher: Visit, address: str) -> Page:
    return teacher.get("drafts/import").submit("look_up", address=address)


def content(visits: Visits) -> dict[str, Any]:
    with visits.school.transaction() as db:
        return dict(db.query(DefinitionDraft).one().content)


def count(visits: Visits) -> int:
    with visits.school.transaction() as db:
        return db.query(DefinitionDraft).count()


@pytest.mark.parametrize("ending", ["/2.0", "/2.0.json", "/2.0/definition.json?x=1", "", "/2.0#a"])
def test_a_definition_of_this_server_is_shown_and_then_begun_with(
    visits: Visits, teacher: Visit, ending: str
) -> None:
    page = look_up(teacher, here(visits) + PATH + ending)
    assert MC.title.best("en") in page.text
    assert "CC BY 4.0" in page.text
    assert count(visits) == 0
    done = page.submit("adopt")
    assert done.status == 200
    found = content(visits)
    assert found["derived_from"] == {
        "uri": f"{here(visits)}{PATH}/2.0",
        "title": MC.title.to_json(),
        "awarding_body": MC.awarding_body.name.to_json(),
        "licence": BY,
    }
    assert found["units"] == json.loads(json.dumps(found["units"]))
    assert len(found["units"]) == len(MC.units)
    assert found["awarding_body"]["slug"] == "school"
    assert found["code"] != MC.code
    assert found["licence"] == BY
    for left in ("quality_assurance", "target_groups"):
        assert left not in found
    with visits.school.transaction() as db:
        entry = db.query(AuditEntry).filter_by(action="draft.derived").one()
        assert entry.details == {"origin": f"{here(visits)}{PATH}/2.0", "by": "licence"}


def test_a_choice_of_units_is_shown_and_taken_along(visits: Visits, teacher: Visit) -> None:
    mc = replace(chosen(), licence=BY)
    visits.school.publish(mc)
    page = look_up(teacher, f"{here(visits)}/definitions/{mc.awarding_body.slug}/{mc.code}")
    assert "1 of these 2, by choice:" in page.text
    page.submit("adopt")
    assert [one["count"] for one in content(visits)["choices"]] == [1, 0]


def test_what_it_is_based_on_stands_on_its_page(visits: Visits, teacher: Visit) -> None:
    done = look_up(teacher, f"{here(visits)}{PATH}/2.0").submit("adopt")
    preview = teacher.get(f"{done.path.rsplit('?')[0].split('/', 3)[3]}/preview")
    assert f"Based on {MC.title.best('en')}" in " ".join(preview.text.split())


@pytest.mark.parametrize("ending", ["/2.0", ""])
def test_another_server_is_asked_for_its_definition(
    visits: Visits, teacher: Visit, app: Flask, ending: str
) -> None:
    with serving(app) as server:
        page = look_up(teacher, f"{server}{PATH}{ending}")
        assert MC.title.best("en") in page.text
        assert count(visits) == 0
        page.submit("adopt")
    assert content(visits)["derived_from"]["uri"] == f"{server}{PATH}/2.0"


@pytest.mark.parametrize("licence", [None, BY_ND])
def test_without_an_open_licence_the_awarding_body_must_have_allowed_it(
    visits: Visits, teacher: Visit, licence: str | None
) -> None:
    visits.school.tick(minutes=5)
    visits.school.publish(replace(MC, version="3.0", licence=licence))
    page = look_up(teacher, f"{here(visits)}{PATH}/3.0")
    refused = page.submit("adopt")
    assert refused.status == 400
    assert "tick that it has allowed it" in refused.text
    assert count(visits) == 0
    refused.submit("adopt", allowed="on")
    assert content(visits)["derived_from"].get("licence") == licence
    with visits.school.transaction() as db:
        entry = db.query(AuditEntry).filter_by(action="draft.derived").one()
        assert entry.details["by"] == "permission"


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("https://other.example/", 400, "not the address of a definition"),
        ("definitions/x/Y", 400, "not the address of a definition"),
        ("ftp://other.example/definitions/x/Y/1.0", 400, "not the address of a definition"),
        ("https://other.example/definitions/x/Y/1.0" + "0" * 2000, 400, "not the address"),
        # refused, silent, and (below) anything else are told alike
        ("https://10.0.0.1/definitions/x/Y/1.0", 404, NOTHING_THERE),
        ("http://other.example/definitions/x/Y/1.0", 404, NOTHING_THERE),
        ("http://127.0.0.1:9/definitions/x/Y/1.0", 404, NOTHING_THERE),
    ],
)
def test_what_cannot_be_looked_up_says_why_and_keeps_the_address(
    visits: Visits, teacher: Visit, address: str, status: int, said: str
) -> None:
    page = look_up(teacher, address)
    assert page.status == status
    assert said in page.text
    assert "Nothing was added." in page.text
    assert f'value="{address[:1000]}"' in page.html


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"newest": 3}', b"<html>", b'{"format": "credlet-definition/1"}']
)
def test_a_server_that_answers_anything_else_adds_nothing(
    visits: Visits, teacher: Visit, body: bytes
) -> None:
    def strange(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return [body]

    with serving(strange) as server:
        for ending in ("/x/Y/1.0", "/x/Y"):
            page = look_up(teacher, f"{server}/definitions{ending}")
            assert page.status == 404
            assert NOTHING_THERE in page.text
    assert count(visits) == 0


def test_an_own_definition_needs_nobodys_permission(
    visits: Visits, teacher: Visit, database: Database
) -> None:
    handing_in.publish(database, "school", clock.now())
    page = look_up(teacher, f"{here(visits)}/definitions/school/PV-0/1.0")
    assert "no licence" not in page.text
    page.submit("adopt")
    assert content(visits)["code"] != "PV-0"


def test_what_bears_an_own_code_on_another_server_needs_permission(
    visits: Visits, teacher: Visit, database: Database, app: Flask
) -> None:
    handing_in.publish(database, "school", clock.now())
    with serving(app) as server:
        page = look_up(teacher, f"{server}/definitions/school/PV-0/1.0")
        refused = page.submit("adopt")
    assert refused.status == 400
    assert "tick that it has allowed it" in refused.text


def test_what_another_server_made_of_others_is_begun_without_them(
    visits: Visits, teacher: Visit, app: Flask
) -> None:
    visits.school.tick(minutes=5)
    stacked = definitions.dump(MC) | {
        "version": "4.0",
        "units": [],
        "stack": {"parts": ["school/A", "school/B"]},
    }

    def other(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(stacked).encode()]

    with serving(other) as server:
        page = look_up(teacher, f"{server}{PATH}/4.0").submit("adopt")
    assert page.status == 200
    assert "stack" not in content(visits)


def test_a_refusal_leaves_no_beginning(
    visits: Visits, teacher: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look_up(teacher, f"{here(visits)}{PATH}/2.0")
    monkeypatch.setattr(drafts, "LARGEST_CONTENT", 1000)
    assert page.submit("adopt").status == 400
    assert count(visits) == 0


def test_a_retired_one_is_said_to_be_so(visits: Visits, teacher: Visit, app: Flask) -> None:
    said = "It was retired on"
    with visits.school.transaction() as db:
        found = catalogue.find(db, f"{PATH.removeprefix('/definitions/')}/2.0")
    with serving(app) as server:
        for place in (here(visits), server):
            assert said not in look_up(teacher, f"{place}{PATH}/2.0").text
        with visits.school.transaction() as db:
            version = db.get_one(MicroCredentialVersion, found.id)
            now = visits.school.now
            lifecycle.retire(db, version, reason="Replaced", by="account:boss", now=now)
        for place in (here(visits), server):
            page = look_up(teacher, f"{place}{PATH}/2.0")
            assert said in page.text
        assert page.submit("adopt").status == 200


@pytest.mark.parametrize("told", [b"{", b"[]", b'{"history": [3, {"action": "retired"}]}'])
def test_a_history_that_cannot_be_read_hides_no_definition(
    visits: Visits, teacher: Visit, app: Flask, told: bytes
) -> None:
    with serving(_answering(app, {f"{PATH}/2.0/history.json": told})) as server:
        page = look_up(teacher, f"{server}{PATH}/2.0")
        assert MC.title.best("en") in page.text
        assert "retired" not in page.text


def test_what_is_unknown_here_is_said(visits: Visits, teacher: Visit) -> None:
    page = look_up(teacher, f"{here(visits)}/definitions/nobody/NOTHING/1.0")
    assert page.status == 404
    assert "no micro-credential" in page.text


def test_a_form_cannot_name_another_origin_than_what_was_shown(
    visits: Visits, teacher: Visit
) -> None:
    visits.school.tick(minutes=5)
    visits.school.publish(replace(MC, version="6.0", title=Text({"en": "Something else"})))
    page = look_up(teacher, f"{here(visits)}{PATH}/2.0")
    assert page.submit("adopt", address="https://other.example/").status == 400
    refused = page.submit("adopt", address=f"{here(visits)}{PATH}/6.0")
    assert refused.status == 409
    assert "Look at it again." in refused.text
    assert "Something else" in refused.text
    assert page.submit("adopt", address="http://127.0.0.1:9/definitions/x/Y/1.0").status == 404
    assert count(visits) == 0
    assert refused.submit("adopt").status == 200
    assert content(visits)["derived_from"]["uri"] == f"{here(visits)}{PATH}/6.0"


def test_a_picture_comes_along_from_another_server(
    visits: Visits, teacher: Visit, app: Flask
) -> None:
    path = publish_with_picture(visits)
    with serving(app) as server:
        page = look_up(teacher, f"{server}{path}")
        assert "Its badge picture comes along" in page.text
        file = app.test_client().get(f"{path}/resource.jsonld").data
        forget_pictures(visits)
        with serving(_answering(app, {f"{path}/resource.jsonld": file})) as other:
            look_up(teacher, f"{other}{path}").submit("adopt")
    artwork = content(visits)["artwork"]
    assert artwork["alt"] == {"en": "a sun"}
    with visits.school.transaction() as db:
        assert db.query(StoredArtwork).one().digest == artwork["digest"]


def _answering(app: Flask, files: dict[str, bytes]) -> Callable[..., Any]:
    """Return the server, but for files that it had once."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] not in files:
            return app(environ, start)
        start("200 OK", [("Content-Type", "application/ld+json")])
        return [files[environ["PATH_INFO"]]]

    return answer


@pytest.mark.parametrize("body", [b"", b"{}", b'{"type": "LearningResource"}'])
def test_a_picture_that_cannot_be_had_is_drawn(
    visits: Visits, teacher: Visit, app: Flask, body: bytes
) -> None:
    path = publish_with_picture(visits)
    forget_pictures(visits)
    with serving(_answering(app, {f"{path}/resource.jsonld": body})) as server:
        assert look_up(teacher, f"{server}{path}").submit("adopt").status == 200
    assert "artwork" not in content(visits)


def test_a_picture_stays_behind_where_no_licence_covers_it(visits: Visits, teacher: Visit) -> None:
    path = publish_with_picture(visits, licence=None)
    page = look_up(teacher, here(visits) + path)
    assert "Its badge picture stays behind." in page.text
    page.submit("adopt", allowed="on")
    assert "artwork" not in content(visits)


def test_a_picture_of_this_server_comes_along(visits: Visits, teacher: Visit) -> None:
    look_up(teacher, here(visits) + publish_with_picture(visits)).submit("adopt")
    assert content(visits)["artwork"]["alt"] == {"en": "a sun"}


def test_teachers_come_to_it_from_what_they_choose(visits: Visits) -> None:
    visits.school.publish(MC)
    page = visits.open("olha", teacher=True, mc=None).get().follow("Welding basics")
    asked = page.follow("Start an own one from it")
    assert MC.title.best("en") in asked.submit("look_up").text


def test_an_administrator_begins_one_for_a_school(
    visits: Visits, teacher: Visit, app: Flask, database: Database
) -> None:
    with database.transaction() as db:
        organisations.get_or_add_organisation(db, "other", "Other school", "DE", clock.now())
    made = signing_in.account(database, clock.now(), "boss", Role.ADMINISTRATOR, "other")
    boss = signing_in.signed_in(app, database, made, clock.now())
    with serving(app) as server:
        address = f"{server}{PATH}/2.0"
        page = boss.post("/admin/drafts/import/address", address=address)
        assert MC.title.best("en") in page.text
        shown = re.search(r'name="shown" value="([0-9a-f]{64})"', page.text)
        assert shown
        found = {"address": address, "shown": shown[1]}
        begun = boss.post("/admin/drafts/import/begin", **found)
    assert begun.status_code == 303
    assert content(visits)["awarding_body"]["slug"] == "other"
