"""A larger micro-credential is put together from what is published."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import definition as definitions
from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.errors import Conflict
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import catalogue, drafts, lifecycle, searching
from lti_tool.services.definitions.drafts import Kind, Writer
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing_exchange import upload

FIRST, SECOND = samples.welding(), next(mc for mc in samples.all() if mc.code == "BEM-S-CNC1")
PARTS = [f"{mc.awarding_body.slug}/{mc.code}" for mc in (FIRST, SECOND)]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    found = Visits.at(app, database, clock.now() - timedelta(hours=1))
    found.school.publish(SECOND)
    return found


@pytest.fixture
def page(visits: Visits) -> Page:
    teacher: Visit = visits.open("olha", teacher=True, unit=FIRST.units[0].code)
    begun = teacher.get("drafts").submit("start", title="Metal worker", language="en")
    return begun.follow("Choose what it is made of")


def stack(visits: Visits) -> Any:
    with visits.school.transaction() as db:
        return db.query(DefinitionDraft).one().content.get("stack")


def send(page: Page, **fields: Any) -> Page:
    path, data = page.filled("parts")
    sent = {"act": "save", **fields}
    more = {name: one if isinstance(one, list) else [one] for name, one in sent.items()}
    return page.visit.post(path, data | more)


@pytest.mark.parametrize(
    ("measure", "needed", "kept"),
    [
        ("", "", {}),
        ("count", "1", {"count": 1}),
        ("hours", "40.5", {"hours": 40.5}),
        ("points", "2", {"points": 2}),
    ],
)
def test_parts_are_ticked_and_kept(
    visits: Visits, page: Page, measure: str, needed: str, kept: dict[str, Any]
) -> None:
    assert FIRST.title["en"] in page.text
    done = send(page, part=PARTS, measure=measure, needed=needed)
    assert "Saved." in done.text
    assert stack(visits) == {"parts": PARTS, **kept}
    again = send(done, part=[])
    assert "Saved." in again.text
    assert stack(visits) is None


def test_searching_keeps_what_is_ticked_and_saves_nothing(visits: Visits, page: Page) -> None:
    found = send(page, act="search", part=PARTS[:1], query="milling", measure="count", needed="1")
    assert found.status == 200
    assert SECOND.title["en"] in found.text
    ticked = [one for one in found.form("parts").fields if one.name == "part" and one.is_sent]
    assert [one.value for one in ticked] == PARTS[:1]
    assert stack(visits) is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"part": PARTS[:1]}, "Tick two to 30, or none."),
        ({"part": [PARTS[0], "nobody/NOTHING"]}, "cannot be a part of this"),
        ({"part": [PARTS[0], "CODE"]}, "cannot be a part of this"),
        ({"part": PARTS, "measure": "count", "needed": "3"}, "At most as many"),
        ({"part": PARTS, "measure": "count", "needed": "1.5"}, "At most as many"),
        ({"part": PARTS, "measure": "hours", "needed": "many"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "hours", "needed": "-1"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "points", "needed": "NaN"}, "Say how many are needed."),
        ({"part": PARTS, "measure": "points", "needed": ""}, "Say how many are needed."),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(
    visits: Visits, page: Page, sent: dict[str, Any], said: str
) -> None:
    refused = send(page, **sent)
    assert (refused.status, said in refused.text) == (400, True)
    fields = refused.form("parts").fields
    ticked = [one.value for one in fields if one.name == "part" and one.is_sent]
    assert ticked == sent["part"]
    assert stack(visits) is None


def press_enter(page: Page, **fields: Any) -> Page:
    """Send the form as a browser does without a press on a button."""
    path, data = page.filled("parts")
    more = {name: one if isinstance(one, list) else [one] for name, one in fields.items()}
    return page.visit.post(path, data | more)


def test_enter_saves_and_after_new_words_searches(visits: Visits, page: Page) -> None:
    found = press_enter(page, part=PARTS, query="milling")
    assert (found.status, stack(visits)) == (200, None)
    assert "Saved." in press_enter(found, measure="count", needed="1").text
    assert stack(visits) == {"parts": PARTS, "count": 1}


def test_all_that_is_found_can_be_paged_through_with_what_is_ticked(
    visits: Visits, page: Page
) -> None:
    for number in range(searching.PAGE_SIZE):
        visits.school.publish(replace(SECOND, code=f"BEM-S-N{number}"))
    first = send(page, act="search", part=PARTS[:1], query="milling")
    assert "Page 1 of 2" in first.text
    second = send(first, act="page.2")
    assert "Page 2 of 2" in second.text
    (ticked,) = (one for one in second.form("parts").fields if one.name == "part" and one.is_sent)
    assert ticked.value == PARTS[0]
    offered = [
        {one.value for one in each.form("parts").fields if one.name == "part"}
        for each in (first, second)
    ]
    assert len(offered[0] | offered[1]) == searching.PAGE_SIZE + 2
    for strange in ("page.x", "page.-1", "page.99", "page."):
        assert send(second, act=strange).status == 200
    assert stack(visits) is None


def test_a_part_that_is_not_published_is_said_before_it_is_handed_in(
    visits: Visits, page: Page
) -> None:
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        draft.content = {**draft.content, "stack": {"parts": [PARTS[0], "nobody/NOTHING"]}}
    check = page.follow("Back to writing")
    assert "Made of others: nobody/NOTHING It is not published here." in check.text
    assert check.follow("Made of others: nobody").path.endswith("/parts")
    step = check.follow("What it is").submit("step")
    assert "step=units" in step.path


def test_a_draft_with_an_unknown_part_is_not_handed_in(visits: Visits, page: Page) -> None:
    welding = definitions.dump(FIRST)
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        own = {name: draft.content[name] for name in ("code", "version", "awarding_body")}
        stacked = {"parts": [PARTS[0], "nobody/NOTHING"]}
        draft.content = {**welding, **own, "stack": stacked}
        db.flush()
        assert [one.code for one in drafts.checklist(db, draft).problems] == ["unknown_stack_part"]
        with pytest.raises(Conflict, match="draft_incomplete"):
            drafts.submit(db, draft, actor=draft.author, now=clock.now())
        draft.content = {**draft.content, "stack": {"parts": PARTS}}
        db.flush()
        drafts.submit(db, draft, actor=draft.author, now=clock.now())


def test_the_preview_names_its_parts_and_says_which_do_not_exist(
    visits: Visits, page: Page
) -> None:
    write(visits, {"parts": [PARTS[0], "nobody/NOTHING"]})
    shown = page.follow("Back to writing").follow("Preview")
    assert FIRST.title.best("en") in shown.text
    assert "nobody/NOTHING There is no such micro-credential here." in shown.text


def write(visits: Visits, stack: Any) -> Any:
    """Keep what it is made of, in a draft that lacks nothing else."""
    with visits.school.transaction() as db:
        draft = db.query(DefinitionDraft).one()
        own = {name: draft.content[name] for name in ("code", "version", "awarding_body")}
        draft.content = {**definitions.dump(FIRST), **own, "stack": stack}
        return drafts.checklist(db, draft).problems


def retire(visits: Visits, reference: str) -> None:
    with visits.school.transaction() as db:
        version = catalogue.find(db, reference)
        lifecycle.retire(db, version, reason="Superseded", by="account:x", now=clock.now())


def metal(visits: Visits) -> str:
    """Publish one that is made of both."""
    content = {"code": "METAL", "hours": 60, "units": [], "stack": {"parts": PARTS}}
    visits.school.publish(definitions.load({**definitions.dump(FIRST), **content}))
    return f"{FIRST.awarding_body.slug}/METAL"


GIVEN = f"{FIRST.hours + SECOND.hours:f}"


@pytest.mark.parametrize(
    ("needed", "label", "said"),
    [
        ({"hours": 5000}, "how many hours are needed", f"at most {GIVEN}."),
        ({"points": 90}, "how many credit points are needed", "at most "),
        ({"count": 3}, "how many are needed", "at most 2."),
    ],
)
def test_more_than_the_parts_give_is_said_where_it_is_changed(
    visits: Visits, page: Page, needed: dict[str, int], label: str, said: str
) -> None:
    (problem,) = write(visits, {"parts": PARTS, **needed})
    assert (problem.path, problem.code) == (f"$.stack.{next(iter(needed))}", "stack_exceeds_parts")
    check = page.follow("Back to writing")
    assert said in check.text
    there = check.follow(f"Made of others: {label}")
    assert there.path.endswith("/parts")
    assert said in there.text


def test_as_much_as_the_parts_give_is_possible(visits: Visits, page: Page) -> None:
    assert write(visits, {"parts": PARTS, "hours": float(GIVEN)}) == ()
    assert write(visits, {"parts": PARTS, "count": 2}) == ()


def test_a_part_that_is_retired_is_said_and_refused_at_the_end(visits: Visits, page: Page) -> None:
    mc = definitions.load({**definitions.dump(FIRST), "code": "X", "stack": {"parts": PARTS}})
    retire(visits, PARTS[1])
    (problem,) = write(visits, {"parts": PARTS})
    assert (problem.path, problem.code) == ("$.stack.parts[1]", "stack_part_retired")
    check = page.follow("Back to writing")
    assert f"Made of others: {PARTS[1]} It is retired" in check.text
    with pytest.raises(Conflict, match="stack_part_retired"):
        visits.school.publish(mc)


def test_with_a_version_that_is_not_retired_a_part_is_open(visits: Visits, page: Page) -> None:
    retire(visits, PARTS[1])
    newer = definitions.dump(SECOND) | {"version": "9.0", "hours": 200}
    visits.school.publish(definitions.load(newer))
    assert write(visits, {"parts": PARTS, "hours": 200 + float(FIRST.hours)}) == ()
    assert len(write(visits, {"parts": PARTS, "hours": 201 + float(FIRST.hours)})) == 1


def test_a_part_that_nobody_can_earn_any_more_is_said_and_refused(
    visits: Visits, page: Page
) -> None:
    whole, other = metal(visits), next(mc for mc in samples.all() if mc.code == "BEM-S-PV1")
    visits.school.publish(other)
    parts = [whole, f"{other.awarding_body.slug}/{other.code}"]
    assert write(visits, {"parts": parts}) == ()
    retire(visits, PARTS[1])
    (problem,) = write(visits, {"parts": parts})
    assert (problem.path, problem.code) == ("$.stack.parts[0]", "stack_part_closed")
    check = page.follow("Back to writing")
    assert f"Made of others: {whole} Too much of what it is made of is retired" in check.text
    content = {**definitions.dump(FIRST), "code": "X", "stack": {"parts": parts}}
    with pytest.raises(Conflict, match="stack_part_closed"):
        visits.school.publish(definitions.load(content))


@pytest.mark.parametrize(
    ("needed", "is_open"),
    [
        ({"count": 1}, True),
        ({"hours": float(FIRST.hours or 0)}, True),
        ({"hours": float(FIRST.hours or 0) + 1}, False),
    ],
)
def test_a_part_is_open_while_enough_of_its_own_parts_are(
    visits: Visits, page: Page, needed: dict[str, float], is_open: bool
) -> None:
    whole = definitions.dump(FIRST) | {"code": "WHOLE", "stack": {"parts": PARTS, **needed}}
    other = next(mc for mc in samples.all() if mc.code == "BEM-S-PV1")
    visits.school.publish(other)
    visits.school.publish(definitions.load(whole))
    retire(visits, PARTS[1])
    parts = [f"{FIRST.awarding_body.slug}/WHOLE", f"{other.awarding_body.slug}/{other.code}"]
    assert [one.code for one in write(visits, {"parts": parts})] == (
        [] if is_open else ["stack_part_closed"]
    )


def test_a_measure_that_is_not_offered_is_refused_and_nothing_is_lost(
    visits: Visits, page: Page
) -> None:
    assert send(page, part=PARTS, measure="count", needed="1").status == 200
    refused = send(page, part=PARTS, measure="zz", needed="2")
    assert refused.status == 400
    assert "Choose from the list what is needed." in refused.text
    assert 'value="2"' in refused.html
    assert refused.html.count(" checked>") == 2
    assert stack(visits) == {"parts": PARTS, "count": 1}


def test_a_part_inside_another_part_cannot_be_needed_beside_it(visits: Visits, page: Page) -> None:
    whole = metal(visits)
    (problem,) = write(visits, {"parts": [PARTS[0], whole]})
    assert (problem.path, problem.detail) == ("$.stack.parts[0]", whole)
    assert f"{whole}, which is needed too" in page.follow("Back to writing").text
    (problem,) = write(visits, {"parts": [*PARTS, whole], "count": 3})
    assert (problem.code, problem.detail) == ("stack_exceeds_parts", "2")
    content = {**definitions.dump(FIRST), "code": "X", "stack": {"parts": [PARTS[0], whole]}}
    with pytest.raises(Conflict, match="stack_part_contained"):
        visits.school.publish(definitions.load(content))


def test_an_imported_file_is_told_what_it_cannot_be_made_of(visits: Visits, page: Page) -> None:
    with visits.school.transaction() as db:
        own = db.query(DefinitionDraft).one().content["awarding_body"]
    file = {**definitions.dump(FIRST), "code": "BROUGHT", "awarding_body": own}
    file["stack"] = {"parts": PARTS, "hours": 5000}
    check = upload(page.visit.get("drafts/import"), "import", json.dumps(file).encode())
    assert f"at most {GIVEN}." in check.text


def test_other_words_are_published_whatever_became_of_its_parts(visits: Visits, page: Page) -> None:
    whole = metal(visits)
    retire(visits, PARTS[0])
    with visits.school.transaction() as db:
        version = catalogue.find(db, whole)
        writer = Writer("person:x", version.series.organisation_id)
        draft = drafts.start_from(db, writer, version, Kind.EDITORIAL, clock.now())
        assert drafts.checklist(db, draft).problems == ()
        drafts.discard(db, draft, actor="person:x", now=clock.now())
        draft = drafts.start_from(db, writer, version, Kind.VERSION, clock.now())
        assert [one.code for one in drafts.checklist(db, draft).problems] == ["stack_part_retired"]
