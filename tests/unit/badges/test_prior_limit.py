"""Which recognised units count within the limit: the best for the learner, in whatever order."""

import random
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import combinations, permutations
from types import FrameType

from hypothesis import given, settings
from hypothesis import strategies as st

from badges import prior_learning
from badges.choices import Choice
from badges.completion import Completion, Progress, Route, progress
from badges.micro_credential import MicroCredential, PriorLearning
from badges.rules import SignOff
from badges.text import Text
from tests.factories.definitions import micro_credential, minutes, unit

SAID = SignOff(Text({"en": "It was done."}))
CODES = "ABCDEF"
LATER = minutes(1000)


def of(hours: Sequence[int], percent: int, *choices: Choice) -> MicroCredential:
    units = [unit(code, SAID, hours=Decimal(one)) for code, one in zip(CODES, hours, strict=False)]
    prior = PriorLearning(allowed=True, max_share_percent=percent)
    return micro_credential(*units, choices=choices, prior_learning=prior)


def choice(units: str, count: int = 1) -> Choice:
    return Choice(units=tuple(units), count=count)


def by_prior(code: str, minute: int) -> Completion:
    return Completion(
        id=f"p{code}",
        unit=code,
        at=minutes(minute),
        route=Route.PRIOR_LEARNING,
        part=f"{code}-LO1",
        by="an assessor",
    )


def by_course(code: str, minute: int) -> Completion:
    return Completion(id=f"c{code}", unit=code, at=minutes(minute), signed_off=True, by="a teacher")


def reached(mc: MicroCredential, records: Iterable[Completion]) -> Progress:
    return progress(mc, records, LATER)


def done(found: Progress) -> str:
    return "".join(one.unit for one in found.stated)


# Twenty hours: A by everybody, and one of B, C and D; half of it may be recognised.
ONE_OF_THREE = of([10, 10, 10, 10], 50, choice("BCD"))


def test_what_is_not_needed_takes_no_place_from_what_is() -> None:
    for first, second, third in permutations((1, 2, 3)):
        records = [by_course("B", first), by_prior("C", second), by_prior("A", third)]
        found = reached(ONE_OF_THREE, records)
        assert found.is_complete
        assert found.unit("A").route is Route.PRIOR_LEARNING


def test_before_the_course_ends_it_needs_either_of_the_two() -> None:
    for first, second in ((1, 2), (2, 1)):
        found = reached(ONE_OF_THREE, [by_prior("C", first), by_prior("A", second)])
        assert (done(found), found.have) == ("A", 1)


def test_a_unit_that_the_course_completes_later_makes_room_for_another() -> None:
    records = [by_prior("A", 1), by_prior("C", 2), by_course("A", 3)]
    assert done(reached(ONE_OF_THREE, records)) == "AC"


def test_what_completed_the_whole_stays_whatever_is_recognised_afterwards() -> None:
    mc = of([10, 20, 20, 20], 70, choice("BCD"))
    records = [by_course("A", 1), by_prior("D", 2)]
    before = reached(mc, records)
    assert before.is_complete
    after = reached(mc, [*records, by_prior("B", 3), by_prior("C", 4), by_course("D", 5)])
    assert done(after) == "AD"
    assert after.completed_at == before.completed_at


@st.composite
def definitions(draw: st.DrawFn) -> MicroCredential:
    each = draw(st.lists(st.integers(1, 9), min_size=3, max_size=3))
    same = draw(st.integers(1, 9))
    chosen = choice("DEF", draw(st.integers(0, 2)))
    return of([*each, same, same, same], draw(st.integers(0, 100)), chosen)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Completion], list[Completion]]:
    """Return what is recognised and what the course completes."""
    prior = draw(st.dictionaries(st.sampled_from(CODES), st.integers(0, 20)))
    course = draw(st.dictionaries(st.sampled_from(CODES), st.integers(0, 20)))
    return (
        [by_prior(code, at) for code, at in prior.items()],
        [by_course(code, at) for code, at in course.items()],
    )


@settings(max_examples=300)
@given(definitions(), histories())
def test_it_is_the_choice_that_brings_furthest_of_all_that_fit(
    mc: MicroCredential, history: tuple[list[Completion], list[Completion]]
) -> None:
    prior, course = history
    found = reached(mc, prior + course)
    shares, most = prior_learning.shares(mc), prior_learning.most(mc)
    best = max(
        reached(
            mc, course + [by_course(code, 30) for code in taken if prior_learning.limit(mc)]
        ).have
        for size in range(len(prior) + 1)
        for taken in combinations([one.unit for one in prior], size)
        if sum(shares[code] for code in taken) <= most
    )
    assert found.have == best
    by_it = [one.unit for one in found.units if one.route is Route.PRIOR_LEARNING]
    assert sum(shares[code] for code in by_it) <= most


@settings(max_examples=300)
@given(definitions(), histories(), st.randoms(use_true_random=False))
def test_the_order_of_recognition_does_not_matter(
    mc: MicroCredential,
    history: tuple[list[Completion], list[Completion]],
    chance: random.Random,
) -> None:
    prior, course = history
    moments = chance.sample(range(21), len(prior))
    otherwise = [by_prior(one.unit, at) for one, at in zip(prior, moments, strict=True)]
    one, other = reached(mc, prior + course), reached(mc, otherwise + course)
    assert (one.have, one.is_complete) == (other.have, other.is_complete)
    if not one.is_complete and not course:
        assert done(one) == done(other)


@settings(max_examples=300)
@given(definitions(), histories())
def test_as_time_goes_by_nothing_is_lost(
    mc: MicroCredential, history: tuple[list[Completion], list[Completion]]
) -> None:
    prior, course = history
    records = sorted(prior + course, key=lambda one: one.at)
    before = reached(mc, [])
    for number, record in enumerate(records, start=1):
        after = progress(mc, records[:number], record.at)
        assert after.have >= before.have
        is_by_course = record.route is Route.ASSESSED
        if before.is_complete or (is_by_course and after.have == before.have):
            assert {*done(before)} <= {*done(after)}
        if before.is_complete:
            assert after.completed_at == before.completed_at
        before = after


def test_a_hundred_units_are_no_burden() -> None:
    chance = random.Random(1)
    codes = [f"U{number:02}" for number in range(100)]
    hours = [Decimal(chance.randrange(100, 999)) / 100 for _ in codes]
    units = [unit(code, SAID, hours=one) for code, one in zip(codes, hours, strict=True)]
    prior = PriorLearning(allowed=True, max_share_percent=50)
    mc = micro_credential(*units, prior_learning=prior)
    records = [by_prior(code, chance.randrange(100)) for code in codes]
    records += [by_course(code, 100 + number) for number, code in enumerate(codes[:70])]
    found, calls = counted(lambda: reached(mc, records))
    assert calls < 100_000
    assert found.have == 100


def counted(work: Callable[[], Progress]) -> tuple[Progress, int]:
    """Return what some work comes to, and how many functions it calls."""
    calls = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        found = work()
    finally:
        sys.setprofile(before)
    return found, calls
