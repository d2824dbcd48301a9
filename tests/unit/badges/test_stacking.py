"""What larger micro-credentials are made of: enough or not, since when, and nothing twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges import definition as definitions
from badges import samples
from badges.definition import InvalidDefinition
from badges.stacking import Earned, Offer, Stack, contained, evaluate, most

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
PARTS = ("school/A", "school/B", "partner/C")


def earned(reference: str, day: int = 0, **more: Any) -> Earned:
    return Earned(
        award=more.pop("award", f"{reference}@{day}"),
        reference=reference,
        at=T0 + timedelta(days=day),
        **more,
    )


def met_on(stack: Stack, *awards: Earned) -> int | None:
    """Return the day on which enough was earned."""
    found = evaluate(stack, awards, T0 + timedelta(days=1000)).met_at
    return None if found is None else (found - T0).days


def test_all_parts_are_needed_unless_the_stack_says_otherwise() -> None:
    stack = Stack(parts=PARTS)
    assert met_on(stack, earned("school/A", 1), earned("partner/C", 2)) is None
    everything = [earned("school/A", 1), earned("partner/C", 2), earned("school/B", 3)]
    assert met_on(stack, *everything) == 3
    assert met_on(Stack(parts=PARTS, count=2), *everything) == 2


def test_hours_and_points_are_summed_as_definitions_state_them() -> None:
    awards = [
        earned("school/A", 1, hours=Decimal(20), points=Decimal("0.5")),
        earned("school/B", 2),
        earned("partner/C", 3, hours=Decimal(15), points=Decimal(1)),
    ]
    assert met_on(Stack(parts=PARTS, hours=Decimal(35)), *awards) == 3
    assert met_on(Stack(parts=PARTS, hours=Decimal(36)), *awards) is None
    assert met_on(Stack(parts=PARTS, points=Decimal("1.5")), *awards) == 3


def test_what_is_no_part_counts_for_nothing() -> None:
    stack = Stack(parts=PARTS, count=2)
    assert met_on(stack, earned("school/A", 1), earned("school/OTHER", 2)) is None


def test_a_part_earned_twice_counts_once() -> None:
    stack = Stack(parts=PARTS, hours=Decimal(30))
    twice = [earned("school/A", day, hours=Decimal(20)) for day in (1, 2)]
    assert met_on(stack, *twice) is None


def test_a_part_inside_another_that_counts_adds_nothing() -> None:
    inner = earned("school/A", 1, award="inner", hours=Decimal(20))
    outer = earned("school/B", 2, hours=Decimal(25), contains=frozenset({"inner"}))
    assert met_on(Stack(parts=PARTS, hours=Decimal(40)), inner, outer) is None
    assert met_on(Stack(parts=PARTS, count=2), inner, outer) is None
    assert met_on(Stack(parts=PARTS, hours=Decimal(25)), inner, outer) == 2


def test_what_expired_before_the_last_part_counts_no_more_and_anew_when_earned_anew() -> None:
    old = earned("school/A", 1, expires_at=T0 + timedelta(days=10))
    late = [earned("school/B", 20), earned("partner/C", 21)]
    assert met_on(Stack(parts=PARTS), old, *late) is None
    assert met_on(Stack(parts=PARTS), old, *late, earned("school/A", 30)) == 30


def test_what_expires_after_enough_was_earned_takes_nothing_away() -> None:
    parts = [earned(part, 1, expires_at=T0 + timedelta(days=10)) for part in PARTS]
    assert met_on(Stack(parts=PARTS), *parts) == 1


def test_what_is_earned_later_than_now_is_not_earned_yet() -> None:
    parts = [earned(part, 5) for part in PARTS]
    assert not evaluate(Stack(parts=PARTS), parts, T0).is_met


awards = st.builds(
    earned,
    st.sampled_from([*PARTS, "school/OTHER"]),
    st.integers(0, 50),
    award=st.uuids().map(str),
    hours=st.none() | st.integers(1, 40).map(Decimal),
)
stacks = st.sampled_from(
    [
        Stack(parts=PARTS),
        Stack(parts=PARTS, count=1),
        Stack(parts=PARTS, count=2),
        Stack(parts=PARTS, hours=Decimal(30)),
    ]
)


@given(stacks, st.lists(awards, max_size=8), st.randoms())
def test_order_and_repeats_do_not_matter_and_more_never_makes_it_later(
    stack: Stack, held: list[Earned], chance: Any
) -> None:
    now = T0 + timedelta(days=100)
    found = evaluate(stack, held, now)
    shuffled = [*held, *held]
    chance.shuffle(shuffled)
    assert evaluate(stack, shuffled, now) == found
    assert len({one.reference for one in found.counted}) == len(found.counted)
    if found.met_at is not None:
        assert found.have >= found.need
        extra = evaluate(stack, [*held, earned("school/A", 60, hours=Decimal(1))], now)
        assert extra.met_at == found.met_at


def stacked(**stack: Any) -> dict[str, Any]:
    return definitions.dump(samples.welding()) | {"stack": {"parts": list(PARTS), **stack}}


@pytest.mark.parametrize("stack", [{}, {"count": 2}, {"hours": 40}, {"points": 1.5}])
def test_a_stack_survives_being_written_and_read(stack: dict[str, Any]) -> None:
    content = stacked(**stack) | {"units": []}
    mc = definitions.load(content)
    assert mc.stack is not None
    assert definitions.dump(mc) == content


@pytest.mark.parametrize(
    ("stack", "path", "code"),
    [
        ({"parts": ["school/A"]}, "$.stack.parts", "too_few"),
        ({"parts": ["school/A", "no-slash"]}, "$.stack.parts[1]", "series_syntax"),
        ({"parts": ["school/A", "school/A"]}, "$.stack.parts", "duplicate"),
        ({"count": 4}, "$.stack.count", "stack_exceeds_parts"),
        ({"count": 1, "hours": 10}, "$.stack", "one_of"),
        ({"parts": "school/A"}, "$.stack.parts", "type"),
    ],
)
def test_a_stack_that_is_none_is_refused(stack: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        definitions.load(stacked(**stack))
    assert (path, code) in [(one.path, one.code) for one in caught.value.problems]


def test_nothing_is_made_of_itself() -> None:
    own = stacked()
    name = f"{own['awarding_body']['slug']}/{own['code']}"
    with pytest.raises(InvalidDefinition, match="stacks_itself"):
        definitions.load(stacked(parts=[name, "school/A"]))


INNER = {
    "school/A": Offer(hours=Decimal(30), points=Decimal(1)),
    "school/B": Offer(hours=Decimal(20)),
    "partner/C": Offer(hours=Decimal(10)),
    "school/M": Offer(hours=Decimal(40), rests_on=frozenset({"school/A", "school/B"})),
    "school/TOP": Offer(hours=Decimal(45), rests_on=frozenset({"school/M"})),
}


@pytest.mark.parametrize(
    ("parts", "measure", "expected"),
    [
        (PARTS, {"hours": 99}, 60),
        (PARTS, {"points": 99}, 1),
        (PARTS, {"count": 3}, 3),
        ((*PARTS, "school/M"), {"count": 4}, 3),
        ((*PARTS, "school/M"), {"hours": 99}, 60),
        (("school/A", "school/M"), {"hours": 99}, 40),
        (("school/A", "school/TOP"), {"hours": 99}, 45),
        (("school/A", "school/B", "school/M", "school/TOP"), {"hours": 99}, 50),
    ],
)
def test_what_parts_give_together_counts_nothing_twice(
    parts: tuple[str, ...], measure: dict[str, Any], expected: int
) -> None:
    assert most(Stack(parts=parts, **measure), INNER) == expected


def test_a_part_of_a_part_is_contained_however_deep() -> None:
    stack = Stack(parts=("school/A", "partner/C", "school/TOP"))
    assert contained(stack, INNER) == {"school/A": "school/TOP"}
    assert contained(Stack(parts=PARTS), INNER) == {}


@given(st.sets(st.sampled_from(sorted(INNER)), min_size=2), st.integers(1, 150))
def test_nobody_reaches_more_than_the_parts_give(parts: set[str], hours: int) -> None:
    """Whoever earns everything that there is, in whatever order."""
    stack = Stack(parts=tuple(sorted(parts)), hours=Decimal(hours))
    everything = [
        earned(
            part,
            award=part,
            hours=offer.hours,
            contains=offer.rests_on | ({"school/A", "school/B"} if part == "school/TOP" else set()),
        )
        for part, offer in INNER.items()
    ]
    if met_on(stack, *everything) is not None:
        assert most(stack, INNER) >= hours
