"""Who may sign off in a course, and who leads it: sets it up and decides about its awards.

All who teach sign off, or those who are named. The names bind as long as one of them is there; a
course whose named teachers have all left is its teachers' again, so nobody can lock everybody out.

Teachers lead; an assistant does where a teacher lets them, or where no teacher is there.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.errors import Forbidden
from lti_tool.models import (
    Course,
    CourseAssessor,
    CourseMember,
    Person,
    Placement,
    TeachingRole,
)

ABSENCE = timedelta(days=90)
"""Who has not been in the course for so long is no longer there, whatever its list says."""


def teachers(db: Session, course: Course) -> Sequence[CourseMember]:
    """Return who was ever seen teaching in a course and has not left, by name."""
    found = sa.select(CourseMember).filter(
        CourseMember.course_id == course.id,
        CourseMember.teaches_as.is_not(None),
        CourseMember.left_at.is_(None),
    )
    return sorted(db.scalars(found), key=lambda one: (one.person.name or "~").casefold())


def named(db: Session, placement: Placement) -> frozenset[uuid.UUID]:
    """Return who is named, whether still there or not; nobody: all teachers sign off."""
    found = sa.select(CourseAssessor.person_id).filter_by(placement_id=placement.id)
    return frozenset(db.scalars(found))


def barred_by(
    db: Session,
    course_id: uuid.UUID,
    version_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> Sequence[Person]:
    """Return who signs off instead of this person; empty: they may."""
    bound = _bound(db, course_id, version_id, now)
    if not bound or person_id in bound:
        return []
    return list(db.scalars(sa.select(Person).filter(Person.id.in_(bound)).order_by(Person.name)))


def check(
    db: Session,
    course_id: uuid.UUID,
    version_id: uuid.UUID,
    people: Collection[uuid.UUID],
    now: datetime,
) -> None:
    """Refuse a judgement of somebody who may not sign off in the course.

    Raises:
        Forbidden: `not_an_assessor`.
    """
    bound = _bound(db, course_id, version_id, now) if people else frozenset()
    if bound and not bound.issuperset(people):
        raise Forbidden("not_an_assessor")


def leads(
    db: Session,
    course_id: uuid.UUID,
    version_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> bool:
    """Whether somebody who teaches a course changes its settings and decides about its awards."""
    if not is_assistant(db, course_id, person_id):
        return True
    offered = sa.select(Placement.assistants_lead)
    if db.scalar(offered.filter_by(course_id=course_id, version_id=version_id)):
        return True
    teacher = sa.exists().where(
        CourseMember.course_id == course_id,
        CourseMember.teaches_as == TeachingRole.TEACHER.value,
        CourseMember.left_at.is_(None),
        CourseMember.last_seen_at > now - ABSENCE,
    )
    return not db.scalar(sa.select(teacher))


def deciders(db: Session, course: Course, version_id: uuid.UUID, now: datetime) -> Sequence[Person]:
    """Return who sets a course up and decides about its awards and is there, by name."""
    offered = sa.select(Placement).filter_by(course_id=course.id, version_id=version_id)
    placement = db.scalar(offered)
    there = _there(db, {course.id}, now)[course.id]
    names = named(db, placement) if placement is not None else frozenset()
    lets_assistants = placement is not None and placement.assistants_lead
    ids = _deciding(there, names, lets_assistants=lets_assistants)
    found = db.scalars(sa.select(Person).filter(Person.id.in_(ids))) if ids else ()
    return sorted(found, key=lambda one: (one.name or "~").casefold())


def deciding(
    db: Session, placements: Collection[Placement], now: datetime
) -> Mapping[uuid.UUID, frozenset[uuid.UUID]]:
    """Return who decides about awards in each of these placements and is there, by its id, in a
    constant number of statements."""
    if not placements:
        return {}
    there = _there(db, {one.course_id for one in placements}, now)
    names: defaultdict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    named_in = sa.select(CourseAssessor.placement_id, CourseAssessor.person_id)
    ids = [one.id for one in placements]
    for row in db.execute(named_in.filter(CourseAssessor.placement_id.in_(ids))):
        names[row.placement_id].add(row.person_id)
    return {
        one.id: _deciding(there[one.course_id], names[one.id], lets_assistants=one.assistants_lead)
        for one in placements
    }


def _there(
    db: Session, courses: Collection[uuid.UUID], now: datetime
) -> Mapping[uuid.UUID, Mapping[uuid.UUID, str | None]]:
    """Return by course who taught or signed off there and is still there, and as what they teach;
    None: they do not."""
    is_named = sa.exists().where(
        CourseAssessor.placement_id == Placement.id,
        CourseAssessor.person_id == CourseMember.person_id,
        Placement.course_id == CourseMember.course_id,
    )
    rows = db.execute(
        sa.select(CourseMember.course_id, CourseMember.person_id, CourseMember.teaches_as).filter(
            CourseMember.course_id.in_(courses),
            CourseMember.left_at.is_(None),
            CourseMember.last_seen_at > now - ABSENCE,
            sa.or_(CourseMember.teaches_as.is_not(None), is_named),
        )
    )
    found: defaultdict[uuid.UUID, dict[uuid.UUID, str | None]] = defaultdict(dict)
    for course_id, person_id, teaches_as in rows:
        found[course_id][person_id] = teaches_as
    return found


def _deciding(
    there: Mapping[uuid.UUID, str | None], names: Collection[uuid.UUID], *, lets_assistants: bool
) -> frozenset[uuid.UUID]:
    is_bound = any(one in there for one in names)
    lets_assistants = lets_assistants or TeachingRole.TEACHER.value not in there.values()
    return frozenset(
        one
        for one, teaches_as in there.items()
        if teaches_as is not None
        and (not is_bound or one in names)
        and (lets_assistants or teaches_as != TeachingRole.ASSISTANT.value)
    )


def check_leads(
    db: Session,
    course_id: uuid.UUID,
    version_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> None:
    """Refuse an assistant where teachers lead.

    Raises:
        Forbidden: `teachers_lead`.
    """
    if not leads(db, course_id, version_id, person_id, now):
        raise Forbidden("teachers_lead")


def check_decides(
    db: Session,
    course_id: uuid.UUID,
    version_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> None:
    """Refuse who may not decide about awards: who does signs off and leads.

    Raises:
        Forbidden: `not_an_assessor`, `teachers_lead`.
    """
    check(db, course_id, version_id, {person_id}, now)
    check_leads(db, course_id, version_id, person_id, now)


def check_sets(db: Session, placement: Placement, person_id: uuid.UUID, now: datetime) -> None:
    """Refuse who may not change the settings: a teacher always may, named or not, and an assistant
    who leads only where they sign off.

    Raises:
        Forbidden: `not_an_assessor`, `teachers_lead`.
    """
    if is_assistant(db, placement.course_id, person_id):
        check_decides(db, placement.course_id, placement.version_id, person_id, now)


def is_assistant(db: Session, course_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether somebody's last launch as a teacher of a course called them an assistant."""
    member = db.get(CourseMember, (course_id, person_id))
    return member is not None and member.teaches_as == TeachingRole.ASSISTANT.value


def name(db: Session, placement: Placement, people: Collection[uuid.UUID]) -> None:
    """Let these people sign off and nobody else; nobody: all teachers."""
    known = named(db, placement)
    gone = sa.delete(CourseAssessor).where(CourseAssessor.placement_id == placement.id)
    db.execute(gone.where(CourseAssessor.person_id.not_in(people)))
    db.add_all(
        CourseAssessor(placement_id=placement.id, person_id=one)
        for one in sorted(set(people) - known)
    )


def _bound(
    db: Session, course_id: uuid.UUID, version_id: uuid.UUID, now: datetime
) -> frozenset[uuid.UUID]:
    """Return who is named, if one of them is still in the course; else nobody."""
    rows = db.execute(
        sa.select(CourseAssessor.person_id, CourseMember.left_at, CourseMember.last_seen_at)
        .join(Placement, Placement.id == CourseAssessor.placement_id)
        .outerjoin(
            CourseMember,
            (CourseMember.course_id == Placement.course_id)
            & (CourseMember.person_id == CourseAssessor.person_id),
        )
        .filter(Placement.course_id == course_id, Placement.version_id == version_id)
    ).all()
    is_there = any(
        row.left_at is None and row.last_seen_at is not None and row.last_seen_at > now - ABSENCE
        for row in rows
    )
    return frozenset(row.person_id for row in rows) if is_there else frozenset()
