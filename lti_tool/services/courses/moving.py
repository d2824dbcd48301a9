"""Move a course whose learners have begun to a newer version, after saying what that means.

What its learners have standing in units that are the same in both versions, whichever course
recorded it, counts for the newer one: `CompletionRecord.carried_from_id` says whence it came, and
the old record stays for courses that stay. What another course has carried over is not carried
again. Nothing is carried over for a unit in which something else is learnt or judged. Who holds an
award of the old version has finished: it stays, and nothing of theirs is carried; nor of whom
another course decides about the award, or has refused it (`bringing.undecided`). Who comes later
brings along the same (`services.completing.bringing`).
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.orm import Session

from badges import changes, completion
from badges.changes import Difference
from badges.completion import Progress
from badges.micro_credential import LearningUnit
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Award,
    CompletionRecord,
    Course,
    CourseMember,
    CourseMove,
    EvidenceFile,
    MentorLink,
    MicroCredentialVersion,
    ModerationSample,
    PendingAward,
    Placement,
    PriorLearningApplication,
    ResourceLink,
)
from lti_tool.services import audit
from lti_tool.services.awarding import award_gate, enrolments
from lti_tool.services.completing import bringing, judging
from lti_tool.services.completing import carried as carried_records
from lti_tool.services.completing.prior_states import State
from lti_tool.services.definitions import catalogue, stack_holders, versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a move would mean. `learners`: who have begun and hold no award; `unharmed`: those of
    them who lose nothing; `finished`: who would have completed everything; `bringing`: of whom
    something is carried over that another course recorded; `staying`: who are also in a course that
    stays with the old version.

    `again`: how many have something in a unit that is another one now, by code; `gone`: in a unit
    that the newer version lacks. `added`: units that are only there. `holders`: who hold an award.
    `confirmations`, `applications`: what has to be decided before. `links`: how many links for
    mentors would open no more. `seen` names all this, so that nobody agrees to something else.
    """

    chosen: MicroCredentialVersion
    changes: tuple[Difference, ...]
    learners: int
    unharmed: int
    finished: int
    bringing: int
    staying: int
    again: Sequence[tuple[LearningUnit, int]]
    gone: Sequence[tuple[LearningUnit, int]]
    added: Sequence[LearningUnit]
    holders: int
    confirmations: int
    applications: int
    links: int

    @property
    def is_ready(self) -> bool:
        return not self.confirmations and not self.applications

    @property
    def seen(self) -> str:
        """32 hex digits."""
        counts = [(unit.code, count) for unit, count in (*self.again, *self.gone)]
        learners = (self.learners, self.unharmed, self.finished, self.bringing, self.staying)
        numbers = (*learners, self.holders, self.links)
        return hashlib.sha256(repr((self.chosen.id, counts, numbers)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Plan:
    """`carried`: what counts for the newer version, by person, oldest first."""

    outlook: Outlook
    kept: frozenset[str]
    carried: Mapping[uuid.UUID, Sequence[CompletionRecord]]


@dataclass(frozen=True, slots=True)
class _Fate:
    """Of one learner: what is carried over, in which units something counts no more, and whether
    everything is completed then."""

    carried: Sequence[CompletionRecord]
    lost: frozenset[str]
    is_finished: bool


def other_versions(
    db: Session, placement: Placement, person_id: uuid.UUID
) -> Sequence[MicroCredentialVersion]:
    """Return the other versions that other courses of a learner offer, the newest first."""
    found = (
        sa.select(MicroCredentialVersion)
        .join(Placement, Placement.version_id == MicroCredentialVersion.id)
        .join(CourseMember, CourseMember.course_id == Placement.course_id)
        .filter(
            CourseMember.person_id == person_id,
            CourseMember.left_at.is_(None),
            ~CourseMember.is_tester,
            Placement.course_id != placement.course_id,
            MicroCredentialVersion.series_id == placement.version.series_id,
            MicroCredentialVersion.id != placement.version_id,
        )
        .order_by(MicroCredentialVersion.published_at.desc(), MicroCredentialVersion.id)
    )
    return db.scalars(found).unique().all()


def newer(db: Session, placement: Placement, now: datetime) -> list[MicroCredentialVersion]:
    """Return the versions to which a course can be moved, newest first."""
    found: list[MicroCredentialVersion] = []
    for version in versions.choices(db, placement, now):
        if version.id == placement.version_id:
            return found
        found.append(version)
    return []


def outlook(db: Session, placement: Placement, version_id: uuid.UUID, now: datetime) -> Outlook:
    """Return what moving the course to this version would mean.

    Raises:
        NotFound: `unknown_micro_credential`: no newer version that it could offer.
    """
    return _plan(db, placement, _chosen(db, placement, version_id, now), now).outlook


def move(
    db: Session,
    placement: Placement,
    version_id: uuid.UUID,
    *,
    seen: str,
    actor: str,
    now: datetime,
) -> Outlook:
    """Let the course offer a newer version, and its learners go on with that. For good.

    `seen`: of the `Outlook` that the teacher agreed to.

    Raises:
        NotFound: `unknown_micro_credential`.
        Conflict: `version_outlook_changed`: it means something else by now;
            `version_decisions_wait`: awards or applications have to be decided before.
    """
    # The course, links and learners in the order of a launch, none so that a reference to it waits;
    # the placement last, as `judging.keep_all` does: whoever keeps a record in it is waited for.
    course = sa.select(Course.id).filter_by(id=placement.course_id)
    db.execute(course.with_for_update(key_share=True))
    linked = sa.select(ResourceLink).filter_by(placement_id=placement.id).order_by(ResourceLink.id)
    links = db.scalars(linked.with_for_update(key_share=True)).all()
    chosen = _chosen(db, placement, version_id, now)
    begun = set(_begun(db, placement))
    enrolments.lock_versions(db, begun, (placement.version, chosen), now)
    db.refresh(placement, with_for_update=True)
    old = placement.version
    plan = _plan(db, placement, _chosen(db, placement, version_id, now), now)
    if plan.outlook.seen != seen or not begun.issuperset(plan.carried):
        raise Conflict("version_outlook_changed")
    if not plan.outlook.is_ready:
        raise Conflict("version_decisions_wait")
    placement.asks_since = None
    versions.change(db, placement, chosen, links)
    db.add(CourseMove(placement=placement, old=old, new=chosen, moved_at=now))
    stack_holders.want_in_course(db, placement.course_id, chosen, now)
    _take_along(db, placement, old, plan, now)
    _refuse_again(db, placement, old, chosen, plan.carried)
    rows = [
        carried_records.copy(row, chosen) for records in plan.carried.values() for row in records
    ]
    judging.keep_carried(db, chosen, plan.carried, rows, now)
    _hand_over(db, placement, chosen)
    subject, told = f"placement:{placement.id}", {"from": old.version, "version": chosen.version}
    counts = {"learners": str(len(plan.carried)), "records": str(len(rows))}
    audit.note(db, actor, "placement.version_moved", subject, now, **told, **counts)
    return plan.outlook


def _chosen(
    db: Session, placement: Placement, version_id: uuid.UUID, now: datetime
) -> MicroCredentialVersion:
    for version in newer(db, placement, now):
        if version.id == version_id:
            return version
    raise NotFound("unknown_micro_credential")


def _plan(
    db: Session, placement: Placement, chosen: MicroCredentialVersion, now: datetime
) -> _Plan:
    old, new = catalogue.definition(placement.version), catalogue.definition(chosen)
    kept, begun, holders = changes.same_units(old, new), _begun(db, placement), _holders(placement)
    held = set(db.scalars(holders)) & set(begun)
    learning = [one for one in begun if one not in held]
    undecided = bringing.undecided(db, placement.version, learning, now)
    elsewhere = {one for one, row in undecided.items() if row.course_id != placement.course_id}
    people = [one for one in learning if one not in elsewhere]
    fates = _fates(db, placement, chosen, people, now)
    open_links = _open_links(db, placement, placement.version_id, now)
    counts = Counter(code for one in fates.values() for code in one.lost)
    codes = {unit.code for unit in new.units}
    found = [(unit, counts[unit.code]) for unit in old.units if counts[unit.code]]
    known = {unit.code for unit in old.units}
    outlook = Outlook(
        chosen=chosen,
        changes=changes.differences(old, new),
        learners=len(fates),
        unharmed=sum(not one.lost for one in fates.values()),
        finished=sum(one.is_finished for one in fates.values()),
        bringing=sum(
            any(row.course_id != placement.course_id for row in one.carried)
            for one in fates.values()
        ),
        staying=_staying(db, placement, people),
        again=[one for one in found if one[0].code in codes],
        gone=[one for one in found if one[0].code not in codes],
        added=[unit for unit in new.units if unit.code not in known],
        holders=len(held),
        confirmations=_count(db, _pending(placement, holders)),
        applications=_count(db, _undecided(placement, kept)),
        links=sum(not kept.issuperset(link.unit_codes) for link in open_links),
    )
    return _Plan(outlook, kept, {person: one.carried for person, one in fates.items()})


def _fates(
    db: Session,
    placement: Placement,
    chosen: MicroCredentialVersion,
    people: Sequence[uuid.UUID],
    now: datetime,
) -> Mapping[uuid.UUID, _Fate]:
    """Return what a move would mean for each of these."""
    old, new = catalogue.definition(placement.version), catalogue.definition(chosen)
    kept = changes.same_units(old, new)
    records, known = (
        carried_records.in_version(db, one, people) for one in (placement.version_id, chosen.id)
    )
    origins = carried_records.origins(db, chain(*records.values(), *known.values()))
    found = {}
    for person, rows in records.items():
        has = {origins[row.id] for row in known[person]}
        standing = carried_records.standing(rows)
        fitting = [row for row in standing if carried_records.fits(row, new, kept)]
        carried = [row for row in fitting if origins[row.id] not in has]
        counting = sorted([*known[person], *carried], key=lambda row: row.recorded_at)
        after = completion.progress(new, [judging.as_completion(row) for row in counting], now)
        before = completion.progress(old, [judging.as_completion(row) for row in rows], now)
        unfit = {row.unit_code for row in standing if row not in fitting}
        lost = _completed(before) - _completed(after) | unfit
        found[person] = _Fate(carried, lost, after.is_complete)
    return found


def _begun(db: Session, placement: Placement) -> Sequence[uuid.UUID]:
    """Return the learners with a record in the version of the course, made here or, of those who
    are here now, anywhere, or with an application here, and the `earners`; those who only tried
    something out are none."""
    learning = sa.select(CourseMember.person_id).filter_by(
        course_id=placement.course_id, is_tester=False
    )
    made, applied = CompletionRecord, PriorLearningApplication
    is_here = made.course_id == placement.course_id
    present = made.person_id.in_(learning.filter(CourseMember.left_at.is_(None)))
    found = [
        sa.select(made.person_id).filter(
            made.version_id == placement.version_id,
            made.person_id.in_(learning),
            is_here | (present & carried_records.is_real()),
        ),
        sa.select(applied.person_id).filter(
            applied.course_id == placement.course_id,
            applied.version_id == placement.version_id,
            applied.person_id.in_(learning),
        ),
    ]
    return sorted(db.scalars(sa.union(*found, *versions.earners(placement))))


def _staying(db: Session, placement: Placement, people: Sequence[uuid.UUID]) -> int:
    """Return how many are also in a course that stays with the version."""
    both = (
        sa.select(sa.func.count(CourseMember.person_id.distinct()))
        .join(Placement, Placement.course_id == CourseMember.course_id)
        .filter(
            CourseMember.person_id.in_(people),
            CourseMember.course_id != placement.course_id,
            CourseMember.left_at.is_(None),
            ~CourseMember.is_tester,
            Placement.version_id == placement.version_id,
        )
    )
    return db.scalars(both).one()


def _holders(placement: Placement) -> sa.Select[uuid.UUID]:
    return sa.select(Award.person_id).filter(
        Award.version_id == placement.version_id,
        Award.is_test.is_(False),
        Award.withdrawn_at.is_(None),
    )


def _completed(progress: Progress) -> frozenset[str]:
    return frozenset(unit.unit for unit in progress.units if unit.is_complete)


def _pending(placement: Placement, holders: sa.Select[uuid.UUID]) -> sa.Select[uuid.UUID]:
    return sa.select(PendingAward.person_id).filter(
        PendingAward.course_id == placement.course_id,
        PendingAward.version_id == placement.version_id,
        PendingAward.declined_at.is_(None),
        PendingAward.person_id.not_in(holders),
    )


def _undecided(placement: Placement, kept: Collection[str]) -> sa.Select[uuid.UUID]:
    """Return the applications for units that are other ones now, and wait for an assessor."""
    return sa.select(PriorLearningApplication.id).filter(
        PriorLearningApplication.course_id == placement.course_id,
        PriorLearningApplication.version_id == placement.version_id,
        PriorLearningApplication.unit_code.not_in(kept),
        PriorLearningApplication.state == State.SUBMITTED.value,
    )


def _count(db: Session, found: sa.Select[uuid.UUID]) -> int:
    return db.scalars(sa.select(sa.func.count()).select_from(found.subquery())).one()


def _open_links(
    db: Session, placement: Placement, version_id: uuid.UUID, now: datetime
) -> Sequence[MentorLink]:
    return db.scalars(
        sa.select(MentorLink).filter(
            MentorLink.course_id == placement.course_id,
            MentorLink.version_id == version_id,
            MentorLink.used_at.is_(None),
            MentorLink.revoked_at.is_(None),
            MentorLink.expires_at > now,
        )
    ).all()


def _take_along(
    db: Session, placement: Placement, old: MicroCredentialVersion, plan: _Plan, now: datetime
) -> None:
    """Let what is open for units that stay the same be about the newer version, and close links for
    mentors that ask for others."""
    chosen = plan.outlook.chosen
    applied = sa.update(PriorLearningApplication).where(
        PriorLearningApplication.course_id == placement.course_id,
        PriorLearningApplication.version_id == old.id,
        PriorLearningApplication.unit_code.in_(plan.kept),
        PriorLearningApplication.person_id.in_(plan.carried),
    )
    db.execute(applied.values(version_id=chosen.id))
    for link in _open_links(db, placement, old.id, now):
        if plan.kept.issuperset(link.unit_codes):
            link.version = chosen
        else:
            link.revoked_at = now
    db.flush()


def _refuse_again(
    db: Session,
    placement: Placement,
    old: MicroCredentialVersion,
    chosen: MicroCredentialVersion,
    people: Collection[uuid.UUID],
) -> None:
    """Let what the course's teachers did not confirm be so of the newer version too."""
    known = award_gate.waiting(db, chosen, people)
    for person_id, row in award_gate.waiting(db, old, people).items():
        if row.declined_at is None or row.course_id != placement.course_id or person_id in known:
            continue
        db.add(
            PendingAward(
                person_id=person_id,
                version_id=chosen.id,
                course_id=placement.course_id,
                since=row.since,
                confirmed_by=[],
                declined_at=row.declined_at,
                declined_by_id=row.declined_by_id,
                declined_reason=row.declined_reason,
            )
        )
    db.flush()


def _hand_over(db: Session, placement: Placement, chosen: MicroCredentialVersion) -> None:
    """Let files, and results that were drawn to be looked at again, belong to the records that
    count now, over whichever versions these came."""
    made = sa.select(CompletionRecord).filter(
        CompletionRecord.course_id == placement.course_id,
        CompletionRecord.version_id == chosen.id,
        CompletionRecord.retracts_id.is_(None),
    )
    successors = carried_records.same(db, db.scalars(made).all())
    for table in (EvidenceFile, ModerationSample):
        held = sa.select(table.id, table.record_id).filter(table.record_id.in_(successors))
        moved = [
            {"id": one, "record_id": successors[record].id}
            for one, record in db.execute(held)
            if record is not None and successors[record].id != record
        ]
        if moved:
            db.execute(sa.update(table), moved)
