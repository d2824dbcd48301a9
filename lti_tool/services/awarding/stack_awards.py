"""Awards of larger micro-credentials: who earns which version, and who decides about them.

A larger one belongs to its awarding body, whoever taught the parts. Its awards are decided about in
the courses that offer it to the learner, and by the administrators of that body; never in a course
that taught a part.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.micro_credential import MicroCredential
from lti_tool.errors import NotFound
from lti_tool.models import (
    Award,
    Course,
    CourseMember,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Person,
    Placement,
)
from lti_tool.services.awarding import award_gate
from lti_tool.services.awarding.joints import IS_CLAIMED, Groups
from lti_tool.services.awarding.moderation_draws import DISPUTED
from lti_tool.services.definitions import catalogue, lifecycle
from lti_tool.services.definitions.stack_parts import series_reference


def offered_to(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion
) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    """Return the courses that offer a version to each of these people and that they did not leave:
    where they came last first."""
    rows = db.execute(
        sa.select(CourseMember.person_id, CourseMember.course_id)
        .join(Placement, Placement.course_id == CourseMember.course_id)
        .filter(
            CourseMember.person_id.in_(people),
            CourseMember.left_at.is_(None),
            Placement.version_id == version.id,
        )
        .order_by(CourseMember.first_seen_at.desc(), CourseMember.course_id.desc())
    )
    found: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row.course_id)
    return found


def earning(
    db: Session,
    people: Collection[uuid.UUID],
    version: MicroCredentialVersion,
    offered: Collection[uuid.UUID],
    now: datetime,
    together: Groups,
) -> set[uuid.UUID]:
    """Return who earns this version of a larger one: those to whom a course offers it (`offered`).

    Of the newest version that is open also everybody else who holds no other version: they need
    not have opened anything, and nobody earns a series twice by itself, be it in two LMSs
    (`together`: all of them are among `people`).
    """
    if lifecycle.newest_open(_newest_first(version), now) != [version]:
        return set(offered)
    others = (
        sa.select(Award.person_id)
        .join(Award.version)
        .filter(
            Award.person_id.in_(people),
            Award.withdrawn_at.is_(None),
            Award.is_test.is_(False),
            MicroCredentialVersion.series_id == version.series_id,
            MicroCredentialVersion.id != version.id,
        )
    )
    holders = set(db.scalars(others))
    holders |= {one for holder in holders for one in together.get(holder, ())}
    return set(offered) | (set(people) - holders)


def holder(
    db: Session,
    version: MicroCredentialVersion,
    resting: Mapping[uuid.UUID, Sequence[Award]],
    offered: Mapping[uuid.UUID, Collection[uuid.UUID]],
) -> set[uuid.UUID]:
    """Return which of one person's rows gets the award, of those that earn it (`resting`, with the
    parts that it would rest on): where it was declined, or waits in a course that offers it, then
    where a course offers it, then where it waits for the awarding body, or the last part was
    earned."""
    pending = award_gate.waiting(db, version, list(resting))

    def order(person_id: uuid.UUID) -> tuple[bool, bool, bool, bool, bool, uuid.UUID]:
        waiting = pending.get(person_id)
        courses = offered.get(person_id, ())
        last = max(resting[person_id], key=lambda part: (part.awarded_at, part.id))
        return (
            waiting is None or waiting.declined_at is None,
            waiting is None or waiting.course_id not in courses,
            not courses,
            waiting is None,
            last.person_id != person_id,
            person_id,
        )

    return {min(resting, key=order)} if resting else set()


def _newest_first(version: MicroCredentialVersion) -> Sequence[MicroCredentialVersion]:
    return version.series.versions[::-1]


def decides(db: Session, course: Course, award: Award) -> bool:
    """Whether the teachers of a course decide about an award: it was earned there; a larger one
    where the course offers it to the learner."""
    if award.parts is None:
        return award.course_id == course.id
    offering = (
        sa.select(Placement.id)
        .join(CourseMember, CourseMember.course_id == Placement.course_id)
        .filter(
            Placement.course_id == course.id,
            Placement.version_id == award.version_id,
            CourseMember.person_id == award.person_id,
        )
    )
    return db.scalar(sa.select(offering.exists())) or False


def body(award: Award) -> uuid.UUID | None:
    """Return whose administrators decide about an award: one that is made of others, that a second
    person disputes, or that administrators alone confirmed; None of any other."""
    is_theirs = _is_of_body(award.parts, award.flagged_reason, award.confirmed_by)
    return award.version.series.organisation_id if is_theirs else None


def _is_of_body(
    parts: Sequence[Any] | None,
    flagged_reason: str | None,
    confirmed_by: Sequence[Mapping[str, str]] | None,
) -> bool:
    is_given_here = bool(confirmed_by) and all("account" in one for one in confirmed_by or ())
    return parts is not None or flagged_reason == DISPUTED or is_given_here


@dataclass(frozen=True, slots=True)
class LargerAward:
    """An award that stands, and whether its badge was claimed and is valid."""

    award: Award
    mc: MicroCredential
    is_claimed: bool


def resting_on(
    db: Session, person: Person, version: MicroCredentialVersion
) -> Sequence[LargerAward]:
    """Return the awards of a person that rest on one of this series, what came last first."""
    part = series_reference(version)
    rows = db.execute(
        sa.select(Award, IS_CLAIMED)
        .filter(Award.person_id == person.id, Award.withdrawn_at.is_(None))
        .order_by(Award.granted_at.desc(), Award.id)
    )
    return [
        LargerAward(award, catalogue.definition(award.version), is_claimed)
        for award, is_claimed in rows
        if any(one["reference"].rpartition("/")[0] == part for one in award.parts or ())
    ]


def of_other_versions(
    db: Session, person: Person, version: MicroCredentialVersion
) -> Sequence[LargerAward]:
    """Return a person's awards of other versions of the same series, what came last first."""
    rows = db.execute(
        sa.select(Award, IS_CLAIMED)
        .join(Award.version)
        .filter(
            Award.person_id == person.id,
            Award.withdrawn_at.is_(None),
            Award.is_test.is_(False),
            MicroCredentialVersion.series_id == version.series_id,
            MicroCredentialVersion.id != version.id,
        )
        .order_by(Award.granted_at.desc(), Award.id)
    )
    return [
        LargerAward(award, catalogue.definition(award.version), is_claimed)
        for award, is_claimed in rows
    ]


def own(db: Session, person: Person, award_id: uuid.UUID, version: MicroCredentialVersion) -> Award:
    """Return an award that stands and is this person's: a larger one, or of the series of
    `version`.

    Raises:
        NotFound: `not_awarded`.
    """
    award = db.get(Award, award_id)
    if award is None or award.person_id != person.id:
        raise NotFound("not_awarded")
    if award.parts is None and award.version.series_id != version.series_id:
        raise NotFound("not_awarded")
    if award.withdrawn_at is not None:
        raise NotFound("not_awarded")
    return award


def parts(db: Session, award: Award) -> list[Award]:
    """Return the awards that a larger one rests on, in its order."""
    return [db.get_one(Award, uuid.UUID(part["award"])) for part in award.parts or ()]


def to_decide(db: Session, within: Iterable[uuid.UUID] | None) -> Sequence[Award]:
    """Return the awards about which these bodies, or all, are to decide, oldest first: see
    `body`. No tests."""
    return [one for one in db.scalars(_flagged(within)) if body(one) is not None]


def waiting_ids(
    db: Session, within: Iterable[uuid.UUID] | None
) -> Sequence[tuple[uuid.UUID, uuid.UUID, datetime]]:
    """Return award, version and since when, of what `to_decide` returns."""
    columns = (Award.id, Award.version_id, Award.flagged_at)
    deciding = (Award.parts, Award.flagged_reason, Award.confirmed_by)
    return [
        (award_id, version_id, since)
        for award_id, version_id, since, parts, reason, confirmed_by in db.execute(
            _flagged(within).with_only_columns(*columns, *deciding)
        )
        if _is_of_body(parts, reason, confirmed_by)
    ]


def _flagged(within: Iterable[uuid.UUID] | None) -> sa.Select[Award]:
    return (
        _of_bodies(within)
        .filter(Award.flagged_at.is_not(None), Award.withdrawn_at.is_(None))
        .filter(Award.is_test.is_(False))
        .order_by(Award.flagged_at, Award.id)
    )


def find(db: Session, within: Iterable[uuid.UUID] | None, award_id: uuid.UUID) -> Award:
    """Return an award about which these bodies, or any, decide.

    Raises:
        NotFound: `unknown_award`.
    """
    award = db.scalar(_of_bodies(within).filter(Award.id == award_id, Award.is_test.is_(False)))
    if award is None or body(award) is None:
        raise NotFound("unknown_award")
    return award


def _of_bodies(within: Iterable[uuid.UUID] | None) -> sa.Select[Award]:
    found = (
        sa.select(Award)
        .join(Award.version)
        .join(MicroCredentialVersion.series)
        .options(joinedload(Award.version), joinedload(Award.person))
    )
    if within is None:
        return found
    return found.filter(MicroCredentialSeries.organisation_id.in_(within))
