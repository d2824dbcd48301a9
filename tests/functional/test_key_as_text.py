"""An LMS that was given the tool's key as text: who learns in time that it must be pasted anew."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.lti import tool_keys as keys
from lti_tool.services.connections import tool_keys
from tests.factories.databases import on_each_database
from tests.factories.launches import Visitor

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def text_url(visitor: Visitor) -> str:
    return f"/lti/{visitor.registration_id}/public-key.pem"


def behind(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return len(tool_keys.left_behind(db))


def rotate(app: Flask, database: Database, *, at_once: bool) -> None:
    with database.transaction() as db:
        encryption = app.extensions["credlet"].encryption
        tool_keys.rotate(db, encryption, clock.now(), at_once=at_once)


@on_each_database
def test_it_is_left_behind_until_the_platform_took_a_signature_of_the_new_key(
    app: Flask, client: FlaskClient, database: Database, visitor: Visitor, text_url: str
) -> None:
    old = client.get(text_url).text
    assert behind(database) == 0
    rotate(app, database, at_once=False)
    assert client.get(text_url).text == old
    assert behind(database) == 1
    rotate(app, database, at_once=True)
    assert behind(database) == 1
    assert client.get(text_url).text != old
    assert behind(database) == 1  # anybody may fetch it
    with database.transaction() as db:
        encryption = app.extensions["credlet"].encryption
        kid = keys.current(db, encryption, clock.now()).kid
        keys.note_accepted(db, visitor.registration_id, kid)
    assert behind(database) == 0


def test_one_that_fetches_the_key_set_is_not_left_behind(
    app: Flask, client: FlaskClient, database: Database, visitor: Visitor
) -> None:
    client.get(f"/lti/{visitor.registration_id}/jwks")
    rotate(app, database, at_once=True)
    assert behind(database) == 0


def test_people_read_that_it_has_to_be_pasted_again(
    app: Flask, client: FlaskClient, database: Database, text_url: str
) -> None:
    plain = client.get(text_url)
    page = client.get(text_url, headers=BROWSER)
    assert page.mimetype == "text/html"
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    assert shown is not None
    assert shown[1].strip() == plain.text.strip()
    assert "It has to be pasted again" in page.text
    assert "Accept" in plain.headers["Vary"]
    rotate(app, database, at_once=False)
    with database.transaction(read_only=True) as db:
        begins = keys.all_keys(db)[-1].signs_from
    assert f"{begins:%H:%M} UTC" in client.get(text_url, headers=BROWSER).text
