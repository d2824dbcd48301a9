"""Recognised prior learning: what completes a unit, who counts, and where the limit lies."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badges import definition as definition_file
from badges import prior_learning, samples
from badges.award import InvalidAward
from badges.completion import (
    Completion,
    ConditionCode,
    InvalidCompletion,
    Progress,
    Route,
    check,
    progress,
)
from badges.micro_credential import LearningOutcome, MicroCredential, OutcomeKind, PriorLearning
from badges.rules import PointsAtLeast, SignOff, SignOffs
from badges.text import Text
from tests.factories import awards
from tests.factories.definitions import micro_credential, minutes, unit

LATER = minutes(1000)
SAID = Text({"en": "It was done."})


def outcomes(*codes: str) -> tuple[LearningOutcome, ...]:
    text = Text({"en": "does it"})
    return tuple(LearningOutcome(code=code, kind=OutcomeKind.SKILL, text=text) for code in codes)


MARKED = unit(
    "MARKED",
    PointsAtLeast(Decimal(60), Decimal(100)),
    hours=Decimal(20),
    outcomes=outcomes("M1", "M2"),
)
SIGNED = unit("SIGNED", SignOff(SAID), hours=Decimal(12), outcomes=outcomes("S1"))
TWICE = unit("TWICE", SignOffs(SAID, 2), hours=Decimal(8), outcomes=outcomes("T1"))
WELDING = samples.welding()
SIGNED_OFF = "BEM-S-WLD1-U3"
UNITS = {"M1": MARKED, "M2": MARKED, "S1": SIGNED, "T1": TWICE}


NOT_HERE = Text({"en": "We have to see it ourselves."})


def definition(percent: int | None = None, *, allowed: bool = True) -> MicroCredential:
    prior = PriorLearning(allowed=allowed, max_share_percent=percent)
    return micro_credential(MARKED, SIGNED, TWICE, hours=Decimal(40), prior_learning=prior)


ANY = definition()


def recognised(identity: str, outcome: str, minute: int = 0, by: str | None = "anna") -> Completion:
    return Completion(
        id=identity,
        unit=UNITS[outcome].code,
        at=minutes(minute),
        route=Route.PRIOR_LEARNING,
        part=outcome,
        by=by,
    )


def undo(identity: str, target: Completion, minute: int) -> Completion:
    return Completion(
        id=identity,
        unit=target.unit,
        at=minutes(minute),
        route=target.route,
        retracts=target.id,
        by="anna",
    )


def at(records: Iterable[Completion], mc: MicroCredential = ANY) -> Progress:
    return progress(mc, records, LATER)


def completed(records: Iterable[Completion], mc: MicroCredential) -> set[str]:
    return {one.unit for one in at(records, mc).units if one.is_complete}


EVERYTHING = (
    recognised("1", "M1", 1),
    recognised("2", "M2", 2),
    recognised("3", "S1", 3),
    recognised("4", "T1", 4),
    recognised("5", "T1", 5, by="bohdan"),
)


def test_a_unit_is_complete_once_every_outcome_is_recognised() -> None:
    half = at(EVERYTHING[:1]).unit("MARKED")
    assert not half.is_complete
    assert half.is_started
    condition = half.conditions[-1]
    assert condition.code is ConditionCode.PRIOR_LEARNING
    assert condition.params == {"count": "2", "have": "1"}
    whole = at(EVERYTHING[:2]).unit("MARKED")
    assert (whole.route, whole.completed_at) == (Route.PRIOR_LEARNING, minutes(2))
    assert whole.records == ("1", "2")


def test_where_two_people_sign_off_two_have_to_recognise_each_outcome() -> None:
    assert not at([*EVERYTHING[:4], recognised("9", "T1", 9)]).unit("TWICE").is_complete
    assert at(EVERYTHING).unit("TWICE").completed_at == minutes(5)


def test_the_whole_can_be_recognised_where_no_limit_is_set() -> None:
    assert at(EVERYTHING).is_complete


def test_a_retraction_takes_the_unit_back() -> None:
    assert not at([*EVERYTHING, undo("9", EVERYTHING[1], 9)]).unit("MARKED").is_complete


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0, set()),
        (19, set()),
        (20, {"TWICE"}),
        (50, {"SIGNED", "TWICE"}),  # two units of 12 and 8 hours, rather than one of 20
        (69, {"SIGNED", "TWICE"}),
        (70, {"MARKED", "TWICE"}),  # of equally many those that come first in the definition
        (80, {"MARKED", "SIGNED"}),
        (100, {"MARKED", "SIGNED", "TWICE"}),
    ],
)
def test_beyond_the_share_of_the_hours_nothing_counts(percent: int, expected: set[str]) -> None:
    assert completed(EVERYTHING, definition(percent)) == expected


def test_what_lies_beyond_the_limit_says_so() -> None:
    beyond = at(EVERYTHING, definition(50)).unit("MARKED")
    assert beyond.is_started
    assert not beyond.is_complete
    assert beyond.conditions[-1].params == {"count": "2", "have": "2", "limit": "50"}


def test_without_the_hours_of_every_unit_units_are_counted() -> None:
    bare = replace(definition(34), units=(replace(MARKED, hours=None), SIGNED, TWICE))
    assert completed(EVERYTHING, bare) == {"MARKED"}
    assert not prior_learning.by_hours(bare)


def test_a_unit_that_was_assessed_before_takes_no_share() -> None:
    mark = Completion(id="0", unit="MARKED", at=minutes(0), points=Decimal(90), by="anna")
    mc = definition(50)
    assert completed([mark, *EVERYTHING], mc) == {"MARKED", "SIGNED", "TWICE"}
    assert at([mark, *EVERYTHING], mc).unit("MARKED").route is Route.ASSESSED


def test_a_unit_that_is_assessed_later_leaves_its_share_to_those_that_need_it() -> None:
    mark = Completion(id="9", unit="MARKED", at=minutes(9), points=Decimal(90), by="anna")
    assert completed([mark, *EVERYTHING[:4]], definition(50)) == {"MARKED", "SIGNED"}
    assert completed([mark, *EVERYTHING], definition(50)) == {"MARKED", "SIGNED", "TWICE"}
    alone = at([mark, *EVERYTHING[:2]], definition(50)).unit("MARKED")
    assert (alone.route, alone.completed_at) == (Route.PRIOR_LEARNING, minutes(2))


def test_a_unit_without_outcomes_or_too_big_by_itself_is_not_for_prior_learning() -> None:
    assert not prior_learning.is_allowed(definition(49), MARKED)
    assert prior_learning.is_allowed(definition(50), MARKED)
    assert not prior_learning.is_allowed(definition(allowed=False), MARKED)
    assert not prior_learning.is_allowed(ANY, replace(MARKED, outcomes=()))


@pytest.mark.parametrize(
    ("sample", "assessed", "says"),
    [("wld1", {1, 4}, "units 1 and 4 always assessed"), ("pv1", {1}, "safety unit cannot be")],
)
def test_samples_assess_the_units_that_they_say_they_always_assess(
    sample: str, assessed: set[int], says: str
) -> None:
    mc = definition_file.loads(samples.source(sample))
    assert mc.prior_learning is not None
    assert mc.prior_learning.procedure is not None
    assert says in mc.prior_learning.procedure.best("en")
    closed = {number for number, one in enumerate(mc.units, 1) if one.no_prior_learning}
    assert closed == assessed


def test_a_unit_that_says_why_not_is_not_for_prior_learning() -> None:
    closed = replace(MARKED, no_prior_learning=NOT_HERE)
    mc = replace(ANY, units=(closed, SIGNED, TWICE))
    assert not prior_learning.is_allowed(mc, closed)
    assert prior_learning.is_allowed(mc, SIGNED)
    assert completed(EVERYTHING, mc) == {"SIGNED", "TWICE"}
    with pytest.raises(InvalidCompletion) as refusal:
        check(mc, EVERYTHING[0])
    assert refusal.value.code == "prior_learning_not_in_unit"
    with pytest.raises(InvalidAward, match="prior learning"):
        awards.award(mc, routes={"MARKED": Route.PRIOR_LEARNING})


@pytest.mark.parametrize(
    ("refused", "mc", "code"),
    [
        (EVERYTHING[0], definition(allowed=False), "prior_learning_not_allowed"),
        (EVERYTHING[0], micro_credential(MARKED), "prior_learning_not_allowed"),
        (replace(EVERYTHING[0], part="S1"), ANY, "unknown_outcome"),
        (replace(EVERYTHING[0], part=None), ANY, "wrong_kind"),
        (replace(EVERYTHING[0], points=Decimal(90)), ANY, "wrong_kind"),
        (replace(EVERYTHING[0], signed_off=True), ANY, "wrong_kind"),
        (replace(EVERYTHING[0], by=None), ANY, "assessor_missing"),
    ],
)
def test_a_recognition_that_must_not_be_is_refused_and_never_counts(
    refused: Completion, mc: MicroCredential, code: str
) -> None:
    with pytest.raises(InvalidCompletion) as refusal:
        check(mc, refused)
    assert refusal.value.code == code
    assert at([refused], mc) == at([], mc)


def records() -> st.SearchStrategy[Completion]:
    return st.one_of(
        st.builds(
            recognised,
            st.sampled_from("abcdefgh"),
            st.sampled_from(sorted(UNITS)),
            st.integers(0, 5),
            st.sampled_from(["anna", "bohdan"]),
        ),
        st.builds(
            Completion,
            id=st.sampled_from("mno"),
            unit=st.just("MARKED"),
            at=st.integers(0, 5).map(minutes),
            points=st.sampled_from([Decimal(50), Decimal(60)]),
            by=st.just("anna"),
        ),
        st.builds(
            Completion,
            id=st.sampled_from("xyz"),
            unit=st.sampled_from(["MARKED", "SIGNED", "TWICE"]),
            at=st.integers(0, 5).map(minutes),
            retracts=st.sampled_from("abcdmn"),
        ),
    )


HISTORIES = st.lists(st.one_of(records(), st.sampled_from(EVERYTHING)), max_size=14)
LIMITS = st.sampled_from([None, 0, 20, 30, 50, 70, 80, 100]).map(definition)


@settings(max_examples=200)
@given(HISTORIES, LIMITS, st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_matter(
    history: Sequence[Completion], mc: MicroCredential, shuffler: random.Random
) -> None:
    shuffled = [*history, *history]
    shuffler.shuffle(shuffled)
    assert at(shuffled, mc) == at(history, mc)


@settings(max_examples=200)
@given(HISTORIES, LIMITS)
def test_prior_learning_never_covers_more_than_the_limit(
    history: Sequence[Completion], mc: MicroCredential
) -> None:
    by_it = [one.unit for one in at(history, mc).units if one.route is Route.PRIOR_LEARNING]
    hours = sum(mc.unit(code).hours or Decimal(0) for code in by_it)
    assert hours * 100 <= prior_learning.limit(mc) * 40


@settings(max_examples=200)
@given(HISTORIES, LIMITS, records())
def test_a_later_record_lowers_nothing_unless_it_retracts(
    history: Sequence[Completion], mc: MicroCredential, added: Completion
) -> None:
    added = replace(added, id="new", retracts=None, at=minutes(6))
    before, after = at(history, mc), at([*history, added], mc)
    assert after.have >= before.have
    if after.have == before.have and added.route is not Route.PRIOR_LEARNING:
        assert {one.unit for one in before.stated} <= {one.unit for one in after.stated}
    if before.is_complete:
        assert after.completed_at == before.completed_at
    assert after.have == before.have or not before.is_complete


@settings(max_examples=200)
@given(HISTORIES, LIMITS)
def test_what_was_retracted_is_as_if_it_had_never_been(
    history: Sequence[Completion], mc: MicroCredential
) -> None:
    own = [one for one in history if one.retracts is None and one.id != "4"]
    gone = [*own, EVERYTHING[3], undo("u", EVERYTHING[3], 6)]
    assert at(gone, mc) == at(own, mc)


def test_the_credential_is_the_same_as_by_the_course() -> None:
    recognised_award = awards.award(WELDING, routes={SIGNED_OFF: Route.PRIOR_LEARNING})
    assert awards.credential(recognised_award) == awards.credential(awards.award(WELDING))


def test_an_award_by_prior_learning_alone_names_its_assessors() -> None:
    routes = {one.code: Route.PRIOR_LEARNING for one in ANY.units}
    assert awards.award(ANY, routes=routes).assessors
    with pytest.raises(InvalidAward) as refusal:
        replace(awards.award(ANY, routes=routes), assessors=0)
    assert refusal.value.code == "assessors"


def test_an_award_holds_no_recognition_that_its_definition_does_not_allow() -> None:
    with pytest.raises(InvalidAward) as refusal:
        awards.award(definition(20), routes={"MARKED": Route.PRIOR_LEARNING})
    assert refusal.value.code == "route"
