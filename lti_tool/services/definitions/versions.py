"""Which version of a micro-credential a course offers: by its links, its original, its teacher.

A link names no version that binds. Its parameters tell where it was selected (`course`), which
version was meant there (`version`), and which courses this one was copied from (`history`, where
the LMS fills in `$Context.id.history`). From these the course gets a version at its first launch;
if there is another that its teacher may want, they are asked once.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from lti_tool.db import get_or_add
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    MicroCredentialVersion,
    PendingAward,
    PlacedUnit,
    Placement,
    PriorLearningApplication,
    ResourceLink,
    SelectedVersion,
)
from lti_tool.services import audit
from lti_tool.services.definitions import catalogue, lifecycle, stack_holders

MOST_ANCESTORS = 20
SELECTED_FOR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class First:
    """`original`: the version of the course that this one was copied from. `asks`: its teacher has
    something to choose."""

    version: MicroCredentialVersion
    original: MicroCredentialVersion | None = None
    asks: bool = False

    @property
    def original_id(self) -> uuid.UUID | None:
        return self.original.id if self.original else None


def first(
    db: Session,
    course: Course,
    newest: MicroCredentialVersion,
    custom: Mapping[str, str],
    now: datetime,
) -> First:
    """Return the version with which a course begins to offer a series.

    That of the original course if it is known, else the one that the links name, else the newest.
    If no new course may begin with that, and it was not selected for this one when it was open, the
    newest if it is open.

    Raises:
        Conflict: `closed_to_new_courses`: there is none, or the reference names one that is not.
    """
    wanted = _wanted(db, course, newest, custom)
    if lifecycle.is_open(wanted.version, now) or was_selected(db, course.id, wanted.version, now):
        return wanted
    listed = catalogue.versions_of(db, newest.series.organisation.slug, newest.series.code)
    instead = lifecycle.newest_open(listed, now)
    if not instead or custom["mc"].count("/") == 2:
        raise Conflict("closed_to_new_courses")
    return First(instead[0], wanted.original, asks=True)


def _wanted(
    db: Session, course: Course, newest: MicroCredentialVersion, custom: Mapping[str, str]
) -> First:
    if custom["mc"].count("/") == 2:
        return First(newest)  # the reference names it
    named = _named(newest, custom.get("version", ""))
    if named is not None and custom.get("course") == str(course.id):
        return First(named)  # it was selected in this very course
    original = _of_original(db, course, newest, custom) or named
    if original is None:
        return First(newest, asks=len(newest.series.versions) > 1)
    return First(original, original, asks=original is not newest)


def select(
    db: Session, course_id: uuid.UUID, version: MicroCredentialVersion, now: datetime
) -> None:
    """Keep that links to a version were selected for a course: for a school year it may begin with
    it, whatever happens before their first launch."""
    key = {"course_id": course_id, "version_id": version.id}
    row, _ = get_or_add(db, SelectedVersion, key, selected_at=now)
    row.selected_at = now


def was_selected(
    db: Session, course_id: uuid.UUID | None, version: MicroCredentialVersion, now: datetime
) -> bool:
    if course_id is None:
        return False
    row = db.get(SelectedVersion, (course_id, version.id))
    return row is not None and now < row.selected_at + SELECTED_FOR


def choices(db: Session, placement: Placement, now: datetime) -> Sequence[MicroCredentialVersion]:
    """Return what the teacher may choose from: the one that the course offers, and versions of the
    series that may be begun with, newest first, but for those that it offers beside this one."""
    others = sa.select(Placement.version_id).filter(
        Placement.course_id == placement.course_id, Placement.id != placement.id
    )
    taken = set(db.scalars(others))
    series = placement.version.series
    listed = catalogue.versions_of(db, series.organisation.slug, series.code)
    return [
        version
        for version in listed
        if version.id == placement.version_id
        or (version.id not in taken and lifecycle.is_open(version, now))
    ]


def has_begun(db: Session, placement: Placement) -> bool:
    """Return whether a learner of the course has a record in its version, also from another course,
    or has begun to apply for recognition of prior learning here, or is among the `earners`;
    tests do not count."""
    kept = [
        sa.exists().where(
            made.course_id == placement.course_id,
            made.version_id == placement.version_id,
            CourseMember.course_id == made.course_id,
            CourseMember.person_id == made.person_id,
            CourseMember.is_tester.is_(False),
        )
        for made in (CompletionRecord, PriorLearningApplication)
    ]
    member, there = aliased(CourseMember), aliased(CourseMember)
    brought = sa.exists().where(
        member.course_id == placement.course_id,
        member.is_tester.is_(False),
        member.left_at.is_(None),
        CompletionRecord.person_id == member.person_id,
        CompletionRecord.version_id == placement.version_id,
        there.course_id == CompletionRecord.course_id,
        there.person_id == member.person_id,
        there.is_tester.is_(False),
    )
    earned = [one.exists() for one in earners(placement)]
    return db.scalar(sa.select(sa.or_(*kept, brought, *earned))) or False


def earners(placement: Placement) -> Sequence[sa.Select[uuid.UUID]]:
    """Return, of what is made of others, who has its award and who waits for one in the course, of
    its learners; nothing of any other, which is begun with a record."""
    if catalogue.definition(placement.version).stack is None:
        return ()
    learning = sa.select(CourseMember.person_id).filter_by(
        course_id=placement.course_id, is_tester=False
    )
    awarded = sa.select(Award.person_id).filter(
        Award.version_id == placement.version_id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
        Award.person_id.in_(learning),
    )
    waiting = sa.select(PendingAward.person_id).filter(
        PendingAward.version_id == placement.version_id,
        PendingAward.course_id == placement.course_id,
        PendingAward.person_id.in_(learning),
    )
    return awarded, waiting


def choose(
    db: Session, placement: Placement, version_id: uuid.UUID, *, actor: str, now: datetime
) -> None:
    """Let the course offer this version from now on. Its links and routes stay, as far as
    the version has their units; a link to a unit that it lacks asks what it stands for. What the
    course asked for of choices goes where the version has others.

    Raises:
        NotFound: `unknown_micro_credential`: not among the choices.
        Conflict: `version_in_use`: learners have begun with another.
    """
    # The course first: whoever has just kept a record in it refers to it, and is waited for.
    db.execute(sa.select(Course.id).filter_by(id=placement.course_id).with_for_update())
    # Then links, as launches lock them.
    linked = sa.select(ResourceLink).filter_by(placement_id=placement.id).order_by(ResourceLink.id)
    links = db.scalars(linked.with_for_update()).all()
    db.refresh(placement, with_for_update=True)
    chosen = next((one for one in choices(db, placement, now) if one.id == version_id), None)
    if chosen is None:
        raise NotFound("unknown_micro_credential")
    if chosen.id != placement.version_id:
        if has_begun(db, placement):
            raise Conflict("version_in_use")
        change(db, placement, chosen, links)
        stack_holders.want_in_course(db, placement.course_id, chosen, now)
    placement.asks_since = None
    db.flush()
    subject = f"placement:{placement.id}"
    audit.note(db, actor, "placement.version_chosen", subject, now, version=chosen.version)


def change(
    db: Session,
    placement: Placement,
    chosen: MicroCredentialVersion,
    links: Sequence[ResourceLink],
) -> None:
    """Let a placement be of another version, as `choose` says; `links`: its own, locked."""
    units = {unit.code: unit for unit in catalogue.definition(chosen).units}
    for link in links:
        if link.unit_code is not None and link.unit_code not in units:
            link.placement, link.unit_code, link.is_placed_by_platform = None, None, False
    gone = sa.delete(PlacedUnit).where(PlacedUnit.placement_id == placement.id)
    unfit = [code for code, unit in units.items() if not unit.allows_participation]
    db.execute(gone.where(PlacedUnit.unit_code.not_in(units)))
    assessed = sa.update(PlacedUnit).where(PlacedUnit.placement_id == placement.id)
    assessed = assessed.where(PlacedUnit.unit_code.in_(unfit), PlacedUnit.route == "participation")
    db.execute(assessed.values(route="assessed"))
    if catalogue.definition(chosen).choices != catalogue.definition(placement.version).choices:
        placement.electives = None
    placement.version = chosen
    db.flush()
    db.expire(placement, ["units"])


def _named(newest: MicroCredentialVersion, wanted: str) -> MicroCredentialVersion | None:
    return next((one for one in newest.series.versions if one.version == wanted), None)


def _of_original(
    db: Session, course: Course, newest: MicroCredentialVersion, custom: Mapping[str, str]
) -> MicroCredentialVersion | None:
    """Return what the nearest known ancestor of a course offers, on the same platform."""
    contexts = [one.strip() for one in custom.get("history", "").split(",")][:MOST_ANCESTORS]
    known = sa.or_(Course.context_id.in_(contexts), Course.id == _uuid(custom.get("course", "")))
    found = db.execute(
        sa.select(Course.context_id, MicroCredentialVersion)
        .join(Placement, Placement.course_id == Course.id)
        .join(MicroCredentialVersion, Placement.version_id == MicroCredentialVersion.id)
        .filter(
            Course.platform_id == course.platform_id,
            Course.id != course.id,
            MicroCredentialVersion.series_id == newest.series_id,
            known,
        )
        .order_by(Placement.created_at)
    ).all()
    offered = {row[0]: row[1] for row in found}
    nearest = next((context for context in contexts if context in offered), None)
    if nearest is None and offered:
        nearest = next(iter(offered))
    return offered[nearest] if nearest is not None else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
