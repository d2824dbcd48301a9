"""The learners of a course with what they have reached, in a constant number of queries.

Of thousands, what is shown of a few is asked for apart: `learners` reads what every page needs of
all, `earned` the awards of those on the page.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from badges.choices import NOTHING_MORE, Asked
from badges.completion import Completion, Progress
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    Credential,
    MicroCredentialVersion,
    Person,
    Placement,
)
from lti_tool.services.awarding import stacks
from lti_tool.services.awarding.stacks import EarnedParts
from lti_tool.services.completing import completions, course_dates
from lti_tool.services.courses import elsewhere
from lti_tool.services.definitions import catalogue, electives


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """`progress`: from records that count, wherever they were made, as `elsewhere.progress` shows
    them to this course. `left_at`: since when the roster lacks them. `late`: the units that are
    not complete although their day has passed. `parts`: what they have earned of what it is
    made of. `holds_other`: an award of another version of it stands.
    """

    person: Person
    last_seen_at: datetime
    has_launched: bool
    left_at: datetime | None
    progress: Progress
    late: frozenset[str] = frozenset()
    parts: EarnedParts = field(default_factory=EarnedParts)
    holds_other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """`credential`: if claimed. `withdrawn`: the award that was withdrawn last, if none was
    granted since. `version`: the number of the version, where the award is of another than the
    course offers.
    """

    award: Award | None = None
    withdrawn: Award | None = None
    credential: Credential | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many learners of a course, also those who left, hold an award, and a badge."""

    awards: int
    badges: int


def learners(
    db: Session, course: Course, version: MicroCredentialVersion, now: datetime
) -> list[Learner]:
    """Return those of `course` who never taught there, by name, the nameless last; behind them
    those who left."""
    about = (CourseMember.last_seen_at, CourseMember.has_launched, CourseMember.left_at)
    members = db.execute(
        sa.select(Person, *about)
        .join(CourseMember, CourseMember.person_id == Person.id)
        .filter(CourseMember.course_id == course.id, CourseMember.is_tester.is_(False))
    ).all()
    records = _records(db, _learning_in(course), version)
    mc = catalogue.definition(version)
    parts = stacks.of_people(db, _learning_in(course), version)
    nothing = EarnedParts()
    asked = _asked(db, course, version)
    holders = _holders(db, _learning_in(course), version, asked)
    of_other = set(db.scalars(_of_other_versions(course, version)))
    untouched = elsewhere.progress(mc, (), course.id, now).under(asked)
    due = course_dates.late_in(db, course.id, version.id, [unit.code for unit in mc.units], now)
    found = [
        Learner(
            person=person,
            last_seen_at=last_seen_at,
            has_launched=has_launched,
            left_at=left_at,
            progress=electives.shown(
                elsewhere.progress(
                    mc, records[person.id], course.id, now, parts.get(person.id, nothing).real
                ),
                asked,
                holds=person.id in holders,
            )
            if person.id in records or person.id in parts
            else untouched,
            parts=parts.get(person.id, nothing),
            holds_other=person.id in of_other,
        )
        for person, last_seen_at, has_launched, left_at in members
    ]
    if due:
        found = [replace(one, late=_late(one.progress, due)) for one in found]
    return sorted(found, key=_by_name)


def _of_other_versions(course: Course, version: MicroCredentialVersion) -> sa.Select[uuid.UUID]:
    return (
        sa.select(Award.person_id)
        .join(Award.version)
        .filter(
            Award.person_id.in_(_learning_in(course)),
            Award.version_id != version.id,
            Award.is_test.is_(False),
            Award.withdrawn_at.is_(None),
            MicroCredentialVersion.series_id == version.series_id,
        )
    )


def former_records(
    db: Session, course: Course, person: Person, version: MicroCredentialVersion
) -> Mapping[MicroCredentialVersion, Sequence[CompletionRecord]]:
    """Return what this course recorded of a person for other versions, newest first, and what was
    not carried over from there."""
    copy = aliased(CompletionRecord)
    rows = db.scalars(
        sa.select(CompletionRecord)
        .join(CompletionRecord.version)
        .filter(
            CompletionRecord.course_id == course.id,
            CompletionRecord.person_id == person.id,
            CompletionRecord.version_id != version.id,
            MicroCredentialVersion.series_id == version.series_id,
            ~sa.exists().where(copy.carried_from_id == CompletionRecord.id),
        )
        .options(contains_eager(CompletionRecord.version))
        .order_by(CompletionRecord.recorded_at.desc(), CompletionRecord.id)
    )
    found: defaultdict[MicroCredentialVersion, list[CompletionRecord]] = defaultdict(list)
    for row in rows:
        found[row.version].append(row)
    return found


def _asked(db: Session, course: Course, version: MicroCredentialVersion) -> Asked:
    if not catalogue.definition(version).choices:
        return NOTHING_MORE
    found = sa.select(Placement).filter_by(course_id=course.id, version_id=version.id)
    placement = db.scalar(found)
    return electives.asked(placement) if placement is not None else NOTHING_MORE


def _holders(
    db: Session,
    people: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    version: MicroCredentialVersion,
    asked: Asked,
) -> frozenset[uuid.UUID]:
    """Return who holds the award, where it makes a difference to what the course asks for."""
    return frozenset() if asked == NOTHING_MORE else electives.holders(db, people, version)


def _late(progress: Progress, due: frozenset[str]) -> frozenset[str]:
    """Return the units that are still needed although their day has passed. Of a choice none is
    late while enough others can still be chosen in time."""
    late = {one.unit for one in progress.open if one.unit in due}
    for choice in progress.choices:
        free = [code for code in choice.open if code not in choice.must]
        room = choice.need - choice.have - (len(choice.open) - len(free))
        if sum(code not in late for code in free) >= room:
            late.difference_update(free)
    return frozenset(late)


def people(db: Session, course: Course) -> dict[uuid.UUID, Person]:
    """Return those of `course` who never taught there, by id."""
    found = sa.select(Person).filter(Person.id.in_(_learning_in(course)))
    return {person.id: person for person in db.scalars(found)}


def numbers(db: Session, course: Course) -> dict[uuid.UUID, int]:
    """Return 1, 2, ... for everybody who was ever in a course, in the order in which they came.

    Sheets with these numbers lie printed, so nobody's may change: `memberships.take_in` lets those
    whom one reading of the roster adds come one after the other, by name, behind all others.
    """
    came = sa.select(CourseMember.person_id).filter_by(course_id=course.id)
    ordered = came.order_by(CourseMember.first_seen_at, CourseMember.person_id)
    return {person: number for number, person in enumerate(db.scalars(ordered), start=1)}


def namesakes(db: Session, course: Course) -> dict[uuid.UUID, int]:
    """Return the numbers, as on sheets, of learners whose name another one of the course has."""
    learning = sa.select(Person.id, Person.name).filter(
        Person.id.in_(_learning_in(course)), Person.name.is_not(None)
    )
    names = {person: folded(name or "") for person, name in db.execute(learning)}
    many = Counter(names.values())
    twice = [person for person, name in names.items() if many[name] > 1]
    found = numbers(db, course) if twice else {}
    return {person: found[person] for person in twice}


def folded(name: str) -> str:
    """Return a name without what makes no difference: upper case, and how many spaces."""
    return " ".join(name.casefold().split())


def earned(
    db: Session, course: Course, people: Collection[uuid.UUID], version: MicroCredentialVersion
) -> defaultdict[uuid.UUID, Earned]:
    """Return what each of `people` holds of a version, or held last; else of one that the course
    does not offer."""
    before = _standing_awards(course, version).filter(
        Award.person_id.in_(people), Award.version_id != version.id
    )
    former = before.options(joinedload(Award.version)).order_by(Award.granted_at)
    last = {award.person_id: award for award in db.scalars(former)}
    last.update(_last_awards(db, people, version))
    standing = {one: award for one, award in last.items() if award.withdrawn_at is None}
    credentials = _credentials(db, [award.id for award in standing.values()])
    found: defaultdict[uuid.UUID, Earned] = defaultdict(Earned)
    for person_id, award in last.items():
        if award.withdrawn_at is None:
            other = award.version.version if award.version_id != version.id else None
            credential = credentials.get(award.id)
            found[person_id] = Earned(award=award, credential=credential, version=other)
        else:
            found[person_id] = Earned(withdrawn=award)
    return found


def totals(db: Session, course: Course, version: MicroCredentialVersion) -> Totals:
    awards = _standing_awards(course, version).with_only_columns(Award.id)
    claimed = (
        sa.select(sa.func.count(sa.distinct(Credential.award_id)))
        .filter(Credential.revoked_at.is_(None), Credential.award_id.in_(awards))
        .scalar_subquery()
    )
    number = sa.select(sa.func.count()).select_from(awards.subquery()).scalar_subquery()
    return Totals(*db.execute(sa.select(number, claimed)).one())


def flagged(db: Session, course: Course, version: MicroCredentialVersion) -> Sequence[Award]:
    """Return the awards of learners that wait for a person's decision, oldest first."""
    waiting = _standing_awards(course, version).filter(Award.flagged_at.is_not(None))
    waiting = waiting.options(joinedload(Award.person)).order_by(Award.flagged_at, Award.id)
    return db.scalars(waiting).all()


def _learning_in(course: Course) -> sa.Select[uuid.UUID]:
    return sa.select(CourseMember.person_id).filter_by(course_id=course.id, is_tester=False)


def _standing_awards(course: Course, version: MicroCredentialVersion) -> sa.Select[Award]:
    """Return what stands of a version, and of those of its series that are not offered here."""
    offered = sa.select(Placement.version_id).filter_by(course_id=course.id)
    of_series = sa.select(MicroCredentialVersion.id).filter_by(series_id=version.series_id)
    other = Award.version_id.in_(of_series) & Award.version_id.not_in(offered)
    return sa.select(Award).filter(
        (Award.version_id == version.id) | other,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
        Award.person_id.in_(_learning_in(course)),
    )


def count(db: Session, course: Course) -> int:
    """Return how many were seen in `course` who never taught there."""
    seen = sa.select(sa.func.count()).select_from(CourseMember)
    return db.scalars(seen.filter_by(course_id=course.id, is_tester=False, has_launched=True)).one()


def progress_of(
    db: Session, course: Course, person: Person, version: MicroCredentialVersion, now: datetime
) -> Progress:
    """Return one person's progress from records that count, as `course` sees it."""
    records = _records(db, [person.id], version)[person.id]
    mc = catalogue.definition(version)
    parts = stacks.of_person(db, person, version)
    found = elsewhere.progress(mc, records, course.id, now, parts.real)
    asked = _asked(db, course, version)
    holders = _holders(db, [person.id], version, asked)
    return electives.shown(found, asked, holds=person.id in holders)


def by_name(person: Person) -> tuple[bool, str, str]:
    """Return what people are sorted by: their names, the nameless last."""
    name = person.name or ""
    return not name, name.casefold(), person.short_id


def _by_name(learner: Learner) -> tuple[bool, bool, str, str]:
    return learner.left_at is not None, *by_name(learner.person)


def _records(
    db: Session,
    people: Collection[uuid.UUID] | sa.Select[uuid.UUID],
    version: MicroCredentialVersion,
) -> defaultdict[uuid.UUID, list[tuple[uuid.UUID, Completion]]]:
    """Return (course, record) per person, without what they tried out where they teach.

    Rows of columns instead of objects: with thousands of records that is most of the time.
    """
    taught = {
        (person_id, course_id)
        for person_id, course_id in db.execute(
            sa.select(CourseMember.person_id, CourseMember.course_id).filter(
                CourseMember.person_id.in_(people), CourseMember.is_tester
            )
        )
    }
    rows = db.execute(
        sa.select(CompletionRecord.person_id, CompletionRecord.course_id, *completions.JUDGED)
        .filter(CompletionRecord.version_id == version.id, CompletionRecord.person_id.in_(people))
        .order_by(CompletionRecord.recorded_at, CompletionRecord.id)
    )
    found: defaultdict[uuid.UUID, list[tuple[uuid.UUID, Completion]]] = defaultdict(list)
    for row in rows:
        if (row.person_id, row.course_id) not in taught:
            found[row.person_id].append((row.course_id, completions.as_completion(row)))
    return found


def _last_awards(
    db: Session, people: Collection[uuid.UUID], version: MicroCredentialVersion
) -> dict[uuid.UUID, Award]:
    """Return the award granted last; if one stands, it is that."""
    granted = (
        sa.select(Award)
        .filter(
            Award.version_id == version.id,
            Award.person_id.in_(people),
            Award.is_test.is_(False),
        )
        .order_by(Award.granted_at)
    )
    return {award.person_id: award for award in db.scalars(granted)}


def _credentials(db: Session, awards: list[uuid.UUID]) -> dict[uuid.UUID, Credential]:
    current = (
        sa.select(Credential)
        .filter(Credential.award_id.in_(awards), Credential.revoked_at.is_(None))
        .order_by(Credential.signed_at)
    )
    return {credential.award_id: credential for credential in db.scalars(current)}
