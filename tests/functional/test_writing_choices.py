"""Units between which learners choose, written without thinking in JSON."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from badges import definition as definitions
from badges import samples
from lti_tool import clock
from lti_tool.db import Database
from lti_tool.services.definitions.drafts import Kind
from lti_tool.services.staff.accounts import Role
from tests.factories import handing_in, signing_in
from tests.factories.visits import Page, Visit, Visits
from tests.functional.test_writing import SAFETY, begin, check, content, edit, fill, press
from tests.functional.test_writing_exchange import upload

WELDING = samples.welding()
CODES = [unit.code for unit in WELDING.units]


@pytest.fixture
def visits(app: Flask, database: Database) -> Visits:
    return Visits.at(app, database, clock.now() - timedelta(hours=1))


@pytest.fixture
def teacher(visits: Visits) -> Visit:
    return visits.open("olha", teacher=True, unit=SAFETY)


@pytest.fixture
def page(visits: Visits, teacher: Visit) -> Page:
    """The units of a whole definition, in the form."""
    begun = begin(teacher)
    units = [{**unit, "hours": 4} for unit in definitions.dump(WELDING)["units"]]  # type: ignore[attr-defined]
    fill(visits, {**definitions.dump(WELDING), "units": units})
    return edit(begun, "units")


def put(page: Page, choices: dict[int, str], **fields: Any) -> Page:
    """Put units, counted from 0, into choices and send the form."""
    chosen = {f"units.{number}.choice": value for number, value in choices.items()}
    return page.submit("step", **chosen, **fields)


def test_units_are_put_into_choices_and_the_page_asks_how_many(visits: Visits, page: Page) -> None:
    asked = put(page, {1: "0", 2: "0", 3: "0", 4: "extra"})
    assert "step=units" in asked.path
    assert "Choice A" in asked.text
    assert "Choice B (extra)" in asked.text
    done = asked.submit("step", **{"choices.0.count": "2", "choices.0.title": "Verfahren"})
    assert "step=assessment" in done.path
    assert content(visits)["choices"] == [
        {"units": CODES[1:4], "count": 2, "title": {"de": "Verfahren"}},
        {"units": CODES[4:], "count": 0},
    ]
    assert "Choice A “Verfahren”" in edit(done, "units").text
    assert "Everything is there." in check(done).text


def test_what_is_typed_of_a_choice_stays_and_what_is_wrong_is_said_beside_it(
    visits: Visits, page: Page
) -> None:
    asked = put(page, {1: "0", 2: "0"})
    assert "Say how many of these units are needed." in check(asked).text
    for typed, words in (
        ("2", "Fewer must be needed than there are units in this choice."),
        ("many", "This cannot be read."),
        ("1.5", "This cannot be read."),
    ):
        wrong = edit(asked, "units").submit("step", **{"choices.0.count": typed})
        assert "step=units" in wrong.path
        assert words in wrong.text
        assert f'value="{typed}"' in wrong.html
    hours = edit(asked, "units").submit("step", **{"choices.0.count": "1", "units.1.hours": "5"})
    assert "equally many hours" in hours.text


def test_not_everything_can_be_extra(page: Page) -> None:
    wrong = put(page, dict.fromkeys(range(5), "extra"))
    assert "Something must be needed" in wrong.text


def test_a_unit_that_is_removed_leaves_its_choice(visits: Visits, page: Page) -> None:
    put(page, {1: "0", 2: "0", 3: "1", 4: "1"})
    page = edit(page, "units").submit("step", **{"choices.0.count": "1", "choices.1.count": "1"})
    asked = press(edit(page, "units"), "units.1.remove")
    asked.submit("remove")
    assert content(visits)["choices"][0] == {"units": [CODES[2]], "count": 1}
    asked = press(edit(page, "units"), "units.1.remove")
    asked.submit("remove")
    assert content(visits)["choices"] == [{"units": CODES[3:], "count": 1}]


def test_a_choice_goes_with_its_last_unit_and_its_translation_stays_with_its_units(
    visits: Visits, page: Page
) -> None:
    fill(
        visits,
        {
            **content(visits),
            "choices": [
                {"units": [CODES[0]], "count": 0},
                {"units": CODES[1:3], "count": 1, "title": {"de": "Arten", "en": "Kinds"}},
            ],
        },
    )
    put(edit(page, "units"), {0: ""})
    assert content(visits)["choices"] == [
        {"units": CODES[1:3], "count": 1, "title": {"de": "Arten", "en": "Kinds"}}
    ]
    put(edit(page, "units"), {1: "", 2: ""})
    assert "choices" not in content(visits)


def test_what_was_said_of_a_choice_moves_along_with_its_units(visits: Visits, page: Page) -> None:
    kinds = {"units": CODES[1:4], "count": 2, "title": {"de": "Arten", "en": "Kinds"}}
    fill(visits, {**content(visits), "choices": [kinds]})
    put(edit(page, "units"), {1: "1", 2: "1", 3: "1"})
    assert content(visits)["choices"] == [kinds]
    put(edit(page, "units"), {3: "1", 4: "1"})
    assert content(visits)["choices"] == [{**kinds, "units": CODES[1:3]}, {"units": CODES[3:]}]
    put(edit(page, "units"), {1: "extra", 2: "extra", 3: "", 4: ""})
    assert content(visits)["choices"] == [{**kinds, "units": CODES[1:3], "count": 0}]


def test_a_file_takes_choices_along(visits: Visits, teacher: Visit, page: Page) -> None:
    choices = [{"units": CODES[1:3], "count": 1, "title": {"de": "Arten"}}]
    fill(visits, {**content(visits), "choices": choices})
    exported = check(page).follow("Download (JSON)").response.data
    upload(teacher.get("drafts").follow("Bring a definition along"), "import", exported)
    assert content(visits)["choices"] == choices


def test_its_title_is_translated_with_the_other_texts(visits: Visits, page: Page) -> None:
    put(page, {1: "0", 2: "0"})
    page = edit(page, "units").submit(
        "step", **{"choices.0.count": "1", "choices.0.title": "Verfahren"}
    )
    texts = page.visit.get(f"{page.path.partition('/edit')[0]}/translation?language=en")
    assert "What this choice is called" in texts.text
    texts.submit("translation", **{"choices.0.title": "Procedures"})
    assert content(visits)["choices"][0]["title"] == {"de": "Verfahren", "en": "Procedures"}


@pytest.mark.parametrize("sent", ["99", "-1", "x", "0" * 500, "١"])
def test_a_choice_that_is_not_offered_is_none(visits: Visits, page: Page, sent: str) -> None:
    path, data = page.filled("step")
    answer = page.visit.post(path, data | {"units.1.choice": [sent]})
    assert answer.status == 200
    assert all(CODES[1] in one["units"] for one in content(visits).get("choices", []))


def test_a_reviewer_reads_choices_and_what_changed_of_them_in_words(
    app: Flask, database: Database
) -> None:
    account = signing_in.account(database, clock.now(), "Rita", Role.REVIEWER, "school")
    rita = signing_in.signed_in(app, database, account, clock.now())
    units = [{**unit, "hours": 4} for unit in definitions.dump(WELDING)["units"]]  # type: ignore[attr-defined]
    choice = {"units": CODES[1:3], "count": 1, "title": {"en": "Procedures"}}
    more = {"units": units, "hours": 40}
    draft = handing_in.hand_in(database, "school", clock.now(), choices=[choice], **more)
    page = rita.get(f"/admin/reviews/{draft}").text
    for said in ("Choices of units", "1 of these 2 units are needed:", "Procedures"):
        assert said in page
    sent = {"revision": "2", "decision": "approve", "independent": "1"}
    assert rita.post(f"/admin/reviews/{draft}", **sent).status_code == 303
    larger = {"units": CODES[1:4], "count": 2}
    extra = {"units": CODES[4:], "count": 0}
    version = {"version": "2.0", "choices": [larger, extra]}
    draft = handing_in.go_on(database, "school", Kind.VERSION, clock.now(), **version)
    page = rita.get(f"/admin/reviews/{draft}").text
    first, second, third, last = (unit.title["en"] for unit in WELDING.units[1:])
    assert f"Procedures: 1 of these units: {first}, {second}" in page
    assert f"2 of these units: {first}, {second}, {third}" in page
    assert f"extra units, of which nobody needs any: {last}" in page


TABLE = """Unit\tHours\tKind\tOutcome\tChoice
Safety\t8\tSkill\tsecures the edge\t
Tiles\t4\tSkill\tmounts on tiles\tRoofs: 1
\t\tSkill\tseals tiles\t
Flat\t4\tSkill\tmounts on ballast\troofs:1
Wiring\t2\tSkill\twires\tA: 1
Fuses\t2\tSkill\tfuses\ta : 1
History\t\tKnowledge\ttells of it\textra
"""


def table(page: Page) -> Page:
    return edit(page, "units").follow("Add units from a table")


@pytest.mark.parametrize("name", ["CSV", "Excel"])
def test_a_table_brings_choices_and_takes_them_along(
    visits: Visits, teacher: Visit, name: str
) -> None:
    page = table(begin(teacher)).submit("table", table=TABLE)
    codes = [unit["code"] for unit in content(visits)["units"]]
    before = content(visits)["choices"]
    assert before == [
        {"units": codes[1:3], "count": 1, "title": {"en": "Roofs"}},
        {"units": codes[3:5], "count": 1},
        {"units": codes[5:], "count": 0},
    ]
    taken = check(page).follow(f"Download the units ({name})").response.data
    upload(table(page), "table", taken)
    again = [unit["code"] for unit in content(visits)["units"]][len(codes) :]
    renamed = dict(zip(codes, again, strict=True))
    brought = [{**one, "units": [renamed[code] for code in one["units"]]} for one in before]
    assert content(visits)["choices"] == before + brought


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            "A,,Skill,does,A",
            "Row 2, Choice: Write its name and how many are needed, such as “A: 2”.",
        ),
        ("A,,Skill,does,A: -1", "Row 2, Choice: Write its name"),
        ("A,,Skill,does,: 1", "Row 2, Choice: Write its name"),
        ("A,,Skill,does,A: 1", "Row 2, Choice: Fewer must be needed"),
        (
            "A,,Skill,does,A: 1\nB,,Skill,does,A: 2\nC,,Skill,does,A: 1",
            "Row 3, Choice: Row 2 says another",
        ),
        (
            "A,,Skill,does,\n,,Skill,sees,A: 0",
            "Row 3, Choice: A choice stands in the first row of a unit.",
        ),
        ("A,,Skill,does," + "x" * 400 + ": 0", "Row 2, Choice: This is too long."),
        (
            "\n".join(f"{one},,Skill,does,{one}: 0" for one in "ABCDEFGHIJK"),
            "Row 12, Choice: These are too many choices.",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_named_by_row_and_column(
    visits: Visits, teacher: Visit, cells: str, said: str
) -> None:
    page = table(begin(teacher)).submit("table", table=f"Unit,Hours,Kind,Outcome,Choice\n{cells}\n")
    assert (page.status, said in page.text) == (400, True)
    assert content(visits)["units"] == []
    assert "choices" not in content(visits)
