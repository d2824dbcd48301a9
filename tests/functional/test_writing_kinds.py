"""What goes on with a published definition is its next version or other words for it: the page
says which before it is handed in, and turns one into the other without losing a word."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import draft_kinds, drafts
from lti_tool.services.definitions.drafts import Kind, State
from tests.factories import handing_in
from tests.factories.visits import Page, Visit, Visits

READY = "Everything is there. You can hand it in."
WORDS = {"description": {"en": "Said more clearly."}}
SUBSTANCE = {"hours": 99}


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    made = Visits.at(app, database, clock.now() - timedelta(hours=1))
    handing_in.publish(database, "school", made.school.now, code="PV-1")
    return made


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit="BEM-S-WLD1-U1")


def begun(visits: Visits, teacher: Visit, kind: Kind, changes: dict[str, Any]) -> Page:
    """Olha goes on with what her school has published, changes this, and checks it."""
    teacher.get("drafts").submit("go-on", kind=kind.value)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        drafts.save(db, draft, draft.content | changes, revision=1, now=visits.school.now)
        path = f"drafts/{draft.id}"
    return teacher.get(path)


def kept(visits: Visits) -> DefinitionDraft:
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        db.refresh(draft)
        db.expunge(draft)
        return draft


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        (Kind.VERSION, {}, "This says the same as the published definition."),
        (Kind.EDITORIAL, {}, "This says the same as the published definition."),
        (Kind.EDITORIAL, SUBSTANCE, "This changes more than the wording"),
        (
            Kind.VERSION,
            SUBSTANCE
            | {"awarding_body": {"slug": "school", "name": {"en": "School"}, "country": "FR"}},
            "The awarding body of a definition is the school",
        ),
    ],
)
def test_the_page_never_calls_ready_what_handing_in_refuses(
    visits: Visits, teacher: Visit, kind: Kind, changes: dict[str, Any], said: str
) -> None:
    page = begun(visits, teacher, kind, changes)
    assert READY not in page.text
    assert said in page.text
    assert not page.has_form("hand-in")


def test_a_revision_of_substance_is_made_a_version_with_all_that_was_written(
    visits: Visits, teacher: Visit
) -> None:
    page = begun(visits, teacher, Kind.EDITORIAL, SUBSTANCE | WORDS)
    page = page.submit("turn", kind="version")
    assert "It is the new version 2.0 now." in page.text
    assert READY in page.text
    draft = kept(visits)
    assert (draft.kind, draft.content["version"]) == (Kind.VERSION, "2.0")
    assert draft.content["hours"] == 99
    assert draft.content["description"] == WORDS["description"]
    assert "It is handed in." in page.submit("hand-in").text
    assert kept(visits).state == State.SUBMITTED


def test_a_version_of_other_words_is_offered_as_a_revision(visits: Visits, teacher: Visit) -> None:
    page = begun(visits, teacher, Kind.VERSION, WORDS)
    assert READY in page.text
    assert "It changes words only" in page.text
    page = page.submit("turn", kind="editorial")
    assert "It is another wording of version 1.0 now." in page.text
    assert not page.has_form("turn")
    assert "It is handed in." in page.submit("hand-in").text
    draft = kept(visits)
    assert (draft.kind, draft.content["version"]) == (Kind.EDITORIAL, "1.0")


@pytest.mark.parametrize(
    ("kind", "changes"), [(Kind.VERSION, SUBSTANCE), (Kind.EDITORIAL, WORDS), (Kind.VERSION, {})]
)
def test_what_is_right_as_it_is_offers_nothing_else(
    visits: Visits, teacher: Visit, kind: Kind, changes: dict[str, Any]
) -> None:
    assert not begun(visits, teacher, kind, changes).has_form("turn")


def test_units_that_do_not_add_up_to_the_whole_are_said_and_refused_nowhere(
    visits: Visits, teacher: Visit
) -> None:
    page = begun(visits, teacher, Kind.VERSION, {"hours": 99})
    units = page.visit.get(page.path)
    planned = sum(one["hours"] for one in kept(visits).content["units"])
    assert f"have {planned} hours together, the whole has 99." in units.text
    assert READY in units.text
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        whole = draft.content | {"hours": planned, "validity_months": 7}
        drafts.save(db, draft, whole, revision=draft.revision, now=visits.school.now)
    assert "hours together" not in teacher.get(page.path).text


def test_a_version_of_substance_is_made_no_revision(visits: Visits, teacher: Visit) -> None:
    page = begun(visits, teacher, Kind.VERSION, WORDS)
    path, data = page.filled("turn", kind="editorial")
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        drafts.save(db, draft, draft.content | SUBSTANCE, revision=2, now=visits.school.now)
    refused = teacher.post(path, data)
    assert refused.status == 409
    assert "This changes more than the wording" in refused.text
    assert kept(visits).kind == Kind.VERSION


def test_pressing_twice_turns_once_and_nothing_handed_in_is_turned(
    visits: Visits, teacher: Visit
) -> None:
    page = begun(visits, teacher, Kind.EDITORIAL, SUBSTANCE)
    path, data = page.filled("turn", kind="version")
    teacher.post(path, data)
    page = teacher.post(path, data)
    assert (page.status, kept(visits).content["version"]) == (200, "2.0")
    page.submit("hand-in")
    assert teacher.post(path, data).status == 409


def test_a_definition_of_its_own_is_turned_into_nothing(visits: Visits, teacher: Visit) -> None:
    page = teacher.get("drafts").submit("start", title="Roofs", language="en")
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        with pytest.raises(Conflict, match="nothing_to_go_on_with"):
            draft_kinds.turn(db, draft, Kind.VERSION, visits.school.now)
    assert not page.visit.get(page.path.partition("/edit")[0]).has_form("turn")


def test_after_another_wording_was_published_a_version_is_made_no_revision(
    visits: Visits, teacher: Visit
) -> None:
    page = begun(visits, teacher, Kind.VERSION, WORDS)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        assert draft.based_on is not None
        draft.based_on.revised_at = visits.school.now + timedelta(minutes=5)
        draft.created_at = visits.school.now
    assert not teacher.get(page.path).has_form("turn")
