"""Awards: an award that exists is complete and can be signed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badges.award import Award, InvalidAward, add_months, clean_basis
from badges.completion import Route
from badges.issuer import InvalidIssuer, Issuer, did_for
from badges.rules import EachPartAtLeast, Part, PointsAtLeast, SignOff
from badges.text import Text
from tests.factories import awards
from tests.factories.definitions import micro_credential, unit

QUIZ = unit("QUIZ", PointsAtLeast(Decimal(60), Decimal(100)), allows_participation=True)
WELD = unit("WELD", SignOff(Text({"en": "Done."})))
PIECES = unit(
    "PIECES",
    EachPartAtLeast(
        (Part("a", Text({"en": "A"})), Part("b", Text({"en": "B"}))), Decimal(70), Decimal(100)
    ),
)
MC = micro_credential(QUIZ, WELD, PIECES)
AWARD = awards.award(MC)
KYIV = timezone(timedelta(hours=2))


def changed_result(code: str, **changes: Any) -> Award:
    results = (replace(r, **changes) if r.unit == code else r for r in AWARD.results)
    return replace(AWARD, results=tuple(results))


def test_an_award_with_a_result_for_each_unit_stands() -> None:
    assert [result.unit for result in AWARD.results] == ["QUIZ", "WELD", "PIECES"]
    assert AWARD.result("PIECES").points == 100
    assert changed_result("QUIZ", points=Decimal(60)).result("QUIZ").points == 60


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "1"}, "id"),
        ({"id": AWARD.id.upper()}, "id"),
        ({"awarded_at": AWARD.awarded_at.replace(tzinfo=None)}, "awarded_at"),
        ({"awarded_at": AWARD.awarded_at.astimezone(KYIV)}, "awarded_at"),
        ({"awarded_at": AWARD.awarded_at - timedelta(days=2)}, "completed_at"),
        ({"results": ()}, "results"),
        ({"results": AWARD.results[:-1]}, "results"),
        ({"results": (*AWARD.results, AWARD.results[0])}, "results"),
        ({"results": (*AWARD.results[:-1], AWARD.results[0])}, "results"),
        ({"mc": micro_credential(), "results": ()}, "results"),
        ({"assessors": 0}, "assessors"),
        ({"assessors": -1}, "assessors"),
        ({"basis": {"QUIZ": "Quiz 3"}}, "basis"),
        ({"basis": {"OTHER": "Quiz 3"}}, "results"),
    ],
)
def test_an_award_that_contradicts_itself_cannot_be_made(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidAward) as refused:
        replace(AWARD, **changes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("unit_code", "changes", "code"),
    [
        ("QUIZ", {"points": Decimal(59)}, "points"),
        ("QUIZ", {"points": Decimal(101)}, "points"),
        ("QUIZ", {"points": None}, "points"),
        ("QUIZ", {"maximum": Decimal(50)}, "points"),
        ("QUIZ", {"route": Route.UNLOCKED}, "points"),
        ("WELD", {"points": Decimal(1), "maximum": Decimal(1)}, "points"),
        ("WELD", {"route": Route.PARTICIPATION}, "route"),
        ("WELD", {"completed_at": AWARD.awarded_at.replace(tzinfo=None)}, "completed_at"),
        ("WELD", {"completed_at": AWARD.awarded_at + timedelta(seconds=1)}, "completed_at"),
    ],
)
def test_a_result_that_contradicts_its_unit_is_refused(
    unit_code: str, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidAward) as refused:
        changed_result(unit_code, **changes)
    assert refused.value.code == code


def test_assessors_without_a_unit_they_assessed_are_refused() -> None:
    unlocked = awards.award(micro_credential(WELD), routes={"WELD": Route.UNLOCKED})
    assert unlocked.assessors == 0
    with pytest.raises(InvalidAward):
        replace(unlocked, assessors=1)


def test_what_a_teacher_pasted_is_made_printable() -> None:
    pasted = " Quiz 3\r\nof  the\x0bcourse\x00 \u202e(80 %)\n\n"
    award = awards.award(MC, routes={"WELD": Route.UNLOCKED}, basis={"WELD": pasted})
    assert award.basis == {"WELD": "Quiz 3\nof  the\ncourse (80 %)"}


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_what_a_unit_rests_on_ends_after_once(text: str) -> None:
    assert clean_basis(clean_basis(text)) == clean_basis(text)


def test_the_basis_of_an_award_cannot_be_changed_from_outside() -> None:
    basis = {"WELD": "Quiz 3"}
    award = awards.award(MC, routes={"WELD": Route.UNLOCKED}, basis=basis)
    basis["WELD"] = "Quiz 4"
    assert award.basis["WELD"] == "Quiz 3"


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-01-15", 36, "2029-01-15"),
    ],
)
def test_months_are_added_by_the_calendar(start: str, months: int, end: str) -> None:
    noon = datetime.fromisoformat(f"{start}T12:00:00+00:00")
    assert add_months(noon, months) == datetime.fromisoformat(f"{end}T12:00:00+00:00")


@given(st.integers(0, 6_000_000_000), st.integers(1, 600))
def test_adding_months_keeps_the_time_and_lands_in_the_right_month(
    seconds: int, months: int
) -> None:
    start = datetime.fromtimestamp(seconds, UTC)
    end = add_months(start, months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.time() == start.time()
    assert end.day == start.day or (end + timedelta(days=1)).day == 1


def test_validity_counts_from_the_award() -> None:
    assert AWARD.expires_at is None
    award = awards.award(micro_credential(WELD, validity_months=12))
    assert award.expires_at == award.awarded_at.replace(year=2027)


def test_the_did_of_an_awarding_body_has_a_path_of_its_own() -> None:
    assert (
        did_for("http://localhost:8000", "a-school") == "did:web:localhost%3A8000:issuers:a-school"
    )
    assert did_for("https://Badges.Example/", "a", True) == "did:web:badges.example:issuers:a:test"


@pytest.mark.parametrize(
    ("public_url", "slug"),
    [
        ("https://badges.example/credlet", "a"),
        ("https://badges.example/?a=b", "a"),
        ("https://badges.example/#a", "a"),
        ("https://user@badges.example", "a"),
        ("https://[::1]:8000", "a"),
        ("https://badges.example:port", "a"),
        ("ftp://badges.example", "a"),
        ("badges.example", "a"),
        ("https://", "a"),
        ("https://badges.example", "A School"),
        ("https://badges.example", "a:test"),
        ("https://badges.example", ""),
        ("https://badges.example", "../x"),
    ],
)
def test_addresses_and_slugs_that_no_did_can_hold_are_refused(public_url: str, slug: str) -> None:
    with pytest.raises(InvalidIssuer):
        did_for(public_url, slug)


@pytest.mark.parametrize("slug", ["test", "issuers", "a"])
@pytest.mark.parametrize("is_test", [True, False])
def test_a_test_issuer_is_told_from_the_others_by_its_did(slug: str, is_test: bool) -> None:
    did = did_for("https://issuers", slug, is_test)
    assert Issuer(did, "A", "https://a.example").is_test == is_test


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"did": "https://a.example"}, "did"),
        ({"did": "did:web:a b"}, "did"),
        ({"name": " "}, "name"),
        ({"name": "A\nB"}, "name"),
        ({"url": "/a"}, "url"),
        ({"url": 'https://a.example/"x'}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"country": "ua"}, "country"),
        ({"country": "UKR"}, "country"),
    ],
)
def test_an_issuer_that_cannot_be_printed_or_linked_is_refused(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidIssuer) as refused:
        replace(Issuer("did:web:a.example", "A", "https://a.example", "UA"), **changes)
    assert refused.value.code == code
