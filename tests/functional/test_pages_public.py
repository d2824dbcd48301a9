"""The addresses for everybody: definitions, awarding bodies, badges, lists, keys, errors."""

import gzip
import json
import re
from base64 import b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from badges import artwork, definition, picture
from badges.baking import unbake
from badges.verify import Outcome, verify
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, Credential
from lti_tool.services.awarding import credentials
from lti_tool.services.awarding.credentials import Claim
from lti_tool.services.definitions import artworks, catalogue
from tests.factories.visits import Visits

BODY = "/issuers/dnipro-sample-lyceum"
SERIES = "/definitions/dnipro-sample-lyceum/BEM-S-WLD1"
VERSION = f"{SERIES}/1.0"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def badge(visits: Visits) -> str:
    """The address of a claimed badge that is public."""
    visits.open("ana")
    return published(visits, "ana")


@pytest.fixture
def tried_badge(visits: Visits) -> str:
    """The address of a public badge that a teacher earned in their own course."""
    visits.open("ira", teacher=True)
    return published(visits, "ira")


def published(visits: Visits, sub: str) -> str:
    visits.school.complete(visits.open("olha", teacher=True).id, sub, visits.mc)
    tool = visits.app.extensions["credlet"]
    with visits.school.transaction() as db:
        credential = credentials.claim(
            db,
            db.query(Award).one(),
            Claim(name="Ana <i>Popović</i>", language="en"),
            signing=tool.signing,
            actor="person:x",
            now=visits.school.now,
        )
        credential.is_public = True
        return f"/credentials/{credential.id}"


def change(visits: Visits, **columns: Any) -> None:
    with visits.school.transaction() as db:
        for name, value in columns.items():
            setattr(db.query(Credential).one(), name, value)


def test_the_definition_page_has_every_element_and_no_target_group(
    visits: Visits, client: FlaskClient
) -> None:
    page = client.get(VERSION).text
    for element in (
        "Title",
        "Awarding body",
        "Country",
        "Learning outcomes",
        "Notional workload",
        "Level",
        "Type of assessment",
        "Form of participation",
        "Quality assurance",
        "Prerequisites",
        "Supervision and identity check",
        "Grading",
        "Stackability",
    ):
        assert f"<dt>{element}</dt>" in page
    for unit in visits.mc.units:
        assert unit.title.best("en") in page
        for outcome in unit.outcomes:
            assert outcome.text.best("en") in page
    for group in visits.mc.target_groups:
        assert group.label.best("en") not in page


def test_software_gets_the_achievement_at_the_same_address(
    visits: Visits, client: FlaskClient
) -> None:
    by_accept = client.get(VERSION, headers={"Accept": "application/json"})
    by_suffix = client.get(f"{VERSION}.json")
    assert by_accept.mimetype == by_suffix.mimetype == "application/ld+json"
    assert by_accept.data == by_suffix.data
    achievement = json.loads(by_suffix.data)
    assert achievement["id"].endswith(VERSION)
    assert achievement["achievementType"] == "MicroCredential"
    assert "Accept" in by_accept.headers["Vary"]


def test_the_full_definition_is_handed_out_without_target_groups(
    visits: Visits, client: FlaskClient
) -> None:
    content = client.get(f"{VERSION}/definition.json").json
    assert content == definition.public(visits.mc)
    assert content is not None
    assert "target_groups" not in content


def test_the_series_lists_its_versions(visits: Visits, client: FlaskClient) -> None:
    assert "Version 1.0" in client.get(SERIES).text
    listed = client.get(SERIES, headers={"Accept": "application/json"}).json
    assert listed is not None
    assert [one["version"] for one in listed["versions"]] == ["1.0"]


def test_emblems_are_pictures(visits: Visits, client: FlaskClient) -> None:
    assert client.get(f"{VERSION}/emblem.png").data.startswith(b"\x89PNG")
    assert b"<svg" in client.get(f"{VERSION}/emblem.svg").data


def test_the_emblem_of_a_test_badge_differs_and_is_where_the_badge_says(
    visits: Visits, tried_badge: str, client: FlaskClient
) -> None:
    document = json.loads(client.get(f"{tried_badge}.json").data)
    image = document["credentialSubject"]["achievement"]["image"]["id"]
    picture = client.get(urlsplit(image).path)
    assert picture.data.startswith(b"\x89PNG")
    assert picture.data != client.get(f"{VERSION}/emblem.png").data
    drawn = client.get(f"{VERSION}/emblem-test.svg")
    assert b"<svg" in drawn.data
    assert drawn.data != client.get(f"{VERSION}/emblem.svg").data


def test_the_page_of_a_test_badge_never_calls_it_valid(
    tried_badge: str, client: FlaskClient
) -> None:
    page = client.get(tried_badge).text
    assert "This is a TEST badge: signed by a test issuer, it proves nothing." in page
    assert "Genuine and valid" not in page
    assert "What is proven" not in page
    assert "signed it with its own key" not in page
    assert "has completed all units" not in page


def test_the_awarding_body_shows_its_keys_and_its_offer(
    visits: Visits, badge: str, client: FlaskClient
) -> None:
    page = client.get(BODY).text
    assert "Welding basics" in page
    assert "did:web:" in page
    profile = client.get(BODY, headers={"Accept": "application/json"}).json
    document = client.get(f"{BODY}/did.json").json
    assert profile is not None
    assert document is not None
    assert document["id"] == profile["id"]
    assert len(document["assertionMethod"]) == 1
    test_document = client.get(f"{BODY}/test/did.json").json
    assert test_document is not None
    assert test_document["id"] == f"{profile['id']}:test"


def test_the_badge_page_says_what_is_proven_by_whom_and_checks_it(
    badge: str, client: FlaskClient
) -> None:
    page = client.get(badge).text
    assert "Genuine and valid" in page
    assert "Ana &lt;i&gt;Popović&lt;/i&gt; has completed all units" in page
    assert "Dnipro Sample Professional Lyceum" in page
    assert "Nothing was changed since it was signed." in page
    assert "Checked on" in page


def test_badge_files_are_the_signed_bytes(badge: str, client: FlaskClient) -> None:
    stored = client.get(f"{badge}.json")
    assert stored.mimetype == "application/vc+ld+json"
    assert unbake(client.get(f"{badge}.png").data) == stored.data
    assert client.get(badge, headers={"Accept": "application/vc+ld+json"}).data == stored.data
    saved = client.get(f"{badge}.png?download")
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_the_page_of_a_revoked_badge_ends_and_its_files_fail_at_once(
    visits: Visits, badge: str, client: FlaskClient
) -> None:
    tool = visits.app.extensions["credlet"]
    signed = client.get(f"{badge}.json").data
    with visits.school.transaction() as db:
        credentials.revoke(
            db,
            db.query(Credential).one(),
            reason="mistake",
            signing=tool.signing,
            actor="operator",
            now=visits.school.now,
        )
    for suffix in ("", ".json", ".png"):
        assert client.get(badge + suffix).status_code == 404

    def published(url: str) -> bytes:
        return client.get(url.removeprefix(tool.settings.public_url)).data

    checks = {check.id: check.outcome for check in verify(signed, published, clock.now()).checks}
    assert checks["status"] is Outcome.FAILED
    assert checks["proof"] is Outcome.PASSED


def test_a_private_badge_cannot_be_told_from_one_that_does_not_exist(
    visits: Visits, badge: str, client: FlaskClient
) -> None:
    change(visits, is_public=False)
    nowhere = "/credentials/00000000-0000-4000-8000-000000000000"
    for suffix in ("", ".json", ".png"):
        private, unknown = client.get(badge + suffix), client.get(nowhere + suffix)
        assert private.status_code == unknown.status_code == 404
        assert _without_code(private.text) == _without_code(unknown.text)
        assert private.headers["Cache-Control"] == unknown.headers["Cache-Control"] == "no-store"


def _without_code(html: str) -> str:
    return re.sub(r"· [0-9a-f]{12}", "", html)


def test_every_public_answer_can_be_asked_for_again_cheaply(
    visits: Visits, badge: str, client: FlaskClient
) -> None:
    with visits.school.transaction() as db:
        status_list = f"/status-lists/{db.query(Credential).one().status_list_id}"
    for address in (
        "/catalogue",
        "/catalogue?q=weld&level=3&page=1",
        "/catalogue.jsonld?language=de",
        "/sitemap.xml",
        "/robots.txt",
        SERIES,
        VERSION,
        f"{VERSION}.json",
        f"{VERSION}/definition.json",
        f"{VERSION}/emblem.png",
        BODY,
        f"{BODY}/did.json",
        f"{badge}.json",
        f"{badge}.png",
        status_list,
    ):
        first = client.get(address)
        assert first.status_code == 200, address
        assert "public" in first.headers["Cache-Control"], address
        assert "Set-Cookie" not in first.headers, address
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304, address
    assert client.get(status_list).mimetype == "application/vc+ld+json"


READABLE_ANYWHERE = {
    ("public.search", "json"),
    ("public.listed", "html"),
    ("public.listed", "json"),
    ("public.series", "json"),
    ("public.version", "json"),
    ("public.definition", "html"),
    ("public.definition", "json"),
    ("public.history", "html"),
    ("public.history", "json"),
    ("public.wording", "html"),
    ("public.wording", "json"),
    ("public.issuer", "json"),
    ("public.did", "html"),
    ("public.did", "json"),
    ("public.test_did", "html"),
    ("public.test_did", "json"),
    ("public.status_list", "html"),
    ("public.status_list", "json"),
    ("public.credential", "json"),
    ("public.credential_json", "html"),
    ("public.credential_json", "json"),
    ("public.credential_png", "html"),
    ("public.credential_png", "json"),
    ("public.credential_svg", "html"),
    ("public.credential_svg", "json"),
    ("lti.jwks", "html"),
    ("lti.jwks", "json"),
}
"""What scripts of other sites may read, by endpoint and by what is asked for."""


def test_scripts_of_other_sites_read_public_data_and_nothing_else(
    visits: Visits, badge: str, app: Flask
) -> None:
    with visits.school.transaction() as db:
        found = db.query(Credential).one()
        values: dict[str, object] = {
            "credential_id": found.id,
            "list_id": found.status_list_id,
            "registration_id": visits.school.registration_id,
        }
    ana = visits.open("ana")
    values |= {"launch_id": ana.id, "person_id": ana.person_id, "body": BODY.split("/")[-1]}
    values |= {"code": "BEM-S-WLD1", "version": "1.0", "kind": "png", "filename": "credlet.css"}
    values |= {"number": 1}
    open_ones = set()
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        address = re.sub(r"<(?:[^<>]+:)?(\w+)>", lambda m: str(values.get(m[1], ana.id)), rule.rule)
        for wanted, accept in (("html", "text/html"), ("json", "application/json")):
            with ana.client.get(address, headers={"Accept": accept}) as answer:
                allowed = answer.headers.get("Access-Control-Allow-Origin")
                assert allowed in {None, "*"}
                if allowed:
                    assert answer.status_code == 200, address
                    open_ones.add((rule.endpoint, wanted))
    assert open_ones == READABLE_ANYWHERE


def test_a_drawn_badge_is_handed_out_as_a_drawing(badge: str, client: FlaskClient) -> None:
    assert "Download as drawing (SVG)" in client.get(badge).text
    answer = client.get(f"{badge}.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert unbake(answer.data) == client.get(f"{badge}.json").data


def test_a_badge_with_a_picture_that_was_brought_is_handed_out_in_a_frame(
    visits: Visits, client: FlaskClient
) -> None:
    visits.open("ana")
    with visits.school.transaction() as db:
        brought = picture.clean(artwork.emblem_png("OTHER", size=256))
        digest = artworks.keep(db, brought, visits.school.now)
        version = catalogue.find(db, visits.mc.code)
        own = {"artwork": {"digest": digest, "alt": {"en": "a sun"}}}
        version.definition, version.revision = version.definition | own, 2
    badge = published(visits, "ana")
    answer = client.get(f"{badge}.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert unbake(answer.data) == client.get(f"{badge}.json").data
    assert b64encode(brought.png) in answer.data
    assert "img-src data:" in answer.headers["Content-Security-Policy"]


def test_badges_are_asked_for_each_time(badge: str, client: FlaskClient) -> None:
    assert "no-cache" in client.get(badge).headers["Cache-Control"]


def test_public_pages_are_framed_by_nobody(visits: Visits, client: FlaskClient) -> None:
    policy = client.get(VERSION).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy


def test_a_chosen_language_is_kept_and_not_cached_for_others(
    visits: Visits, client: FlaskClient
) -> None:
    chosen = client.get(f"{VERSION}?lang=de")
    assert '<html lang="de"' in chosen.text
    assert "private" in chosen.headers["Cache-Control"]
    assert "Grundlagen des Schweißens" in client.get(VERSION).text


def test_static_files_are_cached_for_ever_under_an_address_with_their_digest(
    visits: Visits, client: FlaskClient
) -> None:
    found = re.search(r'href="(/static/credlet\.css\?v=\w+)"', client.get(VERSION).text)
    assert found
    with client.get(found[1]) as styles:
        assert styles.status_code == 200
        assert "immutable" in styles.headers["Cache-Control"]


def test_static_files_are_sent_compressed_and_pages_never(
    visits: Visits, client: FlaskClient
) -> None:
    """A page holds form tokens, whose length would show in that of what is compressed with them."""
    address, asked = "/static/credlet.css", {"Accept-Encoding": "br, gzip"}
    with client.get(address) as plain, client.get(address, headers=asked) as small:
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data) == plain.data
        assert {plain.headers["Vary"], small.headers["Vary"]} == {"Accept-Encoding"}
        known = {**asked, "If-None-Match": small.headers["ETag"]}
    with client.get(address, headers=known) as again:
        assert again.status_code == 304
    with client.get(address, headers={"Accept-Encoding": "gzip;q=0"}) as refused:
        assert refused.data == plain.data
    assert "Content-Encoding" not in client.get(VERSION, headers=asked).headers


@pytest.mark.parametrize(
    "address",
    [
        "/definitions/nobody/NOTHING",
        f"{SERIES}/9.9",
        f"{SERIES}/9.9.json",
        "/issuers/nobody",
        "/issuers/nobody/did.json",
        "/status-lists/00000000-0000-4000-8000-000000000000",
        "/nothing/here",
    ],
)
def test_what_does_not_exist_is_a_page_that_says_what_to_do(
    visits: Visits, client: FlaskClient, address: str
) -> None:
    page = client.get(address)
    assert page.status_code == 404
    assert "Check the address" in page.text


def test_software_gets_a_problem_document(client: FlaskClient) -> None:
    answer = client.get("/issuers/nobody", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["status"] == 404
    assert problem["code"] == "unknown_organisation"
    assert problem["correlation_id"]


def test_too_much_at_once_is_refused_with_a_page(client: FlaskClient) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    answer = client.post(f"/launches/{nowhere}/claim", data={"name": "x" * 2 * 1024 * 1024})
    assert answer.status_code == 413
    assert "too much to send at once" in answer.text


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.post("/health")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_an_unforeseen_failure_is_a_page_with_a_code_and_without_details(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lti_tool.services.definitions import searching

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(searching, "search", fail)
    page = app.test_client().get("/catalogue")
    assert page.status_code == 500
    assert "Something went wrong on our side." in page.text
    assert "secret detail" not in page.text


def test_health_says_whether_the_database_answers(client: FlaskClient) -> None:
    assert client.get("/health").json == {"status": "ok"}


def test_the_bare_address_leads_to_what_is_on_offer(client: FlaskClient) -> None:
    answer = client.get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path == "/catalogue"
