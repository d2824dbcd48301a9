"""Choices: what is needed of them, what a course may ask for, and what follows for progress."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badges import changes, definition, drafting, prior_learning
from badges.award import Award, InvalidAward
from badges.choices import NOTHING_MORE, Asked, Choice, InvalidAsked, check
from badges.completion import Completion, Progress, Route, progress
from badges.definition import InvalidDefinition
from badges.formats import criteria
from badges.formats.wording import Wording
from badges.micro_credential import MicroCredential, PriorLearning, missing_elements
from badges.rules import SignOff
from badges.text import Text
from tests.factories import awards
from tests.factories.definitions import micro_credential, minutes, unit

LATER = minutes(1000)
CODES = tuple("ABCDEF")
SAID = SignOff(Text({"en": "It was done."}))


def mc(*choices: Choice, codes: str = "ABCDEF", **changes: Any) -> MicroCredential:
    units = (unit(code, SAID, hours=Decimal(5)) for code in codes)
    return micro_credential(*units, choices=choices, **changes)


def choice(units: str, count: int, title: Text | None = None) -> Choice:
    return Choice(units=tuple(units), count=count, title=title)


def signed(code: str, minute: int = 0, **changes: Any) -> Completion:
    fields: dict[str, Any] = {"id": f"{code}{minute}", "unit": code, "at": minutes(minute)}
    return Completion(**{"signed_off": True, "by": "anna", **fields, **changes})


def undo(target: Completion, minute: int) -> Completion:
    of = {"unit": target.unit, "retracts": target.id, "by": "anna"}
    return Completion(id=f"undo{target.id}at{minute}", at=minutes(minute), **of)


TWO_OF_THREE = mc(choice("CDE", 2), choice("F", 0))


def after(codes: str, asked: Asked = NOTHING_MORE, of: MicroCredential = TWO_OF_THREE) -> Progress:
    """Return the progress of somebody who completed these units, a minute after the other."""
    records = [signed(code, minute) for minute, code in enumerate(codes)]
    return progress(of, records, LATER).under(asked)


class TestDefinitions:
    def test_what_is_read_is_what_was_written(self) -> None:
        titled = mc(choice("CD", 1, Text({"en": "One of them", "de": "Eins davon"})))
        for one in (titled, TWO_OF_THREE):
            assert definition.load(definition.dump(one)) == one
        assert definition.dump(titled)["choices"] == [
            {"units": ["C", "D"], "count": 1, "title": {"en": "One of them", "de": "Eins davon"}}
        ]

    def test_a_definition_without_choices_says_nothing_of_them(self) -> None:
        assert "choices" not in definition.dump(mc())

    @pytest.mark.parametrize(
        ("choices", "path", "code"),
        [
            ([{"units": ["A", "B"], "count": 2}], "$.choices[0].count", "out_of_range"),
            ([{"units": ["A"], "count": 1}], "$.choices[0].count", "out_of_range"),
            ([{"units": ["A", "B"], "count": -1}], "$.choices[0].count", "out_of_range"),
            ([{"units": ["A", "B"], "count": True}], "$.choices[0].count", "type"),
            ([{"units": ["A", "B"]}], "$.choices[0].count", "required"),
            ([{"units": [], "count": 0}], "$.choices[0].units", "too_few"),
            ([{"units": ["A", "X"], "count": 1}], "$.choices", "unknown_unit"),
            ([{"units": ["A", "A"], "count": 1}], "$.choices", "duplicate"),
            ([{"units": ["A", "B"], "count": 1}] * 2, "$.choices", "duplicate"),
            ([{"units": ["A", "B"], "count": 1, "of": 2}], "$.choices[0].of", "unknown_key"),
            ([{"units": [*CODES], "count": 0}], "$.choices", "nothing_needed"),
            ([{"units": ["A"], "count": 0}] * 11, "$.choices", "too_many"),
            ("A", "$.choices", "type"),
            ([{"units": [1, "B"], "count": 1}], "$.choices[0].units[0]", "type"),
        ],
    )
    def test_what_cannot_be_chosen_is_named(self, choices: Any, path: str, code: str) -> None:
        with pytest.raises(InvalidDefinition) as refusal:
            definition.load({**definition.dump(mc()), "choices": choices})
        assert (path, code) in {(one.path, one.code) for one in refusal.value.problems}

    def test_units_of_one_choice_have_equal_hours_and_optional_ones_any(self) -> None:
        found: Any = definition.dump(mc(choice("AB", 1), choice("CD", 0)))
        found["units"][3]["hours"] = 9
        definition.load(found)
        found["units"][1]["hours"] = 9
        with pytest.raises(InvalidDefinition) as refusal:
            definition.load(found)
        assert [(one.path, one.code) for one in refusal.value.problems] == [
            ("$.choices[0]", "choice_hours_differ")
        ]

    def test_the_whole_has_the_hours_of_what_is_needed(self) -> None:
        """Two required, two of three, one optional, five hours each: twenty hours."""
        for hours, problems in ((20, []), (19, ["units_exceed_hours"])):
            content = {**definition.dump(TWO_OF_THREE), "hours": hours}
            try:
                definition.load(content)
                found = []
            except InvalidDefinition as refusal:
                found = [one.code for one in refusal.problems]
            assert found == problems

    def test_another_choice_is_another_version_and_its_title_is_wording(self) -> None:
        old = mc(choice("CDE", 2, Text({"en": "Procedures"})))
        for new in (
            mc(),
            mc(choice("CDE", 1, Text({"en": "Procedures"}))),
            mc(choice("CD", 1), choice("EF", 1)),
        ):
            assert changes.substantive(old, new)
            assert changes.substantive(new, old)
        renamed = mc(choice("CDE", 2, Text({"en": "Procedurs", "de": "Verfahren"})))
        assert not changes.substantive(old, renamed)

    def test_a_badge_is_issued_in_languages_that_the_choices_are_called_in(self) -> None:
        both = Text({"en": "One", "de": "Eins"})
        units = tuple(unit(code, SAID, title=both) for code in "AB")
        for title, languages in ((both, ("de", "en")), (Text({"en": "One"}), ("en",))):
            titled = Choice(units=("A", "B"), count=1, title=title)
            found = micro_credential(*units, title=both, choices=(titled,))
            assert found.text_languages == languages


class TestAssessment:
    @staticmethod
    def unassessed(*choices: Choice, ticked: str) -> MicroCredential:
        units = (unit(code, SAID, allows_participation=code in ticked) for code in CODES)
        return micro_credential(*units, choices=choices)

    @pytest.mark.parametrize(
        ("choices", "ticked"),
        [
            ((choice("CDE", 2),), "ABCDF"),
            ((choice("CDE", 2), choice("F", 0)), "ABCDF"),
            ((choice("AB", 1), choice("CDEF", 3)), "ABCD"),
            ((choice("ABCDE", 1),), "ABCDE"),
        ],
    )
    def test_assessed_is_what_nobody_can_choose_around(
        self, choices: tuple[Choice, ...], ticked: str
    ) -> None:
        found = self.unassessed(*choices, ticked=ticked)
        is_certain = all(set(chosen) - set(ticked) for chosen in every_way_through(found))
        missing = "nothing_assessed" in {one.code for one in missing_elements(found)}
        gaps = "nothing_assessed" in {code for _, code in drafting.gaps(definition.dump(found))}
        assert missing == gaps == (not is_certain)

    @settings(max_examples=200)
    @given(st.data())
    def test_no_way_through_a_complete_definition_is_without_assessment(
        self, data: st.DataObject
    ) -> None:
        choices = data.draw(some_choices())
        ticked = "".join(data.draw(st.sets(st.sampled_from(CODES))))
        found = self.unassessed(*choices, ticked=ticked)
        codes = {one.code for one in missing_elements(found)}
        is_certain = all(set(chosen) - set(ticked) for chosen in every_way_through(found))
        assert ("nothing_assessed" not in codes) == is_certain
        gaps = {code for _, code in drafting.gaps(definition.dump(found))}
        assert ("nothing_assessed" not in gaps) == is_certain


def every_way_through(found: MicroCredential) -> Sequence[tuple[str, ...]]:
    """Return each set of units with which exactly enough is completed, tried one by one."""
    ways: list[tuple[str, ...]] = [tuple(one.code for one in found.required)]
    for each in found.choices:
        ways = [(*way, *picked) for way in ways for picked in combinations(each.units, each.count)]
    return ways


@st.composite
def some_choices(draw: st.DrawFn) -> tuple[Choice, ...]:
    """Choices among A to F, such that something is needed."""
    shuffled = draw(st.permutations(CODES))
    made: list[Choice] = []
    left = list(shuffled[draw(st.integers(0, 5)) :])
    while left and len(made) < 3:
        taken, left = left[: (size := draw(st.integers(1, len(left))))], left[size:]
        made.append(Choice(units=tuple(taken), count=draw(st.integers(0, size - 1))))
    chosen = sum(len(one.units) for one in made)
    if chosen == len(CODES) and not any(one.count for one in made):
        return ()
    return tuple(made)


class TestProgress:
    def test_enough_of_a_choice_and_everything_else_completes_the_whole(self) -> None:
        assert not after("AB").is_complete
        assert not after("ABC").is_complete
        assert not after("ACDE").is_complete
        found = after("ACEB")
        assert (found.is_complete, found.completed_at) == (True, minutes(3))

    def test_optional_units_are_never_waited_for(self) -> None:
        assert [one.unit for one in after("").open] == [*"ABCDE"]
        assert after("ABCD").open == ()
        assert (after("F").have, after("ABCDF").have, after("").need) == (0, 4, 4)

    def test_each_choice_says_how_many_it_has_and_needs(self) -> None:
        found = after("AE").choices[0]
        assert (found.have, found.need, found.is_met, found.open) == (1, 2, False, ("C", "D"))
        extra = after("ACDE").choices[0]
        assert (extra.have, extra.is_met, extra.open) == (2, True, ())
        assert extra.done == ("C", "D", "E")
        assert extra.met_at == minutes(2)

    def test_what_is_missing_is_what_may_still_be_chosen(self) -> None:
        assert [one.unit for one in after("AE").missing] == ["B", "C", "D"]
        assert [one.unit for one in after("ACE").missing] == ["B"]

    def test_an_award_states_units_completed_after_enough_was(self) -> None:
        found = after("ABCDE")
        assert found.completed_at == minutes(3)
        assert found.stated_at == minutes(4)
        assert after("ABC").stated_at is None

    def test_without_choices_nothing_is_looked_at_twice(self) -> None:
        found = after("AB", of=mc())
        assert found.under(Asked(needed=frozenset("A"))) is found


class TestAsked:
    def test_a_course_can_name_units_and_raise_the_count(self) -> None:
        named = Asked(needed=frozenset("E"))
        assert not after("ABCD", named).is_complete
        assert after("ABCD", named).choices[0].open == ("E",)
        assert after("ABCE", named).is_complete
        raised = Asked(counts={0: 3})
        assert not after("ABCD", raised).is_complete
        assert after("ABCDE", raised).completed_at == minutes(4)
        assert not after("ABCD", Asked(counts={1: 1})).is_complete
        assert after("ABCDF", Asked(needed=frozenset("F"))).is_complete

    def test_what_it_does_not_offer_counts_from_elsewhere_and_is_not_proposed(self) -> None:
        without = Asked(left_out=frozenset("C"))
        assert [one.unit for one in after("AB", without).open] == ["D", "E"]
        assert after("ABCD", without).is_complete

    @pytest.mark.parametrize(
        "stale",
        [
            Asked(counts={0: 1}),
            Asked(counts={0: -4, 9: 2}),
            Asked(left_out=frozenset("CDEX")),
            Asked(needed=frozenset("AX")),
        ],
    )
    def test_what_does_not_fit_asks_for_nothing_and_never_for_less(self, stale: Asked) -> None:
        assert after("ABCD", stale).is_complete
        assert not after("ABC", stale).is_complete
        assert [one.unit for one in after("AB", stale).open] == ["C", "D", "E"]

    def test_no_count_is_asked_for_that_what_is_offered_cannot_reach(self) -> None:
        stale = Asked(counts={0: 3}, left_out=frozenset("C"))
        assert after("ABDE", stale).is_complete

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            (Asked(needed=frozenset("A")), "not_elective"),
            (Asked(left_out=frozenset("X")), "not_elective"),
            (Asked(needed=frozenset("C"), left_out=frozenset("C")), "needed_and_left_out"),
            (Asked(counts={2: 1}), "unknown_choice"),
            (Asked(counts={-1: 1}), "unknown_choice"),
            (Asked(counts={0: 1}), "fewer_than_definition"),
            (Asked(counts={0: 4}), "too_few_offered"),
            (Asked(counts={0: 3}, left_out=frozenset("C")), "too_few_offered"),
            (Asked(left_out=frozenset("CD")), "too_few_offered"),
        ],
    )
    def test_what_a_course_cannot_ask_for_is_refused(self, asked: Asked, code: str) -> None:
        with pytest.raises(InvalidAsked) as refusal:
            check(TWO_OF_THREE.choices, asked)
        assert refusal.value.code == code

    def test_what_it_can_ask_for_is_not(self) -> None:
        for asked in (
            NOTHING_MORE,
            Asked(needed=frozenset("CDEF"), counts={0: 3, 1: 1}),
            Asked(left_out=frozenset("CF")),
        ):
            check(TWO_OF_THREE.choices, asked)


# An oracle: the same questions answered the slow way, from the text of the rules alone.


def is_enough(found: MicroCredential, done: frozenset[str], asked: Asked) -> bool:
    if not {one.code for one in found.required} <= done:
        return False
    for position, each in enumerate(found.choices):
        picked = [code for code in each.units if code in done]
        named = [code for code in each.units if code in asked.needed]
        if len(picked) < each.count or len(picked) < asked.counts.get(position, 0):
            return False
        if not set(named) <= set(picked):
            return False
    return True


@st.composite
def some_asked(draw: st.DrawFn, choices: Sequence[Choice]) -> Asked:
    """What a course may ask for of these choices."""
    needed, left_out, counts = set[str](), set[str](), dict[int, int]()
    for position, each in enumerate(choices):
        spare = draw(st.integers(0, len(each.units) - each.count))
        left_out |= {*each.units[:spare]}
        offered = each.units[spare:]
        needed |= draw(st.sets(st.sampled_from(offered))) if offered else set()
        if draw(st.booleans()):
            counts[position] = draw(st.integers(each.count, len(offered)))
    return Asked(needed=frozenset(needed), counts=counts, left_out=frozenset(left_out))


def histories() -> st.SearchStrategy[list[Completion]]:
    marks = st.builds(signed, st.sampled_from(CODES), st.integers(0, 30))
    undone = st.builds(undo, marks, st.integers(0, 40))
    return st.lists(st.one_of(marks, marks, undone), max_size=14)


def since(found: MicroCredential, history: Sequence[Completion], asked: Asked) -> datetime | None:
    """Return since when it is enough, trying every moment in turn."""
    gone = {(one.unit, one.retracts) for one in history if one.retracts}
    standing = [one for one in history if not one.retracts and (one.unit, one.id) not in gone]
    for moment in sorted({one.at for one in standing}):
        if is_enough(found, frozenset(one.unit for one in standing if one.at <= moment), asked):
            return moment
    return None


@settings(max_examples=400)
@given(st.data(), histories(), st.randoms(use_true_random=False))
def test_no_history_with_choices_is_judged_wrongly(
    data: st.DataObject, history: list[Completion], shuffler: random.Random
) -> None:
    found = mc(*data.draw(some_choices()))
    asked = data.draw(some_asked(found.choices))
    check(found.choices, asked)
    for one in (NOTHING_MORE, asked):
        reached = progress(found, history, LATER).under(one)
        expected = since(found, history, one)
        assert (reached.is_complete, reached.completed_at) == (expected is not None, expected)
        assert reached.is_complete == (reached.have == reached.need)
        assert 0 <= reached.have <= reached.need > 0
        assert reached.is_complete == (reached.open == ())
        shuffled = history + history[:3]
        shuffler.shuffle(shuffled)
        assert progress(found, shuffled, LATER).under(one) == reached


@settings(max_examples=300)
@given(st.data(), histories(), st.sampled_from(CODES))
def test_only_a_correction_lowers_what_was_reached(
    data: st.DataObject, history: list[Completion], added: str
) -> None:
    found = mc(*data.draw(some_choices()))
    asked = data.draw(some_asked(found.choices))
    before = progress(found, history, LATER).under(asked)
    after_ = progress(found, [*history, signed(added, 50)], LATER).under(asked)
    assert after_.have >= before.have
    assert after_.need == before.need
    if before.completed_at is not None:
        assert after_.completed_at == before.completed_at
    gained = after_.have - before.have
    is_open = added in {one.unit for one in before.open}
    assert gained == is_open or (gained == 1 and added in asked.left_out)


@settings(max_examples=200)
@given(st.data(), histories())
def test_a_course_never_asks_for_less(data: st.DataObject, history: list[Completion]) -> None:
    found = mc(*data.draw(some_choices()))
    whatever = Asked(
        needed=frozenset(data.draw(st.sets(st.sampled_from([*CODES, "X"])))),
        counts=data.draw(st.dictionaries(st.integers(-2, 5), st.integers(-2, 9))),
        left_out=frozenset(data.draw(st.sets(st.sampled_from([*CODES, "X"])))),
    )
    reached = progress(found, history, LATER)
    assert reached.is_complete or not reached.under(whatever).is_complete
    everything = [signed(code) for code in CODES]
    assert progress(found, everything, LATER).under(whatever).is_complete


class TestPriorLearning:
    """Four units of five hours are needed; three quarters of them may be recognised."""

    @staticmethod
    def of(percent: int, **changes: Any) -> MicroCredential:
        prior = PriorLearning(allowed=True, max_share_percent=percent)
        return mc(choice("CDE", 2), choice("F", 0), prior_learning=prior, **changes)

    def recognise(self, codes: str, of: MicroCredential) -> list[str]:
        records = [
            signed(code, minute, route=Route.PRIOR_LEARNING, part=f"{code}-LO1", signed_off=False)
            for minute, code in enumerate(codes)
        ]
        return [one.unit for one in progress(of, records, LATER).units if one.is_complete]

    def test_the_share_is_one_of_what_is_needed(self) -> None:
        assert self.recognise("ACD", self.of(50)) == ["A", "C"]
        assert self.recognise("ACD", self.of(75)) == ["A", "C", "D"]

    def test_what_everybody_needs_counts_first_whatever_was_recognised_first(self) -> None:
        for codes in permutations("ACDB"):
            assert self.recognise("".join(codes), self.of(50)) == ["A", "B"]
            assert self.recognise("".join(codes), self.of(75)) == ["A", "B", "C"]
        assert self.recognise("ABCDE", self.of(100)) == ["A", "B", "C", "D"]

    def test_optional_units_take_no_share(self) -> None:
        assert self.recognise("FAC", self.of(25)) == ["A", "F"]

    def test_nothing_is_recognised_where_it_is_not_allowed(self) -> None:
        assert self.recognise("F", self.of(0)) == []
        assert not prior_learning.is_allowed(self.of(0), self.of(0).unit("F"))

    def test_without_hours_it_is_one_of_the_number_of_units(self) -> None:
        units = tuple(unit(code, SAID) for code in CODES)
        assert self.recognise("ACD", self.of(50, units=units)) == ["A", "C"]

    def test_an_optional_unit_without_hours_does_not_change_the_measure(self) -> None:
        units = (*TWO_OF_THREE.units[:5], unit("F", SAID))
        assert prior_learning.by_hours(self.of(50, units=units))


class TestAwards:
    @staticmethod
    def of(codes: str) -> Award:
        return awards.award(TWO_OF_THREE, without={*CODES} - {*codes})

    @pytest.mark.parametrize("codes", ["ABCD", "ABDE", "ABCDE", "ABCDEF", "ABCDF"])
    def test_it_states_what_was_completed(self, codes: str) -> None:
        assert "".join(one.code for one in self.of(codes).units) == codes

    @pytest.mark.parametrize("codes", ["ABC", "ACDE", "ABF", "CDEF"])
    def test_it_has_everything_that_is_needed(self, codes: str) -> None:
        with pytest.raises(InvalidAward) as refusal:
            self.of(codes)
        assert refusal.value.code == "results"


class TestBadges:
    """Welding with two needed units, one of the third and fourth, and the second optional."""

    chosen = awards.chosen(Text({"en": "Processes", "de": "Verfahren"}))
    codes = tuple(one.code for one in chosen.units)

    def document(self, *left: int) -> dict[str, Any]:
        of = awards.award(self.chosen, without=[self.codes[position] for position in left])
        return json.loads(json.dumps(awards.credential(of)))

    def test_it_can_be_published(self) -> None:
        assert definition.load(definition.dump(self.chosen)) == self.chosen
        assert missing_elements(self.chosen) == ()

    def test_it_describes_all_units_and_has_results_of_those_completed(self) -> None:
        subject = self.document(1, 3)["credentialSubject"]
        described = {one["id"] for one in subject["achievement"]["resultDescription"]}
        results = {one["resultDescription"] for one in subject["result"]}
        status = {one for one in results if "#unit-" in one}
        assert {one.rpartition("#unit-")[2] for one in status} == {
            self.codes[position] for position in (0, 2, 4)
        }
        assert results < described
        assert len([one for one in described if "#unit-" in one]) == len(self.codes)

    def test_whoever_chose_what_has_the_same_achievement_and_hours(self) -> None:
        one, other, every = self.document(1, 3), self.document(2), self.document()
        achievements = [each["credentialSubject"]["achievement"] for each in (one, other, every)]
        assert achievements[0] == achievements[1] == achievements[2]
        hours = [line for line in self.narrative("en") if line.startswith("- Workload")]
        assert hours == [f"- Workload in hours: {self.chosen.hours}"]

    def narrative(self, language: str) -> list[str]:
        return criteria.narrative(self.chosen, Wording(language)).splitlines()

    def test_a_language_without_fixed_words_has_all_generated_ones_in_one_other(self) -> None:
        mc = replace(self.chosen, languages=("ka", "de"))
        lines = criteria.narrative(mc, Wording("ka")).splitlines()
        assert "**Learning units and outcomes**" in lines
        assert "- Languages of instruction: Georgian, German" in lines
        assert ", Ukraine" in next(one for one in lines if one.startswith("- Awarding body"))
        assert "- Unterrichtssprachen: Georgisch, Deutsch" in criteria.narrative(
            mc, Wording("de-AT")
        )

    def test_the_criteria_say_which_are_needed_and_which_may_be_chosen(self) -> None:
        lines = [one for one in self.narrative("en") if not one.startswith("  ")]
        title = {one.code: criteria.unit_name(one, Wording("en")) for one in self.chosen.units}
        listed = [f"- {title[code]}" for code in self.codes]
        assert lines[:15] == [
            "**Learning units and outcomes**",
            "",
            "Everybody completes all of these:",
            "",
            listed[0],
            listed[4],
            "",
            "Processes (1 of these 2, by choice):",
            "",
            listed[2],
            listed[3],
            "",
            "Optional, beyond what is needed and without hours of the whole:",
            "",
            listed[1],
        ]
        assert "Verfahren (1 von diesen 2 nach Wahl):" in self.narrative("de")

    def test_evidence_is_of_what_was_completed(self) -> None:
        named = [one["name"] for one in self.document(1, 3)["evidence"]]
        assert len(named) == 4  # three units, and who the learner is
