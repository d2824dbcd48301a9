"""Which learners a teacher is shown: by state, unit and name, in what order, page by page."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from badges import completion, samples
from badges.completion import Completion
from lti_tool.models import Person
from lti_tool.services.courses import grid
from lti_tool.services.courses.grid import Show, Sort, Wish
from lti_tool.services.courses.roster import Learner

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
MC = samples.welding()
POINTS, SIGN_OFF = MC.units[0], MC.units[2]


def learner(name: str, *said: tuple[str, int, int], left: bool = False) -> Learner:
    """Make one with marks in unit 1: (unit, points, days ago)."""
    records = [
        Completion(
            id=uuid.uuid4().hex, unit=unit, at=NOW - timedelta(days=ago), points=Decimal(points)
        )
        for unit, points, ago in said
    ]
    return Learner(
        person=Person(id=uuid.uuid4(), name=name),
        last_seen_at=NOW,
        has_launched=True,
        left_at=NOW if left else None,
        progress=completion.progress(MC, records, NOW),
    )


def names(learners: list[Learner], **wish: object) -> list[str | None]:
    found = grid.arrange(learners, Wish(**wish), NOW)  # type: ignore[arg-type]
    return [one.person.name for one in found.rows]


ENOUGH, SHORT = (POINTS.code, 90, 2), (POINTS.code, 10, 2)
CLASS = [
    learner("Ana", ENOUGH),
    learner("Ben", SHORT),
    learner("Çiğdem", (POINTS.code, 90, 20)),
    learner("Дарія"),
    learner("Émile", SHORT, left=True),
]


def test_each_learner_is_under_one_heading_and_the_counts_say_how_many() -> None:
    found = grid.arrange(CLASS, Wish(), NOW)
    assert dict(found.counts) == {
        Show.ALL: 5,
        Show.STARTED: 1,
        Show.STUCK: 2,
        Show.OPEN: 1,
        Show.LEFT: 1,
    }


def test_stuck_is_who_has_a_result_that_is_not_enough_or_nothing_new_for_long() -> None:
    assert names(CLASS, show=Show.STUCK) == ["Ben", "Çiğdem"]
    short = grid.stuck(CLASS[1], NOW)
    silent = grid.stuck(CLASS[2], NOW)
    assert short is not None
    assert short.units == (POINTS.code,)
    assert short.since is None
    assert silent is not None
    assert silent.units == ()
    assert silent.since == NOW - timedelta(days=20)
    assert grid.stuck(CLASS[0], NOW) is None


def test_by_a_unit_learners_are_judged_by_that_unit_alone() -> None:
    unit = POINTS.code
    assert names(CLASS, show=Show.COMPLETE, unit=unit) == ["Ana", "Çiğdem"]
    assert names(CLASS, show=Show.STUCK, unit=unit) == ["Ben"]
    assert names(CLASS, show=Show.OPEN, unit=SIGN_OFF.code) == ["Ana", "Ben", "Çiğdem", "Дарія"]
    assert names(CLASS, show=Show.LEFT, unit=unit) == ["Émile"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("cigdem", ["Çiğdem"]), ("ДАР", ["Дарія"]), ("emi le", ["Émile"]), ("xyz", [])],
)
def test_names_are_found_by_parts_without_accents(words: str, found: list[str]) -> None:
    assert names(CLASS, words=words) == found


def test_the_orders_put_first_who_needs_help_and_last_who_left() -> None:
    assert names(CLASS, sort=Sort.LEAST) == ["Ben", "Дарія", "Ana", "Çiğdem", "Émile"]
    assert names(CLASS, sort=Sort.SILENT) == ["Çiğdem", "Ana", "Ben", "Дарія", "Émile"]


def test_pages_hold_fifty_and_one_behind_the_last_is_the_last() -> None:
    many = [learner(f"Learner {number:03}") for number in range(120)]
    found = grid.arrange(many, Wish(page=99), NOW)
    assert (found.wish.page, found.pages, found.first, len(found.rows)) == (3, 3, 101, 20)
    assert names(many, page=2)[0] == "Learner 050"
    nobody = grid.arrange([], Wish(page=0), NOW)
    assert (nobody.pages, nobody.first, list(nobody.rows)) == (1, 0, [])


def test_who_were_named_are_all_on_one_page() -> None:
    shown = grid.listed([learner(f"Learner {number}") for number in range(125)], Wish(page=2))
    assert (len(shown.rows), shown.pages) == (125, 1)
