"""What administrators do about awards that nobody in a course can confirm.

Where no course offers what waits, those of its awarding body decide. Where a course has too few
people for its confirmations, those of the course's school can be one of the different people.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from badges.completion import Progress
from lti_tool.errors import Conflict, NotFound
from lti_tool.models import (
    Account,
    AccountGrant,
    Award,
    CompletionRecord,
    Course,
    EvidenceFile,
    MicroCredentialSeries,
    MicroCredentialVersion,
    Organisation,
    PendingAward,
    Person,
    Placement,
    Platform,
)
from lti_tool.services import audit, reasons
from lti_tool.services.awarding import award_gate, awards, enrolments, names
from lti_tool.services.completing import evidence, judging, prior_recognitions
from lti_tool.services.courses import confirming, roster
from lti_tool.services.courses.confirming import Waiting
from lti_tool.services.staff import accounts
from lti_tool.services.staff.accounts import Role


@dataclass(frozen=True, slots=True)
class Case:
    """`organisation`: whose administrators are asked. `placement`: of the course that has too few
    people; None: no course offers it. `needed`: how many different people confirm it."""

    pending: PendingAward
    waiting: Waiting
    organisation: Organisation
    placement: Placement | None
    needed: int

    def is_confirmed_by(self, account: Account) -> bool:
        given = award_gate.counting(self.pending, self.waiting.completed_at)
        return str(account.id) in {award_gate.confirmer(one) for one in given}

    def refusal(self, account: Account) -> str:
        """Return why this account cannot confirm it, or nothing: as many administrators as the
        course lacks teachers, and nobody what is surely their own."""
        if names.same(account.name, self.pending.person.name):
            return "own_award"
        is_open = self.placement is None or self.waiting.is_stuck or self.is_confirmed_by(account)
        return "" if is_open else "teachers_confirm_rest"

    def shows(self, record: CompletionRecord) -> bool:
        """Whether those who are asked read what a record says: what teachers of the course read,
        or where no course offers it, who decide in their place, all of it."""
        return self.placement is None or record.course_id == self.placement.course_id

    def is_open_to(self, account: Account) -> bool:
        """Whether it waits for this account: it can confirm it and has not."""
        return not self.refusal(account) and not self.is_confirmed_by(account)


def listed(db: Session, within: Collection[uuid.UUID] | None, now: datetime) -> Sequence[Case]:
    """Return what these organisations, or all, are asked about, oldest first; not what was
    declined."""
    rows = db.execute(_rows(within).filter(_is_concerned(db, within, now))).all()
    return [one for one in _cases(db, rows, now) if not one.waiting.is_declined]


def declined(db: Session, within: Collection[uuid.UUID] | None, now: datetime) -> Sequence[Case]:
    """Return what administrators of these awarding bodies did not confirm, and can still."""
    found = _rows(within).filter(Placement.id.is_(None), PendingAward.declined_at.is_not(None))
    return [one for one in _cases(db, db.execute(found).all(), now) if one.waiting.is_declined]


def of_person(
    db: Session, person: Person, now: datetime, *, version: MicroCredentialVersion | None = None
) -> Sequence[Case]:
    """Return what a person waits for, in whatever course or for an awarding body, or was refused.
    With a `version` of courses only what is of that version."""
    found = _rows(None).filter(PendingAward.person_id == person.id)
    if version is not None:
        found = found.filter(Placement.id.is_(None) | (PendingAward.version_id == version.id))
    return _cases(db, db.execute(found).all(), now, are_asked=False)


def standing_in(db: Session, person: Person, version: MicroCredentialVersion) -> str:
    """Return which school's administrators can confirm what waits where too few people are there,
    by name; "": there is none."""
    wanted = (
        sa.select(Organisation.name, Account.name)
        .join(Platform, Platform.organisation_id == Organisation.id)
        .join(Course, Course.platform_id == Platform.id)
        .join(PendingAward, PendingAward.course_id == Course.id)
        .join(AccountGrant, AccountGrant.organisation_id == Organisation.id)
        .join(Account, Account.id == AccountGrant.account_id)
        .filter(
            PendingAward.person_id == person.id,
            PendingAward.version_id == version.id,
            AccountGrant.role == Role.ADMINISTRATOR.value,
            Account.disabled_at.is_(None),
        )
    )
    found = db.execute(wanted).all()
    return next((school for school, name in found if not names.same(name, person.name)), "")


def find(
    db: Session,
    within: Collection[uuid.UUID] | None,
    person_id: uuid.UUID,
    version_id: uuid.UUID,
    now: datetime,
) -> Case:
    """Return what these organisations are asked about, once the person's work is locked; raises as
    `look`."""
    row = db.execute(_row(within, person_id, version_id)).one_or_none()
    if row is not None:
        enrolments.lock_all(db, {person_id}, row[0].version, now)
    return look(db, within, person_id, version_id, now)


def look(
    db: Session,
    within: Collection[uuid.UUID] | None,
    person_id: uuid.UUID,
    version_id: uuid.UUID,
    now: datetime,
) -> Case:
    """Return the same to be read, without a lock.

    Raises:
        NotFound: `unknown_award`; also what a teacher declined, which stays with them.
    """
    found = _row(within, person_id, version_id).execution_options(populate_existing=True)
    row = db.execute(found).one_or_none()
    case = _case(db, row, now) if row is not None else None
    if case is None or (case.placement is not None and case.waiting.is_declined):
        raise NotFound("unknown_award")
    return case


def progress_of(db: Session, case: Case, now: datetime) -> Progress:
    """Return what the person has reached, as those who are asked may read it."""
    person, version = case.pending.person, case.pending.version
    if case.placement is None:
        return judging.standing(db, person, version, now).real
    return roster.progress_of(db, case.placement.course, person, version, now)


def find_file(db: Session, case: Case, file_id: uuid.UUID) -> EvidenceFile:
    """Return a file of a result that the case rests on.

    Raises:
        NotFound: `unknown_evidence`: there is none, or it is others'.
    """
    file = evidence.find_own(db, case.pending.person, file_id)
    shown = {one.id for found in files(db, case).values() for one in found}
    if file.id not in shown or (file.record and prior_recognitions.votes(db, [file.record])):
        raise NotFound("unknown_evidence")
    return file


def files(db: Session, case: Case) -> Mapping[uuid.UUID, Sequence[EvidenceFile]]:
    """Return the files of each result that those who are asked read."""
    records = judging.records_of(db, case.pending.person, case.pending.version)
    shown = prior_recognitions.shown(db, records)
    return evidence.of_records(db, [row for row in shown if case.shows(row)])


def confirm(db: Session, case: Case, *, by: Account, now: datetime) -> bool:
    """Confirm it as one of the different people who are needed; return whether there is an award
    now. Confirming twice is confirming once.

    Raises:
        Conflict: as `Case.refusal`.
    """
    if refusal := case.refusal(by):
        raise Conflict(refusal)
    pending, version = case.pending, case.pending.version
    person_id = pending.person_id
    award_gate.give(pending, {"account": str(by.id)}, now)
    pending.declined_at = pending.declined_by_id = pending.declined_reason = None
    _note(db, case, by, "award.confirmed", now)
    db.flush()
    judging.judge_all(db, [person_id], version, now)
    return awards.standing(db, pending.person, version) is not None


def take_back(db: Session, case: Case, *, by: Account, reason: str, now: datetime) -> None:
    """Let what this account confirmed count no more; what others confirmed stays.

    Raises:
        Conflict: `not_confirmed_by_you`. ToolError: `reason_missing`, `reason_too_long`.
    """
    if not case.is_confirmed_by(by):
        raise Conflict("not_confirmed_by_you")
    award_gate.take_back(case.pending, {"account": str(by.id)}, reasons.given(reason), now)
    _note(db, case, by, "award.confirmation_undone", now)
    db.flush()


def given(db: Session, by: Account, person_id: uuid.UUID, version_id: uuid.UUID) -> Award | None:
    """Return the award that stands and that this account confirmed, among others; None: there is
    none."""
    held = sa.select(Award).filter_by(person_id=person_id, version_id=version_id, is_test=False)
    award = db.scalar(held.filter(Award.withdrawn_at.is_(None)))
    confirmations = award.confirmed_by or () if award is not None else ()
    return award if str(by.id) in map(award_gate.confirmer, confirmations) else None


def decline(db: Session, case: Case, *, by: Account, reason: str, now: datetime) -> None:
    """Say no where no course offers it. It waits again once a part is earned anew.

    Raises:
        NotFound: `unknown_award`: teachers decide about it.
        ToolError: `reason_missing`, `reason_too_long`.
    """
    if case.placement is not None:
        raise NotFound("unknown_award")
    pending = case.pending
    pending.declined_reason = reasons.given(reason)
    pending.declined_at, pending.declined_by_id, pending.confirmed_by = now, None, []
    _note(db, case, by, "award.declined", now)
    db.flush()


Row = sa.Row[PendingAward, Placement | None, Organisation]


def _rows(
    within: Iterable[uuid.UUID] | None,
) -> sa.Select[PendingAward, Placement | None, Organisation]:
    """Return what waits in these organisations, with whoever is asked."""
    offers = (Placement.course_id == PendingAward.course_id) & (
        Placement.version_id == PendingAward.version_id
    )
    asked = sa.case(
        (Placement.id.is_(None), MicroCredentialSeries.organisation_id),
        else_=Platform.organisation_id,
    )
    found = (
        sa.select(PendingAward, Placement, Organisation)
        .join(PendingAward.version)
        .join(MicroCredentialVersion.series)
        .join(PendingAward.course)
        .join(Course.platform)
        .outerjoin(Placement, offers)
        .join(Organisation, Organisation.id == asked)
        .options(
            joinedload(PendingAward.person),
            joinedload(PendingAward.declined_by),
            joinedload(PendingAward.course),
            joinedload(PendingAward.version),
        )
        .order_by(PendingAward.since, PendingAward.person_id)
    )
    return found if within is None else found.filter(asked.in_(within))


def _row(
    within: Iterable[uuid.UUID] | None, person_id: uuid.UUID, version_id: uuid.UUID
) -> sa.Select[PendingAward, Placement | None, Organisation]:
    return _rows(within).filter(
        PendingAward.person_id == person_id, PendingAward.version_id == version_id
    )


def _is_concerned(
    db: Session, within: Collection[uuid.UUID] | None, now: datetime
) -> sa.ColumnElement[bool]:
    """Tell what nobody in a course can confirm from what merely waits for its teachers, without
    looking at anybody who waits."""
    waits = sa.exists().where(
        PendingAward.course_id == Placement.course_id,
        PendingAward.version_id == Placement.version_id,
    )
    placements = sa.select(Placement).filter(waits).options(joinedload(Placement.version))
    if within is not None:
        placements = (
            placements.join(Placement.course)
            .join(Course.platform)
            .filter(Platform.organisation_id.in_(within))
        )
    too_few = confirming.with_too_few(db, db.scalars(placements).all(), now)
    has_administrator = sa.cast(PendingAward.confirmed_by, sa.String).contains('"account"')
    return sa.or_(Placement.id.is_(None), Placement.id.in_(too_few), has_administrator)


def _case(db: Session, row: Row, now: datetime) -> Case | None:
    return next(iter(_cases(db, [row], now)), None)


def _cases(
    db: Session, rows: Iterable[Row], now: datetime, *, are_asked: bool = True
) -> Sequence[Case]:
    """Return what organisations are asked, in as many statements for many people as for one; not
    what is not complete, nor, unless it is all one that they `are_asked`, where teachers suffice
    and no administrator has confirmed it."""
    of_version: defaultdict[MicroCredentialVersion, list[Row]] = defaultdict(list)
    for row in rows:
        of_version[row[0].version].append(row)
    found = []
    for version, some in of_version.items():
        standings = judging.standings(db, [row[0].person_id for row in some], version, now)
        progress = {person_id: one.real for person_id, one in standings.items()}
        placed = [(row[0], row[1]) for row in some]
        waiting = confirming.of_people(db, version, placed, progress, now)
        for pending, placement, organisation in some:
            one = waiting.get(pending.person_id)
            if one is None:
                continue
            if placement is None:
                least = award_gate.demanded(version)
            elif one.is_stuck or one.administrators or not are_asked:
                least = award_gate.needed(placement)
            else:
                continue
            found.append(Case(pending, one, organisation, placement, max(1, least)))
    return sorted(found, key=lambda one: (one.pending.since, one.pending.person_id))


def _note(db: Session, case: Case, by: Account, action: str, now: datetime) -> None:
    subject = (
        f"placement:{case.placement.id}"
        if case.placement is not None
        else f"version:{case.pending.version_id}"
    )
    person = str(case.pending.person_id)
    actor = accounts.actor(by)
    audit.note_in(db, case.organisation.id, actor, action, subject, now, person=person)
