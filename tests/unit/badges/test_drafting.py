"""What is said of a definition that is not whole yet agrees with what is said of a whole one."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from badges import definition as definitions
from badges import drafting, samples
from badges.micro_credential import MicroCredential, missing_elements

OPTIONAL_MEMBERS = (
    *("hours", "eqf_level", "assessment", "participation", "quality_assurance", "prerequisites"),
    *("supervision", "stackability", "units.0.outcomes", "units.1.assessment"),
)


def weakened(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the definition whole, without each member, and with nothing assessed."""
    yield whole
    for path in OPTIONAL_MEMBERS:
        made = deepcopy(whole)
        place, _, member = path.rpartition(".")
        holder = drafting.at(made, place) if place else made
        holder.pop(member, None)
        yield made
    for unit in (unassessed := deepcopy(whole))["units"]:
        unit["allows_participation"] = True
    yield unassessed


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: mc.code)
def test_gaps_are_the_missing_elements(mc: MicroCredential) -> None:
    for content in weakened(definitions.dump(mc)):
        expected = sorted(one.code for one in missing_elements(definitions.load(content)))
        assert sorted(code for _, code in drafting.gaps(content)) == expected


@pytest.mark.parametrize("mc", samples.all(), ids=lambda mc: mc.code)
def test_every_text_is_found_where_it_stands(mc: MicroCredential) -> None:
    content = definitions.dump(mc)
    found = dict(drafting.texts(content))
    assert {"title", "description", "units.0.title", "units.0.outcomes.0.text"} <= set(found)
    assert all(drafting.at(content, path) is text for path, text in found.items())


def test_a_new_code_is_one_that_nobody_has() -> None:
    content = definitions.dump(samples.welding())
    taken = [unit["code"] for unit in drafting.units(content)]
    assert drafting.free_unit_code(content) not in taken


def test_the_original_language_outlives_translation_and_publication() -> None:
    content = definitions.dump(samples.welding())
    assert {"de", "uk"} <= set(content["title"])
    for tag in ("de", "uk"):
        kept = definitions.dump(definitions.load(content | {"original_language": tag}))
        assert drafting.original(kept) == tag
        assert drafting.languages(kept)[0] == tag


def test_an_original_that_the_title_has_not_is_not_one() -> None:
    content = {"title": {"en": "Welding", "uk": "Зварювання"}, "original_language": "ka"}
    assert drafting.original(content) == "en"


def test_prior_learning_that_no_unit_is_open_to_is_doubted() -> None:
    content = definitions.dump(samples.welding()) | {"prior_learning": {"allowed": True}}
    for unit in content["units"][2:]:
        unit["no_prior_learning"] = {"en": "We have to see it ourselves."}
    assert list(drafting.doubts(content)) == []
    content["units"][1]["no_prior_learning"] = {"en": "This as well."}
    doubted = ("$.prior_learning.allowed", "prior_learning_nowhere")
    assert list(drafting.doubts(content)) == [doubted]
    assert "units.0.no_prior_learning" in dict(drafting.texts(content))
    assert list(drafting.doubts(content | {"prior_learning": {"allowed": False}})) == []
