"""Grades that teachers gave in the LMS: what a grade that was read back means.

What the tool sent and finds again is no judgement by a teacher: only a grade that differs from
every score sent to that column is kept, and one that reaches the unit's threshold is recorded as
completing the unit. A grade that is lowered or taken away later takes nothing away by itself: it is
a question to the teacher. Over a teacher's grade no score is sent.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from badges.completion import Route
from badges.rules import PointsAtLeast, Rule, SignOff
from lti_tool.errors import NotFound
from lti_tool.lti.grades import Result
from lti_tool.models import (
    CompletionRecord,
    Course,
    CourseMember,
    Delivery,
    GradebookResult,
    Person,
    Placement,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.awarding import enrolments
from lti_tool.services.completing import completions
from lti_tool.services.definitions import catalogue
from lti_tool.services.lms import readings
from lti_tool.services.outbox import deliveries

_POINTS = Decimal("0.001")
_KEPT = Decimal("0.00001")
_LARGEST = Decimal(10**8)


class Verdict(StrEnum):
    """What a teacher's grade says of the unit."""

    ENOUGH = "enough"
    BELOW = "below"
    UNSUITED = "unsuited"  # one grade cannot say what the unit's rule asks for
    GONE = "gone"  # there is no grade any more


@dataclass(frozen=True, slots=True)
class Question:
    """A grade in the LMS that contradicts what is recorded; a person decides."""

    result: GradebookResult
    unit_code: str
    verdict: Verdict


def changed(
    db: Session, link_id: uuid.UUID, results: Mapping[str, Result]
) -> list[tuple[uuid.UUID, Result]]:
    """Return the learners of the link's course whose grade there has become another, with it.

    Teachers of the course and people who were never seen in it are left out. Reads only.
    """
    link = db.get_one(ResourceLink, link_id)
    learners = db.execute(
        sa.select(Person.sub, Person.id)
        .join(CourseMember, CourseMember.person_id == Person.id)
        .filter(CourseMember.course_id == link.course_id, CourseMember.is_tester.is_(False))
    ).all()
    last = {row.person_id: row for row in _last_of(db, link)}
    sent = _sent(db, link)
    nothing = Result(None, None, None)
    found = []
    for sub, person_id in learners:
        result = _tidied(results.get(sub, nothing))
        if _is_news(last.get(person_id), result, sent.get(person_id, ())):
            found.append((person_id, result))
    return found


def take_in(
    db: Session, link_id: uuid.UUID, person_id: uuid.UUID, result: Result, now: datetime
) -> Verdict | None:
    """Keep one learner's grade that has become another, and act on it. Idempotent.

    Returns what it says of the unit; None where it was nothing new.
    """
    link = db.get_one(ResourceLink, link_id)
    person = db.get_one(Person, person_id)
    if link.placement is None or link.unit_code is None or link.line_item_url is None:
        return None
    version = link.placement.version
    enrolments.lock(db, person, version, now)
    last = db.scalar(_last(link).filter(GradebookResult.person_id == person_id))
    sent = _sent(db, link, person_id).get(person_id, ())
    if not _is_news(last, result, sent):
        return None
    row = GradebookResult(
        id=uuid.uuid4(),
        link_id=link.id,
        person_id=person_id,
        sequence=last.sequence + 1 if last else 1,
        line_item_url=link.line_item_url,
        score=result.score,
        maximum=result.maximum if result.score is not None else None,
        is_own=_is_own(result, sent),
        read_at=now,
        read_by=link.results_wanted_by or readings.BY_SCHEDULE,
    )
    db.add(row)
    db.flush()
    verdict = verdict_of(catalogue.definition(version).unit(link.unit_code).rule, row)
    if verdict is Verdict.ENOUGH and not row.is_own:
        points = points_of(catalogue.definition(version).unit(link.unit_code).rule, row)
        completions.record_graded(db, row, link, points, now)
    else:
        completions.reevaluate(db, person, version, now)
    return None if row.is_own else verdict


def verdict_of(rule: Rule, row: GradebookResult) -> Verdict:
    if row.score is None:
        return Verdict.GONE
    if isinstance(rule, PointsAtLeast):
        points = points_of(rule, row)
        return Verdict.ENOUGH if points is not None and points >= rule.minimum else Verdict.BELOW
    if isinstance(rule, SignOff):
        is_full = row.maximum is not None and row.score >= row.maximum
        return Verdict.ENOUGH if is_full else Verdict.BELOW
    return Verdict.UNSUITED


def points_of(rule: Rule, row: GradebookResult) -> Decimal | None:
    """Return a grade on the scale of the unit's marks, in thousandths; None where it has none."""
    if not isinstance(rule, PointsAtLeast) or row.score is None or not row.maximum:
        return None
    return (row.score * rule.maximum / row.maximum).quantize(_POINTS, ROUND_HALF_UP)


def questions(
    db: Session, placement: Placement, complete: Mapping[uuid.UUID, Collection[str]]
) -> list[Question]:
    """Return the grades of a placement's links that contradict its records, oldest first.

    `complete`: the units that each learner of the course has completed.
    """
    mc = catalogue.definition(placement.version)
    units = {unit.code: unit for unit in mc.units}
    asked = []
    for row in db.scalars(_open_of(placement)):
        unit = units.get(row.link.unit_code or "")
        if unit is None or row.person_id not in complete:
            continue
        verdict = verdict_of(unit.rule, row)
        is_complete = unit.code in complete[row.person_id]
        doubts = verdict in (Verdict.BELOW, Verdict.GONE) and is_complete
        if (doubts and _is_answerable(db, row, verdict)) or (
            verdict is Verdict.UNSUITED and not is_complete
        ):
            asked.append(Question(row, unit.code, verdict))
    return asked


def counts(db: Session, link_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many learners have a teacher's own grade in each of these links' columns."""
    newer = aliased(GradebookResult)
    found = (
        sa.select(GradebookResult.link_id, sa.func.count())
        .filter(
            GradebookResult.link_id.in_(link_ids),
            GradebookResult.score.is_not(None),
            GradebookResult.is_own.is_(False),
            _has_no_newer(newer),
        )
        .group_by(GradebookResult.link_id)
    )
    return {link_id: number for link_id, number in db.execute(found)}  # noqa: C416 - a row is no pair


def settle(db: Session, course: Course, result_id: uuid.UUID, *, actor: str, now: datetime) -> None:
    """Leave the records as they are, whatever the gradebook says; a new grade asks anew.

    Raises:
        NotFound: `unknown_result`: there is none, or it is another course's.
    """
    row = db.get(GradebookResult, result_id)
    if row is None or row.link.course_id != course.id:
        raise NotFound("unknown_result")
    if row.settled_at is None:
        row.settled_at, row.settled_by = now, actor
        audit.note(db, actor, "result.settled", f"gradebook_result:{row.id}", now)


def _has_no_newer(newer: type[GradebookResult]) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(
        newer.link_id == GradebookResult.link_id,
        newer.person_id == GradebookResult.person_id,
        newer.sequence > GradebookResult.sequence,
    )


def _last(link: ResourceLink) -> sa.Select[GradebookResult]:
    newer = aliased(GradebookResult)
    return sa.select(GradebookResult).filter(
        GradebookResult.link_id == link.id,
        _has_no_newer(newer),
    )


def _last_of(db: Session, link: ResourceLink) -> Sequence[GradebookResult]:
    return db.scalars(_last(link)).all()


def _open_of(placement: Placement) -> sa.Select[GradebookResult]:
    newer = aliased(GradebookResult)
    return (
        sa.select(GradebookResult)
        .join(GradebookResult.link)
        .filter(
            ResourceLink.placement_id == placement.id,
            GradebookResult.settled_at.is_(None),
            GradebookResult.is_own.is_(False),
            _has_no_newer(newer),
        )
        .options(contains_eager(GradebookResult.link), joinedload(GradebookResult.person))
        .order_by(GradebookResult.read_at, GradebookResult.id)
    )


def _is_answerable(db: Session, row: GradebookResult, verdict: Verdict) -> bool:
    """Whether something of this course stands that the grade speaks against.

    A grade that is gone contradicts only what rests on it.
    """
    retraction = aliased(CompletionRecord)
    standing = sa.select(CompletionRecord.id).filter(
        CompletionRecord.person_id == row.person_id,
        CompletionRecord.course_id == row.link.course_id,
        CompletionRecord.unit_code == row.link.unit_code,
        CompletionRecord.retracts_id.is_(None),
        ~sa.exists().where(retraction.retracts_id == CompletionRecord.id),
    )
    if verdict is Verdict.GONE:
        standing = standing.filter(CompletionRecord.route == Route.GRADED.value)
    return db.scalar(standing.limit(1)) is not None


def _sent(
    db: Session, link: ResourceLink, person_id: uuid.UUID | None = None
) -> dict[uuid.UUID, tuple[Decimal, ...]]:
    """Return the shares of the maximum that were sent, or may have been, to the link's column.

    A column keeps its grades when its address changes (a registration renewed, a site renamed), and
    links that share one show each other's.
    """
    of_column = sa.select(ResourceLink.id).filter(
        ResourceLink.course_id == link.course_id, ResourceLink.line_item_url == link.line_item_url
    )
    found = sa.select(Delivery.person_id, Delivery.points, Delivery.maximum).filter(
        sa.or_(Delivery.link_id == link.id, Delivery.link_id.in_(of_column)),
        Delivery.attempts > 0,
        Delivery.points.is_not(None),
    )
    if person_id is not None:
        found = found.filter(Delivery.person_id == person_id)
    shares: dict[uuid.UUID, tuple[Decimal, ...]] = {}
    for person, points, maximum in db.execute(found):
        if points is not None and maximum:
            shares[person] = (*shares.get(person, ()), points / maximum)
    return shares


def _tidied(result: Result) -> Result:
    """Return a grade as it can be kept; without a usable scale it is none."""
    score, maximum = result.score, result.maximum
    if score is None or maximum is None or not _KEPT <= maximum < _LARGEST:
        return Result(None, None, None)
    score = min(max(score, Decimal(0)), maximum)
    return Result(score.quantize(_KEPT), maximum.quantize(_KEPT), None)


def _is_own(result: Result, sent: Iterable[Decimal]) -> bool:
    if result.score is None or not result.maximum:
        return False
    share, slack = result.score / result.maximum, deliveries.slack(result.maximum)
    return any(abs(share - one) < slack for one in sent)


def _is_news(last: GradebookResult | None, result: Result, sent: Iterable[Decimal]) -> bool:
    """Whether the gradebook holds something else than when it was read last."""
    if last is None:
        return result.score is not None and not _is_own(result, sent)
    if last.is_own:
        return result.score is not None and not _is_own(result, sent)
    same = (last.score, last.maximum) == (result.score, result.maximum)
    return not same
