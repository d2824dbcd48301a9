"""The outbox of scores: the row is the truth.

`sync` writes rows in the transaction that records a completion. `lease` hands out what is due,
one row at a time per (link, person); the sending happens outside any transaction; `settle`
writes down what became of it. A worker killed between any two steps loses nothing: the lease
runs out and the same score is sent again with the same time stamp, which the platform answers
with "there already" if it had arrived.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, aliased, joinedload

from badges.completion import Progress, Route, UnitProgress
from badges.micro_credential import MicroCredential
from badges.rules import EachPartAtLeast, PointsAtLeast, Rule
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    Delivery,
    GradebookResult,
    MicroCredentialVersion,
    Person,
    Placement,
    Platform,
    Registration,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.definitions import catalogue, electives

log = structlog.get_logger(__name__)

SCORE, PROGRESS = "score", "progress"
PENDING, DELIVERED, FAILED, SUPERSEDED = "pending", "delivered", "failed", "superseded"

SAME_SHARE = Decimal("0.0005")
_ROUNDING = Decimal("0.0051")

LEASE = timedelta(seconds=60)
GIVE_UP_AFTER = timedelta(hours=72)
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Score:
    """Points out of a maximum, or a grade to be cleared (both None)."""

    points: Decimal | None
    maximum: Decimal | None


CLEARED = Score(None, None)


@dataclass(frozen=True, slots=True)
class Reached:
    """A person's progress in a version, with the records it rests on."""

    person: Person
    progress: Progress
    records: Sequence[CompletionRecord]


def sync(
    db: Session, version: MicroCredentialVersion, reached: Sequence[Reached], now: datetime
) -> None:
    """Queue what the gradebook columns of people's links should say and do not. Idempotent.

    Where a teacher graded in the gradebook itself, that stands: nothing is sent over it. So does
    what was sent of somebody who holds an award of another version, and has not begun this one.

    The caller holds the locks on the people's enrolments.
    """
    latest = _latest(db, [one.person.id for one in reached])
    told = [one.person.id for one in reached if not one.records and one.person.id in latest]
    finished = _finished_before(db, told, version)
    reached = [
        one
        for one in reached
        if one.records
        or one.progress.stack
        or (one.person.id in latest and one.person.id not in finished)
    ]
    if not reached:
        return  # nothing to say, and nothing that was said
    people = [one.person.id for one in reached]
    mc = catalogue.definition(version)
    by_hand = _graded_by_hand(db, people)
    holders = electives.holders(db, people, version) if mc.choices else frozenset()
    links = _links(db, people, version)
    alone: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    queued: list[Queued] = []
    for one in reached:
        for link in links[one.person.id]:
            if link.id in by_hand[one.person.id]:
                alone[link.id].append(one.person.id)
                continue
            wanted = _wanted(mc, link, one, holds=one.person.id in holders)
            last = latest[one.person.id].get(link.id)
            if wanted is not None and _is_news(last, link, wanted):
                queued.append((link, one.person.id, wanted, last))
    for link_id, held_back in alone.items():
        _hold_back(db, link_id, held_back, (PENDING, FAILED), now)
    _queue(db, queued, now)


Queued = tuple[ResourceLink, uuid.UUID, Score, Delivery | None]
"""(link, person, what its column should say, what it was told last)."""


def _is_news(last: Delivery | None, link: ResourceLink, wanted: Score) -> bool:
    if last is None:
        return wanted != CLEARED
    return not _says(last, link, wanted)


def _wanted(mc: MicroCredential, link: ResourceLink, one: Reached, *, holds: bool) -> Score | None:
    """Return what the column of a link should say; None where the link's unit is no more."""
    if link.unit_code is None:
        assert link.placement is not None
        asked = electives.asked(link.placement)
        return score_of_whole(electives.shown(one.progress, asked, holds=holds))
    unit = next((u for u in one.progress.units if u.unit == link.unit_code), None)
    return score_of(mc.unit(unit.unit).rule, unit, one.records) if unit else None


def score_of_whole(progress: Progress) -> Score:
    """Return what the gradebook shows for all units together: how many of those that are needed
    are complete.

    Nothing before the first is. What it is made of counts as one more unit. Units beyond what is
    needed of a choice add nothing, and lack nothing.
    """
    have = progress.have
    return Score(Decimal(have), Decimal(progress.need)) if have else CLEARED


def slack(maximum: Decimal) -> Decimal:
    """Return by how much shares of a column's maximum may differ and be one grade: platforms round
    to hundredths of a point."""
    return max(SAME_SHARE, _ROUNDING / maximum)


def maximum_of(rule: Rule) -> Decimal:
    """Return the scale of a unit's column: that of its marks, else 100."""
    return rule.maximum if isinstance(rule, PointsAtLeast | EachPartAtLeast) else Decimal(100)


def score_of(rule: Rule, unit: UnitProgress, records: Iterable[CompletionRecord]) -> Score:
    """Return what the gradebook shows for a unit.

    The latest standing mark of the rule's scale; of a unit marked in parts, that of the lowest
    part; the full 100 of 100 for sign-offs, unlocked and participation. Nothing while the unit
    is not complete.
    """
    if not unit.is_complete:
        return CLEARED
    full = Score(maximum_of(rule), maximum_of(rule))
    if unit.latest is None or unit.latest.route not in (Route.ASSESSED, Route.GRADED):
        return full
    if isinstance(rule, PointsAtLeast) and unit.latest.points is not None:
        return Score(unit.latest.points, rule.maximum)
    if isinstance(rule, EachPartAtLeast):
        latest = {
            row.part: row.points
            for row in sorted(records, key=lambda row: row.recorded_at)
            if str(row.id) in unit.records and row.points is not None
        }
        return Score(min(latest.values(), default=rule.maximum), rule.maximum)
    return full


def lease(db: Session, now: datetime) -> Delivery | None:
    """Return the next score to send, held for `LEASE`, or None.

    Its time stamp is fixed here: whole seconds, after that of the score before it for the same
    (link, person), and never ahead of the clock; a score that would have to wait for the clock
    is put off by a second.
    """
    while True:
        row = _next_due(db, now)
        if row is None:
            return None
        moment = _timestamp(db, row, now)
        if moment <= now:
            row.sent_timestamp = moment
            row.leased_until = now + LEASE
            row.attempts += 1
            db.flush()
            return row
        row.due_at = moment
        db.flush()


def delivered(db: Session, delivery_id: uuid.UUID, now: datetime) -> None:
    """Write down that the platform has the score."""
    row = _open_row(db, delivery_id)
    if row is not None:
        row.state, row.finished_at, row.leased_until, row.failure = DELIVERED, now, None, None


def send_anew(db: Session, delivery_id: uuid.UUID, now: datetime) -> None:
    """Let the score be sent with a new time stamp: the platform holds another, newer one.

    At first within a second; a platform that holds a time stamp of the future is asked less and
    less often.
    """
    row = _open_row(db, delivery_id)
    if row is not None:
        row.sent_timestamp, row.leased_until, row.failure = None, None, "conflict"
        row.due_at = now + (timedelta(seconds=1) if row.attempts == 1 else _pause(row))
        _give_up_if_old(row, "conflict", now)


def put_off(
    db: Session, delivery_id: uuid.UUID, code: str, now: datetime, after: timedelta | None = None
) -> None:
    """Try again later: after `after` if the platform said so, else after a growing pause.

    After `GIVE_UP_AFTER` the delivery fails visibly.
    """
    row = _open_row(db, delivery_id)
    if row is None:
        return
    row.due_at = now + max(_pause(row), min(after or timedelta(0), GIVE_UP_AFTER))
    row.leased_until, row.failure = None, code
    _give_up_if_old(row, code, now)


def fail(db: Session, delivery_id: uuid.UUID, code: str, now: datetime) -> None:
    """Write down that the platform refuses this score for good."""
    row = _open_row(db, delivery_id)
    if row is not None:
        _fail(row, code, now)


def resend(
    db: Session,
    delivery_id: uuid.UUID,
    *,
    actor: str,
    now: datetime,
    course: Course | None = None,
) -> None:
    """Try a failed score (of this course) again.

    Raises:
        NotFound: `unknown_delivery`: there is none, or it is another course's.
        Conflict: `delivery_not_failed`; `delivery_outdated`: a newer score is on its way.
    """
    row = db.get(Delivery, delivery_id, with_for_update=True)
    if row is None or (course is not None and row.link.course_id != course.id):
        raise NotFound("unknown_delivery")
    if row.state != FAILED:
        raise Conflict("delivery_not_failed")
    last = _last(db, row.link, row.person)
    if last is not None and last.id != row.id:
        raise Conflict("delivery_outdated")
    row.state, row.due_at, row.created_at = PENDING, now, now
    row.sent_timestamp = row.finished_at = row.failure = None
    row.attempts = 0
    audit.note(db, actor, "delivery.resent", f"delivery:{row.id}", now)


def failed(db: Session, course: Course | None = None) -> Sequence[Delivery]:
    """Return the scores (of a course) that did not arrive and are not outdated, oldest first."""
    newer = aliased(Delivery)
    is_outdated = sa.exists().where(
        newer.link_id == Delivery.link_id,
        newer.person_id == Delivery.person_id,
        newer.sequence > Delivery.sequence,
    )
    found = (
        sa.select(Delivery)
        .join(Delivery.link)
        .filter(Delivery.state == FAILED, ~is_outdated)
        .options(joinedload(Delivery.link), joinedload(Delivery.person))
        .order_by(Delivery.created_at)
    )
    if course is not None:
        found = found.filter(ResourceLink.course_id == course.id)
    return db.scalars(found).all()


def _links(
    db: Session, people: Sequence[uuid.UUID], version: MicroCredentialVersion
) -> defaultdict[uuid.UUID, list[ResourceLink]]:
    """Return people's gradable links of a version: where they learn, not where they teach."""
    rows = db.execute(
        sa.select(CourseMember.person_id, ResourceLink)
        .join(CourseMember, CourseMember.course_id == ResourceLink.course_id)
        .join(Placement, ResourceLink.placement_id == Placement.id)
        .filter(
            Placement.version_id == version.id,
            CourseMember.person_id.in_(people),
            CourseMember.is_tester.is_(False),
            ResourceLink.line_item_url.is_not(None),
        )
        .order_by(ResourceLink.id)
    )
    found: defaultdict[uuid.UUID, list[ResourceLink]] = defaultdict(list)
    for person_id, link in rows:
        found[person_id].append(link)
    return found


def _finished_before(
    db: Session, people: Sequence[uuid.UUID], version: MicroCredentialVersion
) -> set[uuid.UUID]:
    """Return those who hold an award of another version of the same series."""
    if not people:
        return set()
    held = (
        sa.select(Award.person_id)
        .join(Award.version)
        .filter(
            Award.person_id.in_(people),
            Award.is_test.is_(False),
            Award.withdrawn_at.is_(None),
            MicroCredentialVersion.series_id == version.series_id,
            MicroCredentialVersion.id != version.id,
        )
    )
    return set(db.scalars(held))


def _graded_by_hand(
    db: Session, people: Sequence[uuid.UUID]
) -> defaultdict[uuid.UUID, set[uuid.UUID]]:
    """Return by person the links in whose column a teacher's own grade was seen last."""
    newest: dict[tuple[uuid.UUID, uuid.UUID], bool] = {}
    rows = sa.select(GradebookResult).filter(GradebookResult.person_id.in_(people))
    for row in db.scalars(rows.order_by(GradebookResult.sequence)):
        newest[row.person_id, row.link_id] = row.score is not None and not row.is_own
    found: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for (person_id, link_id), is_by_hand in newest.items():
        if is_by_hand:
            found[person_id].add(link_id)
    return found


def _hold_back(
    db: Session,
    link_id: uuid.UUID,
    people: Sequence[uuid.UUID],
    states: tuple[str, ...],
    now: datetime,
) -> None:
    """Send no score that has not arrived yet; one that is on its way just now may arrive."""
    db.execute(
        sa.update(Delivery)
        .where(
            Delivery.link_id == link_id,
            Delivery.person_id.in_(people),
            Delivery.state.in_(states),
            sa.or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
        )
        .values(state=SUPERSEDED, finished_at=now, leased_until=None)
    )


def _says(last: Delivery, link: ResourceLink, score: Score) -> bool:
    same_column = last.line_item_url == link.line_item_url
    if last.state == SUPERSEDED:  # it was held back, and never replaced
        return False
    return same_column and Score(last.points, last.maximum) == score


def _latest(
    db: Session, people: Sequence[uuid.UUID]
) -> defaultdict[uuid.UUID, dict[uuid.UUID, Delivery]]:
    """Return by person the last score in each link's column."""
    rows = sa.select(Delivery).filter(Delivery.person_id.in_(people)).order_by(Delivery.sequence)
    found: defaultdict[uuid.UUID, dict[uuid.UUID, Delivery]] = defaultdict(dict)
    for row in db.scalars(rows):
        found[row.person_id][row.link_id] = row
    return found


def _last(db: Session, link: ResourceLink, person: Person) -> Delivery | None:
    return db.scalar(
        sa.select(Delivery)
        .filter_by(link_id=link.id, person_id=person.id)
        .order_by(Delivery.sequence.desc())
        .limit(1)
    )


def _queue(db: Session, queued: Sequence[Queued], now: datetime) -> None:
    """Put scores into the outbox instead of those that wait there for the same columns."""
    waiting: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for link, person_id, _, last in queued:
        if last is not None:
            waiting[link.id].append(person_id)
    for link_id, people in waiting.items():
        _hold_back(db, link_id, people, (PENDING,), now)
    db.add_all(
        Delivery(
            id=uuid.uuid4(),
            sequence=last.sequence + 1 if last else 1,
            kind=SCORE if link.unit_code else PROGRESS,
            link_id=link.id,
            person_id=person_id,
            line_item_url=link.line_item_url,
            points=score.points,
            maximum=score.maximum,
            created_at=now,
            due_at=now,
        )
        for link, person_id, score, last in queued
    )
    db.flush()


def _next_due(db: Session, now: datetime) -> Delivery | None:
    earlier = aliased(Delivery)
    waits_for_earlier = sa.exists().where(
        earlier.link_id == Delivery.link_id,
        earlier.person_id == Delivery.person_id,
        earlier.sequence < Delivery.sequence,
        earlier.state == PENDING,
    )
    return db.scalar(
        sa.select(Delivery)
        .join(Delivery.link)
        .join(Platform, Platform.id == ResourceLink.platform_id)
        .join(Registration, Registration.id == ResourceLink.registration_id)
        .filter(
            Delivery.state == PENDING,
            Delivery.due_at <= now,
            sa.or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
            Platform.disabled_at.is_(None),
            Registration.disabled_at.is_(None),
            ~waits_for_earlier,
        )
        .order_by(Delivery.due_at, Delivery.sequence)
        .limit(1)
        .with_for_update(of=Delivery, skip_locked=True)
    )


def _timestamp(db: Session, row: Delivery, now: datetime) -> datetime:
    """Return the row's own time stamp, or the earliest one that is newer than those before it."""
    if row.sent_timestamp is not None:
        return row.sent_timestamp
    latest = db.scalar(
        sa.select(sa.func.max(Delivery.sent_timestamp)).filter(
            Delivery.link_id == row.link_id,
            Delivery.person_id == row.person_id,
        )
    )
    present = now.replace(microsecond=0)
    return present if latest is None else max(present, latest + timedelta(seconds=1))


def _open_row(db: Session, delivery_id: uuid.UUID) -> Delivery | None:
    row = db.get(Delivery, delivery_id, with_for_update=True)
    return row if row is not None and row.state == PENDING else None


def _pause(row: Delivery) -> timedelta:
    growing: timedelta = FIRST_PAUSE * 2 ** min(row.attempts - 1, 16)
    return min(growing, LONGEST_PAUSE)


def _give_up_if_old(row: Delivery, code: str, now: datetime) -> None:
    if now - row.created_at >= GIVE_UP_AFTER:
        _fail(row, code, now)


def _fail(row: Delivery, code: str, now: datetime) -> None:
    row.state, row.failure, row.finished_at, row.leased_until = FAILED, code, now, None
    log.warning("delivery_failed", delivery_id=str(row.id), failure=code)
