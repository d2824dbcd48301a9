"""The ten samples are whole."""

import dataclasses
import json
from typing import Any

import pytest

from badges import samples, vocabularies
from badges.definition import InvalidDefinition, dump, load
from badges.micro_credential import (
    LevelBasis,
    MicroCredential,
    MissingElement,
    missing_elements,
)
from badges.rules import EachPartAtLeast, SignOff, SignOffs
from badges.text import Text
from badges.vocabularies import Vocabulary

ALL = samples.all()


def test_there_are_ten_each_with_a_code_of_its_own() -> None:
    assert len({mc.code for mc in ALL}) == 10


@pytest.mark.parametrize("mc", ALL, ids=lambda mc: mc.code)
def test_a_sample_lacks_no_mandatory_element(mc: MicroCredential) -> None:
    assert missing_elements(mc) == ()


@pytest.mark.parametrize("name", samples._NAMES)
def test_a_sample_file_is_in_the_canonical_form(name: str) -> None:
    written = json.loads(samples.source(name))
    assert dump(load(written)) == written


@pytest.mark.parametrize("mc", ALL, ids=lambda mc: mc.code)
def test_a_sample_claims_no_points_of_a_framework_that_awards_none(mc: MicroCredential) -> None:
    assert mc.credit is None
    assert mc.hours == sum(unit.hours or 0 for unit in mc.units)


@pytest.mark.parametrize("mc", ALL, ids=lambda mc: mc.code)
def test_the_basis_of_a_level_is_the_register_only_where_there_is_one(mc: MicroCredential) -> None:
    listed = {term.uri for term in vocabularies.concepts(Vocabulary.NATIONAL_LEVELS)}
    assert mc.eqf_level is not None
    assert mc.national_level is not None
    on_register = mc.national_level.uri in listed
    expected = LevelBasis.NATIONAL_REGISTER if on_register else LevelBasis.INDICATIVE
    assert mc.eqf_level.basis is expected


@pytest.mark.parametrize("mc", ALL, ids=lambda mc: mc.code)
def test_titles_statements_and_parts_speak_three_languages(mc: MicroCredential) -> None:
    assert mc.text_languages == ("de", "en", "uk")
    for unit in mc.units:
        if isinstance(unit.rule, SignOff | SignOffs):
            assert unit.rule.statement.languages == ("de", "en", "uk")
        if isinstance(unit.rule, EachPartAtLeast):
            assert all(part.title.languages == ("de", "en", "uk") for part in unit.rule.parts)


def every_text(value: Any) -> list[Text]:
    if isinstance(value, Text):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in every_text(item)]
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return [text for field in fields for text in every_text(getattr(value, field.name))]
    return []


def test_the_welding_sample_is_wholly_german() -> None:
    found = every_text(samples.welding())
    assert len(found) > 60
    assert [text for text in found if "de" not in text] == []


def test_only_one_unit_of_the_catalogue_can_be_completed_by_participation() -> None:
    allowing = [unit.code for mc in ALL for unit in mc.units if unit.allows_participation]
    assert allowing == ["BEM-S-WLD1-U2"]


def test_the_rules_of_the_welding_sample_are_those_of_its_assessment() -> None:
    types = [unit["rule"]["type"] for unit in json.loads(samples.source("wld1"))["units"]]
    assert types == ["points", "points", "sign_off", "parts", "sign_off"]


def test_a_sample_in_which_nothing_is_assessed_any_more_is_told_so() -> None:
    data = json.loads(samples.source("wld1"))
    for unit in data["units"]:
        unit["allows_participation"] = True
    assert missing_elements(load(data)) == (MissingElement("nothing_assessed"),)


def test_a_sample_without_awarding_body_is_refused() -> None:
    data = json.loads(samples.source("wld1"))
    del data["awarding_body"]
    with pytest.raises(InvalidDefinition, match=r"\$\.awarding_body: required"):
        load(data)
