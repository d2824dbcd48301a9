"""What differs between two definitions: everything, once, and rightly called wording or not."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badges import samples
from badges.changes import Difference, differences, same_units, substantive
from badges.micro_credential import Concept, MicroCredential
from badges.rules import SignOff
from badges.text import Text
from tests.factories.definitions import micro_credential, micro_credentials, strings, unit

RULE = SignOff(Text({"en": "has welded a sound seam"}))
TWO = micro_credential(unit("U1", RULE), unit("U2", RULE))
few = settings(max_examples=12)
"""Random definitions take a tenth of a second each."""


def of(old: MicroCredential, new: MicroCredential) -> list[tuple[str, bool]]:
    return [(one.path, one.is_substantive) for one in differences(old, new)]


@few
@given(micro_credentials())
def test_nothing_differs_from_itself_whatever_its_version_is_called(mc: MicroCredential) -> None:
    assert differences(mc, mc) == ()
    assert differences(mc, replace(mc, version="another")) == ()


@few
@given(micro_credentials(), micro_credentials())
def test_there_is_a_difference_unless_they_are_the_same(
    old: MicroCredential, new: MicroCredential
) -> None:
    assert (differences(old, new) == ()) == (old == replace(new, version=old.version))


@few
@given(micro_credentials(), micro_credentials())
def test_the_way_back_shows_the_same_values_the_other_way_round(
    old: MicroCredential, new: MicroCredential
) -> None:
    there = [(repr(one.old), repr(one.new)) for one in differences(old, new)]
    back = [(repr(one.new), repr(one.old)) for one in differences(new, old)]
    assert sorted(there) == sorted(back)


@few
@given(micro_credentials(), micro_credentials())
def test_no_element_is_named_twice_for_the_same_reason(
    old: MicroCredential, new: MicroCredential
) -> None:
    found = [(one.path, repr(one.old), repr(one.new)) for one in differences(old, new)]
    assert len(set(found)) == len(found)


@few
@given(micro_credentials(), strings(), st.sampled_from(["title", "description"]))
def test_a_translation_is_wording(mc: MicroCredential, text: str, name: str) -> None:
    changes: dict[str, Any] = {name: Text({**getattr(mc, name), "fr": text})}
    translated = replace(mc, **changes)
    assert of(mc, translated) == [(f"$.{name}.fr", False)]


@few
@given(micro_credentials(), st.integers(1, 100))
def test_other_hours_are_another_version(mc: MicroCredential, more: int) -> None:
    changed = replace(mc, hours=(mc.hours or Decimal(0)) + more)
    assert of(mc, changed) == [("$.hours", True)]


@few
@given(micro_credentials(), st.data())
def test_a_unit_more_or_less_is_another_version(mc: MicroCredential, data: st.DataObject) -> None:
    if mc.units:
        gone = data.draw(st.integers(0, len(mc.units) - 1))
        fewer = replace(mc, units=mc.units[:gone] + mc.units[gone + 1 :])
        assert [one.path for one in substantive(mc, fewer)] == [f"$.units[{gone}]"]
        assert [one.path for one in substantive(fewer, mc)] == [f"$.units[{gone}]"]


@few
@given(micro_credentials(), st.randoms(use_true_random=False))
def test_another_order_of_units_is_said_and_is_no_other_version(
    mc: MicroCredential, random: object
) -> None:
    turned = replace(mc, units=mc.units[::-1])
    expected = [("$.units", False)] if len(mc.units) > 1 else []
    assert of(mc, turned) == expected


@pytest.mark.parametrize(
    ("old", "new", "is_substantive"),
    [
        ("Weldng of steel", "Welding of steel", False),
        ("Welding, of steel", "Welding of steel.", False),
        ("Schweissen", "Schweißen", False),
        ("welds with supervision", "welds without supervision", True),
        ("welds in position PA", "welds in position PB", True),
        ("works 3 hours alone", "works 30 hours alone", True),
        ("welds steel", "welds steel and aluminium", True),
        ("must not weld", "must weld", True),
        ("Welding", "Cooking", True),
        ("is able to weld", "is unable to weld", True),
        ("ein Zeugnis", "kein Zeugnis", True),
        ("gaps ≤ 3 mm", "gaps ≥ 3 mm", True),
        ("at -5 degrees", "at 5 degrees", True),
        ("x" * 70, "x" * 69 + "y", True),
    ],
)
def test_a_misspelling_is_wording_and_another_meaning_is_not(
    old: str, new: str, is_substantive: bool
) -> None:
    before, after = (replace(TWO, title=Text({"en": text})) for text in (old, new))
    assert of(before, after) == [("$.title.en", is_substantive)]


def test_a_translation_that_is_taken_away_takes_meaning_along() -> None:
    both = replace(TWO, title=Text({"de": "Schweißen", "sr-Latn": "Zavarivanje"}))
    assert of(both, replace(TWO, title=Text({"de": "Schweißen"}))) == [('$.title["sr-Latn"]', True)]


def test_the_description_may_be_written_anew() -> None:
    anew = replace(TWO, description=Text({"en": "Something else entirely, in 99 words."}))
    assert of(TWO, anew) == [("$.description.en", False)]


def test_a_term_of_a_vocabulary_is_its_address_and_a_free_one_its_words() -> None:
    def term(uri: str | None, label: str) -> MicroCredential:
        return replace(TWO, field=Concept(uri=uri, label=Text({"en": label})))

    here = "https://terms.example/1"
    assert of(term(here, "welding"), term(here, "joining of metals")) == [
        ("$.field.label.en", False)
    ]
    assert of(term(None, "welding"), term(None, "joining of metals")) == [
        ("$.field.label.en", True)
    ]
    assert ("$.field.uri", True) in of(term(here, "welding"), term(f"{here}1", "welding"))


def test_an_inserted_unit_does_not_make_the_others_look_changed() -> None:
    more = replace(TWO, units=(TWO.units[0], unit("U3", RULE), TWO.units[1]))
    assert [one.path for one in differences(TWO, more)] == ["$.units[1]"]


def test_a_difference_names_what_was_and_what_is() -> None:
    welding = samples.welding()
    first = welding.units[0]
    changed = replace(welding, units=(replace(first, hours=Decimal(99)), *welding.units[1:]))
    assert first.hours is not None
    expected = Difference("$.units[0].hours", int(first.hours), 99, True)
    assert differences(welding, changed) == (expected,)


@pytest.mark.parametrize("sample", samples.all())
def test_whoever_may_complete_by_taking_part_is_a_rule(sample: MicroCredential) -> None:
    first = sample.units[0]
    other = replace(first, allows_participation=not first.allows_participation)
    changed = replace(sample, units=(other, *sample.units[1:]))
    assert of(sample, changed) == [("$.units[0].allows_participation", True)]


def test_whether_prior_learning_is_recognised_in_a_unit_is_a_rule_and_a_translation_is_not() -> (
    None
):
    welding = samples.welding()

    def closed(**words: str) -> MicroCredential:
        third = replace(welding.units[2], no_prior_learning=Text(words))
        return replace(welding, units=(*welding.units[:2], third, *welding.units[3:]))

    said, place = closed(en="We have to see it ourselves."), "$.units[2].no_prior_learning"
    assert of(welding, said) == of(said, welding) == [(place, True)]
    assert of(said, closed(en="The law asks for it.")) == [(f"{place}.en", True)]
    both = closed(en="We have to see it ourselves.", de="Wir müssen es selbst sehen.")
    assert of(said, both) == [(f"{place}.de", False)]
    assert welding.units[2].code not in same_units(welding, said)


@pytest.mark.parametrize(
    "changed",
    [
        {"rule": SignOff(statement=Text({"en": "Seen by the examiner"}))},
        {"outcomes": ()},
        {"assessment": ()},
        {"code": "another"},
    ],
)
def test_a_unit_in_which_something_else_is_learnt_or_judged_is_another(
    changed: dict[str, Any],
) -> None:
    welding = samples.welding()
    newer = replace(welding, units=(replace(welding.units[0], **changed), *welding.units[1:]))
    assert same_units(welding, newer) == {one.code for one in welding.units[1:]}


def test_a_unit_without_types_of_assessment_follows_those_of_the_whole() -> None:
    welding = samples.welding()
    first = replace(welding.units[0], assessment=())
    old = replace(welding, units=(first, *welding.units[1:]))
    other = replace(old.assessment, methods=old.assessment.methods[:-1])
    newer = replace(old, assessment=other)
    assert same_units(old, newer) == {one.code for one in welding.units[1:]}


def test_a_unit_that_is_put_elsewhere_or_translated_stays_the_same() -> None:
    welding = samples.welding()
    title = Text({**welding.units[0].title, "fr": "Sécurité"})
    first = replace(welding.units[0], title=title)
    newer = replace(welding, hours=None, units=(*welding.units[1:], first))
    assert same_units(welding, newer) == {one.code for one in welding.units}
