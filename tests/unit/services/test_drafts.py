"""A draft is written by one author, is never lost to another page, and is submitted complete."""

import uuid
from typing import Any

import pytest

from badges import definition as definitions
from badges import samples
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.models import DefinitionStep, MicroCredentialVersion, Organisation
from lti_tool.services.definitions import catalogue, drafts
from lti_tool.services.definitions.drafts import Kind, State, Writer
from tests.factories.courses import School

AUTHOR = "person:author"
WLD = samples.welding()


@pytest.fixture
def writer(school: School) -> Writer:
    with school.transaction() as db:
        return Writer(AUTHOR, db.query(Organisation).filter_by(slug="school").one().id)


def begin(school: School, writer: Writer, title: str = "Solar panels on a roof") -> uuid.UUID:
    with school.transaction() as db:
        return drafts.start(db, writer, title=title, language="en", now=school.now).id


def save(school: School, draft: uuid.UUID, content: dict[str, Any], revision: int) -> int:
    with school.transaction() as db:
        found = drafts.find(db, draft)
        return drafts.save(db, found, content, revision=revision, now=school.now)


def complete(code: str = "PV-1") -> dict[str, Any]:
    """A whole definition of the school's own."""
    body = {"slug": "school", "name": {"en": "School"}, "country": "DE"}
    return definitions.dump(WLD) | {"code": code, "awarding_body": body}


def submit(school: School, draft: uuid.UUID) -> None:
    with school.transaction() as db:
        drafts.submit(db, drafts.find(db, draft), actor=AUTHOR, now=school.now)


def test_a_new_draft_names_its_school_and_has_a_code_of_its_own(
    school: School, writer: Writer
) -> None:
    one, other = begin(school, writer), begin(school, writer)
    with school.transaction() as db:
        content, twin = drafts.find(db, one).content, drafts.find(db, other).content
    assert content["code"].startswith("SOLAR-PANELS-ON-A-ROOF-")
    assert content["code"] != twin["code"]
    assert content["awarding_body"] == {"slug": "school", "name": {"en": "School"}, "country": "DE"}
    assert content["original_language"] == "en"


@pytest.mark.parametrize("title", ["Зварювання", "შედუღება", "Եռակցում", "***"])
def test_a_title_of_any_script_gets_a_code(school: School, writer: Writer, title: str) -> None:
    draft = begin(school, writer, title)
    with school.transaction() as db:
        found = drafts.checklist(db, drafts.find(db, draft))
    assert {problem.path for problem in found.problems}.isdisjoint({"$.code", "$.title"})


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "a\u202eb"])
def test_a_title_that_is_none_is_refused(school: School, writer: Writer, title: str) -> None:
    with pytest.raises(ToolError, match="malformed_title"):
        begin(school, writer, title)


def test_the_checklist_says_everything_that_is_missing_at_once(
    school: School, writer: Writer
) -> None:
    draft = begin(school, writer)
    with school.transaction() as db:
        before = drafts.checklist(db, drafts.find(db, draft))
    assert [(one.path, one.code) for one in before.problems] == [("$.description", "required")]
    save(school, draft, complete() | {"hours": None}, 1)
    content = complete()
    del content["hours"]
    save(school, draft, content, 2)
    with school.transaction() as db:
        after = drafts.checklist(db, drafts.find(db, draft))
    assert after.problems == ()
    assert [one.code for one in after.missing] == ["workload"]


def test_two_pages_do_not_overwrite_each_other(school: School, writer: Writer) -> None:
    draft = begin(school, writer)
    assert save(school, draft, {"title": {"en": "first page"}}, 1) == 2
    with pytest.raises(Conflict, match="draft_changed_elsewhere"):
        save(school, draft, {"title": {"en": "second page"}}, 1)
    assert save(school, draft, {"title": {"en": "first page"}}, 1) == 2  # a repeat is harmless


def test_an_enormous_draft_is_refused_and_the_last_one_stays(
    school: School, writer: Writer
) -> None:
    draft = begin(school, writer)
    with pytest.raises(ToolError, match="draft_too_large"):
        save(school, draft, {"title": {"en": "x" * drafts.LARGEST_CONTENT}}, 1)
    with school.transaction() as db:
        assert drafts.find(db, draft).revision == 1


def test_only_a_complete_draft_is_submitted_and_then_it_stays_as_it_is(
    school: School, writer: Writer
) -> None:
    draft = begin(school, writer)
    with pytest.raises(Conflict, match="draft_incomplete"):
        submit(school, draft)
    save(school, draft, complete(), 1)
    submit(school, draft)
    with pytest.raises(Conflict, match="draft_not_editable"):
        save(school, draft, complete("PV-2"), 2)
    with school.transaction() as db:
        (step,) = drafts.steps(db, drafts.find(db, draft))
        assert (step.action, step.actor, step.sequence) == (State.SUBMITTED, AUTHOR, 1)


def test_a_discarded_draft_is_gone_and_what_happened_stays(school: School, writer: Writer) -> None:
    draft = begin(school, writer)
    with school.transaction() as db:
        drafts.discard(db, drafts.find(db, draft), actor=AUTHOR, now=school.now)
    with school.transaction() as db:
        with pytest.raises(NotFound, match="unknown_draft"):
            drafts.find(db, draft)
        assert drafts.of_author(db, writer) == []
        assert db.query(DefinitionStep).filter_by(draft_id=draft).one().action == State.DISCARDED


def test_a_step_is_never_changed(school: School, writer: Writer) -> None:
    draft = begin(school, writer)
    with school.transaction() as db:
        drafts.discard(db, drafts.find(db, draft), actor=AUTHOR, now=school.now)
    with pytest.raises(TypeError, match="append-only"), school.transaction() as db:
        db.query(DefinitionStep).filter_by(draft_id=draft).one().note = "never said"


def test_the_next_version_of_an_own_series_is_written_once(school: School, writer: Writer) -> None:
    with school.transaction() as db:
        own = definitions.load(complete("PV-1"))
        version, _ = catalogue.publish(db, own, public_url="https://badges.example", now=school.now)
        draft = drafts.start_from(db, writer, version, Kind.VERSION, school.now)
        assert draft.content["version"] == "2.0"
        assert draft.content["code"] == "PV-1"
        with pytest.raises(Conflict, match="already_being_written"):
            drafts.start_from(db, writer, version, Kind.EDITORIAL, school.now)


@pytest.mark.parametrize(("kind", "doubts"), [(Kind.EDITORIAL, 0), (Kind.VERSION, 1)])
def test_other_words_are_not_held_up_by_an_address_that_was_published(
    school: School, writer: Writer, kind: Kind, doubts: int
) -> None:
    skill = {"uri": "http://data.europa.eu/esco/skill/7", "label": {"en": "weld"}}
    with school.transaction() as db:
        own = definitions.load(complete("PV-1") | {"skills": [skill]})
        version, _ = catalogue.publish(db, own, public_url="https://badges.example", now=school.now)
        draft = drafts.start_from(db, writer, version, kind, school.now)
        assert len(drafts.checklist(db, draft).problems) == doubts


def test_another_schools_definition_is_not_gone_on_with(school: School, writer: Writer) -> None:
    with school.transaction() as db:
        theirs = db.query(
            MicroCredentialVersion
        ).one()  # the sample has an awarding body of its own
        with pytest.raises(NotFound, match="unknown_micro_credential"):
            drafts.start_from(db, writer, theirs, Kind.VERSION, school.now)
