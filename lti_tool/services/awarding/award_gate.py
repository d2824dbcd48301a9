"""Which of those who completed everything get their award at once, and who waits for a person.

A course can ask for more of a choice than the definition. The courses in which somebody has results
that count are asked, that of the latest first, of what is made of others those that offer it: the
first that has all it asks for decides, and its confirmations are needed. Where none has, nobody
waits for a person: each course shows what it still asks for. Where none of these offers the
version, as of results that came along from one before, the courses in which somebody learns are
asked. A person is asked, whatever is set, where an award rests on what somebody earned in another
LMS under a name that is not surely the same. Who waits in a course waits there until an assessor
has recorded something since, or it asks for something that is not complete.
`confirming` is what teachers do about those who wait, `given_meanwhile` what they are told.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges.completion import Progress
from lti_tool.models import CourseMember, MicroCredentialVersion, PendingAward, Placement
from lti_tool.services.definitions import catalogue, electives

NEVER = "0001-01-01T00:00:00+00:00"
"""When a confirmation was given that counts for nothing: releases that know of no taking back ask
for this alone."""
TAKEN_BACK = "taken_back_at"
TAKEN_BACK_BY = "taken_back_by"
"""Who took back what somebody else had confirmed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody without an award who completed everything at `completed_at`, by the definition.

    `courses`: those that are asked, in this order, at least one. `judged_at`: when an assessor last
    recorded something, or a part was granted. `is_doubtful`: it rests on what was earned in another
    LMS under another name, or none, so a person is asked whatever the course says.
    """

    person_id: uuid.UUID
    courses: Sequence[uuid.UUID]
    progress: Progress
    completed_at: datetime
    judged_at: datetime | None
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """`course_id`: which course decided. `confirmed_by`: as in `Award`; empty where nobody had to
    confirm."""

    course_id: uuid.UUID
    confirmed_by: Sequence[dict[str, str]] = ()

    @property
    def last_at(self) -> datetime | None:
        """When the last who was needed confirmed."""
        return max((_at(one) for one in self.confirmed_by), default=None)


def demanded(version: MicroCredentialVersion) -> int:
    """Return how many different people the definition wants to confirm an award, 0 or more."""
    return catalogue.definition(version).confirmations or 0


def needed(placement: Placement) -> int:
    """Return how many different teachers confirm an award of this course."""
    return max(placement.confirmations, demanded(placement.version))


def sieve(
    db: Session, version: MicroCredentialVersion, candidates: Sequence[Candidate], now: datetime
) -> Mapping[uuid.UUID, Passed]:
    """Return those who get their award; note the others as waiting.

    A constant number of statements.
    """
    if not candidates:
        return {}
    people = [one.person_id for one in candidates]
    pending = waiting(db, version, people)
    courses = {each for one in candidates for each in one.courses}
    here = dict(_offering(db, version, courses | {row.course_id for row in pending.values()}))
    homeless = [one.person_id for one in candidates if here.keys().isdisjoint(one.courses)]
    learning = _learning(db, version, homeless)
    here |= {each.course_id: each for found in learning.values() for each in found}
    passed = {}
    for one in candidates:
        row = pending.get(one.person_id)
        if row is not None and is_declined(row, one.judged_at):
            continue  # it stays with those who said so
        there = [each.course_id for each in learning.get(one.person_id, ())]
        course_id = _deciding(one, row, here, there)
        if course_id is None:
            if row is not None and row.course_id not in here:
                db.delete(row)  # nobody can be asked there any more
            continue
        found = _pass(version, one, course_id, here, row)
        if found is not None:
            passed[one.person_id] = found
            if row is not None:
                _leave(db, row, course_id, here)
        else:
            _wait(db, version, course_id, one, row, now)
    return passed


def no_longer_waiting(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID]
) -> None:
    """Let people wait no longer who get the award in another LMS, or from whom it was taken away;
    what a teacher declined stays."""
    for pending in waiting(db, version, people).values():
        if pending.declined_at is None:
            db.delete(pending)


def counting(pending: PendingAward, completed_at: datetime) -> list[dict[str, str]]:
    """Return the confirmations that were given for what is completed now."""
    return [one for one in _given(pending) if _at(one) >= completed_at]


def has_given(pending: PendingAward, by: Mapping[str, str]) -> bool:
    """Whether `by` ({"person": id} or {"account": id}) has confirmed it, and not taken it back."""
    return any(confirmer(one) == confirmer(by) for one in _given(pending))


def give(pending: PendingAward, by: Mapping[str, str], now: datetime) -> None:
    """Confirm it as `by`; twice is once."""
    kept = [one for one in pending.confirmed_by if confirmer(one) != confirmer(by)]
    undone = [one for one in pending.confirmed_by if one not in kept and TAKEN_BACK in one]
    pending.confirmed_by = [*kept, *undone, {**by, "at": now.isoformat()}]


def take_back(
    pending: PendingAward,
    of: Mapping[str, str],
    reason: str,
    now: datetime,
    *,
    by: uuid.UUID | None = None,
) -> None:
    """Let what `of` confirmed count no more, and keep that and why; what was taken back before of
    the same is said no longer. `by`: the person who does, if it is somebody else."""
    said = {"at": NEVER, TAKEN_BACK: now.isoformat(), "reason": reason}
    if by is not None:
        said[TAKEN_BACK_BY] = str(by)
    kept = [one for one in pending.confirmed_by if confirmer(one) != confirmer(of)]
    pending.confirmed_by = [*kept, {**of, **said}]


def taken_back(pending: PendingAward, completed_at: datetime) -> list[dict[str, str]]:
    """Return the confirmations of what is completed now that somebody took back."""
    return [
        one
        for one in pending.confirmed_by
        if TAKEN_BACK in one and datetime.fromisoformat(one[TAKEN_BACK]) >= completed_at
    ]


def confirmer(confirmation: Mapping[str, str]) -> str:
    """Return who gave a confirmation: the id of a person of an LMS, or of an account."""
    return confirmation.get("person") or confirmation["account"]


def is_declined(pending: PendingAward, judged_at: datetime | None) -> bool:
    """Whether a teacher said no, and no assessor has recorded anything since."""
    said = pending.declined_at
    return said is not None and (judged_at is None or judged_at <= said)


def _deciding(
    one: Candidate,
    pending: PendingAward | None,
    here: Mapping[uuid.UUID, Placement],
    there: Sequence[uuid.UUID],
) -> uuid.UUID | None:
    """Return the first course that has all it asks for; None: there is none yet.

    `there`: those to ask where none of the courses offers it (any more). Where there is none
    either, nothing is asked, and nobody there can confirm it: the awarding body's administrators
    do.
    """
    asked = [*one.courses, *there]
    if pending is not None and (one.judged_at is None or one.judged_at <= pending.since):
        asked[:0] = [pending.course_id] if pending.course_id in here else []
    offering = [here[course_id] for course_id in asked if course_id in here]
    if not offering:
        return asked[0]
    fulfilled = (each for each in offering if electives.under(one.progress, each).is_complete)
    return next((each.course_id for each in fulfilled), None)


def _pass(
    version: MicroCredentialVersion,
    one: Candidate,
    course_id: uuid.UUID,
    here: Mapping[uuid.UUID, Placement],
    pending: PendingAward | None,
) -> Passed | None:
    placement = here.get(course_id)
    count = needed(placement) if placement is not None else demanded(version)
    count = max(count, int(one.is_doubtful))
    if not count:
        return Passed(course_id)
    if pending is None:
        return None
    given = counting(pending, one.completed_at)
    is_enough = len({confirmer(each) for each in given}) >= count
    return Passed(course_id, given) if is_enough else None


def _leave(
    db: Session,
    pending: PendingAward,
    course_id: uuid.UUID,
    here: Mapping[uuid.UUID, Placement],
) -> None:
    """Wait no longer. Where another course gave it than the one in which it waited, the row stays
    beside the award, to tell the teachers of that one."""
    if pending.course_id == course_id or pending.course_id not in here:
        db.delete(pending)
        return
    pending.confirmed_by = []
    pending.declined_at = pending.declined_by_id = pending.declined_reason = None


def _wait(
    db: Session,
    version: MicroCredentialVersion,
    course_id: uuid.UUID,
    one: Candidate,
    pending: PendingAward | None,
    now: datetime,
) -> None:
    since = max(now, one.judged_at or now)  # of records made at one moment the last is later
    if pending is None:
        db.add(
            PendingAward(
                person_id=one.person_id,
                version_id=version.id,
                course_id=course_id,
                since=since,
                confirmed_by=[],
            )
        )
    elif pending.course_id != course_id:
        pending.course_id, pending.since = course_id, since


def _offering(
    db: Session, version: MicroCredentialVersion, courses: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Placement]:
    found = sa.select(Placement).filter(
        Placement.version_id == version.id, Placement.course_id.in_(courses)
    )
    return {placement.course_id: placement for placement in db.scalars(found)}


def _learning(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[Placement]]:
    """Return where a version is offered to these people: first where they are now, and of those
    what asks for the most confirmations."""
    if not people:
        return {}
    rows = db.execute(
        sa.select(CourseMember.person_id, CourseMember.left_at, Placement)
        .join(Placement, Placement.course_id == CourseMember.course_id)
        .filter(
            Placement.version_id == version.id,
            CourseMember.person_id.in_(people),
            ~CourseMember.is_tester,
        )
    ).all()
    found: dict[uuid.UUID, list[Placement]] = {}
    for person_id, _, placement in sorted(
        rows, key=lambda row: (row[1] is not None, -needed(row[2]), row[2].course_id)
    ):
        found.setdefault(person_id, []).append(placement)
    return found


def waiting(
    db: Session, version: MicroCredentialVersion, people: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, PendingAward]:
    """Return what is kept of those of `people` who wait for a version, or did."""
    found = sa.select(PendingAward).filter(
        PendingAward.version_id == version.id, PendingAward.person_id.in_(people)
    )
    return {pending.person_id: pending for pending in db.scalars(found)}


def _given(pending: PendingAward) -> list[dict[str, str]]:
    return [one for one in pending.confirmed_by if TAKEN_BACK not in one]


def _at(confirmation: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(confirmation["at"])
