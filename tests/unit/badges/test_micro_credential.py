"""The European elements of a micro-credential, and which are missing."""

import dataclasses
from decimal import Decimal

import pytest

from badges.choices import Choice
from badges.micro_credential import (
    Assessment,
    AwardingBody,
    MicroCredential,
    MissingElement,
    missing_elements,
    planned_hours,
)
from badges.rules import PointsAtLeast
from badges.text import Text
from tests.factories.definitions import micro_credential, unit

RULE = PointsAtLeast(Decimal(5), Decimal(10))
COMPLETE = micro_credential(unit("U1", RULE), unit("U2", RULE, allows_participation=True))


def test_the_hours_that_everybody_completes_are_those_of_what_is_needed() -> None:
    units = [unit(f"U{n}", RULE, hours=Decimal(n)) for n in (4, 5)]
    chosen = [unit(f"C{n}", RULE, hours=Decimal(10)) for n in (1, 2, 3)]
    extra = unit("X", RULE)
    choices = (
        Choice(units=("C1", "C2", "C3"), count=2),
        Choice(units=("X",), count=0),
    )
    whole = micro_credential(*units, *chosen, extra, choices=choices)
    assert planned_hours(whole) == 29
    assert planned_hours(micro_credential(*units, extra)) is None
    assert planned_hours(micro_credential()) is None


def test_a_complete_definition_lacks_nothing() -> None:
    assert missing_elements(COMPLETE) == ()


@pytest.mark.parametrize(
    ("lacking", "element"),
    [
        (dataclasses.replace(COMPLETE, hours=None), "workload"),
        (dataclasses.replace(COMPLETE, eqf_level=None), "level"),
        (dataclasses.replace(COMPLETE, assessment=Assessment()), "assessment"),
        (dataclasses.replace(COMPLETE, participation=None), "participation"),
        (dataclasses.replace(COMPLETE, quality_assurance=None), "quality_assurance"),
        (
            dataclasses.replace(
                COMPLETE,
                awarding_body=AwardingBody(slug="a", name=Text({"en": "A"}), country=""),
            ),
            "country",
        ),
    ],
)
def test_an_absent_element_is_named(lacking: MicroCredential, element: str) -> None:
    assert missing_elements(lacking) == (MissingElement(element),)


def test_what_a_unit_lacks_is_named_with_the_unit() -> None:
    mc = micro_credential(unit("U1", RULE, outcomes=()), unit("U2", RULE))
    assert missing_elements(mc) == (MissingElement("learning_outcomes", "U1"),)


def test_a_unit_that_names_no_assessment_is_assessed_as_the_whole() -> None:
    mc = micro_credential(unit("U1", RULE, assessment=()))
    assert missing_elements(mc) == ()
    lacking = dataclasses.replace(mc, assessment=Assessment())
    assert missing_elements(lacking) == (MissingElement("assessment"),)


def test_without_any_outcome_the_whole_lacks_outcomes() -> None:
    mc = micro_credential(unit("U1", RULE, outcomes=()))
    assert MissingElement("learning_outcomes") in missing_elements(mc)


def test_when_every_unit_allows_participation_nothing_is_assessed() -> None:
    mc = micro_credential(
        unit("U1", RULE, allows_participation=True), unit("U2", RULE, allows_participation=True)
    )
    assert missing_elements(mc) == (MissingElement("nothing_assessed"),)


def test_without_units_nothing_is_learnt_and_nothing_is_assessed() -> None:
    assert missing_elements(micro_credential()) == (
        MissingElement("learning_outcomes"),
        MissingElement("nothing_assessed"),
    )


def test_a_unit_is_found_by_its_code() -> None:
    assert COMPLETE.unit("U2").allows_participation
    with pytest.raises(KeyError, match="U9"):
        COMPLETE.unit("U9")


def test_text_languages_are_those_of_all_titles() -> None:
    mc = micro_credential(
        unit("U1", RULE, title=Text({"en": "one", "uk": "один", "de": "eins"})),
        unit("U2", RULE, title=Text({"en": "two", "de": "zwei"})),
        title=Text({"de": "Titel", "en": "title", "uk": "назва"}),
    )
    assert mc.text_languages == ("de", "en")
