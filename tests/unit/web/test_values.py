"""How wishes are negotiated and entries are read."""

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from badges import samples
from badges.micro_credential import Concept
from badges.text import Text
from badges.vocabularies import Vocabulary
from badges.vocabularies.search import search
from lti_tool.web import i18n
from lti_tool.web.http.negotiation import wants_json
from lti_tool.web.teacher import entries
from lti_tool.web.words import wording

WELDING = samples.welding()
POINTS, PARTS, SIGN_OFF = "BEM-S-WLD1-U1", "BEM-S-WLD1-U4", "BEM-S-WLD1-U3"
ANA, BEN = uuid.UUID(int=1), uuid.UUID(int=2)
BOTH = frozenset({ANA, BEN})


@pytest.mark.parametrize(
    ("accept", "is_data"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
        ("application/json", True),
        ("application/ld+json, */*;q=0.1", True),
        ("application/vc+ld+json", True),
        ("text/html;q=0.5, application/json", True),
        ("text/html, application/json;q=0.9", False),
    ],
)
def test_a_page_is_served_unless_json_is_named_and_preferred(
    app: Flask, accept: str, is_data: bool
) -> None:
    with app.test_request_context(headers={"Accept": accept}):
        assert wants_json() is is_data


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("de", "en", "en", "de"),
        ("", "de", "en", "de"),
        ("", "", "uk-UA, de-AT;q=0.8, en;q=0.5", "de"),
        ("", "", "uk", "en"),
        ("<script>", "", "de", "de"),
    ],
)
def test_the_language_follows_the_nearest_wish(
    app: Flask, query: str, cookie: str, accept: str, language: str
) -> None:
    headers = {"Accept-Language": accept, "Cookie": f"lang={cookie}"}
    with app.test_request_context(f"/?lang={query}", headers=headers):
        assert i18n.language() == language


def test_a_text_of_another_language_is_marked(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert wording.say(Text({"uk": "Основи"})) == '<span lang="uk">Основи</span>'
        assert wording.say(Text({"de": "A & B", "en": "x"})) == "A &amp; B"


def test_a_vocabulary_term_speaks_the_language_of_the_page(app: Flask) -> None:
    level = Concept(uri="http://data.europa.eu/snb/eqf/3", label=Text({"en": "Level 3"}))
    with app.test_request_context("/?lang=de"):
        assert wording.term(level) == "Niveau 3"


def test_a_term_of_esco_is_marked_as_english_and_own_words_come_first(app: Flask) -> None:
    cook = search(Vocabulary.ESCO_OCCUPATIONS, "cook")[0]
    own = Concept(uri=cook.uri, label=Text({"uk": "кухар"}))
    with app.test_request_context("/?lang=de"):
        assert wording.term(own) == '<span lang="en">cook</span>'
        assert wording.term(replace(own, label=Text({"de": "Köchin", "uk": "кухар"}))) == "Köchin"


def test_numbers_and_names_follow_the_language(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert wording.number(Decimal("87.5")) == "87,5"
        assert wording.country("UA") == "Ukraine"
        assert wording.language_name("cnr") == "Montenegrinisch"
        assert wording.language_name("no such tag") == "no such tag"


def test_points_are_read_with_comma_or_point_and_empty_fields_say_nothing() -> None:
    entered = entries.read(
        WELDING.unit(POINTS),
        BOTH,
        MultiDict({entries.field(ANA): "87,5", entries.field(BEN): " "}),
    )
    assert not entered.problems
    [(person, judgement)] = entered.judgements
    assert (person, judgement.points) == (ANA, Decimal("87.5"))


@pytest.mark.parametrize("text", ["NaN", "1e2", "-1", "abc", "1.234,5", "٩٩x", "Infinity"])
def test_what_is_no_number_of_points_is_named_as_a_problem(text: str) -> None:
    entered = entries.read(WELDING.unit(POINTS), BOTH, MultiDict({entries.field(ANA): text}))
    assert entered.problems == {entries.field(ANA): "not_a_number"}
    assert not entered.judgements


def test_too_many_decimals_are_named_and_noughts_behind_them_are_none() -> None:
    form = MultiDict({entries.field(ANA): "60.000001", entries.field(BEN): "60,5000"})
    entered = entries.read(WELDING.unit(POINTS), BOTH, form)
    assert entered.problems == {entries.field(ANA): "too_many_decimals"}
    assert [said.points for _, said in entered.judgements] == [Decimal("60.5")]


def test_more_points_than_the_maximum_are_a_problem() -> None:
    entered = entries.read(WELDING.unit(POINTS), BOTH, MultiDict({entries.field(ANA): "100.5"}))
    assert entered.problems == {entries.field(ANA): "points_out_of_range"}


def test_parts_are_read_one_by_one() -> None:
    form = MultiDict({entries.field(ANA, "PA"): "70", entries.field(BEN, "PB"): "80"})
    entered = entries.read(WELDING.unit(PARTS), BOTH, form)
    assert [(one, said.part, said.points) for one, said in entered.judgements] == [
        (ANA, "PA", Decimal(70)),
        (BEN, "PB", Decimal(80)),
    ]


def test_sign_offs_are_read_for_people_of_the_course_only() -> None:
    form = MultiDict([("person", str(ANA)), ("person", str(uuid.uuid4())), ("person", "x")])
    entered = entries.read(WELDING.unit(SIGN_OFF), BOTH, form)
    assert [(one, said.signed_off) for one, said in entered.judgements] == [(ANA, True)]


def test_the_key_of_a_record_depends_on_form_unit_and_part() -> None:
    form = MultiDict({entries.field(ANA, "PA"): "70", entries.field(ANA, "PB"): "80"})
    said = [one for _, one in entries.read(WELDING.unit(PARTS), BOTH, form).judgements]
    keys = {entries.record_key(form_key, one) for form_key in ("a", "b") for one in said}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {64}
