"""What teachers do about awards that wait for a confirmation: confirm, decline, take that back.

Each refuses who may not sign off in the course or does not lead it, see
`assessors.check_decides`.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.completion import Progress
from lti_tool.errors import Conflict
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    Credential,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Placement,
)
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import award_gate, enrolments, joints, stacks
from lti_tool.services.awarding.awards import NOT_CONFIRMED
from lti_tool.services.completing import assessors, judging
from lti_tool.services.courses.roster import Learner
from lti_tool.services.definitions import electives


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A confirmation that counts no more. `of`: whose it was, None: an administrator's. `by`: who
    took it back, None: they did themselves."""

    of: Person | None
    at: datetime
    reason: str
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody who completed everything and has no award yet.

    `by`: who has confirmed it so far, besides `administrators` (how many). `declined_reason`: why
    somebody said no, if one did.
    `others`: who they are by their own word in those other LMSs that the award would rest on.
    `is_stuck`: the course has too few people who can confirm it; only `of_person` says so.
    `taken_back`: what was confirmed and taken back since it is completed.
    """

    person: Person
    completed_at: datetime
    by: Sequence[Person]
    declined_by: Person | None = None
    declined_reason: str | None = None
    others: Sequence[Person] = ()
    is_stuck: bool = False
    administrators: int = 0
    taken_back: Sequence[TakenBack] = ()

    @property
    def is_declined(self) -> bool:
        return self.declined_reason is not None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many people got their award, and how many wait for another teacher."""

    awarded: int
    halfway: int


@dataclass(frozen=True, slots=True)
class Undone:
    """How many people wait again, and who had claimed the badge before."""

    waiting: int
    claimed: Collection[uuid.UUID]


def waiting(db: Session, placement: Placement, learners: Iterable[Learner]) -> Sequence[Waiting]:
    """Return who of `learners` waits in this course, those first who have waited longest."""
    complete = {
        one.person.id: one.progress for one in learners if one.progress.stated_at is not None
    }
    rows = [row for row in _pending(db, placement) if row.person_id in complete]
    return _as_waiting(db, placement.version, rows, complete)


def of_person(
    db: Session,
    person: Person,
    version: MicroCredentialVersion,
    progress: Progress,
    now: datetime,
    *,
    course: Course | None = None,
) -> Waiting | None:
    """Return what a person waits for; None without anything, with an award, or while the course in
    which they wait asks for something that is not complete.

    `course`: None also for what another course decides about; its teachers' words stay there.
    """
    is_complete = progress.stated_at is not None
    pending = db.get(PendingAward, (person.id, version.id)) if is_complete else None
    if pending is None:
        return None
    if course is not None and pending.course_id != course.id:
        return None
    decides = {"course_id": pending.course_id, "version_id": version.id}
    placement = db.scalar(sa.select(Placement).filter_by(**decides))
    if placement is not None and not electives.under(progress, placement).is_complete:
        return None
    rows = [(pending, placement)]
    return of_people(db, version, rows, {person.id: progress}, now).get(person.id)


def of_people(
    db: Session,
    version: MicroCredentialVersion,
    rows: Iterable[tuple[PendingAward, Placement | None]],
    progress: Mapping[uuid.UUID, Progress],
    now: datetime,
) -> Mapping[uuid.UUID, Waiting]:
    """Return what those wait for who are complete and have no award, by person, in a constant
    number of statements. `rows`: each with the placement in which it waits, if any."""
    placed = {
        pending: placement
        for pending, placement in rows
        if progress[pending.person_id].stated_at is not None
        and (
            placement is None or electives.under(progress[pending.person_id], placement).is_complete
        )
    }
    there = assessors.deciding(db, {one for one in placed.values() if one is not None}, now)
    placements = {pending.person_id: placement for pending, placement in placed.items()}
    found = {}
    for one in _as_waiting(db, version, list(placed), progress):
        placement = placements[one.person.id]
        given = {one.id for one in one.by}
        is_stuck = placement is not None and _lacks(
            placement, there[placement.id] | given, one.administrators
        )
        found[one.person.id] = replace(one, is_stuck=is_stuck)
    return found


def has_too_few(db: Session, placement: Placement, now: datetime) -> bool:
    """Whether an award of this course needs more different people to confirm it than are there."""
    return bool(with_too_few(db, [placement], now))


def with_too_few(
    db: Session, placements: Collection[Placement], now: datetime
) -> Collection[uuid.UUID]:
    """Return in which of these placements, by id, an award needs more different people to confirm
    it than are there, in a constant number of statements."""
    there = assessors.deciding(db, placements, now)
    return {one.id for one in placements if _lacks(one, there[one.id])}


def _lacks(placement: Placement, there: Collection[uuid.UUID], administrators: int = 0) -> bool:
    return award_gate.needed(placement) > len(there) + administrators


def confirmed(db: Session, placement: Placement) -> Sequence[Award]:
    """Return the awards of this course that teachers confirmed and nobody has claimed yet."""
    unclaimed = ~sa.exists().where(Credential.award_id == Award.id)
    found = sa.select(Award).filter(
        Award.version_id == placement.version_id,
        Award.course_id == placement.course_id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
        unclaimed,
    )
    awards = db.scalars(found.options(joinedload(Award.person)).order_by(Award.granted_at.desc()))
    return [award for award in awards if award.confirmed_by]


def confirmers(db: Session, award: Award) -> Sequence[tuple[Person | None, datetime]]:
    """Return who confirmed an award, and when; None: an administrator."""
    given = [
        (_person_of(one), datetime.fromisoformat(one["at"])) for one in award.confirmed_by or ()
    ]
    people = _people(db, {person for person, _ in given if person is not None})
    return [(people[person] if person is not None else None, at) for person, at in given]


def confirm(
    db: Session, placement: Placement, people: Collection[uuid.UUID], *, by: Person, now: datetime
) -> Confirmed:
    """Confirm the awards of those of `people` who wait here; of others nothing happens."""
    assessors.check_decides(db, placement.course_id, placement.version_id, by.id, now)
    rows = _locked(db, placement, people, now)
    for row in rows:
        award_gate.give(row, {"person": str(by.id)}, now)
        row.declined_at = row.declined_by_id = row.declined_reason = None
        _note(db, by, "award.confirmed", placement, row.person_id, now)
    concerned = [row.person_id for row in rows]
    judging.judge_all(db, concerned, placement.version, now)
    held = sa.select(sa.func.count()).select_from(Award)
    awarded = db.scalars(
        held.filter(
            Award.person_id.in_(concerned),
            Award.version_id == placement.version_id,
            Award.is_test.is_(False),
            Award.withdrawn_at.is_(None),
        )
    ).one()
    return Confirmed(awarded=awarded, halfway=len(concerned) - awarded)


def decline(
    db: Session,
    placement: Placement,
    people: Collection[uuid.UUID],
    *,
    by: Person,
    reason: str,
    now: datetime,
) -> int:
    """Say no to the awards of those of `people` who wait here; return how many. It can be
    confirmed later, and waits again once an assessor records something new.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
    """
    reason = reasons.given(reason)
    assessors.check_decides(db, placement.course_id, placement.version_id, by.id, now)
    rows = _locked(db, placement, people, now)
    for row in rows:
        row.confirmed_by = []
        row.declined_at, row.declined_by_id, row.declined_reason = now, by.id, reason
        _note(db, by, "award.declined", placement, row.person_id, now)
    db.flush()
    return len(rows)


def take_back(
    db: Session,
    placement: Placement,
    people: Collection[uuid.UUID],
    *,
    by: Person,
    reason: str,
    now: datetime,
) -> Undone:
    """Let `people` wait again whose award was confirmed here, or so far by this person among
    others. The word of these stays, unless an award would stand on it alone, or is taken back by
    somebody who did not confirm it. A badge that was claimed stays: withdrawing that is an act of
    its own.

    Raises:
        ToolError: `reason_missing`, `reason_too_long`.
        Conflict: `confirmation_not_asked`: somebody would get the award again at once.
    """
    reason, own = reasons.given(reason), {"person": str(by.id)}
    assessors.check_decides(db, placement.course_id, placement.version_id, by.id, now)
    rows = [row for row in _locked(db, placement, people, now) if award_gate.has_given(row, own)]
    awards = [award for award in confirmed(db, placement) if award.person_id in people]
    for award in awards:
        award.withdrawn_at, award.withdrawn_reason = now, NOT_CONFIRMED
        stacks.want(db, award, now)
    concerned = [row.person_id for row in rows] + [award.person_id for award in awards]
    for person_id in concerned:
        _note(db, by, "award.confirmation_undone", placement, person_id, now)
    db.flush()
    judging.judge_all(db, concerned, placement.version, now)
    if _holders(db, placement.version, concerned):
        raise Conflict("confirmation_not_asked")
    given = {award.person_id: award.confirmed_by or [] for award in awards}
    for person_id, row in award_gate.waiting(db, placement.version, concerned).items():
        if person_id in given and row.course_id == placement.course_id:
            _leave_others(row, given[person_id], placement, by, reason, now)
        else:
            award_gate.take_back(row, own, reason, now)
    db.flush()
    return Undone(len(concerned), _claimed(db, placement, set(people) - set(concerned)))


def _leave_others(
    row: PendingAward,
    given: Sequence[dict[str, str]],
    placement: Placement,
    by: Person,
    reason: str,
    now: datetime,
) -> None:
    """Of what was `given` leave what others than `by` said; all is taken back where `by` said
    nothing, or where what is left would be enough for an award."""
    is_own = {award_gate.confirmer(one): one.get("person") == str(by.id) for one in given}
    row.confirmed_by = [*given]
    left = list(is_own.values()).count(False)
    is_alone = any(is_own.values()) and left < max(1, award_gate.needed(placement))
    for one in given:
        if not is_own[award_gate.confirmer(one)] and is_alone:
            continue
        of = {name: value for name, value in one.items() if name in ("person", "account")}
        other = None if is_own[award_gate.confirmer(one)] else by.id
        award_gate.take_back(row, of, reason, now, by=other)


def _claimed(
    db: Session, placement: Placement, people: Collection[uuid.UUID]
) -> Collection[uuid.UUID]:
    """Return who of `people` has a badge of what this course confirmed."""
    found = sa.select(Award.person_id).filter(
        Award.version_id == placement.version_id,
        Award.course_id == placement.course_id,
        Award.person_id.in_(people),
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
        sa.exists().where(Credential.award_id == Award.id),
    )
    return set(db.scalars(found))


def judge_waiting(db: Session, placement: Placement, now: datetime) -> None:
    """Judge those who wait in a course anew, after it asks for fewer confirmations or none."""
    rows = _pending(db, placement)
    judging.judge_all(db, [row.person_id for row in rows], placement.version, now)


def _pending(db: Session, placement: Placement) -> Sequence[PendingAward]:
    """Return who waits in this course, or waited when they were complete last."""
    found = (
        sa.select(PendingAward)
        .filter_by(course_id=placement.course_id, version_id=placement.version_id)
        .options(joinedload(PendingAward.person), joinedload(PendingAward.declined_by))
    )
    return db.scalars(found).all()


def _locked(
    db: Session, placement: Placement, people: Collection[uuid.UUID], now: datetime
) -> Sequence[PendingAward]:
    """Lock people's work, then read who of them waits here."""
    known = [row.person_id for row in _pending(db, placement) if row.person_id in people]
    awarded = [award.person_id for award in confirmed(db, placement) if award.person_id in people]
    enrolments.lock_all(db, {*known, *awarded}, placement.version, now)
    found = (
        sa.select(PendingAward)
        .filter(
            PendingAward.course_id == placement.course_id,
            PendingAward.version_id == placement.version_id,
            PendingAward.person_id.in_(known),
        )
        .execution_options(populate_existing=True)
    )
    return _without_award(db, placement.version, db.scalars(found).all())


def _as_waiting(
    db: Session,
    version: MicroCredentialVersion,
    rows: Sequence[PendingAward],
    complete: Mapping[uuid.UUID, Progress],
) -> Sequence[Waiting]:
    rows = _without_award(db, version, rows)
    judged_at = _judged_at(db, version, [row.person_id for row in rows if row.declined_at])
    given = {row.person_id: _given(row, complete[row.person_id].stated_at) for row in rows}
    undone = {row.person_id: _undone(row, complete[row.person_id].stated_at) for row in rows}
    named = [one for each in given.values() for one in each]
    named += [_person_of(one) for each in undone.values() for one in each]
    named += [_undoer(one) for each in undone.values() for one in each]
    people = _people(db, {one for one in named if one is not None})
    others: Mapping[uuid.UUID, Sequence[Person]] = {}
    if enrolments.is_stacked(version):
        others = _resting_on(db, [row.person for row in rows], complete)
    found = []
    for row in rows:
        completed_at = complete[row.person_id].stated_at
        assert completed_at is not None
        is_declined = award_gate.is_declined(row, judged_at.get(row.person_id))
        found.append(
            Waiting(
                person=row.person,
                completed_at=completed_at,
                by=[people[one] for one in given[row.person_id] if one is not None],
                administrators=given[row.person_id].count(None),
                declined_by=row.declined_by if is_declined else None,
                declined_reason=row.declined_reason if is_declined else None,
                others=others.get(row.person_id, ()),
                taken_back=[_taken_back(one, people) for one in undone[row.person_id]],
            )
        )
    return sorted(found, key=lambda one: (one.completed_at, one.person.id))


def _resting_on(
    db: Session, people: Sequence[Person], complete: Mapping[uuid.UUID, Progress]
) -> Mapping[uuid.UUID, Sequence[Person]]:
    """Return by person who they are elsewhere, of those who earned a part that counts for them."""
    others = joints.others_of(db, people)
    parts = {
        person_id: {uuid.UUID(one.award) for one in stack.counted}
        for person_id in others
        if (stack := complete[person_id].stack) is not None
    }
    counted = {part for each in parts.values() for part in each}
    earned = sa.select(Award.id, Award.person_id).filter(Award.id.in_(counted))
    owner = {row.id: row.person_id for row in db.execute(earned)} if counted else {}
    return {
        person_id: [one for one in others[person_id] if one.id in {owner[part] for part in each}]
        for person_id, each in parts.items()
    }


def _given(row: PendingAward, completed_at: datetime | None) -> Sequence[uuid.UUID | None]:
    assert completed_at is not None
    return [_person_of(one) for one in award_gate.counting(row, completed_at)]


def _undone(row: PendingAward, completed_at: datetime | None) -> Sequence[dict[str, str]]:
    assert completed_at is not None
    return award_gate.taken_back(row, completed_at)


def _taken_back(one: Mapping[str, str], people: Mapping[uuid.UUID, Person]) -> TakenBack:
    of, by, at = _person_of(one), _undoer(one), datetime.fromisoformat(one[award_gate.TAKEN_BACK])
    return TakenBack(
        of=people[of] if of is not None else None,
        at=at,
        reason=one["reason"],
        by=people[by] if by is not None else None,
    )


def _undoer(one: Mapping[str, str]) -> uuid.UUID | None:
    """Return who took back what somebody else had confirmed."""
    person = one.get(award_gate.TAKEN_BACK_BY)
    return uuid.UUID(person) if person is not None else None


def _person_of(confirmation: Mapping[str, str]) -> uuid.UUID | None:
    """Return who confirmed it in the LMS; None: an administrator did."""
    person = confirmation.get("person")
    return uuid.UUID(person) if person is not None else None


def _without_award(
    db: Session, version: MicroCredentialVersion, rows: Sequence[PendingAward]
) -> Sequence[PendingAward]:
    if not rows:
        return rows
    has_award = _holders(db, version, [row.person_id for row in rows])
    return [row for row in rows if row.person_id not in has_award]


def _holders(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    held = sa.select(Award.person_id).filter(
        Award.version_id == version.id,
        Award.person_id.in_(people),
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
    )
    return set(db.scalars(held))


def _judged_at(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, datetime]:
    """Return when an assessor last recorded something of each, besides taking a record back."""
    if not people:
        return {}
    last = (
        sa.select(CompletionRecord.person_id, sa.func.max(CompletionRecord.recorded_at))
        .filter(
            CompletionRecord.version_id == version.id,
            CompletionRecord.person_id.in_(people),
            sa.or_(
                CompletionRecord.assessor_id.is_not(None),
                CompletionRecord.assessor_account_id.is_not(None),
            ),
            CompletionRecord.retracts_id.is_(None),
        )
        .group_by(CompletionRecord.person_id)
    )
    return {row[0]: row[1] for row in db.execute(last)}


def _people(db: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Person]:
    found = db.scalars(sa.select(Person).filter(Person.id.in_(ids))) if ids else ()
    return {person.id: person for person in found}


def _note(
    db: Session, by: Person, action: str, placement: Placement, person: uuid.UUID, now: datetime
) -> None:
    audit.note(db, f"person:{by.id}", action, f"placement:{placement.id}", now, person=str(person))
