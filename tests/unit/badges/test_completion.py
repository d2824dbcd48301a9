"""Progress: what records amount to, whatever their order and number."""

import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badges.completion import (
    Completion,
    Condition,
    ConditionCode,
    InvalidCompletion,
    Progress,
    Route,
    check,
    progress,
)
from badges.conditions import MENTOR
from badges.micro_credential import MicroCredential
from badges.rules import EachPartAtLeast, Part, PointsAtLeast, SignOff, SignOffs
from badges.text import Text
from tests.factories.definitions import micro_credential, minutes, unit

HISTORIES = int(os.environ.get("CREDLET_HISTORIES", "500"))
LATER = minutes(1000)

SAID = Text({"en": "It was done."})
QUIZ = unit("QUIZ", PointsAtLeast(Decimal(60), Decimal(100)), allows_participation=True)
PIECES = unit(
    "PIECES",
    EachPartAtLeast(
        (Part("PA", Text({"en": "PA"})), Part("PB", Text({"en": "PB"}))), Decimal(70), Decimal(100)
    ),
)
LIST = unit("LIST", SignOff(SAID))
FOLDER = unit("FOLDER", SignOffs(SAID, 2))
MC = micro_credential(QUIZ, PIECES, LIST, FOLDER)


def record(identity: str, of: str, minute: int = 0, **changes: Any) -> Completion:
    return Completion(**{"id": identity, "unit": of, "at": minutes(minute), **changes})


def mark(identity: str, points: str, minute: int = 0, **changes: Any) -> Completion:
    return record(identity, "QUIZ", minute, points=Decimal(points), by="anna", **changes)


def piece(identity: str, part: str, points: str, minute: int = 0) -> Completion:
    return record(identity, "PIECES", minute, part=part, points=Decimal(points), by="anna")


def signature(identity: str, of: str, minute: int = 0, by: str | None = "anna") -> Completion:
    return record(identity, of, minute, signed_off=True, by=by)


def undo(identity: str, target: Completion, minute: int = 0) -> Completion:
    return record(identity, target.unit, minute, retracts=target.id, by="anna")


def at(records: Iterable[Completion], now: datetime = LATER) -> Progress:
    return progress(MC, records, now)


class TestPoints:
    def test_a_mark_that_reaches_the_minimum_completes_the_unit(self) -> None:
        found = at([mark("1", "60", 5)]).unit("QUIZ")
        assert found.is_complete
        assert found.route is Route.ASSESSED
        assert found.completed_at == minutes(5)
        assert found.records == ("1",)

    def test_a_mark_below_the_minimum_starts_it_and_says_what_is_missing(self) -> None:
        found = at([mark("1", "59.99"), mark("2", "12", 1)]).unit("QUIZ")
        assert not found.is_complete
        assert found.is_started
        assert found.completed_at is None
        assert found.route is None
        params = {"minimum": "60", "maximum": "100", "points": "59.99"}
        assert found.conditions == (Condition(ConditionCode.POINTS, "QUIZ", False, params),)

    def test_a_later_lower_mark_does_not_undo_but_is_the_latest(self) -> None:
        found = at([mark("1", "80", 5), mark("2", "30", 6)]).unit("QUIZ")
        assert found.completed_at == minutes(5)
        assert found.latest is not None
        assert found.latest.id == "2"
        assert found.conditions[0].params["points"] == "80"
        assert found.records == ("1",)

    def test_only_a_retraction_takes_it_back(self) -> None:
        first, second = mark("1", "80", 5), mark("2", "90", 6)
        one_left = at([first, second, undo("3", first, 7)]).unit("QUIZ")
        assert one_left.completed_at == minutes(6)
        none_left = at([first, undo("3", first, 7)]).unit("QUIZ")
        assert not none_left.is_started
        assert none_left.conditions[0].params["points"] == ""


class TestParts:
    def test_each_part_needs_its_minimum(self) -> None:
        found = at([piece("1", "PA", "95"), piece("2", "PB", "69")]).unit("PIECES")
        assert [(one.params["part"], one.is_met) for one in found.conditions] == [
            ("PA", True),
            ("PB", False),
        ]
        assert not found.is_complete
        assert found.records == ("1",)

    def test_it_is_complete_when_the_last_part_is(self) -> None:
        records = [piece("1", "PB", "70", 9), piece("2", "PA", "70", 3), piece("3", "PA", "90", 20)]
        found = at(records).unit("PIECES")
        assert found.completed_at == minutes(9)
        assert found.records == ("2", "1", "3")


class TestSignOffs:
    def test_one_signature_is_enough_for_a_sign_off(self) -> None:
        assert at([signature("1", "LIST", 4)]).unit("LIST").completed_at == minutes(4)

    def test_two_signatures_by_one_person_count_once(self) -> None:
        found = at([signature("1", "FOLDER"), signature("2", "FOLDER", 1)]).unit("FOLDER")
        assert not found.is_complete
        assert found.conditions[0].params == {"count": "2", "have": "1"}

    def test_it_is_complete_when_the_second_person_signs(self) -> None:
        records = [
            signature("1", "FOLDER", 1),
            signature("2", "FOLDER", 2),
            signature("3", "FOLDER", 8, by="bohdan"),
            signature("4", "FOLDER", 9, by="carla"),
        ]
        found = at(records).unit("FOLDER")
        assert found.completed_at == minutes(8)
        assert found.conditions[0].params == {"count": "2", "have": "3"}

    def test_a_mentors_sign_off_is_told_apart_until_the_assessor_has_seen_it(self) -> None:
        by_mentor = replace(signature("1", "LIST", 4), for_mentor=True)
        assert at([by_mentor]).unit("LIST").conditions[0].params == {MENTOR: "1"}
        assert at([by_mentor, signature("2", "LIST", 5)]).unit("LIST").conditions[0].params == {}

    def test_of_several_it_says_for_how_many_an_assessor_vouches(self) -> None:
        mentors = [
            replace(signature("1", "FOLDER", 1), for_mentor=True),
            replace(signature("2", "FOLDER", 2, by="bohdan"), for_mentor=True),
        ]
        assert at(mentors).unit("FOLDER").conditions[0].params[MENTOR] == "2"
        one = [*mentors, signature("3", "FOLDER", 3)]
        assert at(one).unit("FOLDER").conditions[0].params[MENTOR] == "1"
        own = [*one, signature("4", "FOLDER", 4, by="carla")]
        assert MENTOR not in at(own).unit("FOLDER").conditions[0].params


class TestRoutes:
    @pytest.mark.parametrize("code", ["QUIZ", "PIECES", "LIST", "FOLDER"])
    def test_an_unlocked_launch_satisfies_any_rule(self, code: str) -> None:
        found = at([record("1", code, 2, route=Route.UNLOCKED)]).unit(code)
        assert found.route is Route.UNLOCKED
        assert found.completed_at == minutes(2)
        assert found.records == ("1",)
        assert found.conditions[-1] == Condition(ConditionCode.UNLOCKED, code, True, records=("1",))

    def test_participation_completes_where_the_definition_allows_it(self) -> None:
        found = at([record("1", "QUIZ", route=Route.PARTICIPATION)]).unit("QUIZ")
        assert found.route is Route.PARTICIPATION

    def test_participation_counts_for_nothing_elsewhere(self) -> None:
        assert not at([record("1", "LIST", route=Route.PARTICIPATION)]).unit("LIST").is_started

    def test_a_grade_in_the_lms_completes_from_the_minimum_on(self) -> None:
        below = mark("1", "59.999", 1, route=Route.GRADED)
        assert not at([below]).unit("QUIZ").is_complete
        found = at([below, mark("2", "60", 2, route=Route.GRADED)]).unit("QUIZ")
        assert (found.route, found.completed_at) == (Route.GRADED, minutes(2))
        params = {"minimum": "60", "maximum": "100", "points": "60"}
        graded = Condition(ConditionCode.GRADED, "QUIZ", True, params, ("2",))
        assert found.conditions[-1] == graded

    def test_a_full_grade_in_the_lms_stands_for_one_sign_off(self) -> None:
        found = at([record("1", "LIST", 2, route=Route.GRADED)]).unit("LIST")
        assert (found.route, found.completed_at) == (Route.GRADED, minutes(2))

    @pytest.mark.parametrize("code", ["QUIZ", "PIECES", "LIST", "FOLDER"])
    def test_an_activity_of_the_lms_completes_a_unit_of_any_rule(self, code: str) -> None:
        found = at([record("1", code, 2, route=Route.LMS_ACTIVITY)]).unit(code)
        assert (found.route, found.completed_at) == (Route.LMS_ACTIVITY, minutes(2))
        assert found.conditions[-1].code is ConditionCode.LMS_ACTIVITY

    def test_the_route_is_the_one_that_completed_it_first(self) -> None:
        early = record("1", "QUIZ", 1, route=Route.PARTICIPATION)
        found = at([mark("2", "90", 2), early]).unit("QUIZ")
        assert (found.route, found.completed_at) == (Route.PARTICIPATION, minutes(1))

    def test_of_two_at_one_moment_the_weightier_is_named(self) -> None:
        together = [
            record("1", "QUIZ", 1, route=Route.PARTICIPATION),
            record("2", "QUIZ", 1, route=Route.UNLOCKED),
        ]
        assert at(together).unit("QUIZ").route is Route.UNLOCKED
        assert at([*together, mark("3", "60", 1)]).unit("QUIZ").route is Route.ASSESSED


EVERYTHING = (
    mark("1", "60", 1),
    piece("2", "PA", "70", 2),
    piece("3", "PB", "70", 3),
    signature("4", "LIST", 4),
    signature("5", "FOLDER", 5),
    signature("6", "FOLDER", 6, by="bohdan"),
)


class TestTheWhole:
    def test_it_is_complete_when_the_last_unit_is(self) -> None:
        found = at(EVERYTHING)
        assert found.is_complete
        assert found.completed_at == minutes(6)
        assert found.missing == ()

    def test_what_is_missing_is_listed_for_open_units_only(self) -> None:
        found = at(EVERYTHING[:3])
        assert not found.is_complete
        assert found.completed_at is None
        assert [(one.unit, one.code) for one in found.missing] == [
            ("LIST", ConditionCode.SIGN_OFF),
            ("FOLDER", ConditionCode.SIGN_OFFS),
        ]

    def test_an_unlocked_unit_misses_nothing(self) -> None:
        assert at([*EVERYTHING[1:], record("9", "QUIZ", route=Route.UNLOCKED)]).missing == ()

    def test_without_units_nothing_is_ever_complete(self) -> None:
        found = progress(micro_credential(), [], LATER)
        assert not found.is_complete
        assert found.completed_at is None

    def test_records_later_than_now_do_not_count_yet(self) -> None:
        assert not at(EVERYTHING, minutes(5)).is_complete
        assert at(EVERYTHING, minutes(6)).is_complete

    def test_a_retraction_takes_effect_at_its_time(self) -> None:
        records = [*EVERYTHING, undo("7", EVERYTHING[0], 60)]
        assert at(records, minutes(59)).is_complete
        assert not at(records, minutes(60)).is_complete

    def test_a_unit_that_does_not_exist_is_not_found(self) -> None:
        with pytest.raises(KeyError, match="NONE"):
            at([]).unit("NONE")


class TestRetractions:
    def test_a_retraction_cannot_be_retracted(self) -> None:
        first = mark("1", "80")
        gone, back = undo("2", first, 1), record("3", "QUIZ", 2, retracts="2")
        assert not at([first, gone, back]).unit("QUIZ").is_started
        with pytest.raises(InvalidCompletion) as refusal:
            check(MC, back, [first, gone])
        assert refusal.value.code == "retracts_retraction"

    def test_a_second_retraction_of_the_same_record_is_harmless(self) -> None:
        first = mark("1", "80")
        check(MC, undo("3", first, 2), [first, undo("2", first, 1)])
        assert not at([first, undo("2", first, 1), undo("3", first, 2)]).unit("QUIZ").is_started

    @pytest.mark.parametrize(
        ("retraction", "code"),
        [
            (record("9", "QUIZ", retracts="nothing"), "unknown_target"),
            (record("9", "LIST", retracts="1"), "target_in_other_unit"),
            (record("9", "QUIZ", retracts="9"), "retracts_itself"),
            (record("9", "QUIZ", retracts=""), "wrong_kind"),
        ],
    )
    def test_a_retraction_needs_its_target(self, retraction: Completion, code: str) -> None:
        with pytest.raises(InvalidCompletion) as refusal:
            check(MC, retraction, [mark("1", "80")])
        assert refusal.value.code == code
        assert at([mark("1", "80"), retraction]).unit("QUIZ").is_complete


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (record("1", "NONE", points=Decimal(1)), "unknown_unit"),
        (record("1", "QUIZ"), "wrong_kind"),
        (mark("1", "100.01"), "points_out_of_range"),
        (mark("1", "-0.01"), "points_out_of_range"),
        (mark("1", "NaN"), "points_out_of_range"),
        (mark("1", "sNaN"), "points_out_of_range"),
        (mark("1", "Infinity"), "points_out_of_range"),
        (mark("1", "80", signed_off=True), "wrong_kind"),
        (mark("1", "80", part="PA"), "wrong_kind"),
        (mark("1", "80", retracts="0"), "wrong_kind"),
        (mark("1", "80", route=Route.UNLOCKED), "wrong_kind"),
        (record("1", "QUIZ", route=Route.GRADED), "wrong_kind"),
        (mark("1", "101", route=Route.GRADED), "points_out_of_range"),
        (replace(piece("1", "PA", "80"), route=Route.GRADED), "wrong_kind"),
        (record("1", "PIECES", route=Route.GRADED, points=Decimal(80)), "wrong_kind"),
        (record("1", "FOLDER", route=Route.GRADED), "wrong_kind"),
        (record("1", "LIST", route=Route.GRADED, points=Decimal(80)), "wrong_kind"),
        (mark("1", "80", route=Route.PARTICIPATION), "wrong_kind"),
        (replace(mark("1", "80"), at=datetime(2026, 3, 2)), "naive_time"),  # noqa: DTZ001
        (signature("1", "QUIZ"), "wrong_kind"),
        (piece("1", "PC", "80"), "unknown_part"),
        (record("1", "PIECES", points=Decimal(80)), "wrong_kind"),
        (record("1", "PIECES", part="PA"), "wrong_kind"),
        (signature("1", "PIECES"), "wrong_kind"),
        (record("1", "LIST", points=Decimal(1)), "wrong_kind"),
        (replace(signature("1", "LIST"), points=Decimal(1)), "wrong_kind"),
        (replace(signature("1", "LIST"), part="PA"), "wrong_kind"),
        (signature("1", "FOLDER", by=None), "assessor_missing"),
        (signature("1", "LIST", by=""), "assessor_missing"),
        (record("1", "LIST", route=Route.PARTICIPATION), "participation_not_allowed"),
    ],
)
def test_a_record_that_says_nothing_usable_is_refused_and_never_counts(
    refused: Completion, code: str
) -> None:
    with pytest.raises(InvalidCompletion) as refusal:
        check(MC, refused)
    assert refusal.value.code == code
    assert at([refused]) == at([])


@pytest.mark.parametrize("kept", EVERYTHING, ids=lambda kept: kept.id)
def test_a_sound_record_is_kept(kept: Completion) -> None:
    check(MC, kept, [])


def records() -> st.SearchStrategy[Completion]:
    """Records of every kind, a good part of them invalid or aimed at each other."""
    return st.builds(
        Completion,
        id=st.sampled_from([str(number) for number in range(8)]),
        unit=st.sampled_from(["QUIZ", "PIECES", "LIST", "FOLDER", "NONE"]),
        at=st.integers(-3, 3).map(minutes),
        route=st.sampled_from(Route),
        by=st.sampled_from([None, "anna", "bohdan"]),
        part=st.sampled_from([None, None, "PA", "PB", "PC"]),
        points=st.sampled_from([None, None, Decimal(0), Decimal(65), Decimal(75), Decimal(101)]),
        signed_off=st.booleans(),
        retracts=st.none() | st.sampled_from([str(number) for number in range(8)]),
    )


def histories() -> st.SearchStrategy[list[Completion]]:
    return st.lists(st.one_of(records(), st.sampled_from(EVERYTHING)), max_size=12)


@settings(max_examples=200)
@given(histories(), st.randoms(use_true_random=False))
def test_order_does_not_matter(history: list[Completion], shuffler: random.Random) -> None:
    shuffled = list(history)
    shuffler.shuffle(shuffled)
    assert at(shuffled) == at(history)


@settings(max_examples=200)
@given(histories())
def test_repeats_do_not_count(history: list[Completion]) -> None:
    assert at(history + history[::-1]) == at(history)


@settings(max_examples=200)
@given(histories(), records())
def test_nothing_but_a_retraction_takes_anything_away(
    history: list[Completion], added: Completion
) -> None:
    added = replace(added, id="new", retracts=None)
    before, after = at(history), at([*history, added])
    for was, now in zip(before.units, after.units, strict=True):
        assert now.is_complete or not was.is_complete
        assert set(was.records) <= set(now.records)
        if was.completed_at is not None:
            assert now.completed_at is not None
            assert now.completed_at <= was.completed_at


@settings(max_examples=200)
@given(histories())
def test_every_reason_rests_on_records_that_stand(history: list[Completion]) -> None:
    ids = {one.id for one in history if one.retracts is None}
    for one in at(history).units:
        assert set(one.records) <= ids
        assert one.is_complete == (one.route is not None)
        assert all(condition.records for condition in one.conditions if condition.is_met)


# An oracle: the same question answered the slow way, from the text of the rules alone.


def oracle_counts(one: Completion) -> bool:
    """Whether a record is sound, spelt out unit by unit for `MC`."""
    said = (one.points is not None, one.part is not None, one.signed_off)
    if one.unit not in {"QUIZ", "PIECES", "LIST", "FOLDER"}:
        return False
    if one.retracts is not None:
        return said == (False, False, False)
    if one.route is Route.PRIOR_LEARNING:  # `MC` does not allow it
        return False
    if one.route in (Route.UNLOCKED, Route.LMS_ACTIVITY):
        return said == (False, False, False)
    if one.route is Route.PARTICIPATION:
        return said == (False, False, False) and one.unit == "QUIZ"
    if one.route is Route.GRADED and one.unit != "QUIZ":
        return said == (False, False, False) and one.unit == "LIST"
    if one.points is not None and not 0 <= one.points <= 100:
        return False
    if one.unit == "QUIZ":
        return said == (True, False, False)
    if one.unit == "PIECES":
        return said == (True, True, False) and one.part in {"PA", "PB"}
    return said == (False, False, True) and one.by is not None


def oracle_unit_complete(code: str, standing: Sequence[Completion]) -> bool:
    mine = [one for one in standing if one.unit == code]
    if code == "QUIZ" and any(one.points is not None and one.points >= 60 for one in mine):
        return True
    if any(one.points is None and one.route is not Route.ASSESSED for one in mine):
        return True
    if code == "QUIZ":
        return False
    if code == "PIECES":
        enough = {one.part for one in mine if one.points is not None and one.points >= 70}
        return enough == {"PA", "PB"}
    return len({one.by for one in mine}) >= {"LIST": 1, "FOLDER": 2}[code]


def oracle(history: Sequence[Completion], now: datetime) -> dict[str, datetime | None]:
    """Return for each unit since when it is complete, trying every moment in turn."""
    sound = [one for one in history if oracle_counts(one) and one.at <= now]
    standing = [
        one
        for one in sound
        if one.retracts is None
        and not any(other.retracts == one.id and other.unit == one.unit for other in sound)
    ]
    since: dict[str, datetime | None] = {}
    for code in ("QUIZ", "PIECES", "LIST", "FOLDER"):
        since[code] = None
        for moment in sorted({one.at for one in standing}):
            if oracle_unit_complete(code, [one for one in standing if one.at <= moment]):
                since[code] = moment
                break
    return since


def random_history(dice: random.Random) -> list[Completion]:
    """Return what an untidy term leaves behind: good records, slips, undos, repeats, nonsense."""
    history: list[Completion] = []
    for number in range(dice.randrange(6, 45)):
        code = dice.choice(["QUIZ", "QUIZ", "PIECES", "PIECES", "LIST", "FOLDER", "FOLDER", "NONE"])
        one = record(
            f"r{number}", code, dice.randrange(60), by=dice.choice(["anna", "bohdan", None])
        )
        if dice.random() < 0.75:
            one = sensible(one, dice)
        else:
            one = replace(
                one,
                route=dice.choice(list(Route)),
                part=dice.choice([None, "PA", "PC"]),
                points=dice.choice([None, Decimal(-1), Decimal(100), Decimal(200)]),
                signed_off=dice.random() < 0.4,
            )
        if history and dice.random() < 0.15:
            target = dice.choice(history)
            one = record(one.id, target.unit, dice.randrange(60), retracts=target.id, by="anna")
            if dice.random() < 0.1:
                one = replace(one, unit=code)
        history.append(one)
    history += dice.choices(history, k=dice.randrange(4))
    dice.shuffle(history)
    return history


def sensible(one: Completion, dice: random.Random) -> Completion:
    """Return `one` made into a record that fits its unit."""
    if dice.random() < 0.1:
        route = dice.choice([Route.GRADED, Route.UNLOCKED, Route.LMS_ACTIVITY, Route.PARTICIPATION])
        has_points = route is Route.GRADED and one.unit == "QUIZ"
        return replace(one, route=route, points=Decimal(65) if has_points else None)
    points = Decimal(dice.choice([0, 55, 60, 65, 70, 85, 100]))
    if one.unit == "QUIZ":
        return replace(one, points=points)
    if one.unit == "PIECES":
        return replace(one, points=points, part=dice.choice(["PA", "PB"]))
    return replace(one, signed_off=True)


def test_no_random_history_is_judged_wrongly() -> None:
    completed = 0
    for seed in range(HISTORIES):
        history = random_history(random.Random(seed))
        now = minutes(random.Random(seed).randrange(20, 70))
        found, expected = at(history, now), oracle(history, now)
        assert {one.unit: one.completed_at for one in found.units} == expected, seed
        moments = list(expected.values())
        whole = None if None in moments else max(moment for moment in moments if moment)
        assert (found.is_complete, found.completed_at) == (whole is not None, whole), seed
        completed += found.is_complete
    assert HISTORIES * 0.05 < completed < HISTORIES * 0.95  # the dice reach both ends


def test_progress_needs_no_more_than_the_definition_it_is_given() -> None:
    other: MicroCredential = micro_credential(LIST)
    assert progress(other, EVERYTHING, LATER).is_complete
    assert progress(other, EVERYTHING, LATER - timedelta(days=9)).missing
