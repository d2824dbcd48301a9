"""What an author does after handing in, inside the LMS: take it back, find it published, go on."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from badges import definition as definitions
from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import DefinitionDraft
from lti_tool.services import organisations
from lti_tool.services.definitions import catalogue, drafts, reviews
from lti_tool.services.definitions.drafts import State
from lti_tool.services.definitions.reviews import Opinion, Reviewer
from lti_tool.services.staff.accounts import Access
from tests.factories import signing_in
from tests.factories.courses import PUBLIC_URL
from tests.factories.visits import Page, Visit, Visits


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit="BEM-S-WLD1-U1")


def handed_in(visits: Visits, teacher: Visit) -> Page:
    """Olha has written a whole definition and hands it in."""
    teacher.get("drafts").submit("start", title="Solar panels", language="en")
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        own = {key: draft.content[key] for key in ("code", "version", "awarding_body", "title")}
        whole = definitions.dump(samples.welding()) | own
        drafts.save(db, draft, whole, revision=1, now=visits.school.now)
        path = f"drafts/{draft.id}"
    return teacher.get(path).submit("hand-in", note="Please")


def reviewer(db: Session) -> Reviewer:
    school = organisations.find(db, "school").id
    return Reviewer("account:rita", Access(False, frozenset(), frozenset({school})))


def approve(visits: Visits) -> None:
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).filter_by(state=State.SUBMITTED.value).one()
        reviews.approve(
            db,
            draft,
            reviewer(db),
            Opinion(draft.revision, is_independent=True),
            public_url=PUBLIC_URL,
            now=visits.school.now,
        )


def test_the_author_takes_it_back_and_goes_on(visits: Visits, teacher: Visit) -> None:
    page = handed_in(visits, teacher).submit("take-back")
    assert "It is yours again" in page.text
    assert "taken back by its author" in page.text
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        assert draft.state == State.DRAFT
        assert reviews.waiting(db, reviewer(db)) == []
        with pytest.raises(Conflict, match="review_over"):
            reviews.find(db, reviewer(db), draft.id)
    assert "It is handed in." in page.submit("hand-in").text


def test_a_draft_never_handed_in_is_none_of_the_reviewer_s(visits: Visits, teacher: Visit) -> None:
    teacher.get("drafts").submit("start", title="Solar panels", language="en")
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        with pytest.raises(NotFound, match="unknown_review"):
            reviews.find(db, reviewer(db), draft.id)


def test_what_was_said_before_is_still_beside_its_field_after_taking_it_back(
    visits: Visits, teacher: Visit
) -> None:
    page = handed_in(visits, teacher)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        said = Opinion(draft.revision, comments={"$.units[0].title": "Say it in plain words"})
        reviews.give_back(db, draft, reviewer(db), said, visits.school.now)
    page = page.visit.get(page.path).submit("hand-in").submit("take-back")
    assert (
        "Say it in plain words"
        in page.visit.get(f"{page.path.partition('?')[0]}/edit?step=units").text
    )


def test_one_that_was_decided_meanwhile_is_not_taken_back(visits: Visits, teacher: Visit) -> None:
    page = handed_in(visits, teacher)
    approve(visits)
    late = page.submit("take-back")
    assert late.status == 409
    assert "A reviewer has just decided about this definition." in late.text
    assert "It is published:" in late.text


def test_the_author_finds_what_was_published_and_where(visits: Visits, teacher: Visit) -> None:
    handed_in(visits, teacher)
    assert "handed in, waits for review" in teacher.get("drafts").text
    approve(visits)
    page = teacher.get("drafts")
    assert "What came of your own" in page.text
    with visits.school.transaction() as db:
        code = db.query(DefinitionDraft).one().content["code"]
    assert f"as {code}, version 1.0" in page.text
    assert "It is published:" in page.follow("What was said about it").text


def test_a_school_without_a_reviewer_is_said_when_handing_in(
    visits: Visits, teacher: Visit, database: Database
) -> None:
    page = handed_in(visits, teacher)
    assert "Nobody can review for School yet." in page.text
    signing_in.account(database, clock.now(), "Rita", signing_in.Role.REVIEWER, "school")
    assert "Nobody can review" not in page.visit.get(page.path).text


@pytest.mark.parametrize(("kind", "version"), [("version", "2.0"), ("editorial", "1.0")])
def test_a_teacher_goes_on_with_what_the_school_has_published(
    visits: Visits, teacher: Visit, kind: str, version: str
) -> None:
    handed_in(visits, teacher)
    approve(visits)
    colleague = visits.open("petro", teacher=True, unit="BEM-S-WLD1-U1")
    page = colleague.get("drafts").submit("go-on", kind=kind)
    assert "Solar panels" in page.text
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).filter_by(kind=kind).one()
        assert draft.content["version"] == version
    again = teacher.get("drafts").submit("go-on", kind="version")
    assert again.status == 409
    assert "writes the next version already" in again.text


def test_what_another_school_has_published_is_not_gone_on_with(
    visits: Visits, teacher: Visit
) -> None:
    assert not teacher.get("drafts").has_form("go-on")
    page = handed_in(visits, teacher)
    with visits.school.transaction() as db:
        foreign = catalogue.find(db, "BEM-S-WLD1").id
    path, data = page.filled("take-back")
    home = path.partition("/drafts/")[0]
    refused = teacher.post(f"{home}/drafts/from/{foreign}", data | {"kind": ["version"]})
    assert refused.status == 404
