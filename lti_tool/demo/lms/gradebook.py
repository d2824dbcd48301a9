"""Columns and grades, with Moodle's rules for scores that come from outside.

Spec: LTI Assignment and Grade Services 2.0, section 3.4 (score). The deviations are those seen on
Moodle 4.5.6: whole-second comparison of timestamps, and erasing by anything not fully graded.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from threading import RLock
from typing import Any

from .errors import ServiceError
from .manners import MOODLE, Manners
from .records import Grade, LineItem, Link

INCORRECT = "Incorrect score received"


def number(value: object) -> float | None:
    """Return a number given as such or as text (Moodle takes both), or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if isfinite(found) else None


def _seconds(timestamp: object) -> int | None:
    if not isinstance(timestamp, str):
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


class Gradebook:
    """All line items and grades, guarded by one lock."""

    def __init__(self, next_id: Callable[[], str]) -> None:
        self._next_id = next_id
        self._lock = RLock()
        self._items: dict[str, LineItem] = {}
        self._grades: dict[tuple[str, str], Grade] = {}

    def add(
        self, course_id: str, client_id: str, label: str, maximum: float, **rest: Any
    ) -> LineItem:
        item = LineItem(
            id=self._next_id(),
            course_id=course_id,
            client_id=client_id,
            label=label,
            maximum=maximum,
            **rest,
        )
        with self._lock:
            self._items[item.id] = item
        return item

    def item(self, item_id: str) -> LineItem | None:
        return self._items.get(item_id)

    def items(self, course_id: str) -> tuple[LineItem, ...]:
        with self._lock:
            return tuple(item for item in self._items.values() if item.course_id == course_id)

    def item_of(self, link: Link) -> LineItem | None:
        """Return the link's only column; None if it has none or several."""
        found = [item for item in self.items(link.course_id) if item.link_id == link.id]
        return found[0] if len(found) == 1 else None

    def change(self, item: LineItem, **changes: Any) -> LineItem:
        """Store a changed line item; a new maximum rescales its grades."""
        changed = replace(item, **changes)
        with self._lock:
            self._items[item.id] = changed
            if changed.maximum != item.maximum:
                self._rescale(item.id, changed.maximum / item.maximum)
        return changed

    def _rescale(self, item_id: str, factor: float) -> None:
        for key, grade in self._grades.items():
            if key[0] == item_id and grade.posted is not None:
                self._grades[key] = replace(grade, posted=grade.posted * factor)

    def remove(self, item: LineItem) -> None:
        with self._lock:
            del self._items[item.id]
            for key in [key for key in self._grades if key[0] == item.id]:
                del self._grades[key]

    def grade(self, item: LineItem, user_id: str) -> Grade | None:
        return self._grades.get((item.id, user_id))

    def grades(self, item: LineItem) -> tuple[Grade, ...]:
        with self._lock:
            return tuple(grade for key, grade in self._grades.items() if key[0] == item.id)

    def override(self, item: LineItem, user_id: str, score: float | None, now: datetime) -> None:
        """Let a teacher's grade win over whatever is posted; None lifts it."""
        with self._lock:
            old = self.grade(item, user_id) or Grade(
                line_item_id=item.id,
                user_id=user_id,
                posted=None,
                comment=None,
                timestamp=int(now.timestamp()),
            )
            self._grades[item.id, user_id] = replace(old, overridden=score)

    def post(
        self,
        item: LineItem,
        body: object,
        can_be_graded: Callable[[str], bool],
        manners: Manners = MOODLE,
    ) -> None:
        """Store one score.

        Raises:
            ServiceError: 400 malformed or the person takes no grades; 409 not newer than what is
                stored; 500 the column is locked.
        """
        score, timestamp = self._checked(body)
        if not can_be_graded(str(score["userId"])):
            raise ServiceError(*manners.unknown_person)
        with self._lock:
            old = self.grade(item, str(score["userId"]))
            if old and old.timestamp >= timestamp:
                raise ServiceError(*manners.stale_score)
            if self._items[item.id].is_locked:
                raise ServiceError(500, "Internal Server Error")
            self._grades[item.id, str(score["userId"])] = Grade(
                line_item_id=item.id,
                user_id=str(score["userId"]),
                posted=_on_scale(score, self._items[item.id].maximum),
                comment=str(score.get("comment") or "") or None,
                timestamp=timestamp,
                overridden=old.overridden if old else None,
            )

    @staticmethod
    def _checked(body: object) -> tuple[dict[str, Any], int]:
        if not isinstance(body, dict):
            raise ServiceError(400, INCORRECT)
        timestamp = _seconds(body.get("timestamp"))
        has_numbers = all(
            number(body[key]) is not None for key in ("scoreGiven", "scoreMaximum") if key in body
        )
        if (
            timestamp is None
            or not has_numbers
            or ("scoreGiven" in body and "scoreMaximum" not in body)
            or not all(body.get(key) for key in ("userId", "activityProgress", "gradingProgress"))
        ):
            raise ServiceError(400, INCORRECT)
        return body, timestamp


def _on_scale(score: dict[str, Any], maximum: float) -> float | None:
    """Return the points on the column's scale, held between 0 and its maximum."""
    given = number(score.get("scoreGiven"))
    if given is None or score["gradingProgress"] != "FullyGraded":
        return None
    of = number(score.get("scoreMaximum")) or 0
    points = given * maximum / of if of else given
    return min(max(points, 0.0), maximum)
