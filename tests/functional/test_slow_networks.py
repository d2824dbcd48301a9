"""What a learner's pages spare a slow network, and what may not be spared for it."""

import gzip
import hashlib
import re
from base64 import b64encode
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from badges.completion import Route
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.web.http import static_files
from tests.factories.visits import Visit, Visits

READING = "BEM-S-WLD1-U2"
SHEET_WITHIN = re.compile(r"<style>(.*?)</style>", re.DOTALL)
FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def ana(visits: Visits) -> Visit:
    """A learner at a unit that she may confirm herself: her page has a form."""
    teacher = visits.open("olha", teacher=True, unit=READING)
    visits.school.set_route(teacher.id, READING, Route.PARTICIPATION)
    return visits.open("ana", unit=READING)


def ask(visit: Visit, path: str = "", **headers: str) -> TestResponse:
    """Return the answer as a browser asks for it, which takes gzip."""
    return visit.client.get(visit.home + path, headers={"Accept-Encoding": "gzip", **headers})


def html(answer: TestResponse) -> str:
    is_compressed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.data) if is_compressed else answer.data).decode()


def policy(answer: TestResponse, directive: str) -> list[str]:
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return next(part.split()[1:] for part in parts if part.startswith(f"{directive} "))


def test_the_first_page_holds_its_sheet_and_the_next_one_names_it(ana: Visit) -> None:
    first = ask(ana)
    sheet = SHEET_WITHIN.search(html(first))
    assert sheet is not None
    assert "--paper" in sheet[1]
    assert 'media="print"' in html(first)  # fetched for later, waited for by nobody
    assert len(first.data) < 10_000
    following = ask(ana, "data")
    assert SHEET_WITHIN.search(html(following)) is None
    assert '<link rel="stylesheet" href="/static/credlet.css?v=' in html(following)
    assert "Set-Cookie" not in following.headers


def test_the_policy_lets_in_that_very_sheet_and_no_script(ana: Visit) -> None:
    first = ask(ana)
    sheet = SHEET_WITHIN.search(html(first))
    assert sheet is not None
    digest = b64encode(hashlib.sha256(sheet[1].encode()).digest()).decode()
    assert policy(first, "style-src") == ["'self'", f"'sha256-{digest}'"]
    assert policy(first, "script-src") == ["'none'"]
    assert policy(ask(ana), "style-src") == ["'self'"]


def test_a_new_release_brings_its_sheet_anew(ana: Visit) -> None:
    ana.client.set_cookie("sheet", "0" * 12, path="/launches")
    assert SHEET_WITHIN.search(html(ask(ana))) is not None
    held = ana.client.get_cookie("sheet", path="/launches")
    assert held is not None
    assert held.value == static_files.digest("credlet.css")
    assert (held.secure, held.http_only) == (True, True)


def test_a_page_that_a_script_puts_in_place_brings_no_sheet(ana: Visit) -> None:
    cookie = ana.client.get_cookie("launch", path=f"/launches/{ana.id}")
    assert cookie is not None
    # Told apart by the header alone: this secret is no bearer, so the page says who is unknown.
    assert SHEET_WITHIN.search(html(ask(ana, Authorization="Bearer other"))) is None


def test_who_takes_no_gzip_gets_plain_pages_without_the_sheet(ana: Visit) -> None:
    answer = ana.client.get(ana.home)
    assert "Content-Encoding" not in answer.headers
    assert SHEET_WITHIN.search(answer.text) is None


def test_a_page_that_may_repeat_the_request_is_not_compressed(ana: Visit) -> None:
    """BREACH: the way back to the LMS, which holds its token, stands in the same page."""
    for path in ("?q=sesskey", "units?lang=en", "data?x", "nothing?here"):
        assert "Content-Encoding" not in ask(ana, path).headers, path
    refused = ana.client.post(
        ana.home + "participation", data={"x": "y"}, headers={"Accept-Encoding": "gzip"}
    )
    assert refused.status_code == 403
    assert "Content-Encoding" not in refused.headers


def test_a_teachers_page_is_not_compressed(visits: Visits) -> None:
    """Names of learners stand in it, who may choose them in the LMS."""
    olha = visits.open("olha", teacher=True)
    for path in ("course", "units"):
        answer = ask(olha, path)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers, path
        assert SHEET_WITHIN.search(answer.text) is None


def test_each_answer_writes_the_forms_token_differently_and_all_of_them_work(ana: Visit) -> None:
    tokens = {FIELD.search(html(ask(ana)))[1] for _ in range(5)}  # type: ignore[index]
    assert len(tokens) == 5
    for token in tokens:
        done = ana.client.post(ana.home + "participation", data={"csrf_token": token})
        assert done.status_code == 303


def test_a_learners_page_asks_for_no_picture_afterwards(ana: Visit) -> None:
    page = html(ask(ana))
    assert "<img" not in page
    assert '<span class="emblem"><svg' in page
