"""The public catalogue over HTTP: what anybody finds, by plain addresses, without a session."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import MicroCredentialVersion
from tests.factories import catalogues
from tests.factories.courses import publish
from tests.factories.statements import recorded

TITLES = {mc.code: mc.title.best("en") for mc in samples.all()}


@pytest.fixture
def published(database: Database, app: Flask) -> None:
    with database.transaction() as db:
        for mc in samples.all():
            publish(db, mc, "https://badges.example", clock.now())


def found(client: FlaskClient, query: str) -> set[str]:
    answer = client.get(f"/catalogue?{query}")
    assert answer.status_code == 200
    text = html.unescape(answer.text)
    return {code for code, title in TITLES.items() if title in text}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("q=%D0%97%D0%92%D0%90%D0%A0%D0%AE%D0%92%D0%90%D0%9D%D0%9D%D0%AF", {"BEM-S-WLD1"}),
        ("field=08", {"BEM-S-AGR1"}),
        ("country=GE", {"BEM-S-HOSP1"}),
        ("language=mk&level=3", {"BEM-S-CARE1"}),
        ("from=80,5&to=84", {"BEM-S-AGR1"}),
        ("to=30", {"BEM-S-HOSP1"}),
        ("q=astronautics", set()),
        ("level=8", set()),
        ("field=x&level=y&country=%21%21&from=-3&to=nan&page=z", set(TITLES)),
        ("", set(TITLES)),
    ],
)
def test_anybody_finds_what_fits(
    published: None, client: FlaskClient, query: str, codes: set[str]
) -> None:
    assert found(client, query) == codes


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("level=99&q=welding", "“99” means nothing for “EQF level”, so it was left out."),
        ("country=germany&q=welding", "“germany” means nothing for “Country”"),
        ("country=ZZ&q=welding", "“ZZ” means nothing for “Country”"),
        ("field=99&q=welding", "“99” means nothing for “Sector”"),
        ("from=-3&q=welding", "“-3” means nothing for “Hours of work, at least”"),
        ("body=%3Cb%3E&q=welding", "“<b>” means nothing for “Awarding body”"),
    ],
)
def test_a_filter_that_means_nothing_is_said_and_can_be_removed(
    published: None, client: FlaskClient, query: str, said: str
) -> None:
    page = client.get(f"/catalogue?{query}").text
    assert said in html.unescape(page)
    assert "<b>”" not in page
    without = re.search(r'href="([^"]*)">Remove it from the search', page)
    assert without is not None
    assert without[1] == "/catalogue?q=welding"
    assert "left out" not in client.get(without[1]).text


def test_fewer_hours_at_most_than_at_least_mean_nothing(
    published: None, client: FlaskClient
) -> None:
    page = html.unescape(client.get("/catalogue?from=50&to=10").text)
    assert "“10” means nothing for “Hours of work, at most”" in page
    assert 'href="/catalogue?from=50">Remove it' in page
    assert "left out" not in client.get("/catalogue?from=10&to=10").text


def test_a_filter_that_nothing_has_is_no_mistake(published: None, client: FlaskClient) -> None:
    page = client.get("/catalogue?level=8").text
    assert "left out" not in page
    assert "Nothing fits" in page


def test_the_page_says_how_many_and_keeps_what_was_asked(
    published: None, client: FlaskClient
) -> None:
    page = client.get("/catalogue?q=welding&field=07&country=UA&from=10").text
    assert "1 micro-credential<" in page
    assert 'value="welding"' in page
    assert '<option value="07" selected>' in page
    assert '<option value="UA" selected>Ukraine' in page
    assert 'value="10"' in page
    assert "Show all" in page


def test_what_finds_nothing_says_what_to_do(published: None, client: FlaskClient) -> None:
    page = client.get("/catalogue?q=%3Cscript%3Ealert").text
    assert "Nothing fits" in page
    assert "Try fewer words" in page
    assert "<script>alert" not in page
    chosen = client.get("/catalogue?level=8&body=nobody&field=01").text
    assert "Take a choice away" in chosen
    for value in ("8", "nobody", "01"):
        assert f'<option value="{value}" selected>' in chosen
    both = client.get("/catalogue?level=8&q=zzz").text
    assert "Take a word or a choice away" in both


def test_an_empty_catalogue_says_how_it_is_filled(client: FlaskClient) -> None:
    assert "Nothing is published here yet." in client.get("/catalogue").text


def test_what_is_retired_or_overdue_is_not_on_offer(
    published: None, database: Database, client: FlaskClient
) -> None:
    with database.transaction() as db:
        for version in db.query(MicroCredentialVersion):
            if version.series.code == "BEM-S-WLD1":
                version.retired_at = clock.now()
            if version.series.code == "BEM-S-AGR1":
                version.review_by = clock.now() - timedelta(days=1)
    assert found(client, "") == set(TITLES) - {"BEM-S-WLD1", "BEM-S-AGR1"}


def test_pages_lead_through_everything_and_keep_the_search(
    app: Flask, database: Database, client: FlaskClient
) -> None:
    catalogues.fill(database, 45, clock.now())
    address: str | None = "/catalogue?q=body&from=100"
    seen: list[str] = []
    while address:
        page = client.get(address).text
        seen += re.findall(r'href="/definitions/body-\d+/(MC-\d+)/', page)
        onward = re.search(r'<a class="button" rel="next" href="([^"]+)"', page)
        address = html.unescape(onward[1]) if onward else None
    assert len(seen) == len(set(seen)) == 45
    assert "Page 3 of 3" in client.get("/catalogue?page=999").text


def test_a_page_asks_the_database_as_often_for_many_as_for_few(
    app: Flask, database: Database, client: FlaskClient
) -> None:
    catalogues.fill(database, 30, clock.now(), schools=10)
    with recorded(app.extensions["credlet"].database) as asked:
        client.get("/catalogue?q=for")
    assert len(asked) == 3


def test_the_page_is_the_same_without_cookies_and_small(
    published: None, client: FlaskClient
) -> None:
    answer = client.get("/catalogue")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert len(answer.data) < 24_000
    assert "<script" not in answer.text


def test_the_old_address_leads_on(client: FlaskClient) -> None:
    answer = client.get("/definitions/")
    assert (answer.status_code, answer.location) == (301, "/catalogue")
