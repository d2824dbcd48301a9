"""Deep linking over HTTP: the certification guide's tests, and what hostile people try.

LTI Advantage Conformance Certification Guide 1.3, section 6.2; LTI Deep Linking 2.0, section 4.
"""

import html
import time
import uuid
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask

from badges import samples
from lti_tool.db import Database
from lti_tool.models import AuditEntry, Course, LaunchSession
from lti_tool.web.http.security import csrf_token
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor, refusal_code
from tests.factories.platform import ABSENT, DL, LTI, MEMBERSHIP
from tests.factories.selecting import Selecting, Sent, leaves_nothing, request, return_url
from tests.factories.threads import at_one_moment
from tests.factories.visits import Page, Visit

WLD = samples.welding()
UNITS = [unit.code for unit in WLD.units]
REFERENCE = f"{WLD.awarding_body.slug}/{WLD.code}"
OPAQUE = 'csftoken:c7fbba78-ca75-46e3-9201-11e6d5f36f53 "><script>alert(1)</script>\r\n\u00e4\u202e'


def claims_of(sent: Sent, visitor: Visitor) -> dict[str, Any]:
    return sent.verified(visitor.platform, visitor.client)


def items(sent: Sent, visitor: Visitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = claims_of(sent, visitor)[DL + "content_items"]
    return found


# Section 6.2 of the guide, in its order.


def test_deep_linking_request_received(selecting: Selecting, database: Database) -> None:
    page = selecting.catalogue()
    assert page.status == 200
    assert "Course 1" in page.text
    for mc in samples.all():
        assert mc.title.best("en") in page.text
    with database.transaction(read_only=True) as db:
        launch = db.scalars(sa.select(LaunchSession)).one()
        assert launch.is_teacher
        assert launch.is_deep_linking
        assert launch.person.sub == "7"
        assert launch.course.context_id == "course-1"


def test_deep_linking_response_is_posted_to_the_return_url(
    selecting: Selecting, visitor: Visitor
) -> None:
    form = selecting.choose().page.form("answer")
    assert form.action == return_url(visitor.platform)
    assert form.method == "post"
    assert [field.name for field in form.fields if field.is_sent and field.name] == ["JWT"]
    assert any(field.kind == "submit" for field in form.fields)


def test_deep_linking_response_format(selecting: Selecting) -> None:
    encoded = selecting.choose().jwt
    assert encoded.count(".") == 2
    header = jwt.get_unverified_header(encoded)
    assert header["alg"] == "RS256"
    assert header["kid"]


def test_deep_linking_response_timestamps(selecting: Selecting, visitor: Visitor) -> None:
    claims = claims_of(selecting.choose(), visitor)
    now = time.time()
    assert claims["iat"] <= now - 30, "backdated: Moodle allows no clock ahead of its own"
    assert now < claims["exp"] <= now + 300
    assert claims["exp"] - claims["iat"] <= 600


def test_deep_linking_response_signature(selecting: Selecting, visitor: Visitor) -> None:
    sent = selecting.choose()
    sent.verified(visitor.platform, visitor.client)
    head, body, signature = sent.jwt.split(".")
    other = "B" if signature[9] == "A" else "A"
    broken = f"{head}.{body}.{signature[:9]}{other}{signature[10:]}"
    keys = visitor.client.get(f"/lti/{visitor.registration_id}/jwks").get_json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(sent.jwt)["kid"]]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(broken, key, algorithms=["RS256"], audience=visitor.platform.issuer)


def test_deep_linking_response_required_claims(selecting: Selecting, visitor: Visitor) -> None:
    assert set(claims_of(selecting.choose(), visitor)) == {
        "iss",
        "aud",
        "iat",
        "exp",
        "nonce",
        "jti",
        LTI + "deployment_id",
        LTI + "message_type",
        LTI + "version",
        DL + "content_items",
        DL + "msg",
    }


def test_deep_linking_response_values(visitor: Visitor, published: None) -> None:
    claims = claims_of(Selecting.begin(visitor, data=OPAQUE).choose(), visitor)
    assert claims["iss"] == visitor.platform.client_id
    assert claims["aud"] == visitor.platform.issuer
    assert claims[LTI + "deployment_id"] == visitor.platform.deployment_id
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[DL + "data"] == OPAQUE
    for item in claims[DL + "content_items"]:
        assert item["type"] == "ltiResourceLink"
        assert item["url"] == visitor.launch_url


@pytest.mark.parametrize("data", ["", "0", " "])
def test_data_comes_back_exactly_when_it_was_sent(
    visitor: Visitor, published: None, data: str
) -> None:
    assert claims_of(Selecting.begin(visitor, data=data).choose(), visitor)[DL + "data"] == data
    for none in (ABSENT, None):
        claims = claims_of(Selecting.begin(visitor, data=none).choose(), visitor)
        assert DL + "data" not in claims


def test_nonce_and_id_of_each_response_are_new(visitor: Visitor, published: None) -> None:
    seen: set[str] = set()
    for _ in range(3):
        claims = claims_of(Selecting.begin(visitor).choose(), visitor)
        seen |= {claims["nonce"], claims["jti"]}
    assert len(seen) == 6
    assert all(len(one) >= 22 for one in seen)


# What is sent back.


def stands_for(item: dict[str, Any]) -> dict[str, str]:
    """Return what a link stands for; its other parameters say where it was selected."""
    return {name: value for name, value in item["custom"].items() if name in {"mc", "unit"}}


def test_links_say_which_version_was_selected_in_which_course(
    selecting: Selecting, visitor: Visitor, database: Database
) -> None:
    with database.transaction(read_only=True) as db:
        course = str(db.scalars(sa.select(Course)).one().id)
    origin = {"version": WLD.version, "course": course, "history": "$Context.id.history"}
    for item in items(selecting.choose(), visitor):
        assert item["custom"].items() >= origin.items()
        assert all("\n" not in value for value in item["custom"].values())


def test_everything_is_placed_in_order_with_one_column_for_the_whole(
    selecting: Selecting, visitor: Visitor
) -> None:
    overview, *units = items(selecting.choose(), visitor)
    assert stands_for(overview) == {"mc": REFERENCE}
    assert overview["custom"]["column"] == "yes"
    assert overview["lineItem"] == {
        "scoreMaximum": 100,
        "label": overview["title"],
        "resourceId": REFERENCE,
        "tag": "micro-credential",
        "submissionReview": {"reviewableStatus": ["InProgress", "Completed"]},
    }
    assert [stands_for(one) for one in units] == [{"mc": REFERENCE, "unit": u} for u in UNITS]
    assert [item["title"] for item in units] == [unit.title.best("en") for unit in WLD.units]
    assert not any("lineItem" in item for item in units)


def test_each_unit_gets_a_column_of_its_own_scale(selecting: Selecting, visitor: Visitor) -> None:
    overview, *units = items(selecting.choose(columns="units"), visitor)
    assert "lineItem" not in overview
    for unit, item in zip(WLD.units, units, strict=True):
        assert item["lineItem"] == {
            "scoreMaximum": 100,
            "label": item["title"],
            "resourceId": f"{REFERENCE}#{unit.code}",
            "tag": "unit",
            "submissionReview": {"reviewableStatus": ["InProgress", "Completed"]},
        }


def test_no_columns_are_asked_for_where_none_are_wanted(
    selecting: Selecting, visitor: Visitor
) -> None:
    assert not any("lineItem" in item for item in items(selecting.choose(columns="none"), visitor))


@pytest.mark.parametrize(
    ("chosen", "customs"),
    [
        ([UNITS[3]], [{"mc": REFERENCE, "unit": UNITS[3]}]),
        ([UNITS[4], UNITS[1]], [{"mc": REFERENCE, "unit": UNITS[n]} for n in (1, 4)]),
        ([""], [{"mc": REFERENCE}]),
    ],
)
def test_single_units_or_the_overview_are_placed(
    selecting: Selecting, visitor: Visitor, chosen: list[str], customs: list[dict[str, str]]
) -> None:
    page = selecting.units().follow("Tick nothing")
    assert not [f for f in page.form("select").fields if f.name == "unit" and f.is_sent]
    sent = items(Sent(page.submit("select", unit=chosen)), visitor)
    assert [stands_for(item) for item in sent] == customs


def test_every_choice_says_what_it_does_to_the_course_total(selecting: Selecting) -> None:
    text = selecting.units().text
    assert "Moodle adds every column up into the course total." in text
    assert "The course total grows by 100 points." in text
    assert "the course total grows by 500 points." in text
    assert "The course total stays as it is." in text


def test_titles_follow_the_language_of_the_page(selecting: Selecting, visitor: Visitor) -> None:
    page = selecting.visit.get("select?lang=de")
    link = next(a.href for a in page.read.anchors if "/select/" in a.href)
    titles = [
        item["title"] for item in items(Sent(selecting.visit.get(link).submit("select")), visitor)
    ]
    assert any(title.endswith(": Überblick und Badge") for title in titles)


def test_a_platform_that_takes_one_link_is_given_one(visitor: Visitor, published: None) -> None:
    for asked in ({"accept_multiple": False}, {"accept_multiple": ABSENT}):
        page = Selecting.begin(visitor, **asked).units()
        kinds = {f.kind for f in page.form("select").fields if f.name == "unit"}
        assert kinds == {"radio"}
        refused = page.submit("select", unit=UNITS[:2])
        assert (refused.status, "one activity at a time" in refused.text) == (400, True)
        (item,) = items(Sent(page.submit("select", unit=[UNITS[2]])), visitor)
        assert item["custom"]["unit"] == UNITS[2]


def test_a_platform_without_columns_is_asked_for_none(visitor: Visitor, published: None) -> None:
    selecting = Selecting.begin(visitor, accept_lineitem=False)
    assert not [f for f in selecting.units().form("select").fields if f.name == "columns"]
    path, data = selecting.units().filled("select")
    sent = Sent(selecting.visit.post(path, {**data, "columns": ["units"]}))
    assert not any("lineItem" in item for item in items(sent, visitor))


def test_a_request_without_a_course_can_be_answered(
    visitor: Visitor, published: None, database: Database
) -> None:
    claims = {**request(visitor.platform), "context": ABSENT}
    assert visitor.launch(**claims).status_code == 303
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Course)).all() == []
    assert len(items(Selecting.begin(visitor).choose(), visitor)) == 6


def test_nothing_ticked_is_asked_again_and_uses_nothing_up(
    selecting: Selecting, visitor: Visitor
) -> None:
    page = selecting.choosing(units=[], columns="units")
    assert page.status == 400
    assert "Nothing is ticked" in page.text
    fields = {f.name: f.value for f in page.form("select").fields if f.is_sent}
    assert fields["columns"] == "units", "what was chosen stays"
    assert len(items(Sent(page.submit("select", unit=UNITS)), visitor)) == 5


def test_cancelling_sends_back_no_items(selecting: Selecting, visitor: Visitor) -> None:
    page = selecting.cancel()
    assert "Nothing is added" in page.text
    claims = jwt.decode(Sent(page).jwt, options={"verify_signature": False})
    assert claims[DL + "content_items"] == []
    assert claims["aud"] == visitor.platform.issuer


# Who may answer, and how often.


@pytest.mark.parametrize(
    "roles",
    [
        [MEMBERSHIP + "Learner"],
        [],
        ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"],
        [
            MEMBERSHIP + "Instructor",
            "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
        ],
    ],
)
def test_only_teachers_may_select(
    visitor: Visitor, database: Database, published: None, roles: list[str]
) -> None:
    response = visitor.launch(**{**request(visitor.platform), "roles": roles})
    assert response.status_code == 403
    assert refusal_code(response) == "teachers_only"
    leaves_nothing(response, database)


@pytest.mark.parametrize("first", ["choose", "cancel"])
def test_a_request_is_answered_once(selecting: Selecting, first: str, database: Database) -> None:
    page = selecting.units()
    getattr(selecting, first)()
    again = page.submit("select")
    assert again.status == 409
    assert "sent back to your course already" in again.text
    assert "JWT" not in again.html
    for path in ("", "select", page.path):
        answer = selecting.visit.get(path)
        assert answer.status == 409
        assert "Back to the beginning" not in answer.text, "there is nothing to go back to"
    path, data = page.filled("select")
    assert selecting.visit.post("select/cancel", data).status == 409
    with database.transaction(read_only=True) as db:
        launch = db.scalars(sa.select(LaunchSession)).one()
        assert launch.answered_at is not None
        assert launch.deep_linking is None, "where the answer went is forgotten"
        actions = db.scalars(sa.select(AuditEntry.action)).all()
        assert actions.count("deep_linking.answered") == 1


@on_each_database
def test_of_several_answers_at_one_moment_one_is_made(app: Flask, selecting: Selecting) -> None:
    path, data = selecting.units().filled("select")
    cookies = selecting.visit.client.get_cookie("launch", path=f"/launches/{selecting.visit.id}")
    assert cookies is not None

    def answer() -> int:
        client = app.test_client()
        client.set_cookie("launch", cookies.value, path=cookies.path, secure=False)
        return client.post(path, data=data).status_code

    assert sorted(at_one_moment([answer] * 6)) == [200] + [409] * 5  # type: ignore[type-var]


def test_an_ordinary_launch_cannot_answer(app: Flask, visitor: Visitor, published: None) -> None:
    response = visitor.launch(roles=[MEMBERSHIP + "Instructor"])
    launch = response.location.strip("/").split("/")[1]
    with app.test_request_context():
        token = csrf_token(uuid.UUID(launch))
    answer = visitor.client.post(f"/launches/{launch}/select/cancel", data={"csrf_token": token})
    assert answer.status_code == 404
    assert "JWT" not in answer.text
    assert visitor.client.get(f"/launches/{launch}/select").status_code == 404


def test_a_unit_that_the_catalogue_lacks_is_refused(selecting: Selecting) -> None:
    path, data = selecting.units().filled("select")
    refused = selecting.visit.post(path, {**data, "unit": ["https://evil.example/"]})
    assert refused.status == 400
    unknown = path.replace(path.split("/")[-1], "00000000-0000-4000-8000-000000000000")
    assert selecting.visit.post(unknown, data).status == 404
    assert selecting.visit.post(path, {**data, "columns": ["all"]}).status == 400
    assert selecting.visit.post(path, data).status == 200, "nothing was used up"


# Where the answer goes.


FOREIGN = (
    "https://evil.example/return",
    "//evil.example/return",
    "javascript:alert(1)",
    "javascript://127.0.0.1/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://127.0.0.1/return",
    "https://127.0.0.1@evil.example/return",
    "https://evil.example\\@127.0.0.1/return",
    "https://evil.example#@127.0.0.1/return",
    "http://127.0.0.1.evil.example/return",
    "http://user@127.0.0.1/return",
    "http:///return",
    "/return",
    "http://[::1/return",
    "http://127.0.0.1:x/return",
    "http://127.0.0.1/re turn",
    "http://127.0.0.1/re\nturn",
)


@pytest.mark.parametrize("url", FOREIGN)
def test_an_answer_goes_nowhere_but_to_the_platform(
    visitor: Visitor, database: Database, published: None, url: str
) -> None:
    response = visitor.launch(**request(visitor.platform, deep_link_return_url=url))
    assert refusal_code(response) in {
        "deep_link_return_url_foreign",
        "deep_linking_settings_malformed",
    }
    assert "evil" not in response.text
    leaves_nothing(response, database)


def test_the_page_can_send_its_form_to_the_platform_alone(
    selecting: Selecting, visitor: Visitor
) -> None:
    assert "form-action 'self';" in policy(selecting.units())
    sent = policy(selecting.choose().page)
    assert f"form-action {visitor.platform.url};" in sent
    assert "form-action 'self'" not in sent
    assert "script-src 'nonce-" in sent
    assert f"frame-ancestors {visitor.platform.url}" in sent


def test_text_of_the_platform_stays_text(visitor: Visitor, published: None) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    url = f"{visitor.platform.url}/return?x=\"><script>alert(1)</script>&y='"
    response = visitor.launch(
        **{
            **request(visitor.platform, title=evil, text=evil, data=evil, deep_link_return_url=url),
            "context": {"id": "course-1", "title": evil},
        }
    )
    launch = uuid.UUID(response.location.strip("/").split("/")[1])
    selecting = Selecting(Visit(visitor.client, launch, uuid.uuid4()))
    pages = [selecting.catalogue(), selecting.units()]
    sent = selecting.choose()
    for page in [*pages, sent.page]:
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
    assert html.escape(evil, quote=False).split(";")[1] in pages[0].html
    assert sent.action == url
    assert claims_of(sent, visitor)[DL + "data"] == evil


def test_neither_return_address_nor_data_is_logged_or_stored_in_clear(
    visitor: Visitor,
    published: None,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    selecting = Selecting.begin(visitor, data="0paqu3-data")
    with database.transaction(read_only=True) as db:
        held = db.scalars(sa.select(LaunchSession.deep_linking)).one()
        assert held is not None
        for secret in (b"s3ssk3y", b"0paqu3-data", b"return"):
            assert secret not in held
        assert b"s3ssk3y" in selecting.visit.client.application.extensions[
            "credlet"
        ].encryption.decrypt(held)
    selecting.choose()
    visitor.launch(**request(visitor.platform, deep_link_return_url="https://evil.example/s3ssk3y"))
    written = capsys.readouterr()
    log = caplog.text + written.out + written.err
    assert "deep_link_return_url_foreign" in log
    for secret in ("s3ssk3y", "0paqu3-data", "eyJ"):
        assert secret not in log


def policy(page: Page) -> str:
    return page.response.headers["Content-Security-Policy"]
