"""A draft that came back: its author finds each comment where it is put right, and the reviewer
of what is handed in anew sees beside it what was done."""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.demo.forms import PageReader
from lti_tool.models import DefinitionDraft, DefinitionStep
from lti_tool.services import organisations
from lti_tool.services.definitions import drafts, returned, reviews
from lti_tool.services.definitions.reviews import Opinion, Reviewer
from lti_tool.services.staff.accounts import Access, Role
from tests.factories import handing_in, signing_in
from tests.factories.databases import on_each_database
from tests.factories.signing_in import SignedIn
from tests.factories.visits import Page, Visit, Visits

SAID = {
    "$.hours": "Count the homework too",
    "$.units[0]": "Name this unit plainly",
    "$.units[1].outcomes[0]": "Say what they do",
    "$.eqf_level": "Name the basis",
    "$.quality_assurance": "Who assures it?",
}


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit="BEM-S-WLD1-U1")


@pytest.fixture
def rita(app: Flask, database: Database) -> SignedIn:
    made = signing_in.account(database, clock.now(), "Rita", Role.REVIEWER, "school")
    return signing_in.signed_in(app, database, made, clock.now())


def came_back(visits: Visits, teacher: Visit, said: dict[str, str] = SAID, **more: Any) -> Page:
    """Olha has handed in a whole definition, and it came back with what is SAID."""
    teacher.get("drafts").submit("start", title="Solar panels", language="en")
    now = visits.school.now
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        own = {key: draft.content[key] for key in ("code", "version", "awarding_body", "title")}
        whole = handing_in.content("school", "School", **more) | own
        drafts.save(db, draft, whole, revision=1, now=now)
        drafts.submit(db, draft, actor=draft.author, now=now)
        school = organisations.find(db, "school").id
        reviewer = Reviewer("account:other", Access(False, frozenset(), frozenset({school})))
        opinion = Opinion(draft.revision, note="Nearly there", comments=said)
        reviews.give_back(db, draft, reviewer, opinion, now)
        path = f"drafts/{draft.id}"
    return teacher.get(path)


def change(visits: Visits, **changes: Any) -> uuid.UUID:
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        content = draft.content | changes
        drafts.save(db, draft, content, revision=draft.revision, now=visits.school.now)
        return draft.id


def units(visits: Visits) -> list[dict[str, Any]]:
    with visits.school.transaction() as db:
        return [dict(one) for one in db.query(DefinitionDraft).one().content["units"]]


def reviewed(rita: SignedIn, draft: uuid.UUID) -> str:
    """Return the words of the page on which Rita decides, one blank between them."""
    reader = PageReader()
    reader.feed(rita.get(f"/admin/reviews/{draft}").text)
    return " ".join(reader.text.split())


@pytest.mark.parametrize(
    ("label", "step", "anchor", "said"),
    [
        ("Notional workload", "level", "hours", "Count the homework too"),
        ("Unit 1", "units", "units-0-title", "Name this unit plainly"),
        ("Unit 2, outcome 1", "units", "units-1-outcomes-0-text", "Say what they do"),
        ("Level", "level", "eqf_level-level", "Name the basis"),
        ("Quality assurance", "quality", "quality_assurance-kind", "Who assures it?"),
    ],
)
def test_each_comment_leads_to_the_field_that_it_stands_beside(
    visits: Visits, teacher: Visit, label: str, step: str, anchor: str, said: str
) -> None:
    page = came_back(visits, teacher)
    assert "Nearly there" in page.text
    assert said in page.text
    links = [urlsplit(one.href) for one in page.read.anchors if one.text.strip() == label]
    link = next(one for one in links if one.fragment == anchor)
    assert f"step={step}" in link.query
    shown = teacher.get(f"{link.path}?{link.query}").html
    assert f'id="{anchor}"' in shown
    beside = shown.partition(f'id="{anchor}-comment"')[2]
    assert said in beside[:400]


def test_a_comment_on_what_it_is_made_of_leads_to_the_page_where_that_is_changed(
    visits: Visits, teacher: Visit
) -> None:
    parts = [one for one in samples.all() if one.code in ("BEM-S-CNC1", "BEM-S-PV1")]
    for one in parts:
        visits.school.publish(one)
    stack = {"parts": [f"{one.awarding_body.slug}/{one.code}" for one in parts]}
    page = came_back(visits, teacher, {"$.stack": "Why these two?"}, stack=stack)
    (link,) = [one.href for one in page.read.anchors if one.text.strip() == "Made of"]
    assert link.endswith("/parts#stack")
    shown = teacher.get(urlsplit(link).path)
    assert "Reviewer: Why these two?" in " ".join(shown.text.split())
    assert 'id="stack"' in shown.html
    change(visits, stack={"parts": [*reversed(stack["parts"])]})
    assert "Why these two?" in teacher.get(urlsplit(link).path).text


def test_a_comment_moves_with_its_unit_and_says_when_that_is_gone(
    visits: Visits, teacher: Visit
) -> None:
    page = came_back(visits, teacher)
    found = units(visits)
    change(visits, units=[found[1], found[0], *found[2:]])
    shown = teacher.get(f"{page.path}/edit?step=units").html
    assert "Name this unit plainly" in shown.partition('id="units-1-title-comment"')[2][:400]
    assert "Say what they do" in shown.partition('id="units-0-outcomes-0-text-comment"')[2][:400]
    change(visits, units=found[1:])
    assert "It is not there any more." in teacher.get(page.path).text
    assert "Name this unit plainly" not in teacher.get(f"{page.path}/edit?step=units").text


def test_the_author_sees_what_is_done_already(visits: Visits, teacher: Visit) -> None:
    page = came_back(visits, teacher)
    before = page.text.count("not changed since")
    assert before == len(SAID)
    change(visits, hours=120)
    text = " ".join(teacher.get(page.path).text.split())
    assert text.count("not changed since") == before - 1
    assert "changed since: Notional workload before: 90 now: 120" in text


@on_each_database
def test_the_reviewer_reads_old_and_new_beside_what_was_asked_for(
    visits: Visits, teacher: Visit, rita: SignedIn
) -> None:
    page = came_back(visits, teacher)
    draft = change(visits, hours=120, description={"en": "Said more clearly."})
    teacher.get(page.path).submit("hand-in")
    text = reviewed(rita, draft)
    assert "changed since: Notional workload before: 90 now: 120" in text
    assert text.count("not changed since") == len(SAID) - 1
    since = text.partition("What was changed since")[2].partition("What it is")[0]
    assert "now: Said more clearly." in since
    assert "Asked for on" in text.partition("European standard elements")[2]
    assert "changed since it was returned" in text


def test_nothing_changed_is_said(visits: Visits, teacher: Visit, rita: SignedIn) -> None:
    page = came_back(visits, teacher)
    draft = change(visits)
    page.submit("hand-in")
    text = reviewed(rita, draft)
    assert "What was changed since" in text
    assert "Nothing." in text


def test_a_draft_that_was_returned_before_its_text_was_kept_is_still_read(
    visits: Visits, teacher: Visit, rita: SignedIn
) -> None:
    page = came_back(visits, teacher)
    with visits.school.transaction() as db:
        db.query(DefinitionDraft).one().returned = None
    draft = change(visits, hours=120)
    assert "Count the homework too" in teacher.get(page.path).text
    assert "not changed since" not in teacher.get(page.path).text
    teacher.get(page.path).submit("hand-in")
    text = reviewed(rita, draft)
    assert "Count the homework too" in text
    assert "What was changed since" not in text


def test_what_it_said_is_kept_until_it_is_over(visits: Visits, teacher: Visit) -> None:
    came_back(visits, teacher)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        assert draft.returned == draft.content
        drafts.discard(db, draft, actor=draft.author, now=visits.school.now)
        assert draft.returned is None
        assert returned.asked(db, draft) is not None
        assert db.query(DefinitionStep).filter_by(action="returned").one().comments
