"""People of several LMSs who are one person: who belongs together, and what follows for awards.

They stay rows of their own, with what each school keeps; `people.joint_id` is what they share.
Where larger micro-credentials are judged they are judged together, under the locks of all.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from lti_tool.errors import Conflict
from lti_tool.models import (
    Award,
    BorrowedPart,
    Credential,
    MicroCredentialVersion,
    PendingAward,
    Person,
    Platform,
)
from lti_tool.services.awarding import names

Groups = Mapping[uuid.UUID, frozenset[uuid.UUID]]
"""Who belongs together, by each of them; those who are joined with nobody are not among them."""

IS_CLAIMED = (
    sa.select(Credential.id)
    .filter(Credential.award_id == Award.id, Credential.revoked_at.is_(None))
    .exists()
)


def groups(db: Session, people: Collection[uuid.UUID] | sa.Select[uuid.UUID]) -> Groups:
    """Return whom each of these people, and whoever is joined with them, is."""
    one, other = aliased(Person), aliased(Person)
    rows = db.execute(
        sa.select(other.joint_id, other.id)
        .join(one, one.joint_id == other.joint_id)
        .filter(one.id.in_(people), one.joint_id.is_not(None))
    )
    together: defaultdict[uuid.UUID | None, set[uuid.UUID]] = defaultdict(set)
    for joint_id, person_id in rows:
        together[joint_id].add(person_id)
    return {person: frozenset(group) for group in together.values() for person in group}


def others(db: Session, person: Person) -> Sequence[Person]:
    """Return who a person is in other LMSs, by when they were joined."""
    if person.joint_id is None:
        return ()
    return others_of(db, [person])[person.id]


def others_of(db: Session, people: Iterable[Person]) -> Mapping[uuid.UUID, Sequence[Person]]:
    """Return the same for many, by the id of each."""
    shared: dict[uuid.UUID | None, uuid.UUID] = {one.joint_id: one.id for one in people}
    shared.pop(None, None)
    if not shared:
        return {}
    found = sa.select(Person).filter(Person.joint_id.in_(shared), Person.id.not_in(shared.values()))
    found = found.options(joinedload(Person.platform).joinedload(Platform.organisation))
    others: defaultdict[uuid.UUID, list[Person]] = defaultdict(list)
    for one in db.scalars(found.order_by(Person.joined_at, Person.id)):
        others[shared[one.joint_id]].append(one)
    return others


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a person has of a larger one in another LMS: an award, or None while it waits there, or
    was declined."""

    person: Person
    award: Award | None
    is_claimed: bool


def elsewhere(db: Session, person: Person, version: MicroCredentialVersion) -> Elsewhere | None:
    """Return where else a person has, or waits for, the award of a version, or where somebody
    declined it."""
    known = {one.id: one for one in others(db, person)}
    if not known:
        return None
    held = sa.select(Award, IS_CLAIMED).filter(
        Award.person_id.in_(known),
        Award.version_id == version.id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
    )
    for award, is_claimed in db.execute(held.order_by(Award.granted_at)):
        return Elsewhere(known[award.person_id], award, is_claimed)
    waiting = sa.select(PendingAward.person_id).filter(
        PendingAward.person_id.in_(known),
        PendingAward.version_id == version.id,
    )
    is_first = PendingAward.declined_at.is_(None).desc()
    for person_id in db.scalars(waiting.order_by(is_first, PendingAward.person_id)):
        return Elsewhere(known[person_id], None, False)
    return None


def check_unclaimed(db: Session, award: Award) -> None:
    """Refuse to claim what the same person has claimed in another LMS.

    Asked once the locks are held: what is read then is what holds.

    Raises:
        Conflict: `award_claimed_elsewhere`.
    """
    if award.is_test or award.parts is None:
        return
    own, other = aliased(Person), aliased(Person)
    claimed = (
        sa.select(Award.id)
        .join(other, Award.person_id == other.id)
        .join(own, own.joint_id == other.joint_id)
        .filter(
            own.id == award.person_id,
            other.id != own.id,
            Award.version_id == award.version_id,
            Award.is_test.is_(False),
            Award.withdrawn_at.is_(None),
            IS_CLAIMED,
        )
    )
    if db.scalar(claimed.limit(1)) is not None:
        raise Conflict("award_claimed_elsewhere")


@dataclass(frozen=True, slots=True)
class Borrowed:
    """`part`: an award that `by`, a person who had claimed a badge of this series, rests on."""

    part: uuid.UUID
    by: uuid.UUID
    version: uuid.UUID


def borrowed(
    db: Session,
    people: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    parts: Collection[uuid.UUID],
    version: MicroCredentialVersion,
) -> Sequence[Borrowed]:
    """Return which parts claimed badges of this series rest on across a joint: those that these
    people borrowed, and those of `parts` that somebody did."""
    rows = db.execute(
        sa.select(BorrowedPart.part_id, Award.person_id, Award.version_id)
        .join(Award, BorrowedPart.award_id == Award.id)
        .join(Award.version)
        .filter(
            MicroCredentialVersion.series_id == version.series_id,
            Award.withdrawn_at.is_(None),
            IS_CLAIMED,
            sa.or_(Award.person_id.in_(people), BorrowedPart.part_id.in_(parts)),
        )
    )
    return [Borrowed(*row) for row in rows]


def borrowers(
    db: Session, person_id: uuid.UUID, version_id: uuid.UUID
) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
    """Return who (person, version) has an award that rests on this person's of a version, joined
    with them still or no longer."""
    part = aliased(Award)
    rows = db.execute(
        sa.select(Award.person_id, Award.version_id)
        .join(BorrowedPart, BorrowedPart.award_id == Award.id)
        .join(part, BorrowedPart.part_id == part.id)
        .filter(
            part.person_id == person_id,
            part.version_id == version_id,
            Award.withdrawn_at.is_(None),
        )
        .order_by(Award.version_id, Award.person_id)
    )
    return [(row.person_id, row.version_id) for row in rows]


def note_borrowed(db: Session, award: Award, parts: Iterable[Award]) -> None:
    """Keep which parts of an award the person earned in another LMS."""
    borrowed = [part for part in parts if part.person_id != award.person_id]
    if borrowed:
        db.flush()  # the award first, which they refer to
        db.add_all(BorrowedPart(award_id=award.id, part_id=part.id) for part in borrowed)


def is_doubtful(person: Person, parts: Iterable[Award]) -> bool:
    """Whether an award rests on what somebody earned whose LMS gives another name, or none."""
    owners = {part.person_id: part.person for part in parts} | {person.id: person}
    return len(owners) > 1 and not names.same(*(one.name for one in owners.values()))
