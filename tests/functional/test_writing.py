"""Writing a definition: what is typed is kept, whatever it is, and handed in once it is whole."""

import json
import re
import uuid
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from flask import Flask

from badges import definition as definitions
from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.models import DefinitionDraft
from lti_tool.services.definitions import drafts
from lti_tool.services.definitions.drafts import State
from lti_tool.web.http.security import csrf_token
from tests.factories.visits import Page, Visit, Visits

SAFETY = "BEM-S-WLD1-U1"


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


def begin(teacher: Visit, title: str = "Solar panels", language: str = "en") -> Page:
    return teacher.get("drafts").submit("start", title=title, language=language)


def draft(visits: Visits) -> DefinitionDraft:
    with visits.school.transaction() as db:
        return db.query(DefinitionDraft).order_by(DefinitionDraft.created_at.desc()).first()


def content(visits: Visits) -> dict[str, Any]:
    return dict(draft(visits).content)


def press(page: Page, act: str, **fields: Any) -> Page:
    """Press a button of a step."""
    path, data = page.filled("step", **fields)
    return page.visit.post(path, data | {"act": [act]})


def fill(visits: Visits, whole: dict[str, Any]) -> None:
    """Put a whole definition into the draft, as if it had been typed."""
    with visits.school.transaction() as db:
        found = db.query(DefinitionDraft).one()
        made = {**whole, **{k: found.content[k] for k in ("code", "version", "awarding_body")}}
        drafts.save(db, found, made, revision=found.revision, now=visits.school.now)


def edit(page: Page, step: str, **query: str) -> Page:
    home = re.match(r"(/launches/[^/]+)?(/admin)?/drafts/[0-9a-f-]+", page.path)
    assert home, page.path
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return page.visit.get(f"{home[0]}/edit?step={step}{more}")


def check(page: Page) -> Page:
    home = re.match(r"/launches/[^/]+/drafts/[0-9a-f-]+", page.path)
    assert home
    return page.visit.get(home[0])


def test_a_teacher_writes_a_whole_definition_and_hands_it_in(
    visits: Visits, teacher: Visit
) -> None:
    """Every step by its form, from a title to the reviewers, without a script."""
    page = begin(teacher)
    assert page.status == 200
    page = page.submit(
        "step",
        description="For people who mount panels in a team.",
        participation="Blended",
        languages=["en", "uk"],
        field="0713 Electricity and energy",
        **{"awarding_body.country": "DE"},
    )
    assert "There is no unit yet." in page.text
    page = press(page, "units.add")
    page = press(page, "units.0.add", **{"units.0.title": "Working at height"})
    page = page.submit(
        "step",
        **{
            "units.0.hours": "7,5",
            "units.0.outcomes.0.text": "names the hazards",
            "units.0.outcomes.0.kind": "knowledge",
            "units.0.outcomes.1.text": "secures the roof edge",
        },
    )
    quiz = next(
        one["uri"] for one in vocabulary("assessment_types") if "quiz" in one["label"]["en"]
    )
    page = page.submit(
        "step",
        **{
            "assessment.methods": [quiz],
            "units.0.assessment": [],
            "units.0.assessment.own": "observed task\nsecond task",
            "units.0.rule.type": "points",
            "units.0.rule.minimum": "60",
            "units.0.rule.maximum": "100",
        },
    )
    page = page.submit(
        "step", hours="30", **{"eqf_level.level": "3", "eqf_level.basis": "indicative"}
    )
    page = page.submit("step", **{"quality_assurance.kind": "moderation by partners"})
    assert "Everything is there." in page.text
    made = content(visits)
    assert definitions.load(made).hours == 30
    assert made["units"][0]["hours"] == 7.5
    assert made["units"][0]["assessment"][1] == {"label": {"en": "second task"}}
    assert made["field"]["uri"].endswith("/0713")
    assert made["languages"] == ["en", "uk"]
    page = page.submit("hand-in", note="Please look at unit 1")
    assert "It is handed in." in page.text
    assert draft(visits).state == State.SUBMITTED
    assert "Please look at unit 1" in page.text
    assert not edit(page, "what").has_form("step")


def vocabulary(name: str) -> list[dict[str, Any]]:
    text = files("badges.vocabularies").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return list(json.loads(text))


def test_what_cannot_be_read_is_kept_beside_what_is_wrong_with_it(
    visits: Visits, teacher: Visit
) -> None:
    page = edit(begin(teacher), "level").submit(
        "step", hours="about thirty", **{"credit.points": "1e9"}
    )
    assert 'value="about thirty"' in page.html
    assert "This cannot be read." in page.text
    assert content(visits)["hours"] == "about thirty"
    assert "step=level" in page.path


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.school.example", "https://www.school.example"),
        (" school.example:8443/a?b=c ", "https://school.example:8443/a?b=c"),
        ("http://school.example", "http://school.example"),
        ("mailto:office@school.example", "mailto:office@school.example"),
        ("our website", "our website"),
    ],
)
def test_an_address_is_taken_without_its_beginning(
    visits: Visits, teacher: Visit, typed: str, kept: str
) -> None:
    page = edit(begin(teacher), "what").submit("step", **{"awarding_body.url": typed})
    assert content(visits)["awarding_body"]["url"] == kept
    assert f'value="{kept}"' in edit(page, "what").html


def test_a_number_out_of_range_is_told_its_bounds(teacher: Visit) -> None:
    sent = {"prior_learning.max_share_percent": "150", "prior_learning.allowed": "yes"}
    page = edit(begin(teacher), "quality").submit("step", **sent, confirmations="3")
    page = edit(page, "quality", show="missing")
    assert "Use a number from 0 to 100." in page.text
    assert "Use a number from 1 to 2." in page.text
    page = edit(page, "level").submit("step", hours="1000000")
    assert "Use a number above 0, at most 100000." in edit(page, "level", show="missing").text


def test_the_checklist_says_what_of_the_further_information_is_there(teacher: Visit) -> None:
    page = begin(teacher)
    assert "Further information so far: Languages of instruction" in page.text
    page = edit(page, "quality").submit("step", validity_months="24")
    assert "so far: Validity, Languages of instruction" in edit(page, "what").text


def test_nothing_is_called_wrong_before_anything_was_typed(teacher: Visit) -> None:
    page = begin(teacher)
    assert "Say in two or three sentences for whom it is." not in page.text
    shown = edit(page, "what", show="missing")
    assert "Say in two or three sentences for whom it is." in shown.text


def test_what_is_needed_is_said_where_it_is_typed(teacher: Visit) -> None:
    """In words, with the name that the European standard has for it."""
    page = press(edit(begin(teacher), "units"), "units.add")
    assert "Needed European standard: Learning outcomes" in page.text
    page = edit(page, "level")
    assert "Needed European standard: Notional workload" in page.text
    assert "Needed European standard: Level" in page.text
    assert 'id="credit-points-needed"' not in page.html


def test_a_unit_is_assessed_as_the_whole_until_it_says_otherwise(
    visits: Visits, teacher: Visit
) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = edit(page.submit("step", **{"units.0.title": "Safety"}), "assessment")
    assert "As the whole, for which none is ticked yet." in page.text
    quiz = next(
        one["uri"] for one in vocabulary("assessment_types") if "quiz" in one["label"]["en"]
    )
    page = edit(page.submit("step", **{"assessment.methods": [quiz]}), "assessment")
    assert "As the whole: quiz" in page.text
    assert "Types of assessment in this unit" not in check(page).text
    page = page.submit("step", **{"units.0.assessment.own": "observed task"})
    assert "This unit has its own." in edit(page, "assessment").text


def test_each_line_of_the_checklist_names_thing_and_unit_and_leads_to_its_field(
    teacher: Visit,
) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = press(page, "units.add", **{"units.0.title": "Safety"})
    page = check(page)
    assert "Unit 1 “Safety”: How this unit is completed" in page.text
    assert "Choose when the unit counts as completed." in page.text
    assert "Unit 1 “Safety”: Outcome 1 Write this outcome, or remove it." in page.text
    assert "Unit 2: Title of the unit Give the unit a title." in page.text
    assert "Learning outcomes to do: Unit 1 “Safety”: Outcome 1 and 2 more" in page.text
    assert "step=units&amp;show=missing#units-0-outcomes-0-text" in page.html
    assert 'id="units-0-outcomes-0-text"' in edit(page, "units").html


def test_words_that_are_in_no_official_list_are_kept_and_said_to_be_so(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher).submit("step", field="Electricity")
    assert "“Electricity” is not in the official list." in page.text
    assert page.html.index("Closest") < page.html.index("0713 Electricity and energy</option>")
    assert content(visits)["field"] == {"label": {"en": "Electricity"}}
    on = page.submit("step")
    assert "Units and outcomes" in on.text
    assert "is not in the official list" not in on.text
    uri = next(one["uri"] for one in vocabulary("isced_f") if one["uri"].endswith("/0713"))
    edit(on, "what").submit("step", **{"field.instead": uri})
    assert content(visits)["field"]["uri"] == uri


def test_skills_of_an_outcome_are_written_with_it(visits: Visits, teacher: Visit) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    place = "units.0.outcomes.0"
    page.submit("step", **{f"{place}.text": "mounts", f"{place}.skills": "use a harness"})
    outcome = content(visits)["units"][0]["outcomes"][0]
    assert outcome["skills"] == [{"label": {"en": "use a harness"}}]


def test_what_is_removed_is_said_on_its_button(teacher: Visit) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    page = press(page, "units.0.add")
    for words in ("Remove outcome 1", "Remove outcome 2", "Remove unit 1"):
        assert words in page.text
    asked = press(page, "units.0.remove", **{"units.0.title": "Safety"})
    assert "Unit 1 “Safety”" in asked.text


def test_the_foot_does_not_lead_to_what_the_course_offers(teacher: Visit) -> None:
    assert "About this micro-credential" not in begin(teacher).text
    assert "About this micro-credential" in teacher.get("course").text


def test_units_are_moved_and_removed_with_what_stands_in_them(
    visits: Visits, teacher: Visit
) -> None:
    page = edit(begin(teacher), "units")
    page = press(page, "units.add")
    page = press(page, "units.add", **{"units.0.title": "One"})
    page = press(page, "units.1.up", **{"units.1.title": "Two"})
    codes = [unit["code"] for unit in content(visits)["units"]]
    assert [unit["title"]["en"] for unit in content(visits)["units"]] == ["Two", "One"]
    assert (
        len({*codes, *(one["code"] for u in content(visits)["units"] for one in u["outcomes"])})
        == 4
    )
    page = press(page, "units.0.remove")
    assert "Remove this unit?" in page.text
    assert "Two" in page.text
    assert len(content(visits)["units"]) == 2
    page = page.submit("remove")
    assert [unit["title"]["en"] for unit in content(visits)["units"]] == ["One"]
    page = press(page, "units.0.outcomes.0.remove")  # nothing in it, so nothing is asked
    assert not content(visits)["units"][0].get("outcomes")


def test_two_pages_of_one_draft_lose_nothing(visits: Visits, teacher: Visit) -> None:
    first = begin(teacher)
    second = edit(first, "what")
    first.submit("step", description="Typed on the first page")
    page = second.submit("step", description="Typed on the second page")
    assert page.status == 409
    assert "Typed on the second page" in page.html
    assert content(visits)["description"] == {"en": "Typed on the first page"}
    page.submit("step")
    assert content(visits)["description"] == {"en": "Typed on the second page"}


def test_a_removal_asked_for_before_another_page_saved_removes_nothing(
    visits: Visits, teacher: Visit
) -> None:
    page = press(edit(begin(teacher), "units"), "units.add")
    asked = press(page, "units.0.remove", **{"units.0.title": "One"})
    edit(page, "what").submit("step", description="From another page")
    page = asked.submit("remove")
    assert page.status == 409
    assert 'value="One"' in page.html
    page.submit("step")
    assert content(visits)["units"][0]["title"] == {"en": "One"}


def test_a_script_is_told_the_new_revision_and_the_checklist(
    visits: Visits, teacher: Visit
) -> None:
    path, data = begin(teacher).filled("step", description="Typed")
    headers = {"Accept": "application/json"}
    answer = teacher.client.post(path, data=data, headers=headers)
    assert answer.json is not None
    assert answer.json["revision"] == 2
    assert "of 9 needed elements" in answer.json["checklist"]
    assert "description" not in answer.json["amiss"]
    assert answer.json["amiss"]["participation"] == "Say how people take part."
    refused = teacher.client.post(path, data=data | {"description": ["Other"]}, headers=headers)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["code"] == "draft_changed_elsewhere"


def test_texts_are_translated_beside_their_original(visits: Visits, teacher: Visit) -> None:
    page = begin(teacher).submit("step", description="For beginners")
    page = page.visit.get(page.path.replace("edit?step=units", "translation?language=uk"))
    assert "For beginners" in page.text
    page = page.submit("translation", title="Сонячні панелі")
    assert content(visits)["title"] == {"en": "Solar panels", "uk": "Сонячні панелі"}
    assert "1 text missing" in page.text
    page = page.submit("translation", description="Для початківців")
    assert "Ukrainian: complete" in page.text
    page = page.submit("translation", description="")
    assert content(visits)["description"] == {"en": "For beginners"}


def test_an_incomplete_draft_is_not_handed_in(visits: Visits, teacher: Visit, app: Flask) -> None:
    page = check(begin(teacher))
    assert not page.has_form("hand-in")
    assert "things are still to do" in page.text
    with app.test_request_context():
        token = csrf_token(teacher.id)
    refused = teacher.post(f"{page.path}/hand-in", {"csrf_token": [token]})
    assert refused.status == 409
    assert draft(visits).state == State.DRAFT


def test_a_returned_draft_shows_each_comment_beside_its_field(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    check(page).submit("hand-in")
    said = [{"element": "$.units[0].title", "text": "Say it in plain words"}]
    with visits.school.transaction() as db:
        found = db.query(DefinitionDraft).one()
        drafts.move(db, found, State.RETURNED, "account:x", None, visits.school.now, comments=said)
    assert "Say it in plain words" in edit(page, "units").text
    assert "Say it in plain words" not in edit(page, "level").text
    assert check(page).has_form("hand-in")


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: mc.code)
def test_a_whole_definition_goes_through_every_step_unchanged(
    visits: Visits, teacher: Visit, mc: Any
) -> None:
    """Saving what a page shows is no change: no member is lost by a form that does not ask it."""
    page = begin(teacher)
    fill(visits, definitions.dump(mc))
    before = content(visits)
    for step in ("what", "units", "assessment", "level", "quality"):
        edit(page, step).submit("step")
        assert definitions.load(content(visits)) == definitions.load(before), step
        assert content(visits)["target_groups"] == before["target_groups"]


def test_a_draft_that_was_given_up_is_gone(visits: Visits, teacher: Visit) -> None:
    page = check(begin(teacher)).follow("Give up this draft").submit("discard")
    assert "The draft was given up." in page.text
    assert "Solar panels" not in page.text


def test_colleagues_and_learners_see_no_drafts(visits: Visits, teacher: Visit) -> None:
    begin(teacher)
    colleague = visits.open("petro", teacher=True, unit=SAFETY)
    assert "Solar panels" not in colleague.get("drafts").text
    path = f"drafts/{draft(visits).id}"
    assert colleague.get(path).status == 404
    assert visits.open("ana", unit=SAFETY).get(path).status == 403
    assert colleague.get(f"drafts/{uuid.uuid4()}").status == 404


def test_the_way_leads_from_choosing_content_and_back(visits: Visits) -> None:
    page = visits.select("olha").get().follow("Write your own")
    assert begin(page.visit).status == 200
    assert "Add a micro-credential" in page.visit.get("drafts").follow("Back to choosing").text


def test_the_national_level_is_chosen_where_there_is_a_list_and_written_elsewhere(
    visits: Visits, teacher: Visit
) -> None:
    page = begin(teacher)
    for country, said in (
        ("DE", "Official level of your country"),
        ("UA", "the number of the level"),
    ):
        page = edit(page, "what").submit("step", **{"awarding_body.country": country})
        page = edit(page, "level")
        assert said in page.text
    assert "Official level of your country" not in page.text
    assert "Національна рамка кваліфікацій" in page.html
    page.submit("step", **{"register_entry.number": "2026-7"})
    assert content(visits)["register_entry"] == {"number": "2026-7"}


def test_an_address_of_esco_is_kept_as_esco_writes_it(visits: Visits, teacher: Visit) -> None:
    known = "data.europa.eu/esco/skill/198b614d-a9af-46f5-b3fd-2672b401dd8e"
    page = edit(begin(teacher), "quality").submit("step", skills=f"weld HTTPS://{known.upper()}")
    assert content(visits)["skills"][0]["uri"] == f"http://{known}"
    edit(page, "quality").submit("step")
    assert content(visits)["skills"][0]["uri"] == f"http://{known}"


def test_a_skill_is_found_by_its_name_and_an_address_of_esco_is_checked(
    visits: Visits, teacher: Visit
) -> None:
    page = edit(begin(teacher), "quality")
    page = page.submit("step", skills="soldering\nwelding techniques")
    page = edit(page, "quality").submit("step", **{"skills.more": "read standard blueprints"})
    skills = content(visits)["skills"]
    assert "Not from ESCO, shown as your own words: soldering" in edit(page, "quality").text
    assert [one["label"]["en"] for one in skills] == [
        *("soldering", "welding techniques", "read standard blueprints")
    ]
    assert ["uri" in one for one in skills] == [False, True, True]
    again = edit(page, "quality").submit("step")
    assert content(visits)["skills"] == skills
    assert again.status == 200


@pytest.mark.parametrize("forged", ["second", "foreign"])
def test_a_hidden_code_that_is_not_of_the_draft_makes_a_unit_of_its_own(
    visits: Visits, teacher: Visit, forged: str
) -> None:
    page = begin(teacher)
    fill(visits, definitions.dump(samples.welding()))
    page = edit(page, "units")
    before = content(visits)["units"]
    codes = [unit["code"] for unit in before]
    code = codes[1] if forged == "second" else "OTHER-U9"
    path, data = page.filled("step")
    outcome = {"second": before[1]["outcomes"][0]["code"], "foreign": "OTHER-LO"}[forged]
    data |= {"units.2.code": [code], "units.3.outcomes.0.code": [outcome]}
    page.visit.post(path, data)
    after = content(visits)["units"]
    found = [unit["code"] for unit in after]
    assert len(found) == len({*found})
    assert found[:2] == codes[:2]
    assert code not in found[2:]
    assert set(codes) <= set(found), "a unit that the form does not name stays"
    assert after[2]["title"], "what was typed is kept"
    assert after[2]["title"].items() <= before[2]["title"].items()
    outcomes = [one["code"] for unit in after for one in unit["outcomes"]]
    assert len(outcomes) == len({*outcomes})
    assert "OTHER-LO" not in outcomes
