"""People with an account see on each of their pages what waits for them, and nothing else."""

import uuid
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import (
    Account,
    DefinitionDraft,
    MicroCredentialVersion,
    PriorLearningApplication,
)
from lti_tool.services import organisations
from lti_tool.services.connections import platforms
from lti_tool.services.connections.platforms import PlatformDetails
from lti_tool.services.definitions import reviews
from lti_tool.services.definitions.reviews import Opinion, Reviewer
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Access, Role
from tests.factories import applying, handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.statements import recorded

TO_REVIEW = "1 definition to review"
MOST_STATEMENTS = 24
"""Of the page of an account that has every role."""


def seat(
    app: Flask, database: Database, role: Role | None, school: str = "school", name: str = "Rita"
) -> SignedIn:
    home = None if role in (None, Role.OPERATOR) else school
    made = signing_in.account(database, clock.now(), name, role, home)
    return signing_in.signed_in(app, database, made, clock.now())


def lms(database: Database) -> uuid.UUID:
    """Connect an LMS of the school and return its platform."""
    details = PlatformDetails(
        name="LMS",
        issuer="https://school.example",
        client_id="school",
        auth_login_url="https://school.example/auth",
        auth_token_url="https://school.example/token",
        key_set_url="https://school.example/keys",
        deployment_ids=["1"],
    )
    with database.transaction() as db:
        body = organisations.get_or_add_organisation(db, "school", "school", "DE", clock.now())
        return platforms.add(db, body, details, allow_http=False, now=clock.now()).platform_id


def apply(
    app: Flask, database: Database, platform_id: uuid.UUID, version_id: uuid.UUID, name: str
) -> None:
    """Let a learner of that name hand in an application."""
    keeping = app.extensions["credlet"].keeping
    now = clock.now()
    found, _ = applying.hand_in(database, platform_id, version_id, keeping, now, sub=name)
    with database.transaction() as db:
        db.get_one(PriorLearningApplication, found).person.name = name


def own(database: Database, draft_id: uuid.UUID, author: SignedIn) -> None:
    """Let a draft be one that the account wrote."""
    with database.transaction() as db:
        db.get_one(DefinitionDraft, draft_id).author = f"account:{author.account_id}"


def decide(database: Database, draft_id: uuid.UUID, *, approves: bool) -> None:
    reviewer = signing_in.account(database, clock.now(), "Rolf", Role.REVIEWER, "school")
    with database.transaction() as db:
        draft = db.get_one(DefinitionDraft, draft_id)
        who = Reviewer(f"account:{reviewer}", Access.of(db.get_one(Account, reviewer)))
        opinion = Opinion(draft.revision, note="Please look.", is_independent=True)
        if approves:
            url = "https://badges.example"
            reviews.approve(db, draft, who, opinion, public_url=url, now=clock.now())
        else:
            reviews.give_back(db, draft, who, opinion, clock.now())


@on_each_database
def test_a_reviewer_sees_on_every_page_what_waits_and_gets_there(
    app: Flask, database: Database
) -> None:
    rita = seat(app, database, Role.REVIEWER)
    assert "Waiting for you" not in rita.get("/admin/account").text
    handing_in.hand_in(database, "school", clock.now())
    for path in ("/admin/account", "/admin/definitions"):
        page = rita.get(path).text
        assert TO_REVIEW in page
        assert 'href="/admin/reviews"' in page
    assert TO_REVIEW not in rita.get("/admin/reviews").text  # it is that page
    assert "1 definition waits for your review" in rita.get("/admin").text


def test_nobody_sees_what_is_not_theirs(app: Flask, database: Database) -> None:
    handing_in.hand_in(database, "school", clock.now())
    for role, school in (
        (None, ""),
        (Role.REVIEWER, "elsewhere"),
        (Role.ADMINISTRATOR, "school"),
        (Role.ASSESSOR, "school"),
    ):
        person = seat(app, database, role, school)
        assert "Waiting for you" not in person.get("/admin/account").text, role


@on_each_database
def test_an_author_sees_what_came_back_until_it_is_handed_in_again(
    app: Flask, database: Database
) -> None:
    olha = seat(app, database, Role.ADMINISTRATOR, name="Olha")
    draft_id = handing_in.hand_in(database, "school", clock.now())
    own(database, draft_id, olha)
    decide(database, draft_id, approves=False)
    assert "1 definition came back to you" in olha.get("/admin/account").text
    assert "1 definition came back to you" in olha.get("/admin").text
    assert "came back to you" not in seat(app, database, Role.ADMINISTRATOR).get("/admin").text


@on_each_database
def test_what_was_published_is_news_until_its_author_has_looked(
    app: Flask, database: Database
) -> None:
    olha = seat(app, database, Role.ADMINISTRATOR, name="Olha")
    draft_id = handing_in.hand_in(database, "school", clock.now())
    own(database, draft_id, olha)
    decide(database, draft_id, approves=True)
    news = "1 definition of yours was approved and published"
    assert news in olha.get("/admin/account").text
    assert news in olha.get("/admin").text
    assert "What came of your own" in olha.get("/admin/drafts").text
    assert news not in olha.get("/admin/account").text
    assert "Nothing waits for you." in olha.get("/admin").text


@on_each_database
def test_an_assessor_sees_what_waits_and_nothing_of_whom_they_are_too_near(
    app: Flask, database: Database
) -> None:
    platform_id = lms(database)
    version_id = handing_in.publish(database, "school", clock.now())
    apply(app, database, platform_id, version_id, "Ana Kos")
    vera = seat(app, database, Role.ASSESSOR, name="Vera")
    assert "1 application for prior learning to judge" in vera.get("/admin/account").text
    ana = seat(app, database, Role.ASSESSOR, name="ana  KOS")
    assert "Waiting for you" not in ana.get("/admin/account").text


@on_each_database
def test_an_administrator_sees_awards_to_decide_about_of_their_school(
    app: Flask, database: Database
) -> None:
    version_id = handing_in.publish(database, "school", clock.now())
    handing_in.larger_award(database, lms(database), version_id, clock.now())
    olha = seat(app, database, Role.ADMINISTRATOR, name="Olha")
    assert "1 award to decide about" in olha.get("/admin/account").text
    other = seat(app, database, Role.ADMINISTRATOR, "elsewhere")
    assert "Waiting for you" not in other.get("/admin/account").text


@on_each_database
def test_a_date_that_comes_near_is_said_in_time_and_of_the_newest_version_only(
    app: Flask, database: Database
) -> None:
    olha = seat(app, database, Role.ADMINISTRATOR, name="Olha")
    version_id = handing_in.publish(database, "school", clock.now())
    soon = "1 published definition to be reviewed again soon"
    over = "1 published definition closed to new courses until it is reviewed again"
    for days, said in ((200, None), (80, soon), (-3, over)):
        with database.transaction() as db:
            version = db.get_one(MicroCredentialVersion, version_id)
            version.review_by = clock.now() + timedelta(days=days)
        page = olha.get("/admin/account").text
        assert [one for one in (soon, over) if one in page] == [one for one in [said] if one], days


def test_a_hundred_things_cost_as_many_statements_as_one(app: Flask, database: Database) -> None:
    rita, platform_id = seat(app, database, Role.REVIEWER), lms(database)
    with database.transaction() as db:
        account, home = accounts.get(db, rita.account_id), organisations.find(db, "school")
        for role in (Role.ASSESSOR, Role.ADMINISTRATOR):
            accounts.grant(db, account, role, home, clock.now())
    rita = signing_in.signed_in(app, database, rita.account_id, clock.now())
    counts = []
    for total in (1, 12):
        for number in range(total):
            handing_in.hand_in(database, "school", clock.now(), code=f"C-{total}-{number}")
            code = f"P-{total}-{number}"
            version_id = handing_in.publish(database, "school", clock.now(), code=code)
            apply(app, database, platform_id, version_id, code)
        with database.transaction() as db:
            soon = clock.now() + timedelta(days=3)
            db.execute(sa.update(MicroCredentialVersion).values(review_by=soon))
        with recorded(app.extensions["credlet"].database) as statements:
            page = rita.get("/admin/account").text
        counts.append(len(statements))
    assert "13 definitions to review" in page
    assert "13 applications for prior learning to judge" in page
    assert "13 published definitions to be reviewed again soon" in page
    assert counts[0] == counts[1]
    assert 0 < counts[0] <= MOST_STATEMENTS


def test_it_is_said_in_the_language_of_the_account(app: Flask, database: Database) -> None:
    rita = seat(app, database, Role.REVIEWER)
    handing_in.hand_in(database, "school", clock.now())
    with database.transaction() as db:
        db.get_one(Account, rita.account_id).locale = "de"
    page = rita.get("/admin/account").text
    assert "Das wartet auf Sie" in page
    assert "1 Definition zu prüfen" in page


def test_a_page_that_is_written_while_a_test_runs_asks_for_nothing_more(
    app: Flask, database: Database
) -> None:
    handing_in.publish(database, "school", clock.now())
    olha = seat(app, database, Role.OPERATOR, name="Olha")
    page = olha.post("/admin/self-test/server")
    assert page.status_code == 200
    assert "Waiting for you" not in page.text
