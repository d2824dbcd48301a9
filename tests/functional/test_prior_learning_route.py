"""At the claim: whether the badge says which units were recognised as prior learning."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from badges import national_profiles
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Credential
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Visit, Visits
from tests.functional.test_prior_learning_answers import complete_the_rest
from tests.functional.test_prior_learning_pages import UNIT, apply, assessor, judge, waiting

SAYS = "Recognised as prior learning"
CHOICE = "Show which units were recognised"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(minutes=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=UNIT)


@pytest.fixture
def asta(app: Flask, database: Database, visits: Visits) -> SignedIn:
    return assessor(app, database, visits, "Asta")


@pytest.fixture
def ana(visits: Visits, teacher: Visit, asta: SignedIn, database: Database) -> Visit:
    """One unit was recognised, and the others completed in the course."""
    ana = visits.open("ana", unit=UNIT)
    apply(visits, ana)
    judge(asta, visits, waiting(database), "recognised")
    complete_the_rest(visits, teacher)
    return ana


def signed(database: Database) -> list[str]:
    """Return what the badges say, oldest first."""
    with database.transaction(read_only=True) as db:
        kept = db.query(Credential).order_by(Credential.signed_at)
        return [json.dumps(json.loads(one.document)["evidence"]) for one in kept]


def test_the_badge_says_nothing_of_it_unless_its_holder_wants_it(
    ana: Visit, database: Database
) -> None:
    page = ana.get("claim")
    assert CHOICE in page.text
    assert SAYS not in page.text
    page.submit("claim")
    (says,) = signed(database)
    assert SAYS not in says
    assert "rior learning" not in says


@on_each_database
def test_whoever_wants_it_sees_it_first_and_gets_it(ana: Visit, database: Database) -> None:
    preview = ana.get("claim").submit("claim", route="1", preview="1")
    assert preview.text.count(SAYS) == 1
    assert signed(database) == []
    preview.submit("claim")  # the box stays ticked
    assert signed(database)[0].count(SAYS) == 1
    correction = ana.get("badge/correct")
    assert correction.filled("claim")[1]["route"] == ["1"]
    correction.submit("claim", route=[])
    assert [SAYS in one for one in signed(database)] == [True, False]


def test_nobody_is_asked_where_nothing_was_recognised(
    visits: Visits, teacher: Visit, database: Database
) -> None:
    bo = visits.open("bo", unit=UNIT)
    visits.school.complete(teacher.id, "bo", visits.mc)
    page = bo.get("claim")
    assert CHOICE not in page.text
    path, data = page.filled("claim")
    bo.post(path, data | {"route": ["1"]})
    assert SAYS not in signed(database)[0]


def test_a_country_can_ask_for_it(
    ana: Visit, visits: Visits, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    country = visits.mc.awarding_body.country
    known = national_profiles.profile("UA")
    assert known is not None
    asking = replace(known, country=country, shows_prior_learning=True)
    monkeypatch.setattr(national_profiles, "all", lambda: {country: asking})
    assert "the country of the awarding body asks for it" in ana.get("prior-learning").text
    page = ana.get("claim")
    assert CHOICE not in page.text
    assert "the country of the awarding body asks for it" in page.text
    assert SAYS in page.text
    page.submit("claim")
    assert SAYS in signed(database)[0]
