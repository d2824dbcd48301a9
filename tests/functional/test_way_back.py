"""The way back to the LMS, what is said there, and who may show our pages in a frame.

Spec: LTI 1.3 core, section 5.4.4 (`return_url`); CSP Level 3, `frame-ancestors`.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.forms import PageReader
from lti_tool.lti import return_addresses
from lti_tool.lti.registrations import KnownRegistration
from lti_tool.models import AuditEntry, LaunchSession
from lti_tool.services.connections import registrations
from lti_tool.services.launching import launches
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import ABSENT
from tests.factories.selecting import request as selection
from tests.factories.visits import landed

WORDS = "Back to the learning platform"
KEY = "s3ssk3y"


def returning(url: object) -> dict[str, Any]:
    return {"launch_presentation": {"return_url": url, "locale": "en"}}


def back_address(visitor: Visitor) -> str:
    """As Moodle's: with the form key of the person's visit."""
    return f"{visitor.platform.url}/mod/lti/return.php?course=2&sesskey={KEY}"


def ways_back(page: TestResponse) -> list[str]:
    reader = PageReader()
    reader.feed(page.text)
    return [anchor.href for anchor in reader.anchors if WORDS in anchor.text]


def frame_ancestors(page: TestResponse) -> list[str]:
    policy = page.headers["Content-Security-Policy"]
    return policy.partition("frame-ancestors ")[2].split(";")[0].split()


def test_pages_lead_back_to_where_the_person_came_from(visitor: Visitor) -> None:
    response = visitor.launch(**returning(back_address(visitor)))
    page = landed(visitor.client, response).response
    assert ways_back(page) == [back_address(visitor)]


def test_without_a_return_address_no_page_names_one(visitor: Visitor) -> None:
    page = landed(visitor.client, visitor.launch()).response
    assert ways_back(page) == []


@pytest.mark.parametrize(
    "evil",
    [
        "javascript:alert(1)",
        "//evil.example/",
        "https://evil.example/",
        "https://127.0.0.1@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "data:text/html,x",
        "https:///x",
        "HTTPS://evil.example",
        "/relative",
        "",
        "http://[",
        "http://127.0.0.1 .evil.example/",
        7,
        ["https://evil.example"],
        None,
    ],
)
def test_nobody_is_led_to_a_host_that_is_not_the_platforms(visitor: Visitor, evil: object) -> None:
    page = landed(visitor.client, visitor.launch(**returning(evil))).response
    assert page.status_code == 200
    assert ways_back(page) == []
    assert "evil" not in page.text
    refused = visitor.launch(**returning(evil), sub=ABSENT)
    assert refusal_code(refused) == "sub_missing"
    assert ways_back(refused) == []
    assert "evil" not in refused.text


def test_a_refused_launch_leads_back_and_says_why(visitor: Visitor) -> None:
    refused = visitor.launch(**returning(back_address(visitor)), sub=ABSENT)
    assert refusal_code(refused) == "sub_missing"
    assert "does not say who you are" in refused.text
    (address,) = ways_back(refused)
    assert address.startswith(back_address(visitor) + "&")
    said = parse_qs(urlsplit(address).query)
    assert said["lti_errormsg"] == ["Your learning platform does not say who you are."]
    assert said["lti_errorlog"][0].startswith("sub_missing ")
    assert said["sesskey"] == [KEY]


@pytest.mark.parametrize(
    "claims",
    [
        {"roles": "Instructor"},
        {"target_link_uri": "https://elsewhere.example/"},
        {"message_type": "LtiSubmissionReviewRequest", "for_user": {"user_id": "8"}},
        {"message_type": "LtiDeepLinkingRequest", "deep_linking_settings": ABSENT},
    ],
    ids=["malformed", "other target", "another's grade", "no settings"],
)
def test_every_refusal_of_a_proven_launch_leads_back(
    visitor: Visitor, claims: dict[str, Any]
) -> None:
    refused = visitor.launch(**{**returning(back_address(visitor)), **claims})
    assert 400 <= refused.status_code < 500
    assert len(ways_back(refused)) == 1


def test_a_learner_who_may_not_select_content_is_led_back(visitor: Visitor) -> None:
    claims = {**selection(visitor.platform), **returning(back_address(visitor)), "roles": []}
    refused = visitor.launch(**claims)
    assert refusal_code(refused) == "teachers_only"
    assert len(ways_back(refused)) == 1


def test_what_is_not_proven_leads_nowhere(visitor: Visitor) -> None:
    begun = visitor.begin()
    payload = visitor.payload(begun, **returning(back_address(visitor)))
    refused = visitor.send(begun, visitor.platform.sign(payload)[:-6] + "AAAAAA")
    assert refusal_code(refused) == "signature"
    assert ways_back(refused) == []
    assert KEY not in refused.text


def test_the_form_key_is_neither_logged_nor_stored_in_the_clear(
    visitor: Visitor, app: Flask, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.launch(**returning(back_address(visitor)))
    visitor.launch(**returning(back_address(visitor)), sub=ABSENT)
    assert caplog.records
    assert KEY not in caplog.text
    encryption = app.extensions["credlet"].encryption
    with database.transaction(read_only=True) as db:
        session = db.scalars(sa.select(LaunchSession)).one()
        assert session.return_url is not None
        assert KEY.encode() not in session.return_url
        assert launches.way_back(session, encryption) == back_address(visitor)


def test_the_way_back_is_forgotten_with_the_visit(visitor: Visitor, database: Database) -> None:
    visitor.launch(**returning(back_address(visitor)))
    with database.transaction() as db:
        session = db.scalars(sa.select(LaunchSession)).one()
        launches.forget_secrets(db, session.expires_at)
        db.refresh(session)
        assert session.return_url is None


# Who may frame, where an LMS has more than one host.


def test_an_operator_allows_a_further_host_of_the_lms(visitor: Visitor, database: Database) -> None:
    url = "https://campus.example/back?sesskey=1"
    before = landed(visitor.client, visitor.launch(**returning(url))).response
    assert frame_ancestors(before) == [visitor.platform.url]
    assert ways_back(before) == []
    allow(visitor, database, "https://campus.example/")
    after = landed(visitor.client, visitor.launch(**returning(url))).response
    assert set(frame_ancestors(after)) == {visitor.platform.url, "https://campus.example"}
    assert ways_back(after) == [url]


def test_taking_a_host_away_holds_at_once_for_open_visits(
    visitor: Visitor, database: Database
) -> None:
    allow(visitor, database, "https://campus.example")
    page = landed(visitor.client, visitor.launch())
    assert "https://campus.example" in frame_ancestors(page.response)
    with database.transaction() as db:
        found = registrations.find(db, visitor.registration_id)
        registrations.set_frame_origins(
            db, found, remove=["https://campus.example"], allow_http=False, now=clock.now()
        )
        noted = db.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.at)).all()
    assert "https://campus.example" not in frame_ancestors(page.visit.get().response)
    assert [one for one in noted if "frame" in one] == [
        "frame_origin.added",
        "frame_origin.removed",
    ]


def allow(visitor: Visitor, database: Database, *origins: str) -> None:
    with database.transaction() as db:
        found = registrations.find(db, visitor.registration_id)
        registrations.set_frame_origins(db, found, add=origins, allow_http=False, now=clock.now())


def known(**changes: Any) -> KnownRegistration:
    values = {
        "id": None,
        "issuer": "https://canvas.instructure.com",
        "client_id": "1",
        "auth_login_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
        "auth_token_url": "https://sso.canvaslms.com/login/oauth2/token",
        "key_set_url": "https://sso.canvaslms.com/api/lti/security/jwks",
        "deployment_ids": frozenset(),
    }
    return KnownRegistration(**{**values, **changes})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://school.instructure.com/courses/1/external_content/success", True),
        ("https://school.instructure.com.evil.example/", False),
        ("https://evilinstructure.com/", False),
        ("http://school.instructure.com/", False),
        ("https://school.instructure.com/\n", False),
        ("https://x:y@school.instructure.com/", False),
    ],
)
def test_a_hosted_canvas_is_gone_back_to_on_the_schools_host(url: str, expected: bool) -> None:
    assert return_addresses.is_safe(url, known()) is expected


def test_the_message_leaves_query_and_fragment_as_they_are() -> None:
    made = return_addresses.with_error("https://lms.example/r?a=1&a=%202&b=#top", "Oh & no", "x 1")
    assert made == (
        "https://lms.example/r?a=1&a=%202&b=&lti_errormsg=Oh+%26+no&lti_errorlog=x+1#top"
    )
    assert return_addresses.with_error("https://lms.example/r", "No", "x") == (
        "https://lms.example/r?lti_errormsg=No&lti_errorlog=x"
    )


def test_the_page_that_asks_for_a_proof_is_framed_where_the_launch_is(
    visitor: Visitor, app: Flask, database: Database
) -> None:
    """A hosted Canvas signs people in elsewhere than it shows our pages."""
    with database.transaction() as db:
        found = registrations.find(db, visitor.registration_id)
        origins = ["https://campus.example"]
        registrations.set_frame_origins(db, found, add=origins, allow_http=False, now=clock.now())
    alone = replace(visitor, client=app.test_client(use_cookies=False))
    begun = alone.begin_in_frame()
    claims = alone.payload(begun, **returning("https://campus.example/courses/7"))
    page = alone.send(begun, alone.platform.sign(claims))
    assert frame_ancestors(page) == [visitor.platform.url, "https://campus.example"]
