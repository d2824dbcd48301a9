"""Where prior learning may cover only a part: what counts, and what a learner is told before."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask

from badges.choices import Choice
from badges.micro_credential import PriorLearning
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import Award, CompletionRecord, PriorLearningApplication
from lti_tool.services.completing import completions, judging, prior_prospects
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_prior_learning_pages import LIST, assessor

NEEDED, FIRST, SECOND, THIRD = (f"BEM-S-WLD1-U{number}" for number in (2, 3, 4, 5))
PLACE = {"mc": "LIMIT", "course": "limit", "link": "limit"}
ENOUGH = "You do not need this unit for your badge"
TOGETHER = "If what you have handed in for other units is recognised"
REACHED = "you have reached that: this unit would not count"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    """Ten hours that everybody needs, ten of three units by choice, half of it recognised."""
    visits = Visits.at(app, database, clock.now() - timedelta(minutes=1))
    units = [
        replace(one, hours=Decimal(10), no_prior_learning=None) for one in visits.mc.units[1:5]
    ]
    visits.school.publish(
        replace(
            visits.mc,
            code="LIMIT",
            hours=Decimal(20),
            units=tuple(units),
            choices=(Choice(units=(FIRST, SECOND, THIRD), count=1),),
            prior_learning=PriorLearning(allowed=True, max_share_percent=50),
        )
    )
    return visits


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=FIRST, **PLACE)


@pytest.fixture
def ana(visits: Visits, teacher: Visit) -> Visit:
    return visits.open("ana", unit=FIRST, **PLACE)


@pytest.fixture
def asta(app: Flask, database: Database, visits: Visits) -> SignedIn:
    return assessor(app, database, visits, "Asta")


def hand_in(visits: Visits, ana: Visit, unit: str) -> Page:
    said = {f"says:{one.code}": "yes" for one in visits.mc.unit(unit).outcomes}
    page = ana.get(f"prior-learning/{unit}")
    return page.submit("apply", **said, text="Five years at Dock Welding", do="hand_in")


def recognise(visits: Visits, asta: SignedIn, database: Database, unit: str) -> None:
    with database.transaction(read_only=True) as db:
        row = db.query(PriorLearningApplication).filter_by(unit_code=unit).one()
        fields = {"revision": str(row.revision), "independent": "1"}
        address = f"{LIST}/{row.id}"
    verdicts = {f"verdict:{one.code}": "recognised" for one in visits.mc.unit(unit).outcomes}
    assert asta.post(address, **fields, **verdicts).status_code == 303


def in_course(visits: Visits, teacher: Visit, unit: str) -> None:
    """Let Ana complete a unit in the course."""
    mc = replace(visits.mc, code="LIMIT", units=(visits.mc.unit(unit),))
    visits.school.complete(teacher.id, "ana", mc)


@on_each_database
def test_a_unit_that_is_needed_counts_whatever_was_recognised_before(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    hand_in(visits, ana, NEEDED)
    hand_in(visits, ana, FIRST)
    recognise(visits, asta, database, FIRST)
    assert "This unit counts towards your badge" in ana.get(f"prior-learning/{FIRST}").text
    recognise(visits, asta, database, NEEDED)
    assert "This unit counts towards your badge" in ana.get(f"prior-learning/{NEEDED}").text
    beyond = ana.get(f"prior-learning/{FIRST}")
    assert "beyond what prior learning may cover here" in beyond.text
    assert "It counts (done)" not in beyond.text


def test_what_would_not_count_is_said_before_it_is_handed_in(
    visits: Visits, ana: Visit, asta: SignedIn, database: Database
) -> None:
    page = ana.get(f"prior-learning/{FIRST}").text
    assert TOGETHER not in page
    assert REACHED not in page
    hand_in(visits, ana, NEEDED)
    assert TOGETHER in ana.get(f"prior-learning/{FIRST}").text
    ana.get(f"prior-learning/{NEEDED}").submit("withdraw")
    assert TOGETHER not in ana.get(f"prior-learning/{FIRST}").text
    hand_in(visits, ana, NEEDED)
    recognise(visits, asta, database, NEEDED)
    assert REACHED in ana.get(f"prior-learning/{FIRST}").text
    refused = hand_in(visits, ana, FIRST)
    assert (refused.status, "this unit is too much" in refused.text) == (409, True)


def test_a_unit_of_which_enough_others_are_completed_says_so_before(
    visits: Visits, teacher: Visit, ana: Visit, asta: SignedIn, database: Database
) -> None:
    assert ENOUGH not in ana.get(f"prior-learning/{FIRST}").text
    in_course(visits, teacher, SECOND)
    assert ENOUGH in ana.get(f"prior-learning/{FIRST}").text
    assert "not needed for your badge" in ana.get("prior-learning").text
    hand_in(visits, ana, FIRST)
    recognise(visits, asta, database, FIRST)
    assert TOGETHER not in ana.get(f"prior-learning/{NEEDED}").text
    hand_in(visits, ana, NEEDED)
    recognise(visits, asta, database, NEEDED)
    assert "2 of 2" in ana.get("units").text


def test_the_prospect_of_one_unit_is_that_of_the_list(
    visits: Visits, teacher: Visit, ana: Visit, database: Database
) -> None:
    in_course(visits, teacher, SECOND)
    with database.transaction(read_only=True) as db:
        version = visits.school.version(db, "LIMIT")
        person = visits.school.person(db, "ana")
        of = partial(prior_prospects.of, db, person, version, clock.now(), waiting=[NEEDED])
        every = of()
        assert len(set(every.values())) > 1
        assert all(of(only=[code]) == {code: found} for code, found in every.items())


@pytest.mark.parametrize("is_claimed", [False, True])
def test_an_award_outlives_the_choice_of_other_units_and_not_what_is_taken_back(
    visits: Visits,
    teacher: Visit,
    ana: Visit,
    asta: SignedIn,
    database: Database,
    is_claimed: bool,
) -> None:
    hand_in(visits, ana, SECOND)
    hand_in(visits, ana, FIRST)
    recognise(visits, asta, database, SECOND)
    recognise(visits, asta, database, FIRST)
    in_course(visits, teacher, NEEDED)
    with database.transaction() as db:  # as the rule before had it: what was recognised first
        award = db.query(Award).one()
        assert [one["unit"] for one in award.results] == [NEEDED, FIRST]
        award.results = [
            {**one, "unit": SECOND if one["unit"] == FIRST else one["unit"]}
            for one in award.results
        ]
    if is_claimed:
        ana.get("units").follow("Claim your badge").submit("claim")
    judge_again(database)
    assert standing(database) == (None, None)
    with database.transaction() as db:
        rows = db.query(CompletionRecord).filter_by(unit_code=SECOND).all()
        who = rows[0].assessor_account
        assert who is not None
        completions.unrecognise(db, dict.fromkeys(rows, "Wrong"), assessor=who, now=clock.now())
    judge_again(database)
    withdrawn, flagged = standing(database)
    assert (withdrawn is None, flagged is None) == (is_claimed, not is_claimed)


def judge_again(database: Database) -> None:
    with database.transaction() as db:
        award = db.query(Award).order_by(Award.granted_at).first()
        assert award is not None
        judging.reevaluate(db, award.person, award.version, clock.now())


def standing(database: Database) -> tuple[object, object]:
    """Return when the first award was withdrawn and flagged."""
    with database.transaction(read_only=True) as db:
        award = db.query(Award).order_by(Award.granted_at).first()
        assert award is not None
        return award.withdrawn_at, award.flagged_at
